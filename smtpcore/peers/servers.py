"""Mail servers that nobody here wrote, each run as an ordinary process.

Each server listens on loopback, on a port that the system picks, keeps what it
received in a folder of its own, and never runs as root. `messages()` gives what
it accepted: a list of (envelope, octets), the octets with CRLF.
"""

import contextlib
import glob
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading

from rig import (LIMIT, PASSWORD, USER, Failed, Service, clean_environment,
                 is_root, listening_port, nobody, wait_until, want)

HERE = os.path.dirname(os.path.abspath(__file__))


class Unpacked:
    """A Debian package that was unpacked into the cache, not installed."""

    def __init__(self, package, folder=None):
        self.folder = os.path.join(folder or peers_folder(), package)

    def program(self, name):
        path = os.path.join(self.folder, "usr/sbin", name)
        want(os.access(path, os.X_OK),
             "peer is missing: %s (bazel/peers.txt names its package)" % path)
        return path


class Postfix(Unpacked):
    def __init__(self, folder=None):
        super().__init__("postfix", folder)
        self.libraries = os.path.join(self.folder, "usr/lib/postfix")


def peers_folder():
    """Where the packages lie; SMTPCORE_PEERS names another place."""
    if os.environ.get("SMTPCORE_PEERS"):
        return os.environ["SMTPCORE_PEERS"]
    cache = os.environ.get("XDG_CACHE_HOME")
    if not cache:
        home = os.environ.get("HOME", "")
        if not os.path.isdir(os.path.join(home, ".cache")):
            # A test runner may have set another HOME, or none.
            with contextlib.suppress(KeyError):
                home = pwd.getpwuid(os.getuid()).pw_dir
        cache = os.path.join(home, ".cache")
    return os.path.join(cache, "smtpcore", "peers")


def give_to_nobody(*paths):
    if is_root():
        for path in paths:
            os.chown(path, *nobody())


class Server:
    name = ""
    cannot = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def stop(self):
        self.service.stop()

    def one_message(self):
        wait_until(self.messages, "a message at " + self.name)
        found = self.messages()
        want(len(found) == 1, "%d messages at %s" % (len(found), self.name))
        return found[0]


class Aiosmtpd(Server):
    """Python's aiosmtpd: STARTTLS, implicit TLS, AUTH; `later@`, `gone@` and
    `big@` are refused."""
    name = "aiosmtpd"

    def __init__(self, program, *words, certificate=None, auth=False):
        self.folder = program.new_folder(self.name)
        command = ["/usr/bin/python3", os.path.join(HERE, "aiosmtpd_server.py"),
                   "--out", self.folder, *words]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1]]
        if auth:
            command += ["--user", USER, "--password-file",
                        program.password_file()]
        self.service = Service(command)
        try:
            found = self.service.wait_line(r"^listening on 127.0.0.1:(\d+)$")
        except Failed:
            self.service.kill()
            raise
        self.port = int(found.group(1))

    def messages(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.folder, "*.json"))):
            with open(path, encoding="utf-8") as source:
                envelope = json.load(source)
            with open(path[:-len("json")] + "eml", "rb") as source:
                found.append((envelope, source.read()))
        return found


class SmtpSink(Server):
    """Postfix's `smtp-sink`: it can refuse, and break off, at any command."""
    name = "smtp-sink"
    cannot = "it has no TLS; it announces AUTH, but only in clear"

    def __init__(self, program, postfix, *words):
        self.folder = program.new_folder(self.name)
        give_to_nobody(self.folder)
        command = [postfix.program(self.name), "-4", "-d", "mail.", *words]
        if is_root():
            command += ["-u", "nobody"]
        self.service = Service(command + ["127.0.0.1:0", "100"], cwd=self.folder,
                               LD_LIBRARY_PATH=postfix.libraries)
        try:
            self.port = listening_port(self.service.process)
        except Failed:
            self.service.kill()
            raise Failed("smtp-sink: " + self.service.text()) from None

    HEAD = re.compile(
        rb"((?:X-[A-Za-z-]+: [^\n]*\n)*)Received: [^\n]*\n(?:\t[^\n]*\n)*")

    def messages(self):
        """The dumps: its own lines, the message, an empty line."""
        found = []
        for path in sorted(glob.glob(os.path.join(self.folder, "mail.*"))):
            with open(path, "rb") as source:
                text = source.read()
            head = self.HEAD.match(text)
            if not head or not text.endswith(b"\n\n"):
                continue
            lines = head.group(1).decode("utf-8", "replace").splitlines()
            envelope = {"from": None, "to": [], "lines": lines}
            for line in lines:
                word, _, value = line.partition(": ")
                if word == "X-Mail-Args":
                    envelope["from"] = value
                if word == "X-Rcpt-Args":
                    envelope["to"].append(value)
            found.append((envelope,
                          text[head.end():-1].replace(b"\n", b"\r\n")))
        return found


