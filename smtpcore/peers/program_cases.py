"""What the program as a whole promises: settings, limits, ends, full disks."""

import contextlib
import json
import os
import re
import signal
import socket
import threading
import time

from rig import (FAX, HOST, LIMIT, SENDER, SIMPLE, USER, Failed, Raw,
                 Service, Skipped, is_root,
                 raise_open_files, read_new, run, same, short, split_trace, stuff,
                 wait_until, want, want_no_secret, want_octets)
from receive_cases import REJECTED, TLS_ERROR

USAGE, CONFIGURATION = 64, 78
MAIL = b"MAIL FROM:<" + SENDER.encode() + b">\r\n"
RCPT = b"RCPT TO:<" + FAX.encode() + b">\r\n"


# ------------------------------------------------------ the three settings


def plaintext_rejected(program):
    """Setting `required`: 530, then the end, and the device status."""
    for command in (MAIL, b"AUTH PLAIN AHByaW50ZXIAeA==\r\n"):
        with program.receive(tls="required") as receiver:
            mark = receiver.service.mark()
            with Raw(receiver.port) as peer:
                want("STARTTLS" in peer.hello(), "STARTTLS is not offered")
                if command is not MAIL:
                    have = peer.say(command)
                    want(have[:1] == "5", "AUTH in clear got %r" % have)
                    continue
                same(peer.say(command),
                     "530 5.7.0 Must issue a STARTTLS command first\r\n", "reply")
                same(peer.rest(), b"", "octets after the 530")
            receiver.wait_log(REJECTED, mark)
            receiver.wait_log("plaintext-refused", mark)


def offered(program):
    """EHLO lists STARTTLS as the setting says, and never under TLS."""
    for setting, clear in (("off", False), ("on", True), ("required", True)):
        with program.receive(tls=setting) as receiver, Raw(receiver.port) as peer:
            same("STARTTLS" in peer.hello(), clear, "offered under " + setting)
            if not clear:
                have = peer.say(b"STARTTLS\r\n")
                want(have[:1] == "5", "STARTTLS under off got %r" % have)
                continue
            peer.want(b"STARTTLS\r\n", "220")
            peer.start_tls()
            peer.want(MAIL, "503", "MAIL before EHLO under TLS")
            hello = peer.want(b"EHLO client.example\r\n", "250")
            want("STARTTLS" not in hello, "offered again under TLS")
            want(peer.say(b"STARTTLS\r\n")[:1] == "5", "a second STARTTLS")


def no_tls_bytes(program):
    """Octets that are not TLS after the 220: the end, in silence."""
    for octets in (b"NOOP\r\nMAIL FROM:<a@b.example>\r\n",
                   b"\x15\x03\x01\x00\x02\x02\x28", b"GET / HTTP/1.1\r\n\r\n"):
        with program.receive(tls="on") as receiver:
            mark = receiver.service.mark()
            with Raw(receiver.port) as peer:
                peer.hello()
                peer.want(b"STARTTLS\r\n", "220")
                peer.put(octets)
                rest = peer.rest()
                want(not re.search(rb"\d\d\d[ -]", rest),
                     "spoke SMTP in clear: %r" % rest)
            receiver.wait_log(TLS_ERROR, mark)


def banner_in_clear(program):
    """An implicit TLS port says nothing to a plaintext client."""
    with program.receive("--implicit-tls", tls="required") as receiver:
        mark = receiver.service.mark()
        with Raw(receiver.port) as peer:
            peer.put(b"EHLO client.example\r\n")
            rest = peer.rest()
            want(b"220" not in rest, "spoke SMTP in clear: %r" % rest)
        receiver.wait_log(TLS_ERROR, mark)


def cut_under_tls(program):
    """TCP ends without close_notify in DATA: nothing is stored."""
    with program.receive(tls="required") as receiver:
        mark = receiver.service.mark()
        with Raw(receiver.port) as peer:
            peer.hello()
            peer.want(b"STARTTLS\r\n", "220")
            peer.start_tls()
            peer.want(b"EHLO client.example\r\n", "250")
            peer.want(MAIL, "250")
            peer.want(RCPT, "250")
            peer.want(b"DATA\r\n", "354")
            peer.put(b"Subject: half\r\n\r\nhalf a mess")
            # Closing the descriptor alone sends no close_notify.
            socket.socket(fileno=peer.sock.detach()).close()
        receiver.wait_log("tls-lost|aborted", mark)
        receiver.want_no_mail()


