"""Real clients send, `smtpcore receive` takes the mail or refuses it."""

import re

from clients import (ALL_PLAIN, CLEAR, IMPLICIT, STARTTLS, Curl, Msmtp, Openssl,
                     Order, Smtplib, SmtpSource, Swaks)
from rig import (FAX, LARGE, MIXED, NO_BODY, SIMPLE, Raw, same, stuff, want,
                 want_octets)

REJECTED = re.escape("SSL Error (SMTP RX Reject)")
TLS_ERROR = re.escape("SSL Error (SMTP Receive)")


def settings(mode):
    """The receiver's `--tls` and more words for a client's mode."""
    if mode == CLEAR:
        return "off", []
    if mode == STARTTLS:
        return "required", []
    return "required", ["--implicit-tls"]


def with_accounts(program, mode):
    words = ["--auth", "required", "--accounts", program.accounts()]
    if mode == CLEAR:
        words += ["--quirk", "auth-in-clear"]
    return words


def deliver(program, client, mode, message, mechanism=None, tls=None):
    setting, words = settings(mode)
    if mechanism:
        words = words + with_accounts(program, mode)
    with program.receive(*words, tls=tls or setting) as receiver:
        mark = receiver.service.mark()
        client.send(Order(program, receiver.port, message, mode, mechanism))
        receiver.want_mail(client.stored(message),
                           sender=getattr(client, "sender", "scan@client.example"))
        # One line at the end of each session, with its findings.
        receiver.wait_log("auth-in-clear" if mechanism and mode == CLEAR
                          else r"\S", mark)


def recipients(program, client):
    to = (FAX, "second@device.example", "postmaster@device.example")
    with program.receive() as receiver:
        client.send(Order(program, receiver.port, SIMPLE, to=to))
        stored = receiver.mails()
        want(len(stored) in (1, len(to)), "%d files for %d recipients" %
             (len(stored), len(to)))
        for _, octets in stored:
            want_octets(octets, client.stored(SIMPLE).octets)


def bad_password(program, client, mode, mechanism):
    setting, words = settings(mode)
    words = words + with_accounts(program, mode)
    with program.receive(*words, tls=setting) as receiver:
        mark = receiver.service.mark()
        done = client.refused(Order(program, receiver.port, SIMPLE, mode,
                                    mechanism, password="wrong-secret"))
        want(done.status != 0, "the client reports success")
        receiver.wait_log("auth-failed", mark)
        receiver.want_no_mail()
        want("wrong-secret" not in receiver.service.text(), "password in the log")


def stays_plain(program, client):
    """Setting `required`, a client that does not start TLS."""
    with program.receive(tls="required") as receiver:
        mark = receiver.service.mark()
        done = client.refused(Order(program, receiver.port, SIMPLE))
        want(done.status != 0, "the client reports success")
        receiver.wait_log(REJECTED, mark)
        receiver.want_no_mail()


def not_offered(program, client):
    """Setting `off`, a client that insists on TLS."""
    with program.receive() as receiver:
        done = client.refused(Order(program, receiver.port, SIMPLE, STARTTLS))
        want(done.status != 0, "the client reports success")
        receiver.want_no_mail()


def no_auth_in_clear(program, client, mechanism):
    """Without its quirk, AUTH is neither offered nor taken in clear. (curl then
    sends its mail without AUTH, and says nothing: so AUTH is required here.)"""
    words = ["--auth", "required", "--accounts", program.accounts()]
    with program.receive(*words, tls="on") as receiver:
        done = client.refused(Order(program, receiver.port, SIMPLE, CLEAR,
                                    mechanism))
        want(done.status != 0, "the client reports success")
        receiver.want_no_mail()


def relay(program, client):
    with program.receive() as receiver:
        done = client.refused(Order(program, receiver.port, SIMPLE,
                                    to=("someone@elsewhere.example",)))
        want(done.status != 0, "the client reports success")
        receiver.want_no_mail()


def too_large(program, client):
    with program.receive("--max-size", "100000") as receiver:
        mark = receiver.service.mark()
        done = client.refused(Order(program, receiver.port, LARGE))
        want(done.status != 0, "the client reports success")
        receiver.wait_log("size-exceeded", mark)
        receiver.want_no_mail()
        client.send(Order(program, receiver.port, SIMPLE))
        receiver.want_mail(client.stored(SIMPLE))


def many(program, source, *words):
    """Postfix's load generator: 20 sessions at once, 200 messages of 4 kB."""
    with program.receive() as receiver:
        done = source.run(Order(program, receiver.port, SIMPLE), "-s", "20",
                          "-m", "200", "-l", "4096", *words)
        same(done.status, 0, done.say())
        stored = receiver.mails()
        same(len(stored), 200, "messages in the Maildir")
        for _, octets in stored:
            want(len(octets) >= 4096 and octets.endswith(b"\r\n"),
                 "a message of %d octets" % len(octets))
            want(octets.startswith(b"From: <scan@client.example>\r\n"),
                 "it begins with %r" % octets[:60])


def s_client(program, status, finding, *words, **tls):
    """A TLS handshake by OpenSSL that must fail, or must not."""
    client = Openssl()
    client.more = words
    more = ["--tls-min", tls["least"]] if tls.get("least") else []
    with program.receive(*more, tls="on") as receiver:
        mark = receiver.service.mark()
        order = Order(program, receiver.port, SIMPLE, STARTTLS)
        if status:
            try:
                client.send(order)
            except Exception as why:  # pylint: disable=broad-except
                receiver.wait_log(finding, mark)
                receiver.want_no_mail()
                return str(why)
            want(False, "the handshake succeeded")
        client.send(order)
        receiver.wait_log(finding, mark)
        receiver.want_mail(SIMPLE)
    return ""


