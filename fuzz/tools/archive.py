#!/usr/bin/python3
"""Makes the archives that OSS-Fuzz wants, the same octets each time.

    archive.py seeds KIND SCRIPT_TOOL OUT.zip FILE...   the seeds as engines read them
    archive.py tar NAME OUT.tar FILE...                 one target's files
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile

# The oldest date that a zip file can tell.
EPOCH = (1980, 1, 1, 0, 0, 0)


def encoded(kind, script_tool, path):
    """Returns (name, octets) of a seed as an engine reads it."""
    name = os.path.basename(path)
    if kind in ("script", "tls_script") and name.endswith(".txt"):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            subprocess.run([script_tool, "encode-file", path, out], check=True)
            with open(out, "rb") as file:
                return name[:-len(".txt")], file.read()
    with open(path, "rb") as file:
        return name, file.read()


def seeds(kind, script_tool, out, *paths):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in sorted(encoded(kind, script_tool, path) for path in paths):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), octets)


def tar(name, out, *paths):
    with tarfile.open(out, "w") as archive:
        for path in paths:
            base = os.path.basename(path)
            info = tarfile.TarInfo(name if base == name + "_bin" else base)
            info.size = os.path.getsize(path)
            info.mode = 0o755 if base == name + "_bin" else 0o644
            with open(path, "rb") as file:
                archive.addfile(info, file)


if __name__ == "__main__":
    {"seeds": seeds, "tar": tar}[sys.argv[1]](*sys.argv[2:])
