#!/bin/sh
# canary_test.sh PROGRAM asan|ubsan: PROGRAM must be ended by that sanitizer.
program=$1
case $2 in
  asan) want='ERROR: (Address|Leak)Sanitizer: ' ;;
  ubsan) want='runtime error: ' ;;
  *) echo "canary_test.sh: unknown sanitizer $2"; exit 64 ;;
esac
"$program" >report 2>&1
status=$?
if [ "$status" -ne 99 ]; then
  echo "$program: exit status: have $status, want 99"
  cat report
  exit 1
fi
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
