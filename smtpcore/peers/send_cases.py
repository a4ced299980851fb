"""`smtpcore send` to real servers; its exit status; what the server stored."""

import socket

from rig import (FAX, HOST, LARGE, MIXED, NO_BODY, PASSWORD, SIMPLE, Message,
                 headers, same, want, want_octets)
from servers import Aiosmtpd, Exim, SmtpSink

DELIVERED, USAGE, REFUSED, LATER, PROTOCOL, AUTH = 0, 64, 69, 75, 76, 77

ALL_MESSAGES = (SIMPLE, MIXED, LARGE, NO_BODY)


def want_status(done, *statuses):
    want(done.status in statuses, "exit %s, want %s; it said %s" %
         (done.status, " or ".join(map(str, statuses)), done.text[-900:]))


def want_said(done, *words):
    for word in words:
        want(word in done.text, "no %r in: %s" % (word, done.text[-900:]))


def tls_words(program, setting):
    """Options under which `setting` works against our own certificate."""
    if setting == "verified":
        return ["--ca", program.certificate()[0], "--server-name", "localhost"]
    return []


def account(program, password=PASSWORD, auth="required"):
    return ["--account", "printer", "--password-file",
            program.password_file(password), "--auth", auth]


# ---------------------------------------------------------------- aiosmtpd


def to_aiosmtpd(program, setting, message, starttls=True, finding=None):
    words = ["--starttls"] if starttls else []
    with Aiosmtpd(program, *words, certificate=program.certificate()) as server:
        done = program.send(server.address, message, tls=setting,
                            more=tls_words(program, setting))
        want_status(done, DELIVERED)
        envelope, octets = server.one_message()
        want_octets(octets, message.octets)
        same(envelope["tls"], starttls and setting != "off", "under TLS")
        same(envelope["to"], [FAX], "recipients")
        if finding:
            want_said(done, finding)


def aiosmtpd_implicit(program, setting):
    with Aiosmtpd(program, "--implicit",
                  certificate=program.certificate()) as server:
        done = program.send(server.address, MIXED, tls=setting,
                            more=["--implicit-tls", *tls_words(program, setting)])
        want_status(done, DELIVERED)
        want_octets(server.one_message()[1], MIXED.octets)


def aiosmtpd_auth(program, mechanism, starttls=True):
    words = ["--mechanisms", mechanism, "--auth-required"]
    words += ["--starttls", "--require-starttls"] if starttls else ["--implicit"]
    with Aiosmtpd(program, *words, certificate=program.certificate(),
                  auth=True) as server:
        more = account(program) + ([] if starttls else ["--implicit-tls"])
        done = program.send(server.address, SIMPLE, tls="required", more=more)
        want_status(done, DELIVERED)
        envelope, octets = server.one_message()
        want_octets(octets, SIMPLE.octets)
        same(envelope["mechanism"], mechanism, "mechanism")


def aiosmtpd_bad_password(program, mechanism):
    with Aiosmtpd(program, "--starttls", "--mechanisms", mechanism,
                  certificate=program.certificate(), auth=True) as server:
        done = program.send(server.address, tls="required",
                            more=account(program, "wrong-secret"))
        want_status(done, AUTH)
        want_said(done, "#839")
        want("wrong-secret" not in done.text, "password in the output")
        same(server.messages(), [], "stored")


def strongest_first(program):
    """All mechanisms offered: CRAM-MD5 is taken first."""
    with Aiosmtpd(program, "--starttls", certificate=program.certificate(),
                  auth=True) as server:
        done = program.send(server.address, tls="required", more=account(program))
        want_status(done, DELIVERED)
        same(server.one_message()[0]["mechanism"], "CRAM-MD5", "mechanism")


def no_password_in_clear(program, auth):
    """PLAIN and LOGIN offered in clear: the password must not be sent."""
    with Aiosmtpd(program, "--auth-in-clear", "--mechanisms", "PLAIN,LOGIN",
                  auth=True) as server:
        done = program.send(server.address, tls="opportunistic",
                            more=account(program, auth=auth))
        want_said(done, "auth-no-mechanism")
        if auth == "required":
            want_status(done, PROTOCOL, AUTH)
            same(server.messages(), [], "stored")
        else:
            want_status(done, DELIVERED)
            same(server.one_message()[0]["mechanism"], None, "mechanism")


def no_auth_offered(program, auth):
    with Aiosmtpd(program) as server:
        done = program.send(server.address, more=account(program, auth=auth))
        want_said(done, "auth-not-offered")
        if auth == "required":
            want_status(done, PROTOCOL, AUTH)
            same(server.messages(), [], "stored")
        else:
            want_status(done, DELIVERED)


