"""What the cases share: processes with deadlines, the program, its mail.

Everything runs on loopback, on ports that the system picks, in a folder of its
own, as whoever started it. Nothing waits without a limit.
"""

import base64
import contextlib
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

# How long one peer, one reply or one log line may take. A limit that ends a
# hang, not a measure of speed.
LIMIT = 30.0

USER = "printer"
PASSWORD = "Kf7-wombat-Quarz"
HOST = "device.example"
FAX = "fax@" + HOST
SENDER = "scan@client.example"

# Signs of a bad build under a sanitizer, in anybody's output.
CRASH = re.compile(r"AddressSanitizer|LeakSanitizer|MemorySanitizer|"
                   r"runtime error:|Assertion .* failed|core dumped")


class Failed(Exception):
    """A case did not hold; the text says why."""


class Skipped(Exception):
    """A case cannot run on this machine; the text says why."""


def want(condition, why):
    if not condition:
        raise Failed(why)


def same(have, expected, what):
    if have != expected:
        raise Failed("%s: have %s, want %s" % (what, short(have), short(expected)))


def short(value, limit=300):
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("\n", "\\n")
    return text if len(text) <= limit else text[:limit] + "..."


def first_difference(have, expected):
    """Says where two byte strings part."""
    at = next((i for i, (a, b) in enumerate(zip(have, expected)) if a != b),
              min(len(have), len(expected)))
    return "lengths %d and %d, octet %d: have %r, want %r" % (
        len(have), len(expected), at, have[max(0, at - 20):at + 40],
        expected[max(0, at - 20):at + 40])


def is_root():
    return os.geteuid() == 0


def nobody():
    """The (uid, gid) that peers which refuse root run as."""
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def raise_open_files(least):
    """Lifts the soft limit of open files; children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = least if hard == resource.RLIM_INFINITY else min(least, hard)
    if soft == resource.RLIM_INFINITY or soft >= enough:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
    return enough


# ------------------------------------------------------------- processes


def clean_environment(**more):
    """An environment in which a peer finds no user's settings."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                   "HOME": "/nonexistent", "TZ": "UTC"}
    for name in ("TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "MSAN_OPTIONS",
                 "LLVM_PROFILE_FILE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    environment.update(more)
    return environment


class Done:
    """What a finished process said."""

    def __init__(self, words, status, out, err):
        self.words = words
        self.status = status
        self.out = out
        self.err = err

    @property
    def text(self):
        return (self.out + self.err).decode("utf-8", "replace")

    def say(self):
        return "%s exited with %s: %s" % (os.path.basename(self.words[0]),
                                          self.status, short(self.text, 1500))


def run(words, stdin=b"", cwd=None, limit=LIMIT, **environment):
    """Runs a command to its end, or kills it at the limit."""
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, cwd=cwd,
                              timeout=limit, env=clean_environment(**environment),
                              check=False)
    except FileNotFoundError as problem:
        raise Failed("peer is missing: %s" % problem) from problem
    except subprocess.TimeoutExpired as problem:
        said = (problem.stdout or b"") + (problem.stderr or b"")
        raise Failed("%s did not end within %g s; it said %s" %
                     (os.path.basename(words[0]), limit, short(said))) from problem
    return Done(words, done.returncode, done.stdout, done.stderr)


