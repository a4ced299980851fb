"""The fuzz targets: one file of fuzz/targets/ and one folder of corpus/ each.

`kind` is the fuzz_kind of fuzz/harness/target.h in lower case, which picks the
dictionary; `max_len` is the longest input that an engine makes. With `tls` the target is
linked to shim/stream, shim/boringssl and BoringSSL, with `deep` to BoringSSL's fuzzer
mode. `source` is the file's name, where it is not the target's: the same source over
another library. The tools in fuzz/tools/ read this file as a literal, so it holds nothing
but literals.
"""

TARGETS = {
    "address": {"kind": "tokens", "max_len": 512},
    "base64": {"kind": "tokens", "max_len": 1024},
    "capability": {"kind": "replies", "max_len": 2048},
    "client": {"kind": "script", "max_len": 8192},
    "command": {"kind": "commands", "max_len": 2048},
    "content": {"kind": "content", "max_len": 4096},
    "duel": {"kind": "tls_script", "max_len": 65536, "tls": True},
    "header": {"kind": "content", "max_len": 2048},
    "line": {"kind": "commands", "max_len": 4096},
    "misuse": {"kind": "tokens", "max_len": 4096},
    "pair": {"kind": "script", "max_len": 8192},
    "param": {"kind": "tokens", "max_len": 2048},
    "path": {"kind": "tokens", "max_len": 1024},
    "policy": {"kind": "tokens", "max_len": 1024},
    "proxy": {"kind": "tokens", "max_len": 1024},
    "reply": {"kind": "replies", "max_len": 4096},
    "sasl": {"kind": "tokens", "max_len": 4096},
    "script": {"kind": "script", "max_len": 8192},
    "server": {"kind": "script", "max_len": 8192},
    "stuffing": {"kind": "content", "max_len": 4096},
    "table": {"kind": "tokens", "max_len": 4},
    "tls_client": {"kind": "tls_script", "max_len": 65536, "tls": True},
    "tls_deep_client": {
        "kind": "tls",
        "max_len": 8192,
        "tls": True,
        "deep": True,
        "source": "tls_raw_client",
    },
    "tls_deep_server": {
        "kind": "tls",
        "max_len": 8192,
        "tls": True,
        "deep": True,
        "source": "tls_raw_server",
    },
    "tls_raw_client": {"kind": "tls", "max_len": 8192, "tls": True},
    "tls_raw_server": {"kind": "tls", "max_len": 8192, "tls": True},
    "tls_server": {"kind": "tls_script", "max_len": 8192, "tls": True},
    "tls_setup": {"kind": "tokens", "max_len": 8192, "tls": True},
    "write": {"kind": "tokens", "max_len": 2048},
    "xtext": {"kind": "tokens", "max_len": 1024},
}
