#!/usr/bin/python3
"""Makes patches of planted bugs anew that no longer fit, after a change of the sources.

    refresh.py [--base REVISION] [--check] [BUG]...

A patch that fits is left alone. For one that does not, the sources of REVISION (default
HEAD), where it fits, are its base: the bug is put into those, merged with the sources as
they are now, and the difference is the new patch. A conflict is told, and its patch left
as it is: such a one is made anew by hand (fuzz/bugs/README.md). Then say what the bug does
at that place; the merge only knows lines. --check changes nothing.

The last line is `N fit, N made anew, N failed`.
"""

import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "fuzz/bugs"))
import planted  # pylint: disable=wrong-import-position


class Failure(Exception):
    """Why a patch cannot be made anew, as a sentence."""


def at_revision(revision, path):
    """Returns the text of a file in a revision."""
    done = subprocess.run(["git", "show", "%s:%s" % (revision, path)], cwd=ROOT, check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure("%s has no %s" % (revision, path))
    return done.stdout


def patched(patch, texts, revision):
    """Returns {path: text} of `texts` with a patch in."""
    lines, drift = {}, {}
    for path, line, old, new in planted.hunks_of(patch):
        if path not in lines:
            lines[path], drift[path] = texts(path).split("\n"), 0
        at = planted.place_of(lines[path], old, line - 1 + drift[path])
        if at is None:
            raise Failure("it does not fit %s of %s at line %d" % (path, revision, line))
        lines[path][at:at + len(old)] = new
        drift[path] = at - (line - 1) + len(new) - len(old)
    return {path: "\n".join(rows) for path, rows in lines.items()}


def three_way(now, base, bug):
    """Returns `bug`, a change of `base`, as the same change of `now`."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in (("now", now), ("base", base), ("bug", bug)):
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(["git", "merge-file", "-p"] + paths, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure("a conflict")
    return done.stdout


def difference(path, old, new):
    """Returns a unified diff of two texts of one file."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, text in (("a", old), ("b", new)):
            names.append(os.path.join(folder, name))
            with open(names[-1], "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(
            ["diff", "-U3", "--label", "a/" + path, "--label", "b/" + path] + names,
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 1:
        raise Failure("the bug changes nothing of %s any more" % path)
    return done.stdout


def anew(patch, revision):
    """Returns a patch that makes of the sources now what `patch` made of a revision's."""
    bugs = patched(patch, lambda path: at_revision(revision, path), revision)
    parts = []
    for path, bug in bugs.items():
        now = planted.read(os.path.join(ROOT, path))
        merged = three_way(now, at_revision(revision, path), bug)
        parts.append(difference(path, now, merged))
    return "".join(parts)


def refresh(bug, revision, check):
    """Sees to one patch. Returns "fit", "anew" or why it failed."""
    try:
        planted.overlay(bug)
        return "fit"
    except planted.Failure as failure:
        if check:
            return str(failure)
    path = os.path.join(planted.FOLDER, bug["patch"])
    try:
        text = anew(planted.read(path), revision)
    except Failure as failure:
        return str(failure)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        planted.overlay(bug)
    except planted.Failure as failure:
        return str(failure)
    return "anew"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--base", default="HEAD", help="where the patches fit")
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("bugs", nargs="*")
    options = parser.parse_args()
    counts = {"fit": 0, "anew": 0, "failed": 0}
    bugs, _ = planted.load()
    for bug in bugs:
        if options.bugs and bug["id"] not in options.bugs:
            continue
        result = refresh(bug, options.base, options.check)
        if result not in counts:
            print("FAILED %s: %s" % (bug["id"], result))
            result = "failed"
        counts[result] += 1
    print("%d fit, %d made anew, %d failed" % (counts["fit"], counts["anew"],
                                              counts["failed"]))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
