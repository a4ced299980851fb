#!/usr/bin/python3
"""Each planted bug of fuzz/bugs/ must be found by the committed seeds alone, by one of
the oracles that bugs.json names; and each oracle must have a bug that it finds.

    bugs_test.py [--jobs N] [--all] [--learn FILE] [BUG-OR-TARGET]...

With names it tries those bugs alone, or the bugs that name those targets. --all goes on
after the first target that finds a bug. --learn writes what was seen as JSON. The last
line is `N passed, N failed`, one for each bug and each check.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, "fuzz/bugs")
import planted  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

BUGS_MIN = 40
CHAPTERS = ["SIT", "RIT", "TLS", "DWN", "SMG", "CMD", "AUT", "BDT", "RPL", "INJ", "DOS"]
FIELDS = {"id": str, "patch": str, "entry": str, "family": str, "laws": list, "role": str,
          "targets": list, "what": str}
ROLES = ["server", "client", "both"]
# A replay of the seeds takes about a second; a bug may make it last for ever.
SECONDS = 20
# One that is to last for ever needs no more than this.
SECONDS_OF_CLOCK = 4
# So many inputs that break another law than the bug's are left out before it is given up.
TRIES = 8


class Tally:
    """What passed and what failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def case(self, name, problems):
        """Counts one case; `problems` says what is wrong with it, or is empty."""
        if problems:
            self.failed += 1
            print("FAILED %s: %s" % (name, problems), flush=True)
        else:
            self.passed += 1


# ------------------------------------------------------------------ the table


def problems_of_row(bug):
    """Returns what is wrong with a row of bugs.json."""
    if {name: type(value) for name, value in bug.items()} != FIELDS:
        return "its fields are not those that README.md names"
    known = set(planted.laws()) | set(planted.OTHERS)
    strange = [law for law in bug["laws"] if law not in known]
    strange += [name for name in bug["targets"] if name not in make.targets()]
    if strange:
        return "nobody knows %s" % ", ".join(strange)
    if not bug["laws"] or not bug["targets"] or bug["role"] not in ROLES:
        return "it has no law, no target or no role"
    if bug["patch"] != bug["id"] + ".patch":
        return "its patch has another name"
    return ""


def check_table(bugs, tally):
    """The table as a whole: size, chapters, files, no two bugs the same."""
    tally.case("size", "" if len(bugs) >= BUGS_MIN else
               "%d bugs, fewer than %d" % (len(bugs), BUGS_MIN))
    for name in CHAPTERS:
        tally.case("chapter " + name, "" if any(planted.chapter(bug) == name for bug in bugs)
                   else "no bug")
    files = {name for name in os.listdir(planted.FOLDER) if name.endswith(".patch")}
    odd = files ^ {bug["patch"] for bug in bugs}
    tally.case("patches", ", ".join(sorted(odd)) and "in one place only: %s" % sorted(odd))
    texts = collections.Counter(json.dumps(sorted(planted.overlay(bug).items()))
                                for bug in bugs if fits(bug))
    tally.case("no two the same", "" if all(count == 1 for count in texts.values()) else
               "two patches make the same of the core")


def fits(bug):
    try:
        planted.overlay(bug)
        return True
    except (planted.Failure, OSError):
        return False


# ----------------------------------------------------------------- the replays


def replayed(target, change, file, seconds, laws=()):
    """Returns (law, sentence) of a replay, or that the target cannot be built. When it
    ends by another law than one of `laws`, it goes on without that input, some times: a
    bug may break more than one law, and which comes first hangs on the names of seeds."""
    left_out, first = [], None
    try:
        while len(left_out) < TRIES:
            law, what, where = planted.replay(target, change, file, seconds, left_out)
            first = first or (law, what)
            if law is None or law in laws or not laws or not where:
                return (law, what) if law in laws else first
            left_out.append(where)
        return first
    except (make.Failure, OSError) as failure:
        return "build", "; ".join(str(failure).split("\n")[-3:])[-200:]


