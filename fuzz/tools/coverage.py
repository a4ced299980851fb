#!/usr/bin/python3
"""Measures how much of the core and of the shims the committed seeds reach, and nothing
but them.

    coverage.py [--out FOLDER] [--check]

Each target is built with clang's source-based coverage against all of core/*.c, and where
it has TLS, of shim/boringssl/*.c and shim/stream/*.c, whether it uses it or not, and
replays its seeds once. FOLDER (default ./coverage) then holds, for
each target and for all together (`merged`): html/index.html, summary.txt, coverage.txt
with each line, and coverage.json as llvm-cov has it.

--check compares with fuzz/coverage_bar.json, and writes no HTML. That file has the bar of
each folder in percent: lines and branches, and for the core the MC/DC of the tokenizers and
of the policy. It lists what cannot be reached by construction: file, text of the line (and nth,
from 0, where several lines read the same), how many of its branches and mcdc, and of the
lines from it on, are missing, and the reason. What is listed and reached nevertheless, or
not there any more, fails as well. Exit status: 0, 1 below the bar, 64 for a wrong flag.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

BAR = os.path.join(make.ROOT, "fuzz/coverage_bar.json")
COV = "llvm-cov-19"
PROFDATA = "llvm-profdata-19"
MEASURES = ["lines", "branches", "mcdc"]


def measured(tls=True):
    """Returns the files that are measured, in a target with TLS or in another."""
    return make.sources("core/*.c", *(make.TLS_SEEN if tls else []))


def has_tls(target):
    return bool(make.targets()[target].get("tls"))


def usable():
    """Returns the targets that have a source and seeds."""
    return [name for name in sorted(make.targets()) if make.corpus(name) and
            os.path.exists(os.path.join(make.ROOT, make.source_of(name)))]


def replay(target, folder):
    """Replays a target's seeds and returns (binary, profile)."""
    binary = make.build(target, "coverage")
    raw = os.path.join(folder, target + ".profraw")
    done = subprocess.run([binary] + make.corpus(target), check=False, text=True,
                          errors="replace", cwd=make.ROOT, timeout=300,
                          env=engines.plain_environment({"LLVM_PROFILE_FILE": raw}),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise make.Failure("%s fails on its seeds:\n%s" % (target, done.stdout[-2000:]))
    return binary, profile(os.path.join(folder, target), [raw])


def profile(base, parts):
    out = base + ".profdata"
    make.run([PROFDATA, "merge", "-sparse", "-o", out] + parts)
    return out


def cov(command, binary, data, words, tls=True):
    """Runs llvm-cov on what is measured alone and returns what it prints."""
    paths = [os.path.join(make.ROOT, path) for path in measured(tls)]
    done = subprocess.run([COV, command, "-instr-profile=" + data] + words + [binary] + paths,
                          check=False, text=True, cwd=make.ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise make.Failure("llvm-cov %s: %s" % (command, done.stderr[-2000:]))
    return done.stdout


def write_report(folder, binary, data, tls):
    """Writes all forms of one report."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shown = ["-show-branches=count", "-show-mcdc", "-show-mcdc-summary"]
    cov("show", binary, data, ["-format=html", "-output-dir=" + os.path.join(folder, "html")] +
        shown, tls)
    for name, command, words in [
            ("coverage.txt", "show", shown), ("coverage.json", "export", []),
            ("summary.txt", "report", ["-show-branch-summary", "-show-mcdc-summary"])]:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(cov(command, binary, data, words, tls))


# ---------------------------------------------------------------------- counting


class File:
    """What of one file is reached. The numbers are llvm-cov's, in which each use of a macro
    counts; what is missing is told by the line of the file that it stands in."""

    def __init__(self, path, entry, text):
        self.path = path
        self.text = text.splitlines()
        self.summary = {measure: entry["summary"][measure] for measure in MEASURES}
        self.lines = self.lines_of(entry["segments"])
        self.branches = collections.defaultdict(lambda: [0, 0])
        for row in entry.get("branches", []):
            place = self.branches[tuple(row[:4])]
            place[0] += row[4]
            place[1] += row[5]
        self.mcdc = {}
        for row in entry.get("mcdc_records", []):
            # A function that each of several binaries has is there once for each.
            flags = row[-1]
            old = self.mcdc.get(tuple(row[:4]), [False] * len(flags))
            self.mcdc[tuple(row[:4])] = [a or b for a, b in zip(flags, old)]

    def lines_of(self, segments):
        """Returns a dict: line, how often it ran; as llvm-cov's line counts."""
        lines, count, active = {}, 0, False
        by_line = collections.defaultdict(list)
        for line, _, number, has_count, is_entry, is_gap in segments:
            by_line[line].append((number, has_count, is_entry, is_gap))
        for line in range(1, len(self.text) + 1):
            here = by_line.get(line, [])
            entries = [number for number, has_count, is_entry, is_gap in here
                       if has_count and is_entry and not is_gap]
            skipped = bool(here) and not here[0][1] and here[0][2]
            if not skipped and (active or entries):
                lines[line] = max(entries + ([count] if active else []))
            if here:
                count, active = here[-1][0], here[-1][1]
        return lines

    def missing(self):
        """Yields (measure, line, how many) of what is not reached."""
        for line, count in sorted(self.lines.items()):
            if count == 0:
                yield "lines", line, 1
        for place, counts in sorted(self.branches.items()):
            if counts.count(0):
                yield "branches", place[0], counts.count(0)
        for place, flags in sorted(self.mcdc.items()):
            if flags.count(False):
                yield "mcdc", place[0], flags.count(False)

    def total(self, measure):
        return self.summary[measure]["count"]

    def covered(self, measure):
        return self.summary[measure]["covered"]


def files_of(export):
    """Returns a dict: path in the tree, its File. Each file that is measured must be there."""
    found = {}
    for entry in export["data"][0]["files"]:
        path = os.path.relpath(os.path.join(make.ROOT, entry["filename"]), make.ROOT)
        found[path] = File(path, entry, make.text_of(path, {}))
    absent = sorted(set(measured()) - set(found))
    if absent:
        raise make.Failure("not in the report: " + ", ".join(absent))
    return {path: found[path] for path in measured()}


def check(files, bar):
    """Returns (a line for each folder and measure, what is wrong, what is missing)."""
    missing = collections.Counter()
    for file in files.values():
        for measure, line, count in file.missing():
            missing[file.path, measure, line] += count
    problems = []
    excluded = collections.Counter()
    for row in bar["excluded"]:
        for problem in exclude(row, files, missing, excluded):
            problems.append(problem)
    lines = []
    for folder, least in bar["least"].items():
        for measure in [name for name in MEASURES if name in least]:
            counts = counted(files, excluded, bar, folder, measure)
            lines.append("%-15s %-8s %6d of %6d: %6.2f %%, the bar is %g; %d more are excluded"
                         % (folder, measure, *counts[:3], least[measure], counts[3]))
            if counts[2] < least[measure]:
                problems.append("below the bar: " + lines[-1])
    return lines, problems, missing


def counted(files, excluded, bar, folder, measure):
    """Returns (how many are reached, of how many, in percent, how many more are excluded)."""
    paths = [path for path in files if os.path.dirname(path) == folder and (
        measure != "mcdc" or
        any(fnmatch.fnmatch(os.path.basename(path), name) for name in bar["mcdc_files"]))]
    without = sum(excluded[path, measure] for path in paths)
    total = sum(files[path].total(measure) for path in paths) - without
    covered = sum(files[path].covered(measure) for path in paths)
    return covered, total, 100.0 * covered / total if total else 0.0, without


def exclude(row, files, missing, excluded):
    """Takes one exclusion off what is missing. Yields what is wrong with it."""
    name = "%s: %s" % (row["file"], row["text"])
    file = files.get(row["file"])
    found = [number for number, text in enumerate(file.text if file else [], 1)
             if " ".join(text.split()) == row["text"]]
    nth = row.get("nth", 0)
    if len(found) <= nth:
        yield "excluded, but not there: " + name
        return
    if not row.get("reason"):
        yield "excluded without a reason: " + name
    for measure, count in row["missing"].items():
        # What a condition guards stands behind it: so many lines, or with it one more.
        span = range(found[nth], found[nth] + count + 1) if measure == "lines" else [found[nth]]
        have = sum(missing.pop((row["file"], measure, line), 0) for line in span)
        excluded[row["file"], measure] += have
        if have != count:
            yield "%s: %d of its %s are excluded, %d are missing" % (name, count, measure, have)


def per_file(files):
    """Yields a table: of each file, how much is reached."""
    yield "%-28s %14s %14s %14s" % ("file", *MEASURES)
    for path, file in files.items():
        cells = []
        for measure in MEASURES:
            total, covered = file.total(measure), file.covered(measure)
            cells.append("%d/%d %5.1f" % (covered, total,
                                          100.0 * covered / total if total else 100.0))
        yield "%-28s %14s %14s %14s" % (path, *cells)


def arguments():
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__.split("\n")[0])
    parser.error = lambda text: (print("coverage: %s" % text, file=sys.stderr), sys.exit(64))
    parser.add_argument("--out", default="coverage")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    where = os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd())
    args.out = os.path.join(where, args.out)
    return args


