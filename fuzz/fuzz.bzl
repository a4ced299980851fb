"""cc_fuzz_test: from one C source all that a fuzz target needs.

Names of attributes and of what is made are those of rules_fuzzing, by which OSS-Fuzz
selects; nothing is downloaded.

    NAME             test: the corpus, replayed without an engine
    NAME_bin         libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer; with
                     --repo_env=LIB_FUZZING_ENGINE=... any other engine
    NAME_run         runs NAME_bin with corpus and dictionary: bazel run //fuzz:NAME_run
    NAME_afl         AFL++: persistent, shared memory, clang-19 with trace-pc-guard
    NAME_cmplog      AFL++, made by its own compiler, with cmplog
    NAME_corpus      the seeds as they lie in the tree
    NAME_dict        the dictionary, merged and checked
    NAME_seed_corpus.zip  the seeds as the engines read them
    NAME_oss_fuzz    a tar of binary, seeds, dictionary and options
"""

load("@fuzz_engine//:engine.bzl", "ENGINE_COPTS", "ENGINE_LINKOPTS")
load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")
load("//bazel:copts.bzl", "SMTPCORE_COPTS")

_STRICT = [
    "-fsanitize=address,undefined,integer,implicit-conversion,nullability,local-bounds",
    "-fno-sanitize-recover=all",
]

# What the flavours are compiled and linked with, beside the engine itself.
_FLAVOURS = {
    "libfuzzer": struct(
        copts = ENGINE_COPTS or (["-O2", "-g1", "-fsanitize=fuzzer-no-link"] + _STRICT),
        linkopts = ENGINE_COPTS or (["-fuse-ld=lld"] + _STRICT),
        toolchain = None,
    ),
    "afl": struct(
        copts = ["-O2", "-g1", "-fsanitize-coverage=trace-pc-guard"],
        linkopts = ["-fuse-ld=lld"],
        toolchain = None,
    ),
    "cmplog": struct(
        copts = ["-O2", "-g1"],
        linkopts = [],
        toolchain = "@afl//:toolchain",
    ),
}

_AFL_DRIVER = ["/usr/lib/afl/libAFLDriver.a"]
_AFL_RUNTIME = ["/usr/lib/afl/afl-compiler-rt-64.o", "-ldl", "-lstdc++", "-rdynamic"]

# What a target with TLS stands on: the shim and BoringSSL as they ship, or both once more
# in BoringSSL's fuzzer mode.
_TLS_DEPS = ["//shim/stream"]
_REAL_DEPS = ["//fuzz/tls", "//shim/boringssl", "@boringssl//:crypto", "@boringssl//:ssl"]
_DEEP_DEPS = [
    "//fuzz/tls:tls_deep",
    "//fuzz/tls:boringssl_deep",
    "@boringssl//:crypto",
    "@boringssl//:ssl_deep",
]

_OPTIONS = "//command_line_option:"

def _flavour_impl(settings, attr):
    how = _FLAVOURS[attr.flavour]
    return {
        _OPTIONS + "copt": how.copts,
        _OPTIONS + "linkopt": how.linkopts,
        _OPTIONS + "compilation_mode": "opt",
        _OPTIONS + "strip": "never",
        _OPTIONS + "crosstool_top": how.toolchain or settings[_OPTIONS + "crosstool_top"],
        _OPTIONS + "features": ["-layering_check"] if how.toolchain else settings[_OPTIONS + "features"],
        "//bazel:clang_engine": True,
    }

_flavour = transition(
    implementation = _flavour_impl,
    inputs = [_OPTIONS + "crosstool_top", _OPTIONS + "features"],
    outputs = [
        _OPTIONS + "copt",
        _OPTIONS + "linkopt",
        _OPTIONS + "compilation_mode",
        _OPTIONS + "strip",
        _OPTIONS + "crosstool_top",
        _OPTIONS + "features",
        "//bazel:clang_engine",
    ],
)

def _instrumented_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = out,
        target_file = ctx.attr.binary[0][DefaultInfo].files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(executable = out, files = depset([out]))]

