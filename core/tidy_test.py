#!/usr/bin/python3
"""The shape of the core's code: its hard stops, one case for each rule.

Sizes, nesting, columns, includes, banned words, function pointers, doc
comments that begin with the symbol that they document, trailing space. First each
rule must find its own planted breach, then none in the tree.
"""

import glob
import os
import re
import sys

SOURCE_LINES = 800
TEST_LINES = 900
HEADER_LINES = 500
FUNCTION_LINES = 70
NESTING = 4
COLUMNS = 100
# A registry is one list each; its header may be as long as the lists.
REGISTRIES = {"registry.h"}
SYSTEM_HEADERS = {"stdbool.h", "stddef.h", "stdint.h"}
BANNED = re.compile(
    r"\b(malloc|calloc|realloc|free|alloca|strlen|strcpy|strcat|strncpy|strtok|"
    r"sprintf|snprintf|printf|atoi|atol|strtol|strtoul|sscanf|"
    r"is(?:alnum|alpha|cntrl|digit|graph|lower|print|punct|space|upper|xdigit)|"
    r"tolower|toupper|goto|union|setjmp|longjmp|assert|abort|exit|NULL\s*==)\b"
    r"|\bwhile\s*\(\s*(?:true|1)\s*\)|\bfor\s*\(\s*;\s*;\s*\)")
POINTER_TO_FUNCTION = re.compile(r"\(\s*\*\s*\w*\s*(?:\[\s*\w*\s*\]\s*)?\)\s*\(")
CONTROL = {"if", "for", "while", "switch", "return", "sizeof"}
DECLARED = re.compile(
    r"^(?:#define\s+(?P<macro>\w+)"
    r"|typedef\s+(?:struct|enum)\s+(?P<tag>\w+)"
    r"|(?:static\s+inline\s+|extern\s+)?(?:const\s+)?\w[\w\s]*?[\s*]"
    r"(?P<function>smtpc_\w+)\s*[(\[;])")


def blank(text):
    """Returns `text` with comments and literals as spaces, lines kept."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  spaces, text, flags=re.S)


def code_only(text):
    """Returns `text` without literals, comments and preprocessor lines."""
    lines, continued = [], False
    for line in blank(text).split("\n"):
        directive = continued or line.lstrip().startswith("#")
        continued = directive and line.endswith("\\")
        lines.append("" if directive else line)
    return "\n".join(lines)


def functions(text):
    """Yields (name, line, lines, depth) of each function's body."""
    code = code_only(text)
    depth, open_at, deepest, head = 0, 0, 0, 0
    for at, octet in enumerate(code):
        if octet == "{":
            if depth == 0:
                open_at, deepest = at, 0
            depth += 1
            deepest = max(deepest, depth)
        elif octet == "}":
            depth -= 1
            if depth == 0:
                found = re.search(r"(\w+)\s*\([^{}]*\)\s*$", code[head:open_at])
                if found and found.group(1) not in CONTROL:
                    start = head + len(code[head:open_at]) - len(
                        code[head:open_at].lstrip())
                    yield (found.group(1), code.count("\n", 0, start) + 1,
                           code.count("\n", start, at) + 1, deepest - 1)
                head = at + 1
        elif octet == ";" and depth == 0:
            head = at + 1


def kind(path):
    if path.endswith(".py"):
        return "script"
    if re.search(r"(_test|testing)\.[ch]$", path):
        return "test"
    return "header" if path.endswith(".h") else "source"


def file_lines(path, text):
    most = {"source": SOURCE_LINES, "test": TEST_LINES,
            "header": HEADER_LINES}[kind(path)]
    have = text.count("\n")
    if have > most and os.path.basename(path) not in REGISTRIES:
        yield 1, "%d lines, want at most %d" % (have, most)


def function_lines(path, text):
    if kind(path) == "test":
        return
    for name, line, lines, _ in functions(text):
        if lines > FUNCTION_LINES:
            yield line, "%s: %d lines, want at most %d" % (
                name, lines, FUNCTION_LINES)


