#!/usr/bin/python3
"""The library's symbols are those of symbols.txt, each declared in a public header, and
those that its files share among themselves, each declared in a core/*_parts.h. Nothing
else is visible from outside. --learn writes symbols.txt anew: say so in CHANGES.md."""

import concurrent.futures
import glob
import re
import subprocess
import sys
import tempfile

LIST = "core/symbols.txt"
SOURCES = sorted(set(glob.glob("core/*.c")) - set(glob.glob("core/*test*.c")))


def run(*words):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout


def declared(paths):
    """Returns the functions that headers declare, `static inline` ones left out."""
    found = set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"//[^\n]*", "", file.read())
        text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*$", "", text, flags=re.M)
        text = re.sub(r"static inline[^{;]*\{.*?\n\}", "", text, flags=re.S)
        found |= set(re.findall(r"\b(smtpc_\w+)\s*\([^;{}]*\)\s*;", text))
    return found


def symbols_of(folder, source):
    """Returns what one source defines for others to see."""
    out = "%s/%s.o" % (folder, source.replace("/", "_"))
    run("gcc", "-std=c11", "-Icore/include", "-I.", "-c", source, "-o", out)
    return {line.split()[0] for line in run("nm", "-P", "-g", "--defined-only",
                                            out).splitlines()}


def defined():
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return set().union(*pool.map(lambda path: symbols_of(folder, path), SOURCES))


def listed():
    with open(LIST, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if line and line[0] != "#"]


def differences(have, public, internal, names):
    """Yields what is wrong, as sentences."""
    for name in sorted(have - set(names) - internal):
        yield "%s is visible, and neither in %s nor in a core/*_parts.h" % (name, LIST)
    for name in sorted(set(names) - have):
        yield "%s is in %s, and not there" % (name, LIST)
    for name in sorted(set(names) - public):
        yield "%s is in %s, and in no public header" % (name, LIST)
    for name in sorted(public - set(names)):
        yield "%s is in a public header, and not in %s" % (name, LIST)
    for name in sorted(public & internal):
        yield "%s is both public and internal" % name
    if names != sorted(set(names)):
        yield "%s is not sorted" % LIST


# Faults that `differences` must see, each by one sentence.
PLANTED = [
    (({"a", "b"}, {"a"}, set(), ["a"]), "visible"),
    (({"a"}, {"a", "b"}, set(), ["a", "b"]), "not there"),
    (({"a", "b"}, {"a"}, set(), ["a", "b"]), "in no public header"),
    (({"a"}, {"a", "b"}, set(), ["a"]), "and not in"),
    (({"a"}, {"a"}, {"a"}, ["a"]), "both"),
    (({"a", "b"}, {"a", "b"}, set(), ["b", "a"]), "sorted"),
]


def main():
    have = defined()
    # What tls.h calls smtpc_tls_ is defined by a TLS shim.
    headers = set(glob.glob("core/include/**/*.h", recursive=True))
    shims = {name for name in declared(["core/include/smtpcore/tls.h"])
             if name.startswith("smtpc_tls_")}
    public = declared(headers) - shims
    internal = declared(glob.glob("core/*_parts.h"))
    if "--learn" in sys.argv:
        with open(LIST, "w", encoding="utf-8") as file:
            file.write("# The public symbols of the core, written by symbols_test.py.\n")
            file.write("\n".join(sorted(public & have)) + "\n")
    cases = [("the library", list(differences(have, public, internal, listed())))]
    for arguments, word in PLANTED:
        told = list(differences(*arguments))
        good = len(told) == 1 and word in told[0]
        cases.append(("planted: " + word, [] if good else ["it told %s" % told]))
    if len(have) < 50:
        cases.append(("enough", ["only %d symbols" % len(have)]))
    failed = sum(bool(problems) for _, problems in cases)
    for label, problems in cases:
        print("%s %s" % ("FAILED" if problems else "ok", label))
        for problem in problems:
            print("  " + problem)
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
