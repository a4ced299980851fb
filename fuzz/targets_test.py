#!/usr/bin/python3
"""What must hold of the targets as files: none is forgotten, each has seeds and oracles,
corpora stay small, and nothing that is for fuzzing alone is in what ships."""

import glob
import os
import re
import sys

sys.path.insert(0, "fuzz/tools")
import make  # pylint: disable=wrong-import-position

FILES_MAX = 2000
OCTETS_MAX = 2 << 20
# One oracle for so many lines of a target's code, or more.
LINES_FOR_AN_ORACLE = 20
# Folders of corpus/ that belong to more than one target.
NO_TARGETS = {"catalogue", "regress"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_listed():
    files = {os.path.basename(path)[:-2] for path in glob.glob("fuzz/targets/*.c")}
    listed = set(make.targets())
    sources = {os.path.basename(make.source_of(name))[:-2] for name in listed}
    for name in sorted(files ^ sources):
        yield "%s is a file of fuzz/targets/ or a row of targets.bzl, but not both" % name
    folders = {name for name in os.listdir("corpus") if os.path.isdir("corpus/" + name)}
    for name in sorted((folders - NO_TARGETS) ^ listed):
        yield "%s is a folder of corpus/ or a target, but not both" % name


def check_source(name):
    path = make.source_of(name)
    facts = make.targets()[name]
    text = read(path)
    if not text.startswith("// "):
        yield "%s does not begin with its property" % path
    if "FUZZ_KIND_" + facts["kind"].upper() not in text:
        yield "%s is not of the kind %s, as targets.bzl says" % (path, facts["kind"])
    code = [line for line in text.splitlines()
            if line.strip() and not line.strip().startswith("//")]
    oracles = len(re.findall(r"\bFUZZ_MUST\(", text))
    # A target of scripts has its oracles in its world, one of TLS in its sides too.
    elsewhere = facts["kind"] == "script" or facts.get("tls")
    if not elsewhere and oracles * LINES_FOR_AN_ORACLE < len(code):
        yield "%s has %d oracles in %d lines" % (path, oracles, len(code))


def check_corpus(name):
    paths = [path for path in glob.glob("corpus/%s/**" % name, recursive=True)
             if os.path.isfile(path)]
    octets = sum(os.path.getsize(path) for path in paths)
    if not paths:
        yield "corpus/%s has no seeds" % name
    if len(paths) > FILES_MAX or octets > OCTETS_MAX:
        yield "corpus/%s has %d files and %d octets" % (name, len(paths), octets)


def check_regress():
    for path in sorted(glob.glob("corpus/regress/*")):
        if os.path.basename(path).split("-")[0] not in make.targets():
            yield "%s does not begin with the name of a target" % path


def check_product():
    """Nothing that ships knows that it is fuzzed."""
    for path in sorted(glob.glob("core/**/*.[ch]", recursive=True) +
                       glob.glob("shim/**/*.[ch]", recursive=True) +
                       glob.glob("smtpcore/*.[ch]")):
        if re.search("FUZZING_BUILD_MODE|FUZZ_BUG|fuzz/", re.sub(r"//.*", "", read(path))):
            yield "%s has something that is for fuzzing alone" % path


def main():
    checks = [check_listed(), check_regress(), check_product()]
    for name in sorted(make.targets()):
        if os.path.exists(make.source_of(name)):
            checks += [check_source(name), check_corpus(name)]
    failed = 0
    for check in checks:
        problems = list(check)
        failed += bool(problems)
        for problem in problems:
            print(problem)
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
