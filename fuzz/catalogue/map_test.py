#!/usr/bin/python3
"""Tests that the map of docs/THREAT_MODEL.md is whole and true: no cell is empty, what it
names is there, and it is what map.py would write."""

import ast
import os
import re
import sys

sys.path.insert(0, "fuzz/catalogue")
import map as attacks  # pylint: disable=wrong-import-position

attacks.ROOT = os.getcwd()


def targets():
    tree = ast.parse(attacks.read("fuzz/targets.bzl"))
    return next(ast.literal_eval(node.value) for node in tree.body
                if isinstance(node, ast.Assign) and node.targets[0].id == "TARGETS")


def played():
    """Returns the targets on which fuzz/catalogue/BUILD has scripts played."""
    text = attacks.read("fuzz/catalogue/BUILD")
    return ast.literal_eval(re.search(r"^PLAYED = (\{.*?^\})", text, re.M | re.S).group(1))


def check_cells():
    for entry, *cells in attacks.rows():
        for name, cell in zip(["name", "laws", "scripts", "targets", "planted bugs"], cells):
            if not cell:
                yield "%s has no %s" % (entry, name)


def check_heads():
    laws, rows = attacks.laws(), played()
    for name, found in attacks.scripts().items():
        if attacks.entry_of(name) not in attacks.ENTRIES:
            yield "%s is of no entry" % name
        if found.get("entry") != [attacks.entry_of(name)]:
            yield "%s does not say once of which entry it is" % name
        for word in attacks.ONCE:
            if not found.get(word):
                yield "%s has no %s" % (name, word)
        for line in found.get("unknown", []):
            yield "%s: what is %s?" % (name, line)
        if len(found.get("law", [])) != 1 or len(found.get("target", [])) != 1:
            yield "%s names its laws or its target on more than one line" % name
        for law in " ".join(found.get("law", [])).split():
            if law not in laws:
                yield "%s names %s, which is no law" % (name, law)
        for target in found.get("target", []):
            if target not in rows:
                yield "%s is for %s, where nothing is played" % (name, target)


def check_targets():
    used = {target for found in attacks.scripts().values() for target in found["target"]}
    for target, tls in played().items():
        if target not in targets():
            yield "%s is no target" % target
        elif bool(targets()[target].get("tls")) != tls:
            yield "%s has real TLS, or has not" % target
        if target not in used:
            yield "%s has no script" % target


def check_bugs():
    names = targets()
    for bug in attacks.bugs():
        if bug["entry"] in attacks.ENTRIES:
            if not os.path.exists(attacks.path_of(attacks.BUGS, bug["patch"])):
                yield "%s has no patch" % bug["id"]
            if not bug["targets"] or not set(bug["targets"]) <= set(names):
                yield "%s names no target, or one that is not there" % bug["id"]
        elif bug["entry"].split("-")[0] in ("SIT", "RIT", "TLS", "DWN"):
            yield "%s is of %s, which is no entry" % (bug["id"], bug["entry"])


def check_document():
    _, have, _ = attacks.written()
    want = [""] + attacks.table() + [""]
    if have != want:
        yield "%s does not have the map of now: run fuzz/catalogue/map.py" % attacks.DOCUMENT
        for line in [line for line in want if line not in have][:5]:
            yield "  missing: %s" % line
    for entry in attacks.ENTRIES:
        if sum(line.startswith("| %s |" % entry) for line in have) != 1:
            yield "%s is not once in the map" % entry


def main():
    failed = 0
    checks = [check_cells, check_heads, check_targets, check_bugs, check_document]
    for check in checks:
        problems = list(check())
        failed += bool(problems)
        for problem in problems:
            print(problem)
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
