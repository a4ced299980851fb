#!/usr/bin/python3
"""docs/EMBEDDING.md, word for word: its blocks are written to files in a folder like the
release's, its commands are run there, and must print what the page says."""

import glob
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build  # pylint: disable=wrong-import-position

PAGE = "docs/EMBEDDING.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = ["device_config.h", "receive.c", "send.c", "fuzz_receive.c"]
INCLUDE = "core/include/"


def release(folder):
    """Makes a folder with the sources that a release has."""
    names = build.core_sources() + glob.glob("core/*_parts.h")
    names += glob.glob("core/include/**/*.h", recursive=True) + glob.glob("embed/device*.[ch]")
    for name in (name for name in names if not name.endswith("_test.c")):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(name, path)


def steps(page):
    """Returns ({file: text}, [(commands, what they print, or None)])."""
    files, runs = {}, []
    for kind, text in BLOCK.findall(page):
        if kind == "c":
            files[re.match(r"// file: (\S+)\n", text).group(1)] = text
        elif kind == "sh":
            runs.append([text, None])
        elif kind == "text":
            runs[-1][1] = text
    return files, runs


def sizes(folder, page):
    """Returns (what the page says of each struct on a Cortex-M4, what it has)."""
    names = re.findall(r"^\| `(\w+)` \| \d+", page, re.MULTILINE)
    said = {name: int(number) for name, number in
            re.findall(r"^\| `(\w+)` \| (\d+)", page, re.MULTILINE)}
    with open(folder + "/sizes.c", "w", encoding="utf-8") as file:
        file.write('#include "embed/device.h"\n')
        file.writelines("char size_of_%s[sizeof(%s)];\n" % (name, name) for name in names)
    status, text = build.say(
        "sh", "-e", "-c", "cd '%s'\narm-none-eabi-gcc -mcpu=cortex-m4 -mthumb "
        "-DSMTPC_CONFIG_FILE='\"device_config.h\"' -I. -Icore/include -c sizes.c\n"
        "arm-none-eabi-nm -S --radix=d sizes.o" % folder)
    found = {name: int(number) for number, name in
             re.findall(r"(\d+) \w size_of_(\w+)", text)}
    return said, found if status == 0 else text


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def settings(page):
    """Returns the settings of the page's table, with defaults, and those of the header."""
    said = re.findall(r"^\| `(SMTPC_\w+)` \| [^|]+ \| (?:as )?`?(\w+)`? \|$", page, re.MULTILINE)
    header = read(INCLUDE + "smtpcore_config.h")
    found = re.findall(r"^#ifndef (SMTPC_\w+)\n#define \1 (\w+)$", header, re.MULTILINE)
    return sorted(row for row in said if not row[0].startswith("SMTPC_DEVICE_")), sorted(found)


def devices(page):
    """Returns the rows of the page's table of device status, and those of the registry."""
    said = re.findall(r"^\| `SMTPC_DEVICE_(\w+)` \| `([^`]+)` \| ([^|]+) \|$", page, re.MULTILINE)
    header = read(INCLUDE + "smtpcore/registry.h")
    rows = header.split("#define SMTPC_DEVICE_LIST(X)")[1].split("typedef enum")[0]
    found = re.findall(r'X\((\w+), "([^"]+)",\s*"([^"]+)"\)', re.sub(r"\s*\\\n\s*", " ", rows))
    return said, found


def tables(page):
    """Returns the checks of the page's tables, and of what it says beside them."""
    checks = []
    for name, (said, found) in [("settings", settings(page)), ("device status", devices(page))]:
        differ = sorted(set(said) ^ set(found))
        checks.append(("the table of %s is whole" % name,
                       len(found) > 5 and said == found, differ or "in another order"))
    known = {name for name, _ in settings(page)[1]} | {"SMTPC_CONFIG_FILE"}
    named = set(re.findall(r"\b(SMTPC_CONFIG_\w+)\b", page))
    checks.append(("each setting that is named exists", named <= known, sorted(named - known)))
    return checks


def warnings_of(folder, name):
    """Returns the checks that a program has no warning, with each compiler."""
    checks = []
    for compiler in ["gcc", "clang-19"]:
        status, said = build.say(
            "sh", "-c", "cd '%s' && %s %s -DSMTPC_CONFIG_FILE='\"device_config.h\"' -I. "
            "-Icore/include -Os -c -o /dev/null %s" %
            (folder, compiler, " ".join(build.WARNINGS), name))
        checks.append(("%s has no warning, %s" % (name, compiler), status == 0, said))
    return checks


def main():
    page = read(PAGE)
    files, runs = steps(page)
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        release(folder)
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        checks = [("the page has its files", sorted(files) == sorted(FILES), sorted(files))]
        checks.append(("the page has its commands", len(runs) == 3, len(runs)))
        checks += tables(page)
        said, found = sizes(folder, page)
        checks.append(("sizes are as the page says", len(said) == 4 and said == found, found))
        for commands, want in runs:
            status, said = build.say("sh", "-e", "-c", "cd '%s'\n%s" % (folder, commands),
                                     seconds=300)
            said = said.replace("\r\n", "\n")
            checks.append((commands.strip().split("\n")[-1],
                           status == 0 and want in (None, said), said))
        for name in FILES[1:]:
            checks += warnings_of(folder, name)
    for name, holds, said in checks:
        passed += 1 if holds else 0
        failed += 0 if holds else 1
        print("%s %s" % ("ok" if holds else "FAILED", name))
        if not holds:
            print(said)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
