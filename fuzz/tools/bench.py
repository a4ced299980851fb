#!/usr/bin/python3
"""Measures how soon the fuzz targets find the planted bugs of fuzz/bugs/.

    bench.py [--engine libfuzzer|afl|both] [--seconds S] [--runs N]
             [--start seeds|dictionary|both] [--bug ID]... [--jobs N] [--out FOLDER]

For each bug, engine and start there are N runs (default 5), each with a random seed of
its own and for at most S seconds (default 60), on the first target that the bug's row
names. A run starts from the committed seeds, or from nothing but the dictionary. Of each
run it is kept whether the bug was reached (its place was passed), triggered (it made a
difference) and caught (an oracle, a sanitizer or the clock ended the run), by which law,
after how many executions and seconds.

FOLDER (default ./bench-bugs) holds runs.jsonl, a line for each run, and the reports
bench.md and bench.json. A call goes on where one with the same FOLDER ended: what was
run of the same binary for as long is not run again. Exit status: 0 when each bug was
caught in some run, else 1; 64 for a wrong flag or an engine that is not there.
"""

import argparse
import concurrent.futures
import functools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../bugs"))
import planted  # pylint: disable=wrong-import-position
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

PROGRAMS = {"libfuzzer": ["clang-19", "llvm-ar-19"],
            "afl": ["clang-19", "llvm-ar-19", "afl-fuzz"]}
# Beyond its time a run may take so long to start and to end.
GRACE = 30
DEAD_SEED = re.compile(r"results in a (?:crash|timeout)|caused a (?:crash|timeout)|"
                       r"All test cases time out or crash")


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n")[0])

    def fail(text):
        print("bench: %s" % text, file=sys.stderr)
        sys.exit(64)
    parser.error = fail
    parser.add_argument("--engine", choices=["libfuzzer", "afl", "both"], default="both")
    parser.add_argument("--start", choices=["seeds", "dictionary", "both"], default="both")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bug", action="append", metavar="ID")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", default="bench-bugs")
    args = parser.parse_args()
    if min(args.seconds, args.runs, args.jobs) < 1:
        fail("--seconds, --runs and --jobs are at least 1")
    args.engines = ["libfuzzer", "afl"] if args.engine == "both" else [args.engine]
    args.starts = ["seeds", "dictionary"] if args.start == "both" else [args.start]
    for engine in args.engines:
        for name in PROGRAMS[engine]:
            if not shutil.which(name):
                fail("%s is not there, which %s needs: run bazel/install" % (name, engine))
    bugs, _ = planted.load()
    strange = set(args.bug or []) - {bug["id"] for bug in bugs}
    if strange:
        fail("no bug %s: see fuzz/bugs/bugs.json" % ", ".join(sorted(strange)))
    args.bugs = [bug for bug in bugs if not args.bug or bug["id"] in args.bug]
    # Bazel runs programs elsewhere: names of files are meant where it was called.
    args.out = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()), args.out)
    return args


# --------------------------------------------------------------------- one run


def with_counts(kind, counts, extra):
    """Returns a kind of engines.Run whose engine has a file of counts."""
    class Counted(kind):
        """An engine that counts."""

        def launch(self, words, env):
            super().launch(words, {**env, **planted.environment(counts), **extra})
    return Counted


@functools.lru_cache(maxsize=None)
def seeds_of(target):
    return make.seeds(target)


