#!/bin/sh
# canary_test.sh PROGRAM asan|ubsan|trap|msan|cfi|i386: PROGRAM must be ended by that
# sanitizer. A `trap` is a check of UndefinedBehaviorSanitizer that has no report.
program=$1
status_want=99
case $2 in
  asan | i386) want='ERROR: (Address|Leak)Sanitizer: ' ;;
  ubsan) want='runtime error: ' ;;
  trap) status_want=132 want= ;;
  msan) want='WARNING: MemorySanitizer: ' ;;
  cfi) want='runtime error: control flow integrity check ' ;;
  *) echo "canary_test.sh: unknown sanitizer $2"; exit 64 ;;
esac
"$program" >report 2>&1
status=$?
if [ "$status" -ne "$status_want" ]; then
  echo "$program: exit status: have $status, want $status_want"
  cat report
  exit 1
fi
[ -n "$want" ] || exit 0
if ! grep -Eq "$want" report; then
  echo "$program: no report like '$want':"
  cat report
  exit 1
fi
# A report that names no source file helps nobody.
if ! grep -q '[.]c:[0-9]' report; then
  echo "$program: the report names no source line:"
  cat report
  exit 1
fi
