#!/usr/bin/python3
"""Makes the release folder: what a team takes that embeds the core.

    dist.py --folder FOLDER     writes smtpcore-VERSION/ into FOLDER
    dist.py --tar FILE          writes it as a .tar.gz

The same tree gives the same octets, wherever and whenever: names are sorted, times are
SOURCE_DATE_EPOCH, or the first day of 1980.
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import uuid

import amalgamate
import config

TEMPLATES = "dist/templates"
DOCS = ["EMBEDDING", "LIMITS", "CONVENTIONS", "GUARANTEES", "PERMISSIVE", "MISRA"]
GLUE = "embed/device*.[ch]"
EPOCH = 315532800
SUPPLIER = "Organization: smtpcore maintainers"
SUMMARY = "SMTP parser core, both roles, without heap and I/O"
BILLS = ["smtpcore.spdx.json", "smtpcore.cdx.json"]
# A name within which names of documents are made.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "smtpcore.example")
# Settings that are said twice would one day differ: the folder has one file of them, for the
# amalgamation and for core/ alike.
SAME_CONFIG = """// The settings are at the top of the release folder. Change them there.
#include "../../smtpcore_config.h"
"""


def version():
    text = amalgamate.text_of("core/include/smtpcore/version.h")
    return ".".join(re.search(r"^#define SMTPC_VERSION_%s (\d+)$" % part, text, re.M).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def values():
    """Returns what templates name between two @."""
    return {"VERSION": version(),
            "CPE": "cpe:2.3:a:smtpcore:smtpcore:%s:*:*:*:*:*:*:*" % version(),
            "PURL": "pkg:generic/smtpcore@" + version()}


def filled(text):
    for name, value in values().items():
        text = text.replace("@%s@" % name, value)
    return text


def listed(paths):
    return "\n".join("  ${SMTPCORE_DIR}/" + path for path in paths)


def file_paths():
    return ("# The files of the core, for who builds them within something else.\n"
            "set(SMTPCORE_DIR ${CMAKE_CURRENT_LIST_DIR})\n"
            "set(SMTPCORE_INCLUDE_DIR ${SMTPCORE_DIR}/core/include)\n"
            "set(SMTPCORE_SOURCES\n%s)\n" % listed(amalgamate.sources()))


def without_dead_links(path, text, there):
    """Makes plain text of links to what is not in the folder."""
    def one(match):
        target = match.group(2).split("#")[0]
        if not target or "://" in target:
            return match.group(0)
        aim = os.path.normpath(os.path.join(os.path.dirname(path), target))
        inside = aim in there or any(name.startswith(aim + "/") for name in there)
        return match.group(0) if inside else match.group(1)
    return re.sub(r"\[([^\]\n]+)\]\(([^)\s]+)\)", one, text)


def sources():
    """Returns {path in the folder: text} of what is copied as it is."""
    files = {}
    for path in (amalgamate.sources() + amalgamate.below("core/*_parts.h") +
                 amalgamate.public_headers() + [amalgamate.CONFIG] + amalgamate.below(GLUE)):
        if not path.endswith("_test.c"):
            files[path] = amalgamate.text_of(path)
    for path in ["LICENSE", "SECURITY.md", "CHANGES.md"]:
        files[path] = amalgamate.text_of(path)
    for name in DOCS:
        path = "docs/%s.md" % name
        if os.path.exists(os.path.join(amalgamate.ROOT, path)):
            files[path] = amalgamate.text_of(path)
    return files


def templates():
    files = {}
    for folder in ["", "cmake/", "zephyr/"]:
        for path in amalgamate.below("%s/%s*" % (TEMPLATES, folder)):
            if os.path.isfile(os.path.join(amalgamate.ROOT, path)):
                files[os.path.relpath(path, TEMPLATES)] = filled(amalgamate.text_of(path))
    return files


def contents():
    """Returns {path in the folder: octets}."""
    files = sources()
    files.update(templates())
    files["smtpcore.h"] = amalgamate.tidy(amalgamate.header())
    files["smtpcore.c"] = amalgamate.tidy(amalgamate.source())
    files["smtpcore_config.h"] = amalgamate.text_of(amalgamate.CONFIG)
    files[amalgamate.CONFIG] = SAME_CONFIG
    files["smtpcoreFilePaths.cmake"] = file_paths()
    files["cmake/smtpcoreOptions.cmake"] = config.cmake_options()
    files["cmake/smtpcoreKconfig.cmake"] = config.cmake_of_kconfig()
    files["Kconfig.smtpcore"] = config.kconfig()
    files["VERSION"] = version() + "\n"
    for path in files:
        if path.endswith(".md"):
            files[path] = without_dead_links(path, files[path], files)
    octets = {path: text.encode() for path, text in files.items()}
    octets.update({BILLS[0]: as_json(spdx(octets)), BILLS[1]: as_json(cyclonedx(octets))})
    return octets


# ------------------------------------------------------------ bills of materials


def as_json(value):
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


def epoch():
    return int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH))


def when():
    return datetime.datetime.fromtimestamp(epoch(), datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def digest(kind, data):
    return hashlib.new(kind, data).hexdigest()


def licences_in(data):
    """Returns which licences a file names."""
    found = re.findall(r"^// SPDX-License-Identifier: (\S+)$", data.decode(), re.M)
    return sorted(set(found)) or ["NONE"]


def verification_code(files):
    """Returns the package verification code (SPDX 2.3 section 7.9)."""
    return digest("sha1", "".join(sorted(digest("sha1", data)
                                         for data in files.values())).encode())


def spdx(files):
    """Returns the bill of materials by SPDX 2.3."""
    package = "SPDXRef-Package-smtpcore"
    rows = [{"SPDXID": "SPDXRef-File-" + re.sub(r"[^A-Za-z0-9.-]", "-", path) + "-" +
                       digest("sha1", path.encode())[:8],
             "fileName": "./" + path,
             "checksums": [{"algorithm": kind.upper(), "checksumValue": digest(kind, data)}
                           for kind in ("sha1", "sha256")],
             "licenseConcluded": "Apache-2.0",
             "licenseInfoInFiles": licences_in(data),
             "copyrightText": "NOASSERTION"}
            for path, data in sorted(files.items())]
    code = verification_code(files)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "smtpcore-" + version(),
        "documentNamespace": "urn:uuid:%s" % uuid.uuid5(NAMESPACE, code),
        "creationInfo": {"created": when(),
                         "creators": [SUPPLIER, "Tool: smtpcore-dist-" + version()]},
        "documentDescribes": [package],
        "packages": [{
            "SPDXID": package,
            "name": "smtpcore",
            "versionInfo": version(),
            "supplier": SUPPLIER,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": code,
                                        "packageVerificationCodeExcludedFiles":
                                        ["./" + name for name in BILLS]},
            "licenseConcluded": "Apache-2.0",
            "licenseDeclared": "Apache-2.0",
            "licenseInfoFromFiles": sorted({name for data in files.values()
                                            for name in licences_in(data)} - {"NONE"}),
            "copyrightText": "NOASSERTION",
            "summary": SUMMARY,
            "primaryPackagePurpose": "LIBRARY",
            "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type",
                 "referenceLocator": values()["CPE"]},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                 "referenceLocator": values()["PURL"]}],
            "hasFiles": [row["SPDXID"] for row in rows],
        }],
        "files": rows,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
             "relatedSpdxElement": package}] + [
                 {"spdxElementId": package, "relationshipType": "CONTAINS",
                  "relatedSpdxElement": row["SPDXID"]} for row in rows],
    }


def cyclonedx(files):
    """Returns the bill of materials by CycloneDX 1.5."""
    name = values()["PURL"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:%s" % uuid.uuid5(NAMESPACE, "cdx" + verification_code(files)),
        "version": 1,
        "metadata": {
            "timestamp": when(),
            "component": {"type": "library", "bom-ref": name, "name": "smtpcore",
                          "version": version(), "description": SUMMARY, "purl": name,
                          "cpe": values()["CPE"],
                          "licenses": [{"license": {"id": "Apache-2.0"}}],
                          "hashes": [{"alg": "SHA-256",
                                      "content": digest("sha256", files["smtpcore.c"])}]},
        },
        "components": [],
        "dependencies": [{"ref": name, "dependsOn": []}],
    }


# ---------------------------------------------------------------------- writing


def top():
    return "smtpcore-" + version()


def write_folder(folder):
    for path, data in contents().items():
        out = os.path.join(folder, top(), path)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with open(out, "wb") as file:
            file.write(data)


def write_tar(path):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(contents().items()):
            info = tarfile.TarInfo(top() + "/" + name)
            info.size, info.mtime, info.mode = len(data), epoch(), 0o644
            tar.addfile(info, io.BytesIO(data))
    with open(path, "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=epoch()) as packed:
            packed.write(plain.getvalue())


def main():
    parser = argparse.ArgumentParser(prog="dist", description=__doc__.split("\n", maxsplit=1)[0])
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--folder")
    group.add_argument("--tar")
    args = parser.parse_args()
    try:
        if args.folder:
            write_folder(args.folder)
        else:
            write_tar(args.tar)
    except amalgamate.Failure as failure:
        print("dist: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
