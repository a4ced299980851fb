#!/usr/bin/python3
"""A replay with --again sees what is kept from one input to the next, in what is fuzzed and
in the harness: a static planted there makes inputs lead to something else when they come in
the opposite order, or a target's own oracle sees it first. (That nothing is kept, the tests
of the targets say: they replay so.)"""

import concurrent.futures
import os
import re
import subprocess
import sys

sys.path.insert(0, "fuzz/tools")
import engines  # pylint: disable=wrong-import-position
import make  # pylint: disable=wrong-import-position

SAYS = "leads to something else after other inputs"
OR_LAW = SAYS + "|law [A-Z]+ is broken"
OF_RANDOM = "  sequence.state = seed;\n"
OF_ENDS = ("  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);\n"
           "  smtpc_server_add_finding(s, finding);\n")
OF_LIBRARY = "  SSL *ssl = tls->ssl;\n"
# Who must see it, file, what stands there, what takes its place, by what it is seen. Each is
# the same for many inputs, and then another thing: so it is seldom seen within one.
PLANTED = [
    (target, "fuzz/tls/random.c", OF_RANDOM,
     "  static unsigned resets;\n  resets++;\n"
     "  sequence.state = resets > 40u ? seed + 1u : seed;\n", by)
    for target, by in [("tls_raw_client", OR_LAW), ("tls_deep_server", OR_LAW), ("duel", SAYS),
                       ("tls_client", OR_LAW)]
] + [
    ("tls_client", "shim/boringssl/tls_boringssl.c", OF_LIBRARY,
     OF_LIBRARY + "  static unsigned opened;\n  opened++;\n"
     "  SSL_CTX_set_grease_enabled(SSL_get_SSL_CTX(ssl), opened > 40u ? 1 : 0);\n",
     OR_LAW),
] + [
    (target, "core/server.c", OF_ENDS,
     "  static unsigned ends;\n  ends++;\n"
     "  smtpc_server_abandon_transaction(s, SMTPC_PHASE_READY);\n"
     "  if (ends < 40u) { smtpc_server_add_finding(s, finding); }\n", by)
    for target, by in [("tls_server", SAYS), ("server", OR_LAW)]
]


def overlay_of(path, old, new):
    text = make.text_of(path, {})
    if text.count(old) != 1:
        raise make.Failure("%s has not once: %s" % (path, old))
    return {path: text.replace(old, new)}


def try_one(row):
    """Returns what is wrong, or ''."""
    target, path, old, new, by = row
    name = "%s with %s" % (target, path)
    try:
        binary = make.build(target, "plain", overlay_of(path, old, new))
    except make.Failure as failure:
        return "%s: %s" % (name, str(failure)[-1000:])
    done = subprocess.run([binary, "--again"] + make.replay_words(target), check=False,
                          text=True, errors="replace", cwd=make.ROOT,
                          env=engines.plain_environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0 and re.search(by, done.stdout):
        return ""
    return "%s: status %d\n%s" % (name, done.returncode, done.stdout[-500:])


def main():
    passed, failed = 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong in pool.map(try_one, PLANTED):
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