def measure_all(folder, problems):
    """Returns a dict: target, (binary, profile) of what replays well."""
    names = usable()
    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(replay, name, folder) for name in names}
        for name, run in runs.items():
            try:
                found[name] = run.result()
            except (make.Failure, subprocess.TimeoutExpired) as failure:
                problems.append("%s: %s" % (name, str(failure)[-500:]))
    if not found:
        raise make.Failure("\n".join(["no target replays"] + problems))
    return found


def measure(problems, out=None):
    """Replays all targets and returns a dict: path in the tree, its File. With `out` it
    writes the reports there."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure_all(folder, problems)
        merged = profile(os.path.join(folder, "merged"), [data for _, data in found.values()])
        # All binaries hold the same core, and all with TLS the same shims, so one of them
        # tells of all.
        binaries = [own for name, (own, _) in found.items() if has_tls(name)]
        if not binaries:
            raise make.Failure("\n".join(["no target with TLS replays"] + problems))
        binary = binaries[0]
        if out:
            for name, (own, data) in found.items():
                write_report(os.path.join(out, name), own, data, has_tls(name))
            write_report(os.path.join(out, "merged"), binary, merged, True)
        return files_of(json.loads(cov("export", binary, merged, [])))


def bar_of():
    with open(BAR, encoding="utf-8") as file:
        return json.load(file)


def main():
    args = arguments()
    problems = []
    try:
        files = measure(problems, None if args.check else args.out)
    except make.Failure as failure:
        print("coverage: %s" % failure, file=sys.stderr)
        return 1
    lines, below, missing = check(files, bar_of())
    problems += below
    print("\n".join(per_file(files)))
    for (path, kind, line), count in sorted(missing.items()):
        print("missing: %s:%d: %d of %s: %s" % (
            path, line, count, kind, " ".join(files[path].text[line - 1].split())))
    print("\n".join(lines))
    for problem in problems:
        print("coverage: " + problem, file=sys.stderr)
    return 1 if problems and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
