#!/bin/bash -eu
# compile.sh CC WORDS... -- SOURCE OBJECT: compiles one source (for xargs).
words=()
while [ "$1" != -- ]; do
  words+=("$1")
  shift
done
exec "${words[@]}" -c "$2" -o "$3"
