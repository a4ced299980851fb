#!/usr/bin/python3
"""The extensions, mechanisms, proxies and quirks that options switch on.

    extensions_test.py --smtpcore PATH

`smtpcore receive` and `smtpcore send` meet each other, and clients and servers that
say what they are told. Each case prints `ok NAME` or `FAILED NAME: why`; the last
line is `N passed, N failed`.
"""

import base64
import calendar
import json
import os
import re
import ssl
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from shell import (  # noqa: E402  pylint: disable=wrong-import-position
    AUTHENTICATION, HOST, LATER, PROTOCOL, REFUSED, Receiver, Server, Talk, run_cases,
    same, send_words, want)


# ---------------------------------------------------------------------- login


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


# ----------------------------------------------------------------------- LMTP


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
        bench.expect(PROTOCOL, "ehlo-refused", *send_words(
            receiver, "--lmtp", *words, message))


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


# -------------------------------------------------------------- whom it is with


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


# ----------------------------------------------------- content and parameters


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
    words = ["--to", "b@" + HOST, "--to", "a@" + HOST, "--rrvs", rrvs + ":R"]
    offers = [word for name in ("DELIVERBY", "FUTURERELEASE", "MT-PRIORITY",
                                "NO-SOLICITING", "mtrk", "RRVS")
              for word in ("--offer", name)]
    start = int(time.time())
    with Receiver(bench, *offers, "--hold-seconds", "3600", "--log", "json",
                  "--deliver-by-seconds", "120", "--no-offer",
                  "8BITMIME") as receiver:
        text = bench.expect(0, "delivered", *send_words(
            receiver, *words, *asked, "--trace", message))
        want("C: MAIL FROM:<a@client.example> %s\n" % said in text, text)
        want("C: RCPT TO:<a@%s> RRVS=%s;R\n" % (HOST, rrvs) in text, text)
        want("C: RCPT TO:<b@%s>\n" % HOST in text, text)
        want("250-DELIVERBY 120" in text and "8BITMIME" not in text, text)
        until = re.search(r"250-FUTURERELEASE 3600 (\S+)Z\n", text)
        want(until, text)
        until = calendar.timegm(time.strptime(until.group(1), "%Y-%m-%dT%H:%M:%S"))
        want(start <= until - 3600 <= time.time(), until)
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


if __name__ == "__main__":
    sys.exit(run_cases(__doc__, (
        login_by_each_mechanism, login_without_scram, login_by_token, lmtp,
        lmtp_answers_differ, behind_a_proxy, proxies_with_xclient,
        quirk_for_one_address, profile_of_printers, binary_content,
        limits_are_kept, each_parameter, tls_required_no)))
