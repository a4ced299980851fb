"""The planted bugs as data: which there are, what each patch makes of the core, what one
run against a bug says. The bench (fuzz/tools/bench.py) and the test (fuzz/bugs_test.py)
use it."""

import json
import os
import re
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "fuzz/tools"))
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

FOLDER = os.path.join(ROOT, "fuzz/bugs")
# What may end a run that is no law: sanitizers, and the clock.
CLOCK = "timeout"
OTHERS = ["AddressSanitizer", "UndefinedBehaviorSanitizer", CLOCK]
HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


class Failure(Exception):
    """What is wrong with a bug, as a sentence."""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def load():
    """Returns bugs.json: (a list of bugs, the laws that no bug can break, with why)."""
    with open(os.path.join(FOLDER, "bugs.json"), encoding="utf-8") as file:
        data = json.load(file)
    return data["bugs"], data["no_bug"]


def laws():
    """Returns the names of the laws, from fuzz/harness/law.h."""
    return re.findall(r"^  X\((\w+), \"", read(os.path.join(ROOT, "fuzz/harness/law.h")), re.M)


def chapter(bug):
    """Returns the chapter of a bug, "SIT" and so on."""
    return bug["entry"].split("-")[0]


# ---------------------------------------------------------------------- patches


def hunks_of(patch):
    """Yields (path, line, old lines, new lines) of a unified diff."""
    path, at, old, new = None, 0, [], []
    for line in patch.splitlines():
        start = HUNK.match(line)
        if start or line.startswith("--- "):
            if old or new:
                yield path, at, old, new
            old, new = [], []
        if start:
            at = int(start.group(1))
        elif line.startswith("+++ "):
            path = line[len("+++ b/"):]
        elif not line.startswith("--- "):
            old += [line[1:]] if line[:1] in (" ", "-", "") else []
            new += [line[1:]] if line[:1] in (" ", "+", "") else []
    if old or new:
        yield path, at, old, new


def place_of(lines, old, guess):
    """Returns where `old` stands in `lines`: at `guess`, else where it stands alone."""
    if lines[guess:guess + len(old)] == old:
        return guess
    found = [i for i in range(len(lines) - len(old) + 1) if lines[i:i + len(old)] == old]
    return found[0] if len(found) == 1 else None


def overlay(bug):
    """Returns {path: text} with the bug in. Raises Failure when its patch does not fit."""
    texts, drift = {}, {}
    for path, line, old, new in hunks_of(read(os.path.join(FOLDER, bug["patch"]))):
        if path not in texts:
            texts[path] = read(os.path.join(ROOT, path)).split("\n")
            drift[path] = 0
        at = place_of(texts[path], old, line - 1 + drift[path])
        if at is None:
            raise Failure("%s does not fit %s at line %d" % (bug["patch"], path, line))
        texts[path][at:at + len(old)] = new
        drift[path] = at - (line - 1) + len(new) - len(old)
    if not texts:
        raise Failure("%s changes nothing" % bug["patch"])
    return {path: "\n".join(lines) for path, lines in texts.items()}


# ----------------------------------------------------------------------- counts


def counts(path):
    """Returns (reached, triggered) of a file of counts; without one, zeros."""
    try:
        with open(path, "rb") as file:
            return struct.unpack("=2Q", file.read(16))
    except (OSError, struct.error):
        return 0, 0


def environment(counts_file):
    """Returns what the environment of a run needs beside what engines.py sets."""
    return {"SMTPCORE_BUG_FILE": counts_file}


# ---------------------------------------------------------------------- replays


def inputs(target):
    """Returns the target's committed seeds, for a replay: folders are walked as a whole."""
    found = []
    for path in make.corpus(target):
        path = path.rstrip("/")
        if os.path.dirname(path) not in found:
            found.append(path)
    return found


def files_without(target, left_out):
    """Returns the files of a target's seeds, but for some."""
    found = []
    for path in inputs(target):
        inside = [os.path.join(folder, name) for folder, _, names in os.walk(path)
                  for name in names]
        found += [path] if os.path.isfile(path) else sorted(inside)
    return [path for path in found if path not in left_out]


def replay(target, change, counts_file, seconds, left_out=()):
    """Replays the seeds of a target but for `left_out`. Returns (law or None, sentence,
    input): which oracle, sanitizer or clock ended it, what it said, and where."""
    binary = make.build(target, "replay", change)
    paths = files_without(target, left_out) if left_out else inputs(target)
    env = engines.plain_environment(environment(counts_file) if counts_file else {})
    try:
        done = subprocess.run([binary] + paths, check=False, env=env,
                              text=True, errors="replace", timeout=seconds, cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return CLOCK, "no end within %d s" % seconds, ""
    law, what = engines.verdict(done.stdout)
    if law is None and done.returncode != 0:
        law, what = "crash", "exit status %d: %s" % (done.returncode, done.stdout[-300:])
    seed = re.search(r"^replay: input: (.*)$", done.stdout, re.M)
    where = seed.group(1) if seed else ""
    return law, what + (" [%s]" % os.path.basename(where) if where else ""), where
