#!/usr/bin/python3
"""How much of a part the core takes: flash, memory, stack, by configuration and by part.

    footprint.py              prints the report
    footprint.py --json       the same for programs
    footprint.py --write      writes the tables of docs/ anew
    footprint.py --check      fails when a figure is beyond its budget (budgets.json), when a
                              table is not what it writes, or when a rule is broken

Flash is what the linker keeps (--gc-sections) of the core for the functions that a device
calls, with constant data, without the compiler's own helpers. Stack is the worst path from
one of these functions, added up over the frames that the compiler gave (-fstack-usage,
-fcallgraph-info): it is exact, because recursion, calls through pointers and frames without
a bound are errors here. What the four mem functions and the helpers take is not in it.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "core"), os.path.join(ROOT, "dist")]
import amalgamate  # pylint: disable=wrong-import-position
import configurations  # pylint: disable=wrong-import-position

BUDGETS = os.path.join(ROOT, "bench", "budgets.json")
PAGES = ["docs/LIMITS.md", "docs/EMBEDDING.md"]
BEGIN, END = "<!-- footprint: begin -->\n", "<!-- footprint: end -->\n"
# What a device calls of the core, by role.
BOTH = ["smtpc_input_make", "smtpc_input_octets", "smtpc_deadline_get", "smtpc_findings_add",
        "smtpc_copy", "smtpc_wipe", "smtpc_version"]
ROLES = {
    "SMTPC_CONFIG_SERVER": ["smtpc_server_policy_init", "smtpc_server_policy_check",
                            "smtpc_server_init", "smtpc_server_step", "smtpc_server_octets"],
    "SMTPC_CONFIG_CLIENT": ["smtpc_client_policy_init", "smtpc_client_policy_check",
                            "smtpc_client_init", "smtpc_client_step", "smtpc_client_octets"],
}
# Structs that a device holds: the row of the table, and how the type is written.
STRUCTS = ["smtpc_server", "smtpc_client", "smtpc_server_policy", "smtpc_client_policy",
           "smtpc_envelope", "smtpc_input", "smtpc_action", "smtpc_line", "smtpc_findings"]
ROLE_OF = {"smtpc_server": "SMTPC_CONFIG_SERVER", "smtpc_server_policy": "SMTPC_CONFIG_SERVER",
           "smtpc_client": "SMTPC_CONFIG_CLIENT", "smtpc_client_policy": "SMTPC_CONFIG_CLIENT"}
# The only symbols from outside: C's four, by all their names on Arm, and 64-bit arithmetic.
ALLOWED = re.compile(r"mem(cpy|move|set|cmp)|__aeabi_(mem(cpy|move|set|clr)[48]?|u?l(div|mod|mul)\w*"
                     r"|u?idiv(mod)?|llsl|llsr|lasr|lcmp|ulcmp)|__(u?div|u?mod|mul|lshr|ashl|ashr)[ds]i3"
                     r"|__gnu_thumb1_case_\w+|__riscv_(save|restore)_\d+")
OPTIONS = ["-std=c11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections",
           "-fno-stack-protector"]


class Part:
    """A part, its compiler and its tools."""

    def __init__(self, title, compiler, options, tools, stack=True):
        self.title, self.compiler, self.options = title, compiler, options
        self.tools, self.stack = tools, stack


PARTS = {
    "m4": Part("Cortex-M4", "arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mthumb"],
               "arm-none-eabi-"),
    "m0plus": Part("Cortex-M0+", "arm-none-eabi-gcc", ["-mcpu=cortex-m0plus", "-mthumb"],
                   "arm-none-eabi-"),
    "m33": Part("Cortex-M33", "arm-none-eabi-gcc", ["-mcpu=cortex-m33", "-mthumb"],
                "arm-none-eabi-"),
    "m4-clang": Part("Cortex-M4, clang -Oz", "clang-19",
                     ["--target=thumbv7em-none-eabi", "-mcpu=cortex-m4", "-Oz"],
                     "arm-none-eabi-", stack=False),
    "rv32": Part("rv32imac", "riscv64-unknown-elf-gcc",
                 ["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany"], "riscv64-unknown-elf-"),
    "x86-64": Part("x86-64", "gcc", ["-fno-pie", "-fcf-protection=none"], ""),
}
LINK = {"rv32": ["-melf32lriscv"]}
SHOWN = ["receiver", "receiver-auth", "sender", "sender-auth", "both-small", "server", "client",
         "numbers", "everything"]
ELSEWHERE = ["receiver", "sender", "everything"]


class Problem(Exception):
    """What is wrong."""


def run(words):
    done = subprocess.run(words, check=False, text=True, cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)
    if done.returncode != 0:
        raise Problem("%s: %s" % (" ".join(words)[:300], done.stdout[-1500:]))
    return done.stdout


def module_of(path):
    return os.path.splitext(os.path.basename(path))[0]


# ------------------------------------------------------------------------ stack


class Graph:
    """Who calls whom, and how much each takes."""

    def __init__(self):
        self.frames, self.calls, self.problems = {}, {}, []

    def read(self, text):
        """Adds one of gcc's .ci files."""
        for name, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
            found = re.search(r"\\n(\d+) bytes \((\w+(?:,\w+)?)\)", label)
            if found:
                self.frames[name] = int(found.group(1))
                if found.group(2) == "dynamic":
                    self.problems.append("%s has a frame without a bound: %s" %
                                         (name, found.group(2)))
        for source, target in re.findall(
                r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            self.calls.setdefault(source, set()).add(target)
            if target == "__indirect_call":
                self.problems.append(source + " calls through a pointer")

    def unknown(self):
        """Returns who is called, has no frame here, and is none of those from outside."""
        called = set().union(*self.calls.values()) if self.calls else set()
        return sorted(name for name in called - set(self.frames)
                      if name != "__indirect_call" and not ALLOWED.fullmatch(name))

    def worst(self, roots):
        """Returns the longest path from one of `roots`: [(function, its frame)]."""
        done, open_now = {}, []

        def one(name):
            if name in open_now:
                raise Problem("recursion: " + " ".join(open_now[open_now.index(name):] + [name]))
            if name not in done:
                open_now.append(name)
                below = max((one(other) for other in sorted(self.calls.get(name, ()))),
                            key=lambda path: path[0], default=(0, []))
                open_now.pop()
                own = self.frames.get(name, 0)
                done[name] = (own + below[0], [(name.split(":")[-1], own)] + below[1])
            return done[name]

        for name in list(self.calls):
            one(name)
        return max((one(name) for name in roots if name in self.frames),
                   key=lambda path: path[0], default=(0, []))


# ------------------------------------------------------------------------ sizes


def compile_all(part, flags, folder, sources):
    """Compiles sources; returns {path: object} and the Graph."""
    words = OPTIONS + part.options + flags + ["-I.", "-Icore/include"]
    if part.stack:
        words += ["-fstack-usage", "-fcallgraph-info=su"]
    objects = {}
    for path in sources:
        objects[path] = os.path.join(folder, module_of(path) + ".o")
    for path, out in objects.items():
        run([part.compiler] + words + ["-c", path, "-o", out])
    graph = Graph()
    if part.stack:
        for out in objects.values():
            with open(out[:-2] + ".ci", encoding="utf-8") as file:
                graph.read(file.read())
    return objects, graph


def kept(text):
    """Yields (section, octets, object) of what a linker's map says that it kept."""
    text = text[text.index("Linker script and memory map"):]
    row = r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+\.o)$"
    for section, size, path in re.findall(row, text, re.M):
        yield section, int(size, 16), path


