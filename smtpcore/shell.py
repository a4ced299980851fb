"""Shell: what the tests of the commands share.

A folder to work in, receivers on ports of their own choice, clients and servers
that say what they are told, and the loop over the cases.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
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


def run_cases(about, cases):
    """Runs each case and returns the exit status of the test."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--smtpcore", required=True)
    parser.add_argument("--registry")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="smtpcore-commands-") as folder:
        bench = Bench(options.smtpcore, options.registry, folder)
        for case in cases:
            try:
                case(bench)
                passed += 1
                print("ok %s" % case.__name__)
            except (Failed, OSError, subprocess.TimeoutExpired, ValueError) as why:
                failed += 1
                print("FAILED %s: %s" % (case.__name__, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0
