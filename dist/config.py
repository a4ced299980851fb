"""The settings of smtpcore_config.h, read from the header itself: the one place where they are
said. What other systems want of them (CMake, Kconfig) is made of this list."""

import collections
import re
import textwrap

import amalgamate

# name: SMTPC_...; default: its text in the header; help: its comment; kind: "bool" or "int";
# least, most: of a number; needs: names of settings without which it must be 0.
Setting = collections.namedtuple("Setting", "name default help kind least most needs")

ONE = re.compile(r"((?:^// [^\n]*\n)+)#ifndef (SMTPC_\w+)\n#define \2 (\S+)\n#endif", re.M)


def read():
    """Returns the settings in the header's order."""
    text = amalgamate.text_of(amalgamate.CONFIG)
    found = []
    for comment, name, default in ONE.findall(text):
        words = " ".join(line[3:] for line in comment.splitlines())
        span = re.search(r"^#if %s < (\d+) \|\| %s > (\d+)$" % (name, name), text, re.M)
        needs = re.findall(r'^#error "%s needs (\w+):' % name, text, re.M)
        least, most = (int(span.group(1)), int(span.group(2))) if span else (0, 1)
        found.append(Setting(name, default, words, "int" if span else "bool", least, most, needs))
    if not found:
        raise amalgamate.Failure("no settings in " + amalgamate.CONFIG)
    return found


def short(setting):
    """Returns the first sentence of a setting's comment, without its name."""
    first = re.split(r"(?<=[^.])[.:](?: |$)", setting.help, maxsplit=1)[0]
    first = re.sub(r"^%s (?:is |keeps |gives )?(?:the )?" % setting.name, "", first)
    return first.replace('"', "'").replace("`", "")


def symbol(setting):
    """Returns its name in Kconfig: SMTPCORE_..."""
    return re.sub(r"^SMTPC_(?:CONFIG_)?", "SMTPCORE_", setting.name)


def kconfig():
    """Returns the settings as Kconfig, which Zephyr and ESP-IDF read alike."""
    lines = ["# Made of smtpcore_config.h.", ""]
    for setting in read():
        lines += ["config " + symbol(setting), '\t%s "%s"' % (setting.kind, short(setting))]
        lines += ["\tdepends on " + symbol(other) for other in by_name(setting.needs)]
        if setting.kind == "int":
            lines += ["\trange %d %d" % (setting.least, setting.most),
                      "\tdefault " + setting.default]
        else:
            lines.append("\tdefault " + ("n" if setting.default == "0" else "y"))
        lines += ["\thelp"] + ["\t  " + line for line in textwrap.wrap(setting.help, 80)] + [""]
    return "\n".join(lines)


def by_name(names):
    return [setting for setting in read() if setting.name in names]


def cmake_of_kconfig():
    """Returns CMake that turns CONFIG_SMTPCORE_... into SMTPC_... in SMTPCORE_DEFINITIONS."""
    lines = ["# Made of smtpcore_config.h.", "set(SMTPCORE_DEFINITIONS)"]
    for setting in read():
        name, of = "CONFIG_" + symbol(setting), setting.name
        lines.append("if(DEFINED %s)" % name if setting.kind == "int" else "if(%s)" % name)
        lines.append("  list(APPEND SMTPCORE_DEFINITIONS %s=%s)" %
                     (of, "${%s}" % name if setting.kind == "int" else "1"))
        if setting.kind == "bool":
            lines += ["else()", "  list(APPEND SMTPCORE_DEFINITIONS %s=0)" % of]
        lines.append("endif()")
    return "\n".join(lines) + "\n"


def cmake_options():
    """Returns CMake that makes a cache variable of each setting; an empty one is the default."""
    lines = ["# Made of smtpcore_config.h. An empty value is the header's own default.",
             "set(SMTPCORE_DEFINITIONS)"]
    for setting in read():
        lines += ['set(%s "" CACHE STRING "%s")' % (setting.name, short(setting)),
                  'if(NOT %s STREQUAL "")' % setting.name,
                  "  list(APPEND SMTPCORE_DEFINITIONS %s=${%s})" % (setting.name, setting.name),
                  "endif()"]
    return "\n".join(lines) + "\n"
