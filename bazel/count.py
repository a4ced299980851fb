#!/usr/bin/python3
"""Counts single test cases in what Bazel reported of its runs.

    count.py one BASE       prints what failed in one run, then a line of counts
    count.py all BASE...    prints `N passed, N failed` over runs; status 1 unless
                            something passed and nothing failed

A run is BASE.json (Bazel's build events), BASE.log (what Bazel printed) and
BASE.status (its exit status). A test's cases are those that cmocka reports, or the
`N passed, N failed` at the end of its log; any other test counts as one.
"""

import json
import os
import re
import sys
import urllib.parse

CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test\(s\)\.", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] \S+: (\d+) test\(s\), listed", re.M)
CMOCKA_OK = re.compile(r"^\[       OK \] ", re.M)
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
# What of a failed test's log is not shown: the cases that passed. Of the rest, the
# end.
PASSED_LINE = re.compile(r"^(?:\[ RUN      \]|\[       OK \]|ok |exec \$\{PAGER).*\n", re.M)
SHOWN = 8000


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def cases(log, good):
    """Returns how many cases of one test passed and failed."""
    totals = TOTALS.findall(log)
    if totals:
        passed, failed = (int(number) for number in totals[-1])
    else:
        passed = sum(int(number) for number in CMOCKA_PASSED.findall(log))
        failed = sum(int(number) for number in CMOCKA_FAILED.findall(log))
        if not passed and not failed:
            # No totals: no cmocka, or it was ended midway.
            passed = len(CMOCKA_OK.findall(log))
    if good and not passed and not failed:
        passed = 1
    if not good and not failed:
        failed = 1
    return passed, failed


class Run:
    """One run of Bazel's."""

    def __init__(self, base):
        self.name = os.path.basename(base)
        self.printed = read(base + ".log")
        self.status = int(read(base + ".status"))
        self.tests = {}
        self.broken = []
        if os.path.exists(base + ".json"):
            for line in read(base + ".json").splitlines():
                self.event(json.loads(line))
        self.passed = self.failed = 0
        for _, log, good in self.tests.values():
            passed, failed = cases(log, good)
            self.passed += passed
            self.failed += failed
        self.failed += len(self.broken)
        # Bazel failed for a reason that no event names.
        if self.status != 0 and not self.failed:
            self.broken.append("Bazel itself")
            self.failed = 1

    def event(self, event):
        key = event.get("id", {})
        if "testResult" in key:
            result = event["testResult"]
            label = key["testResult"]["label"]
            log = ""
            for output in result.get("testActionOutput", []):
                if output["name"] == "test.log":
                    log = read(urllib.parse.unquote(
                        urllib.parse.urlparse(output["uri"]).path))
            # A later attempt replaces an earlier one.
            self.tests[label, key["testResult"].get("shard")] = (
                label, log, result["status"] == "PASSED")
        elif "targetCompleted" in key:
            if not event.get("completed", {}).get("success"):
                self.breaks(key["targetCompleted"]["label"])
        elif "pattern" in key and "aborted" in event:
            self.breaks(" ".join(key["pattern"]["pattern"]))

    def breaks(self, label):
        if label not in self.broken:
            self.broken.append(label)

    def show(self):
        if self.broken:
            print(self.printed.strip())
        for label, log, good in self.tests.values():
            if not good:
                print("==== %s (%s)" % (label, self.name))
                print(PASSED_LINE.sub("", log)[-SHOWN:].strip())
        for label in self.broken:
            print("==== %s (%s): did not build" % (label, self.name))
        print("%s: %d passed, %d failed, in %d programs" % (
            self.name, self.passed, self.failed, len(self.tests)))


def main():
    what, *bases = sys.argv[1:]
    runs = [Run(base) for base in bases]
    if what == "one":
        runs[0].show()
        return 0
    passed = sum(run.passed for run in runs)
    failed = sum(run.failed for run in runs)
    # A run without a test is no run.
    failed += sum(1 for run in runs if not run.tests and not run.failed)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
