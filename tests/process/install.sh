#!/usr/bin/env bash
# Installs into an empty folder and builds a program against it: by pkg-config, shared and static,
# by find_package, and from Python. The static archive must show no name but satsync_*.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/moved" >"$work/log"
mv "$work/moved" "$work/prefix"
pc=$(dirname "$(find "$work/prefix" -name satsync.pc)")
lib=$(dirname "$pc")
export PKG_CONFIG_PATH=$pc

cat >"$work/use.c" <<'C'
#include <satsync/site.h>
#include <stdio.h>

/* Links the names that an application defines and a static library must not take from it. */
int ranges_add(void);
int ranges_add(void) {
    return 1;
}

int main(void) {
    struct satsync_engine *engine;
    struct satsync_error error;
    if (satsync_engine_open(NULL, &engine, &error) != SATSYNC_OK) {
        fprintf(stderr, "%s: %s\n", error.subject, error.message);
        return 1;
    }
    satsync_engine_close(engine);
    return ranges_add() - 1;
}
C
cc=${CC:-cc}
# shellcheck disable=SC2046
$cc -o "$work/shared" "$work/use.c" $(pkg-config --cflags --libs satsync)
LD_LIBRARY_PATH=$lib "$work/shared"
# shellcheck disable=SC2046
$cc -o "$work/static" "$work/use.c" $(pkg-config --cflags satsync) "$lib/libsatsync.a" \
    $(pkg-config --libs --static satsync | sed 's/-lsatsync//')
"$work/static"

foreign=$(nm -g --defined-only "$lib/libsatsync.a" | awk 'NF == 3 && $3 !~ /^satsync_/')
[ -z "$foreign" ] || {
    echo "the archive shows names that are not ours:"
    echo "$foreign"
    exit 1
}

mkdir "$work/find"
cat >"$work/find/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(use C)
find_package(satsync 0.1 REQUIRED)
add_executable(use ../use.c)
target_link_libraries(use PRIVATE satsync::satsync)
CMAKE
cmake -G Ninja -S "$work/find" -B "$work/find/build" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log"
cmake --build "$work/find/build" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
"$work/find/build/use"
"$work/prefix/bin/satsync" --version
PYTHONPATH="$work/prefix/lib/python3/dist-packages" LD_LIBRARY_PATH=$lib python3 -B -c \
    'import satsync; print("Python", satsync.__version__); satsync.Engine().close()'
echo "installed, moved and used: shared, static, by find_package and from Python"
