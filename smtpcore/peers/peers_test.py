#!/usr/bin/python3
"""smtpcore against mail programs that nobody here wrote, on loopback.

    peers_test.py --smtpcore PATH [--only REGEX] [--keep] [--limit SECONDS]

Each case prints `ok NAME` or `FAILED NAME: why`, rarely `skipped NAME: why`; the
last line is `N passed, N failed`. A peer that is missing is a failure. What a
peer cannot do at all is listed before the last line.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import clients  # noqa: E402  pylint: disable=wrong-import-position
import program_cases  # noqa: E402  pylint: disable=wrong-import-position
import rig  # noqa: E402  pylint: disable=wrong-import-position
import send_cases  # noqa: E402  pylint: disable=wrong-import-position
import servers  # noqa: E402  pylint: disable=wrong-import-position
import receive_cases  # noqa: E402  pylint: disable=wrong-import-position


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtpcore", required=True, help="the program to test")
    parser.add_argument("--only", help="run the cases whose name matches")
    parser.add_argument("--keep", action="store_true",
                        help="keep the folder with all that the cases wrote")
    parser.add_argument("--limit", type=int, default=900,
                        help="seconds after which the run is ended")
    options = parser.parse_args()

    rig.set_alarm(options.limit)
    rig.raise_open_files(8192)
    runner = rig.Runner(options.only)
    with rig.work_folder(options.keep) as folder:
        program = rig.Program(options.smtpcore, folder)
        postfix = servers.Postfix()
        receive_cases.add(runner, program, postfix)
        send_cases.add(runner, program, postfix)
        program_cases.add(runner, program)
    for peer in (*clients.ALL_PLAIN, clients.SmtpSource, servers.SmtpSink):
        if peer.cannot:
            print("%s: %s" % (peer.name, peer.cannot))
    return runner.finish()


if __name__ == "__main__":
    sys.exit(main())
