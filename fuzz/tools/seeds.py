#!/usr/bin/python3
"""Records seeds from the unit tests' own dialogues, and keeps those that reach something.

    seeds.py [--target T]... [--raw FOLDER]

Each unit test of core/ and shim/mem/ is linked to fuzz/record/, which writes down what its
sessions and the core's parsers are given. Of what was recorded, libFuzzer's merge keeps
what reaches more than the hand-named seeds of corpus/T/ do; that becomes
corpus/T/recorded/, in place of what was there. The same tree gives the same seeds.

--raw keeps all that was recorded in FOLDER. What a campaign found goes to corpus/T/found/
in the same manner: seeds.py --found CAMPAIGN-FOLDER.
"""

import argparse
import concurrent.futures
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

# A folder of seeds holds at most so much.
FILES_MAX = 900
OCTETS_MAX = 900 << 10


def wrapped():
    """Returns the functions that fuzz/record/ stands in the place of."""
    found = set()
    for path in glob.glob(os.path.join(make.ROOT, "fuzz/record/*.c")):
        with open(path, encoding="utf-8") as file:
            found |= set(re.findall(r"\b__wrap_(\w+)", file.read()))
    return sorted(found)


def build_test(path):
    """Builds one unit test that records."""
    mem = path.startswith("shim/mem/")
    helpers = ["core/testing.c"]
    if mem:
        helpers = ["core/testing.c"] + sorted(
            os.path.relpath(name, make.ROOT)
            for name in glob.glob(os.path.join(make.ROOT, "shim/mem/*_testing.c")))
    paths = [path] + helpers + make.sources("fuzz/record/*.c")
    return make.program(os.path.basename(path)[:-2], paths, (),
                        ["-Wl,--wrap=" + name for name in wrapped()] + ["-lcmocka"])


def record_one(path, raw):
    done = subprocess.run([build_test(path)], check=False, text=True, errors="replace",
                          env={**os.environ, "SMTPCORE_RECORD": raw}, cwd=make.ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise make.Failure("%s fails when it records:\n%s" % (path, done.stdout[-2000:]))


def record(raw):
    """Runs every unit test and leaves what was recorded below `raw`."""
    os.makedirs(raw, exist_ok=True)
    tests = sorted(os.path.relpath(path, make.ROOT)
                   for pattern in ("core/*_test.c", "shim/mem/*_test.c")
                   for path in glob.glob(os.path.join(make.ROOT, pattern)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda path: record_one(path, raw), tests))


def merge(target, base, folder):
    """Returns the files of `folder` that reach more than those of `base`, fewest first."""
    with tempfile.TemporaryDirectory() as out:
        for path in glob.glob(os.path.join(base, "*")):
            shutil.copy(path, out)
        before = set(os.listdir(out))
        done = subprocess.run(
            [make.build(target, "libfuzzer"), "-merge=1", "-timeout=20",
             "-max_len=%d" % make.targets()[target]["max_len"], out, folder],
            check=False, text=True, errors="replace", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=engines.plain_environment({"ASAN_OPTIONS": "detect_leaks=0"}))
        if done.returncode != 0:
            raise make.Failure("%s: merge failed:\n%s" % (target, done.stdout[-2000:]))
        kept = []
        for name in sorted(set(os.listdir(out)) - before):
            with open(os.path.join(out, name), "rb") as file:
                kept.append(file.read())
    return sorted(kept, key=lambda octets: (len(octets), octets))


def write(target, kept, folder):
    """Writes seeds as the tree keeps them, as many as a folder may hold."""
    shutil.rmtree(folder, ignore_errors=True)
    if not kept:
        return 0, 0
    os.makedirs(folder)
    script = make.targets()[target]["kind"] == "script"
    tool = make.program("script_tool", ["fuzz/script_tool.c"]) if script else None
    count, size = 0, 0
    for octets in kept[:FILES_MAX]:
        path = os.path.join(folder, hashlib.sha1(octets).hexdigest()[:12])
        with open(path, "wb") as file:
            file.write(octets)
        text = subprocess.run([tool, "print", path], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) if script else None
        if text is not None and text.returncode == 0:
            os.unlink(path)
            path += ".txt"
            with open(path, "wb") as file:
                file.write(text.stdout)
        size += os.path.getsize(path)
        count += 1
        if size > OCTETS_MAX:
            os.unlink(path)
            return count - 1, size
    return count, size


def update(target, raw, kind):
    """Makes corpus/TARGET/KIND anew from what lies in `raw`."""
    if not os.path.isdir(raw):
        print("%s: nothing" % target)
        return
    folder = os.path.join(make.ROOT, "corpus", target, kind)
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as base:
        make.seeds(target, base)
        kept = merge(target, base, raw)
    count, size = write(target, kept, folder)
    print("%s: %d of %d kept, %d octets" % (target, count, len(os.listdir(raw)), size),
          flush=True)


def main():
    parser = argparse.ArgumentParser(prog="seeds", description=__doc__.split("\n")[0])
    parser.error = lambda text: (print("seeds: %s" % text, file=sys.stderr), sys.exit(64))
    parser.add_argument("--target", action="append", choices=sorted(make.targets()))
    parser.add_argument("--raw")
    parser.add_argument("--found")
    args = parser.parse_args()
    where = os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd())
    wanted = args.target or sorted(make.targets())
    try:
        with tempfile.TemporaryDirectory() as folder:
            if args.found:
                for target in wanted:
                    update(target, os.path.join(where, args.found, target, "corpus"), "found")
                return 0
            raw = os.path.join(where, args.raw) if args.raw else folder
            record(raw)
            for target in wanted:
                update(target, os.path.join(raw, target), "recorded")
    except make.Failure as failure:
        print("seeds: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