# ------------------------------------------------------------ refused starts


def start_refused(program, words, named, statuses=(USAGE, CONFIGURATION)):
    """`receive` must end at once, with a status and a text that names `named`."""
    maildir = program.new_folder("mail")
    done = program.run("receive", "--listen", "127.0.0.1:0", "--hostname", HOST,
                       *(() if "--maildir" in words else ("--maildir", maildir)),
                       *words)
    want(done.status in statuses, "exit %s, want %s: %s" %
         (done.status, statuses, short(done.text)))
    want("listening on" not in done.text, "it listened all the same")
    want(re.search(named, done.text), "no %r in %s" % (named, short(done.text)))


def without_certificate(program):
    for setting in ("on", "required"):
        start_refused(program, ["--tls", setting], "(?i)certificate|--cert")
    start_refused(program, ["--tls", "required", "--implicit-tls"],
                  "(?i)certificate|--cert")


def bad_certificate(program):
    certificate, key = program.certificate()
    other_key = program.certificate("elsewhere.example")[1]
    rubbish = program.new_file("rubbish.pem", b"this is no certificate\n")
    for pair, named in (((rubbish, key), "rubbish.pem"),
                        ((certificate, rubbish), "rubbish.pem"),
                        ((certificate, other_key), "(?i)key"),
                        (("/nonexistent.pem", key), "/nonexistent.pem")):
        start_refused(program, ["--tls", "on", "--cert", pair[0], "--key",
                                pair[1]], named)


def bad_accounts(program):
    rubbish = program.new_file("accounts", b"this line is no account\n")
    start_refused(program, ["--auth", "on", "--accounts", rubbish,
                            "--quirk", "auth-in-clear"], "accounts")
    start_refused(program, ["--auth", "on", "--accounts", "/nonexistent/accounts",
                            "--quirk", "auth-in-clear"], "/nonexistent/accounts")


def bad_maildir(program):
    start_refused(program, ["--maildir", "/dev/null/Maildir"], "/dev/null")


def bad_options(program):
    for words in (["--tls", "perhaps"], ["--max-size", "many"],
                  ["--max-size", "-1"], ["--quirk", "no-such-quirk"],
                  ["--listen", "127.0.0.1"], ["--listen", "127.0.0.1:65536"],
                  ["--tls-min", "0.9"], ["--hostname", "not a name"],
                  ["--no-such-option"], ["a-surplus-word"]):
        start_refused(program, words, re.escape(words[0].lstrip("-")), (USAGE,))