def aiosmtpd_refused(program, status, words=(), tls="required", said=(),
                     certificate="localhost", server_words=("--starttls",),
                     to=(FAX,), sender="scan@client.example"):
    """A delivery that must end with `status`, and store nothing."""
    pair = program.certificate(certificate)
    with Aiosmtpd(program, *server_words, certificate=pair) as server:
        done = program.send(server.address, tls=tls, more=list(words), to=to,
                            sender=sender)
        want_status(done, *status)
        want_said(done, *said)
        same(server.messages(), [], "stored")


def some_recipients(program):
    """One of three refused: the others get the mail, the refusal is said."""
    with Aiosmtpd(program) as server:
        done = program.send(server.address, to=(
            FAX, "gone@" + HOST, "third@" + HOST))
        want_status(done, DELIVERED, REFUSED)
        want_said(done, "rcpt-refused")
        same(server.one_message()[0]["to"], [FAX, "third@" + HOST], "recipients")


def utf8(program):
    sender, to = "b\u00fcro@client.example", "f\u00e4x@" + HOST
    message = Message("utf8", headers(b"utf8") + "\r\nGr\u00fc\u00dfe\r\n".encode())
    with Aiosmtpd(program) as server:
        done = program.send(server.address, message, sender=sender, to=(to,))
        want_status(done, DELIVERED)
        envelope, octets = server.one_message()
        want_octets(octets, message.octets)
        same((envelope["from"], envelope["to"]), (sender, [to]), "envelope")
        want("SMTPUTF8" in envelope["options"], "no SMTPUTF8 parameter")


def no_bdat_offered(program):
    with Aiosmtpd(program) as server:
        done = program.send(server.address, MIXED, more=["--bdat"])
        want_status(done, DELIVERED)
        want_octets(server.one_message()[1], MIXED.octets)


def trace(program):
    """`--trace` shows both sides and the start of TLS, and no secret."""
    with Aiosmtpd(program, "--starttls", "--mechanisms", "PLAIN",
                  certificate=program.certificate(), auth=True) as server:
        done = program.send(server.address, tls="required",
                            more=[*account(program), "--trace"])
        want_status(done, DELIVERED)
        want_said(done, "C: EHLO", "C: STARTTLS", "S: 220", "C: AUTH PLAIN",
                  "C: MAIL FROM:<scan@client.example>", "S: 354", "C: QUIT")


# --------------------------------------------------------------- smtp-sink


def to_sink(program, postfix, message, words=(), tls="opportunistic", said=(),
            to=(FAX,)):
    with SmtpSink(program, postfix, *words) as server:
        done = program.send(server.address, message, tls=tls, to=to)
        want_status(done, DELIVERED)
        want_said(done, *said)
        envelope, octets = server.one_message()
        want_octets(octets, message.octets)
        same(envelope["to"], ["<%s>" % one for one in to], "recipients")


def sink_refuses(program, postfix, status, *words):
    with SmtpSink(program, postfix, *words) as server:
        done = program.send(server.address, tls="opportunistic")
        want_status(done, *status)


def sink_no_tls(program, postfix, *words):
    with SmtpSink(program, postfix, *words) as server:
        done = program.send(server.address, tls="required")
        want_status(done, PROTOCOL)
        same(server.messages(), [], "stored")


def sink_offers_auth(program, postfix):
    """The sink offers AUTH PLAIN LOGIN in clear only."""
    with SmtpSink(program, postfix) as server:
        done = program.send(server.address, tls="off", more=account(program))
        want_status(done, PROTOCOL, AUTH)
        want_said(done, "auth-no-mechanism")
        same(server.messages(), [], "stored")


# -------------------------------------------------------------------- Exim


def to_exim(program, setting, message, mechanism=None, more=()):
    to = ("member@" if mechanism else "someone@") + Exim.DOMAIN
    with Exim(program, mechanisms=(mechanism,) if mechanism else ()) as server:
        words = [*tls_words(program, setting), *more]
        if mechanism:
            words += account(program)
        done = program.send(server.address, message, tls=setting, to=(to,),
                            more=words)
        want_status(done, DELIVERED)
        envelope, octets = server.one_message()
        want_octets(octets, message.octets)
        same(envelope["to"], [to], "recipients")
        same(envelope["tls"], setting != "off", "under TLS")
        same(envelope["mechanism"], mechanism, "mechanism")
        if mechanism and setting == "off":
            want_said(done, "auth-in-clear")


