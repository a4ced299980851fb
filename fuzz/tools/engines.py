#!/usr/bin/python3
"""How the two engines are started, and what they say of a run.

A `Run` is one engine on one target for a bounded time. It is started, polled, and
stopped; it knows what it has done so far.
"""

import glob
import os
import re
import shutil
import signal
import subprocess

import make

LIBFUZZER_LINE = re.compile(r"^#(\d+)\t.* cov: (\d+) .* exec/s: (\d+)", re.M)
LIBFUZZER_DONE = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.M)
BROKEN = re.compile(r"^smtpcore-fuzz: law (\w+) is broken: (.*)$", re.M)
SANITIZER = re.compile(r"^(?:==\d+==)?\s*(?:ERROR|WARNING): (\w+Sanitizer|libFuzzer): ([\w-]+)",
                       re.M)
UNDEFINED = re.compile(r"^(\S+:\d+:\d+): runtime error: (.*)$", re.M)

# What AFL++ needs in a container and on a machine of few cores.
AFL_ENVIRONMENT = {
    "AFL_NO_UI": "1",
    "AFL_SKIP_CPUFREQ": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_NO_AFFINITY": "1",
    "AFL_FAST_CAL": "1",
    "AFL_QUIET": "1",
    "AFL_FORKSRV_INIT_TMOUT": "30000",
}


def verdict(text):
    """Returns (law, what) of what a process said as it died, or (None, "")."""
    found = BROKEN.search(text)
    if found:
        return found.group(1), found.group(2)
    found = UNDEFINED.search(text)
    if found:
        return "UndefinedBehaviorSanitizer", "%s: %s" % found.groups()
    found = SANITIZER.search(text)
    if found:
        return found.groups()
    return None, ""


# A search does without what costs a half of its speed where there is a heap: each replay
# has it all.
SEARCH = ["detect_leaks=0", "detect_stack_use_after_return=0", "malloc_context_size=1",
          "quarantine_size_mb=8"]


def plain_environment(extra=None):
    """Returns the environment of an engine: no options of whoever calls."""
    env = {name: value for name, value in os.environ.items()
           if not name.endswith("SAN_OPTIONS") and not name.startswith("AFL_")}
    env.update(extra or {})
    return env


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Run:
    """One engine on one target. `corpus` is the folder to begin with; `folder` is its
    own."""

    engine = ""

    def __init__(self, target, folder, corpus, seconds, seed, dictionary=True, role="main"):
        self.target = target
        self.folder = folder
        self.corpus = corpus
        self.seconds = seconds
        self.seed = seed
        self.role = role
        self.facts = make.targets()[target]
        self.dictionary = make.dictionary(self.facts["kind"]) if dictionary else None
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def log(self):
        return os.path.join(self.folder, "log")

    def launch(self, words, env):
        with open(self.log(), "wb") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, env=env, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends the run, and all that it started."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, 3), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.poll()
        self.sweep()

    def sweep(self):
        """Ends what an engine left behind: AFL++'s fork servers have groups of their own,
        and stand in the run's folder."""
        folder = os.path.realpath(self.folder)
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.readlink("/proc/%s/cwd" % entry).startswith(folder):
                    os.kill(int(entry), signal.SIGKILL)
            except OSError:
                continue  # it has gone, or is not ours


