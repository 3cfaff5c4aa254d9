#!/usr/bin/env bash
# Sets up and passes the tests: build with warnings as errors, all tests, then again under the
# address, undefined-behaviour and thread sanitizers, then each fuzz target for a while.
#
# usage: scripts/test.sh [--quick]     --quick: the plain build and its tests only
#   SATSYNC_FUZZ_SECONDS=10            per fuzz target
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

quick=no
case "${1:-}" in
"") ;;
--quick) quick=yes ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    [ "$1" = --help ] && exit 0
    exit 2
    ;;
esac
# shellcheck disable=SC2086
install_packages $TEST_PACKAGES
fuzz_seconds=${SATSYNC_FUZZ_SECONDS:-10}
jobs=$(nproc)

# build FOLDER COMPILER [CMAKE-OPTION...]
build() {
    folder=$1 compiler=$2
    shift 2
    echo "== $folder: $compiler $*"
    CC=$compiler cmake -S . -B "$folder" -G Ninja -DSATSYNC_WERROR=ON "$@" >"$folder.log" 2>&1 || {
        cat "$folder.log"
        exit 1
    }
    ninja -C "$folder" >"$folder.log" 2>&1 || {
        tail -n 40 "$folder.log"
        exit 1
    }
}

run_tests() {
    ctest --test-dir "$1" -j "$jobs" --output-on-failure --no-tests=error "${@:2}"
}

build build-test gcc
run_tests build-test
[ $quick = yes ] && exit 0

build build-asan clang -DSATSYNC_SANITIZE=address,undefined
run_tests build-asan -LE lint

build build-tsan clang -DSATSYNC_SANITIZE=thread
run_tests build-tsan -L threads

build build-fuzz clang -DSATSYNC_FUZZ=ON -DSATSYNC_SANITIZE=address,undefined
scripts/fuzz.sh build-fuzz "$fuzz_seconds"
echo "All passed."
