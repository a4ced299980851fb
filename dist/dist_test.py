#!/usr/bin/python3
"""The release folder is what it says: the same octets each time, complete, built by those who
would take it (by hand, CMake, pkg-config), each with gcc and clang-19, in each named
configuration; its bills of materials and the files for other systems fit it."""

import concurrent.futures
import contextlib
import copy
import glob
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "core")]
import amalgamate  # pylint: disable=wrong-import-position
import config  # pylint: disable=wrong-import-position
import configurations  # pylint: disable=wrong-import-position
import dist  # pylint: disable=wrong-import-position

ROOT = amalgamate.ROOT
COMPILERS = {"gcc": "g++", "clang-19": "clang++-19"}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow",
            "-Wswitch-enum", "-Wvla", "-Werror"]
OF_C = ["-Wstrict-prototypes", "-Wmissing-prototypes"]
GOLDEN = ["shim/mem/golden_test.c", "shim/mem/dialogue_testing.c", "shim/mem/mem.c",
          "core/testing.c"]
MAIN = os.path.join(HERE, "consumer", "main.c")


class Problem(Exception):
    """What is wrong."""


def run(words, **how):
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300, **how)
    if done.returncode != 0:
        raise Problem("%s: %s" % (" ".join(words)[:200], done.stdout[-1500:]))
    return done.stdout


def must(holds, what):
    if not holds:
        raise Problem(what)


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory() as folder:
        yield folder