def linked(name, part, objects, roots, folder):
    """Links what `roots` need. Returns {module: {kind: octets}} and symbols from outside."""
    out, listing = os.path.join(folder, "all.o"), os.path.join(folder, "map")
    words = [word for root in roots for word in ("-u", root)]
    run([part.tools + "ld", "-r", "--gc-sections"] + LINK.get(name, []) + words +
        ["-Map=" + listing, "-o", out] + list(objects.values()))
    modules = {}
    with open(listing, encoding="utf-8") as file:
        for section, size, path in kept(file.read()):
            for kind in ("text", "rodata", "data", "bss"):
                if re.match(r"\.(s)?%s(\.|$)" % kind, section):
                    row = modules.setdefault(module_of(path), dict.fromkeys(
                        ("text", "rodata", "data", "bss"), 0))
                    row[kind] += size
    outside = {line.split()[0] for line in
               run([part.tools + "nm", "-P", "-u", out]).splitlines() if line.strip()}
    return modules, sorted(outside)


def sizes(part, flags, structs, folder):
    """Returns {struct: octets}, and of SMTPC_LINE_MAX as `line`."""
    probe, out = os.path.join(folder, "probe.c"), os.path.join(folder, "probe.o")
    with open(probe, "w", encoding="utf-8") as file:
        for path in amalgamate.public_headers():
            file.write('#include "%s"\n' % path[len("core/include/"):])
        for name in structs:
            file.write("extern const char size_of_%s[sizeof(%s)];\n"
                       "const char size_of_%s[sizeof(%s)] = {1};\n" % (name, name, name, name))
        file.write("extern const char size_of_line[SMTPC_LINE_MAX];\n"
                   "const char size_of_line[SMTPC_LINE_MAX] = {1};\n")
    run([part.compiler] + OPTIONS + part.options + flags + ["-Icore/include", "-c", probe, "-o", out])
    return {name[len("size_of_"):]: int(size, 16) for name, size in
            re.findall(r"^(size_of_\w+) R \S+ ([0-9a-f]+)", run([part.tools + "nm", "-P", "-S", out]),
                       re.M)}


