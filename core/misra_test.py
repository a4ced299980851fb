#!/usr/bin/python3
"""The core has no more deviations from MISRA C:2012 than docs/MISRA.md lists, by cppcheck's
addon: no rule that is not in its table, none more often than it says, and none there that
is not found. First the check must find what is planted. What looks at several files at once
(rules 2.3 to 2.5, 5.5 to 5.9, 8.3 to 8.7) is not looked at."""

import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PAGE = "docs/MISRA.md"
ROW = re.compile(r"^\| (\d+\.\d+) \| (mandatory|required|advisory) \| (\d+) \| ([^|]+) \|$", re.M)
OPTIONS = ["--std=c11", "--language=c", "-I.", "-Icore/include", "-USMTPC_CONFIG_FILE",
           "-U__cplusplus", "-D__GNUC__=12", "--max-configs=1", "--quiet", "--dump"]
PLANTED = {
    "15.1": "int f(int x);\nint f(int x) { if (x > 3) { goto end; } x++;\nend: return x; }\n",
    "17.2": "int f(int x);\nint f(int x) { return (x > 3) ? f(x - 1) : x; }\n",
    "21.3": "#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(3u); }\n",
}


def addon():
    found = glob.glob("/usr/lib/*/cppcheck/addons/misra.py")
    if not found:
        raise OSError("cppcheck has no addon misra.py")
    return found[0]


def rules_of(path, folder):
    """Returns [(rule, file, line)] of one source in `folder`."""
    done = subprocess.run(["cppcheck"] + OPTIONS + [path], cwd=folder, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    if done.returncode != 0:
        raise OSError("cppcheck: " + done.stdout[-500:])
    done = subprocess.run([sys.executable, addon(), "--cli", path + ".dump"], cwd=folder,
                          check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)
    found = []
    for line in done.stdout.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rule = re.search(r"(\d+\.\d+)$", str(row.get("errorId", "")))
        if rule and row.get("errorId", "").startswith("c2012"):
            found.append((rule.group(1), row["file"], row["linenr"]))
    if done.returncode != 0:
        raise OSError("the addon: " + done.stdout[-500:])
    return found


def counts():
    """Returns how often each rule is broken in the core, and where last."""
    sources = sorted(set(glob.glob("core/*.c")) - set(glob.glob("core/*test*.c")))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree("core", os.path.join(folder, "core"))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            places = set().union(*pool.map(lambda path: rules_of(path, folder), sources))
    return collections.Counter(rule for rule, _, _ in places), {rule: (file, line) for rule, file,
                                                                 line in places}


def planted(rule, source):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "planted.c"), "w", encoding="utf-8") as file:
            file.write(source)
        return rule in [found for found, _, _ in rules_of("planted.c", folder)]


def main():
    with open(PAGE, encoding="utf-8") as file:
        listed = {rule: int(count) for rule, _, count, _ in ROW.findall(file.read())}
    found, where = counts()
    problems = []
    for rule, source in PLANTED.items():
        if not planted(rule, source):
            problems.append("rule %s was planted, and is not found" % rule)
    for rule in sorted(set(found) | set(listed)):
        if found[rule] > listed.get(rule, 0):
            problems.append("rule %s: found %d times, listed %d; one is %s:%s" %
                            ((rule, found[rule], listed.get(rule, 0)) + where[rule]))
        elif found[rule] == 0:
            problems.append("rule %s is listed, and not broken" % rule)
    if "--counts" in sys.argv[1:]:
        print("\n".join("%s %d" % row for row in sorted(found.items())))
    total = len(PLANTED) + len(set(found) | set(listed))
    print("\n".join(problems + ["%d passed, %d failed" % (total - len(problems), len(problems))]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