def empty_message(program):
    """DATA with nothing in it: the dot is its first octet (E-24)."""
    with program.receive() as receiver, Raw(receiver.port) as peer:
        peer.hello()
        want(peer.deliver(b"").startswith("250"), "refused")
        peer.want(b"QUIT\r\n", "221")
        same([octets for _, octets in receiver.mails()], [b""], "stored")


def in_pieces(program, mode):
    """The same message, one octet in each write."""
    small = type(MIXED)("small", b"Subject: x\r\n\r\n..\r\n.\r\n.a\r\n\r\n")
    setting, words = settings(mode)
    with program.receive(*words, tls=setting) as receiver:
        with Raw(receiver.port) as peer:
            peer.hello()
            if mode == STARTTLS:
                peer.want(b"STARTTLS\r\n", "220")
                peer.start_tls()
                peer.want(b"EHLO client.example\r\n", "250")
            for octets, start in (
                    (b"MAIL FROM:<scan@client.example>\r\n", "250"),
                    (b"RCPT TO:<" + FAX.encode() + b">\r\n", "250"),
                    (b"DATA\r\n", "354"),
                    (stuff(small.octets) + b".\r\n", "250"),
                    (b"QUIT\r\n", "221")):
                for octet in octets[:-1]:
                    peer.put(bytes([octet]))
                peer.want(octets[-1:], start, octets[:20])
        receiver.want_mail(small)


def chunks(program):
    """BDAT: an end-of-data inside a chunk is content (E-31)."""
    octets = b"Subject: x\r\n\r\n.\r\nQUIT\r\n.hidden\r\n"
    with program.receive() as receiver, Raw(receiver.port) as peer:
        want("CHUNKING" in peer.hello(), "CHUNKING is not offered")
        peer.want(b"MAIL FROM:<scan@client.example>\r\n", "250")
        peer.want(b"RCPT TO:<" + FAX.encode() + b">\r\n", "250")
        peer.want(b"BDAT 10\r\n" + octets[:10], "250")
        peer.want(b"BDAT 0\r\n", "250")
        peer.want(b"BDAT %d LAST\r\n" % (len(octets) - 10) + octets[10:], "250")
        peer.want(b"QUIT\r\n", "221")
        same([have for _, have in receiver.mails()], [octets], "stored")


def add(runner, program, postfix):
    source = SmtpSource(postfix)
    for client in [*(kind() for kind in ALL_PLAIN), source]:
        for mode in client.modes:
            for message in ((MIXED,) if mode == IMPLICIT else
                            (SIMPLE, MIXED, LARGE, NO_BODY)):
                runner.case("receive/%s/%s/%s" % (client.name, mode, message.name),
                            deliver, program, client, mode, message)
            for mechanism in client.mechanisms:
                runner.case("receive/%s/%s/auth-%s" %
                            (client.name, mode, mechanism.lower()),
                            deliver, program, client, mode, MIXED, mechanism)
        if client.name not in ("smtplib-smtputf8", "openssl-s_client"):
            runner.case("receive/%s/setting-on-plaintext" % client.name, deliver,
                        program, client, CLEAR, SIMPLE, None, "on")
        if STARTTLS in client.modes:
            runner.case("receive/%s/setting-on-starttls" % client.name, deliver,
                        program, client, STARTTLS, SIMPLE, None, "on")

    for client in (Swaks(), Curl(), Msmtp(), Smtplib()):
        name = "receive/%s/" % client.name
        runner.case(name + "three-recipients", recipients, program, client)
        runner.case(name + "required-but-plaintext", stays_plain, program, client)
        runner.case(name + "off-but-starttls", not_offered, program, client)
        runner.case(name + "relay-refused", relay, program, client)
        runner.case(name + "too-large", too_large, program, client)
        for mechanism in client.mechanisms:
            runner.case(name + "bad-password-" + mechanism.lower(), bad_password,
                        program, client, STARTTLS, mechanism)
        runner.case(name + "no-auth-in-clear", no_auth_in_clear, program, client,
                    "PLAIN")
    runner.case("receive/swaks/bad-password-in-clear", bad_password, program,
                Swaks(), CLEAR, "CRAM-MD5")
    runner.case("receive/smtp-source/required-but-plaintext", stays_plain, program,
                source)
    runner.case("receive/smtp-source/200-messages", many, program, source)
    runner.case("receive/smtp-source/200-messages-kept-connections", many, program,
                source, "-d")

    # OpenSSL offers what BoringSSL lacks, is too old, or does not trust.
    runner.case("receive/openssl-s_client/no-common-cipher", s_client, program, 1,
                TLS_ERROR, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256")
    runner.case("receive/openssl-s_client/tls-1.1-refused", s_client, program, 1,
                TLS_ERROR, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    runner.case("receive/openssl-s_client/tls-1.1-allowed",
                lambda: s_client(program, 0, "tls-old", "-tls1_1", "-cipher",
                                 "ALL:@SECLEVEL=0", least="1.0"))
    runner.case("receive/openssl-s_client/tls-1.2-below-the-floor",
                lambda: s_client(program, 1, TLS_ERROR, "-tls1_2", least="1.3"))
    runner.case("receive/openssl-s_client/certificate-not-trusted", s_client,
                program, 1, TLS_ERROR, "-tls1_2", "-verify_hostname",
                "other.example")

    runner.case("receive/empty-message", empty_message, program)
    runner.case("receive/one-octet-writes-plaintext", in_pieces, program, CLEAR)
    runner.case("receive/one-octet-writes-starttls", in_pieces, program, STARTTLS)
    runner.case("receive/chunks", chunks, program)
