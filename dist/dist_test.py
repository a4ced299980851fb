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

import kconfiglib
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "core")]
import amalgamate  # pylint: disable=wrong-import-position
import config  # pylint: disable=wrong-import-position
import configurations  # pylint: disable=wrong-import-position
import dist  # pylint: disable=wrong-import-position

ROOT = amalgamate.ROOT
COMPILERS = {"gcc": "g++", "clang-19": "clang++-19"}
# What Zephyr and ESP-IDF define, as far as the release folder calls it.
ZEPHYR = """
cmake_minimum_required(VERSION 3.16)
project(zephyr_app C)
function(zephyr_include_directories)
  include_directories(${ARGV})
endfunction()
function(zephyr_compile_definitions)
  foreach(folder IN ITEMS ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set_property(DIRECTORY ${folder} APPEND PROPERTY COMPILE_DEFINITIONS ${ARGV})
  endforeach()
endfunction()
macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
endmacro()
function(zephyr_library_include_directories)
  target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()
function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()
include(config.cmake)
add_subdirectory(%(release)s/%(cmake)s module)
add_executable(app main.c)
target_include_directories(app PRIVATE %(release)s/core/include)
target_link_libraries(app smtpcore)
"""
ESP_IDF = """
cmake_minimum_required(VERSION 3.16)
project(idf_app C)
set(ESP_PLATFORM 1)
include(CMakeParseArguments)
function(idf_component_register)
  cmake_parse_arguments(of "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS" ${ARGN})
  foreach(folder IN LISTS of_INCLUDE_DIRS of_PRIV_INCLUDE_DIRS of_UNPARSED_ARGUMENTS)
    if(NOT IS_DIRECTORY ${folder})
      message(FATAL_ERROR "${folder} is no folder")
    endif()
  endforeach()
  add_library(__idf_smtpcore STATIC ${of_SRCS})
  target_include_directories(__idf_smtpcore PUBLIC ${of_INCLUDE_DIRS} PRIVATE
    ${of_PRIV_INCLUDE_DIRS})
  set(COMPONENT_LIB __idf_smtpcore PARENT_SCOPE)
endfunction()
include(config.cmake)
add_subdirectory(%(release)s component)
add_executable(app main.c)
target_link_libraries(app __idf_smtpcore)
"""
# The first of the two times that ESP-IDF reads a component: a script, without settings.
ESP_IDF_FIRST = """
set(ESP_PLATFORM 1)
macro(idf_component_register)
  message("registered")
  return()
endmacro()
include(%(release)s/CMakeLists.txt)
"""
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
        built = {path for path in have if re.fullmatch(r"core/\w+\.c", path)}
        must(built == set(amalgamate.sources()), "core/*.c is not what is built")
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
        for name in ["smtpcore.h", *amalgamate.public_headers()]:
            run([COMPILERS[compiler], "-std=c++17", "-fsyntax-only", "-x", "c++",
                 "-I" + self.release, "-I" + os.path.join(self.release, "core/include"),
                 "-include", os.path.join(self.release, name)] + WARNINGS + ["/dev/null"])

    def test_cpp_program(self, compiler):
        with scratch() as folder:
            out = os.path.join(folder, "out")
            source = os.path.join(folder, "main.cc")
            with open(source, "w", encoding="utf-8") as file:
                file.write('#include "smtpcore.h"\n'
                           "int main() { return SMTPC_MATCHES() ? 0 : 1; }\n")
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
            run([compiler, "-std=c11", "-O2"] + WARNINGS + OF_C +
                ["smtpcore.c", "main.c", "-o", out], cwd=folder)
            run([out])

    def test_one_header_meets_the_others(self):
        """smtpcore.h and what it is made of, in one source, whichever comes first."""
        rest = "".join('#include "smtpcore/%s"\n' % os.path.basename(path)
                       for path in amalgamate.public_headers())
        for text in ['#include "smtpcore.h"\n' + rest, rest + '#include "smtpcore.h"\n',
                     '#include "smtpcore/server.h"\n#include "smtpcore.h"\n' + rest]:
            for words in [["gcc", "-std=c11", "-x", "c"], ["g++", "-std=c++17", "-x", "c++"]]:
                run(words + ["-fsyntax-only", "-I" + self.release,
                             "-I" + os.path.join(self.release, "core/include"), "-"], input=text)

    def edited(self, folder):
        """Returns a copy of the release folder in which smtpcore_config.h was edited."""
        other = shutil.copytree(self.release, os.path.join(folder, "edited"))
        path = os.path.join(other, "smtpcore_config.h")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(define SMTPC_LINE_MAX) \d+", r"\1 2345", text))
        return other

    def test_settings_have_one_place(self):
        """Who edits smtpcore_config.h has it so in all ways to build."""
        line = "#include \"%s\"\n_Static_assert(SMTPC_LINE_MAX == 2345, \"\");\n"
        with scratch() as folder:
            other = self.edited(folder)
            below = os.path.join(other, "core", "include")
            for paths in [[other], [other, below], [below, other], [below]]:
                header = "smtpcore.h" if paths == [other] else "smtpcore/server.h"
                run(["gcc", "-std=c11", "-fsyntax-only", "-x", "c", "-"] +
                    ["-I" + path for path in paths], input=line % header)
            there = self.installed(folder, "gcc", release=other)
            run(["gcc", "-std=c11", "-fsyntax-only", "-x", "c", "-", "-I" +
                 os.path.join(there, "include")], input=line % "smtpcore/server.h")

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
        run(["cmake", "-S", source, "-B", build, *words])
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

    def installed(self, folder, compiler, *words, release=None):
        build = self.cmake(folder, release or self.release, "-DCMAKE_C_COMPILER=" + compiler,
                           "-DCMAKE_INSTALL_PREFIX=" + os.path.join(folder, "there"), *words)
        run(["cmake", "--install", build])
        return os.path.join(folder, "there")

    def test_install(self, compiler, *words):
        """What CMake installs is found by CMake, and by pkg-config."""
        with scratch() as folder:
            there = self.installed(folder, compiler, *words)
            source = self.consumer(folder, "find_package(smtpcore %s REQUIRED)" % dist.version())
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler,
                               "-DCMAKE_PREFIX_PATH=" + there)
            run([os.path.join(build, "consumer")])
            self.by_pkg_config(folder, compiler, there, MAIN)

    def test_add_subdirectory(self, compiler):
        with scratch() as folder:
            source = self.consumer(folder, "set(SMTPC_LINE_MAX 2048)\n"
                                   "add_subdirectory(%s smtpcore)" % self.release)
            with open(os.path.join(source, "main.c"), "a", encoding="utf-8") as file:
                file.write('_Static_assert(SMTPC_LINE_MAX == 2048, "another setting");\n')
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler,
                               "-DCMAKE_INSTALL_PREFIX=" + os.path.join(folder, "there"))
            run([os.path.join(build, "consumer")])
            run(["cmake", "--install", build])
            must(not os.path.exists(os.path.join(folder, "there")),
                 "a part installs itself with the whole")

    def test_header_of_settings(self, compiler):
        """What is installed knows the header that it was built with."""
        with scratch() as folder:
            given = os.path.join(folder, "device_config.h")
            with open(given, "w", encoding="utf-8") as file:
                file.write("#define SMTPC_LINE_MAX 1234\n#define SMTPC_CONFIG_CLIENT 0\n")
            there = self.installed(folder, compiler, "-DSMTPC_CONFIG_FILE=" + given)
            os.remove(given)
            source = self.consumer(folder, "find_package(smtpcore %s REQUIRED)" % dist.version())
            with open(os.path.join(source, "main.c"), "a", encoding="utf-8") as file:
                file.write('_Static_assert(SMTPC_LINE_MAX == 1234, "another setting");\n')
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler,
                               "-DCMAKE_PREFIX_PATH=" + there)
            run([os.path.join(build, "consumer")])
            self.by_pkg_config(folder, compiler, there, os.path.join(source, "main.c"))

    def test_recipe_of_the_page(self, compiler):
        """README.md's recipe installs without CMake."""
        recipe, = re.findall(r"^```sh\n(.*?)^```$", self.text("README.md"), re.M | re.S)
        with scratch() as folder:
            other = shutil.copytree(self.release, os.path.join(folder, "release"))
            there = os.path.join(folder, "there")
            run(["sh", "-eu", "-c", recipe], cwd=other,
                env={**os.environ, "prefix": there, "CC": compiler})
            self.by_pkg_config(folder, compiler, there, MAIN)

    def test_absolute_folders(self):
        with scratch() as folder:
            there = os.path.join(folder, "there")
            run(["cmake", "-S", self.release, "-B", os.path.join(folder, "b"),
                 "-DCMAKE_INSTALL_PREFIX=" + there,
                 "-DCMAKE_INSTALL_LIBDIR=" + os.path.join(there, "lib64")])
            with open(os.path.join(folder, "b", "smtpcore.pc"), encoding="utf-8") as file:
                must("\nlibdir=%s/lib64\n" % there in file.read(), "another folder")

    def by_pkg_config(self, folder, compiler, there, main_c):
        where = glob.glob(os.path.join(there, "**", "pkgconfig"), recursive=True)
        env = {**os.environ, "PKG_CONFIG_PATH": ":".join(where)}
        given = run(["pkg-config", "--cflags", "--libs", "smtpcore"], env=env).split()
        must(not [word for word in given if "@" in word], "left over: %s" % given)
        out = os.path.join(folder, "out")
        run([compiler, "-std=c11", main_c, "-o", out] + given)
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
            named = b"\n// SPDX-License-Identifier: " in b"\n" + data
            if row["licenseInfoInFiles"] != (["Apache-2.0"] if named else ["NONE"]):
                yield "a wrong licence: " + row["fileName"]
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
                      lambda b: b["files"][0].update(licenseInfoInFiles=["MIT"]),
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

    def kconfig(self, path, settings):
        """Returns a parsed Kconfig with these settings, and its own without them."""
        parsed = kconfiglib.Kconfig(os.path.join(self.release, path), warn_to_stderr=False)
        must(not parsed.warnings, parsed.warnings)
        if "SMTPCORE" in parsed.syms:
            parsed.syms["SMTPCORE"].set_value("y")
        rows = {setting.name: parsed.syms[config.symbol(setting)] for setting in config.read()}
        for name, value in settings.items():
            row = rows[name]
            row.set_value("ny"[value] if row.type == kconfiglib.BOOL else str(value))
        return rows

    @staticmethod
    def as_cmake(rows):
        """Returns what those systems tell CMake of it: nothing of what is off."""
        return "".join("set(CONFIG_%s %s)\n" % (row.name, row.str_value)
                       for row in rows.values() if row.str_value != "n")

    def effective(self, words):
        """Returns {setting: value} of the header with these options."""
        names = [setting.name for setting in config.read()]
        text = '#include "smtpcore_config.h"\n' + "".join(
            '"%s" %s\n' % (name, name) for name in names)
        found = run(["gcc", "-E", "-P", "-x", "c", "-I" + self.release, "-"] + words, input=text)
        return dict(re.findall(r'^"(\w+)" (\d+)$', found, re.M))

    def test_kconfig_says_what_the_header_says(self):
        """Each named configuration, set in the menu, is the same for the compiler."""
        with scratch() as folder:
            script = os.path.join(folder, "try.cmake")
            with open(script, "w", encoding="utf-8") as file:
                for settings in configurations.NAMED.values():
                    rows = self.kconfig("zephyr/Kconfig", settings)
                    must(self.as_cmake(rows) == self.as_cmake(self.kconfig("Kconfig", settings)),
                         "the two menus differ")
                    file.write("function(one)\n%sinclude(%s/cmake/smtpcoreKconfig.cmake)\n"
                               'message("${SMTPCORE_DEFINITIONS}")\nendfunction()\none()\n' %
                               (self.as_cmake(rows), self.release))
            given = run(["cmake", "-P", script]).split()
        must(len(given) == len(configurations.NAMED), "not each has settings")
        for (name, settings), line in zip(configurations.NAMED.items(), given):
            have = self.effective(["-D" + word for word in line.split(";")])
            want = self.effective(configurations.flags(settings))
            must(len(have) == len(config.read()) and have == want, "%s: %s" % (
                name, set(have.items()) ^ set(want.items())))

    def test_kconfig_keeps_to_the_ranges(self):
        for name, value in [("SMTPC_LINE_MAX", 1023), ("SMTPC_LINE_MAX", 65001),
                            ("SMTPC_CONFIG_RCPT_MAX", 0), ("SMTPC_CONFIG_RCPT_MAX", 65536)]:
            row = self.kconfig("Kconfig", {name: value})[name]
            must(row.str_value != str(value), "%s %d is allowed" % (name, value))
        rows = self.kconfig("Kconfig", {"SMTPC_CONFIG_SERVER": 0, "SMTPC_CONFIG_PROXY": 1})
        must(rows["SMTPC_CONFIG_PROXY"].str_value == "n", "a proxy without a server")

    def stand_in(self, text, kconfig, compiler, **more):
        """Builds a program by another system's ways, which a few lines stand in for."""
        small = configurations.NAMED["receiver-auth"]
        with scratch() as folder:
            source = self.consumer(folder, "")
            with open(os.path.join(source, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                file.write(text % {"release": self.release, **more})
            with open(os.path.join(source, "config.cmake"), "w", encoding="utf-8") as file:
                file.write("set(CONFIG_SMTPCORE y)\n" +
                           self.as_cmake(self.kconfig(kconfig, small)))
            with open(os.path.join(source, "main.c"), "a", encoding="utf-8") as file:
                file.write("_Static_assert(SMTPC_LINE_MAX == 1024 && !SMTPC_CONFIG_CLIENT &&"
                           ' SMTPC_CONFIG_LOGIN && !SMTPC_CONFIG_SCRAM, "");\n')
            build = self.cmake(folder, source, "-DCMAKE_C_COMPILER=" + compiler)
            run([os.path.join(build, "app")])

    def test_zephyr(self, compiler):
        module = yaml.safe_load(self.text("zephyr/module.yml"))["build"]
        self.stand_in(ZEPHYR, module["kconfig"], compiler, cmake=module["cmake"])

    def test_esp_idf(self, compiler):
        self.stand_in(ESP_IDF, "Kconfig", compiler)
        with scratch() as folder:
            script = os.path.join(folder, "first.cmake")
            with open(script, "w", encoding="utf-8") as file:
                file.write(ESP_IDF_FIRST % {"release": self.release})
            must(run(["cmake", "-P", script]).split() == ["registered"],
                 "its first reading does not register")

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
                    "amalgamation_keeps_the_golden_dialogues", "install",
                    "add_subdirectory", "header_of_settings",
                    "recipe_of_the_page", "zephyr", "esp_idf"]
    small = ["-DSMTPC_CONFIG_CLIENT=0", "-DSMTPC_LINE_MAX=1024"]
    for compiler in COMPILERS:
        for name in configurations.NAMED:
            yield ("amalgamation, %s, %s" % (name, compiler),
                   lambda c=compiler, n=name: tests.test_amalgamation(c, n))
        for name in of_compilers:
            yield ("%s, %s" % (name, compiler),
                   lambda c=compiler, n=name: getattr(tests, "test_" + n)(c))
        yield ("install, a small receiver, " + compiler,
               lambda c=compiler: tests.test_install(c, *small))
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
