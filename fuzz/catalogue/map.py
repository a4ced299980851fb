#!/usr/bin/python3
"""The map of attacks: which laws, scripts, targets and planted bugs there are for each.

    map.py          writes the map into docs/THREAT_MODEL.md anew
    map.py --say    prints it

Its sources are the list below, the heads of the scripts in corpus/catalogue/, and
fuzz/bugs/bugs.json; map_test.py compares it with the document.
"""

import glob
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
DOCUMENT = "docs/THREAT_MODEL.md"
SCRIPTS = "corpus/catalogue"
BUGS = "fuzz/bugs"
LAWS = "fuzz/harness/law.h"
BEGIN = "<!-- The map begins here; fuzz/catalogue/map.py writes it. -->"
END = "<!-- The map ends here. -->"
ONCE = ["clause", "wire", "law", "target", "expect"]

ENTRIES = {
    "SIT-01": "whole commands behind STARTTLS",
    "SIT-02": "the victim's login and mail become the attacker's message",
    "SIT-03": "commands between the 220 and the ClientHello",
    "SIT-04": "bare LF, bare CR or NUL between STARTTLS and a command",
    "SIT-05": "a partial line over the switch",
    "SIT-06": "surplus in a second queue",
    "SIT-07": "state of before STARTTLS, used after it",
    "SIT-08": "STARTTLS with parameters",
    "SIT-09": "STARTTLS under TLS",
    "SIT-10": "STARTTLS in the wrong state",
    "SIT-11": "STARTTLS without EHLO",
    "SIT-12": "commands in a group before STARTTLS",
    "SIT-13": "the server speaks in clear after the 220",
    "SIT-14": "a handshake fails, and the server goes on in clear",
    "SIT-15": "a ClientHello in the segment of STARTTLS",
    "SIT-16": "surplus is dropped where STARTTLS is refused",
    "SIT-17": "the word STARTTLS where it is no command",
    "SIT-18": "a race of reader and switch",
    "SIT-19": "a proxy's two connections share a buffer",
    "SIT-20": "a way around required TLS",
    "SIT-21": "the verdict of the handshake is not looked at",
    "RIT-01": "a whole reply behind the 220",
    "RIT-02": "a partial reply behind the 220",
    "RIT-03": "a 220 of many lines",
    "RIT-04": "a reply between the 220 and the ServerHello",
    "RIT-05": "a reply before its command",
    "RIT-06": "one reply too many",
    "RIT-07": "capabilities of before the switch",
    "RIT-08": "other answers to STARTTLS",
    "RIT-09": "a handshake fails, and mail goes in clear",
    "RIT-10": "success that nobody asked for",
    "RIT-11": "a reply that names another address",
    "RIT-12": "secrets or mail before STARTTLS",
    "RIT-13": "a weaker connection is used again",
    "RIT-14": "implicit TLS that is forgotten",
    "TLS-01": "clear octets after close_notify",
    "TLS-02": "truncation",
    "TLS-03": "reading and writing are not switched together",
    "TLS-04": "decrypted octets that nobody looks at",
    "TLS-05": "what is no TLS, where TLS is due",
    "TLS-06": "renegotiation",
    "TLS-07": "early data",
    "TLS-08": "floods of records and of handshake messages",
    "TLS-09": "names and protocols of a handshake",
    "TLS-10": "tickets and resumption",
    "TLS-11": "oracles that BoringSSL's fuzzer mode blinds",
    "TLS-12": "a helper that does TLS dies",
    "DWN-01": "the keyword STARTTLS is taken out",
    "DWN-02": "the keyword is overwritten",
    "DWN-03": "an offer that is read loosely",
    "DWN-04": "EHLO is refused, so HELO",
    "DWN-05": "the 220, or the request, is rewritten",
    "DWN-06": "retries that ask for less",
    "DWN-07": "an old version of TLS",
    "DWN-08": "a certificate that is not checked",
    "DWN-09": "autoconfiguration that settles for clear",
    "DWN-10": "a pooled connection",
    "DWN-11": "MTA-STS",
    "DWN-12": "DANE",
    "DWN-13": "REQUIRETLS",
    "DWN-14": "a weaker mechanism of AUTH",
    "DWN-15": "credentials in clear are looked at",
    "DWN-16": "Opossum: implicit TLS and STARTTLS out of step",
    "DWN-17": "ALPACA: TLS of another protocol",
    "DWN-18": "HTTP to SMTP",
    "DWN-19": "the PROXY protocol",
    "DWN-20": "XCLIENT and XFORWARD",
    "DWN-21": "replies out of step",
    "DWN-22": "a whole dialogue, blindly",
    "DWN-23": "clear and TLS on the wrong port",
    "DWN-24": "failures that are counted as another, or as none",
    "DWN-25": "an extension is taken out",
}


