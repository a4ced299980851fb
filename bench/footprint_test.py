#!/usr/bin/python3
"""The core stays within its budgets of flash, memory and stack (budgets.json), and the tables
of docs/ say what is true. First each check must see what is planted for it."""

import copy
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import footprint  # pylint: disable=wrong-import-position

# What is wrong, and the source that has it. Each has the entry f.
PLANTED = {
    "recursion": "int f(int x);\nstatic int g(int x);\n"
                 "__attribute__((noinline)) static int g(int x) { return x > 9 ? f(x - 1) * x : 1; }\n"
                 "int f(int x) { return g(x) + g(x + 1); }\n",
    "calls through a pointer": "int f(int (*call)(int)) { return call(1) + 1; }\n",
    "a frame without a bound": "int g(char *p);\nint f(int n) { char a[n]; return g(a) + a[0]; }\n",
    "octets of data": "int kept = 3;\nint f(void) { kept++; return kept; }\n",
    "octets of bss": "int kept;\nint f(void) { kept++; return kept; }\n",
    "a symbol from outside: puts": "int puts(const char *);\nint f(void) { return puts(\"x\") + 1; }\n",
    "strange": "int strange(int x);\nint f(int x) { return strange(x) + 1; }\n",
    "stack is": "int strange(char *p);\n"
                "int f(void) { char a[4000]; return __builtin_memcmp(a, a + 1, 9) + (int)a[77]; }\n"
                "#pragma GCC diagnostic ignored \"-Wuninitialized\"\n",
    "flash is": "static const char big[] = \"%s\";\nint f(int n) { return big[n]; }\n" % ("x" * 9000),
}
BUDGET = {"flash": 2000, "stack": 200, "state": 100}


def planted(source):
    """Returns what the checks say of one source."""
    part = footprint.PARTS["m4"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "planted.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        objects, graph = footprint.compile_all(part, ["-w"], folder, [path])
        modules, outside = footprint.linked("m4", part, objects, ["f"], folder)
        try:
            depth, _ = graph.worst(["f"])
        except footprint.Problem as problem:
            return [str(problem)]
        total = {kind: sum(row[kind] for row in modules.values())
                 for kind in ("text", "rodata", "data", "bss")}
        found = {**total, "flash": total["text"] + total["rodata"], "stack": depth,
                 "state": {"f": 0}, "outside": outside,
                 "problems": graph.problems + graph.unknown()}
    return list(footprint.problems_of(("planted", "m4"), found, BUDGET))


def failures(figures, budgets):
    """Yields (name of a test, whether it failed, what it says)."""
    for what, source in PLANTED.items():
        said = planted(source)
        yield "planted: " + what, not any(what in one for one in said), said
    said = planted("int f(int x) { return x + 1; }\n")
    yield "nothing planted", bool(said), said
    for key, found in figures.items():
        said = list(footprint.problems_of(key, found, footprint.budget_of(budgets, key)))
        yield "%s, %s" % key, bool(said), said
    worse = copy.deepcopy(figures)
    worse["sender", "m4"]["flash"] *= 2
    yield "growth is seen", not footprint.check(worse, budgets), []
    table = footprint.tables(figures, budgets)
    for path, text, want in footprint.pages(table):
        name = os.path.relpath(path, footprint.ROOT)
        yield "table of " + name, want != text, ["bazel run //bench:footprint -- --write"]
        marked = footprint.BEGIN + "old\n" + footprint.END
        yield "an old table is seen, " + name, footprint.page_with(marked, table) == marked, []
    loose = [(key, figure) for key, found in figures.items()
             for figure, most in (footprint.budget_of(budgets, key) or {}).items()
             if most > 1.05 * (max(found["state"].values()) if figure == "state"
                               else found[figure])]
    yield "budgets are not loose", bool(loose), loose


def main():
    passed = failed = 0
    try:
        figures = footprint.measure_all()
    except footprint.Problem as problem:
        print(problem)
        print("0 passed, 1 failed")
        return 1
    for name, bad, said in failures(figures, footprint.budgets_now()):
        failed += bad
        passed += not bad
        if bad:
            print("FAILED %s: %s" % (name, said))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
