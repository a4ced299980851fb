#!/usr/bin/python3
"""The commands as somebody at a shell meets them: files, statuses, words.

    commands_test.py --smtpcore PATH --registry PATH

Each case prints `ok NAME` or `FAILED NAME: why`; the last line is `N passed, N
failed`. What a session does is tested elsewhere.
"""

import argparse
import base64
import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading

LIMIT = 30.0
USAGE, REFUSED, UNAVAILABLE, CANTCREAT, CONFIG = 64, 69, 69, 73, 78
LATER, PROTOCOL, AUTHENTICATION = 75, 76, 77
HOST = "device.example"


class Failed(Exception):
    """A case did not hold; the text says why."""


def want(condition, why):
    if not condition:
        raise Failed(why)


def same(have, expected, what):
    want(have == expected, "%s: have %r, want %r" % (what, have, expected))


class Bench:
    """The program and a folder to work in."""

    def __init__(self, program, registry, folder):
        self.program = os.path.abspath(program)
        self.registry = registry
        self.folder = folder
        self.number = 0

    def path(self, name):
        self.number += 1
        folder = os.path.join(self.folder, "%03d" % self.number)
        os.mkdir(folder)
        return os.path.join(folder, name)

    def file(self, name, octets, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(octets)
        os.chmod(path, mode)
        return path

    def run(self, *words, stdin=b""):
        return subprocess.run([self.program, *words], input=stdin, timeout=LIMIT,
                              capture_output=True, check=False)

    def expect(self, status, pattern, *words, stdin=b""):
        """Runs a command that must end with `status` and say `pattern`."""
        done = self.run(*words, stdin=stdin)
        text = (done.stdout + done.stderr).decode("utf-8", "replace")
        same(done.returncode, status, "exit status of %s, which said %s" %
             (" ".join(words), text))
        want(re.search(pattern, text), "no %r in %r" % (pattern, text))
        return text

    def accounts(self, *more):
        """A file with one account, and its password's file."""
        path = self.path("accounts")
        secret = self.file("password", b"Kf7-wombat\n")
        self.expect(0, "^$", "account", "--name", "printer", "--accounts", path,
                    "--password-file", secret, *more)
        return path, secret

    def certificate(self):
        folder = self.path("tls")
        self.expect(0, "cert.pem", "certificate", "--name", "localhost", "--out",
                    folder)
        return os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")


class Receiver:
    """`smtpcore receive` on a free port."""

    def __init__(self, bench, *words, address="127.0.0.1:0"):
        self.maildir = bench.path("Maildir")
        self.process = subprocess.Popen(
            [bench.program, "receive", "--listen", address, "--hostname", HOST,
             "--maildir", self.maildir, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Unbuffered: what is read ahead here is lost to communicate().
            bufsize=0)
        first = self.process.stdout.readline().decode()
        found = re.match(r"listening on (\S+:(\d+))\n", first)
        if not found:
            self.process.kill()
            raise Failed("it does not start: " + first)
        self.address = found.group(1)
        self.port = int(found.group(2))
        self.log = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.log = self.process.communicate(timeout=LIMIT)[0].decode()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Failed("it does not end") from None
        same(self.process.returncode, 0, "exit status after SIGTERM")

    def mails(self):
        folder = os.path.join(self.maildir, "new")
        texts = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as mail:
                texts.append(mail.read())
        return texts


class Talk:
    """A client that says what it is told, octet for octet."""

    def __init__(self, receiver, source="127.0.0.1", first=b""):
        self.socket = socket.create_connection(
            ("127.0.0.1", receiver.port), LIMIT, (source, 0))
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(first)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def hear(self):
        """One reply, its lines without ends; "" at the end of the stream."""
        text = []
        while True:
            line = self.lines.readline().decode("utf-8", "replace")
            text.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(text)

    def say(self, octets, pattern):
        """Says a line, or octets as they are, and wants a reply."""
        if isinstance(octets, str):
            octets = octets.encode() + b"\r\n"
        self.socket.sendall(octets)
        said = self.hear()
        want(re.search(pattern, said), "%r got %r, want %r" % (
            octets, said, pattern))
        return said


class Server:
    """A server with a script: for each line that it reads, what it says."""

    def __init__(self, script, context=None):
        self.script = script
        self.context = context
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(LIMIT)
        self.listener.close()

    def run(self):
        with contextlib.suppress(OSError):
            peer = self.listener.accept()[0]
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            with peer, peer.makefile("rb") as lines:
                for said in self.script:
                    peer.sendall(said)
                    # A silent turn reads on up to the end of data.
                    line = lines.readline()
                    while said.startswith(b"354") and line not in (b".\r\n", b""):
                        line = lines.readline()
                    self.heard.append(line.decode("utf-8", "replace").rstrip())


def send_words(receiver, *words):
    return ["send", "--server", receiver.address, "--from", "a@client.example",
            "--helo", "client.example", "--tls", "off", *words]


# --------------------------------------------------------------- certificate


def certificate_files(bench):
    certificate, key = bench.certificate()
    same(stat.S_IMODE(os.stat(certificate).st_mode), 0o644, "mode of cert.pem")
    same(stat.S_IMODE(os.stat(key).st_mode), 0o600, "mode of key.pem")


def certificate_is_not_replaced(bench):
    certificate, key = bench.certificate()
    folder = os.path.dirname(key)
    words = ["certificate", "--name", "localhost", "--out", folder]
    with open(key, "rb") as old:
        before = old.read()
    bench.expect(CANTCREAT, "--force", *words)
    os.unlink(certificate)
    bench.expect(CANTCREAT, "key.pem.*--force", *words)
    with open(key, "rb") as new:
        same(new.read(), before, "the key")
    same(os.listdir(folder), ["key.pem"], "files left")
    bench.expect(0, "key.pem", *words, "--force")
    with open(key, "rb") as new:
        want(new.read() != before, "--force replaced nothing")
    same(sorted(os.listdir(folder)), ["cert.pem", "key.pem"], "files left")


def certificate_options(bench):
    folder = bench.path("tls")
    for words, said in (
            (("--name", "a b", "--out", folder), "--name"),
            (("--name", "localhost"), "--out"), (("--out", folder), "--name"),
            (("--name", "localhost", "--out", folder, "--days", "0"), "--days"),
            (("--name", "localhost", "--out", folder, "more"), "more")):
        bench.expect(USAGE, re.escape(said), "certificate", *words)
    want(not os.path.exists(folder), "a folder was made for nothing")
    bench.expect(CANTCREAT, "/dev/null", "certificate", "--name", "localhost",
                 "--out", "/dev/null/x")


# ------------------------------------------------------------------- account


def account_file(bench):
    path = bench.path("accounts")
    secret = bench.file("password", b"Kf7-wombat\n")
    for name in ("printer", "scanner", "printer"):
        bench.expect(0, "^$", "account", "--name", name, "--accounts", path,
                     "--password-file", secret)
    with open(path, encoding="utf-8") as text:
        lines = text.read().splitlines()
    same([line.split(":")[0] for line in lines], ["printer", "scanner"], "names")
    want("wombat" not in "".join(lines), "the password is in the file")
    same(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")


def account_is_removed(bench):
    path = bench.path("accounts")
    secret = bench.file("password", b"Kf7-wombat\n")
    for name in ("print", "printer", "printers"):
        bench.expect(0, "^$", "account", "--name", name, "--accounts", path,
                     "--password-file", secret, "--cram-md5")
    words = ["account", "--accounts", path, "--delete", "--name"]
    bench.expect(0, "^$", *words, "printer")
    with open(path, encoding="utf-8") as text:
        same([line.split(":")[0] for line in text], ["print", "printers"], "names")
    bench.expect(CONFIG, "no account", *words, "printer")
    bench.expect(USAGE, "--delete", *words, "print", "--cram-md5")
    bench.expect(CONFIG, "nowhere", "account", "--accounts",
                 bench.path("nowhere"), "--delete", "--name", "x")


def account_refuses(bench):
    path = bench.path("accounts")
    good = bench.file("password", b"Kf7-wombat\n")
    for octets, mode, said in ((b"\n", 0o600, "empty"), (b"a\nb\n", 0o600, "line"),
                               (b"x" * 300, 0o600, "255"),
                               (b"open\n", 0o644, "chmod 600")):
        bench.expect(CONFIG, said, "account", "--name", "a", "--accounts", path,
                     "--password-file", bench.file("p", octets, mode))
    bench.expect(CONFIG, "--password-file", "account", "--name", "a",
                 "--accounts", path, stdin=b"secret\nsecret\n")
    bench.expect(CONFIG, ".", "account", "--name", "a:b", "--accounts", path,
                 "--password-file", good)
    bench.expect(USAGE, "--accounts", "account", "--name", "a")
    want(not os.path.exists(path), "a file was made for nothing")


def ask(bench, answers, path):
    """Answers the prompts at a terminal; what it showed, and the status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(bench.program, [bench.program, "account", "--name", "printer",
                                 "--accounts", path])
    shown = b""
    waiting = [b"Password: ", b"again: "]
    while True:
        if not select.select([terminal], [], [], LIMIT)[0]:
            os.kill(pid, signal.SIGKILL)
            break
        try:
            octets = os.read(terminal, 4096)
        except OSError:
            octets = b""
        if not octets:
            break
        shown += octets
        if waiting and waiting[0] in shown and answers:
            waiting.pop(0)
            os.write(terminal, answers.pop(0))
    os.close(terminal)
    return shown.decode("utf-8", "replace"), os.waitstatus_to_exitcode(
        os.waitpid(pid, 0)[1])


def account_asks(bench):
    path = bench.path("accounts")
    shown, status = ask(bench, [b"Kf7-wombat\n", b"Kf7-wombat\n"], path)
    same(status, 0, "exit status; it showed " + shown)
    want("wombat" not in shown, "the password was shown: " + shown)
    want(os.path.exists(path), "no file")
    os.unlink(path)
    shown, status = ask(bench, [b"Kf7-wombat\n", b"Kf7-other\n"], path)
    same(status, CONFIG, "exit status when they differ")
    want("differ" in shown and "wombat" not in shown, shown)
    shown, status = ask(bench, [b"Kf7-wom\x03"], path)
    same(status, -signal.SIGINT, "exit status after ^C")
    want(not os.path.exists(path), "a file was made for nothing")


# ------------------------------------------------------------------- receive


def key_of_others(bench):
    certificate, key = bench.certificate()
    for mode in (0o604, 0o644, 0o620):
        os.chmod(key, mode)
        bench.expect(CONFIG, "key.pem.*chmod 600", "receive", "--listen",
                     "127.0.0.1:0", "--maildir", bench.path("Maildir"), "--tls",
                     "on", "--cert", certificate, "--key", key)
    os.chmod(key, 0o640)
    with Receiver(bench, "--tls", "on", "--cert", certificate, "--key", key):
        pass


def stopped_at_once(bench):
    """SIGTERM right after the first line: an end like any other."""
    for _ in range(20):
        with Receiver(bench) as receiver:
            pass
        want("stop signal sessions 0 messages 0" in receiver.log, receiver.log)


def settings_that_contradict(bench):
    secret = bench.file("password", b"Kf7-wombat\n")
    path = bench.path("accounts")
    bench.expect(0, "^$", "account", "--name", "a", "--accounts", path,
                 "--password-file", secret)
    listen = ["receive", "--listen", "127.0.0.1:0"]
    bench.expect(USAGE, "--accounts", *listen, "--auth", "on")
    bench.expect(USAGE, "--auth", *listen, "--accounts", path)
    bench.expect(USAGE, "auth-in-clear", *listen, "--auth", "required",
                 "--accounts", path)
    for words, said in (
            (("--quirk", "x"), "trailing-space.*auth-in-clear"),
            (("--quirk", "reply-8bit"), "trailing-space"),
            (("--quirk", "path-space@somewhere"), "ADDRESS/PREFIX"),
            (("--profile", "scanner"), "strict, printer"),
            (("--profile", "printer@127.0.0.1/8"), "ADDRESS/PREFIX"),
            (("--proxy", "127.0.0.1/33"), "ADDRESS/PREFIX"),
            (("--proxy", "::1", "--xclient", "::1"), "--xclient"),
            (("--offer", "BURL"), "BINARYMIME.*FUTURERELEASE"),
            (("--offer", "XCLIENT"), "BINARYMIME"),
            (("--no-offer", "BURL"), "PIPELINING"),
            (("--offer", "LIMITS", "--no-offer", "limits"), "LIMITS"),
            (("--offer", "BINARYMIME", "--no-offer", "CHUNKING"), "CHUNKING"),
            (("--tls", "on", "--no-offer", "STARTTLS"), "STARTTLS"),
            (("--lmtp", "--no-offer", "PIPELINING"), "PIPELINING"),
            (("--auth", "on", "--accounts", path, "--quirk", "auth-in-clear",
              "--no-offer", "AUTH"), "AUTH"),
            (("--hold-seconds", "9"), "FUTURERELEASE"),
            (("--deliver-by-seconds", "9"), "DELIVERBY"),
            (("--offer", "FUTURERELEASE", "--hold-seconds", "0"), "999999999"),
            (("--max-messages", "0"), "65535"),
            (("--login-prompts", "x"), "colon or draft"),
            (("--deadline", "x=1"), "data-block")):
        bench.expect(USAGE, said, *listen, *words)
    bench.expect(CONFIG, "certificate", *listen, "--tls", "on")
    os.chmod(path, 0o666)
    bench.expect(CONFIG, re.escape(path), *listen, "--auth", "required",
                 "--accounts", path, "--quirk", "auth-in-clear")


def port_in_use(bench):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bench.expect(UNAVAILABLE, "127.0.0.1:%d.*--listen" % port, "receive",
                     "--listen", "127.0.0.1:%d" % port, "--maildir",
                     bench.path("Maildir"))
    bench.expect(CONFIG, "192.0.2.1:25", "receive", "--listen", "192.0.2.1:2525",
                 "--maildir", bench.path("Maildir"))


def whose_mail(bench):
    """Which recipients are ours, and what is written in front of a message."""
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench, "--domain", "office.example") as receiver:
        ours = ["fax@" + HOST, "a@LOCALHOST", "b@Office.Example",
                "c@[127.0.0.1]", "postmaster"]
        words = [word for one in ours for word in ("--to", one)]
        bench.expect(0, "delivered", *send_words(receiver, *words, message))
        for other in ("x@elsewhere.example", "x@[127.0.0.2]", "x@[IPv6:::1]",
                      "x@sub." + HOST):
            bench.expect(REFUSED, "550 5.7.1", *send_words(
                receiver, "--to", other, message))
        mails = receiver.mails()
        same(len(mails), 1, "messages")
        lines = mails[0].decode().split("\r\n")
        same(lines[0], "Return-Path: <a@client.example>", "line 1")
        same(lines[1:6], ["Delivered-To: " + one for one in ours], "lines 2 to 6")
        same(lines[6], "Received: from client.example ([127.0.0.1])", "line 7")
        want(re.fullmatch(r"\tby device\.example with ESMTP id [0-9a-f]+-1-1;",
                          lines[7]), "line 8: " + lines[7])
        want(re.fullmatch(r"\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000",
                          lines[8]), "line 9: " + lines[8])
        same(lines[9:], ["Subject: x", "", "x", ""], "the message")
    want("recipients 5 octets 17" in receiver.log, receiver.log)
    want(re.search(r"session 1 peer 127\.0\.0\.1:\d+ end quit messages 1 octets "
                   r"17 findings -\n", receiver.log), receiver.log)
    want("stop signal sessions 5 messages 1" in receiver.log, receiver.log)


def over_ipv6(bench):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench, address="[::1]:0") as receiver:
        bench.expect(0, "delivered", *send_words(
            receiver, "--to", "fax@[IPv6:0:0:0:0:0:0:0:1]", message))
        want(b"([IPv6:::1])" in receiver.mails()[0], "no address in the trace")


def log_as_json(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench, "--log", "json") as receiver:
        bench.expect(0, "delivered", *send_words(
            receiver, "--to", "fax@" + HOST, message))
    events = [json.loads(line) for line in receiver.log.splitlines()]
    want("start" in events[0] and "stop" in events[-1], receiver.log)
    ends = [event for event in events if "end" in event]
    same(len(ends), 1, "ends")
    same({key: ends[0][key] for key in ("session", "end", "messages", "octets",
                                        "findings")},
         {"session": 1, "end": "quit", "messages": 1, "octets": 17,
          "findings": []}, "the end")


# ---------------------------------------------------------------------- send


def message_files(bench):
    """What becomes of line ends, and which files are refused."""
    with Receiver(bench) as receiver:
        def words(path):
            return send_words(receiver, "--to", "fax@" + HOST, path)
        for octets, stored in (
                (b"A: b\n\n.\nx", b"A: b\r\n\r\n.\r\nx\r\n"),
                (b"A: b\r\n\r\nx\r\n", b"A: b\r\n\r\nx\r\n"), (b"", b"")):
            before = len(receiver.mails())
            bench.expect(0, "delivered", *words(bench.file("m", octets)))
            bench.expect(0, "delivered", *words("-"), stdin=octets)
            mails = receiver.mails()
            same(len(mails), before + 2, "messages")
        same(sum(mail.endswith(b"\r\n\r\n.\r\nx\r\n") for mail in receiver.mails()),
             2, "converted messages")
        for octets, line in ((b"A: b\n\nx\ry\n", 3), (b"A: b\n\0", 2),
                             (b"A: b\r", 1)):
            path = bench.file("m", octets)
            bench.expect(USAGE, "%s:%d: " % (re.escape(path), line), *words(path))
        bench.expect(USAGE, "nowhere", *words(bench.path("nowhere")))
        bench.expect(USAGE, ".", *words(bench.folder))


def send_options(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    password = bench.file("p", b"secret\n")
    base = ["--server", "127.0.0.1:1", "--from", "a@b.example", "--to",
            "c@d.example"]
    for more, said in (
            (["--to", "no address"], "--to"), (["--to", ""], "--to"),
            (["--from", "<a@b.example>"], "--from"), (["--helo", "a b"], "--helo"),
            (["--server", "127.0.0.1"], "--server"),
            (["--server", "*:25"], "--server"), (["--server", "x:0"], "--server"),
            (["--auth", "on"], "--account"), (["--account", "a"], "--password-file"),
            (["--password-file", password], "--account"),
            (["--tls", "off", "--implicit-tls"], "--implicit-tls"),
            (["--quirk", "path-space"], "auth-in-clear"),
            (["--token-file", password], "--account"),
            (["--account", "a", "--password-file", password, "--token-file",
              password], "in place of"),
            (["--account", "a", "--password-file", password, "--mechanisms",
              "PLAIN,XOAUTH2"], "XOAUTH2: say --token-file"),
            (["--account", "a", "--token-file", password, "--mechanisms",
              "PLAIN"], "PLAIN: say --password-file"),
            (["--mechanisms", "EXTERNAL"], "SCRAM-SHA-256"),
            (["--mechanisms", ""], "SCRAM-SHA-256"),
            (["--tls", "off", "--require-tls"], "--require-tls"),
            (["--body", "8bit"], "8bitmime"), (["--by", "60"], "--by"),
            (["--by", "0:R"], "--by"), (["--hold-for", "0"], "--hold-for"),
            (["--hold-until", "tomorrow"], "--hold-until"),
            (["--hold-for", "1", "--hold-until", "2030-01-31T08:00:00Z"],
             "--hold-until"),
            (["--priority", "10"], "--priority"), (["--solicit", "a b"],
                                                   "--solicit"),
            (["--mtrk", "x"], "--mtrk"), (["--rrvs", "never"], "--rrvs"),
            (["--drop", "BODY"], "MT-PRIORITY"), (["--need", "x"], "NOTIFY"),
            (["--drop", "BY", "--need", "by"], "--need"),
            (["--auth-order", "x"], "strong or manual"),
            (["--notify", "never,success"], "--notify"),
            (["--notify", "success,"], "--notify"), (["--notify", ""], "--notify"),
            (["--ret", "x"], "--ret"), (["--envid", "a\tb"], "--envid"),
            (["--deadline", "reply"], "--deadline"), (["--log", "x"], "--log"),
            ([message], "surplus")):
        bench.expect(USAGE, re.escape(said), "send", *base, *more, message)
    bench.expect(USAGE, "--from", "send", *base[:2], *base[4:], message)
    bench.expect(USAGE, "FILE", "send", *base)
    bench.expect(CONFIG, "nowhere", "send", *base, "--ca", "/nowhere", message)
    bench.expect(CONFIG, "nowhere", "send", *base, "--account", "a",
                 "--password-file", "/nowhere", message)
    for option in ("--password-file", "--token-file"):
        bench.expect(CONFIG, "chmod 600", "send", *base, "--account", "a", option,
                     bench.file("p", b"x\n", 0o644), message)
    bench.expect(CONFIG, "no token", "send", *base, "--account", "a",
                 "--token-file", bench.file("p", b"a b\n"), message)
    bench.expect(USAGE, "--rrvs", "send", *base[:4], "--rrvs",
                 "2030-01-31T08:00:00Z", *base[4:], message)
    bench.expect(USAGE, "7bit", "send", *base, "--body", "7bit",
                 bench.file("m", b"A: b\n\n\xe4\n"))


def delivery_reports(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench) as receiver:
        text = bench.expect(0, "delivered", *send_words(
            receiver, "--to", "fax@" + HOST, "--trace", "--ret", "hdrs", "--envid",
            "a+b", "--notify", "delay,success", message))
        want("RET=HDRS ENVID=a+2Bb" in text, text)
        want("NOTIFY=SUCCESS,DELAY" in text, text)


def verified_by_default(bench):
    certificate, key = bench.certificate()
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench, "--tls", "on", "--cert", certificate, "--key",
                  key) as receiver:
        words = ["send", "--server", receiver.address, "--from",
                 "a@client.example", "--to", "fax@" + HOST]
        bench.expect(76, "TLS failed", *words, "--server-name", "localhost",
                     "--ca", bench.certificate()[0], message)
        bench.expect(0, "checked: yes", *words, "--server-name", "localhost",
                     "--ca", certificate, "--trace", message)


# ---------------------------------------------------------------- extensions


def login_by_each_mechanism(bench):
    """What the accounts can serve is offered, bound mechanisms under TLS only."""
    certificate, key = bench.certificate()
    accounts, secret = bench.accounts("--cram-md5", "--scram-sha-1")
    message = bench.file("m", b"Subject: x\n\nx\n")
    wrong = bench.file("password", b"Kf7-wombats\n")
    plain = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"]
    bound = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]
    with Receiver(bench, "--tls", "on", "--cert", certificate, "--key", key,
                  "--auth", "required", "--accounts", accounts, "--quirk",
                  "auth-in-clear@127.0.0.1") as receiver:
        base = ["send", "--server", receiver.address, "--from",
                "a@client.example", "--to", "fax@" + HOST, "--account", "printer"]
        login = ["--password-file", secret]
        trust = ["--server-name", "localhost", "--ca", certificate]
        for mechanism in plain + bound:
            bench.expect(0, "delivered", *base, *login, *trust, "--mechanisms",
                         mechanism, message)
            bench.expect(AUTHENTICATION, "#839", *base, *trust, "--password-file",
                         wrong, "--mechanisms", mechanism, message)
        for more, chosen in (([], bound[0]), (["--no-binding"], plain[0]),
                             (["--auth-order", "manual"], "CRAM-MD5")):
            bench.expect(0, "AUTH %s( |\n)" % chosen, *base, *login, *trust,
                         *more, "--trace", message)
        clear = [*base, *login, "--tls", "off"]
        bench.expect(0, "AUTH SCRAM-SHA-256 ", *clear, "--trace", message)
        bench.expect(AUTHENTICATION, "No Common Method", *clear, "--mechanisms",
                     ",".join(bound), message)
    logged = re.findall(r"account printer mechanism (\S+)\n", receiver.log)
    same(logged, plain + bound + [bound[0], plain[0], "CRAM-MD5", plain[0]],
         "logins")


def login_without_scram(bench):
    accounts, secret = bench.accounts("--no-scram")
    message = bench.file("m", b"Subject: x\n\nx\n")
    with Receiver(bench, "--auth", "on", "--accounts", accounts, "--quirk",
                  "auth-in-clear", "--login-prompts", "draft") as receiver:
        with Talk(receiver) as talk:
            talk.hear()
            talk.say("EHLO client.example", r"250-AUTH PLAIN LOGIN\n")
            for line, prompt in (("AUTH LOGIN", b"User Name\0"),
                                 ("cHJpbnRlcg==", b"Password\0")):
                talk.say(line, re.escape("334 " + base64.b64encode(
                    prompt).decode()) + "$")
            talk.say("S2Y3LXdvbWJhdA==", "^235 ")
        bench.expect(AUTHENTICATION, "No Common Method", *send_words(
            receiver, "--to", "fax@" + HOST, "--account", "printer",
            "--password-file", secret, message))
    with Receiver(bench) as receiver:
        bench.expect(AUTHENTICATION, "Not Offered", *send_words(
            receiver, "--to", "fax@" + HOST, "--account", "printer",
            "--password-file", secret, message))


def login_by_token(bench):
    """A server of tokens, which this receiver is not."""
    certificate, key = bench.certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    token = bench.file("token", b"ya29.x-y\r\n")
    message = bench.file("m", b"Subject: x\n\nx\n")
    first = b"n,a=a@b.example,\x01auth=Bearer ya29.x-y\x01\x01"
    second = b"user=a@b.example\x01auth=Bearer ya29.x-y\x01\x01"
    for offered, response in ((b"XOAUTH2 OAUTHBEARER PLAIN", first),
                              (b"XOAUTH2 PLAIN", second)):
        script = [b"220 x\r\n", b"250-x\r\n250 AUTH " + offered + b"\r\n",
                  b"235 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n",
                  b"250 ok\r\n", b"221 bye\r\n"]
        with Server(script, context) as server:
            bench.expect(0, "delivered", "send", "--server", server.address,
                         "--implicit-tls", "--server-name", "localhost", "--ca",
                         certificate, "--from", "a@b.example", "--to",
                         "c@d.example", "--account", "a@b.example",
                         "--token-file", token, message)
        want(server.heard[1].startswith("AUTH "), server.heard)
        same(base64.b64decode(server.heard[1].split(" ")[2]), response,
             "the response")


def lmtp(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    ours = ["fax@" + HOST, "scan@" + HOST]
    words = [word for one in ours for word in ("--to", one)]
    with Receiver(bench, "--lmtp") as receiver:
        text = bench.expect(0, "delivered", *send_words(
            receiver, "--lmtp", *words, "--trace", message))
        want("C: LHLO client.example" in text, text)
        for one in ours:
            want("recipient %s code 250 reply" % one in text, text)
        text = bench.expect(REFUSED, "delivered to some", *send_words(
            receiver, "--lmtp", *words, "--to", "x@elsewhere.example", message))
        want("refused recipients: x@elsewhere.example" in text, text)
        mails = receiver.mails()
        same(len(mails), 2, "messages")
        for mail in mails:
            lines = mail.decode().split("\r\n")
            same(lines[1:3], ["Delivered-To: " + one for one in ours], "lines")
            want(" with LMTP id " in lines[4], lines[4])
        # Nowhere to put it: each of them hears so.
        os.rename(receiver.maildir, receiver.maildir + ".away")
        text = bench.expect(LATER, "not delivered", *send_words(
            receiver, "--lmtp", *words, message))
        want("to try again later: %s, %s" % tuple(ours) in text, text)
        os.rename(receiver.maildir + ".away", receiver.maildir)
        bench.expect(REFUSED, "LHLO", *send_words(receiver, *words, message))
    want("recipients 2 octets 17" in receiver.log, receiver.log)
    want("stop signal sessions 4 messages 2" in receiver.log, receiver.log)
    with Receiver(bench) as receiver:
        bench.expect(REFUSED, "5", *send_words(receiver, "--lmtp", *words,
                                               message))


def lmtp_answers_differ(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    script = [b"220 x LMTP\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n",
              b"250 ok\r\n", b"354 go\r\n", b"250 kept\r\n452 full\r\n",
              b"221 bye\r\n"]
    with Server(script) as server:
        text = bench.expect(LATER, "delivered to some", *send_words(
            server, "--lmtp", "--to", "a@b.example", "--to", "c@d.example",
            "--log", "json", message))
    end = json.loads(text.splitlines()[-1])
    same((end["accepted"], end["delivered"], end["exit"]), (2, 1, LATER), "end")
    want("later: c@d.example" in end["words"], text)


def behind_a_proxy(bench):
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 40112 25\r\n"
    with Receiver(bench, "--proxy", "127.0.0.1/32", "--quirk",
                  "path-space@192.0.2.0/24") as receiver:
        with Talk(receiver, first=header) as talk:
            talk.hear()
            talk.say("EHLO client.example", "^250-")
            talk.say("MAIL FROM: <a@client.example>", "^250 ")
            talk.say("RCPT TO:<fax@[192.0.2.1]>", "^250 ")
            talk.say("DATA", "^354 ")
            talk.say(b"Subject: x\r\n\r\nx\r\n.\r\n", "^250 ")
            talk.say("QUIT", "^221 ")
        with Talk(receiver) as talk:
            talk.socket.sendall(b"EHLO client.example\r\n")
            same(talk.hear(), "", "an answer to who sends no header")
        # Who is no proxy says no header, and has no quirk.
        with Talk(receiver, source="127.0.0.2") as talk:
            want(talk.hear().startswith("220 "), "no greeting")
            talk.say("EHLO client.example", "^250-")
            talk.say("MAIL FROM: <a@client.example>", "^501 ")
            talk.say("PROXY TCP4 192.0.2.7 192.0.2.1 40112 25", "^500 ")
        same(receiver.mails()[0].split(b"\r\n")[2],
             b"Received: from client.example ([192.0.2.7])", "line 3")
    want(re.search(r"session 1 proxy 127\.0\.0\.1:\d+ command PROXY says "
                   r"192\.0\.2\.7:40112\n", receiver.log), receiver.log)
    want("session 1 peer 192.0.2.7:40112 end quit" in receiver.log, receiver.log)
    want("finding proxy-malformed" in receiver.log, receiver.log)


def proxies_with_xclient(bench):
    with Receiver(bench, "--xclient", "127.0.0.1") as receiver:
        with Talk(receiver) as talk:
            talk.hear()
            talk.say("EHLO proxy.example", r"250-XCLIENT NAME ADDR PORT .*\n"
                     r"250-XFORWARD NAME ADDR PORT ")
            talk.say("XFORWARD IDENT=1", "^250 ")
            talk.say("XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.7 PORT=40112",
                     "^220 ")
            talk.say("EHLO client.example", "^250-")
            talk.say("MAIL FROM:<a@client.example>", "^250 ")
            talk.say("RCPT TO:<fax@%s>" % HOST, "^250 ")
            talk.say("DATA", "^354 ")
            talk.say(b"Subject: x\r\n\r\nx\r\n.\r\n", "^250 ")
        with Talk(receiver, source="127.0.0.2") as talk:
            talk.hear()
            want("XCLIENT" not in talk.say("EHLO client.example", "^250-"),
                 "XCLIENT is offered to everybody")
            talk.say("XCLIENT ADDR=192.0.2.7", "^502 ")
        same(receiver.mails()[0].split(b"\r\n")[2],
             b"Received: from client.example ([192.0.2.7])", "line 3")
    want('command XCLIENT says "NAME=[UNAVAILABLE] ADDR=192.0.2.7 PORT=40112"\n'
         in receiver.log, receiver.log)
    want("command XFORWARD says IDENT=1\n" in receiver.log, receiver.log)


def quirk_for_one_address(bench):
    with Receiver(bench, "--quirk", "path-space@127.0.0.1/32") as receiver:
        for source, code in (("127.0.0.1", "250"), ("127.0.0.2", "501")):
            with Talk(receiver, source=source) as talk:
                talk.hear()
                talk.say("EHLO client.example", "^250-")
                talk.say("MAIL FROM: <a@client.example>", "^%s " % code)
    want("quirks path-space\n" in receiver.log, receiver.log)


def profile_of_printers(bench):
    """An old device, word for word; to a strict receiver it is an error."""
    def old_device(receiver, good):
        with Talk(receiver) as talk:
            talk.hear()
            if not good:
                talk.say("HELO my printer", "^501 ")
                return
            talk.say("HELO my printer", "^250 ")
            talk.say("MAIL FROM: scan@client.example ", "^250 ")
            talk.say(b"RCPT TO:<fax@%s>\n" % HOST.encode(), "^250 ")
            talk.say("DATA", "^354 ")
            talk.say(b"Subject: x\n\nx\n\r\n.\r\n", "^250 ")
            talk.say("QUIT", "^221 ")
    with Receiver(bench, "--profile", "printer") as receiver:
        old_device(receiver, True)
        want(receiver.mails()[0].endswith(b"Subject: x\n\nx\n\r\n"),
             receiver.mails())
    found = set(re.findall(r"finding (\S+) severity tolerated", receiver.log))
    same(found, {"quirk-" + name for name in (
        "hello-name", "path-space", "path-bare", "trailing-space", "line-lf",
        "content-lf")}, "findings")
    with Receiver(bench, "--profile", "strict", "--profile",
                  "printer@127.0.0.2") as receiver:
        old_device(receiver, False)


def binary_content(bench):
    """BINARYMIME: as it is, and only to who offers it."""
    octets = b"Subject: x\r\n\r\n\0\r\n.\r\nx\ny\rz\xff"
    message = bench.file("m", octets)
    with Receiver(bench, "--offer", "BINARYMIME") as receiver:
        text = bench.expect(0, "delivered", *send_words(
            receiver, "--to", "fax@" + HOST, "--body", "binarymime", "--trace",
            message))
        want("BODY=BINARYMIME" in text and "C: BDAT" in text, text)
        want(receiver.mails()[0].endswith(b"\r\n" + octets), receiver.mails())
    want("sender a@client.example asks \"SIZE=%d BODY=BINARYMIME\"\n" % len(octets)
         in receiver.log, receiver.log)
    for words in ([], ["--no-offer", "CHUNKING"]):
        with Receiver(bench, *words) as receiver:
            bench.expect(REFUSED, "extension-missing", *send_words(
                receiver, "--to", "fax@" + HOST, "--body", "binarymime", message))


def limits_are_kept(bench):
    message = bench.file("m", b"Subject: x\n\nx\n")
    words = [word for name in "abcd" for word in ("--to", name + "@" + HOST)]
    with Receiver(bench, "--offer", "LIMITS", "--max-recipients", "2",
                  "--max-messages", "7") as receiver:
        text = bench.expect(LATER, "delivered to some", *send_words(
            receiver, *words, "--trace", message))
        want("250-LIMITS RCPTMAX=2 MAILMAX=7" in text, text)
        same(text.count("C: RCPT"), 2, "RCPT commands")
        want("later: c@%s, d@%s;" % (HOST, HOST) in text, text)
        want("recipient c@%s code 452\n" % HOST in text, text)
        same(len(receiver.mails()), 1, "messages")


def each_parameter(bench):
    """What is asked for goes out, and the receiver says that it was asked."""
    message = bench.file("m", b"Subject: x\n\nx\n")
    mtrk = "A" * 27
    asked = ["--by", "3600:R:T", "--hold-for", "60", "--priority", "-3",
             "--solicit", "net.example:ADV", "--mtrk", mtrk + ":60", "--ret",
             "full", "--envid", "a+b"]
    said = ("SIZE=17 RET=FULL ENVID=a+2Bb BY=3600;RT HOLDFOR=60 MT-PRIORITY=-3 "
            "SOLICIT=net.example:ADV MTRK=%s:60" % mtrk)
    rrvs = "2020-02-29T00:00:00Z"
    words = ["--to", "a@" + HOST, "--rrvs", rrvs + ":R", "--to", "b@" + HOST]
    offers = [word for name in ("DELIVERBY", "FUTURERELEASE", "MT-PRIORITY",
                                "NO-SOLICITING", "mtrk", "RRVS")
              for word in ("--offer", name)]
    with Receiver(bench, *offers, "--hold-seconds", "3600", "--log", "json",
                  "--deliver-by-seconds", "120", "--no-offer",
                  "8BITMIME") as receiver:
        text = bench.expect(0, "delivered", *send_words(
            receiver, *words, *asked, "--trace", message))
        want("C: MAIL FROM:<a@client.example> %s\n" % said in text, text)
        want("C: RCPT TO:<a@%s> RRVS=%s;R\n" % (HOST, rrvs) in text, text)
        want("C: RCPT TO:<b@%s>\n" % HOST in text, text)
        want("250-DELIVERBY 120" in text and "8BITMIME" not in text, text)
        want(re.search(r"250-FUTURERELEASE 3600 20\d\d-\S+Z\n", text), text)
        for more in (["--by", "119:R"], ["--hold-for", "3601"],
                     ["--hold-until", "2999-01-01T00:00:00Z"]):
            bench.expect(REFUSED, "limit-kept", *send_words(
                receiver, *words, *more, message))
    events = [json.loads(line) for line in receiver.log.splitlines()]
    same([(event.get("sender", event.get("recipient")), event["asks"])
          for event in events if "asks" in event],
         [("a@client.example", said), ("a@" + HOST, "RRVS=%s;R" % rrvs)], "asks")
    with Receiver(bench) as receiver:
        for name in ("BY", "HOLDFOR", "MT-PRIORITY", "SOLICIT", "MTRK"):
            asked += ["--drop", name]
        bench.expect(REFUSED, "extension-missing", *send_words(
            receiver, *words, *asked, message))
        bench.expect(0, "extension-dropped", *send_words(
            receiver, *words, *asked, "--drop", "RRVS", message))
    with Receiver(bench, "--no-offer", "DSN") as receiver:
        for more, status in (([], 0), (["--need", "ENVID"], REFUSED)):
            bench.expect(status, "extension-", *send_words(
                receiver, "--to", "a@" + HOST, "--envid", "x", *more, message))


def tls_required_no(bench):
    """RFC 8689, its field and its parameter."""
    message = bench.file("m", b"TLS-Required: No\nSubject: x\n\nx\n")
    certificate, key = bench.certificate()
    with Receiver(bench) as receiver:
        words = ["send", "--server", receiver.address, "--from",
                 "a@client.example", "--to", "fax@" + HOST]
        bench.expect(PROTOCOL, "tls-not-offered", *words, message)
        text = bench.expect(0, "delivered", *words, "--honor-tls-required-no",
                            message)
        want("downgrades: tls-not-required, tls-not-offered" in text, text)
        bench.expect(PROTOCOL, "tls-not-offered", *words, "--require-tls",
                     "--honor-tls-required-no", message)
        bench.expect(PROTOCOL, "tls-not-offered", *words,
                     "--honor-tls-required-no", bench.file("m", b"A: b\n\nx\n"))
    want("octets 35 tls-required no\n" in receiver.log, receiver.log)
    with Receiver(bench, "--tls", "on", "--cert", certificate, "--key",
                  key) as receiver:
        words[2] = receiver.address
        # The parameter wants a checked certificate, whatever else was said.
        bench.expect(PROTOCOL, "TLS failed", *words, "--tls", "opportunistic",
                     "--require-tls", message)
        bench.expect(0, "delivered", *words, "--server-name", "localhost", "--ca",
                     certificate, "--require-tls", message)
    want("octets 35 require-tls yes\n" in receiver.log, receiver.log)


# -------------------------------------------------------------------- policy


def lists_of(path):
    """The first text of each row of each X-list of a header, by list."""
    with open(path, encoding="utf-8") as header:
        text = header.read().replace("\\\n", "")
    found = {}
    for name, rows in re.findall(r"(?m)^#define (\w+_LIST)\(X\)(.*)$", text):
        found[name] = re.findall(r'X\([^"]*?"((?:[^"\\]|\\.)*)"', rows)
    return found


def whole_registry(bench):
    """Each name that the registry has is printed, in both formats."""
    lists = lists_of(bench.registry)
    want(len(lists) >= 13 and all(len(rows) > 1 for rows in lists.values()),
         "the registry was not understood: %r" % lists)
    same(lists["SMTPC_VERB_LIST"][:3], ["EHLO", "HELO", "LHLO"], "verbs")
    want("#841" in lists["SMTPC_DEVICE_LIST"], lists["SMTPC_DEVICE_LIST"])
    tables_found = json.loads(bench.run("policy", "--format", "json").stdout)
    printed = {str(value) for rows in tables_found.values() for row in rows
               for value in row.values()}
    text = bench.expect(0, ".", "policy")
    for name, rows in lists.items():
        missing = [row for row in rows if row not in printed or row not in text]
        same(missing, [], "of %s is not printed" % name)


def tables(bench):
    done = bench.run("policy", "--format", "json")
    same(done.returncode, 0, "exit status")
    tables_found = json.loads(done.stdout)
    text = bench.expect(0, ".", "policy")
    for name, rows in tables_found.items():
        want(len(rows) > 1, "table %s has %d rows" % (name, len(rows)))
        same({tuple(row) for row in rows}, {tuple(rows[0])}, "keys of " + name)
        for row in rows:
            want(str(list(row.values())[0]) in text, "%r is not in the text" % row)
    mail = [row for row in tables_found["verbs"] if row["verb"] == "MAIL"][0]
    same((mail["start"], mail["ready"], mail["mail"]), ("503", "yes", "503"),
         "MAIL")
    bench.expect(USAGE, "--format", "policy", "--format", "xml")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtpcore", required=True)
    parser.add_argument("--registry", required=True)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="smtpcore-commands-") as folder:
        bench = Bench(options.smtpcore, options.registry, folder)
        for case in (certificate_files, certificate_is_not_replaced,
                     certificate_options, account_file, account_is_removed,
                     account_refuses, account_asks, key_of_others,
                     stopped_at_once,
                     settings_that_contradict, port_in_use, whose_mail, over_ipv6,
                     log_as_json, message_files, send_options, delivery_reports,
                     verified_by_default, login_by_each_mechanism,
                     login_without_scram, login_by_token, lmtp,
                     lmtp_answers_differ, behind_a_proxy, proxies_with_xclient,
                     quirk_for_one_address, profile_of_printers, binary_content,
                     limits_are_kept, each_parameter, tls_required_no,
                     whole_registry, tables):
            try:
                case(bench)
                passed += 1
                print("ok %s" % case.__name__)
            except (Failed, OSError, subprocess.TimeoutExpired, ValueError) as why:
                failed += 1
                print("FAILED %s: %s" % (case.__name__, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
