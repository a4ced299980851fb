#!/usr/bin/python3
"""Builds fuzz targets without Bazel, as the bench, the mutants, the coverage and the
campaign need them: many variants of the core, each with one file changed.

    make.py FLAVOUR TARGET...     builds, and prints the path of each binary
    make.py mutator               builds AFL++'s custom mutator, and prints its path
    make.py dictionary KIND       prints the path of a kind's dictionary
    make.py seeds TARGET          prints the path of a folder with the target's seeds
                                  as the engines read them
    make.py boringssl [deep]      prints the folder of BoringSSL's source and the path of
                                  an archive for what $CC compiles with $CFLAGS and
                                  $CXXFLAGS (oss-fuzz/build.sh)
    make.py tls-seeds [FOLDER]    records the seeds of the raw TLS targets anew, into
                                  FOLDER/TARGET/ (default: corpus)
    make.py list                  prints the targets and the flavours

From Python: `build(target, flavour, overlay)` returns the binary's path. `overlay` is a
dict of paths in the tree and the texts that take their places: a planted bug.

Objects and binaries lie in a cache and are named by all that they are made of:
compiler, options, the source's text, every header. `SMTPCORE_FUZZ_CACHE` says where;
by default it is smtpcore/fuzz in the user's cache folder. What nobody asked for in six
hours goes when there are more than twelve gigabytes: each planted bug leaves binaries.

Targets with `tls` are linked to BoringSSL too: an archive for each kind of memory checks,
made once. No search sees into it, and UndefinedBehaviorSanitizer neither: it is the code
of others. Targets with `deep` have its TLS in its fuzzer mode. Its source is the one that
Bazel builds (bazel/boringssl.bzl): the pinned tarball, or the tree SMTPCORE_BORINGSSL.
"""

import ast
import concurrent.futures
import functools
import glob
import hashlib
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

CACHE_OCTETS = 12 << 30
CACHE_SECONDS = 6 * 3600
WARNINGS = ["-std=c11", "-Wall", "-Wextra"]
STRICT = ("-fsanitize=address,undefined,integer,implicit-conversion,nullability,"
          "local-bounds")
