#!/usr/bin/python3
"""Runs fuzz targets side by side on all cores.

    campaign.py [--target T]... [--engine libfuzzer|afl|both] [--jobs N] [--seconds S]
                [--out FOLDER] [--no-minimise]

For S seconds (default 600) N jobs (default: the cores) take turns: of each target
libFuzzer workers, a minority of them with value profile, and AFL++ as main, with cmplog,
and on a binary with sanitizers. All share one corpus, which begins with the committed
seeds. A line for each target tells executions, executions a second, edges, corpus,
crashes. At the end the corpora are merged and minimised.

FOLDER (default ./campaign) holds:
    TARGET/corpus     the common corpus, kept from one campaign to the next
    TARGET/minimised  the least of it that reaches as much, as the tree keeps seeds
    statistics.jsonl  a line for each finished run
    crashes/          each crash: minimised, named after its oracle, with a report, and
                      as a file to commit to corpus/regress/

An interrupt ends the runs and does all that is due at the end. Exit status: 0 clean,
1 when something crashed, 64 for a wrong flag.
"""

import argparse
import collections
import glob
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import engines  # pylint: disable=wrong-import-position
import environment  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

# One libFuzzer worker in so many has value profile: it slows searches of states.
VALUE_PROFILE_EVERY = 5
AFL_ROLES = ["main", "cmplog", "sanitizer"]
SLICE_MIN = 10


def arguments():
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__.split("\n")[0])
    parser.error = lambda text: (print("campaign: %s" % text, file=sys.stderr), sys.exit(64))
    names = sorted(make.targets())
    parser.add_argument("--target", action="append", choices=names, metavar="T",
                        help="one of: " + " ".join(names))
    parser.add_argument("--engine", choices=["libfuzzer", "afl", "both"], default="both")
    parser.add_argument("--jobs", type=int, default=environment.Machine().cores())
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--out", default="campaign")
    parser.add_argument("--no-minimise", action="store_true")
    args = parser.parse_args()
    if args.jobs < 1 or args.seconds < 1:
        parser.error("--jobs and --seconds are at least 1")
    args.target = args.target or names
    args.engines = ["libfuzzer", "afl"] if args.engine == "both" else [args.engine]
    # Bazel runs programs elsewhere: names of files are meant where it was called.
    where = os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd())
    args.out = os.path.join(where, args.out)
    return args


def commit():
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=make.ROOT,
                          check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout.strip() or "unknown"


class Plan:
    """Who runs next: targets in turn, engines and roles in turn for each."""

    def __init__(self, args):
        self.turns = collections.Counter()
        self.args = args
        self.index = 0

    def next(self):
        target = self.args.target[self.index % len(self.args.target)]
        self.index += 1
        turn = self.turns[target]
        self.turns[target] += 1
        engine = self.args.engines[turn % len(self.args.engines)]
        round_number = turn // len(self.args.engines)
        if engine == "afl":
            return target, engine, AFL_ROLES[round_number % len(AFL_ROLES)]
        value = round_number % VALUE_PROFILE_EVERY == VALUE_PROFILE_EVERY - 1
        return target, engine, "value" if value else "main"


# How an engine ends that found nothing: by itself, or stopped by us. 72 is libFuzzer's
# own word for an interrupt.
ENDED = (0, 1, 72, -2, -9)