class Tests:
    """Each method that begins with test_ is one test; those that take arguments say which."""

    def __init__(self, release):
        self.release = release

    # ------------------------------------------------------------ the folder

    def test_same_octets_each_time(self):
        with scratch() as folder:
            other = os.path.join(folder, "a longer name")
            shutil.copytree(ROOT, other, symlinks=False,
                            ignore=shutil.ignore_patterns("*_test", "*.runfiles", "bazel-*",
                                                          "corpus", "fuzz", ".git"))
            tars = []
            for root, more in [(ROOT, {"TZ": "UTC0", "PYTHONHASHSEED": "1"}),
                               (other, {"TZ": "XYZ-11", "PYTHONHASHSEED": "2",
                                        "LC_ALL": "C"})]:
                out = os.path.join(folder, "%d.tar.gz" % len(tars))
                run([sys.executable, os.path.join(root, "dist", "dist.py"), "--tar", out],
                    env={**os.environ, **more}, umask=0o22 if tars else 0o77)
                with open(out, "rb") as file:
                    tars.append(file.read())
            must(tars[0] == tars[1], "two builds differ")
            with tarfile.open(fileobj=io.BytesIO(tars[0])) as tar:
                must({info.mtime for info in tar} == {dist.epoch()}, "times differ")

    def test_nothing_is_missing(self):
        have = set(self.files())
        want = {"smtpcore.h", "smtpcore.c", "smtpcore_config.h", "CMakeLists.txt", "LICENSE",
                "smtpcore.pc.in", "VERSION", "README.md", "SECURITY.md", "CHANGES.md",
                "zephyr/module.yml", "zephyr/Kconfig", "zephyr/CMakeLists.txt", "sbom.yml",
                "idf_component.yml", "library.json", "docs/EMBEDDING.md", "docs/LIMITS.md",
                *dist.BILLS}
        must(want <= have, "missing: %s" % ", ".join(sorted(want - have)))
        tests = [path for path in have if "test" in path]
        must(not tests, "tests are in it: %s" % tests)
        for path in have:
            with open(os.path.join(self.release, path), encoding="utf-8") as file:
                left = re.findall(r"@(?:VERSION|CPE|PURL)@", file.read())
            must(not left, "%s is not filled in: %s" % (path, left))

    def test_links_lead_somewhere(self):
        for path in self.files():
            if not path.endswith(".md"):
                continue
            with open(os.path.join(self.release, path), encoding="utf-8") as file:
                aims = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", file.read())
            for aim in aims:
                at = os.path.join(self.release, os.path.dirname(path), aim)
                must("://" in aim or os.path.exists(at), "%s leads to no %s" % (path, aim))

    def test_configurations_are_told(self):
        rows = "".join(row for row in self.text("docs/EMBEDDING.md").splitlines(True)
                       if row.startswith("| `"))
        for name in configurations.NAMED:
            must("`%s`" % name in rows, "docs/EMBEDDING.md has no configuration " + name)

    def test_version_is_one(self):
        text = {path: self.text(path) for path in self.files()}
        version = dist.version()
        must(text["VERSION"] == version + "\n", "VERSION")
        for path in ["CMakeLists.txt", "idf_component.yml", "sbom.yml", "library.json",
                     "zephyr/module.yml", *dist.BILLS]:
            must(version in text[path], path + " has another version")

    # ------------------------------------------------------- the amalgamation

    def test_amalgamation(self, compiler, name):
        flags = configurations.flags(configurations.NAMED[name])
        run([compiler, "-std=c11", "-fsyntax-only", "-I" + self.release] + WARNINGS + OF_C + flags +
            [os.path.join(self.release, "smtpcore.c")])

    def test_header_as_cpp(self, compiler):
        for name in ["smtpcore.h", *sorted(os.path.relpath(path, self.release) for path in glob.glob(
                os.path.join(self.release, "core/include/smtpcore/*.h")))]:
            run([COMPILERS[compiler], "-std=c++17", "-fsyntax-only", "-x", "c++",
                 "-I" + self.release, "-I" + os.path.join(self.release, "core/include"),
                 "-include", os.path.join(self.release, name)] + WARNINGS + ["/dev/null"])

    def test_cpp_program(self, compiler):
        with scratch() as folder:
            out = os.path.join(folder, "out")
            source = os.path.join(folder, "main.cc")
            with open(source, "w", encoding="utf-8") as file:
                file.write('#include "smtpcore.h"\nint main() { return SMTPC_MATCHES() ? 0 : 1; }\n')
            run([compiler, "-std=c11", "-I" + self.release, "-c",
                 os.path.join(self.release, "smtpcore.c"), "-o", out + ".o"])
            run([COMPILERS[compiler], "-std=c++17", "-I" + self.release, source, out + ".o",
                 "-o", out])
            run([out])

    def test_amalgamation_by_itself(self, compiler):
        """Nothing but its three files is within reach."""
        with scratch() as folder:
            for name in ["smtpcore.h", "smtpcore.c", "smtpcore_config.h"]:
                shutil.copy(os.path.join(self.release, name), folder)
            main = os.path.join(folder, "main.c")
            with open(MAIN, encoding="utf-8") as file:
                text = file.read()
            with open(main, "w", encoding="utf-8") as file:
                file.write(re.sub(r'#include "smtpcore/\w+\.h"', '#include "smtpcore.h"', text))
            out = os.path.join(folder, "out")
            run([compiler, "-std=c11", "-O2", "smtpcore.c", "main.c", "-o", out], cwd=folder)
            run([out])

    def test_amalgamation_keeps_the_golden_dialogues(self, compiler):
        with scratch() as folder:
            out = os.path.join(folder, "golden")
            run([compiler, "-std=c11", "-I.", "-Icore/include"] + GOLDEN +
                [os.path.join(self.release, "smtpcore.c"), "-iquote", self.release,
                 "-lcmocka", "-o", out], cwd=ROOT)
            must("PASSED" in run([out]), "no test ran")

    # -------------------------------------------------------------- consumers

    def cmake(self, folder, source, *words):
        build = os.path.join(folder, "build-" + os.path.basename(source))
        run(["cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", *words])
        run(["cmake", "--build", build, "-j", "2"])
        return build

    def consumer(self, folder, text):
        os.makedirs(os.path.join(folder, "consumer"))
        shutil.copy(MAIN, os.path.join(folder, "consumer", "main.c"))
        with open(os.path.join(folder, "consumer", "CMakeLists.txt"), "w",
                  encoding="utf-8") as file:
            file.write("cmake_minimum_required(VERSION 3.16)\nproject(consumer C)\n" + text +
                       "\nadd_executable(consumer main.c)\n"
                       "target_link_libraries(consumer smtpcore::smtpcore)\n")
        return os.path.join(folder, "consumer")

    def installed(self, folder, compiler, *words):
        build = self.cmake(folder, self.release, "-DCMAKE_C_COMPILER=" + compiler,
                           "-DCMAKE_INSTALL_PREFIX=" + os.path.join(folder, "there"), *words)
        run(["cmake", "--install", build])
        return os.path.join(folder, "there")

    def test_find_package(self, compiler, *words):
        with scratch() as folder:
            there = self.installed(folder, compiler, *words)
            source = self.consumer(folder, "find_package(smtpcore %s REQUIRED)" % dist.version())
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler,
                               "-DCMAKE_PREFIX_PATH=" + there)
            run([os.path.join(build, "consumer")])

    def test_add_subdirectory(self, compiler):
        with scratch() as folder:
            source = self.consumer(folder, "add_subdirectory(%s smtpcore)" % self.release)
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler,
                               "-DSMTPC_LINE_MAX=2048")
            run([os.path.join(build, "consumer")])

    def test_pkg_config(self, compiler, *words):
        with scratch() as folder:
            there = self.installed(folder, compiler, *words)
            where = glob.glob(os.path.join(there, "**", "pkgconfig"), recursive=True)
            env = {**os.environ, "PKG_CONFIG_PATH": ":".join(where)}
            given = run(["pkg-config", "--cflags", "--libs", "smtpcore"], env=env).split()
            out = os.path.join(folder, "out")
            run([compiler, "-std=c11", MAIN, "-o", out] + given)
            run([out])
            must(run(["pkg-config", "--modversion", "smtpcore"], env=env).strip() ==
                 dist.version(), "another version")

    def test_wrong_setting_ends_the_build(self):
        with scratch() as folder:
            try:
                self.cmake(folder, self.release, "-DSMTPC_CONFIG_SERVER=0",
                           "-DSMTPC_CONFIG_CLIENT=0")
            except Problem as problem:
                must("choose a role" in str(problem), "the build does not say why")
            else:
                raise Problem("it builds without a role")

    # ------------------------------------------------------ bills of materials

    def files(self):
        return sorted(os.path.relpath(path, self.release)
                      for path in glob.glob(os.path.join(self.release, "**"), recursive=True)
                      if os.path.isfile(path))

    def text(self, path):
        with open(os.path.join(self.release, path), encoding="utf-8") as file:
            return file.read()

    def spdx_problems(self, bill):
        """Yields what SPDX 2.3 does not allow, and what does not fit the folder."""
        for name in ["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                     "creationInfo", "packages", "files", "relationships"]:
            if name not in bill:
                yield "no " + name
        if bill.get("spdxVersion") != "SPDX-2.3" or bill.get("dataLicense") != "CC0-1.0":
            yield "another kind of document"
        ids = [bill["SPDXID"]] + [row["SPDXID"] for row in bill["packages"] + bill["files"]]
        if len(set(ids)) != len(ids):
            yield "an identifier is there twice"
        for name in ids:
            if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name):
                yield "no identifier: " + name
        for row in bill["relationships"]:
            if not {row["spdxElementId"], row["relatedSpdxElement"]} <= set(ids):
                yield "a relationship with nobody"
        sums = []
        for row in bill["files"]:
            with open(os.path.join(self.release, row["fileName"]), "rb") as file:
                data = file.read()
            for one in row["checksums"]:
                have = hashlib.new(one["algorithm"].lower(), data).hexdigest()
                if have != one["checksumValue"]:
                    yield "a wrong checksum: " + row["fileName"]
                if one["algorithm"] == "SHA1":
                    sums.append(have)
        code = bill["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"]
        if hashlib.sha1("".join(sorted(sums)).encode()).hexdigest() != code:
            yield "a wrong verification code"
        named = {row["fileName"][2:] for row in bill["files"]} | set(dist.BILLS)
        if named != set(self.files()):
            yield "files that it does not name: %s" % sorted(named ^ set(self.files()))

    def test_spdx(self):
        bill = json.loads(self.text(dist.BILLS[0]))
        problems = list(self.spdx_problems(bill))
        must(not problems, problems[:3])
        for spoil in [lambda b: b.pop("name"), lambda b: b["files"].pop(),
                      lambda b: b["files"][0]["checksums"][1].update(checksumValue="0"),
                      lambda b: b["relationships"][0].update(relatedSpdxElement="SPDXRef-x"),
                      lambda b: b["files"][0].update(SPDXID=b["files"][1]["SPDXID"])]:
            spoilt = copy.deepcopy(bill)
            spoil(spoilt)
            must(list(self.spdx_problems(spoilt)), "the check sees nothing")

    def test_cyclonedx(self):
        bill = json.loads(self.text(dist.BILLS[1]))
        must(bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.5", "another kind")
        must(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                          bill["serialNumber"]), "no serial number")
        have = hashlib.sha256(self.text("smtpcore.c").encode()).hexdigest()
        must(bill["metadata"]["component"]["hashes"][0]["content"] == have, "a wrong hash")

    # ------------------------------------------------------------- other systems

    def test_settings_are_all_there(self):
        header = set(re.findall(r"^#ifndef (SMTPC_\w+)", self.text("smtpcore_config.h"), re.M))
        names = {setting.name for setting in config.read()}
        must(names == header, "settings that were not read: %s" % (names ^ header))
        kconfig = self.text("Kconfig.smtpcore")
        symbols = set(re.findall(r"^config (\w+)$", kconfig, re.M))
        must({config.symbol(setting) for setting in config.read()} == symbols, "Kconfig")
        used = set(re.findall(r"CONFIG_(SMTPCORE_\w+)", self.text("cmake/smtpcoreKconfig.cmake")))
        must(used == symbols, "Kconfig and CMake differ: %s" % (used ^ symbols))
        given = set(re.findall(r"(SMTPC_\w+)=", self.text("cmake/smtpcoreKconfig.cmake")))
        must(given == header, "not given: %s" % (given ^ header))
        needed = set(re.findall(r"^\tdepends on (\w+)$", kconfig, re.M))
        must(needed and needed <= symbols, "depends on what is not there")

    def test_kconfig_reaches_the_compiler(self):
        """What Zephyr and ESP-IDF would include gives the settings of a small receiver."""
        with scratch() as folder:
            script = os.path.join(folder, "try.cmake")
            with open(script, "w", encoding="utf-8") as file:
                file.write("set(CONFIG_SMTPCORE_SERVER y)\nset(CONFIG_SMTPCORE_LINE_MAX 1024)\n"
                           "include(%s/cmake/smtpcoreKconfig.cmake)\n"
                           'message("${SMTPCORE_DEFINITIONS}")\n' % self.release)
            given = run(["cmake", "-P", script]).strip().split(";")
            must("SMTPC_CONFIG_SERVER=1" in given and "SMTPC_CONFIG_CLIENT=0" in given and
                 "SMTPC_LINE_MAX=1024" in given, "given: %s" % given)
            run(["gcc", "-std=c11", "-fsyntax-only", "-I" + self.release] +
                ["-D" + word for word in given] + [os.path.join(self.release, "smtpcore.c")])

    def test_yaml(self):
        module = yaml.safe_load(self.text("zephyr/module.yml"))
        must(re.fullmatch(r"[a-zA-Z0-9_\-]+", module["name"]), "a module needs a name")
        must(os.path.isfile(os.path.join(self.release, module["build"]["kconfig"])) and
             os.path.isfile(os.path.join(self.release, module["build"]["cmake"],
                                         "CMakeLists.txt")), "a module that leads nowhere")
        cpe, purl = module["security"]["external-references"]
        must(cpe.startswith("cpe:2.3:a:") and cpe.count(":") == 12 and
             purl.startswith("pkg:"), "no references")
        component = yaml.safe_load(self.text("idf_component.yml"))
        must(component["version"] == dist.version() and "idf" in component["dependencies"],
             "idf_component.yml")
        bill = yaml.safe_load(self.text("sbom.yml"))
        must(bill["cpe"] == cpe and bill["name"] == "smtpcore", "sbom.yml")
        must(json.loads(self.text("library.json"))["version"] == dist.version(), "library.json")