# _instrumented is `binary` built in one flavour.
_instrumented = rule(
    implementation = _instrumented_impl,
    attrs = {
        "binary": attr.label(executable = True, cfg = _flavour, mandatory = True),
        "flavour": attr.string(values = _FLAVOURS.keys(), mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)

def _engine_binary(name, flavour, srcs, deps, linkopts):
    """Makes NAME, `srcs` linked to an engine in one flavour."""
    cc_binary(
        name = name + "_raw",
        testonly = True,
        srcs = srcs,
        copts = SMTPCORE_COPTS,
        linkopts = linkopts,
        tags = ["manual"],
        visibility = ["//visibility:private"],
        deps = deps,
    )
    _instrumented(
        name = name,
        testonly = True,
        binary = ":" + name + "_raw",
        flavour = flavour,
        tags = ["manual"],
    )

def cc_fuzz_test(
        name,
        corpus,
        kind,
        max_len,
        srcs = None,
        source = None,
        tls = False,
        deep = False,
        deps = [],
        dicts = [],
        options = [],
        witness = [],
        tags = []):
    """Makes a fuzz target and all that belongs to it; see the head of this file.

    Args:
      name: the target: fuzz/targets/NAME.c and corpus/NAME/.
      corpus: labels of the seeds.
      kind: the fuzz_kind in lower case, which picks the generated dictionary.
      max_len: the longest input that an engine makes.
      srcs: the sources, by default the one of this name.
      source: the name of the source, where it is another than the target's.
      tls: whether its TLS is real: fuzz/tls, shim/stream, shim/boringssl, BoringSSL.
      deep: whether that is over BoringSSL's fuzzer mode.
      deps: what they use beside the harness.
      dicts: more dictionaries, to be merged with the generated one.
      witness: a file that says what the seeds lead to (harness/witness.h).
      options: more lines of the OSS-Fuzz options file, such as "timeout = 10".
      tags: more tags of the test.
    """
    srcs = srcs or ["targets/%s.c" % (source or name)]
    deps = ["//core", "//core/model", "//fuzz/harness", "//shim/mem"] + deps
    if tls:
        deps = deps + _TLS_DEPS + (_DEEP_DEPS if deep else _REAL_DEPS)

    cc_test(
        name = name,
        size = "medium",
        srcs = srcs,
        args = ["--again"] + [
            "--witness $(rootpath %s)" % file
            for file in witness
        ] + ["corpus"],
        copts = SMTPCORE_COPTS,
        data = corpus + witness,
        tags = ["fuzz-test"] + (["tls"] if tls else []) + tags,
        deps = deps + [":replay"],
    )
    native.filegroup(
        name = name + "_corpus",
        testonly = True,
        srcs = corpus,
    )

    _engine_binary(
        name + "_bin",
        "libfuzzer",
        srcs,
        deps + ["//fuzz/mutator:libfuzzer"],
        ENGINE_LINKOPTS,
    )
    _engine_binary(name + "_afl", "afl", srcs, deps, _AFL_DRIVER + _AFL_RUNTIME + ["-lm"])
    _engine_binary(name + "_cmplog", "cmplog", srcs, deps, _AFL_DRIVER + ["-lm"])

    native.genrule(
        name = name + "_dict",
        testonly = True,
        srcs = dicts,
        outs = [name + ".dict"],
        cmd = "$(execpath :dictionary) %s >$@.part && $(execpath :dictionary_check) --merge $@ $@.part $(SRCS)" % kind,
        exec_tools = [":dictionary", ":dictionary_check"],
    )
    native.genrule(
        name = name + "_seeds",
        testonly = True,
        srcs = corpus,
        outs = [name + "_seed_corpus.zip"],
        cmd = "$(execpath :archive) seeds %s $(execpath :script_tool) $@ $(SRCS)" % kind,
        exec_tools = [":archive", ":script_tool"],
    )
    native.genrule(
        name = name + "_options",
        testonly = True,
        outs = [name + ".options"],
        cmd = "printf '%%s\\n' %s >$@" % " ".join(["'%s'" % line for line in [
            "[libfuzzer]",
            "max_len = %d" % max_len,
            "timeout = 10",
        ] + options]),
    )
    native.genrule(
        name = name + "_oss_fuzz",
        testonly = True,
        srcs = [
            ":%s_bin" % name,
            name + "_seed_corpus.zip",
            name + ".dict",
            name + ".options",
        ],
        outs = [name + "_oss_fuzz.tar"],
        cmd = "$(execpath :archive) tar %s $@ $(SRCS)" % name,
        exec_tools = [":archive"],
        tags = ["manual"],
    )
    native.sh_binary(
        name = name + "_run",
        testonly = True,
        srcs = ["engine/run.sh"],
        args = [
            "$(rootpath :%s_bin)" % name,
            "$(rootpath %s_seed_corpus.zip)" % name,
            "$(rootpath %s.dict)" % name,
            str(max_len),
        ],
        data = [
            ":%s_bin" % name,
            name + "_seed_corpus.zip",
            name + ".dict",
        ],
        tags = ["manual"],
    )
