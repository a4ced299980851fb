"""More C toolchains beside Bazel's own, so that several compilers serve one tree.

The default toolchain is the compiler that `CC` in .bazelrc names (clang-19);
`--config=gcc` selects gcc; fuzz/fuzz.bzl selects AFL++'s compiler for some of its
binaries. None makes the others' results stale.
"""

load("@bazel_tools//tools/cpp:cc_configure.bzl", "cc_autoconf_impl")

def _gcc_impl(ctx):
    gcc = ctx.which("gcc")
    if not gcc:
        fail("gcc is not there: run bazel/install")
    cc_autoconf_impl(ctx, overriden_tools = {"gcc": str(gcc)})

gcc_toolchain = repository_rule(
    implementation = _gcc_impl,
    configure = True,
    environ = ["PATH"],
)

# A compiler that has cmplog always on: actions see no variables of whoever calls.
_AFL_COMPILER = """#!/bin/sh
AFL_LLVM_CMPLOG=1 AFL_QUIET=1 exec {compiler} "$@"
"""

def _afl_impl(ctx):
    compiler = ctx.which("afl-clang-fast")
    if not compiler:
        fail("afl-clang-fast is not there: run bazel/install")
    ctx.file("afl-cmplog", _AFL_COMPILER.format(compiler = compiler), executable = True)
    cc_autoconf_impl(ctx, overriden_tools = {"gcc": str(ctx.path("afl-cmplog"))})

afl_toolchain = repository_rule(
    implementation = _afl_impl,
    configure = True,
    environ = ["PATH"],
)

_ENGINE = """
ENGINE_COPTS = {copts}
ENGINE_LINKOPTS = {linkopts}
"""

def _engine_impl(ctx):
    engine = ctx.os.environ.get("LIB_FUZZING_ENGINE")
    words = ctx.os.environ.get("FUZZING_CFLAGS", "").split(" ") if engine else []
    ctx.file("BUILD", "")
    ctx.file("engine.bzl", _ENGINE.format(
        copts = repr([word for word in words if word]),
        linkopts = repr([engine or "-fsanitize=fuzzer"]),
    ))

# fuzz_engine says which engine NAME_bin of a fuzz target is linked with: libFuzzer, or
# what LIB_FUZZING_ENGINE names (an archive or a flag), compiled with FUZZING_CFLAGS.
fuzz_engine = repository_rule(
    implementation = _engine_impl,
    configure = True,
    environ = ["FUZZING_CFLAGS", "LIB_FUZZING_ENGINE"],
)
