#!/usr/bin/python3
"""The core needs nothing: no header but the compiler's own, no symbol from outside
but the four mem functions, no writable data. Checked with gcc and clang-19."""

import concurrent.futures
import glob
import subprocess
import sys
import tempfile

COMPILERS = ["gcc", "clang-19"]
LEVELS = ["-O0", "-O2", "-Os"]
ALLOWED = {"memcpy", "memmove", "memset", "memcmp"}


def run(*words):
    return subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def own_headers(compiler):
    """The folder of the compiler's own headers: stdint.h and its like."""
    return run(compiler, "-print-file-name=include").stdout.strip()


def compile_one(compiler, level, source, folder, headers):
    """Returns (undefined, defined, problems) of one object."""
    out = "%s/%s%s.%s.o" % (folder, compiler, level, source.replace("/", "_"))
    done = run(compiler, "-std=c11", "-ffreestanding", "-nostdinc", "-isystem",
               headers, "-Icore/include", "-I.", "-fno-stack-protector",
               "-U_FORTIFY_SOURCE", "-fno-pie", level, "-c", source, "-o", out)
    if done.returncode != 0:
        return set(), set(), [done.stdout]
    undefined, defined, problems = set(), set(), []
    for line in run("nm", "-P", out).stdout.splitlines():
        name, kind = line.split()[:2]
        if kind in "Uwv":
            undefined.add(name)
            continue
        defined.add(name)
        if kind in "DdBbCSsGg":
            problems.append("%s: writable data: %s" % (source, name))
    return undefined, defined, problems


def check(compiler, level, folder):
    sources = sorted(set(glob.glob("core/*.c")) - set(glob.glob("core/*test*.c")))
    headers = own_headers(compiler)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(
            lambda source: compile_one(compiler, level, source, folder, headers),
            sources))
    undefined = set().union(*(result[0] for result in results))
    defined = set().union(*(result[1] for result in results))
    problems = [problem for result in results for problem in result[2]]
    for name in sorted(undefined - defined - ALLOWED):
        problems.append("symbol from outside: have %s, want only %s" %
                        (name, ", ".join(sorted(ALLOWED))))
    if len(sources) < 3:
        problems.append("only %d sources found" % len(sources))
    return problems


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for compiler in COMPILERS:
            for level in LEVELS:
                problems = check(compiler, level, folder)
                failed += bool(problems)
                print("%s %s %s" % ("FAILED" if problems else "ok", compiler, level))
                for problem in problems:
                    print("  " + problem)
    print("%d passed, %d failed" % (len(COMPILERS) * len(LEVELS) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