def path_of(*parts):
    return os.path.join(ROOT, *parts)


def read(*parts):
    with open(path_of(*parts), encoding="utf-8") as file:
        return file.read()


def entry_of(name):
    """Returns the entry that a script's name begins with, "SIT-01"."""
    return "-".join(name.split("-")[:2])


def head(name):
    """Returns the head of a script: {word: [texts]}; "title" is one of its words."""
    found = {}
    for line in read(SCRIPTS, name + ".txt").splitlines():
        match = re.match(r"# ([A-Z]{3}-\d\d): (.*)", line) or \
            re.match(r"# (clause|wire|why|law|target|expect) (.*)", line)
        if match:
            word = "title" if match.group(1).isupper() else match.group(1)
            found.setdefault(word, []).append(match.group(2))
            if word == "title":
                found["entry"] = [match.group(1)]
        elif line.startswith("#"):
            found.setdefault("unknown", []).append(line)
    return found


def scripts():
    """Returns the heads of all scripts, by name."""
    names = sorted(os.path.basename(path)[:-len(".txt")]
                   for path in glob.glob(path_of(SCRIPTS, "*.txt")))
    return {name: head(name) for name in names}


def bugs():
    """Returns the planted bugs, rows of bugs.json."""
    return json.loads(read(BUGS, "bugs.json"))["bugs"]


def laws():
    return re.findall(r"^  X\((\w+), \"", read(LAWS), re.M)


def short(entry, name):
    """Returns a name without its entry in front."""
    prefix = entry + "-"
    return name[len(prefix):] if name.lower().startswith(prefix.lower()) else name


def unique(words):
    return list(dict.fromkeys(words))


def rows():
    """Yields (entry, what it is, laws, scripts, targets, bugs) for each entry."""
    heads, planted = scripts(), bugs()
    for entry, what in ENTRIES.items():
        own = {name: found for name, found in heads.items() if entry_of(name) == entry}
        named = unique(law for found in own.values() for text in found.get("law", [])
                       for law in text.split())
        yield (entry, what, named, [short(entry, name) for name in own],
               unique(text for found in own.values() for text in found.get("target", [])),
               [short(entry, bug["id"]) for bug in planted if bug["entry"] == entry])


def table():
    """Returns the map as lines of Markdown."""
    lines = ["| entry | attack | laws | scripts | targets | planted bugs |",
             "|---|---|---|---|---|---|"]
    for entry, what, *cells in rows():
        lines.append("| %s | %s | %s |" % (entry, what, " | ".join(
            ", ".join(cell) for cell in cells)))
    return lines


def written():
    """Returns the document's lines: before the map, the map, after it."""
    lines = read(DOCUMENT).split("\n")
    begin, end = lines.index(BEGIN), lines.index(END)
    return lines[:begin + 1], lines[begin + 1:end], lines[end:]


def main():
    if sys.argv[1:] == ["--say"]:
        print("\n".join(table()))
        return
    before, _, after = written()
    with open(path_of(DOCUMENT), "w", encoding="utf-8") as file:
        file.write("\n".join(before + [""] + table() + [""] + after))


if __name__ == "__main__":
    main()
