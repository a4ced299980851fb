#!/usr/bin/python3
"""Checks dictionaries as both engines read them, and merges them.

    dictionary_check.py FILE...                 prints what is wrong
    dictionary_check.py --merge OUT FILE...     also writes all their tokens to OUT

A line is empty, a comment, or `name="token"`. A token is 1 to 128 octets (AFL++ takes no
longer one): printable ASCII, with `\\"`, `\\\\` and `\\xNN` (two hexadecimal digits).
"""

import re
import sys

LINE = re.compile(r'^(?:[A-Za-z0-9_@-]+=)?"((?:[^"\\]|\\["\\]|\\x[0-9A-Fa-f]{2})+)"$')
ESCAPE = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|(["\\]))')
TOKEN_MAX = 128


def token_of(text):
    """Returns the octets of a quoted token."""
    return ESCAPE.sub(lambda found: chr(int(found.group(1), 16)) if found.group(1)
                      else found.group(2), text).encode("latin-1")


def problem_of(line):
    """Returns what is wrong with one line that is no comment, or ''."""
    found = LINE.match(line)
    if not found:
        return "no token"
    if any(not 32 <= ord(octet) < 127 for octet in line):
        return "an octet that is not printable"
    if len(token_of(found.group(1))) > TOKEN_MAX:
        return "longer than %d octets" % TOKEN_MAX
    return ""


def read(path):
    """Returns (lines, problems, head) of one dictionary."""
    lines, problems, head = [], [], ""
    with open(path, encoding="latin-1") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if number == 1 and line.startswith("#"):
                head = line
            if not line or line.startswith("#"):
                continue
            wrong = problem_of(line)
            if wrong:
                problems.append("%s:%d: %s" % (path, number, wrong))
            else:
                lines.append(line)
    if not lines:
        problems.append("%s: no tokens" % path)
    return lines, problems, head


def main():
    paths = sys.argv[1:]
    out = None
    if paths and paths[0] == "--merge":
        out, paths = paths[1], paths[2:]
    tokens, problems, first = {}, [], ""
    for path in paths:
        lines, wrong, head = read(path)
        problems += wrong
        first = first or head
        for line in lines:
            tokens.setdefault(token_of(LINE.match(line).group(1)), line)
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    if out and not problems:
        with open(out, "w", encoding="latin-1") as file:
            file.write("\n".join([first] * bool(first) + list(tokens.values())) + "\n")
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
