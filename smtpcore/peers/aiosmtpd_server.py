#!/usr/bin/python3
"""A mail server for tests, on aiosmtpd: writes each message and what was said.

It prints `listening on ADDR:PORT`. Each accepted message becomes two files in
--out: NNNN.eml, the octets after unstuffing, and NNNN.json, the envelope. Local
parts choose refusals: `later...` 451, `gone...` 550, `big...` 552 at the end.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import signal
import ssl

from aiosmtpd.smtp import MISSING, SMTP, AuthResult


class Keep:
    """The handler: stores, refuses by local part."""

    def __init__(self, options):
        self.options = options
        self.number = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("later-sender"):
            return "451 4.7.1 try again later"
        if address.startswith("bad-sender"):
            return "550 5.7.1 sender refused"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 sender ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later"):
            return "451 4.2.1 mailbox busy"
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("big"):
            return "552 5.3.4 message too big for this mailbox"
        self.number += 1
        base = os.path.join(self.options.out, "%04d" % self.number)
        with open(base + ".eml", "wb") as out:
            out.write(envelope.original_content)
        facts = {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                 "options": envelope.mail_options,
                 "rcpt_options": envelope.rcpt_options,
                 "helo": session.host_name, "esmtp": session.extended_smtp,
                 "tls": session.ssl is not None,
                 "login": session.login_data if isinstance(
                     session.login_data, str) else None,
                 "mechanism": getattr(session, "mechanism_used", None)}
        with open(base + ".json.new", "w", encoding="utf-8") as out:
            json.dump(facts, out)
        os.rename(base + ".json.new", base + ".json")
        return "250 2.0.0 kept as %04d" % self.number

    # aiosmtpd brings PLAIN and LOGIN; `__` in a name stands for `-`.
    async def auth_CRAM__MD5(self, server, args):
        challenge = b"<%d.%d@aiosmtpd.example>" % (os.getpid(), self.number)
        answer = await server.challenge_auth(challenge.decode("ascii"))
        if answer is MISSING:
            return AuthResult(success=False)
        name, _, digest = answer.decode("utf-8", "replace").rpartition(" ")
        right = hmac.new(self.options.password.encode(), challenge, hashlib.md5)
        server.session.mechanism_used = "CRAM-MD5"
        good = name == self.options.user and hmac.compare_digest(
            digest, right.hexdigest())
        return AuthResult(success=good, handled=False,
                          auth_data=name if good else None)


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        session.mechanism_used = mechanism
        good = (data.login == options.user.encode()
                and data.password == options.password.encode())
        return AuthResult(success=good, handled=False,
                          auth_data=options.user if good else None)
    return check


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--require-starttls", action="store_true")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--ciphers")
    parser.add_argument("--user")
    parser.add_argument("--password-file")
    parser.add_argument("--auth-required", action="store_true")
    parser.add_argument("--auth-in-clear", action="store_true")
    parser.add_argument("--mechanisms", default="PLAIN,LOGIN,CRAM-MD5")
    options = parser.parse_args()
    if options.password_file:
        with open(options.password_file, encoding="utf-8") as source:
            options.password = source.read().rstrip("\n")

    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        if options.ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(options.ciphers)
    handler = Keep(options)
    wanted = set(options.mechanisms.split(","))
    exclude = sorted({"PLAIN", "LOGIN", "CRAM-MD5"} - wanted)

    def make():
        more = {}
        if options.user:
            more = {"authenticator": authenticator(options),
                    "auth_required": options.auth_required,
                    "auth_require_tls": not (options.auth_in_clear
                                             or options.implicit),
                    "auth_exclude_mechanism": exclude}
        return SMTP(handler, hostname="aiosmtpd.example",
                    enable_SMTPUTF8=True, timeout=60,
                    tls_context=context if options.starttls else None,
                    require_starttls=options.require_starttls, **more)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            make, "127.0.0.1", 0, ssl=context if options.implicit else None)
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        print("listening on 127.0.0.1:%d" %
              server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()
        server.close()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
