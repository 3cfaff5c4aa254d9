# Sourced by the other scripts: installs the Debian packages that are missing, and says so.
# As root, or with sudo; when all are there nothing is asked of anybody.

BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libsodium-dev liburing-dev libzstd-dev
    libisal-dev libxxhash-dev libjansson-dev libraft-dev libssl-dev"
# Without it everything is built but the module for the ranks of a site.
UCX_PACKAGES="libucx-dev"
DEMO_PACKAGES="$BUILD_PACKAGES $UCX_PACKAGES python3"
TEST_PACKAGES="$BUILD_PACKAGES $UCX_PACKAGES g++ libcmocka-dev python3 clang llvm
    libclang-rt-14-dev mandoc python3-numpy openmpi-bin"

install_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    echo "Installing Debian packages:$missing"
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "Not root, and there is no sudo. Run as root: apt-get install$missing" >&2
            exit 3
        }
        as_root=sudo
    fi
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if ! { $as_root apt-get update -q &&
        $as_root apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "The packages could not be installed; the lines above say why." >&2
        exit 3
    fi
    rm -f "$log"
}
