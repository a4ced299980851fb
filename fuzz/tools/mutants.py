#!/usr/bin/python3
"""Measures what the committed seeds are worth: how many small bugs, put into the core by
a machine, do the targets find when they only replay their seeds?

    mutants.py [--file core/X.c]... [--sample N] [--seed S] [--jobs N] [--out FOLDER]
               [--unit-tests] [--retry] [--fresh]

Each mutant of core/*.c (fuzz/tools/mutation.py says which there are) is compiled and all
targets replay their seeds against it, likeliest target first. It is killed when an
oracle, a sanitizer, a signal or the clock ends a replay. What lives is tried once more with all
sanitizers and, with --unit-tests, with the unit tests of core/ and shim/mem/; these do
not count for the score. Not counted at all are mutants that do not compile, those of
which the compiler makes the same code as of the core, and those that
fuzz/mutants_survivors.json lists with the reason why nobody can tell them from the core.

FOLDER (default ./mutants) holds mutants.jsonl, a line for each mutant, and the
reports mutants.md and mutants.json. A run goes on where one with the same FOLDER ended:
what was tried of the same source is not tried again. --retry tries again what lived,
--fresh tries everything again. Exit status: 0, 1 when a replay fails without a mutant,
64 for a wrong flag.
"""

import argparse
import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position
import mutation  # pylint: disable=wrong-import-position

SURVIVORS = os.path.join(make.ROOT, "fuzz/mutants_survivors.json")
COMPILER = "clang-19"
PLAIN = ["-O2", "-fPIC"]
STRICT = ["-O1", "-g1", "-fPIC"] + make.SANITIZERS
# A replay that takes so many times as long as without a mutant does not end.
PATIENCE = 10
PATIENCE_LEAST = 4.0

# Which targets most likely see a file's bugs, in this order, before all others.
SESSION = ["server", "pair", "client"]
LIKELY = {
    "address": ["address", "path"], "capability": ["capability", "client"],
    "client": ["client", "pair"], "client_auth": ["client", "pair"],
    "client_mail": ["client", "pair"], "client_reply": ["client", "reply", "pair"],
    "client_say": ["client", "pair"], "command": ["command", "server"],
    "command_attribute": ["command", "server"], "content": ["content", "stuffing", "server"],
    "header": ["header", "server"], "line": ["line", "server", "client"],
    "param": ["param", "command", "xtext"], "param_date": ["param", "command"],
    "path": ["path", "command"], "policy": ["policy", "server"],
    "policy_client": ["policy", "client"], "proxy": ["proxy", "server"],
    "registry": ["table", "policy", "write"], "reply": ["reply", "client"],
    "sasl": ["sasl", "base64", "xtext", "server"], "sasl_challenge": ["sasl", "server"],
    "sasl_client": ["sasl", "client", "pair"], "sasl_server": ["sasl", "server", "pair"],
    "session": ["table", "server"], "span": ["line", "command", "address", "base64"],
    "status": ["table", "line"],
    "write": ["write", "client"], "write_envelope": ["write", "client"],
    "write_extension": ["write", "server"],
}


def sources():
    return make.sources("core/*.c")


def known_types():
    """Returns the names of types that the core's headers declare."""
    found = set()
    for path in glob.glob(os.path.join(make.ROOT, "core/*.h")) + glob.glob(
            os.path.join(make.ROOT, "core/include/smtpcore/*.h")):
        with open(path, encoding="utf-8") as file:
            found |= mutation.types_in(file.read())
    return found


def key_of(mutant):
    """Returns what names a mutant, whatever line it stands in."""
    return (mutant.path, mutant.function, mutant.before, mutant.after, mutant.nth)


def survivors(path=SURVIVORS):
    """Returns a dict: key of each equivalent mutant, the reason."""
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)["equivalent"]
    return {(row["file"], row["function"], row["before"], row["after"], row.get("nth", 0)):
            row["reason"] for row in listed}


