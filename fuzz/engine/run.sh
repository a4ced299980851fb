#!/bin/bash
# run.sh BINARY SEEDS DICTIONARY MAX_LEN [WORDS]: runs a libFuzzer target on its seeds,
# in a folder of its own, which it names at the end. WORDS are libFuzzer's.
set -euo pipefail
binary=$PWD/$1 seeds=$PWD/$2 dictionary=$PWD/$3 max_len=$4
shift 4
folder=$(mktemp -d "${TMPDIR:-/tmp}/smtpcore-run.XXXXXX")
mkdir "$folder/seeds" "$folder/found"
python3 -m zipfile -e "$seeds" "$folder/seeds"
echo "in $folder"
cd "$folder"
exec "$binary" -dict="$dictionary" -max_len="$max_len" -timeout=10 "$@" found seeds
