#!/usr/bin/env bash
# The main job on this machine: a small model trains and saves through the library; its checkpoint
# crosses an emulated satellite link to a second site, encrypted, while the sender and the receiver
# are killed; there it is verified, restored, compared byte for byte, and trained on. Then three
# sites train one model together.
#
# usage: scripts/demo.sh
#   SATSYNC_DEMO_LINK=leo-bent         the link (satsync-link profiles lists them)
#   SATSYNC_DEMO_OUT=demo-out          where stores, keys and logs go; replaced
#   SATSYNC_DEMO_RANKS=2               processes of each of the three sites
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
if [ $# -gt 0 ]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    [ "$1" = --help ] && exit 0
    exit 2
fi
# shellcheck disable=SC2086
install_packages $DEMO_PACKAGES

link=${SATSYNC_DEMO_LINK:-leo-bent}
out=${SATSYNC_DEMO_OUT:-demo-out}
step=200
last=260

say() { printf '\n== %s\n' "$*"; }

say "Building (in build-demo)"
cmake -S . -B build-demo -G Ninja -DSATSYNC_TESTS=OFF -DCMAKE_BUILD_TYPE=Release >build-demo.log
ninja -C build-demo >>build-demo.log || {
    tail -n 30 build-demo.log
    exit 1
}
export PATH="$PWD/build-demo:$PWD/build-demo/examples/tinylm:$PATH"

rm -rf "$out"
mkdir -p "$out"
cd "$out"
background=()
stop_all() {
    for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
}
trap stop_all EXIT

# wait_for_line FILE: the address in the first "listening on ADDRESS" of a log.
wait_for_line() {
    for _ in $(seq 100); do
        address=$(sed -n -e 's/^listening on \([^ ,]*\).*/\1/p' -e 's/.*"event":"listening","address":"\([^"]*\)".*/\1/p' "$1" | tail -n 1)
        [ -n "$address" ] && { echo "$address"; return; }
        sleep 0.1
    done
    cat "$1" >&2
    return 1
}
# field FILE NAME: a number or word of the JSON object on a file's last line.
field() { tail -n 1 "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }

say "Two sites, two keys, two stores"
satsync keygen memphis.key
satsync keygen abudhabi.key
satsync init memphis.store --key memphis.key --recipient abudhabi.key.pub
satsync init abudhabi.store --key abudhabi.key

say "Training in Memphis; saving steps 100 and 200 through the library while it goes on"
tinylm --steps $step --save memphis.store --key memphis.key --every 100 --dump dump
satsync ls memphis.store

say "The link: $link, emulated between Memphis and Abu Dhabi"
start_server() {
    satsync serve abudhabi.store --listen "$1" --key abudhabi.key --allow memphis.key.pub \
        >server.log 2>server.err &
    server=$!
    background+=("$server")
    disown "$server"
    server_address=$(wait_for_line server.log)
}
start_server 127.0.0.1:0
satsync-link relay "$link" 127.0.0.1:0 "$server_address" --control relay.sock --json >relay.log 2>&1 &
relay=$!
background+=("$relay")
relay_address=$(wait_for_line relay.log)
echo "abudhabi at $server_address, seen from memphis as $relay_address"

push=(satsync push memphis.store "$step" "$relay_address" --key memphis.key
    --peer abudhabi.key.pub)

say "Push, killed with kill -9 in the middle"
"${push[@]}" --quiet 2>push1.err &
pusher=$!
disown $pusher
sleep 2
kill -9 $pusher
echo "the pusher is dead; the server keeps what came"

say "Push again; now the server is killed with kill -9 in the middle, and started again"
"${push[@]}" --json >push.json 2>push2.err &
pusher=$!
sleep 1.5
kill -9 "$server"
echo "the server is dead; the pusher waits"
sleep 1
start_server "$server_address"
wait $pusher || {
    cat push.json push2.err
    exit 1
}
echo "step $step is committed in Abu Dhabi"

say "In Abu Dhabi: verify, restore, compare"
satsync verify abudhabi.store $step --key abudhabi.key
satsync restore abudhabi.store $step -o restored.safetensors --key abudhabi.key
cmp restored.safetensors dump/step-00000200.safetensors
echo "restored.safetensors equals what the trainer dumped by code of its own, byte for byte"

say "Training on to step $last at both sites"
tinylm --from memphis.store:$step --key memphis.key --steps $last --json >loss-memphis.json
tinylm --from abudhabi.store:$step --key abudhabi.key --steps $last --json >loss-abudhabi.json
loss_memphis=$(field loss-memphis.json validation_loss)
loss_abudhabi=$(field loss-abudhabi.json validation_loss)
[ "$loss_memphis" = "$loss_abudhabi" ] || {
    echo "the losses differ: $loss_memphis in Memphis, $loss_abudhabi in Abu Dhabi"
    exit 1
}
echo "validation loss $loss_memphis at both"

kill -INT $relay
wait $relay 2>/dev/null || true
say "What it took"
python3 ../scripts/demo_table.py push.json relay.log

. ../scripts/demo_sites.sh
