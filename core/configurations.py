"""The configurations that are built and tested: smtpcore_config.h, row by row.

    NAMED["receiver"]              the settings that differ from the defaults
    flags(NAMED["receiver"])       the same as options of a compiler
    WRONG                          settings that must not compile, each with its sentence
"""

# Text a device does not show, tolerances and extensions that it does not need.
_SMALL = {
    "SMTPC_LINE_MAX": 1024,
    "SMTPC_CONFIG_NAMES": 0,
    "SMTPC_CONFIG_REPLY_TEXTS": 0,
    "SMTPC_CONFIG_QUIRKS": 0,
    "SMTPC_CONFIG_UTF8": 0,
    "SMTPC_CONFIG_BDAT": 0,
    "SMTPC_CONFIG_DSN": 0,
    "SMTPC_CONFIG_EXTRAS": 0,
}
_NO_PROXY = {"SMTPC_CONFIG_PROXY": 0, "SMTPC_CONFIG_XCLIENT": 0}
_RECEIVER = {**_SMALL, **_NO_PROXY, "SMTPC_CONFIG_CLIENT": 0}
_SENDER = {**_SMALL, "SMTPC_CONFIG_SERVER": 0}
_PLAIN_LOGIN = {
    "SMTPC_CONFIG_CRAM_MD5": 0,
    "SMTPC_CONFIG_SCRAM": 0,
    "SMTPC_CONFIG_EXTERNAL": 0,
    "SMTPC_CONFIG_XOAUTH2": 0,
    "SMTPC_CONFIG_OAUTHBEARER": 0,
}
MECHANISMS = ["PLAIN", "LOGIN", "CRAM_MD5", "SCRAM", "EXTERNAL", "XOAUTH2", "OAUTHBEARER"]

NAMED = {
    "everything": {},
    "numbers": {"SMTPC_CONFIG_NAMES": 0},
    "server": {"SMTPC_CONFIG_CLIENT": 0},
    "client": {"SMTPC_CONFIG_SERVER": 0},
    "receiver": {**_RECEIVER, "SMTPC_CONFIG_AUTH": 0},
    "sender": {**_SENDER, "SMTPC_CONFIG_AUTH": 0},
    "receiver-auth": {**_RECEIVER, **_PLAIN_LOGIN},
    "sender-auth": {**_SENDER, **_PLAIN_LOGIN},
    "both-small": {**_SMALL, **_NO_PROXY, **_PLAIN_LOGIN},
    "small-buffer": {"SMTPC_LINE_MAX": 1024},
    "few-recipients": {"SMTPC_CONFIG_RCPT_MAX": 1},
    "no-auth": {"SMTPC_CONFIG_AUTH": 0},
}
# Each feature alone off.
for _name in ["REPLY_TEXTS", "QUIRKS", "UTF8", "BDAT", "DSN", "EXTRAS", "PROXY",
              "XCLIENT"] + MECHANISMS:
    NAMED["no-" + _name.lower().replace("_", "-")] = {"SMTPC_CONFIG_" + _name: 0}
# Each mechanism alone on.
for _name in MECHANISMS:
    NAMED["only-" + _name.lower().replace("_", "-")] = {
        "SMTPC_CONFIG_" + other: 0 for other in MECHANISMS if other != _name}

SETTINGS = ["SERVER", "CLIENT", "NAMES", "REPLY_TEXTS", "QUIRKS", "UTF8", "BDAT", "DSN",
            "EXTRAS", "AUTH"] + MECHANISMS + ["PROXY", "XCLIENT"]

WRONG = [
    ({"SMTPC_CONFIG_SERVER": 0, "SMTPC_CONFIG_CLIENT": 0},
     "SMTPC_CONFIG_SERVER and SMTPC_CONFIG_CLIENT are both 0: choose a role"),
    ({"SMTPC_LINE_MAX": 1023}, "SMTPC_LINE_MAX must be 1024 to 65000"),
    ({"SMTPC_LINE_MAX": 65001}, "SMTPC_LINE_MAX must be 1024 to 65000"),
    ({"SMTPC_CONFIG_RCPT_MAX": 0}, "SMTPC_CONFIG_RCPT_MAX must be 1 to 65535"),
    ({"SMTPC_CONFIG_RCPT_MAX": 65536}, "SMTPC_CONFIG_RCPT_MAX must be 1 to 65535"),
    ({"SMTPC_CONFIG_" + name: 0 for name in MECHANISMS},
     "SMTPC_CONFIG_AUTH is 1 and each mechanism is 0: set one, or AUTH to 0"),
    ({"SMTPC_CONFIG_SERVER": 0, "SMTPC_CONFIG_PROXY": 1},
     "SMTPC_CONFIG_PROXY needs SMTPC_CONFIG_SERVER: a sender hears of no proxy"),
    ({"SMTPC_CONFIG_SERVER": 0, "SMTPC_CONFIG_XCLIENT": 1},
     "SMTPC_CONFIG_XCLIENT needs SMTPC_CONFIG_SERVER: a sender hears of no proxy"),
] + [
    ({"SMTPC_CONFIG_" + name: 2}, "SMTPC_CONFIG_%s must be 0 or 1" % name)
    for name in SETTINGS
] + [
    ({"SMTPC_CONFIG_AUTH": 0, "SMTPC_CONFIG_" + name: 1},
     "SMTPC_CONFIG_%s needs SMTPC_CONFIG_AUTH: it is a mechanism of AUTH" % name)
    for name in MECHANISMS
]


def flags(settings):
    """Returns settings as options of a compiler."""
    return ["-D%s=%s" % row for row in sorted(settings.items())]
