#!/usr/bin/python3
"""Each configuration of configurations.py compiles with gcc and clang-19, and for a
Cortex-M4 when that compiler is there, without a warning; a probe of sessions behaves as
its settings say; no function of a role that is off is left; each wrong configuration ends
with its sentence. First the probe must find what it is lied to about."""

import ast
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "core")
import configurations  # pylint: disable=wrong-import-position

PROBE = "core/probe/config_probe.c"
ARM = "arm-none-eabi-gcc"
COMPILERS = [
    ("gcc", ["-O1"]),
    ("clang-19", ["-O0"]),
    (ARM, ["-Os", "-mcpu=cortex-m4", "-mthumb", "-ffreestanding"]),
]
# What must not be defined without a setting, by the beginning of a name.
ABSENT = {
    "SMTPC_CONFIG_SERVER": ["smtpc_server_", "smtpc_command_", "smtpc_proxy_",
                            "smtpc_write_reply", "smtpc_write_extension",
                            "smtpc_content_scan", "smtpc_sasl_server_"],
    "SMTPC_CONFIG_CLIENT": ["smtpc_client_", "smtpc_reply_line", "smtpc_capability_",
                            "smtpc_write_mail", "smtpc_write_hello",
                            "smtpc_content_stuff", "smtpc_sasl_client_"],
    "SMTPC_CONFIG_AUTH": ["smtpc_sasl_", "smtpc_base64_", "smtpc_server_on_auth",
                          "smtpc_client_begin_auth"],
    "SMTPC_CONFIG_PROXY": ["smtpc_proxy_"],
    "SMTPC_CONFIG_XCLIENT": ["smtpc_command_take_attributes"],
}
# The library's settings, the probe's, and what the probe must stumble on.
LIES = [
    ({"SMTPC_CONFIG_DSN": 0}, {}, "FAILED RET"),
    ({}, {"SMTPC_CONFIG_DSN": 0}, "FAILED RET"),
    ({"SMTPC_CONFIG_QUIRKS": 0}, {}, "FAILED quirk"),
    ({"SMTPC_CONFIG_NAMES": 0}, {}, "FAILED a name"),
    ({"SMTPC_CONFIG_XCLIENT": 0}, {}, "FAILED policy"),
    ({}, {"SMTPC_CONFIG_PLAIN": 0}, "FAILED PLAIN"),
    ({"SMTPC_CONFIG_RCPT_MAX": 5}, {}, "FAILED RCPT"),
]


def warnings():
    """Returns the options that the whole tree is compiled with."""
    with open("bazel/copts.bzl", encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "SMTPCORE_COPTS":
            return ast.literal_eval(node.value)
    raise ValueError("bazel/copts.bzl has no SMTPCORE_COPTS")


COPTS = ["-Werror", "-Icore/include", "-I."]
SOURCES = sorted(set(glob.glob("core/*.c")) - set(glob.glob("core/*test*.c")))


def run(*words):
    return subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def objects(compiler, options, settings, folder):
    """Compiles the core into `folder`. Returns (objects, problem)."""
    os.makedirs(folder)
    names = [os.path.join(folder, os.path.basename(path)[:-1] + "o") for path in SOURCES]
    for source, name in zip(SOURCES, names):
        done = run(compiler, *COPTS, *options, *configurations.flags(settings), "-c",
                   source, "-o", name)
        if done.returncode != 0:
            return [], done.stdout
    return names, ""


def probe(settings, library, folder):
    """Links the probe, compiled with `settings`, and runs it. Returns what it printed."""
    program = os.path.join(folder, "probe")
    done = run("gcc", *COPTS, "-O1", *configurations.flags(settings), PROBE, *library, "-o",
               program)
    if done.returncode != 0:
        return done.stdout
    done = subprocess.run([program], check=False, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode not in (0, 1):
        return "%sFAILED: it ended with %d" % (done.stdout, done.returncode)
    return done.stdout


def is_whole(name):
    """Returns whether a configuration is one to ship, not one setting tried alone."""
    return not name.startswith(("no-", "only-"))


def full(settings):
    """Returns settings with what follows from them."""
    known = dict(settings)
    for name in ("SERVER", "CLIENT", "AUTH"):
        known.setdefault("SMTPC_CONFIG_" + name, 1)
    for name in ("PROXY", "XCLIENT"):
        known.setdefault("SMTPC_CONFIG_" + name, known["SMTPC_CONFIG_SERVER"])
    return known


def left_over(settings, library):
    """Returns symbols that a setting that is off should have left out."""
    known, found = full(settings), []
    for line in run("nm", "-P", *library).stdout.splitlines():
        words = line.split()
        if len(words) > 1 and words[1] in "TDRB":
            found += [words[0] for setting, names in ABSENT.items()
                      if known[setting] == 0 and words[0].startswith(tuple(names))]
    return sorted(set(found))


def check_named(case):
    name, (compiler, options) = case
    settings = configurations.NAMED[name]
    with tempfile.TemporaryDirectory() as folder:
        library, problem = objects(compiler, options, settings,
                                   os.path.join(folder, "objects"))
        if not problem and compiler != ARM:
            symbols = left_over(settings, library)
            problem = "left over: " + ", ".join(symbols) if symbols else ""
        if not problem and compiler == "gcc":
            problem = probe(settings, library, folder)
    return "%s %s" % (name, compiler), problem


def check_lie(case):
    library_settings, probe_settings, want = case
    with tempfile.TemporaryDirectory() as folder:
        library, problem = objects("gcc", ["-O1"], library_settings,
                                   os.path.join(folder, "objects"))
        if not problem:
            have = probe(probe_settings, library, folder)
            if want not in have:
                problem = "the probe did not say %r but %r" % (want, have)
    return "lie: %s" % want.split()[-1], problem


def check_wrong(case):
    settings, sentence = case
    words = configurations.flags(settings)
    for compiler in ("gcc", "clang-19"):
        done = run(compiler, *COPTS, *words, "-fsyntax-only", "core/status.c")
        if done.returncode == 0 or sentence not in done.stdout:
            return "wrong: " + sentence, "%s %s: %s" % (compiler, words, done.stdout)
    return "wrong: " + sentence, ""


def check_file(_):
    """Settings in a file of the user's own."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "device_config.h")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#define SMTPC_LINE_MAX 1000\n")
        done = run("gcc", *COPTS, "-I" + folder, "-DSMTPC_CONFIG_FILE=\"device_config.h\"",
                   "-fsyntax-only", "core/status.c")
    good = done.returncode != 0 and "SMTPC_LINE_MAX must be" in done.stdout
    return "a file of settings", "" if good else "it was not read: " + done.stdout


def main():
    COPTS[:0] = warnings()
    compilers = [row for row in COMPILERS if shutil.which(row[0])]
    jobs = [(check_file, None)]
    jobs += [(check_lie, case) for case in LIES]
    jobs += [(check_wrong, case) for case in configurations.WRONG]
    jobs += [(check_named, (name, compiler)) for name in configurations.NAMED
             for compiler in compilers if compiler[0] != ARM or is_whole(name)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for label, problem in pool.map(lambda job: job[0](job[1]), jobs):
            print("%s %s" % ("FAILED" if problem else "ok", label))
            if problem:
                failed += 1
                print("\n".join("  " + line for line in problem.split("\n")[:12]))
    if len(SOURCES) < 3 or len(configurations.NAMED) < 3:
        failed += 1
        print("FAILED: nothing was found")
    print("%d passed, %d failed" % (len(jobs) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
