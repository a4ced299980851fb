"""Mail clients that nobody here wrote, each run as an ordinary process.

Each client is a class with `name`, `modes` (what it can do) and `send(order)`,
which returns when the client has ended and raises `Failed` when it did not
report success. `refused(order)` runs it the same way and gives back what it
said, for orders that the server must refuse.
"""

import base64
import os
import selectors
import smtplib
import ssl
import subprocess
import time

from rig import (FAX, LIMIT, PASSWORD, SENDER, USER, Done, Failed, Message,
                 clean_environment, headers, run, same, short, stuff, want)

CLEAR = "plaintext"
STARTTLS = "starttls"
IMPLICIT = "implicit-tls"


class Order:
    """One delivery: to which server, how, as whom, what."""

    def __init__(self, program, port, message, mode=CLEAR, mechanism=None,
                 user=USER, password=PASSWORD, to=(FAX,), sender=SENDER):
        self.program = program
        self.port = port
        self.message = message
        self.mode = mode
        self.mechanism = mechanism
        self.user = user
        self.password = password
        self.to = to
        self.sender = sender

    @property
    def trusted(self):
        return self.program.certificate()[0]

    def file(self, octets):
        return self.program.new_file("mail", octets, 0o644)


class Client:
    name = ""
    modes = (CLEAR,)
    mechanisms = ()
    several = True
    # Why a client lacks a mode or a mechanism, for the last lines of a run.
    cannot = ""

    def refused(self, order):
        raise NotImplementedError

    def send(self, order):
        done = self.refused(order)
        same(done.status, 0, done.say())
        return done

    def stored(self, message):
        """What the server must hold after this client sent `message`."""
        return message


class Swaks(Client):
    name = "swaks"
    modes = (CLEAR, STARTTLS, IMPLICIT)
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")

    def refused(self, order):
        words = ["swaks", "--server", "127.0.0.1", "--port", str(order.port),
                 "--helo", "client.example", "--from", order.sender,
                 "--to", ",".join(order.to), "--timeout", "20s",
                 # The file is the wire form: swaks would add a line of its own.
                 "--no-data-fixup", "--data",
                 "@" + order.file(stuff(order.message.octets) + b".\r\n")]
        if order.mode == STARTTLS:
            words += ["--tls"]
        if order.mode == IMPLICIT:
            words += ["--tls-on-connect"]
        if order.mode != CLEAR:
            words += ["--tls-verify", "--tls-ca-path", order.trusted]
        if order.mechanism:
            words += ["--auth", order.mechanism, "--auth-user", order.user,
                      "--auth-password", order.password]
        return run(words)


class Curl(Client):
    name = "curl"
    modes = (CLEAR, STARTTLS, IMPLICIT)
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    initial_response = False

    def refused(self, order):
        scheme = "smtps" if order.mode == IMPLICIT else "smtp"
        words = ["curl", "--silent", "--show-error", "--max-time", "20",
                 "--disable", "--ipv4", "--noproxy", "*",
                 "--url", "%s://localhost:%d/client.example" % (scheme, order.port),
                 "--mail-from", order.sender, "--upload-file",
                 order.file(order.message.octets)]
        for recipient in order.to:
            words += ["--mail-rcpt", recipient]
        if order.mode != CLEAR:
            words += ["--ssl-reqd", "--cacert", order.trusted]
        if order.mechanism:
            words += ["--user", "%s:%s" % (order.user, order.password),
                      "--login-options", "AUTH=" + order.mechanism]
            if self.initial_response:
                words += ["--sasl-ir"]
        return run(words)


class CurlInitial(Curl):
    """curl with the initial response in the AUTH line (RFC 4954 section 4)."""
    name = "curl-sasl-ir"
    mechanisms = ("PLAIN",)


CurlInitial.initial_response = True


class Msmtp(Client):
    name = "msmtp"
    modes = (CLEAR, STARTTLS, IMPLICIT)
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")

    def refused(self, order):
        lines = ["account default", "host localhost", "port %d" % order.port,
                 "domain client.example", "from " + order.sender,
                 "timeout 20", "logfile", "syslog off",
                 "set_date_header off", "set_from_header off"]
        if order.mode == CLEAR:
            lines += ["tls off"]
        else:
            lines += ["tls on", "tls_trust_file " + order.trusted,
                      "tls_starttls " + ("on" if order.mode == STARTTLS
                                         else "off")]
        if order.mechanism:
            lines += ["auth " + order.mechanism.lower(), "user " + order.user,
                      "password " + order.password]
        else:
            lines += ["auth off"]
        path = order.program.new_file(
            "msmtprc", ("\n".join(lines) + "\n").encode(), 0o600)
        return run(["msmtp", "--file=" + path, "--", *order.to],
                   stdin=order.message.unix)


class Smtplib(Client):
    name = "smtplib"
    modes = (CLEAR, STARTTLS, IMPLICIT)
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")

    def refused(self, order):
        try:
            self._talk(order)
        except (smtplib.SMTPException, OSError) as problem:
            return Done([self.name], 1, repr(problem).encode(), b"")
        return Done([self.name], 0, b"", b"")

    def _talk(self, order):
        context = ssl.create_default_context(cafile=order.trusted) \
            if order.mode != CLEAR else None
        if order.mode == IMPLICIT:
            client = smtplib.SMTP_SSL("localhost", order.port, "client.example",
                                      timeout=20, context=context)
        else:
            client = smtplib.SMTP("localhost", order.port, "client.example",
                                  timeout=20)
        with client:
            if order.mode == STARTTLS:
                client.starttls(context=context)
            if order.mechanism:
                client.ehlo_or_helo_if_needed()
                offered = client.esmtp_features.get("auth", "").upper().split()
                if order.mechanism not in offered:
                    raise smtplib.SMTPNotSupportedError(order.mechanism)
                client.esmtp_features["auth"] = order.mechanism
                client.login(order.user, order.password)
            self.deliver(client, order)

    def deliver(self, client, order):
        options = ["BODY=8BITMIME"] if any(
            octet > 127 for octet in order.message.octets) else []
        lost = client.sendmail(order.sender, list(order.to),
                               order.message.octets, mail_options=options)
        same(lost, {}, "refused recipients")


