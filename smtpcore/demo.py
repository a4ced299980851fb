#!/usr/bin/python3
"""The main job of smtpcore, shown on loopback.

    demo.py --smtpcore PATH [--folder DIR]

It makes a certificate, receives the sample message under each setting of the
receiver, prints the dialogue, shows where the mail lies, then attacks receiver
and sender and prints what each attack met. The exit status is 0 if all behaved.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
HOST = "device.example"
SENDER = "scan@client.example"
FAX = "fax@" + HOST
# How long one step may take before it counts as a hang, and how long all may.
STEP = 8.0
ALL = 60


class Wrong(Exception):
    """Something did not behave; the text says what."""


# ---------------------------------------------------------------- the program


class Receiver:
    """`smtpcore receive` on a port of its choice, its lines collected."""

    def __init__(self, demo, tls, *words):
        self.maildir = os.path.join(demo.folder, "Maildir-" + tls)
        for name in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(self.maildir, name), exist_ok=True)
        command = [demo.program, "receive", "--listen", "127.0.0.1:0",
                   "--hostname", HOST, "--maildir", self.maildir, "--tls", tls,
                   *words]
        if tls != "off":
            command += ["--cert", demo.certificate, "--key", demo.key]
        self.lines = []
        self._more = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        found = self.wait(r"listening on \S+:(\d+)", 0)
        if not found:
            self.stop()
            raise Wrong("the receiver does not start: " + " ".join(self.lines))
        self.port = int(found.group(1))
        self.address = "127.0.0.1:%d" % self.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _read(self):
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line.decode("utf-8", "replace").rstrip())
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def wait(self, pattern, since, limit=STEP):
        """Waits for a line that matches; None if it does not come."""
        end = time.monotonic() + limit
        with self._more:
            while True:
                for line in self.lines[since:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                left = end - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    return None
                self._more.wait(min(left, 0.2))

    def mails(self):
        folder = os.path.join(self.maildir, "new")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STEP)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(STEP)
        self.process.stdout.close()


class Demo:
    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.sample = os.path.join(HERE, "sample.eml")
        self.wrong = 0
        self.certificate = self.key = ""

    def run(self, *words):
        done = subprocess.run([self.program, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=STEP, check=False)
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def make_certificate(self):
        folder = os.path.join(self.folder, "certificate")
        os.mkdir(folder)
        status, out, err = self.run("certificate", "--name", "localhost", "--out",
                                    folder)
        if status != 0:
            raise Wrong("no certificate: " + out + err)
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            with open(path, "rb") as source:
                text = source.read()
            if b"PRIVATE KEY" in text:
                self.key = path
            if b"BEGIN CERTIFICATE" in text:
                self.certificate = path
        if not (self.key and self.certificate):
            raise Wrong("no certificate and key in " + folder)
        print("A certificate for localhost: " + self.certificate)

    def send(self, address, *words):
        return self.run("send", "--server", address, "--from", SENDER, "--to",
                        FAX, "--helo", "client.example", *words, self.sample)

    # --------------------------------------------------- the three settings

    def dialogue(self, receiver, title, want, status_line, *words):
        """Sends the sample and prints who said what. `want` is an exit status;
        `status_line` must stand in the receiver's line, if not empty."""
        print("\n  " + title)
        mark, before = len(receiver.lines), set(receiver.mails())
        status, out, err = self.send(receiver.address, "--trace", *words)
        for line in out.splitlines() + err.splitlines():
            print("    " + line)
        receiver.wait(status_line or r"\S", mark)
        for line in receiver.lines[mark:]:
            print("    receiver: " + line)
        text = "\n".join(receiver.lines[mark:])
        self.check("the sender's exit status is %d" % want, status == want,
                   "it is %d" % status)
        if status_line:
            self.check("the receiver reports `%s`" % status_line.replace("\\", ""),
                       re.search(status_line, text), "it does not")
        new = sorted(set(receiver.mails()) - before)
        if want == 0:
            self.check("one message is stored", len(new) == 1, "%d are" % len(new))
        else:
            self.check("no message is stored", not new, "%d are" % len(new))
        for path in new:
            with open(path, "rb") as source, open(self.sample, "rb") as sample:
                stored, sent = source.read(), sample.read()
            self.check("it is the sample, to the octet", stored.endswith(sent),
                       "it differs")
            print("    the mail lies in " + path)
        return out + err

    def check(self, what, good, otherwise):
        print("    %s %s%s" % ("ok:" if good else "WRONG:", what,
                               "" if good else ": " + otherwise))
        if not good:
            self.wrong += 1

    def settings(self):
        verified = ["--tls", "verified", "--ca", self.certificate,
                    "--server-name", "localhost"]
        print("\n== Setting `off`: STARTTLS is not offered")
        with Receiver(self, "off") as receiver:
            text = self.dialogue(receiver, "A sender that takes TLS when it can "
                                 "get it: it goes on in clear, and says so.", 0, "",
                                 "--tls", "opportunistic")
            self.check("the downgrade is reported", "tls-not-offered" in text,
                       "no finding tls-not-offered")
            text = self.dialogue(receiver, "A sender that wants TLS or nothing.",
                                 76, "", "--tls", "required")
            self.check("the reason is reported", "tls-not-offered" in text,
                       "no finding tls-not-offered")
        print("\n== Setting `on`: STARTTLS is offered, plaintext is served too")
        with Receiver(self, "on") as receiver:
            self.dialogue(receiver, "A sender that stays in plaintext.", 0, "",
                          "--tls", "off")
            self.dialogue(receiver, "A sender that checks certificate and name.",
                          0, "", *verified)
            self.dialogue(receiver, "The same, but it wants another name.", 76,
                          "", "--tls", "verified", "--ca", self.certificate,
                          "--server-name", "other.example")
        print("\n== Setting `required`: mail only under TLS")
        with Receiver(self, "required") as receiver:
            self.dialogue(receiver, "A sender that checks certificate and name.",
                          0, "", *verified)
            self.dialogue(receiver, "A sender that stays in plaintext.", 69,
                          r"SSL Error \(SMTP RX Reject\)", "--tls", "off")
        print("\n== The mail")
        for setting in ("off", "on", "required"):
            folder = os.path.join(self.folder, "Maildir-" + setting, "new")
            for name in sorted(os.listdir(folder)):
                print("  " + os.path.join(folder, name))
        print("\n== The message as it lies there")
        with open(os.path.join(folder, sorted(os.listdir(folder))[0]),
                  encoding="utf-8", errors="replace", newline="\n") as source:
            for line in source.read().splitlines():
                print("  | " + line)