class Campaign:
    """All runs of one call."""

    def __init__(self, args):
        self.args = args
        self.plan = Plan(args)
        self.running = []
        self.done = collections.defaultdict(lambda: collections.Counter())
        self.edges = collections.Counter()
        self.crashes = []
        self.commit = commit()
        self.end = 0
        self.shown = 0
        self.count = 0
        units = len(args.target) * len(args.engines)
        self.slice = max(SLICE_MIN, args.seconds * args.jobs // units)
        os.makedirs(os.path.join(args.out, "crashes"), exist_ok=True)

    def corpus(self, target):
        return os.path.join(self.args.out, target, "corpus")

    def build(self):
        """Builds all that runs, before the clock starts."""
        for target in self.args.target:
            print("building %s" % target, file=sys.stderr)
            make.seeds(target, self.corpus(target))
            for engine in self.args.engines:
                flavours = {"libfuzzer": ["libfuzzer", "libfuzzer-cmp"],
                            "afl": ["afl", "afl-asan", "cmplog"]}[engine]
                for flavour in flavours:
                    make.build(target, flavour)
        if "afl" in self.args.engines:
            make.mutator()

    def start_one(self, now):
        target, engine, role = self.plan.next()
        self.count += 1
        seconds = int(min(self.slice, self.end - now))
        folder = tempfile.mkdtemp(prefix="%s-%s-" % (engine, role),
                                  dir=os.path.join(self.args.out, target))
        run = engines.ENGINES[engine](target, folder, self.corpus(target), max(1, seconds),
                                      random.randrange(1, 1 << 30), role=role)
        run.deadline = now + seconds + 30
        run.start()
        self.running.append(run)

    def finish(self, run):
        run.stop()
        state = run.state()
        self.done[run.target]["executions"] += state["executions"]
        self.done[run.target]["seconds"] += run.seconds
        self.edges[run.engine, run.target] = max(self.edges[run.engine, run.target],
                                                 state["edges"])
        for path in run.new_inputs():
            with open(path, "rb") as file:
                octets = file.read()
            name = hashlib.sha1(octets).hexdigest()
            with open(os.path.join(self.corpus(run.target), name), "wb") as file:
                file.write(octets)
        for path in run.crashes():
            self.crash(run, path)
        if not run.crashes() and run.process.returncode not in ENDED:
            self.crashes.append((run.target, "engine",
                                 "%s ended with %s: %s" % (run.engine, run.process.returncode,
                                                           run.log())))
        with open(os.path.join(self.args.out, "statistics.jsonl"), "a", encoding="utf-8") as file:
            json.dump({"time": int(time.time()), "commit": self.commit, "target": run.target,
                       "engine": run.engine, "role": run.role, "seed": run.seed,
                       "seconds": run.seconds, **state}, file)
            file.write("\n")
        if run.process.returncode in (0, 72, -2) and not run.crashes():
            shutil.rmtree(run.folder, ignore_errors=True)

    def crash(self, run, path):
        """Names a crash after its oracle; a new one is minimised, and a seed made of it."""
        law, what, _ = report_of(run.target, path)
        what = what or os.path.basename(path)
        name = "%s-%s-%s" % (run.target, law.lower(), hashlib.sha1(what.encode()).hexdigest()[:8])
        if any(known == name for _, known, _ in self.crashes):
            return
        self.crashes.append((run.target, name, what))
        base = os.path.join(self.args.out, "crashes", name)
        with open(base, "wb") as file:
            file.write(minimised(run.target, path, law))
        write_seed(run.target, base, law, what)

    def line(self, target):
        now = [run.state() for run in self.running if run.target == target]
        executions = self.done[target]["executions"] + sum(s["executions"] for s in now)
        rate = sum(s["rate"] for s in now)
        edges = max([self.edges[engine, target] for engine in self.args.engines] +
                    [s["edges"] for s in now])
        crashes = sum(1 for known, _, _ in self.crashes if known == target)
        inputs = len(os.listdir(self.corpus(target)))
        return "%-12s %12d executions %9d/s %6d edges %6d inputs %3d crashes" % (
            target, executions, rate, edges, inputs, crashes)

    def show(self, last=False):
        lines = [self.line(target) for target in self.args.target]
        if sys.stdout.isatty():
            if self.shown:
                print("\x1b[%dA" % self.shown, end="")
            print("\n".join("\x1b[2K" + line for line in lines), flush=True)
            self.shown = len(lines)
        elif last or time.time() - self.shown > 60:
            print("\n".join(lines) + "\n", flush=True)
            self.shown = time.time()

    def run(self):
        start = time.time()
        self.end = start + self.args.seconds
        try:
            while True:
                now = time.time()
                for run in [run for run in self.running
                            if not run.running() or now > run.deadline]:
                    self.running.remove(run)
                    self.finish(run)
                while now < self.end - 1 and len(self.running) < self.args.jobs:
                    self.start_one(now)
                if not self.running:
                    break
                self.show()
                time.sleep(1)
        except KeyboardInterrupt:
            print("interrupted: ending the runs", file=sys.stderr)
        for run in self.running:
            self.finish(run)
        self.running = []
        self.show(last=True)
        if not self.args.no_minimise:
            for target in self.args.target:
                minimise(target, self.corpus(target),
                         os.path.join(self.args.out, target, "minimised"))
        for target, name, what in self.crashes:
            print("CRASH %s: %s: %s" % (target, name, what))
        return 1 if self.crashes else 0


def report_of(target, path):
    """Replays one input with all sanitizers and returns what it says as it dies."""
    try:
        done = subprocess.run([make.build(target, "replay"), path], check=False, text=True,
                              errors="replace", env=engines.plain_environment(), timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return "timeout", "", "no end within 60 s"
    law, what = engines.verdict(done.stdout)
    if law is None and done.returncode != 0:
        law, what = "crash", "exit status %d" % done.returncode
    return law or "not-again", what, done.stdout


def minimised(target, path, law):
    """Returns the octets of a crash, minimised where its law stays the same."""
    with open(path, "rb") as file:
        octets = file.read()
    if law in ("timeout", "not-again"):
        return octets
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "least")
        subprocess.run([make.build(target, "libfuzzer"), "-minimize_crash=1",
                        "-max_total_time=20", "-runs=20000", "-exact_artifact_path=" + out,
                        path], check=False, env=engines.plain_environment(),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if os.path.exists(out) and report_of(target, out)[0] == law:
            with open(out, "rb") as file:
                return file.read()
    return octets


def write_seed(target, base, law, what):
    """Writes a crash as the tree keeps it, and its report."""
    with open(base + ".report", "w", encoding="utf-8") as file:
        file.write(report_of(target, base)[2])
    if make.targets()[target]["kind"] != "script":
        shutil.copy(base, base + ".seed")
        return
    tool = make.program("script_tool", ["fuzz/script_tool.c"])
    text = subprocess.run([tool, "print", base], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    first, _, rest = text.partition("\n")
    with open(base + ".txt", "w", encoding="utf-8") as file:
        file.write("%s\n# Law %s: %s\n%s" % (first, law, what, rest))


def minimise(target, corpus, out):
    """Merges a corpus into the least that reaches as much; scripts become text."""
    binary = make.build(target, "libfuzzer")
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([binary, "-merge=1", "-set_cover_merge=1",
                               "-max_len=%d" % make.targets()[target]["max_len"],
                               "-timeout=10", folder, corpus], check=False,
                              env=engines.plain_environment({"ASAN_OPTIONS": "detect_leaks=0"}),
                              text=True, errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            print("%s: not minimised:\n%s" % (target, done.stdout[-2000:]), file=sys.stderr)
            return
        os.makedirs(out)
        script = make.targets()[target]["kind"] == "script"
        tool = make.program("script_tool", ["fuzz/script_tool.c"]) if script else None
        for path in sorted(glob.glob(os.path.join(folder, "*"))):
            name = os.path.join(out, os.path.basename(path)[:16])
            text = subprocess.run([tool, "print", path], check=False, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) if script else None
            if text is None or text.returncode != 0:
                # Octets as they are, or a script of another version.
                shutil.copy(path, name)
                continue
            with open(name + ".txt", "wb") as file:
                file.write(text.stdout)
    sizes = [os.path.getsize(path) for path in glob.glob(os.path.join(out, "*"))]
    print("%s: %d inputs become %d, %d octets" % (target, len(os.listdir(corpus)), len(sizes),
                                                  sum(sizes)))


def main():
    args = arguments()
    if not environment.tell(environment.Machine(), args.engines, args.jobs):
        return 1
    try:
        campaign = Campaign(args)
        campaign.build()
        return campaign.run()
    except make.Failure as failure:
        print("campaign: %s" % failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