class SmtplibUtf8(Smtplib):
    """smtplib with SMTPUTF8: addresses and headers in UTF-8 (RFC 6531)."""
    name = "smtplib-smtputf8"
    mechanisms = ()
    sender = "b\u00fcro@client.example"
    to = "f\u00e4x@device.example"
    # Whatever the order says: this client is here for these.
    message = Message("utf8", headers(b"utf8").replace(
        b"Fax <fax@", "F\u00e4x <f\u00e4x@".encode()) +
        "\r\nGr\u00fc\u00dfe\r\n".encode())

    def stored(self, message):
        return self.message

    def deliver(self, client, order):
        client.ehlo_or_helo_if_needed()
        want(client.has_extn("smtputf8"), "SMTPUTF8 is not offered")
        client.command_encoding = "utf-8"
        lost = client.sendmail(self.sender, [self.to], self.message.octets,
                               mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        same(lost, {}, "refused recipients")


class Dialogue:
    """A program whose standard input and output are the session."""

    def __init__(self, words):
        try:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=clean_environment())
        except FileNotFoundError as problem:
            raise Failed("peer is missing: %s" % problem) from problem
        self.held = b""
        self.seen = b""
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stderr.fileno(), False)

    def line(self, limit=20.0):
        end = time.monotonic() + limit
        with selectors.DefaultSelector() as waiter:
            waiter.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.held:
                if not waiter.select(max(0.0, end - time.monotonic())):
                    raise Failed("no line from %s; so far %s" %
                                 (self.process.args[0], short(self.seen)))
                more = self.process.stdout.read(65536)
                if not more:
                    rest, self.held = self.held, b""
                    return rest
                self.held += more
                self.seen += more
        line, self.held = self.held.split(b"\n", 1)
        return line + b"\n"

    def reply(self):
        text = b""
        while True:
            line = self.line()
            text += line
            if not line or line[3:4] != b"-":
                return text.decode("utf-8", "replace")

    def put(self, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def finish(self):
        said = self.process.stderr.read() or b""
        try:
            self.process.communicate(timeout=20)
        except (subprocess.TimeoutExpired, BrokenPipeError, ValueError):
            self.process.kill()
            self.process.wait()
        return Done(self.process.args, self.process.returncode, self.seen, said)


class Openssl(Client):
    """`openssl s_client`: TLS by OpenSSL, the session typed through a pipe."""
    name = "openssl-s_client"
    modes = (STARTTLS, IMPLICIT)
    mechanisms = ("PLAIN",)
    cannot = "it always speaks TLS, so it has no plaintext session"
    more = ()

    def words(self, order):
        words = ["openssl", "s_client", "-quiet", "-crlf", "-connect",
                 "127.0.0.1:%d" % order.port, "-servername", "localhost",
                 "-CAfile", order.trusted, "-verify_return_error",
                 "-verify_hostname", "localhost"]
        if order.mode == STARTTLS:
            # It swallows the greeting, and says an EHLO of its own in clear.
            words += ["-starttls", "smtp", "-name", "client.example"]
        return words + list(self.more)

    def refused(self, order):
        talk = Dialogue(self.words(order))
        try:
            if order.mode == IMPLICIT:
                said = talk.reply()
                want(said.startswith("220"), "greeting %s" % short(said))
            self._talk(talk, order)
        finally:
            done = talk.finish()
        return done

    def _talk(self, talk, order):
        def say(octets, start):
            talk.put(octets)
            have = talk.reply()
            want(have.startswith(start), "%r: have %r, want %r" %
                 (octets[:40], have, start))
            return have
        hello = say(b"EHLO client.example\n", "250")
        want("STARTTLS" not in hello, "STARTTLS offered under TLS: " + hello)
        if order.mechanism:
            token = plain_token(order.user, order.password)
            say(b"AUTH PLAIN " + token + b"\n", "235")
        say(b"MAIL FROM:<%s>\n" % order.sender.encode(), "250")
        for recipient in order.to:
            say(b"RCPT TO:<%s>\n" % recipient.encode(), "250")
        say(b"DATA\n", "354")
        say(stuff(order.message.unix) + b".\n", "250")
        say(b"QUIT\n", "221")


def plain_token(user, password):
    return base64.b64encode(b"\0" + user.encode() + b"\0" + password.encode())


class SmtpSource(Client):
    """Postfix's load generator, from its own folder."""
    name = "smtp-source"
    modes = (CLEAR,)
    several = False
    cannot = "it has neither TLS nor AUTH"

    def __init__(self, postfix):
        self.postfix = postfix

    def words(self, order, *more):
        return [self.postfix.program("smtp-source"), "-4", "-M",
                "client.example", "-f", order.sender, "-t", order.to[0], *more,
                "127.0.0.1:%d" % order.port]

    def run(self, order, *more):
        return run(self.words(order, *more), limit=2 * LIMIT,
                   LD_LIBRARY_PATH=self.postfix.libraries)

    def stored(self, message):
        # It ends each file with an empty line of its own.
        return Message(message.name, message.octets + b"\r\n")

    def refused(self, order):
        return self.run(order, "-F", order.file(order.message.unix))


ALL_PLAIN = (Swaks, Curl, CurlInitial, Msmtp, Smtplib, SmtplibUtf8, Openssl)
