#!/usr/bin/python3
"""Each public header compiles alone, twice in one file, as C11 and as C++17, with gcc
and clang-19, without a warning."""

import concurrent.futures
import glob
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion",
            "-Wshadow", "-Wswitch-enum", "-Wvla", "-Werror"]
C_WARNINGS = WARNINGS + ["-Wstrict-prototypes", "-Wmissing-prototypes"]
LANGUAGES = [
    ("gcc", "c", "-std=c11", C_WARNINGS),
    ("clang-19", "c", "-std=c11", C_WARNINGS),
    ("gcc", "c++", "-std=c++17", WARNINGS),
    ("clang-19", "c++", "-std=c++17", WARNINGS),
]


def check(case):
    header, (compiler, language, standard, warnings) = case
    name = header[len("core/include/"):]
    # The last line makes the file no empty translation unit.
    text = '#include "%s"\n#include "%s"\nextern int end;\n' % (name, name)
    done = subprocess.run(
        [compiler, "-x", language, standard, *warnings, "-Icore/include",
         "-fsyntax-only", "-"],
        check=False, input=text, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    good = done.returncode == 0
    return good, "%s %s %s %s\n%s" % ("ok" if good else "FAILED", name, compiler,
                                      standard, done.stdout)


def main():
    headers = sorted(glob.glob("core/include/**/*.h", recursive=True))
    cases = [(header, language) for header in headers for language in LANGUAGES]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(check, cases))
    for _, text in results:
        print(text, end="")
    passed = sum(good for good, _ in results)
    print("%d passed, %d failed" % (passed, len(results) - passed))
    return 0 if passed and passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
