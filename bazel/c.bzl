"""How a folder of C outside the core is built: a library, and its tests."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("//bazel:copts.bzl", "SMTPCORE_COPTS")

def c_folder(name, visibility, deps, private = [], test_deps = [], main = [], copts = [], implements = False):
    """Makes a library of a folder, and one test of each *_test.c.

    Args:
      name: the library; its headers are all *.h but those in `private` and
        *testing.h.
      visibility: who may use the library.
      deps: what the library uses.
      private: headers that only this folder includes.
      test_deps: what the tests use besides.
      main: sources that are no part of the library.
      copts: more compiler options.
      implements: whether it implements an interface of the core: those who call it
        do not name it, so that a linker would leave it out.
    """
    cc_library(
        name = name,
        srcs = native.glob(
            ["*.c"],
            exclude = ["*_test.c", "*testing.c"] + main,
        ) + private,
        hdrs = native.glob(["*.h"], exclude = ["*testing.h"] + private),
        copts = SMTPCORE_COPTS + copts,
        visibility = visibility,
        deps = deps,
        alwayslink = implements,
    )

    # What the tests of this folder share; tests of other folders may borrow it.
    cc_library(
        name = "testing",
        testonly = True,
        srcs = native.glob(["*testing.c"]),
        hdrs = native.glob(["*testing.h"]),
        copts = SMTPCORE_COPTS + copts,
        visibility = ["//:users_of_core"],
        deps = [":" + name, "//bazel/system:cmocka", "//core:testing"] +
               deps + test_deps,
    )

    for test in native.glob(["*_test.c"]):
        cc_test(
            name = test[:-len(".c")],
            size = "medium",
            # Private headers are for the tests too.
            srcs = [test] + private,
            copts = SMTPCORE_COPTS + copts,
            deps = [
                ":" + name,
                ":testing",
                "//bazel/system:cmocka",
                "//core:testing",
                "//core/model",
            ] + deps + test_deps,
        )