def law_of_input(target, change, path):
    """Returns the law that an input, or the first deadly one of a folder, breaks: AFL++
    keeps nothing that a target says."""
    try:
        done = subprocess.run([make.build(target, "replay", change), path], check=False,
                              text=True, errors="replace", timeout=20,
                              env=engines.plain_environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return planted.CLOCK
    return engines.verdict(done.stdout)[0] or "crash"


def law_of_seeds(target, change):
    """Returns the law that the first deadly seed breaks: one replay of all of them."""
    return law_of_input(target, change, seeds_of(target))


def law_of(run, bug, change):
    """Returns (law or None, whether a seed was enough) of a run that has ended."""
    text = engines.read(run.log())
    law = engines.verdict(text)[0]
    if law == "libFuzzer":
        law = planted.CLOCK if "libFuzzer: timeout" in text else "crash"
    if run.engine == "libfuzzer":
        return law, False
    if run.crashes():
        return law_of_input(bug["targets"][0], change, run.crashes()[0]), False
    if DEAD_SEED.search(text):
        return law_of_seeds(bug["targets"][0], change), True
    return None, False


def wait(run, deadline):
    """Waits for the end of a run: its own, its deadline, or its first crash."""
    while run.running() and time.time() < deadline:
        if run.engine == "afl" and (run.crashes() or DEAD_SEED.search(engines.read(run.log()))):
            break
        time.sleep(0.02 if time.time() + GRACE < deadline else 0.2)
    run.stop()


def executions_of(run):
    """Returns how many inputs were tried. AFL++ that ends at once tells a rate of `inf`."""
    if run.engine == "afl":
        return int(run.stats().get("execs_done", 0))
    return run.state()["executions"]


def perform(bug, engine, start, number, seconds):
    """Makes one run and returns its row."""
    target = bug["targets"][0]
    change = planted.overlay(bug)
    sanitized = engine == "afl" and bug["laws"][0] in planted.OTHERS
    folder = tempfile.mkdtemp(prefix="smtpcore-bench-")
    try:
        counts = os.path.join(folder, "counts")
        extra = {"AFL_BENCH_UNTIL_CRASH": "1"} if engine == "afl" else {}
        kind = with_counts(engines.ENGINES[engine], counts, extra)
        corpus = seeds_of(target) if start == "seeds" else None
        run = kind(target, folder, corpus, seconds, number,
                   role="sanitizer" if sanitized else "main")
        run.start(change)
        began = time.time()
        wait(run, began + seconds + GRACE)
        took = time.time() - began
        law, by_seed = law_of(run, bug, change)
        reached, triggered = planted.counts(counts)
        return {"target": target, "reached": reached, "triggered": triggered,
                "caught": law is not None, "law": law, "by_seed": by_seed,
                "executions": executions_of(run), "took": round(took, 3)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --------------------------------------------------------------------- all runs


class Bench:
    """All runs of one call."""

    def __init__(self, args):
        self.args = args
        self.lock = threading.Lock()
        self.start = time.time()
        self.rows = []
        self.known = {}
        self.done = 0
        self.total = 0
        self.told = 0
        os.makedirs(args.out, exist_ok=True)
        self.state = os.path.join(args.out, "runs.jsonl")
        for line in engines.read(self.state).splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the last line of a call that was killed
            self.known[self.key(row)] = row

    @staticmethod
    def key(row):
        return tuple(row[name] for name in ("bug", "engine", "start", "run", "seconds", "of"))

    def plan(self):
        """Returns what is to be run: a run of each bug before the second of any."""
        return [(bug, engine, start, number)
                for number in range(1, self.args.runs + 1) for engine in self.args.engines
                for start in self.args.starts for bug in self.args.bugs]

    def one(self, job):
        bug, engine, start, number = job
        # What the runs were of: the binary's name is made of all its sources.
        flavour = {"libfuzzer": "libfuzzer", "afl": "afl"}[engine]
        of = os.path.basename(make.build(bug["targets"][0], flavour, planted.overlay(bug)))
        row = {"bug": bug["id"], "engine": engine, "start": start, "run": number,
               "seconds": self.args.seconds, "of": of}
        if self.key(row) not in self.known:
            row.update(perform(bug, engine, start, number, self.args.seconds))
            with self.lock, open(self.state, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        else:
            row = self.known[self.key(row)]
        with self.lock:
            self.rows.append(row)
            self.done += 1
            self.tell(row)

    def tell(self, row):
        """Shows how far it is."""
        caught = sum(known["caught"] for known in self.rows)
        gone = time.time() - self.start
        left = gone / self.done * (self.total - self.done)
        line = "%d of %d runs, %d caught, about %d s left; last: %s %s %s %s" % (
            self.done, self.total, caught, left, row["bug"], row["engine"], row["start"],
            row["law"] or "not caught")
        if sys.stdout.isatty():
            print("\r\x1b[2K" + line, end="" if self.done < self.total else "\n", flush=True)
        elif time.time() - self.told > 20 or self.done == self.total:
            print(line, flush=True)
            self.told = time.time()

    def run(self):
        jobs = self.plan()
        self.total = len(jobs)
        pool = concurrent.futures.ThreadPoolExecutor(self.args.jobs)
        futures = [pool.submit(self.one, job) for job in jobs]
        try:
            for future in concurrent.futures.as_completed(futures):
                future.result()
        except (KeyboardInterrupt, make.Failure, planted.Failure):
            for future in futures:
                future.cancel()
            pool.shutdown()
            if self.rows:
                report(self.args, self.rows)
            raise
        pool.shutdown()
        return report(self.args, self.rows)


# ---------------------------------------------------------------------- reports


def quartiles(values):
    """Returns the three quartiles; runs that caught nothing count as infinite."""
    values = sorted(values)

    def at(part):
        where = part * (len(values) - 1)
        low, high = values[math.floor(where)], values[math.ceil(where)]
        return low if low == high else low + (high - low) * (where - math.floor(where))
    return [at(part) for part in (0.25, 0.5, 0.75)]


def shown(values, most, digits):
    """Returns the median and, in brackets, the quartiles around it."""
    def one(value):
        return (">%s" % most) if math.isinf(value) else "%.*f" % (digits, value)
    low, middle, high = quartiles(values)
    return "%s (%s-%s)" % (one(middle), one(low), one(high))


def summary(args, bug, engine, start, rows):
    """Returns what the runs of one bug, engine and start come to, or None."""
    mine = [row for row in rows if (row["bug"], row["engine"], row["start"]) ==
            (bug["id"], engine, start)]
    if not mine:
        return None
    most = max(row["executions"] for row in mine)
    laws = sorted({row["law"] for row in mine if row["caught"]})
    return {"bug": bug["id"], "entry": bug["entry"], "family": bug["family"],
            "engine": engine, "start": start, "target": bug["targets"][0], "runs": len(mine),
            "reached": sum(row["reached"] > 0 for row in mine),
            "triggered": sum(row["triggered"] > 0 for row in mine),
            "caught": sum(row["caught"] for row in mine), "laws": laws,
            "executions": shown([row["executions"] if row["caught"] else math.inf
                                 for row in mine], most, 0),
            "seconds": shown([row["took"] if row["caught"] else math.inf for row in mine],
                             args.seconds, 1), "each": mine}


def report(args, rows):
    """Writes the reports; returns the exit status."""
    table = [found for bug in args.bugs for engine in args.engines for start in args.starts
             for found in [summary(args, bug, engine, start, rows)] if found]
    missed = sorted({bug["id"] for bug in args.bugs} -
                    {row["bug"] for row in rows if row["caught"]})
    with open(os.path.join(args.out, "bench.json"), "w", encoding="utf-8") as file:
        json.dump({"seconds": args.seconds, "missed": missed, "table": table}, file, indent=1)
        file.write("\n")
    with open(os.path.join(args.out, "bench.md"), "w", encoding="utf-8") as file:
        file.write("# Planted bugs\n\n%d bugs, runs of at most %d s. Executions and seconds: "
                   "median (quartiles); a run that caught nothing counts as longer than all."
                   "\n\n" % (len(args.bugs), args.seconds))
        columns = ["bug", "entry", "engine", "start", "target", "runs", "reached",
                   "triggered", "caught", "laws", "executions", "seconds"]
        file.write("| %s |\n|%s\n" % (" | ".join(columns), "---|" * len(columns)))
        for row in table:
            cells = [", ".join(row[name]) if name == "laws" else str(row[name])
                     for name in columns]
            file.write("| %s |\n" % " | ".join(cells))
        file.write("\nMissed: %s\n" % (", ".join(missed) or "none"))
    print("%d bugs, %d missed%s; see %s" % (len(args.bugs), len(missed), "".join(
        ": " + ", ".join(missed) if missed else ""), os.path.join(args.out, "bench.md")))
    return 1 if missed else 0


def main():
    args = arguments()
    try:
        return Bench(args).run()
    except KeyboardInterrupt:
        print("bench: interrupted; the same call goes on from here", file=sys.stderr)
        return 1
    except (make.Failure, planted.Failure) as failure:
        # Of a compiler's words the last ones say most.
        print("bench: %s" % "\n".join(str(failure).splitlines()[-5:]), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
