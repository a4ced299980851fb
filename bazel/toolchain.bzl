"""A second C toolchain beside Bazel's own, so that both compilers serve one tree.

The default toolchain is the compiler that `CC` in .bazelrc names (clang-19);
`--config=gcc` selects this one. Neither makes the other's results stale.
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
