#!/bin/bash -eu
# build.sh: builds every fuzz target as OSS-Fuzz and ClusterFuzzLite want it. It uses
# $CC $CXX $CFLAGS $CXXFLAGS $LIB_FUZZING_ENGINE $SANITIZER $OUT $SRC and nothing else of
# its environment, so any engine and any sanitizer will do. BoringSSL's source is the tree
# $SMTPCORE_BORINGSSL, or the pinned tarball in the cache (bazel/boringssl.bzl).
#
# Into $OUT go, for each target: NAME, NAME_seed_corpus.zip, NAME.dict, NAME.options.
tree=$SRC/smtpcore
cd "$tree"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
includes=(-std=c11 -I. -Icore/include)
echo "sanitizer: $SANITIZER, engine: $LIB_FUZZING_ENGINE"

# sources PATTERN... prints what is no test.
sources() { ls "$@" | grep -v -e '_test\.c$' -e 'testing\.c$'; }

# objects FOLDER SUFFIX WORDS... compiles each name on its input with $CC and WORDS.
objects() {
  local folder=$1
  shift
  mkdir -p "$folder"
  while read -r source; do
    printf '%s\0%s\0' "$source" "$folder/$(echo "$source" | tr / _).o"
  done | xargs -0 -n 2 -P "$(nproc)" "$tree/fuzz/oss-fuzz/compile.sh" "$CC" "${includes[@]}" "$@" --
}

library() { sources core/*.c core/model/*.c fuzz/harness/*.c shim/mem/mem.c; }

# The programs that make dictionaries and seeds run here and now: without the engine.
library | objects "$work/host" -O1
printf '%s\n' fuzz/script_tool.c fuzz/dictionary.c | objects "$work/programs" -O1
for program in script_tool dictionary; do
  "$CC" "$work/programs/fuzz_$program.c.o" "$work"/host/*.o -o "$work/$program"
done

# shellcheck disable=SC2086  # flags are words
{
  library
  sources fuzz/mutator/*.c | grep -v '/afl\.c$'
} | objects "$work/shared" $CFLAGS
# What has TLS is compiled twice: for BoringSSL as it ships, and for its fuzzer mode.
tls_targets=$(grep -l 'fuzz/tls/' fuzz/targets/*.c)
deep_words=(-DBORINGSSL_UNSAFE_FUZZER_MODE -DBORINGSSL_UNSAFE_DETERMINISTIC_MODE)
declare -A boringssl
# As TLS_WRAPPED in fuzz/tools/make.py.
wrapped=(-Wl,--wrap={RAND_bytes,closedir,fopen,opendir,readdir,time})
for kind in tls deep; do
  read -r source archive < <(fuzz/tools/make.py boringssl "$kind")
  boringssl[$kind]=$archive
  words=(-isystem "$source/src/include")
  [ "$kind" = tls ] || words+=("${deep_words[@]}")
  # shellcheck disable=SC2086
  sources fuzz/tls/*.c shim/boringssl/*.c shim/stream/*.c |
    objects "$work/$kind" $CFLAGS "${words[@]}"
  # shellcheck disable=SC2086
  echo "$tls_targets" | objects "$work/mains-$kind" $CFLAGS "${words[@]}"
done
# shellcheck disable=SC2086
sources fuzz/targets/*.c | grep -v -x -F "$tls_targets" | objects "$work/mains" $CFLAGS

# What each target's file says of it (fuzz/targets.bzl) is one line: name, source, TLS,
# kind, length.
python3 - <<'PYTHON' >"$work/targets"
import ast
with open("fuzz/targets.bzl", encoding="utf-8") as file:
    tree = ast.parse(file.read())
targets = ast.literal_eval(tree.body[-1].value)
for name, facts in sorted(targets.items()):
    tls = "deep" if facts.get("deep") else "tls" if facts.get("tls") else "-"
    print(name, facts.get("source", name), tls, facts["kind"], facts["max_len"])
PYTHON

while read -r name source tls kind max_len; do
  mains=$work/mains
  with=()
  if [ "$tls" != - ]; then
    mains=$work/mains-$tls
    with=("$work/$tls"/*.o "${boringssl[$tls]}" "${wrapped[@]}" -lpthread)
  fi
  # shellcheck disable=SC2086
  $CXX $CXXFLAGS "$mains/fuzz_targets_$source.c.o" "$work"/shared/*.o "${with[@]}" \
    $LIB_FUZZING_ENGINE -o "$OUT/$name"
  "$work/dictionary" "$kind" >"$OUT/$name.dict"
  printf '[libfuzzer]\nmax_len = %s\ntimeout = 10\n' "$max_len" >"$OUT/$name.options"
  # Seeds in the order of their names, so that the archive is the same each time.
  find "corpus/$name" corpus/regress -type f \( -path "corpus/$name/*" -o -name "$name-*" \) |
    LC_ALL=C sort | xargs fuzz/tools/archive.py seeds "$kind" "$work/script_tool" \
    "$OUT/${name}_seed_corpus.zip"
done <"$work/targets"
