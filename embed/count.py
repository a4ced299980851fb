#!/usr/bin/python3
"""Instructions that the core executes on emulated boards, as JSON:

    {"Cortex-M3": {"receiver.EHLO": 4321, ..., "receiver.content.octet": 9.8,
                   "sender.content.octet": ...}, "rv32imac": {...}}

A command's count is all of its steps: line, verdicts, reply. `content.octet` is of lines
of 64 octets. The emulator counts exactly; a Cortex-M's timer has a tick of 40
instructions, which is 1 in 64 rounds."""

import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build  # pylint: disable=wrong-import-position

OPTIONS = build.WARNINGS + build.FREESTANDING
BOARDS = [(build.M3, ["embed/mps2/start.c", "embed/mps2/board.c"]),
          (build.M4, ["embed/mps2/start.c", "embed/mps2/board.c"]),
          (build.RV32, ["embed/rv32/board.c"])]


def count(machine, board, options):
    """Returns {name: instructions} of one machine, or raises ValueError."""
    with tempfile.TemporaryDirectory() as folder:
        sources = build.core_sources() + board + ["embed/mem.c", "embed/count_device.c"]
        objects, problems = build.compile_all(machine, sources, folder, OPTIONS + options)
        if problems:
            raise ValueError("\n".join(problems.values()))
        program = folder + "/count"
        wrong = build.link(machine, sorted(objects.values()), program, ("-nostdlib", "-lgcc"))
        if wrong:
            raise ValueError(wrong)
        # An instruction is a nanosecond, so the clocks of the board count instructions.
        exact = build.Machine(machine.name, machine.compiler, machine.options, machine.link,
                              machine.run[:-1] + ["-icount", "shift=0"] + machine.run[-1:])
        status, text = build.run(exact, program)
    rows = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    if status != 0 or rows.get("trouble") != "0":
        raise ValueError("status %d\n%s" % (status, text))
    found = {name: int(number) for name, number in rows.items() if name != "trouble"}
    octets = found.pop("content-octets")
    found["receiver.content.octet"] = round(found["receiver.content"] / octets, 1)
    found["sender.content.octet"] = round(found["sender.content-and-end"] / octets, 1)
    return found


def main():
    found = {machine.name: count(machine, board, sys.argv[1:]) for machine, board in BOARDS}
    print(json.dumps(found, indent=2, sort_keys=True))


if __name__ == "__main__":
    main()