class Service:
    """A process that goes on until it is told to stop; its lines are kept."""

    def __init__(self, words, cwd=None, as_nobody=False, **environment):
        self.words = words
        self.lines = []
        self._more = threading.Condition()
        kind = {}
        if as_nobody:
            uid, gid = nobody()
            kind = {"user": uid, "group": gid, "extra_groups": []}
        try:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, cwd=cwd,
                env=clean_environment(**environment), **kind)
        except FileNotFoundError as problem:
            raise Failed("peer is missing: %s" % problem) from problem
        self._readers = [threading.Thread(target=self._read, args=(stream,),
                                          daemon=True)
                         for stream in (self.process.stdout, self.process.stderr)]
        for reader in self._readers:
            reader.start()

    def _read(self, stream):
        for line in stream:
            with self._more:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def text(self, since=0):
        with self._more:
            return "\n".join(self.lines[since:])

    def mark(self):
        with self._more:
            return len(self.lines)

    def wait_line(self, pattern, since=0, limit=LIMIT):
        """Waits for a line that matches and returns the match."""
        expression = re.compile(pattern)
        end = time.monotonic() + limit
        with self._more:
            while True:
                for line in self.lines[since:]:
                    found = expression.search(line)
                    if found:
                        return found
                left = end - time.monotonic()
                ended = not any(r.is_alive() for r in self._readers)
                if left <= 0 or ended:
                    raise Failed("no line with %r from %s%s; it said %s" % (
                        pattern, os.path.basename(self.words[0]),
                        ", which ended" if ended else "",
                        short("\n".join(self.lines[since:]), 1500)))
                self._more.wait(min(left, 0.5))

    def wait_end(self, limit=LIMIT):
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("%s did not end within %g s" %
                         (os.path.basename(self.words[0]), limit)) from None
        self._drain()
        return status

    def _drain(self):
        for reader in self._readers:
            reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._drain()

    def stop(self):
        """Asks for the end, insists after a while, returns the status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._drain()
        return self.process.returncode


def listening_port(process, limit=LIMIT):
    """The TCP port on which a process of ours listens, from /proc."""
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        sockets = set()
        folder = "/proc/%d/fd" % process.pid
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found = re.match(r"socket:\[(\d+)\]",
                                     os.readlink(os.path.join(folder, name)))
                    if found:
                        sockets.add(found.group(1))
        with open("/proc/net/tcp", encoding="ascii") as table:
            for row in list(table)[1:]:
                cells = row.split()
                if cells[3] == "0A" and cells[9] in sockets:
                    return int(cells[1].split(":")[1], 16)
        time.sleep(0.02)
    raise Failed("the process listens on no port")


# ----------------------------------------------------------- the program


def secrets(user=USER, password=PASSWORD):
    """Every form in which the password could leak."""
    plain = base64.b64encode(b"\0" + user.encode() + b"\0" + password.encode())
    return [password, base64.b64encode(password.encode()).decode(),
            plain.decode().rstrip("=")]


def want_no_secret(text, where):
    for secret in secrets():
        want(secret not in text, "the password is in " + where)
    crash = CRASH.search(text)
    want(not crash, "%s: %s" % (where, crash and text[crash.start():][:500]))


class Message:
    """A message as it is on the wire before dot-stuffing: CRLF only."""

    def __init__(self, name, octets):
        self.name = name
        self.octets = octets

    @property
    def unix(self):
        return self.octets.replace(b"\r\n", b"\n")


def headers(subject, more=b""):
    return (b"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
            b"From: Scan <" + SENDER.encode() + b">\r\n"
            b"To: Fax <" + FAX.encode() + b">\r\n"
            b"Message-ID: <" + subject + b"@client.example>\r\n" + more +
            b"Subject: " + subject + b"\r\n")


def make_mixed():
    """Dots at line starts, the longest lines, all 8-bit octets."""
    body = [b".", b"..", b".hidden", b"...three", b" .not at the start",
            b"after a dot line", b".", b"MAIL FROM:<not@a.command>", b"STARTTLS",
            b"", b"x" * 998, b"." + b"y" * 997, b"." * 997, b"\t tab and space \t",
            bytes(range(0x80, 0x100)), "Gr\u00fc\u00dfe".encode(), b"", b".", b"."]
    return Message("mixed", headers(
        b"mixed", b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n") + b"\r\n" +
        b"".join(line + b"\r\n" for line in body))


def make_large():
    """Some 300 kB: many reads, many TLS records, dots at changing places."""
    lines = []
    for number in range(5000):
        lines.append(b"." * (number % 4) + b"%06d " % number + b"z" * (number % 97))
    return Message("large", headers(b"large") + b"\r\n" +
                   b"".join(line + b"\r\n" for line in lines))


SIMPLE = Message("simple", headers(b"simple") + b"\r\nHello.\r\n")
MIXED = make_mixed()
LARGE = make_large()
NO_BODY = Message("no-body", headers(b"no-body") + b"\r\n")

TRACE = re.compile(rb"(?i)(return-path|delivered-to|received|envelope-to|"
                   rb"x-original-to|x-smtpcore-[a-z-]+):[^\r\n]*\r?\n"
                   rb"(?:[ \t][^\r\n]*\r?\n)*")


def split_trace(octets):
    """Splits what a server put in front of a message from the message."""
    at = 0
    while True:
        found = TRACE.match(octets, at)
        if not found:
            return octets[:at], octets[at:]
        at = found.end()


class Program:
    """The program under test and the folder in which it works."""

    def __init__(self, path, folder):
        self.path = os.path.abspath(path)
        self.folder = folder
        self._number = 0
        self._certificates = {}

    def new_folder(self, name):
        self._number += 1
        path = os.path.join(self.folder, "%03d-%s" % (self._number, name))
        os.mkdir(path)
        os.chmod(path, 0o755)
        return path

    def new_file(self, name, octets, mode=0o600):
        path = os.path.join(self.new_folder("file"), name)
        with open(path, "wb") as out:
            out.write(octets)
        os.chmod(path, mode)
        return path

    def run(self, *words, **more):
        done = run([self.path, *words], **more)
        want_no_secret(done.text, "the output of " + words[0])
        return done

    def certificate(self, name="localhost"):
        """(certificate, key) for a name, made by the program itself."""
        if name not in self._certificates:
            folder = self.new_folder("certificate")
            done = self.run("certificate", "--name", name, "--out", folder)
            same(done.status, 0, "smtpcore certificate: " + done.say())
            certificate = key = None
            for entry in sorted(os.listdir(folder)):
                path = os.path.join(folder, entry)
                with open(path, "rb") as source:
                    text = source.read()
                if b"PRIVATE KEY" in text:
                    key = path
                if b"BEGIN CERTIFICATE" in text:
                    certificate = path
            want(certificate and key, "no certificate and key in " + folder)
            self._certificates[name] = (certificate, key)
        return self._certificates[name]

    def accounts(self):
        """An accounts file with USER in it, written by the program."""
        path = os.path.join(self.new_folder("accounts"), "accounts")
        done = self.run("account", "--name", USER, "--password-file",
                        self.password_file(), "--accounts", path, "--cram-md5")
        same(done.status, 0, "smtpcore account: " + done.say())
        return path

    def password_file(self, password=PASSWORD):
        return self.new_file("password", password.encode() + b"\n")

    def receive(self, *words, tls="off", **more):
        return Receiver(self, tls, words, **more)

    def send(self, server, message=SIMPLE, sender=SENDER, to=(FAX,), tls="off",
             more=(), limit=LIMIT):
        """Sends a message; the words of a downgrade are in `.text`."""
        path = self.new_file("message.eml", message.octets, 0o644)
        words = ["send", "--server", server, "--from", sender]
        for recipient in to:
            words += ["--to", recipient]
        if tls is not None:
            words += ["--tls", tls]
        done = self.run(*words, *more, path, limit=limit)
        last = done.err.decode("utf-8", "replace").strip().splitlines()
        want(last, "smtpcore send said nothing on standard error")
        return done


class Receiver:
    """`smtpcore receive` with a Maildir of its own."""

    def __init__(self, program, tls, words, maildir=None, host=HOST,
                 certificate=True, **environment):
        self.maildir = maildir
        if maildir is None:
            self.maildir = os.path.join(program.new_folder("mail"), "Maildir")
        for name in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(self.maildir, name), exist_ok=True)
        command = [program.path, "receive", "--listen", "127.0.0.1:0",
                   "--hostname", host, "--maildir", self.maildir, "--tls", tls]
        if certificate and (tls != "off" or "--implicit-tls" in words):
            pair = program.certificate()
            command += ["--cert", pair[0], "--key", pair[1]]
        self.service = Service(command + list(words), **environment)
        try:
            found = self.service.wait_line(r"listening on (\S+):(\d+)")
        except Failed:
            self.service.kill()
            raise
        self.port = int(found.group(2))
        self.address = "127.0.0.1:%d" % self.port

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        status = self.stop()
        if kind is None:
            want_no_secret(self.service.text(), "the receiver's log")
            same(status, 0, "the receiver's exit status after SIGTERM")

    def stop(self):
        return self.service.stop()

    def wait_log(self, pattern, since=0):
        return self.service.wait_line(pattern, since)

    def mails(self):
        """The stored messages, trace lines split off, oldest first."""
        return [split_trace(text) for text in read_new(self.maildir)]

    def want_mail(self, message, count=1, sender=SENDER):
        stored = self.mails()
        same(len(stored), count, "messages in the Maildir")
        for trace, octets in stored:
            want_octets(octets, message.octets)
            if sender is not None and b"Return-Path" in trace:
                want(b"<" + sender.encode() + b">" in trace,
                     "sender not in " + short(trace))

    def want_no_mail(self):
        same(len(read_new(self.maildir)), 0, "messages in the Maildir")


def want_octets(have, expected):
    if have != expected:
        raise Failed("stored message differs: " + first_difference(have, expected))


def read_new(maildir):
    """The content of each file in any `new` or `cur` folder of a Maildir."""
    found = []
    for folder, _, names in os.walk(maildir):
        if os.path.basename(folder) not in ("new", "cur"):
            continue
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as source:
                found.append((os.stat(path).st_mtime_ns, name, source.read()))
    return [text for _, _, text in sorted(found)]


def wait_until(condition, what, limit=LIMIT):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise Failed("waited in vain for " + what)


# ------------------------------------------------------- a hand-made peer


class Raw:
    """A client that says exactly what it is told, in clear or under TLS."""

    def __init__(self, port, limit=LIMIT):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=limit)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def put(self, octets):
        self.sock.sendall(octets)

    def line(self):
        while b"\n" not in self.held:
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                raise Failed("no line came within the limit; held %r" %
                             self.held) from None
            except (ConnectionError, ssl.SSLError):
                more = b""
            if not more:
                rest, self.held = self.held, b""
                return rest
            self.held += more
        line, self.held = self.held.split(b"\n", 1)
        return line + b"\n"

    def reply(self):
        """One whole reply as text, "" at the end of the stream."""
        lines = []
        while True:
            line = self.line()
            if not line:
                return "".join(lines)
            lines.append(line.decode("utf-8", "replace"))
            if len(line) < 4 or line[3:4] != b"-":
                return "".join(lines)

    def say(self, octets):
        self.put(octets)
        return self.reply()

    def want(self, octets, start, what=None):
        """Says `octets` (none if empty) and wants a reply that begins so."""
        have = self.say(octets) if octets else self.reply()
        want(have.startswith(start), "%s: have %r, want %r" %
             (what or short(octets, 60), have, start))
        return have

    def rest(self):
        """All that comes until the stream ends."""
        octets, self.held = self.held, b""
        while True:
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                raise Failed("the stream did not end; after %r" % octets) from None
            except (ConnectionError, ssl.SSLError):
                return octets
            if not more:
                return octets
            octets += more

    def start_tls(self, context=None):
        if context is None:
            context = trusting_all()
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.held = b""

    def hello(self, name=b"client.example"):
        self.want(b"", "220")
        return self.want(b"EHLO " + name + b"\r\n", "250")

    def deliver(self, octets, to=FAX, sender=SENDER):
        """One message by MAIL, RCPT and DATA; returns the last reply."""
        self.want(b"MAIL FROM:<" + sender.encode() + b">\r\n", "250")
        self.want(b"RCPT TO:<" + to.encode() + b">\r\n", "250")
        self.want(b"DATA\r\n", "354")
        return self.say(stuff(octets) + b".\r\n")


def trusting_all():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def stuff(octets):
    return re.sub(rb"(?m)^\.", b"..", octets)


# --------------------------------------------------------------- the runner


class Runner:
    """Runs cases one by one and prints a line for each."""

    def __init__(self, only=None):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.only = re.compile(only) if only else None

    def case(self, name, function, *arguments):
        if self.only and not self.only.search(name):
            return
        begin = time.monotonic()
        try:
            function(*arguments)
        except Skipped as why:
            self.skipped += 1
            print("skipped %s: %s" % (name, why))
        except Failed as why:
            self.failed += 1
            print("FAILED %s: %s" % (name, short(str(why), 1500)))
        except Exception as why:  # pylint: disable=broad-except
            self.failed += 1
            print("FAILED %s: %s: %s" % (name, type(why).__name__,
                                         short(str(why), 1500)))
        else:
            self.passed += 1
            print("ok %s" % name)
        if os.environ.get("PEERS_TIMES"):
            print("   %.2f s" % (time.monotonic() - begin))
        sys.stdout.flush()

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed or not self.passed else 0


@contextlib.contextmanager
def work_folder(keep=False):
    folder = tempfile.mkdtemp(prefix="smtpcore-peers-",
                              dir=os.environ.get("TEST_TMPDIR"))
    os.chmod(folder, 0o755)
    try:
        yield folder
    finally:
        if keep:
            print("kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def set_alarm(seconds):
    """Ends the whole run at a limit, whatever hangs."""
    def give_up(*_):
        print("FAILED run: not finished within %d s" % seconds)
        print("0 passed, 1 failed")
        sys.stdout.flush()
        os._exit(1)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
