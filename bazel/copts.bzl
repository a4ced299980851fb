"""How the project's own C is compiled."""

# SMTPCORE_COPTS holds for every C file of this tree, core and tests alike. The
# word -Werror is not here: .bazelrc of this tree says it, so that whoever builds
# smtpcore as a part of something else decides on their own.
SMTPCORE_COPTS = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wswitch-enum",
    "-Wvla",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
]
