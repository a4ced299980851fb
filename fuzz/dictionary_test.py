#!/usr/bin/python3
"""Tests the dictionaries: what both engines read, and whether a keyword is missing.

    dictionary_test.py DICTIONARY...

It runs from the root of the tree. Which kind a dictionary is of stands in its first
line, `# smtpcore dictionary: KIND`, or else its name begins with the kind, or with the
name of a target of fuzz/targets.bzl. Keywords are read from the lists of
core/include/smtpcore/registry.h, not from the program that prints the dictionaries.
"""

import ast
import os
import re
import sys
import unittest

REGISTRY = "core/include/smtpcore/registry.h"
TARGETS = "fuzz/targets.bzl"
HEAD = "# smtpcore dictionary: "
KINDS = ["commands", "replies", "content", "tokens", "script", "tls_script", "tls"]
VALUE_MAX = 128

# Which lists of the registry a kind needs. Content has no keyword of the registry.
NEEDS = {
    "commands": ["VERB", "ATTRIBUTE", "FOREIGN", "PARAM", "MECHANISM"],
    "replies": ["EXTENSION", "MECHANISM", "CODE", "ENHANCED"],
    "content": [],
    "tokens": ["ATTRIBUTE", "PARAM", "MECHANISM"],
    "script": ["VERB", "ATTRIBUTE", "FOREIGN", "EXTENSION", "PARAM", "MECHANISM", "CODE",
               "ENHANCED"],
    "tls": [],
}
NEEDS["tls_script"] = NEEDS["script"]
# How many there are at least: a pattern that finds nothing is a broken test.
LEAST = {"VERB": 25, "ATTRIBUTE": 10, "FOREIGN": 10, "EXTENSION": 32, "PARAM": 20,
         "MECHANISM": 40, "CODE": 15, "ENHANCED": 20}


def rows_of(text, name):
    """Returns the rows of an X-macro list: what stands between the parentheses."""
    begin = re.search(r"^#define SMTPC_%s_LIST\(X\)(.*?[^\\])$" % name, text,
                      re.MULTILINE | re.DOTALL)
    if not begin:
        return []
    body = begin.group(1).replace("\\\n", " ")
    return re.findall(r"\bX\(((?:[^()\"]|\"[^\"]*\")*)\)", body)


def strings_of(row):
    return re.findall(r"\"([^\"]*)\"", row)


def keywords(text):
    """Returns a dict: name of a list, the set of its keywords."""
    found = {}
    for name in ["VERB", "ATTRIBUTE", "FOREIGN", "EXTENSION", "PARAM", "MECHANISM"]:
        found[name] = {strings_of(row)[0] for row in rows_of(text, name)}
    found["CODE"] = set()
    found["ENHANCED"] = set()
    for row in rows_of(text, "REPLY"):
        code, *enhanced = [word.strip() for word in row.split(",")[1:5]]
        found["CODE"].add(code)
        if enhanced[0] != "0":
            found["ENHANCED"].add(".".join(enhanced))
    return found


# What the registries of TLS say, by RFC 8446 sections 5.1, 6 and 4 and RFC 5246 section 7:
# the dictionaries come from a list of their own (fuzz/harness/tls_numbers.h).
CONTENTS = [20, 21, 22, 23]
VERSIONS = [0x300, 0x301, 0x302, 0x303, 0x304]
ALERTS = [0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80,
          86, 90, 100, 109, 110, 111, 112, 113, 114, 115, 116, 120]
MESSAGES = [0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 24, 254]
EXTENSIONS = [0, 1, 5, 10, 13, 14, 15, 16, 18, 21, 41, 42, 43, 44, 45, 47, 49, 50, 51, 0xff01]
SUITES = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff, 0x5600]
GROUPS = [0x17, 0x18, 0x19, 0x1d]


def big(*parts):
    """Returns octets: each part is (number, width), the greatest octet first."""
    return b"".join(number.to_bytes(width, "big") for number, width in parts)


