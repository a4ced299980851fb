#!/usr/bin/python3
"""The commands as somebody at a shell meets them: files, statuses, words.

    commands_test.py --smtpcore PATH --registry PATH

Each case prints `ok NAME` or `FAILED NAME: why`; the last line is `N passed, N
failed`. What a session does is tested elsewhere.
"""

import json
import os
import pty
import re
import select
import signal
import socket
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from shell import (  # noqa: E402  pylint: disable=wrong-import-position
    CANTCREAT, CONFIG, HOST, LIMIT, REFUSED, UNAVAILABLE, USAGE, Receiver, run_cases,
    same, send_words, want)


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


if __name__ == "__main__":
    sys.exit(run_cases(__doc__, (
        certificate_files, certificate_is_not_replaced, certificate_options,
        account_file, account_is_removed, account_refuses, account_asks,
        key_of_others, stopped_at_once, settings_that_contradict, port_in_use,
        whose_mail, over_ipv6, log_as_json, message_files, send_options,
        delivery_reports, verified_by_default, whole_registry, tables)))