class LibFuzzer(Run):
    """libFuzzer: `role` "value" is a worker with value profile, "plain" one without
    sanitizers."""

    engine = "libfuzzer"

    def start(self, overlay=None, words=()):
        flavour = {"plain": "libfuzzer-plain", "value": "libfuzzer-cmp"}.get(self.role, "libfuzzer")
        binary = make.build(self.target, flavour, overlay)
        found = os.path.join(self.folder, "found")
        os.makedirs(found, exist_ok=True)
        command = [binary, "-max_len=%d" % self.facts["max_len"], "-timeout=10",
                   "-rss_limit_mb=2048", "-max_total_time=%d" % self.seconds,
                   "-seed=%d" % (self.seed or 1), "-print_final_stats=1",
                   "-artifact_prefix=" + os.path.join(self.folder, "crash-"),
                   "-reload=1"]
        command += ["-dict=" + self.dictionary] if self.dictionary else []
        command += ["-use_value_profile=1"] if self.role == "value" else []
        command += list(words) + [found] + ([self.corpus] if self.corpus else [])
        self.launch(command, plain_environment({"ASAN_OPTIONS": ":".join(SEARCH)}))

    def state(self):
        """Returns {executions, rate, edges, corpus, crashes} so far."""
        text = read(self.log())
        lines = LIBFUZZER_LINE.findall(text)
        executions, edges, rate = lines[-1] if lines else ("0", "0", "0")
        done = LIBFUZZER_DONE.search(text)
        return {"executions": int(done.group(1) if done else executions),
                "rate": int(rate), "edges": int(edges),
                "corpus": len(glob.glob(os.path.join(glob.escape(self.folder), "found", "*"))),
                "crashes": len(self.crashes())}

    def crashes(self):
        return sorted(glob.glob(os.path.join(glob.escape(self.folder), "crash-*")))

    def new_inputs(self):
        return sorted(glob.glob(os.path.join(glob.escape(self.folder), "found", "*")))


class Afl(Run):
    """AFL++: `role` is "main", "cmplog" or "sanitizer"."""

    engine = "afl"

    def start(self, overlay=None, words=(), env=None):
        flavour = "afl-asan" if self.role == "sanitizer" else "afl"
        binary = make.build(self.target, flavour, overlay)
        seeds = os.path.join(self.folder, "seeds")
        os.makedirs(seeds, exist_ok=True)
        for path in sorted(glob.glob(os.path.join(glob.escape(self.corpus), "*")))\
                if self.corpus else []:
            if 0 < os.path.getsize(path) <= self.facts["max_len"]:
                shutil.copy(path, seeds)
        if not os.listdir(seeds):
            with open(os.path.join(seeds, "one-octet"), "wb") as file:
                file.write(b"\n")
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        command = ["afl-fuzz", "-i", seeds, "-o", out, "-V", str(self.seconds),
                   "-s", str(self.seed or 1), "-m", "none", "-t", "2000+",
                   "-G", str(self.facts["max_len"])]
        command += ["-x", self.dictionary] if self.dictionary else []
        if self.role == "cmplog":
            command += ["-c", make.build(self.target, "cmplog", overlay), "-l", "2"]
        kind = make.KINDS.index(self.facts["kind"])
        more = {"AFL_CUSTOM_MUTATOR_LIBRARY": make.mutator(),
                "SMTPCORE_FUZZ_KIND": str(kind), **AFL_ENVIRONMENT, **(env or {})}
        self.launch(command + list(words) + ["--", binary], plain_environment(more))

    def stats(self):
        text = read(os.path.join(self.folder, "out", "default", "fuzzer_stats"))
        return dict(re.findall(r"^(\S+)\s*: (.*)$", text, re.M))

    def state(self):
        stats = self.stats()
        # The engine's own figure is that of an instant, and wild at the start.
        seconds = int(stats.get("run_time", 0))
        rate = int(stats.get("execs_done", 0)) // seconds if seconds else 0
        return {"executions": int(stats.get("execs_done", 0)),
                "rate": rate,
                "edges": int(stats.get("edges_found", 0)),
                "corpus": int(stats.get("corpus_count", 0)),
                "crashes": len(self.crashes()),
                "stability": stats.get("stability", "")}

    def found(self, what):
        return sorted(glob.glob(os.path.join(glob.escape(self.folder), "out", "default", what,
                                             "id*")))

    def crashes(self):
        return self.found("crashes") + self.found("hangs")

    def new_inputs(self):
        return self.found("queue")


ENGINES = {"libfuzzer": LibFuzzer, "afl": Afl}