SANITIZERS = [STRICT, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
AFL = "/usr/lib/afl"
# In the order of fuzz_kind (fuzz/harness/target.h).
KINDS = ["commands", "replies", "content", "tokens", "script", "tls_script", "tls"]
SCRIPTS = ["script", "tls_script"]

# What is fuzzed beside the core when TLS is real, and what its harness is.
TLS_SEEN = ["shim/boringssl/*.c", "shim/stream/*.c"]
TLS_HARNESS = ["fuzz/tls/*.c"]
# How BoringSSL's own build compiles it, without the warnings.
BORINGSSL_COPTS = ["-O2", "-g1", "-w", "-D_XOPEN_SOURCE=700", "-DBORINGSSL_IMPLEMENTATION",
                   "-fno-common", "-fno-strict-aliasing", "-Wa,--noexecstack"]
# Arithmetic without a heap and with fixed sizes only, which takes half of a handshake's
# time: what memory it is given is checked by its callers.
BORINGSSL_PLAIN = "/curve25519/"
PLAIN = ["-fno-sanitize=address"]
BORINGSSL_CXX = ["-std=c++14", "-fno-exceptions", "-fno-rtti"]
DEEP = ["-DBORINGSSL_UNSAFE_FUZZER_MODE", "-DBORINGSSL_UNSAFE_DETERMINISTIC_MODE"]
# The library's randomness is the harness's (fuzz/tls/random.h), and so are the files and the
# clock of the shim (fuzz/tls/system.h).
TLS_WRAPPED = ["RAND_bytes", "closedir", "fopen", "opendir", "readdir", "time"]
TLS_LINK = ["-Wl,--wrap=" + name for name in TLS_WRAPPED] + ["-lstdc++", "-lpthread"]
# What a program of the host is linked to.
LIBRARY = ["core/*.c", "fuzz/harness/*.c", "core/model/*.c"]
# The memory checks that BoringSSL is compiled with, by a word of a flavour's options.
MEMORY_CHECKS = {
    "address": ["-fsanitize=address", "-fno-omit-frame-pointer"],
    "memory": ["-fsanitize=memory", "-fsanitize-memory-track-origins",
               "-fno-omit-frame-pointer", "-DOPENSSL_NO_ASM"],
}

# What each flavour is made with. `seen` are options for what a search is to see: the
# core and the target; the harness and the models it is not to see.
FLAVOURS = {
    "plain": {"cc": "clang-19", "copts": ["-O1"], "engine": "replay"},
    "replay": {"cc": "clang-19", "copts": ["-O1", "-g"] + SANITIZERS,
               "linkopts": SANITIZERS, "engine": "replay", "options": True},
    # Comparisons are not traced but for value profile: it halves the speed, and the
    # mutator's grammar and the dictionary know more than they tell.
    "libfuzzer": {"cc": "clang-19", "copts": ["-O2", "-g1"] + SANITIZERS,
                  "seen": ["-fsanitize-coverage=inline-8bit-counters,pc-table"],
                  "linkopts": SANITIZERS + ["-fsanitize=fuzzer"],
                  "engine": "libfuzzer"},
    "libfuzzer-cmp": {"cc": "clang-19", "copts": ["-O2", "-g1"] + SANITIZERS,
                      "seen": ["-fsanitize=fuzzer-no-link"],
                      "linkopts": SANITIZERS + ["-fsanitize=fuzzer"],
                      "engine": "libfuzzer"},
    "libfuzzer-plain": {"cc": "clang-19", "copts": ["-O2", "-g1"],
                        "seen": ["-fsanitize-coverage=inline-8bit-counters,pc-table"],
                        "linkopts": ["-fsanitize=fuzzer"], "engine": "libfuzzer"},
    "afl": {"cc": "clang-19", "copts": ["-O2", "-g1"],
            "seen": ["-fsanitize-coverage=trace-pc-guard"], "engine": "afl"},
    "afl-asan": {"cc": "clang-19", "copts": ["-O2", "-g1"] + SANITIZERS,
                 "seen": ["-fsanitize-coverage=trace-pc-guard"],
                 "linkopts": SANITIZERS, "engine": "afl"},
    "cmplog": {"cc": "afl-clang-fast", "copts": ["-O2", "-g1"], "engine": "afl",
               "env": {"AFL_LLVM_CMPLOG": "1", "AFL_QUIET": "1"}},
    "coverage": {"cc": "clang-19", "whole": True, "engine": "replay",
                 "copts": ["-O1", "-g"],
                 "seen": ["-fprofile-instr-generate", "-fcoverage-mapping",
                          "-fcoverage-mcdc"],
                 "linkopts": ["-fprofile-instr-generate"]},
    "msan": {"cc": "clang-19", "engine": "replay", "options": True,
             "copts": ["-O1", "-g", "-fsanitize=memory",
                       "-fsanitize-memory-track-origins"],
             "linkopts": ["-fsanitize=memory"]},
}


class Failure(Exception):
    """What cannot be built, as a sentence."""


def targets():
    """Returns fuzz/targets.bzl as a dict."""
    with open(os.path.join(ROOT, "fuzz/targets.bzl"), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "TARGETS":
            return ast.literal_eval(node.value)
    raise Failure("fuzz/targets.bzl has no TARGETS")


def cache(*parts):
    """Returns a path in the cache; its folder is there."""
    base = os.environ.get("SMTPCORE_FUZZ_CACHE")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        base = os.path.join(home, "smtpcore", "fuzz")
    path = os.path.join(base, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def sources(*patterns):
    """Returns paths in the tree, without tests and what only tests use."""
    found = []
    for pattern in patterns:
        found += glob.glob(os.path.join(ROOT, pattern))
    return sorted(os.path.relpath(path, ROOT) for path in found
                  if not path.endswith(("_test.c", "testing.c")))


def source_of(target):
    """Returns the source of a target; one of its own name, unless its row has another."""
    return "fuzz/targets/%s.c" % targets()[target].get("source", target)


def text_of(path, overlay):
    if path in overlay:
        return overlay[path]
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def tree_headers(tls):
    """Returns the digest of every header that an object may include."""
    digest = hashlib.sha256()
    patterns = ["core/*.h", "core/include/*.h", "core/include/smtpcore/*.h", "core/model/*.h", "shim/mem/*.h",
                "fuzz/*/*.h"]
    if tls:
        patterns += ["shim/boringssl/*.h", "shim/stream/*.h"]
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            if tls or not is_about_tls(os.path.relpath(path, ROOT)):
                with open(path, "rb") as file:
                    digest.update(path.encode() + b"\0" + file.read() + b"\0")
    return digest.hexdigest()


def is_about_tls(path):
    return any(os.path.dirname(path) == os.path.dirname(pattern)
               for pattern in TLS_SEEN + TLS_HARNESS)


def headers_digest(overlay, tls):
    """Returns the digest of the headers, those of an overlay among them."""
    extra = "".join(path + "\0" + text for path, text in sorted(overlay.items())
                    if path.endswith(".h"))
    return tree_headers(tls) + extra


@functools.lru_cache(maxsize=None)
def version_of(compiler):
    if not shutil.which(compiler):
        raise Failure("%s is not there: run bazel/install" % compiler)
    return subprocess.run([compiler, "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def run(words, env=None):
    done = subprocess.run(words, check=False, text=True, cwd=ROOT,
                          env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure("failed: %s\n%s" % (" ".join(words), done.stdout))


def digest_of(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def prune(folder, most=CACHE_OCTETS, age=CACHE_SECONDS):
    """Deletes the files below a folder that were longest unused, until no more than `most`
    octets are left; none that was asked for within `age` seconds."""
    files = []
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            try:
                found = os.stat(path)
            except FileNotFoundError:
                continue
            files.append((found.st_mtime, found.st_size, path))
    total = sum(size for _, size, _ in files)
    before = time.time() - age
    for used, size, path in sorted(files):
        if total <= most or used > before:
            break
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        total -= size


MADE = itertools.count()


def prune_cache():
    """Keeps the cache within its size: before the first file that a program makes, and now
    and then."""
    if next(MADE) % 500 == 0:
        for kind in ["binaries", "objects"]:
            prune(cache(kind, ""))


def into_place(path, make):
    """Lets `make(temporary)` make `path`, which then appears all at once."""
    try:
        os.utime(path)
    except FileNotFoundError:
        prune_cache()
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path),
                                             suffix=os.path.splitext(path)[1])
        os.close(handle)
        try:
            make(temporary)
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
    return path


def overlay_folder(overlay):
    """Returns a folder that holds the headers of an overlay, or None."""
    headers = {path: text for path, text in overlay.items() if path.endswith(".h")}
    if not headers:
        return None
    name = digest_of(*("%s\0%s" % pair for pair in sorted(headers.items())))
    folder = cache("headers", name, "")
    for path, text in headers.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def compile_one(path, compiler, copts, env, overlay):
    """Returns the object of one source. With `-isystem` among the options, for the headers
    of BoringSSL, it may include those about TLS."""
    text = text_of(path, overlay)
    includes = ["-I.", "-Icore/include"]
    folder = overlay_folder(overlay)
    if folder:
        includes = ["-I" + folder, "-I" + os.path.join(folder, "core/include")] + includes
    name = digest_of(version_of(compiler), " ".join(copts), str(env), path, text,
                     headers_digest(overlay, "-isystem" in copts))
    out = cache("objects", name[:2], name + ".o")

    def make(temporary):
        source = path
        if path in overlay:
            source = temporary + ".c"
            with open(source, "w", encoding="utf-8") as file:
                file.write("#line 1 \"%s\"\n" % path + text)
        try:
            run([compiler] + WARNINGS + copts + includes +
                ["-iquote", os.path.dirname(path), "-c", source, "-o", temporary], env)
        finally:
            if source != path:
                os.unlink(source)

    return into_place(out, make)


def compile_all(paths, compiler, copts, env, overlay):
    if len(paths) < 2:
        return [compile_one(path, compiler, copts, env, overlay) for path in paths]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(
            lambda path: compile_one(path, compiler, copts, env, overlay), paths))


def engine_parts(how):
    """Returns (sources, words for the linker) of the engine of a flavour."""
    if how["engine"] == "replay":
        return ["fuzz/engine/replay.c"], []
    if how["engine"] == "libfuzzer":
        paths = [path for path in sources("fuzz/mutator/*.c")
                 if os.path.basename(path) != "afl.c"]
        return (paths if "fuzz/mutator/libfuzzer.c" in paths else []), []
    words = [AFL + "/libAFLDriver.a"]
    if how["cc"] != "afl-clang-fast":
        words += [AFL + "/afl-compiler-rt-64.o", "-ldl", "-lstdc++", "-rdynamic"]
    return [], words + ["-lm"]


# ------------------------------------------------------------------- BoringSSL


def pinned(word):
    """Returns what bazel/boringssl.bzl says after a word."""
    return re.search(r'^%s = "(.*)"$' % word, text_of("bazel/boringssl.bzl", {}),
                     re.MULTILINE).group(1)


@functools.lru_cache(maxsize=None)
def boringssl_tree():
    """Returns (the folder of BoringSSL's source, a digest of what is in it)."""
    tree = os.environ.get("SMTPCORE_BORINGSSL")
    if tree:
        digest = hashlib.sha256()
        for path in sorted(glob.glob(os.path.join(tree, "**"), recursive=True)):
            if path.endswith((".c", ".cc", ".h", ".inc", ".S", ".bzl")):
                with open(path, "rb") as file:
                    digest.update(path.encode() + b"\0" + file.read() + b"\0")
        return tree, digest.hexdigest()
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    tarball = os.path.join(home, "smtpcore", "boringssl", pinned("BORINGSSL_TARBALL"))
    if not os.path.exists(tarball):
        raise Failure("%s is not there: run bazel/install" % tarball)
    with open(tarball, "rb") as file:
        have = hashlib.sha256(file.read()).hexdigest()
    if have != pinned("BORINGSSL_SHA256"):
        raise Failure("%s has SHA-256 %s: remove it and run bazel/install" % (tarball, have))
    return extract(tarball, cache("boringssl", "source-" + have[:32])), have


def extract(tarball, folder):
    """Extracts what is compiled of a tarball, once; the folder appears all at once."""
    if not os.path.exists(folder):
        temporary = tempfile.mkdtemp(dir=os.path.dirname(folder))
        try:
            run(["tar", "-xJf", tarball, "--strip-components=1", "-C", temporary,
                 "--exclude=*/src/rust", "--exclude=*/wycheproof_testvectors",
                 "--exclude=*_test_data.cc", "--exclude=*/src/util"])
            try:
                os.rename(temporary, folder)
            except OSError:
                if not os.path.exists(folder):
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def boringssl_sources(tree, assembler):
    """Returns the sources of crypto and those of ssl, from the lists that the tree carries."""
    with open(os.path.join(tree, "BUILD.generated.bzl"), encoding="utf-8") as file:
        lists = {node.targets[0].id: ast.literal_eval(node.value)
                 for node in ast.parse(file.read()).body if isinstance(node, ast.Assign)}
    return (lists["crypto_sources"] +
            (lists["crypto_sources_linux_" + platform.machine()] if assembler else []),
            lists["ssl_sources"])


def memory_check(copts):
    """Returns the word of MEMORY_CHECKS that goes with some options, or None."""
    for word in MEMORY_CHECKS:
        if any(re.match("-fsanitize=(.*,)?%s(,|$)" % word, option) for option in copts):
            return word
    return None


BORINGSSL_LOCK = threading.Lock()


def boringssl(beside, deep, compiler="clang-19", library=()):
    """Returns the archive of BoringSSL for what is compiled with the options `beside`.
    `library` are words that say which library of C++ it is. Of the fuzzer mode only the TLS
    is another: its cryptography would be too in its randomness, which targets have already."""
    tree, _ = boringssl_tree()
    check = memory_check(beside)
    copts = BORINGSSL_COPTS + MEMORY_CHECKS.get(check, [])
    if platform.machine() not in ("x86_64", "aarch64"):
        copts = copts + ["-DOPENSSL_NO_ASM"]
    crypto, ssl = boringssl_sources(tree, "-DOPENSSL_NO_ASM" not in copts)
    kind = check or "none"
    # Targets are built side by side: one of them makes it, and the others wait.
    with BORINGSSL_LOCK:
        below = boringssl_archive("crypto-" + kind, crypto, compiler, copts, [])
        return boringssl_archive(("deep-" if deep else "ssl-") + kind, ssl, compiler,
                                 copts + list(library) + (DEEP if deep else []), [below])


def boringssl_archive(name, paths, compiler, copts, others):
    """Returns an archive of some of BoringSSL's sources, and of what is in other archives."""
    tree, digest = boringssl_tree()
    digest = digest_of(version_of(compiler), " ".join(copts), BORINGSSL_PLAIN, *PLAIN, digest,
                       *others)
    out = cache("boringssl", "%s-%s.a" % (name, digest))

    def make(temporary):
        with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
            objects = [os.path.join(folder, path.replace("/", "_") + ".o") for path in paths]

            def one(path, where):
                words = {".cc": BORINGSSL_CXX, ".c": ["-std=c11"]}
                plain = PLAIN if BORINGSSL_PLAIN in path else []
                run([compiler] + words.get(os.path.splitext(path)[1], []) + copts + plain +
                    ["-I" + os.path.join(tree, "src/include"), "-c",
                     os.path.join(tree, path), "-o", where])

            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(one, paths, objects))
            os.unlink(temporary)
            run(["llvm-ar-19", "qcsL", temporary] + objects + others)

    return into_place(out, make)


def tls_copts(deep):
    """Returns the options of what uses BoringSSL."""
    tree, _ = boringssl_tree()
    return ["-isystem", os.path.join(tree, "src/include")] + (DEEP if deep else [])


# --------------------------------------------------------------------- targets


def tls_parts(how, target, env, overlay):
    """Returns (objects that a search sees, objects of the harness, the target's object,
    words for the linker) of what a target has beside the core."""
    facts = targets()[target]
    seen = how["copts"] + how.get("seen", [])
    if not facts.get("tls"):
        own = compile_one(source_of(target), how["cc"], seen, env, overlay)
        return [], [], own, []
    deep = bool(facts.get("deep"))
    copts = tls_copts(deep)
    archive = boringssl(how["copts"], deep)
    *shims, own = compile_all(sources(*TLS_SEEN) + [source_of(target)], how["cc"],
                              seen + copts, env, overlay)
    harness = compile_all(sources(*TLS_HARNESS), how["cc"], how["copts"] + copts, env, overlay)
    return shims, harness, own, [archive] + TLS_LINK


def build(target, flavour, overlay=None):
    """Builds one target and returns its binary. Raises Failure with what went wrong."""
    overlay = overlay or {}
    if target not in targets():
        raise Failure("no target %s: see fuzz/targets.bzl" % target)
    if flavour not in FLAVOURS:
        raise Failure("no flavour %s: have %s" % (flavour, ", ".join(FLAVOURS)))
    how = FLAVOURS[flavour]
    env = how.get("env", {})
    engine, words = engine_parts(how)
    seen = how["copts"] + how.get("seen", [])
    core = sources("core/*.c")
    bug = sources("fuzz/bugs/*.c") if overlay else []
    options = ["sanitizers/options.c"] if how.get("options") else []
    # The script's own target is about the harness.
    harness = sources("fuzz/harness/*.c")
    about = [path for path in harness if target == "script" and "/script" in path]
    shims, tls_harness, own, tls_words = tls_parts(how, target, env, overlay)
    compiled = compile_all(core + about, how["cc"], seen, env, overlay) + shims
    helpers = sources("core/model/*.c") + sorted(set(harness) - set(about)) + ["shim/mem/mem.c"]
    helpers = tls_harness + compile_all(helpers + bug, how["cc"], how["copts"], env, overlay)
    engine = compile_all(engine + options, how["cc"], how["copts"], env, overlay)
    words = tls_words + words
    parts = compiled + [own] + helpers + engine
    linkopts = how.get("linkopts", [])
    name = digest_of(how["cc"], *parts, *words, *linkopts)
    out = cache("binaries", name[:2], "%s-%s-%s" % (target, flavour, name))

    def make(temporary):
        # An archive, so that a target holds only what it uses; for coverage, all that a
        # search sees.
        archive = temporary + ".a"
        whole = compiled if how.get("whole") else []
        run(["llvm-ar-19", "rcs", archive] + helpers + ([] if whole else compiled))
        try:
            run([how["cc"]] + linkopts + [own] + engine + whole + [archive] + words +
                ["-o", temporary], env)
        finally:
            os.unlink(archive)
        os.chmod(temporary, 0o755)

    return into_place(out, make)


def program(name, paths, copts=(), linkopts=()):
    """Builds a program of the host from sources, with the core and the harness."""
    copts = ["-O1"] + list(copts)
    own = compile_all(paths, "clang-19", copts, {}, {})
    library = compile_all(sources(*LIBRARY) + ["shim/mem/mem.c"], "clang-19", copts, {}, {})
    return link(name, own, library, linkopts)


def tls_program(name, paths, deep=False, copts=(), linkopts=()):
    """Builds the same with what targets with TLS have beside: shims, BoringSSL, fuzz/tls."""
    how = {"copts": ["-O1", "-g1"] + list(copts)}
    words = how["copts"] + tls_copts(deep)
    own = compile_all(paths, "clang-19", words, {}, {})
    library = compile_all(sources(*LIBRARY) + ["shim/mem/mem.c"], "clang-19", how["copts"],
                          {}, {})
    library += compile_all(sources(*TLS_SEEN, *TLS_HARNESS), "clang-19", words, {}, {})
    return link(name, own, library,
                list(linkopts) + [boringssl(how["copts"], deep)] + TLS_LINK)


def link(name, own, library, linkopts):
    digest = digest_of(name, *own, *library, *linkopts)
    out = cache("binaries", digest[:2], "%s-%s" % (name, digest))

    def make(temporary):
        # An archive, so that a program holds only what it uses.
        archive = temporary + ".a"
        run(["llvm-ar-19", "rcs", archive] + library)
        try:
            run(["clang-19"] + own + [archive] + list(linkopts) + ["-o", temporary])
        finally:
            os.unlink(archive)
        os.chmod(temporary, 0o755)

    return into_place(out, make)


def mutator():
    """Builds AFL++'s custom mutator: a shared library."""
    paths = [path for path in sources("fuzz/mutator/*.c")
             if os.path.basename(path) != "libfuzzer.c"]
    return program("mutator.so", paths, ["-fPIC", "-O2"], ["-shared"])


def dictionary(kind):
    """Makes the dictionary of a kind and returns its path."""
    if kind not in KINDS:
        raise Failure("no kind %s: have %s" % (kind, ", ".join(KINDS)))
    printer = program("dictionary", ["fuzz/dictionary.c"])
    done = subprocess.run([printer, kind], check=False, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure("the dictionary of %s cannot be made" % kind)
    digest = hashlib.sha256(done.stdout).hexdigest()[:32]
    out = cache("dictionaries", "%s-%s.dict" % (kind, digest))

    def make(temporary):
        with open(temporary, "wb") as file:
            file.write(done.stdout)

    return into_place(out, make)


def corpus(target):
    """Returns the folders and files of a target's seeds, regression seeds among them."""
    regress = os.path.join(ROOT, "corpus/regress")
    found = [os.path.join(ROOT, "corpus", target, part) for part in ("", "recorded", "found")]
    found += sorted(glob.glob(os.path.join(glob.escape(regress), target + "-*")))
    return [path for path in found if os.path.exists(path)]


def replay_words(target):
    """Returns the arguments of a replay of a target's seeds, with their witness."""
    witness = os.path.join(ROOT, "fuzz/witness", target + ".txt")
    return (["--witness", witness] if os.path.exists(witness) else []) + corpus(target)


def seeds(target, folder=None):
    """Makes a folder with all seeds of a target as the engines read them."""
    folder = folder or tempfile.mkdtemp(prefix="smtpcore-seeds-")
    os.makedirs(folder, exist_ok=True)
    for path in corpus(target):
        if os.path.isdir(path):
            encode(target, path, folder)
        else:
            with tempfile.TemporaryDirectory() as one:
                shutil.copy(path, one)
                encode(target, one, folder)
    return folder


def encode(target, source, folder):
    if targets()[target]["kind"] in SCRIPTS:
        run([program("script_tool", ["fuzz/script_tool.c"]), "encode", source, folder])
        return
    for name in sorted(os.listdir(source)):
        if os.path.isfile(os.path.join(source, name)):
            shutil.copy(os.path.join(source, name), os.path.join(folder, name))


def boringssl_here(words):
    """Returns the folder and the archive of BoringSSL for the compiler of the environment."""
    flags = os.environ["CFLAGS"].split()
    library = [word for word in os.environ["CXXFLAGS"].split() if word.startswith("-stdlib=")]
    return boringssl_tree()[0], boringssl(flags, "deep" in words, os.environ["CC"], library)


def tls_seeds(base):
    """Records the seeds of the raw TLS targets into folders of their names."""
    for deep, kind in ((False, "raw"), (True, "deep")):
        recorder = tls_program("tls_seeds", ["fuzz/tls_seeds.c"], deep)
        for role in ("server", "client"):
            folder = os.path.join(base, "tls_%s_%s" % (kind, role))
            os.makedirs(folder, exist_ok=True)
            run([recorder, "to-" + role, folder])


def main():
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if words else 64
    try:
        if words[0] == "list":
            print("targets:", " ".join(sorted(targets())))
            print("flavours:", " ".join(FLAVOURS))
        elif words[0] == "mutator":
            print(mutator())
        elif words[0] == "dictionary":
            print(*(dictionary(kind) for kind in words[1:] or KINDS), sep="\n")
        elif words[0] == "boringssl":
            print(*boringssl_here(words[1:]))
        elif words[0] == "tls-seeds":
            tls_seeds(os.path.abspath((words + [os.path.join(ROOT, "corpus")])[1]))
        elif words[0] == "seeds":
            print(*(seeds(target) for target in words[1:]), sep="\n")
        else:
            for target in words[1:]:
                print(build(target, words[0]), flush=True)
    except Failure as failure:
        print("make.py: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
