#!/bin/bash -eu
# build.sh: the same as for OSS-Fuzz.
exec "$SRC/smtpcore/fuzz/oss-fuzz/build.sh"