class Exim(Server):
    """Exim, one process for each connection, as inetd would run it.

    Exim insists on a user of its own and on not being root. libnss-wrapper shows
    it a passwd file in which that user is whoever runs the test (nobody, if that
    is root), so nothing of the system changes. `later@` and `gone@` are refused;
    `member@` wants AUTH; other domains are refused.
    """
    name = "exim"
    DOMAIN = "exim.example"

    CONFIGURATION = r"""
exim_path = @/exim
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = @/spool
log_file_path = @/log/%slog
primary_hostname = exim.example
domainlist local = exim.example
host_lookup =
rfc1413_hosts =
never_users =
no_local_from_check
no_write_rejectlog
accept_8bitmime
pipelining_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts = {tls}
tls_certificate = @/cert.pem
tls_privatekey = @/key.pem
{more}
auth_advertise_hosts = *
acl_smtp_mail = accept
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept

begin acl
check_rcpt:
  defer  local_parts = later
         message = try again later
  deny   local_parts = gone
         message = no such mailbox
  deny   local_parts = member
         !authenticated = *
         message = authenticate first
  accept domains = +local
  deny   message = relay refused

begin routers
all:
  driver = accept
  transport = store

begin transports
store:
  driver = appendfile
  directory = @/mail
  maildir_format
  create_directory
  delivery_date_add = false
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = {plain}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
  server_advertise_condition = {login}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
  server_advertise_condition = {cram}
"""

    def __init__(self, program, tls=True,
                 mechanisms=("PLAIN", "LOGIN", "CRAM-MD5"), binary=None, lines=""):
        """`lines` are more lines of its main configuration."""
        self.folder = program.new_folder(self.name)
        self.binary = os.path.join(self.folder, "exim")
        # A copy: the cache may be a folder that nobody cannot read.
        shutil.copy(binary or Unpacked("exim4-daemon-light").program("exim4"),
                    self.binary)
        for name in ("spool", "log", "mail"):
            os.mkdir(os.path.join(self.folder, name))
        pair = program.certificate()
        shutil.copy(pair[0], os.path.join(self.folder, "cert.pem"))
        shutil.copy(pair[1], os.path.join(self.folder, "key.pem"))
        text = self.CONFIGURATION.replace("@", self.folder).format(
            tls="*" if tls else "", user=USER, password=PASSWORD,
            more=lines.replace("@", self.folder),
            plain="PLAIN" in mechanisms, login="LOGIN" in mechanisms,
            cram="CRAM-MD5" in mechanisms)
        self._write("exim.conf", text)
        uid, gid = nobody() if is_root() else (os.getuid(), os.getgid())
        self._write("passwd", "root:x:0:0::/:/bin/sh\n"
                    "Debian-exim:x:%d:%d::/nonexistent:/bin/sh\n" % (uid, gid))
        self._write("group", "root:x:0:\nmail:x:8:\nDebian-exim:x:%d:\n" % gid)
        for path, folders, files in os.walk(self.folder):
            give_to_nobody(path, *(os.path.join(path, f) for f in files))
        self._ids = {"user": uid, "group": gid, "extra_groups": []} \
            if is_root() else {}
        self._check()
        self._children = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            out.write(text)

    def _environment(self):
        return clean_environment(
            LD_PRELOAD="libnss_wrapper.so",
            NSS_WRAPPER_PASSWD=os.path.join(self.folder, "passwd"),
            NSS_WRAPPER_GROUP=os.path.join(self.folder, "group"))

    def _command(self, *words):
        return [self.binary, "-C", os.path.join(self.folder, "exim.conf"), *words]

    def _check(self):
        done = subprocess.run(self._command("-bV"), capture_output=True, cwd="/",
                              env=self._environment(), timeout=LIMIT, check=False,
                              **self._ids)
        want(done.returncode == 0,
             "exim does not start: %r" % (done.stdout + done.stderr)[-500:])

    def _serve(self):
        log = os.path.join(self.folder, "stderr")
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, open(log, "ab") as err:
                self._children.append(subprocess.Popen(
                    self._command("-bs"), stdin=connection, stdout=connection,
                    stderr=err, cwd="/", env=self._environment(), **self._ids))

    def stop(self):
        # A blocked accept() ends by shutdown, not by close.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        for child in self._children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def log(self):
        text = ""
        for name in sorted(glob.glob(os.path.join(self.folder, "log", "*"))):
            with open(name, encoding="utf-8", errors="replace") as source:
                text += source.read()
        return text

    HEAD = re.compile(rb"Return-path: ([^\n]*)\nEnvelope-to: ([^\n]*)\n"
                      rb"(Received: [^\n]*\n(?:[ \t][^\n]*\n)*)")

    def messages(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.folder, "mail/new/*"))):
            with open(path, "rb") as source:
                text = source.read()
            head = self.HEAD.match(text)
            want(head, "exim stored %r" % text[:300])
            envelope = {"from": head.group(1).decode().strip("<>"),
                        "to": head.group(2).decode().split(", "),
                        "received": head.group(3).decode("utf-8", "replace")}
            protocol = re.search(r"with (\S+)", envelope["received"]).group(1)
            envelope["tls"] = protocol in ("esmtps", "esmtpsa", "utf8esmtps",
                                           "utf8esmtpsa")
            envelope["auth"] = protocol.endswith("a")
            mechanism = re.search(r"A=(\w+):", self.log())
            envelope["mechanism"] = mechanism and {
                "plain": "PLAIN", "login": "LOGIN",
                "cram": "CRAM-MD5"}[mechanism.group(1)]
            found.append((envelope, text[head.end():].replace(b"\n", b"\r\n")))
        return found