def nesting(path, text):
    if kind(path) == "test":
        return
    for name, line, _, depth in functions(text):
        if depth > NESTING:
            yield line, "%s: %d levels, want at most %d" % (name, depth, NESTING)


def columns(_, text):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > COLUMNS:
            yield number, "%d columns, want at most %d" % (len(line), COLUMNS)


def space(_, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() or "\t" in line:
            yield number, "space at the end, or a tab"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"


def includes(path, text):
    if kind(path) == "test":
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\s*#\s*include\s*(\S+)", line)
        if not found:
            continue
        name = found.group(1)
        ours = re.fullmatch(r'"smtpcore(?:/\w+|_config)\.h"', name)
        inner = re.fullmatch(r'"core/\w+\.h"', name)
        public = path.startswith("core/include/")
        users = name == "SMTPC_CONFIG_FILE" and path.endswith("/smtpcore_config.h")
        if not (ours or (inner and not public) or users or
                name.strip("<>") in SYSTEM_HEADERS):
            yield number, "include of %s" % name


def banned(path, text):
    if kind(path) == "test":
        return
    for number, line in enumerate(blank(text).split("\n"), 1):
        found = BANNED.search(line)
        if found:
            yield number, "banned: %s" % found.group()


def function_pointers(path, text):
    if kind(path) == "test":
        return
    for number, line in enumerate(blank(text).split("\n"), 1):
        if POINTER_TO_FUNCTION.search(line):
            yield number, "looks like a function pointer"


def docs(path, text):
    """In public headers, the comment right above a declaration begins with its
    symbol. The exception is a comment above a group of macros."""
    if kind(path) != "header" or not path.startswith("core/include/"):
        return
    lines = text.split("\n")
    for at, line in enumerate(lines):
        found = DECLARED.match(line)
        if not found or at == 0 or not lines[at - 1].startswith("//"):
            continue
        if found.group("macro") and re.match(r"#define|.*\\$", lines[at + 1]):
            continue
        name = found.group("macro") or found.group("tag") or found.group("function")
        first = at - 1
        while first > 0 and lines[first - 1].startswith("//"):
            first -= 1
        word = re.match(r"//=?\s*`?([\w.*]+)", lines[first])
        if word is None or word.group(1) != name:
            yield first + 1, "comment begins with %s, want %s" % (
                word.group(1) if word else "nothing", name)


RULES = [file_lines, function_lines, nesting, columns, space, includes,
         banned, function_pointers, docs]

# Each rule's own breach: (file, text). A rule that misses it is no rule.
_BODY = "int smtpc_f(void) {\n%s}\n"
PLANTED = {
    file_lines: ("core/x.c", "\n" * (SOURCE_LINES + 1)),
    function_lines: ("core/x.c", _BODY % ("  f();\n" * FUNCTION_LINES)),
    nesting: ("core/x.c", _BODY % ("if (a) {" * 5 + "}" * 5 + "\n")),
    columns: ("core/x.c", "//" + "x" * COLUMNS + "\n"),
    space: ("core/x.c", "int a; \n"),
    includes: ("core/x.c", "#include <string.h>\n"),
    banned: ("core/x.c", _BODY % "  while (true) {\n  }\n"),
    function_pointers: ("core/x.c", "static int (*handler)(int a);\n"),
    docs: ("core/include/smtpcore/x.h", "// Returns it.\nint smtpc_f(void);\n"),
}


def main():
    paths = sorted(glob.glob("core/*.[ch]") + glob.glob("core/include/**/*.h", recursive=True))
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            texts[path] = file.read()
    failed = 0
    for rule in RULES:
        problems = ["%s:%d: %s" % (path, line, what)
                    for path, text in texts.items() for line, what in rule(path, text)]
        if not list(rule(*PLANTED[rule])):
            problems.append("the planted breach was not found")
        if len(paths) < 3:
            problems.append("only %d files found" % len(paths))
        failed += bool(problems)
        print("%s %s" % ("FAILED" if problems else "ok", rule.__name__))
        for problem in problems:
            print("  " + problem)
    print("%d passed, %d failed" % (len(RULES) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
