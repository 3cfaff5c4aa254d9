#!/usr/bin/env bash
# Runs every fuzz target of a build made with -DSATSYNC_FUZZ=ON for some seconds, from the seed
# corpus in the tree, two at a time; prints executions and coverage; fails on the first finding.
#
# usage: scripts/fuzz.sh BUILD-FOLDER SECONDS [TARGET...]
set -euo pipefail
[ $# -ge 2 ] || {
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 2
}
tree=$(cd "$(dirname "$0")/.." && pwd)
build=$1 seconds=$2
shift 2
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cd "$tree/tests/fuzz" && ls fuzz_*.c | sed 's/\.c$//')
fi

fuzz_one() {
    found="$build/fuzz/$1"
    mkdir -p "$found"
    if "$build/tests/$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -artifact_prefix="$found/finding-" "$found" "$tree/tests/fuzz/corpus/$1" \
        >"$found.log" 2>&1; then
        # The last status line: executions, coverage, corpus, speed.
        printf '%-20s %s\n' "$1" "$(grep -E 'cov: ' "$found.log" | tail -n 1 | sed 's/^#//')"
    else
        tail -n 30 "$found.log"
        echo "$1 found something; run it again: $build/tests/$1 $found/finding-..."
        return 1
    fi
}
export -f fuzz_one
export build seconds tree
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'fuzz_one {}'