def exim_refused(program, status, to="someone", tls="required", said=(), more=(),
                 offer_tls=True, mechanisms=("PLAIN", "LOGIN", "CRAM-MD5"),
                 lines=""):
    with Exim(program, tls=offer_tls, mechanisms=mechanisms,
              lines=lines) as server:
        done = program.send(server.address, tls=tls, more=list(more),
                            to=("%s@%s" % (to, Exim.DOMAIN),))
        want_status(done, *status)
        want_said(done, *said)
        same(server.messages(), [], "stored")


# ------------------------------------------------------------- no peer at all


def nobody_listens(program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = program.send("127.0.0.1:%d" % port)
    want_status(done, LATER)


def usage(program, *words):
    done = program.run("send", *words)
    same(done.status, USAGE, done.say())


class Late:
    """A list of words that is made when a case runs, so that a fault in making
    it is that case's failure."""

    def __init__(self, make):
        self._make = make

    def __iter__(self):
        return iter(self._make())


def add(runner, program, postfix):
    def case(name, function, *arguments, **named):
        runner.case("send/" + name,
                    lambda: function(program, *arguments, **named))

    for message in ALL_MESSAGES:
        case("aiosmtpd/plaintext/" + message.name, to_aiosmtpd, "off", message)
        case("aiosmtpd/required/" + message.name, to_aiosmtpd, "required", message)
        case("smtp-sink/plaintext/" + message.name, to_sink, postfix, message,
             tls="off")
        case("exim/plaintext/" + message.name, to_exim, "off", message)
        case("exim/required/" + message.name, to_exim, "required", message)
        case("exim/bdat/" + message.name, to_exim, "required", message, None,
             ["--bdat"])
    for setting in ("opportunistic", "verified"):
        case("aiosmtpd/%s/mixed" % setting, to_aiosmtpd, setting, MIXED)
        case("exim/%s/mixed" % setting, to_exim, setting, MIXED)
    for setting in ("required", "verified"):
        case("aiosmtpd/implicit-tls/" + setting, aiosmtpd_implicit, setting)
    case("aiosmtpd/opportunistic-without-starttls", to_aiosmtpd, "opportunistic",
         SIMPLE, starttls=False, finding="tls-not-offered")

    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        low = mechanism.lower()
        case("aiosmtpd/starttls/auth-" + low, aiosmtpd_auth, mechanism)
        case("aiosmtpd/bad-password-" + low, aiosmtpd_bad_password, mechanism)
        case("exim/starttls/auth-" + low, to_exim, "required", MIXED, mechanism)
        case("exim/bad-password-" + low, exim_refused, (AUTH,), said=("#839",),
             mechanisms=(mechanism,),
             more=Late(lambda: account(program, "wrong-secret")))
    case("aiosmtpd/implicit-tls/auth-plain", aiosmtpd_auth, "PLAIN", False)
    case("exim/plaintext/auth-cram-md5", to_exim, "off", MIXED, "CRAM-MD5")
    case("aiosmtpd/strongest-mechanism-first", strongest_first)
    for auth in ("on", "required"):
        case("aiosmtpd/no-password-in-clear/auth-" + auth, no_password_in_clear,
             auth)
        case("aiosmtpd/no-auth-offered/auth-" + auth, no_auth_offered, auth)
    case("smtp-sink/no-password-in-clear", sink_offers_auth, postfix)

    def trusting(*words):
        return Late(lambda: ["--ca", program.certificate()[0], *words])

    refused = aiosmtpd_refused
    case("aiosmtpd/required-without-starttls", refused, (PROTOCOL,),
         server_words=(), said=("tls-not-offered",))
    case("aiosmtpd/verified-without-starttls", refused, (PROTOCOL,),
         server_words=(), tls="verified", words=trusting(), said=("tls-not-offered",))
    case("aiosmtpd/verified-other-name", refused, (PROTOCOL,), tls="verified",
         words=trusting("--server-name", "other.example"))
    case("aiosmtpd/verified-name-from-server-option", refused, (PROTOCOL,),
         tls="verified", words=trusting())
    case("aiosmtpd/verified-not-trusted", refused, (PROTOCOL,), tls="verified",
         words=["--server-name", "localhost"])
    case("aiosmtpd/verified-other-certificate", refused, (PROTOCOL,),
         tls="verified", certificate="elsewhere.example",
         words=trusting("--server-name", "elsewhere.example"))
    # aiosmtpd closes without an alert when a handshake fails: why, nobody learns.
    case("aiosmtpd/no-common-cipher", refused, (PROTOCOL,), said=("tls-failed",),
         server_words=("--starttls", "--ciphers", "DHE-RSA-AES128-GCM-SHA256"))
    case("aiosmtpd/implicit-tls-to-a-plaintext-port", refused, (PROTOCOL,),
         words=["--implicit-tls"])
    for name, to, status in (("recipient-later", "later", LATER),
                             ("recipient-refused", "gone", REFUSED),
                             ("message-refused", "big", REFUSED)):
        case("aiosmtpd/" + name, refused, (status,), to=(to + "@" + HOST,))
    case("aiosmtpd/sender-later", refused, (LATER,),
         sender="later-sender@client.example")
    case("aiosmtpd/sender-refused", refused, (REFUSED,),
         sender="bad-sender@client.example")
    case("aiosmtpd/one-of-three-refused", some_recipients)
    case("aiosmtpd/smtputf8", utf8)
    case("aiosmtpd/bdat-not-offered", no_bdat_offered)
    case("aiosmtpd/trace", trace)

    case("smtp-sink/downgrade-is-said", to_sink, postfix, SIMPLE,
         said=("tls-not-offered",))
    case("smtp-sink/three-recipients", to_sink, postfix, SIMPLE,
         to=(FAX, "b@" + HOST, "c@" + HOST))
    case("smtp-sink/no-pipelining", to_sink, postfix, SIMPLE, ("-p",))
    case("smtp-sink/no-8bitmime-no-dsn", to_sink, postfix, SIMPLE, ("-8", "-N"))
    case("smtp-sink/helo-only", to_sink, postfix, SIMPLE, ("-f", "ehlo"),
         said=("ehlo-refused",))
    case("smtp-sink/helo-only-but-required", sink_no_tls, postfix, "-f", "ehlo")
    case("smtp-sink/pix-greeting", to_sink, postfix, SIMPLE, ("-P",))
    case("smtp-sink/slow-answer", to_sink, postfix, SIMPLE, ("-w", "1"))
    case("smtp-sink/required", sink_no_tls, postfix)
    for command in ("connect", "mail", "rcpt", "data", "."):
        name = "end-of-data" if command == "." else command
        case("smtp-sink/refused-later-at-" + name, sink_refuses, postfix, (LATER,),
             "-r", command)
        case("smtp-sink/refused-at-" + name, sink_refuses, postfix, (REFUSED,),
             "-f", command)
        case("smtp-sink/disconnected-at-" + name, sink_refuses, postfix, (LATER,),
             "-q", command)
        case("smtp-sink/421-at-" + name, sink_refuses, postfix, (LATER,), "-Q",
             command)
    case("smtp-sink/550-in-the-middle-of-data", sink_refuses, postfix,
         (REFUSED, LATER, PROTOCOL), "-A", "0")

    case("exim/recipient-later", exim_refused, (LATER,), "later")
    case("exim/recipient-refused", exim_refused, (REFUSED,), "gone")
    case("exim/auth-wanted-by-the-server", exim_refused, (REFUSED, AUTH), "member")
    case("exim/required-without-starttls", exim_refused, (PROTOCOL,),
         offer_tls=False, said=("tls-not-offered",))
    # Exim offers only what BoringSSL lacks, or wants a certificate of us.
    for setting in ("required", "opportunistic"):
        case("exim/no-common-cipher-" + setting, exim_refused, (PROTOCOL,),
             tls=setting, said=("#841",), lines="tls_require_ciphers = NORMAL:"
             "-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-CCM")
    # GnuTLS says so by its alert under TLS 1.3 only.
    case("exim/client-certificate-wanted", exim_refused, (PROTOCOL,),
         said=("#842",), lines="tls_verify_hosts = *\n"
         "tls_verify_certificates = @/cert.pem\n"
         "tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3")
    case("exim/verified-other-name", exim_refused, (PROTOCOL,), tls="verified",
         more=trusting("--server-name", "other.example"))

    case("nobody-listens", nobody_listens)
    case("usage/no-options", usage)
    case("usage/unknown-option", usage, "--no-such-option")
    case("usage/unknown-tls-setting", usage, "--server", "127.0.0.1:1", "--from",
         "a@b.example", "--to", "c@d.example", "--tls", "perhaps", "/dev/null")
    case("usage/missing-file", usage, "--server", "127.0.0.1:1", "--from",
         "a@b.example", "--to", "c@d.example", "/nonexistent/file")
    case("usage/address-with-a-line-end", usage, "--server", "127.0.0.1:1",
         "--from", "a@b.example>\r\nRCPT TO:<x@y.example", "--to", "c@d.example",
         "/dev/null")
