"""Stand-ins for two repositories that Bazel 4.2.3 wants and would download."""

_RULES_CC_DEFS = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_import = native.objc_import
objc_library = native.objc_library
"""

def _rules_cc_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"rules_cc\")\n")
    ctx.file("BUILD", "")
    ctx.file("cc/BUILD", "exports_files([\"defs.bzl\"])\n")
    ctx.file("cc/defs.bzl", _RULES_CC_DEFS)

# rules_cc_standin is `@rules_cc//cc:defs.bzl` over the rules that are built into
# Bazel. Debian's own bazel-rules-cc does not load under 4.2.3.
rules_cc_standin = repository_rule(implementation = _rules_cc_impl)

_COVERAGE_BUILD = """
filegroup(
    name = "coverage_report_generator",
    srcs = ["coverage_report_generator.sh"],
    visibility = ["//visibility:public"],
)
"""

def _remote_coverage_tools_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"remote_coverage_tools\")\n")
    ctx.file("BUILD", _COVERAGE_BUILD)
    ctx.file("coverage_report_generator.sh", "#!/bin/sh\nexit 0\n", executable = True)

# remote_coverage_tools_standin does nothing: each test rule names a report
# generator, also when no coverage is measured.
remote_coverage_tools_standin = repository_rule(
    implementation = _remote_coverage_tools_impl,
)
