#!/usr/bin/python3
"""Writes down what the seeds of some targets lead to (fuzz/harness/witness.h).

    witness.py [TARGET]...     writes fuzz/witness/TARGET.txt anew, by default all of them

When a seed's witness changed, say in the commit why it may: SMTPCORE_FUZZ_TRACE=1 and the
replay show what the session does now.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

TARGETS = ["client", "command", "policy", "sasl", "server", "write"]


def write(target):
    # corpus/TARGET holds the folders below it too.
    regress = [path for path in make.corpus(target) if os.path.isfile(path)]
    folder = os.path.join(make.ROOT, "corpus", target)
    done = subprocess.run([make.build(target, "replay"), "--say-witness", folder] + regress,
                          check=True, text=True, stdout=subprocess.PIPE,
                          env=engines.plain_environment())
    path = os.path.join(make.ROOT, "fuzz/witness", target + ".txt")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(sorted(set(done.stdout.splitlines(keepends=True))))


if __name__ == "__main__":
    for name in sys.argv[1:] or TARGETS:
        write(name)
