#!/bin/sh
# bench/bgp.sh HARNESS [BUILD-DIR [ROUNDS]]: fairlead-edge beside the BGP daemons of this machine, one
# interleaved run. HARNESS is a checkout of the BGP benchmark (its run.sh); needs root, as that makes
# network namespaces. OUT names the file for the raw rows (bgp.jsonl); DUTS and SCENARIOS override what
# is measured; before a row WAIT_QUIET s are waited for a quiet machine, and rows during which others
# used it are repeated RETRIES times. Prints the tables that docs/performance.md explains.
set -eu
[ $# -ge 1 ] && [ -x "$1/run.sh" ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
harness=$1
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${2:-$here/../build}" && pwd)
export BENCH_DUTS="$here/duts" FAIRLEAD_EDGE="$build/fairlead-edge"
out=${OUT:-bgp.jsonl}
"$harness/run.sh" compare --rounds "${3:-3}" --retries "${RETRIES:-0}" --wait-quiet "${WAIT_QUIET:-60}" --out "$out" \
    --duts "${DUTS:-null,rib,bird2,frr,openbgpd,fairlead}" \
    --scenarios "${SCENARIOS:-load:1000000,failover:500000,many:500:1000,fanout:20:100000,churn:10000:100000,churn:100000:100000}"
"$harness/run.sh" table "$out"
