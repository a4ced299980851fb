#!/usr/bin/python3
"""Each option of --help is in its manual page, and the other way round.

    man_test.py --smtpcore PATH --man FOLDER

Before it looks at the pages it looks whether it would notice.
"""

import argparse
import os
import re
import subprocess
import sys

COMMANDS = ("receive", "send", "certificate", "account", "policy")


def in_help(text):
    """The options that a --help prints."""
    return set(re.findall(r"(?m)^ +(?:-\S, )?--([a-z0-9-]+)", text))


def in_page(text):
    """The options that head an item of a manual page."""
    found = set()
    for line in re.findall(r"(?m)^\.It Fl (.*)$", text):
        found |= set(re.findall(r"\\-([a-z0-9-]+)", line))
    return found


def differences(name, help_text, page_text):
    shown, described = in_help(help_text), in_page(page_text)
    for option in sorted(shown - described):
        yield "%s: --%s is in --help and not in the page" % (name, option)
    for option in sorted(described - shown):
        yield "%s: --%s is in the page and not in --help" % (name, option)
    if len(shown) < 2:
        yield "%s: --help prints %d options" % (name, len(shown))


def self_test():
    page = ".It Fl \\-one Ar X\n.It Fl \\-help , \\-usage\n"
    shown = "      --one=X    what\n  -?, --help\n      --usage\n"
    assert not list(differences("same", shown, page))
    more = shown + "      --two    what\n"
    assert len(list(differences("help has more", more, page))) == 1
    assert len(list(differences("page has more", shown,
                                page + ".It Fl \\-three\n"))) == 1


def run(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True,
                          encoding="utf-8", check=True,
                          env={**os.environ, "ARGP_HELP_FMT": ""})
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtpcore", required=True)
    parser.add_argument("--man", required=True)
    options = parser.parse_args()
    self_test()
    wrong = []
    for command in COMMANDS:
        path = os.path.join(options.man, "smtpcore-%s.1" % command)
        with open(path, encoding="utf-8") as page:
            wrong += differences(command, run(options.smtpcore, command),
                                 page.read())
    with open(os.path.join(options.man, "smtpcore.1"), encoding="utf-8") as page:
        text = page.read()
    wrong += differences("smtpcore", run(options.smtpcore), text)
    wrong += ["smtpcore.1: no word of " + command for command in COMMANDS
              if ".It Cm %s\n" % command not in text]
    print("\n".join(wrong) or "each option is in its page")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
