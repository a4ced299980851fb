#!/usr/bin/python3
"""Runs build.sh in an environment made by hand, as OSS-Fuzz would, and then each of its
products for a few runs on the seeds of its archive. Once with libFuzzer and
AddressSanitizer, once with a third engine: an archive that only replays."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "fuzz/tools"))
import make  # pylint: disable=wrong-import-position

RUNS = 200
BASE = "-O1 -fno-omit-frame-pointer -gline-tables-only"
ENGINES = {
    "libfuzzer": ("address", "-fsanitize=address -fsanitize=fuzzer-no-link"),
    "archive": ("undefined", "-fsanitize=undefined -fno-sanitize-recover=all"),
}


def archive(folder):
    """Makes an engine that nobody knows: an archive with a main()."""
    parts = make.compile_all(["fuzz/engine/replay.c"], "clang-19", ["-O1"], {}, {})
    path = os.path.join(folder, "libengine.a")
    make.run(["llvm-ar-19", "rcs", path] + parts)
    return path


def environment(engine, folder):
    sanitizer, flags = ENGINES[engine]
    os.makedirs(os.path.join(folder, "out"))
    os.makedirs(os.path.join(folder, "src"))
    os.symlink(ROOT, os.path.join(folder, "src", "smtpcore"))
    return {
        "PATH": os.environ["PATH"], "HOME": folder, "CC": "clang-19", "CXX": "clang++-19",
        "CFLAGS": "%s %s" % (BASE, flags), "CXXFLAGS": "%s %s -fuse-ld=lld" % (BASE, flags),
        "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer" if engine == "libfuzzer" else archive(folder),
        # Where BoringSSL's source and what was made of it lie.
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
        "SANITIZER": sanitizer, "OUT": os.path.join(folder, "out"),
        "SRC": os.path.join(folder, "src"),
    }


def smoke(engine, out, name, folder):
    """Runs one product on its own archive; returns what is wrong, or ''."""
    for suffix in ["", "_seed_corpus.zip", ".dict", ".options"]:
        if not os.path.exists(os.path.join(out, name + suffix)):
            return "%s%s is missing" % (name, suffix)
    seeds = os.path.join(folder, "seeds", name)
    with zipfile.ZipFile(os.path.join(out, name + "_seed_corpus.zip")) as file:
        file.extractall(seeds)
        if not file.namelist():
            return "%s has no seeds" % name
    words = [os.path.join(out, name), seeds]
    if engine == "libfuzzer":
        words += ["-runs=%d" % RUNS, "-dict=" + os.path.join(out, name + ".dict"),
                  "-seed=1", "-timeout=10"]
    done = subprocess.run(words, check=False, text=True, errors="replace", cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return "" if done.returncode == 0 else "%s: %s" % (name, done.stdout[-2000:])


def check_image():
    """Returns what is wrong with the source that the image gets, or ''."""
    with open(os.path.join(ROOT, "fuzz/oss-fuzz/Dockerfile"), encoding="utf-8") as file:
        text = file.read()
    tarball = make.pinned("BORINGSSL_TARBALL")
    return "" if "/%s " % tarball in text else "the Dockerfile does not add " + tarball


def main():
    wrong = check_image()
    if wrong:
        print(wrong)
    passed, failed = int(not wrong), int(bool(wrong))
    for engine in ENGINES:
        folder = tempfile.mkdtemp(prefix="smtpcore-oss-fuzz-")
        try:
            env = environment(engine, folder)
            done = subprocess.run([os.path.join(ROOT, "fuzz/oss-fuzz/build.sh")], check=False,
                                  env=env, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.returncode != 0:
                print("%s: build.sh: %s" % (engine, done.stdout[-4000:]))
                failed += 1
                continue
            for name in sorted(make.targets()):
                wrong = smoke(engine, env["OUT"], name, folder)
                passed, failed = passed + (not wrong), failed + bool(wrong)
                if wrong:
                    print("%s: %s" % (engine, wrong))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
