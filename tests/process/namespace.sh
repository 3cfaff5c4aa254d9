# namespace.sh PROGRAM: `satsync-link run` as a user without rights, who has user namespaces and may
# open /dev/net/tun. Root sets that up in a mount namespace of its own; others skip.
set -eu
program=$(realpath "$1")

[ "$(id -u)" = 0 ] || { echo "skipped: only root can lend a device to somebody else"; exit 77; }

inside() {
    mount -t tmpfs -o mode=755,dev none /mnt &&
        mknod /mnt/tun c 10 200 && chmod 666 /mnt/tun &&
        mount --bind /mnt/tun /dev/net/tun &&
        cp "$program" /mnt/satsync-link && chmod 755 /mnt/satsync-link || exit 77
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
    as_nobody unshare --user --map-root-user true ||
        { echo "skipped: this system refuses user namespaces"; exit 77; }
    cd /
    # The near program sees its end, and ends the run with its status.
    status=0
    as_nobody /mnt/satsync-link run 'plain?rtt=20ms' -- sh -c \
        'test "$SATSYNC_LINK_LOCAL" = 10.77.0.1 && cat /proc/net/dev | grep -q link0 && exit 9' \
        || status=$?
    [ "$status" = 9 ] || { echo "FAILED: it ended with $status, not 9"; exit 1; }
    # Without the device the program says what it lacks.
    chmod 600 /mnt/tun
    status=0
    as_nobody /mnt/satsync-link run lan -- true 2>/tmp/satsync-namespace.$$ || status=$?
    grep -q 'right to open /dev/net/tun' /tmp/satsync-namespace.$$ ||
        { echo "FAILED: it does not say what it needs"; exit 1; }
    rm -f /tmp/satsync-namespace.$$
    [ "$status" != 0 ] || { echo "FAILED: it ran without the device"; exit 1; }
}

if [ "${2-}" = inside ]; then
    inside
    exit 0
fi
unshare --mount true 2>/dev/null || { echo "skipped: no mount namespaces here"; exit 77; }
[ -c /dev/net/tun ] || { echo "skipped: no /dev/net/tun"; exit 77; }
exec unshare --mount --propagation private sh "$0" "$program" inside