def tls_values():
    """Returns what a dictionary of TLS must have: a list of (what, octets)."""
    need = [("head", big((kind, 1), (version, 2))) for kind in CONTENTS for version in VERSIONS]
    need += [("alert", big((21, 1), (0x303, 2), (2, 2), (level, 1), (alert, 1)))
             for alert in ALERTS for level in (1, 2)]
    need += [("message", big((message, 1), (0, 3))) for message in MESSAGES]
    need += [(what, big((number, 2)))
             for what, numbers in [("extension", EXTENSIONS), ("suite", SUITES),
                                   ("group", GROUPS)] for number in numbers]
    return need + [("protocol", b"\x04smtp"), ("word", b"STARTTLS\r\n"),
                   ("word", b"EHLO a.example\r\n"), ("word", b"220 ready\r\n")]


# Tags and fields of fuzz/harness/script.h that are for real TLS alone.
TLS_TAGS = {"tls-set": 40, "raw": 41, "mangle": 42, "pass": 43, "notify": 44, "alert": 45,
            "key-update": 46, "renegotiate": 47, "splice": 70}
TLS_FIELDS = range(1, 15)


def records(entries):
    """Returns the values that are a record of a script: a list of (tag, payload)."""
    return [(value[0], value[3:]) for name, value in entries if name.startswith("record_")
            and len(value) >= 3 and len(value) - 3 == int.from_bytes(value[1:3], "big")]


def missing_of_tls(kind, entries):
    """Returns what a kind needs of TLS and has not."""
    if kind == "tls":
        values = {value for _, value in entries}
        return ["%s %s" % (what, octets.hex()) for what, octets in tls_values()
                if octets not in values]
    if kind == "tls_script":
        have = records(entries)
        tags = {tag for tag, _ in have}
        fields = {payload[0] for tag, payload in have if tag == TLS_TAGS["tls-set"]}
        alerts = {payload[:1] or b"\0" for tag, payload in have if tag == TLS_TAGS["alert"]}
        return (["record " + word for word, tag in TLS_TAGS.items() if tag not in tags] +
                ["field %d" % field for field in TLS_FIELDS if field not in fields] +
                ["alert %d" % alert for alert in ALERTS if bytes([alert]) not in alerts])
    return []


def value_of(quoted):
    """Returns the octets of a quoted value, by the rules that both engines share, or
    None."""
    out = bytearray()
    at = 0
    while at < len(quoted):
        octet = quoted[at]
        if octet == 0x5c:
            rest = quoted[at + 1:]
            if rest[:1] in (b"\\", b'"'):
                out += rest[:1]
                at += 2
            elif re.match(rb"x[0-9A-Fa-f]{2}", rest):
                out.append(int(rest[1:3], 16))
                at += 4
            else:
                return None
        elif octet == 0x22 or not 0x20 <= octet < 0x7f:
            return None
        else:
            out.append(octet)
            at += 1
    return bytes(out)


def parse(data):
    """Returns (list of (name, value), list of faults)."""
    entries = []
    faults = []
    if data and not data.endswith(b"\n"):
        faults.append("the last line has no end")
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line or line.startswith(b"#"):
            continue
        match = re.fullmatch(rb"([A-Za-z0-9_]+)=\"(.*)\"", line)
        value = value_of(match.group(2)) if match else None
        if value is None:
            faults.append("line %d breaks the syntax" % number)
        elif not 1 <= len(value) <= VALUE_MAX:
            faults.append("line %d: a value of %d octets" % (number, len(value)))
        else:
            entries.append((match.group(1).decode(), value))
    return entries, faults