def port_in_use(program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = program.run("receive", "--listen", "127.0.0.1:" + port,
                           "--hostname", HOST, "--maildir",
                           program.new_folder("mail"))
        want(done.status not in (0, None) and done.status > 0, done.say())
        want(port in done.text, "the port is not named: " + done.say())


# --------------------------------------------------------------------- ends


def terminated(program):
    """SIGTERM: sessions are told, nothing half is stored, exit 0."""
    with program.receive() as receiver:
        with Raw(receiver.port) as first, Raw(receiver.port) as idle, \
                Raw(receiver.port) as busy:
            first.hello()
            want(first.deliver(SIMPLE.octets).startswith("250"), "refused")
            idle.hello()
            busy.hello()
            for octets in (MAIL, RCPT):
                busy.want(octets, "250")
            busy.want(b"DATA\r\n", "354")
            busy.put(b"Subject: half\r\n\r\nhalf a message\r\n")
            receiver.service.signal(signal.SIGTERM)
            idle.want(b"", "421", "after SIGTERM")
            same(idle.rest(), b"", "octets after the 421")
        same(receiver.service.wait_end(), 0, "exit status after SIGTERM")
        receiver.want_mail(SIMPLE)


def numbered(number):
    return (b"Subject: number %d\r\n\r\n" % number +
            b"%d line\r\n.\r\n" % number * 40 + b"end of %d\r\n" % number)


def killed(program, rounds):
    """SIGKILL amid deliveries: each message answered 250 is there, and whole."""
    for number in range(rounds):
        receiver = program.receive()
        answered, sent = set(), set()
        threads = [threading.Thread(target=deliver_for_ever, daemon=True,
                                    args=(receiver.port, start, answered, sent))
                   for start in range(0, 8000, 1000)]
        try:
            for thread in threads:
                thread.start()
            end = time.monotonic() + LIMIT
            while len(answered) < 40 + 25 * number and time.monotonic() < end:
                time.sleep(0.001)
        finally:
            receiver.service.kill()
        for thread in threads:
            thread.join(LIMIT)
        stored = {}
        for text in read_new(receiver.maildir):
            octets = split_trace(text)[1]
            found = re.match(rb"Subject: number (\d+)\r\n", octets)
            want(found, "an incomplete message: %r" % text[:200])
            stored[int(found.group(1))] = octets
        want(answered, "no message was answered")
        for one in answered:
            want(one in stored, "message %d was answered 250 and is lost" % one)
        for one, octets in stored.items():
            want_octets(octets, numbered(one))
            want(one in sent, "message %d was never ended" % one)


def deliver_for_ever(port, number, answered, sent):
    with contextlib.suppress(OSError, Failed):
        with Raw(port) as peer:
            peer.hello()
            while True:
                number += 1
                peer.want(MAIL, "250")
                peer.want(RCPT, "250")
                peer.want(b"DATA\r\n", "354")
                octets = stuff(numbered(number))
                peer.put(octets[:100])
                sent.add(number)
                peer.want(octets[100:] + b".\r\n", "250")
                answered.add(number)


# ------------------------------------------------------------ full disk etc.


@contextlib.contextmanager
def small_disk(program):
    """A tmpfs of 256 KiB, mounted for the receiver alone."""
    folder = program.new_folder("small")
    # In a mount namespace of its own, so that nothing is left behind.
    enter = ["unshare", "--mount"] if is_root() else \
        ["unshare", "--user", "--map-root-user", "--mount"]
    probe = run([*enter, "mount", "-t", "tmpfs", "-o", "size=256k", "none", folder])
    if probe.status != 0:
        raise Skipped("no tmpfs can be mounted here: " + short(probe.text))
    yield folder, enter + ["sh", "-c", "mount -t tmpfs -o size=256k,mode=0755 "
                           "none \"$1\" && mkdir -p \"$1/Maildir/new\" "
                           "\"$1/Maildir/cur\" \"$1/Maildir/tmp\" && shift && "
                           "exec \"$@\"", "sh", folder]


def full_disk(program):
    """A full disk answers 4xx, keeps what it has, and takes mail again later."""
    with small_disk(program) as (folder, prefix):
        maildir = os.path.join(folder, "Maildir")
        service = Service([*prefix, program.path, "receive", "--listen",
                           "127.0.0.1:0", "--hostname", HOST, "--maildir",
                           maildir])
        try:
            port = int(service.wait_line(r"listening on \S+:(\d+)").group(1))
            # The receiver's view of its own disk.
            view = "/proc/%d/root%s" % (service.process.pid, maildir)
            octets = b"Subject: big\r\n\r\n" + (b"b" * 76 + b"\r\n") * 800
            taken, refused = 0, []
            with Raw(port) as peer:
                peer.hello()
                for _ in range(8):
                    have = whole_delivery(peer, octets)
                    if have.startswith("250"):
                        taken += 1
                    else:
                        refused.append(have)
                want(refused, "8 messages of 60 kB fit on 256 kB")
                for have in refused:
                    want(have[:1] == "4", "a full disk answered %r" % have)
                stored = read_new(view)
                same(len(stored), taken, "stored messages")
                for text in stored:
                    want_octets(split_trace(text)[1], octets)
                same(os.listdir(view + "/tmp"), [], "left in tmp")
                for name in os.listdir(view + "/new"):
                    os.unlink(view + "/new/" + name)
                have = whole_delivery(peer, octets)
                want(have.startswith("250"), "after room was made: %r" % have)
        finally:
            service.stop()
        want_no_secret(service.text(), "the log")


def whole_delivery(peer, octets):
    """Delivers, and gives the reply that decided."""
    for command in (MAIL, RCPT, b"DATA\r\n"):
        have = peer.say(command)
        if have[:1] not in "23":
            peer.want(b"RSET\r\n", "250")
            return have
    return peer.say(stuff(octets) + b".\r\n")


def maildir_vanishes(program):
    with program.receive() as receiver:
        away = receiver.maildir + ".away"
        with Raw(receiver.port) as peer:
            peer.hello()
            os.rename(receiver.maildir, away)
            have = whole_delivery(peer, SIMPLE.octets)
            want(have[:1] == "4", "a missing folder answered %r" % have)
            os.rename(away, receiver.maildir)
            have = whole_delivery(peer, SIMPLE.octets)
            want(have.startswith("250"), "after its return: %r" % have)
        receiver.want_mail(SIMPLE)


# ------------------------------------------------------------------- limits


def thousand(program):
    """1,000 sessions open at once, each of them served."""
    if raise_open_files(8192) < 1300:
        raise Skipped("this machine allows a process too few open files")
    with program.receive("--max-sessions", "1100") as receiver:
        peers = []
        try:
            for _ in range(1000):
                peers.append(Raw(receiver.port))
            for octets, start in ((b"", "220"),
                                  (b"EHLO client.example\r\n", "250"),
                                  (MAIL, "250"), (RCPT, "250"),
                                  (b"DATA\r\n", "354"),
                                  (b"Subject: x\r\n\r\nx\r\n.\r\n", "250"),
                                  (b"QUIT\r\n", "221")):
                for peer in peers:
                    if octets:
                        peer.put(octets)
                for peer in peers:
                    peer.want(b"", start, octets)
        finally:
            for peer in peers:
                peer.sock.close()
        same(len(receiver.mails()), 1000, "messages in the Maildir")


def hundred_under_tls(program):
    with program.receive(tls="required") as receiver:
        peers = []
        try:
            for _ in range(100):
                peer = Raw(receiver.port)
                peers.append(peer)
                peer.hello()
                peer.want(b"STARTTLS\r\n", "220")
                peer.start_tls()
            for peer in peers:
                peer.want(b"EHLO client.example\r\n", "250")
                want(peer.deliver(SIMPLE.octets).startswith("250"), "refused")
        finally:
            for peer in peers:
                peer.sock.close()
        receiver.want_mail(SIMPLE, 100)


def too_many_sessions(program):
    with program.receive("--max-sessions", "2") as receiver:
        with Raw(receiver.port) as first, Raw(receiver.port) as second:
            first.hello()
            second.hello()
            with Raw(receiver.port) as third:
                have = third.reply()
                want(have == "" or have.startswith("421"), "third: %r" % have)
            first.want(b"QUIT\r\n", "221")
            first.rest()
            first.sock.close()
            # The place is free when the receiver has heard of that.
            wait_until(lambda: greeted(receiver.port), "a place for a session")


def greeted(port):
    with Raw(port) as peer:
        return peer.reply().startswith("220")


def too_many_recipients(program):
    with program.receive("--max-recipients", "100") as receiver:
        mark = receiver.service.mark()
        with Raw(receiver.port) as peer:
            peer.hello()
            peer.want(MAIL, "250")
            for number in range(100):
                peer.want(b"RCPT TO:<r%d@%s>\r\n" % (number, HOST.encode()), "250")
            peer.want(b"RCPT TO:<one@%s>\r\n" % HOST.encode(), "452 4.5.3")
            peer.want(b"DATA\r\n", "354")
            peer.want(b"Subject: x\r\n\r\n.\r\n", "250")
            peer.want(b"QUIT\r\n", "221")
        receiver.wait_log("rcpt-too-many", mark)


def declared_too_large(program):
    with program.receive("--max-size", "1000") as receiver, \
            Raw(receiver.port) as peer:
        want("SIZE 1000\r\n" in peer.hello(), "SIZE 1000 is not offered")
        peer.want(MAIL[:-2] + b" SIZE=1001\r\n", "552 5.3.4")
        peer.want(MAIL[:-2] + b" SIZE=99999999999999999999\r\n", "5")
        peer.want(MAIL[:-2] + b" SIZE=1000\r\n", "250")


def json_log(program):
    """`--log json`: each line after the start is one JSON object."""
    with program.receive("--log", "json", tls="required") as receiver:
        mark = receiver.service.mark()
        with Raw(receiver.port) as peer:
            peer.hello()
            peer.want(MAIL, "530")
            peer.rest()
        receiver.wait_log(REJECTED, mark)
        for line in receiver.service.text(mark).splitlines():
            want(isinstance(json.loads(line), dict), "not an object: " + line)


def log_injection(program):
    """What a client says cannot make a line of the log."""
    with program.receive() as receiver:
        mark = receiver.service.mark()
        with Raw(receiver.port) as peer:
            peer.want(b"", "220")
            peer.say(b"EHLO \x1b[31mevil\x07 \xff\xfe\r\n")
            peer.say(b"NO\nfake 2026 line\r\n")
            peer.say(b"\x00\x01\x02\r\n")
            peer.want(b"QUIT\r\n", "221")
        receiver.wait_log(r"\S", mark)
        receiver.stop()
        for line in receiver.service.text(mark).splitlines():
            want(line.isprintable(), "control characters in %r" % line)
            want(not line.startswith("fake"), "a line of the client: %r" % line)


# ----------------------------------------------------------- other commands


def helps(program):
    for words in ((), ("receive",), ("send",), ("certificate",), ("account",),
                  ("policy",)):
        done = program.run(*words, "--help")
        same(done.status, 0, done.say())
        want(b"--" in done.out, "no options in the help of %s" % (words,))
    done = program.run("policy")
    same(done.status, 0, done.say())
    want(all(word in done.text for word in (
        "STARTTLS", "auth-in-clear", "starttls-pipelined", "#839",
        "SSL Error (SMTP RX Reject)")), "smtpcore policy lacks a table")
    same(program.run("no-such-command").status, USAGE, "unknown command")


def certificate_files(program):
    """Others can read the certificate, and only its owner the key."""
    certificate, key = program.certificate()
    same(os.stat(key).st_mode & 0o077, 0, "mode of the key, group and others")
    done = run(["openssl", "x509", "-in", certificate, "-noout", "-text",
                "-ext", "subjectAltName"])
    same(done.status, 0, done.say())
    want("DNS:localhost" in done.text, "no DNS name: " + short(done.text, 900))
    done = run(["openssl", "verify", "-CAfile", certificate, certificate])
    same(done.status, 0, done.say())


def accounts_file(program):
    """Passwords are hashed, and the file is its owner's alone."""
    path = program.accounts()
    with open(path, encoding="utf-8") as source:
        text = source.read()
    want(USER in text, "no account in the file")
    want_no_secret(text, "the accounts file")
    same(os.stat(path).st_mode & 0o077, 0, "mode of the file, group and others")


def rubbish(program):
    """Sessions of rubbish, then one that must still be served."""
    with program.receive(tls="on") as receiver:
        for octets in (bytes(range(256)) * 40, b"\r\n" * 3000, b"\x16\x03\x01" * 99,
                       b"A" * 200000, b"EHLO " + b"a" * 70000 + b"\r\n"):
            with Raw(receiver.port) as peer:
                with contextlib.suppress(OSError):
                    peer.put(octets)
                with contextlib.suppress(OSError):
                    peer.sock.shutdown(socket.SHUT_WR)
                peer.rest()
        with Raw(receiver.port) as peer:
            peer.hello()
            want(peer.deliver(SIMPLE.octets).startswith("250"), "refused")
        receiver.want_mail(SIMPLE)


def add(runner, program):
    def case(name, function, *arguments):
        runner.case("program/" + name, function, program, *arguments)

    case("help-and-policy", helps)
    case("certificate-files", certificate_files)
    case("accounts-file", accounts_file)
    case("starttls-offered-by-setting", offered)
    case("required-rejects-plaintext", plaintext_rejected)
    case("not-tls-after-220", no_tls_bytes)
    case("implicit-tls-says-nothing-in-clear", banner_in_clear)
    case("tls-cut-in-data", cut_under_tls)
    case("tls-without-certificate-refused", without_certificate)
    case("bad-certificate-refused", bad_certificate)
    case("bad-accounts-refused", bad_accounts)
    case("bad-maildir-refused", bad_maildir)
    case("bad-options-refused", bad_options)
    case("port-in-use", port_in_use)
    case("sigterm", terminated)
    case("sigkill-loses-nothing", killed, 4)
    case("full-disk", full_disk)
    case("maildir-vanishes", maildir_vanishes)
    case("thousand-sessions", thousand)
    case("hundred-sessions-under-tls", hundred_under_tls)
    case("too-many-sessions", too_many_sessions)
    case("too-many-recipients", too_many_recipients)
    case("declared-size", declared_too_large)
    case("log-json", json_log)
    case("log-injection", log_injection)
    case("rubbish", rubbish)
