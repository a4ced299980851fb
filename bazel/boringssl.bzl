"""The BoringSSL that smtpcore is built with.

It is the upstream tarball of Debian's source package
android-platform-external-boringssl, which bazel/install has put into the cache;
nothing is downloaded here. The environment variable SMTPCORE_BORINGSSL names
another source tree instead, so that you can build against the one you ship. That
tree must have the layout that BoringSSL's util/generate_build_files.py makes for
Bazel: `BUILD.generated.bzl` at its top and the code under `src/`.
"""

# BORINGSSL_TARBALL and BORINGSSL_SHA256 pin the source. bazel/install reads both
# lines from this file.
BORINGSSL_TARBALL = "android-platform-external-boringssl_13.0.0+r24.orig.tar.xz"
BORINGSSL_SHA256 = "583b7aeee1fca68b8244d086cea6fca23bd19d517bd63f0b9de714e048f92a7d"

def _cache(ctx):
    cache = ctx.os.environ.get("XDG_CACHE_HOME", "")
    if not cache:
        cache = ctx.os.environ.get("HOME", "") + "/.cache"
    return cache + "/smtpcore/boringssl/"

def _link_tree(ctx, tree):
    root = ctx.path(tree)
    if not root.get_child("BUILD.generated.bzl").exists:
        fail("SMTPCORE_BORINGSSL: %s has no BUILD.generated.bzl" % tree)
    for entry in root.readdir():
        if entry.basename not in ["BUILD", "BUILD.bazel", "WORKSPACE"]:
            ctx.symlink(entry, entry.basename)

def _extract_tarball(ctx):
    tarball = ctx.path(_cache(ctx) + BORINGSSL_TARBALL)
    if not tarball.exists:
        fail("%s is not there: run bazel/install" % tarball)
    result = ctx.execute(["sha256sum", str(tarball)])
    if result.return_code != 0:
        fail("sha256sum: " + result.stderr)
    have = result.stdout.split(" ")[0]
    if have != BORINGSSL_SHA256:
        fail("%s has SHA-256 %s, want %s: remove it and run bazel/install" %
             (tarball, have, BORINGSSL_SHA256))

    # Patches of Debian's are not applied: they concern its own make files and
    # architectures that this tree does not build for. Test data stays outside.
    result = ctx.execute(["tar", "-xJf", str(tarball), "--strip-components=1"])
    if result.return_code != 0:
        fail("tar: " + result.stderr)
    for name in ["BUILD", "src/rust", "src/third_party/wycheproof_testvectors"]:
        ctx.delete(name)

def _boringssl_impl(ctx):
    tree = ctx.os.environ.get("SMTPCORE_BORINGSSL", "")
    if tree:
        _link_tree(ctx, tree)
    else:
        _extract_tarball(ctx)
    ctx.file("WORKSPACE", "workspace(name = \"boringssl\")\n")
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

boringssl_repository = repository_rule(
    implementation = _boringssl_impl,
    attrs = {"build_file": attr.label(default = "//bazel:boringssl.BUILD")},
    environ = ["SMTPCORE_BORINGSSL", "XDG_CACHE_HOME", "HOME"],
)