def try_bug(bug, go_on, broken):
    """Returns (problems, [(target, law, sentence)], reached, triggered). Targets of
    `broken` are left out: they fail without a bug."""
    wrong = problems_of_row(bug)
    if wrong:
        return wrong, [], 0, 0
    seen = []
    with tempfile.TemporaryDirectory(prefix="smtpcore-bug-") as folder:
        file = os.path.join(folder, "counts")
        try:
            change = planted.overlay(bug)
        except (planted.Failure, OSError) as failure:
            return str(failure), seen, 0, 0
        for target in bug["targets"]:
            if target in broken:
                seen.append((target, "broken", "without a bug"))
                continue
            endless = planted.CLOCK in bug["laws"]
            law, what = replayed(target, change, file,
                                 SECONDS_OF_CLOCK if endless else SECONDS, bug["laws"])
            seen.append((target, law, what))
            if law in bug["laws"] and not go_on:
                break
        reached, triggered = planted.counts(file)
    return problems_of(bug, seen, reached, triggered), seen, reached, triggered


def problems_of(bug, seen, reached, triggered):
    """Returns what was seen, if that is not what the bug's row says."""
    if any(law in bug["laws"] for _, law, _ in seen) and reached and triggered:
        return ""
    told = "; ".join("%s: %s" % (target, "%s (%s)" % (law, what) if law else "alive")
                     for target, law, what in seen)
    return "want %s, have %s; reached %d, triggered %d" % (
        " or ".join(bug["laws"]), told, reached, triggered)


def check_unharmed(targets, pool, tally):
    """Without a bug all targets pass. Returns those that do not."""
    broken = set()
    seen = pool.map(lambda name: replayed(name, None, None, 10 * SECONDS), targets)
    for target, (law, what) in zip(targets, seen):
        tally.case("without a bug, " + target, law and "%s: %s" % (law, what))
        broken |= {target} if law else set()
    return broken


def laws_in_use():
    """Returns the laws that targets and harness have an oracle for."""
    used = set()
    for path in make.sources("fuzz/targets/*.c", "fuzz/harness/*.[ch]", "fuzz/tls/*.[ch]"):
        text = planted.read(os.path.join(planted.ROOT, path))
        used |= {law for law in planted.laws()
                 if re.search(r"\bFUZZ_MUST\(\s*%s\b|\bFUZZ_LAW_%s\b" % (law, law), text)}
    return used


def check_laws(killers, no_bug, tally):
    """Each oracle that is in use has found a bug."""
    for law in planted.laws():
        if law in no_bug:
            tally.case("law " + law, "" if not killers[law] else
                       "it has a bug, %s, and a reason why not" % killers[law][0])
        elif law in laws_in_use():
            tally.case("law " + law, "" if killers[law] else "no bug is found by it")


def chosen(bugs, names):
    """Returns the bugs that the command line names, or all."""
    return [bug for bug in bugs
            if not names or bug["id"] in names or set(names) & set(bug["targets"])]


def main():
    parser = argparse.ArgumentParser(description="Replays the seeds against planted bugs.")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--learn")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    bugs, no_bug = planted.load()
    wanted = chosen(bugs, args.names)
    tally, killers, learnt = Tally(), collections.defaultdict(list), {}
    start = time.time()
    if not args.names:
        check_table(bugs, tally)
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        targets = sorted({name for bug in wanted for name in bug["targets"]
                          if name in make.targets()})
        broken = check_unharmed(targets, pool, tally)
        results = pool.map(lambda bug: try_bug(bug, args.all, broken), wanted)
        for bug, result in zip(wanted, results):
            problems, seen, reached, triggered = result
            tally.case(bug["id"], problems)
            learnt[bug["id"]] = {"seen": seen, "reached": reached, "triggered": triggered}
            for _, law, _ in seen:
                if law in bug["laws"]:
                    killers[law].append(bug["id"])
    if not args.names:
        check_laws(killers, no_bug, tally)
    if args.learn:
        with open(args.learn, "w", encoding="utf-8") as file:
            json.dump(learnt, file, indent=1)
    print("%d bugs in %d s" % (len(wanted), time.time() - start))
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