def measure(configuration, name):
    """Returns all figures of one configuration on one part."""
    part = PARTS[name]
    settings = configurations.NAMED[configuration]
    flags = configurations.flags(settings)
    on = [role for role in ROLES if settings.get(role, 1) == 1]
    roots = BOTH + [root for role in on for root in ROLES[role]]
    structs = [struct for struct in STRUCTS if ROLE_OF.get(struct, on[0]) in on]
    with tempfile.TemporaryDirectory() as folder:
        objects, graph = compile_all(part, flags, folder, amalgamate.sources())
        modules, outside = linked(name, part, objects, roots, folder)
        octets = sizes(part, flags, structs, folder)
    depth, path = graph.worst(roots)
    total = {kind: sum(row[kind] for row in modules.values())
             for kind in ("text", "rodata", "data", "bss")}
    line = octets.pop("line")
    return {"configuration": configuration, "part": name, "modules": modules, **total,
            "flash": total["text"] + total["rodata"] + total["data"], "outside": outside,
            "stack": depth if part.stack else None, "path": path, "structs": octets, "line": line,
            "state": {role: octets[role] - line for role in ("smtpc_server", "smtpc_client")
                      if role in octets},
            "problems": sorted(set(graph.problems) |
                               {"calls what has no known frame: " + name
                                for name in graph.unknown()})}


def measure_all():
    """Returns {(configuration, part): figures}."""
    jobs = [(name, "m4") for name in SHOWN] + [(name, part) for part in PARTS if part != "m4"
                                                for name in ELSEWHERE]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(jobs, pool.map(lambda job: measure(*job), jobs)))


# ----------------------------------------------------------------------- report


def number(value):
    return "-" if value is None else "{:,}".format(value)


def row_of(first, found):
    states = " + ".join(number(value) for value in found["state"].values())
    return "| %s | %s | %s | %s | %s | %s |" % (
        first, number(found["flash"]), number(found["text"]), number(found["rodata"]),
        number(found["stack"]), states)


def instructions():
    """Returns what the emulator counts (embed/count.py), or nothing."""
    count = os.path.join(ROOT, "embed", "count.py")
    return json.loads(run([sys.executable, count])) if os.path.exists(count) else {}