# --------------------------------------------------------- raw connections


class Raw:
    """A peer that says exactly what it is told, in clear or under TLS."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(STEP)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def put(self, octets):
        self.sock.sendall(octets)

    def _more(self):
        try:
            return self.sock.recv(65536)
        except socket.timeout:
            raise Wrong("nothing came, the session hangs") from None
        except (OSError, ssl.SSLError):
            return b""

    def line(self):
        while b"\n" not in self.held:
            octets = self._more()
            if not octets:
                rest, self.held = self.held, b""
                return rest
            self.held += octets
        line, self.held = self.held.split(b"\n", 1)
        return line + b"\n"

    def reply(self):
        text = ""
        while True:
            line = self.line().decode("utf-8", "replace")
            text += line
            if line[3:4] != "-":
                return text

    def say(self, octets, want=""):
        """Says a command and returns the reply, which must begin with `want`."""
        self.put(octets)
        have = self.reply()
        if not have.startswith(want):
            raise Wrong("%r got %r" % (octets[:40], have))
        return have

    def rest(self):
        """All that comes until the stream ends."""
        octets, self.held = self.held, b""
        while True:
            more = self._more()
            if not more:
                return octets.decode("utf-8", "replace")
            octets += more

    def hello(self):
        greeting = self.reply()
        if not greeting.startswith("220"):
            raise Wrong("greeting %r" % greeting)
        return self.say(b"EHLO client.example\r\n", "250")

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.held = b""


def code(text):
    return text[:9].strip() if re.match(r"\d\d\d [245]\.\d", text) else text[:3]


def want(good, what):
    if not good:
        raise Wrong(what)


# ----------------------------------------------------- attacks on a receiver
#
# Each function plays one attack against a connected receiver that offers
# STARTTLS and returns what was seen on the wire. It raises Wrong when the
# receiver did what it must not.


def surplus(octets):
    def attack(peer):
        peer.hello()
        have = peer.say(b"STARTTLS\r\n" + octets)
        want(have[:3] != "220", "STARTTLS with surplus was accepted")
        rest = peer.rest()
        want(rest == "", "after the refusal came %r" % rest)
        return code(have) + ", closed"
    return attack


def late_octets(octets):
    def attack(peer):
        peer.hello()
        peer.say(b"STARTTLS\r\n", "220")
        peer.put(octets)
        rest = peer.rest()
        want(not re.search(r"\d\d\d[ -]", rest), "SMTP in clear: %r" % rest)
        return "220, closed without a word"
    return attack


def bare_line_feed(peer):
    peer.hello()
    have = peer.say(b"STARTTLS\nRSET\r\n")
    want(have[:1] == "5", "got %r" % have)
    peer.say(b"NOOP\r\n", "250")
    return code(have) + ", one line, session goes on"


def fixation(peer):
    peer.hello()
    peer.say(b"MAIL FROM:<m@evil.example>\r\n", "250")
    have = peer.say(b"STARTTLS\r\n")
    if have[:3] != "220":
        peer.say(b"RSET\r\n", "250")
        peer.say(b"STARTTLS\r\n", "220")
    peer.start_tls()
    then = peer.say(b"RCPT TO:<" + FAX.encode() + b">\r\n")
    want(then[:3] == "503", "RCPT right after TLS got %r" % then)
    then = peer.say(b"MAIL FROM:<m@evil.example>\r\n")
    want(then[:3] == "503", "MAIL without EHLO got %r" % then)
    return "%s in a transaction; %s under TLS" % (code(have), code(then))


def nested(peer):
    peer.hello()
    peer.say(b"STARTTLS\r\n", "220")
    peer.start_tls()
    hello = peer.say(b"EHLO client.example\r\n", "250")
    want("STARTTLS" not in hello, "STARTTLS is offered under TLS")
    have = peer.say(b"STARTTLS\r\n")
    want(have[:1] == "5", "got %r" % have)
    return code(have) + ", not offered again"


def smuggled(separator):
    def attack(peer):
        peer.hello()
        peer.say(b"MAIL FROM:<" + SENDER.encode() + b">\r\n", "250")
        peer.say(b"RCPT TO:<" + FAX.encode() + b">\r\n", "250")
        peer.say(b"DATA\r\n", "354")
        have = peer.say(b"Subject: one\r\n\r\nfirst" + separator +
                        b"MAIL FROM:<admin@device.example>\r\n"
                        b"RCPT TO:<" + FAX.encode() + b">\r\nDATA\r\n"
                        b"Subject: two\r\n\r\nsmuggled\r\n.\r\n")
        want(have[:1] == "5", "got %r" % have)
        rest = peer.rest()
        want(rest == "", "a second reply came: %r" % rest)
        return code(have) + ", closed, nothing stored"
    return attack


def long_line(peer):
    peer.hello()
    have = peer.say(b"MAIL FROM:<" + b"A" * 20000 + b"\r\nNOOP\r\n")
    want(have[:1] == "5", "got %r" % have)
    then = peer.reply()
    want(then[:3] == "250", "NOOP after it got %r" % then)
    then = peer.say(b"MAIL FROM:<" + SENDER.encode() + b">\r\n", "250")
    return code(have) + ", its tail is no command"


def refused_chunk(peer):
    peer.hello()
    payload = b"MAIL FROM:<m@evil.example>\r\nRSET\r\n"
    have = peer.say(b"BDAT %d LAST\r\n" % len(payload) + payload)
    want(have[:3] == "503", "got %r" % have)
    then = peer.say(b"NOOP\r\n")
    want(then[:3] == "250", "NOOP got %r: the chunk was parsed" % then)
    return code(have) + ", its octets are no commands"


def http(peer):
    peer.reply()
    have = peer.say(b"POST / HTTP/1.1\r\nHost: device.example\r\n\r\n"
                    b"EHLO a.example\r\nMAIL FROM:<m@evil.example>\r\n")
    want(have[:1] in "45", "got %r" % have)
    rest = peer.rest()
    want("250" not in rest, "the session went on: %r" % rest)
    return code(have) + ", closed"


DEVICE = r"SSL Error \(SMTP Receive\)"

# Entry of THREATS.md, title, attack, what the receiver's line must hold.
RECEIVER_ATTACKS = (
    ("SIT-01", "a command in the STARTTLS segment", surplus(b"RSET\r\n"),
     "starttls-pipelined"),
    ("SIT-05", "half a line after STARTTLS",
     surplus(b"MAIL FROM:<m@evil.example> "), "starttls-pipelined"),
    ("SIT-03", "a command after the 220, before TLS", late_octets(b"NOOP\r\n"),
     DEVICE),
    ("SIT-04", "STARTTLS and RSET with a bare LF between", bare_line_feed,
     "bare-lf"),
    ("SIT-07", "a sender set in clear, used under TLS", fixation,
     "command-sequence"),
    ("SIT-09", "STARTTLS under TLS", nested, "command-sequence"),
    ("SIT-14", "an alert, then SMTP in clear",
     late_octets(b"\x15\x03\x01\x00\x02\x02\x28EHLO client.example\r\n"
                 b"MAIL FROM:<m@evil.example>\r\n"), DEVICE),
    ("E-02", r"smuggling by \n.\n", smuggled(b"\n.\n"),
     "eod-lookalike|content-bare-lf"),
    ("E-03", r"smuggling by \n.\r\n", smuggled(b"\n.\r\n"),
     "eod-lookalike|content-bare-lf"),
    ("E-06", r"smuggling by \r\n.\n", smuggled(b"\r\n.\n"),
     "eod-lookalike|content-bare-lf"),
    ("E-16", r"smuggling by \r\n.\r\r\n", smuggled(b"\r\n.\r\r\n"),
     "eod-lookalike|content-bare-cr"),
    ("CMD-01", "a line of 20,000 octets", long_line, "line-too-long"),
    ("BDT-02", "commands inside a refused chunk", refused_chunk,
     "chunk-refused"),
    ("DWN-18", "an HTTP request that carries SMTP", http, "foreign-protocol"),
)


# ------------------------------------------------------- attacks on a sender


class FakeServer:
    """A server that plays a script once: a function of a Raw."""

    def __init__(self, script):
        self.script = script
        self.heard = b""
        self.problem = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(STEP)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection:
                peer = Raw(connection)
                self.script(peer)
                # What else comes in clear: a secret, mail, or a ClientHello.
                line = peer.line()
                self.heard += line
                if line.upper().startswith(b"QUIT"):
                    peer.put(b"221 bye\r\n")
                self.heard += peer.rest().encode("utf-8", "replace")
        except (OSError, Wrong) as problem:
            self.problem = problem

    def finish(self):
        self.thread.join(2 * STEP)
        self.listener.close()
        return self.heard


def greet(peer, *keywords):
    peer.put(b"220 mx.example SMTP service ready\r\n")
    peer.line()
    lines = [b"mx.example greets you", *keywords]
    peer.put(b"".join(b"250%s%s\r\n" % (b" " if line is lines[-1] else b"-", line)
                      for line in lines))


def stripped(peer):
    greet(peer, b"SIZE 1000000")


def overwritten(peer):
    greet(peer, b"SIZE 1000000", b"XXXXXXXX")


def answer_starttls(octets):
    def script(peer):
        greet(peer, b"STARTTLS")
        want(peer.line().upper().startswith(b"STARTTLS"), "no STARTTLS came")
        peer.put(octets)
    return script


def alert_for_hello(peer):
    answer_starttls(b"220 go\r\n")(peer)
    want(peer.sock.recv(65536)[:1] == b"\x16", "no ClientHello came")
    peer.put(b"\x15\x03\x01\x00\x02\x02\x28")


SENDER_ATTACKS = (
    ("DWN-01", "the STARTTLS keyword is taken out", stripped,
     "tls-not-offered|tls-stripped"),
    ("DWN-02", "the keyword is overwritten: XXXXXXXX", overwritten,
     "tls-stripped"),
    ("RIT-01", "a whole reply after the 220",
     answer_starttls(b"220 go\r\n250-evil\r\n250 AUTH LOGIN PLAIN\r\n"),
     "starttls-response-surplus"),
    ("RIT-02", "half a reply after the 220",
     answer_starttls(b"220 go\r\n250-AUTH PLAIN "), "starttls-response-surplus"),
    ("RIT-08", "454 to STARTTLS, TLS required",
     answer_starttls(b"454 4.7.0 TLS not available\r\n"), "starttls-refused"),
    ("RIT-08", "250 to STARTTLS", answer_starttls(b"250 2.0.0 ok\r\n"),
     "reply-unexpected|starttls-refused"),
    ("RIT-09", "an alert in place of a ServerHello", alert_for_hello,
     "tls-failed"),
)


def attack_receiver(demo, receiver, attack, pattern):
    """Returns (what was seen, finding); raises Wrong."""
    mark, stored = len(receiver.lines), len(receiver.mails())
    with Raw(socket.create_connection(("127.0.0.1", receiver.port), STEP)) as peer:
        seen = attack(peer)
        with contextlib.suppress(OSError):
            peer.put(b"QUIT\r\n")
    found = receiver.wait(pattern, mark)
    want(found, "no %s in: %s" % (pattern, receiver.lines[mark:]))
    want(len(receiver.mails()) == stored, "a message was stored")
    return seen, found.group(0)


def attack_sender(demo, script, pattern):
    server = FakeServer(script)
    status, out, err = demo.send(server.address, "--tls", "required")
    heard = server.finish()
    want(not server.problem, "the fake server: %s" % server.problem)
    for word in (b"MAIL FROM", b"AUTH ", b"RCPT TO", b"Subject:"):
        want(word not in heard, "%r left in clear" % word)
    want(status in (75, 76), "exit status %d: %s" % (status, err))
    found = re.search(pattern, out + err)
    want(found, "no %s in: %s" % (pattern, err))
    return "exit %d, no mail in clear" % status, found.group(0)


def attacks(demo):
    rows = []

    def row(entry, title, function, *arguments):
        try:
            seen, finding = function(demo, *arguments)
            rows.append((entry, title, seen, finding, "refused"))
        except (Wrong, OSError, subprocess.TimeoutExpired) as why:
            demo.wrong += 1
            rows.append((entry, title, str(why), "", "WRONG"))

    with Receiver(demo, "on") as receiver:
        for entry, title, attack, pattern in RECEIVER_ATTACKS:
            row(entry, title, attack_receiver, receiver, attack, pattern)
        # After all of them, mail still comes in.
        status, _, err = demo.send(receiver.address, "--tls", "required")
        demo.check("after these attacks the receiver takes the sample",
                   status == 0, err)
    for entry, title, script, pattern in SENDER_ATTACKS:
        row(entry, title, attack_sender, script, pattern)

    heads = ("THREATS", "attack", "on the wire", "finding or device status", "")
    widths = [max(len(line[i]) for line in [*rows, heads]) for i in range(5)]
    for line in [heads, tuple("-" * width for width in widths), *rows]:
        print("  " + "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def give_up(*_):
    print("WRONG: not finished within %d s" % ALL)
    sys.stdout.flush()
    os._exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtpcore", required=True, help="the program to show")
    parser.add_argument("--folder", help="where mail and certificate go; a new "
                        "temporary folder unless given")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(ALL)

    if options.folder:
        os.makedirs(options.folder, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="smtpcore-demo-", dir=options.folder)
    demo = Demo(options.smtpcore, folder)
    try:
        demo.make_certificate()
        demo.settings()
        print("\n== Attacks on the receiver (setting `on`) and on the sender "
              "(TLS required)")
        attacks(demo)
    except (Wrong, OSError, subprocess.TimeoutExpired) as why:
        print("WRONG: %s" % why)
        demo.wrong += 1
    print("\nAll mail and the certificate: " + folder)
    print("All behaved." if not demo.wrong else
          "%d things did not behave." % demo.wrong)
    return 1 if demo.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