def cases(tests):
    """Yields (name, what to call) for each test."""
    of_compilers = ["header_as_cpp", "cpp_program", "amalgamation_by_itself",
                    "amalgamation_keeps_the_golden_dialogues", "find_package",
                    "add_subdirectory", "pkg_config"]
    small = ["-DSMTPC_CONFIG_CLIENT=0", "-DSMTPC_LINE_MAX=1024"]
    for compiler in COMPILERS:
        for name in configurations.NAMED:
            yield ("amalgamation, %s, %s" % (name, compiler),
                   lambda c=compiler, n=name: tests.test_amalgamation(c, n))
        for name in of_compilers:
            yield ("%s, %s" % (name, compiler),
                   lambda c=compiler, n=name: getattr(tests, "test_" + n)(c))
        for name in ["find_package", "pkg_config"]:
            yield ("%s, a small receiver, %s" % (name, compiler),
                   lambda c=compiler, n=name: getattr(tests, "test_" + n)(c, *small))
    for name in dir(tests):
        if name.startswith("test_") and name[5:] not in of_compilers + ["amalgamation"]:
            yield name[5:].replace("_", " "), getattr(tests, name)


def one(name, call):
    try:
        call()
    except (Problem, OSError, KeyError, ValueError, subprocess.TimeoutExpired) as problem:
        return "FAILED %s: %s" % (name, problem)
    return None


def main():
    with scratch() as folder:
        dist.write_folder(folder)
        tests = Tests(os.path.join(folder, dist.top()))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda case: one(*case), list(cases(tests))))
    for problem in found:
        if problem:
            print(problem)
    failed = sum(problem is not None for problem in found)
    print("%d passed, %d failed" % (len(found) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
