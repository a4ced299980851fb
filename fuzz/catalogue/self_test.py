#!/usr/bin/python3
"""Tests the player of the catalogue: it must not pass a script whose head says something
else than what happens.

    self_test.py TARGET=PROGRAM...

Of each script there are variants: each expectation left out, each one changed, and one
too many. Each must fail, and the script as it stands must pass.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

EXPECT = "# expect "


def variants(lines):
    """Yields (what was done, the lines of a script with another head)."""
    places = [i for i, line in enumerate(lines) if line.startswith(EXPECT)]
    for i in places:
        yield "without %d" % i, lines[:i] + lines[i + 1:]
        yield "with another %d" % i, lines[:i] + [other(lines[i])] + lines[i + 1:]
        yield "with %d twice" % i, lines[:i] + [lines[i]] + lines[i:]
    yield "with one more", lines[:1] + [EXPECT + "server finding internal"] + lines[1:]
    yield "with nothing", [line for line in lines if not line.startswith(EXPECT)]


def other(line):
    """Returns an expectation that is not what the line says."""
    number = re.search(r"(stored|delivered|login) (\d+)", line)
    if number:
        return line.replace(number.group(), "%s %d" % (number.group(1),
                                                       int(number.group(2)) + 1))
    return line + " 220"


def play(program, target, folder):
    done = subprocess.run([program, target, folder], check=False, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    last = re.search(r"^(\d+) passed, (\d+) failed$", done.stdout, re.M)
    named = set(re.findall(r"^\S*/(\S+) leads to something else", done.stdout, re.M))
    return done.returncode, tuple(map(int, last.groups())) if last else None, named


def check(target, program):
    """Yields what is wrong with the player on a target."""
    with tempfile.TemporaryDirectory() as right, tempfile.TemporaryDirectory() as wrong:
        count, names = 0, {}
        for path in sorted(glob.glob("corpus/catalogue/*.txt")):
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            if "# target " + target not in lines:
                continue
            count += 1
            base = os.path.basename(path)[:-len(".txt")]
            write(os.path.join(right, base + ".txt"), lines)
            # The program plays at most 4000 files at once; some scripts are enough.
            for number, (what, text) in enumerate(variants(lines) if count <= 20 else []):
                name = "%s-%d.txt" % (base, number)
                names[name] = what
                write(os.path.join(wrong, name), text)
        if play(program, target, right) != (0, (count, 0), set()):
            yield "%s: the catalogue does not pass as it stands" % target
        status, numbers, named = play(program, target, wrong)
        if status != 1 or numbers != (0, len(names)):
            yield "%s: of %d wrong heads %s" % (target, len(names), numbers)
        for name in sorted(set(names) - named):
            yield "%s: %s passes %s" % (target, name, names[name])


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    failed = 0
    for word in sys.argv[1:]:
        problems = list(check(*word.split("=", 1)))
        failed += bool(problems)
        for problem in problems:
            print(problem)
    print("%d passed, %d failed" % (len(sys.argv) - 1 - failed, failed))
    return 1 if failed or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
