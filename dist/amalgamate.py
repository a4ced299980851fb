#!/usr/bin/python3
"""Makes one header and one source of the core, for those who add files to a project by hand.

    amalgamate.py FOLDER        writes FOLDER/smtpcore.h and FOLDER/smtpcore.c

From Python: `header()` and `source()` return the texts. The settings stay in a file of their
own, smtpcore_config.h, which a user may edit or replace.

Sections come in an order in which each finds what it includes. A name of a source's own that
another one says too is given the source's name in front; a macro of one source ends with it.
Nothing else is changed, so a section reads like its source.
"""

import collections
import functools
import glob
import os
import re
import sys

# Not the real path: Bazel shows a build no more than what it says that it reads.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PUBLIC = "core/include/smtpcore/"
CONFIG = "core/include/smtpcore_config.h"
RULE = "// " + "=" * 76
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"][^\n]*\n', re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
TOKEN = re.compile(r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
                       | [A-Za-z_]\w* | \d\w* | \s+ | -> | .""", re.X | re.S)


class Failure(Exception):
    """The core cannot be put into one file."""


@functools.lru_cache(maxsize=None)
def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def below(pattern):
    return sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, pattern)))


def public_headers():
    return below(PUBLIC + "*.h")


def sources():
    """Returns the core's sources, without tests and what only tests use."""
    return [path for path in below("core/*.c")
            if not path.endswith(("_test.c", "testing.c", "_probe.c"))]


def path_of(name):
    """Returns the path of a header as it is included, or None: it is the compiler's own."""
    if name == os.path.basename(CONFIG):
        return CONFIG
    if name.startswith("smtpcore/"):
        return "core/include/" + name
    return name if name.startswith("core/") else None


def in_order(paths):
    """Returns the headers, each behind those that it includes."""
    found = []
    open_now = []

    def add(path):
        if path in found or path == CONFIG:
            return
        if path in open_now:
            raise Failure("headers include each other: " + " ".join(open_now))
        open_now.append(path)
        for name in INCLUDE.findall(text_of(path)):
            inner = path_of(name)
            if inner:
                add(inner)
        open_now.pop()
        found.append(path)

    for path in paths:
        add(path)
    return found


def without_guard(path, text):
    """Returns a header's include guard, and the header without it."""
    found = re.search(r"^#ifndef (\w+_H)\n#define \1\n", text, re.M)
    end = re.search(r"\n#endif[^\n]*\n*\Z", text)
    if not found or not end:
        raise Failure(path + " has no include guard")
    return found.group(1), text[:found.start()] + text[found.end():end.start()] + "\n"


def tokens(text):
    return TOKEN.findall(text)


def bare(text):
    """Returns the text without comments, strings and lines for the preprocessor."""
    kept = "".join(" " if token.startswith(("//", "/*", '"', "'")) else token
                   for token in tokens(text))
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", kept, flags=re.M)


def top_level(text):
    """Returns the text with an empty pair of braces for each block."""
    depth, kept = 0, []
    for char in text:
        depth -= char == "}"
        if depth == 0:
            kept.append(char)
        depth += char == "{"
    return "".join(kept)


def own_names(path):
    """Returns what a source names for itself: functions, objects, types, enumerators."""
    text = bare(text_of(path))
    top = top_level(text)
    found = set(re.findall(r"\bstatic\b[^;{}=()\[]*?\b(\w+)\s*[(\[=;]", top))
    found |= set(re.findall(r"\btypedef\b[^;]*?\b(\w+)\s*;", top))
    found |= set(re.findall(r"\b(?:struct|enum|union)\s+(\w+)\s*\{\}", top))
    for body in re.findall(r"\benum\b\s*\w*\s*\{([^{}]*)\}", text):
        # What has brackets behind it is a list that a macro makes.
        found |= set(re.findall(r"(?:^|,)\s*(\w+)\b(?!\s*\()", body))
    return {name for name in found if not name.lower().startswith("smtpc_")}


def renamed(path, name):
    stem = os.path.splitext(os.path.basename(path))[0]
    return (stem.upper() if name.isupper() else stem) + "_" + name


def rename(text, names):
    """Replaces names, but for members behind a dot or an arrow."""
    out, before = [], ""
    for token in tokens(text):
        out.append(names[token] if token in names and before not in (".", "->") else token)
        before = before if token.isspace() else token
    return "".join(out)


def section(path, text):
    return "%s\n// %s\n%s\n\n%s\n" % (RULE, path, RULE, text.strip() + "\n")


def without_includes(text, seen):
    """Takes includes out: those of the project, and the compiler's own that were seen."""
    def one(match):
        name = match.group(1)
        if path_of(name) or name in seen:
            return ""
        seen.add(name)
        return match.group(0)
    return INCLUDE.sub(one, text)


def header():
    """Returns the text of smtpcore.h."""
    seen = set()
    parts = [LICENCE, """// smtpcore: a parser core for SMTP, both roles, without heap and I/O.
//
// Made of the headers that are named below; where to begin: docs/EMBEDDING.md. Settings:
// smtpcore_config.h.
#ifndef SMTPCORE_H
#define SMTPCORE_H

#include "smtpcore_config.h"

"""]
    for path in in_order(public_headers()):
        guard, text = without_guard(path, text_of(path))
        text = without_includes(text, seen).strip()
        # With its guard a section and the header that it is made of may meet in one source.
        parts.append(section(path[len("core/include/"):],
                             "#ifndef %s\n#define %s\n\n%s\n\n#endif  // %s\n" %
                             (guard, guard, text, guard)))
    parts.append("#endif  // SMTPCORE_H\n")
    return "".join(parts)


def clashes():
    """Returns the names that a source has for itself and another one says too: for a thing of
    its own, or for a parameter, which would hide the first."""
    said = collections.Counter(name for path in sources()
                               for name in set(re.findall(r"\w+", bare(text_of(path)))))
    return {name for path in sources() for name in own_names(path) if said[name] > 1}


def source():
    """Returns the text of smtpcore.c."""
    seen = {name for path in public_headers() for name in INCLUDE.findall(text_of(path))}
    parts = [LICENCE, "// smtpcore: made of the sources that are named below.\n"
             '#include "smtpcore.h"\n\n']
    internal = [path for path in in_order(below("core/*_parts.h")) if not path.startswith(PUBLIC)]
    for path in internal:
        text = without_guard(path, text_of(path))[1]
        parts.append(section(path, without_includes(text, seen)))
    twice = clashes()
    all_names = {name for path in sources() for name in own_names(path)}
    for path in sources():
        names = {name: renamed(path, name) for name in twice & own_names(path)}
        taken = set(names.values()) & all_names
        if taken:
            raise Failure("%s: %s is a name already" % (path, ", ".join(sorted(taken))))
        text = rename(without_includes(text_of(path), seen), names)
        macros = list(dict.fromkeys(DEFINE.findall(text)))
        ends = "".join("#undef %s\n" % name for name in macros)
        parts.append(section(path, text.strip() + ("\n\n" + ends if ends else "\n")))
    return "".join(parts)


def tidy(text):
    """Leaves one empty line where there are more."""
    return re.sub(r"\n{3,}", "\n\n", text)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, text in [("smtpcore.h", header()), ("smtpcore.c", source())]:
        with open(os.path.join(sys.argv[1], name), "w", encoding="utf-8") as file:
            file.write(tidy(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