def kind_of(path, data):
    first = data.split(b"\n", 1)[0].decode("ascii", "replace")
    if first.startswith(HEAD):
        return first[len(HEAD):]
    name = re.split(r"[-.]", os.path.basename(path))[0]
    if name in KINDS:
        return name
    with open(TARGETS, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "TARGETS":
            return ast.literal_eval(node.value).get(name, {}).get("kind", "")
    return ""


def missing(kind, entries, words):
    """Returns the keywords that a kind needs and that are no value by themselves."""
    values = {value for _, value in entries}
    bare = {value.strip(b" ").rstrip(b"=-").decode("latin-1") for value in values}
    return sorted("%s %s" % (name, word) for name in NEEDS[kind]
                  for word in words[name] if word not in bare)


class Dictionaries(unittest.TestCase):
    paths = []

    def setUp(self):
        with open(REGISTRY, encoding="utf-8") as file:
            self.words = keywords(file.read())

    def each(self):
        for path in self.paths:
            with open(path, "rb") as file:
                yield path, file.read()

    def test_lists_are_found(self):
        for name, least in LEAST.items():
            self.assertGreaterEqual(len(self.words[name]), least, name)

    def test_there_are_dictionaries(self):
        self.assertTrue(self.paths, "name dictionaries as arguments")

    def test_syntax(self):
        for path, data in self.each():
            with self.subTest(path=path):
                entries, faults = parse(data)
                self.assertEqual(faults, [])
                self.assertTrue(entries, "an empty dictionary")

    def test_nothing_comes_twice(self):
        for path, data in self.each():
            with self.subTest(path=path):
                entries, _ = parse(data)
                for i, what in enumerate(["name", "value"]):
                    have = [entry[i] for entry in entries]
                    twice = sorted({one for one in have if have.count(one) > 1})
                    self.assertEqual(twice, [], what)

    def test_no_keyword_is_missing(self):
        for path, data in self.each():
            with self.subTest(path=path):
                kind = kind_of(path, data)
                self.assertIn(kind, NEEDS, "of what kind is %s?" % path)
                entries = parse(data)[0]
                self.assertEqual(missing(kind, entries, self.words), [])
                self.assertEqual(missing_of_tls(kind, entries), [])

    def test_records_of_scripts_are_whole(self):
        for path, data in self.each():
            entries = parse(data)[0]
            with self.subTest(path=path):
                named = [name for name, _ in entries if name.startswith("record_")]
                self.assertEqual(len(records(entries)), len(named))
                if not kind_of(path, data).startswith("tls"):
                    self.assertEqual([tag for tag, _ in records(entries)
                                      if tag in TLS_TAGS.values()], [])

    def test_records_of_tls_are_framed(self):
        for path, data in self.each():
            if kind_of(path, data) != "tls":
                continue
            for name, value in parse(data)[0]:
                # What is only the beginning of a record says so by its name.
                if re.match(r"(empty|one|warning|fatal|message_record|line_data)_", name):
                    with self.subTest(path=path, name=name):
                        self.assertEqual(int.from_bytes(value[3:5], "big"), len(value) - 5)

    def test_faults_are_seen(self):
        for line in [b'a="\\n"', b'a="\xff"', b'a="b""', b'a=""', b"a=b", b'a b="c"',
                     b'="a"', b'a="\\x1"', b'a="' + b"x" * 129 + b'"', b'a="\x7f"']:
            with self.subTest(line=line):
                self.assertEqual(len(parse(line + b"\n")[1]), 1)
        self.assertEqual(parse(b'a="\\x00\\\\\\"="\n'), ([("a", b'\0\\"=')], []))

    def test_a_missing_keyword_is_seen(self):
        for path, data in self.each():
            with self.subTest(path=path):
                entries, _ = parse(data)
                for name in NEEDS.get(kind_of("", data), []):
                    word = sorted(self.words[name])[0]
                    fewer = [entry for entry in entries if entry[1].strip(b" ").rstrip(b"=-")
                             != word.encode()]
                    self.assertIn("%s %s" % (name, word),
                                  missing(kind_of("", data), fewer, self.words))

    def test_a_missing_number_of_tls_is_seen(self):
        need = [("x", octets) for _, octets in tls_values()]
        self.assertEqual(missing_of_tls("tls", need), [])
        for i, (_, octets) in enumerate(need):
            if octets not in [other for _, other in need[:i] + need[i + 1:]]:
                self.assertEqual(len(missing_of_tls("tls", need[:i] + need[i + 1:])), 1)
        self.assertEqual(len(missing_of_tls("tls_script", [])),
                         len(TLS_TAGS) + len(TLS_FIELDS) + len(ALERTS))


if __name__ == "__main__":
    Dictionaries.paths = [path for path in sys.argv[1:] if not path.startswith("-")]
    unittest.main(argv=sys.argv[:1] + [w for w in sys.argv[1:] if w.startswith("-")])