def sample_of(found, count, seed):
    """Returns `count` mutants, of each file its share and at least one."""
    if not count or count >= len(found):
        return list(found)
    files = collections.defaultdict(list)
    for mutant in found:
        files[mutant.path].append(mutant)
    chance = random.Random(seed)
    picked, spare = [], []
    for path in sorted(files):
        mixed = chance.sample(files[path], len(files[path]))
        share = max(1, count * len(mixed) // len(found))
        picked += mixed[:share]
        spare += mixed[share:]
    chance.shuffle(spare)
    picked = (picked + spare)[:count]
    return sorted(picked, key=lambda m: (m.path, m.begin, m.replacement))


class Program:
    """What is run against a mutant: a target with its seeds, or a unit test."""

    def __init__(self, name, binary, words, kind):
        self.name = name
        self.binary = binary
        self.words = words
        self.kind = kind
        self.seconds = 0.0

    def run(self, library, patience):
        """Returns None when all went well, or how it died."""
        env = engines.plain_environment({"LD_LIBRARY_PATH": library})
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([self.binary] + self.words, cwd=make.ROOT, env=env,
                                       stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return "timeout"
            if status == 0:
                return None
            out.seek(max(0, os.fstat(out.fileno()).st_size - 65536))
            law, what = engines.verdict(out.read().decode("utf-8", "replace"))
        if law:
            return law if law.isupper() else "%s: %s" % (law, what)
        return "signal %d" % -status if status < 0 else "status %d" % status


class Workshop:
    """Everything but the core, linked once; the core is a shared library."""

    def __init__(self, copts, linkopts, folder, options=()):
        self.copts = copts
        self.linkopts = linkopts + ["-fuse-ld=lld"]
        self.folder = folder
        self.core = dict(zip(sources(), make.compile_all(sources(), COMPILER, copts, {}, {})))
        self.options = list(options)
        self.base = os.path.join(folder, "base")
        os.makedirs(self.base)
        self.link(self.base, {})

    def link(self, folder, changed):
        """Links the core, objects of `changed` in place of its own, as a library."""
        parts = [changed.get(path, out) for path, out in sorted(self.core.items())]
        make.run([COMPILER, "-shared"] + self.linkopts + parts +
                 ["-Wl,-soname,libmutant.so", "-o", os.path.join(folder, "libmutant.so")])

    def compile(self, path, text, folder):
        """Returns the object of a changed source, or None when it does not compile."""
        name = os.path.basename(path)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        out = os.path.join(folder, name[:-2] + ".o")
        words = [COMPILER, "-std=c11", "-w"] + self.copts + [
            "-I" + make.ROOT, "-I" + os.path.join(make.ROOT, "core/include"),
            "-iquote", os.path.join(make.ROOT, "core"), "-c", name, "-o", out]
        done = subprocess.run(words, cwd=folder, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        return out if done.returncode == 0 else None

    def archive(self, name, paths):
        """Makes an archive, of which a program links only what it uses."""
        out = os.path.join(self.folder, name + ".a")
        make.run(["llvm-ar-19", "rcs", out] +
                 make.compile_all(paths, COMPILER, self.copts, {}, {}))
        return out

    def program(self, name, paths, words, kind, extra=()):
        parts = make.compile_all(list(paths) + self.options, COMPILER, self.copts, {}, {})
        out = os.path.join(self.folder, kind.replace(" ", "-") + "-" + name)
        make.run([COMPILER] + self.linkopts + parts + list(extra) +
                 [os.path.join(self.base, "libmutant.so"), "-o", out])
        return Program(name, out, words, kind)

    def targets(self, names):
        helpers = self.archive("helpers", make.sources(
            "core/model/*.c", "fuzz/harness/*.c") + ["shim/mem/mem.c"])
        for name in names:
            yield lambda name=name: self.program(
                name, ["fuzz/targets/%s.c" % name, "fuzz/engine/replay.c"],
                make.replay_words(name), "target", [helpers])

    def unit_tests(self):
        helpers = [os.path.relpath(path, make.ROOT) for path in
                   glob.glob(os.path.join(make.ROOT, "core/testing.c")) +
                   sorted(glob.glob(os.path.join(make.ROOT, "shim/mem/*_testing.c")))]
        helpers = self.archive("test-helpers", helpers + make.sources("core/model/*.c") + [
            "shim/mem/mem.c"])
        for pattern in ("core/*_test.c", "shim/mem/*_test.c"):
            for path in sorted(glob.glob(os.path.join(make.ROOT, pattern))):
                path = os.path.relpath(path, make.ROOT)
                name = os.path.basename(path)[:-len("_test.c")]
                yield lambda name=name, path=path: self.program(
                    name, [path], [], "unit test", [helpers, "-lcmocka"])

    def proved(self, makers, problems):
        """Builds programs and returns those that do well without a mutant."""
        return [program for program in map(lambda maker: self.prove(maker, problems), makers)
                if program]

    def prove(self, maker, problems):
        try:
            program = maker()
        except make.Failure as failure:
            problems.append(str(failure)[-300:])
            return None
        begin = time.time()
        died = program.run(self.base, 120)
        program.seconds = time.time() - begin
        if died:
            problems.append("%s %s fails without a mutant: %s" % (
                program.kind, program.name, died))
        return None if died else program


def in_order(programs, path):
    """Returns programs, those that likely see a bug of `path` first, then the quickest."""
    stem = os.path.basename(path)[:-2]
    likely = LIKELY.get(stem, SESSION)

    def place(program):
        if program.name in likely:
            return (likely.index(program.name), 0)
        # A unit test has the name of its module.
        near = program.kind == "unit test" and program.name.split("_")[0] in stem
        return (len(likely) + (not near), program.seconds)

    return sorted(programs, key=place)


class Run:
    """One call: what is tried, by whom, and what came out."""

    def __init__(self, args):
        self.args = args
        self.folder = tempfile.mkdtemp(prefix="smtpcore-mutants-")
        self.texts = {}
        self.results = {}
        self.by_object = {}
        self.lock = threading.Lock()
        self.problems = []
        self.plain = self.strict = None
        self.counts = collections.Counter()
        self.started = time.time()
        self.shown = 0.0

    # --------------------------------------------------------------- results

    def name_of(self, mutant):
        text = self.texts[mutant.path]
        return hashlib.sha256("\0".join([text, *map(str, key_of(mutant))]).encode()
                              ).hexdigest()[:24]

    def load(self):
        """Reads what an earlier run of the same folder found."""
        path = os.path.join(self.args.out, "mutants.jsonl")
        if self.args.fresh or not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as file:
            for line in file:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue  # the run was ended as it wrote this line
                self.results[row["id"]] = row
        if self.args.retry:
            self.results = {name: row for name, row in self.results.items()
                            if row["outcome"] != "survived"
                            and row.get("kind_of_killer") != "unit test"}

    def note(self, mutant, row):
        row = {"id": self.name_of(mutant), "file": mutant.path, "line": mutant.line,
               "function": mutant.function, "kind": mutant.kind, "before": mutant.before,
               "after": mutant.after, "nth": mutant.nth, **row}
        with self.lock:
            self.results[row["id"]] = row
            outcome = row["outcome"]
            if row.get("kind_of_killer") == "unit test":
                outcome = "survived"
            self.counts[outcome] += 1
            self.counts["tried"] += 1
            with open(os.path.join(self.args.out, "mutants.jsonl"), "a",
                      encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        self.progress()

    def progress(self, last=False):
        now = time.time()
        with self.lock:
            if now - self.shown < (0.5 if sys.stderr.isatty() else 30) and not last:
                return
            self.shown = now
            tried, total = self.counts["tried"], self.counts["all"]
            killed, lived = self.counts["killed"], self.counts["survived"]
            left = (now - self.started) / max(1, tried) * (total - tried)
            line = "%d of %d: %d killed, %d survived, %.1f %%, %d:%02d left" % (
                tried, total, killed, lived, 100.0 * killed / max(1, killed + lived),
                left // 60, left % 60)
            tty = sys.stderr.isatty()
            print(("\r\x1b[2K" if tty else "") + line, end="" if tty and not last else "\n",
                  file=sys.stderr, flush=True)

    # ---------------------------------------------------------------- trying

    def prepare(self):
        names = [name for name in sorted(make.targets()) if make.corpus(name) and
                 os.path.exists(os.path.join(make.ROOT, "fuzz/targets/%s.c" % name))]
        print("building %d targets" % len(names), file=sys.stderr, flush=True)
        self.plain = Workshop(PLAIN, [], os.path.join(self.folder, "plain"))
        self.targets = self.plain.proved(self.plain.targets(names), self.problems)
        self.strict = Workshop(STRICT, make.SANITIZERS, os.path.join(self.folder, "strict"),
                               ["sanitizers/options.c"])
        self.strict_targets = self.strict.proved(self.strict.targets(names), self.problems)
        self.tests = []
        if self.args.unit_tests:
            print("building unit tests", file=sys.stderr, flush=True)
            self.tests = self.plain.proved(self.plain.unit_tests(), self.problems)
        for problem in self.problems:
            print("mutants: " + problem, file=sys.stderr)
        # Objects of the core as it is, made as those of mutants are.
        self.own = {}
        for path, text in self.texts.items():
            folder = tempfile.mkdtemp(dir=self.folder)
            self.own[path] = digest_of_file(self.plain.compile(path, text, folder))

    def killer(self, workshop, programs, mutant, changed, folder):
        """Returns (program, how it died), or None."""
        workshop.link(folder, {mutant.path: changed})
        for program in in_order(programs, mutant.path):
            died = program.run(folder, max(PATIENCE_LEAST, PATIENCE * program.seconds))
            if died:
                return program, died
        return None

    def try_one(self, mutant):
        folder = tempfile.mkdtemp(dir=self.folder)
        try:
            self.note(mutant, self.outcome(mutant, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def outcome(self, mutant, folder):
        text = mutation.apply(self.texts[mutant.path], mutant)
        changed = self.plain.compile(mutant.path, text, folder)
        if changed is None:
            return {"outcome": "invalid"}
        digest = digest_of_file(changed)
        if digest == self.own[mutant.path]:
            return {"outcome": "same"}
        with self.lock:
            known = self.by_object.get((mutant.path, digest))
        if known:
            return known
        found = self.killer(self.plain, self.targets, mutant, changed, folder)
        if not found:
            strict = self.strict.compile(mutant.path, text, folder)
            found = strict and self.killer(self.strict, self.strict_targets, mutant, strict,
                                           folder)
        if not found and self.tests:
            changed = self.plain.compile(mutant.path, text, folder)
            found = self.killer(self.plain, self.tests, mutant, changed, folder)
        row = {"outcome": "survived"}
        if found:
            program, died = found
            row = {"outcome": "killed", "kind_of_killer": program.kind,
                   "killer": program.name, "how": died}
        with self.lock:
            self.by_object[mutant.path, digest] = row
        return row

    def run(self):
        """Tries what was not tried yet. Returns all rows of this run's mutants."""
        types, listed, found = known_types(), survivors(), []
        for path in self.args.file or sources():
            self.texts[path] = make.text_of(path, {})
            found += mutation.mutants_of(path, self.texts[path], types)
        self.equivalent = [mutant for mutant in found if key_of(mutant) in listed]
        picked = sample_of([mutant for mutant in found if key_of(mutant) not in listed],
                           self.args.sample, self.args.seed)
        os.makedirs(self.args.out, exist_ok=True)
        self.load()
        due = [mutant for mutant in picked if self.name_of(mutant) not in self.results]
        self.counts["all"] = len(due)
        print("%d mutants, %d of them equivalent and listed; %d picked, %d to try" % (
            len(found), len(self.equivalent), len(picked), len(due)), file=sys.stderr)
        if due:
            self.prepare()
            self.started = time.time()
            random.Random(1).shuffle(due)
            with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
                list(pool.map(self.try_one, due))
            self.progress(last=True)
        return [self.results[self.name_of(mutant)] for mutant in picked]


def digest_of_file(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# --------------------------------------------------------------------- report


def score_of(rows):
    """Returns counts of some rows and the score in percent."""
    count = collections.Counter()
    for row in rows:
        outcome = row["outcome"]
        if outcome == "killed":
            if row["kind_of_killer"] == "unit test":
                outcome = "unit test"
            elif row["how"] == "timeout":
                outcome = "timeout"
        count[outcome] += 1
    killed = count["killed"] + count["timeout"]
    valid = killed + count["unit test"] + count["survived"]
    return {"mutants": valid, "killed": killed, "timeout": count["timeout"],
            "unit test": count["unit test"], "survived": count["survived"],
            "invalid": count["invalid"], "same": count["same"],
            "score": round(100.0 * killed / valid, 1) if valid else None}


def grouped(rows, name):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return {key: score_of(groups[key]) for key in sorted(groups)}


def summary_of(rows, equivalent):
    killed = [row for row in rows if row["outcome"] == "killed"]
    return {
        "all": score_of(rows),
        "equivalent": equivalent,
        "files": grouped(rows, "file"),
        "kinds": grouped(rows, "kind"),
        "killers": dict(collections.Counter(
            "%s %s" % (row["kind_of_killer"], row["killer"]) for row in killed).most_common()),
        "how": dict(collections.Counter(row["how"].split(":")[0] for row in killed if
                                        row["kind_of_killer"] == "target").most_common()),
        "survivors": [row for row in rows if row["outcome"] == "survived" or
                      row.get("kind_of_killer") == "unit test"],
    }


def table(lines, head, groups):
    lines += ["", "| %s | mutants | killed | of these timeout | unit test alone | survived | "
              "score |" % head, "|---|---|---|---|---|---|---|"]
    for name, row in groups.items():
        lines.append("| %s | %d | %d | %d | %d | %d | %s |" % (
            name, row["mutants"], row["killed"], row["timeout"], row["unit test"],
            row["survived"], "-" if row["score"] is None else "%.1f %%" % row["score"]))


def markdown(summary):
    every = summary["all"]
    lines = ["# Mutants of the core", "",
             "%d mutants that compile and differ; the replay of the seeds kills %d: %s %%." % (
                 every["mutants"], every["killed"], every["score"]),
             "Not counted: %d that do not compile, %d of which the compiler makes the same code, "
             "%d listed as equivalent." % (every["invalid"], every["same"],
                                          summary["equivalent"])]
    table(lines, "file", summary["files"])
    table(lines, "kind", summary["kinds"])
    for head, groups in (("killer", summary["killers"]), ("how", summary["how"])):
        lines += ["", "| %s | mutants |" % head, "|---|---|"]
        lines += ["| %s | %d |" % pair for pair in groups.items()]
    lines += ["", "## What no replay kills", ""]
    for row in summary["survivors"]:
        lines += ["- `%s:%d` %s, %s%s" % (
            row["file"], row["line"], row["function"] or "-", row["kind"],
            " (unit test %s kills it)" % row["killer"] if "killer" in row else ""),
            "  `%s`" % row["before"], "  `%s`" % row["after"]]
    return re.sub(r"`{2,}", "`", "\n".join(lines)) + "\n"


def arguments():
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__.split("\n")[0])
    parser.error = lambda text: (print("mutants: %s" % text, file=sys.stderr), sys.exit(64))
    parser.add_argument("--file", action="append", choices=sources(), metavar="core/X.c")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", default="mutants")
    parser.add_argument("--unit-tests", action="store_true")
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    if args.jobs < 1 or args.sample < 0:
        parser.error("--jobs is at least 1, --sample at least 0")
    # Bazel runs programs elsewhere: names of files are meant where it was called.
    args.out = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()), args.out)
    return args


def main():
    args = arguments()
    run = Run(args)
    if args.fresh and os.path.exists(os.path.join(args.out, "mutants.jsonl")):
        os.unlink(os.path.join(args.out, "mutants.jsonl"))
    try:
        rows = run.run()
    except make.Failure as failure:
        print("mutants: %s" % failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)
    summary = summary_of(rows, len(run.equivalent))
    with open(os.path.join(args.out, "mutants.json"), "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=1)
        file.write("\n")
    text = markdown(summary)
    with open(os.path.join(args.out, "mutants.md"), "w", encoding="utf-8") as file:
        file.write(text)
    every = summary["all"]
    print("%d of %d killed, %s %%; report: %s" % (
        every["killed"], every["mutants"], every["score"], os.path.join(args.out, "mutants.md")))
    return 1 if run.problems else 0


if __name__ == "__main__":
    sys.exit(main())