def tables(figures, budgets):
    """Returns the text between the marks of the pages."""
    head = ["| flash | text | rodata | worst stack | a session, beside its line buffer |",
            "|---|---|---|---|---|---|"]
    lines = ["Octets, gcc 12.2 -Os, what the linker keeps of the core; .data and .bss are empty.", "",
             "Cortex-M4, by configuration (`core/configurations.py`):", "",
             "| configuration " + head[0], head[1]]
    lines += [row_of(name, figures[name, "m4"]) for name in SHOWN]
    lines += ["", "Other parts:", "", "| part, configuration " + head[0], head[1]]
    lines += [row_of("%s, %s" % (PARTS[part].title, name), figures[name, part])
              for part in PARTS if part != "m4" for name in ELSEWHERE]
    found = figures["everything", "m4"]
    lines += ["", "Structs on a Cortex-M4, with all settings at their defaults: " + ", ".join(
        "`%s` %s" % (name, number(size)) for name, size in sorted(found["structs"].items())) +
        "; the line buffer is %s of `smtpc_server`, `smtpc_client` and `smtpc_line`." %
        number(found["line"])]
    lines += ["", "The deepest path of `everything`: " + ", ".join(
        "`%s` %d" % step for step in found["path"]) + "."]
    lines += ["", "What was wished for on a Cortex-M4, and what is: " + "; ".join(
        "%s, %s octets: %s" % (wish["what"], number(wish["octets"]),
                               number(wished(figures, wish))) for wish in budgets["wishes"]) + "."]
    return "\n".join(lines) + "\n"


def wished(figures, wish):
    found = figures[wish["configuration"], "m4"]
    return found[wish["figure"]] if wish["figure"] != "state" else max(found["state"].values())


def report(figures):
    """Prints all figures, module by module."""
    for (name, part), found in figures.items():
        print("%s, %s: flash %d (text %d, rodata %d), data %d, bss %d, stack %s, state %s" % (
            name, PARTS[part].title, found["flash"], found["text"], found["rodata"], found["data"],
            found["bss"], number(found["stack"]), found["state"]))
        if part == "m4":
            for module, row in sorted(found["modules"].items()):
                print("    %-20s text %6d  rodata %6d" % (module, row["text"], row["rodata"]))
            print("    stack: " + " ".join("%s:%d" % step for step in found["path"]))
        print("    from outside: " + " ".join(found["outside"]))
    for name, count in instructions().items():
        print("instructions, %s: %s" % (name, count))


# ------------------------------------------------------------------------ checks


def problems_of(key, found, budget):
    """Yields what is wrong with one measurement."""
    title = "%s, %s: " % key
    for problem in found["problems"]:
        yield title + problem
    for kind in ("data", "bss"):
        if found[kind] != 0:
            yield title + "%d octets of %s" % (found[kind], kind)
    for name in found["outside"]:
        if not ALLOWED.fullmatch(name):
            yield title + "a symbol from outside: " + name
    have = {"flash": found["flash"], "stack": found["stack"],
            "state": max(found["state"].values())}
    for figure, value in have.items():
        if value is None:
            continue
        most = (budget or {}).get(figure)
        if most is None:
            yield title + "no budget of " + figure
        elif value > most:
            yield title + "%s is %d, its budget %d" % (figure, value, most)


def budget_of(budgets, key):
    return budgets["budgets"].get("%s, %s" % key)


def page_with(text, table):
    """Returns a page with the table between its marks, or None: it has none."""
    if BEGIN not in text or END not in text:
        return None
    return text[:text.index(BEGIN) + len(BEGIN)] + table + text[text.index(END):]


def pages(table):
    """Yields (path, the page as it is, as it must be)."""
    for path in PAGES:
        full = os.path.join(ROOT, path)
        if os.path.exists(full):
            with open(full, encoding="utf-8") as file:
                text = file.read()
            yield full, text, page_with(text, table)


def check(figures, budgets):
    """Returns what is wrong."""
    found = [problem for key, row in figures.items()
             for problem in problems_of(key, row, budget_of(budgets, key))]
    for path, text, want in pages(tables(figures, budgets)):
        name = os.path.relpath(path, ROOT)
        if want is None:
            found.append(name + " has no table of the footprint")
        elif want != text:
            found.append(name + " has another table: bazel run //bench:footprint -- --write")
    return found


def budgets_now():
    with open(BUDGETS, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(prog="footprint")
    for name in ("json", "write", "check"):
        parser.add_argument("--" + name, action="store_true")
    args = parser.parse_args()
    try:
        figures = measure_all()
    except Problem as problem:
        print("footprint: %s" % problem, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps({"%s, %s" % key: found for key, found in figures.items()}, indent=1))
    elif args.write:
        for path, _, want in pages(tables(figures, budgets_now())):
            if want is not None:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(want)
    elif args.check:
        problems = check(figures, budgets_now())
        print("\n".join(problems + ["%d problems" % len(problems)]))
        return 1 if problems else 0
    else:
        report(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
