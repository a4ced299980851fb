#!/usr/bin/python3
"""Each target under each engine, for a moment: libFuzzer, AFL++ and its cmplog binary
start, run the seeds, mutate them, and find nothing. AFL++ calls each target stable: the
same input takes the same way."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "fuzz/tools")
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

RUNS = 3000
AFL_RUNS = 600
PATIENCE = 120


def wait(run, what):
    try:
        run.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        run.stop()
        return "%s: no end within %d s" % (what, PATIENCE)
    if run.crashes():
        return "%s: %s" % (what, ", ".join(run.crashes()))
    if run.process.returncode != 0:
        return "%s: status %s\n%s" % (what, run.process.returncode,
                                      engines.read(run.log())[-1500:])
    return ""


def try_libfuzzer(target, folder, seeds):
    run = engines.LibFuzzer(target, os.path.join(folder, "libfuzzer"), seeds, PATIENCE, 1)
    run.start(words=["-runs=%d" % RUNS])
    wrong = wait(run, "libFuzzer on " + target)
    if not wrong and run.state()["executions"] < RUNS:
        wrong = "libFuzzer on %s: only %d executions" % (target, run.state()["executions"])
    return wrong


def try_afl(target, folder, seeds, role):
    run = engines.Afl(target, os.path.join(folder, "afl-" + role), seeds, PATIENCE, 1, role=role)
    run.start(words=["-E", str(AFL_RUNS)])
    wrong = wait(run, "AFL++ (%s) on %s" % (role, target))
    if not wrong and run.state()["stability"] != "100.00%":
        wrong = "AFL++ on %s: stability %s" % (target, run.state()["stability"])
    return wrong


def few(source, folder):
    """Copies some seeds: AFL++ tries each several times before it begins."""
    os.makedirs(folder)
    for name in sorted(os.listdir(source))[:20]:
        shutil.copy(os.path.join(source, name), folder)
    return folder


def one(target):
    """Returns a list of what is wrong, '' for what is right."""
    folder = tempfile.mkdtemp(prefix="smtpcore-engines-")
    try:
        seeds = make.seeds(target, os.path.join(folder, "seeds"))
        some = few(seeds, os.path.join(folder, "few"))
        return [try_libfuzzer(target, folder, seeds)] + [
            try_afl(target, folder, some, role) for role in ("main", "cmplog", "sanitizer")]
    except make.Failure as failure:
        return ["%s: %s" % (target, failure)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    passed, failed = 0, 0
    make.mutator()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong in pool.map(one, sorted(make.targets())):
            passed += sum(not text for text in wrong)
            failed += sum(bool(text) for text in wrong)
            print("\n".join(text for text in wrong if text), end="")
    print("\n%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
