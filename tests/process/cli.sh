#!/bin/bash
# cli.sh PROGRAM SOURCE_DIR PART...: the operators' program as its users meet it, real processes and
# files. The parts are the functions below.
set -u
program=$(realpath "$1")
source_dir=$(realpath "$2")
shift 2
work=$(mktemp -d)
servers=()
finish() {
    for server in "${servers[@]}"; do kill -9 "$server" 2>/dev/null; done
    chmod -R u+rwX "$work"
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/satsync"
export PATH="$work/bin:$PATH" LC_ALL=C.UTF-8
unset SATSYNC_KEY
cd "$work" || exit 1
failures=0

fail() {
    echo "FAIL: $*"
    sed 's/^/    /' out err 2>/dev/null
    failures=$((failures + 1))
}

# expect CODE COMMAND...: runs it, keeps its output in ./out and ./err.
expect() {
    local wanted=$1
    shift
    "$@" >out 2>err
    local code=$?
    [ "$code" = "$wanted" ] || fail "exit $code instead of $wanted: $*"
}

# says FILE TEXT: the output of the last command holds TEXT.
says() {
    grep -qF -- "$2" "$1" || fail "no \"$2\" in $1"
}

# json EXPRESSION: holds for the last line of ./out, called r.
json() {
    tail -n 1 out | python3 -m json.tool >/dev/null || fail "not JSON"
    tail -n 1 out | python3 -c "import json, sys; r = json.loads(sys.stdin.read())
sys.exit(0 if ($1) else 1)" || fail "not so: $1"
}

# model FILE SEED: three tensors of which one is empty and one a scalar.
model() {
    python3 - "$1" "$2" <<'PYTHON'
import json, random, struct, sys
random.seed(int(sys.argv[2]))
wide = b"".join(struct.pack("<f", random.gauss(0, 0.02)) for _ in range(64 * 4096))
header = json.dumps({"__metadata__": {"seed": sys.argv[2]},
    "h.0.weight": {"dtype": "F32", "shape": [64, 4096], "data_offsets": [0, len(wide)]},
    "scalar": {"dtype": "I64", "shape": [], "data_offsets": [len(wide), len(wide) + 8]},
    "empty": {"dtype": "BF16", "shape": [0, 3], "data_offsets": [len(wide) + 8, len(wide) + 8]},
}).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(header)) + header + wide + bytes(8))
PYTHON
}

commands="keygen init save ls show stat verify repair tag prune restore diff apply serve push pull completion help"

help_texts() {
    expect 0 satsync --help
    for command in $commands; do says out "  $command "; done
    for command in $commands; do
        expect 0 satsync "$command" --help
        says out "usage: satsync $command"
        says out "Example:"
        # The manual page knows every option.
        grep -oE -- '--[a-z][a-z-]+' out | sort -u >options
        while read -r option; do
            grep -qE -- "Fl .*-${option#--}( |\$)" "$source_dir/man/satsync.1" ||
                fail "the manual page lacks $option"
        done <options
    done
    expect 0 satsync --version
    says out "satsync "
    expect 0 satsync --version --json
    json "r['ok'] and r['version']"
}

wrong_arguments() {
    expect 2 satsync
    expect 2 satsync sav
    says err "did you mean save?"
    expect 2 satsync save store file --stpe 3
    says err "did you mean --step?"
    expect 2 satsync save store file --step three --key k
    says err "--step"
    expect 2 satsync save store file --step 1
    says err "SATSYNC_KEY"
    expect 2 satsync --json push store 1
    json "not r['ok'] and r['status'] == 'invalid' and r['class'] == 'usage'"
    expect 2 satsync ls "$work/nowhere" --json
    json "not r['ok'] and r['command'] == 'ls' and r['class'] == 'usage' and r['message']"
    [ ! -e nowhere ] || fail "ls made a directory"
}

examples() {
    mkdir examples
    (cd examples && model model.safetensors 1)
    sed -n '/^\.Sh EXAMPLES/,$s/^\$ //p' "$source_dir/man/satsync.1" >examples/commands
    [ "$(wc -l <examples/commands)" -ge 8 ] || fail "the manual page has too few examples"
    while read -r line; do
        (cd examples && bash -c "$line") >out 2>err </dev/null || fail "example: $line"
    done <examples/commands
}

# Beside its tests it leaves site.key and other.key to the parts after it.
keys() {
    expect 0 satsync keygen site.key
    says out "site.key.pub"
    [ "$(stat -c %a site.key)" = 600 ] || fail "others may read the secret key"
    cp site.key before.key
    expect 2 satsync keygen site.key
    cmp -s site.key before.key || fail "keygen replaced a key"
    cp site.key open.key
    chmod 644 open.key
    expect 3 satsync init refused --key open.key
    [ ! -e refused ] || fail "init left something behind"
    expect 2 satsync init refused --key absent.key
    printf 'no key\n' >bad.key
    chmod 600 bad.key
    "$program" init refused --key bad.key >out 2>err && fail "took a file that is no key"
    expect 0 satsync keygen other.key --json
    json "r['public_key'] and r['secret_file'] == 'other.key' and r['public_file'] == 'other.key.pub'"
}

# Leaves store with steps 100 and 200.
round_trip() {
    model model.safetensors 7
    expect 0 satsync init store --key site.key
    expect 2 satsync init store --key site.key
    expect 0 satsync ls store
    says out "no checkpoints"
    expect 0 satsync save store model.safetensors --step 100 --key site.key
    says out "saved step 100"
    SATSYNC_KEY=site.key expect 0 satsync save store model.safetensors --step 200 --codec stored --json
    json "r['ok'] and r['checkpoint']['step'] == 200 and r['checkpoint']['tensors'] == 3"
    expect 0 satsync ls store
    says out "STEP"
    expect 0 satsync ls store --json
    json "[c['step'] for c in r['checkpoints']] == [100, 200]"
    json "all(c['raw_bytes'] > 0 and c['stored_bytes'] > 0 for c in r['checkpoints'])"
    expect 0 satsync show store 100
    says out "tensors are not listed"
    expect 0 satsync show store 100 --key site.key
    says out "h.0.weight"
    expect 0 satsync show store 100 --key site.key --json
    json "[t['shape'] for t in r['tensors'] if t['name'] == 'h.0.weight'] == [[64, 4096]]"
    expect 0 satsync show store 100 --key other.key --json
    json "r['tensors'] is None and r['tensors_note']"
    expect 0 satsync verify store
    says out "0 damaged"
    expect 0 satsync verify store 100 --key site.key --json
    json "r['checkpoints'] == 1 and r['damaged'] == 0 and r['authenticated']"
    expect 0 satsync restore store 100 -o restored.safetensors --key site.key
    cmp model.safetensors restored.safetensors || fail "restored other bytes"
    expect 0 satsync restore store 200 -o dir/ --key site.key
    cmp model.safetensors dir/model.safetensors || fail "restored other bytes into dir/"
    expect 0 satsync restore store 100 -o part.safetensors --key site.key \
        --tensor 'h.0.weight[0:2,8:16]' --json
    json "r['ok'] and r['output'] == 'part.safetensors'"
    [ "$(stat -c %s part.safetensors)" -lt 1000 ] || fail "the box is too large"
}

refusals() {
    model other.safetensors 8
    expect 2 satsync save store other.safetensors --step 100 --key site.key --json
    json "r['status'] == 'conflict'"
    expect 0 satsync verify store 100 --key site.key
    printf 'precious' >kept
    expect 2 satsync restore store 999 -o kept --key site.key
    expect 6 satsync restore store 100 -o kept --key other.key --json
    json "r['status'] == 'no-key'"
    expect 2 satsync restore store 100 -o kept --key site.key --tensor absent
    expect 2 satsync restore store 100 -o kept --key site.key --tensor 'scalar[0:1]'
    [ "$(cat kept)" = precious ] || fail "a failed restore replaced its output"
    expect 2 satsync restore store 100 -o absent/file --key site.key
    expect 2 satsync save store absent.safetensors --step 300 --key site.key
    printf 'not safetensors at all' >text
    "$program" save store text --step 300 --key site.key >out 2>err && fail "saved a text file"
    expect 2 satsync show store 300
    mkdir plain
    touch plain/file
    expect 2 satsync ls plain
    expect 2 satsync init plain --key site.key
    [ "$(ls plain)" = file ] || fail "init touched a directory that is not empty"
    expect 3 bash -c 'satsync ls store >/dev/full'
    if [ "$(id -u)" != 0 ]; then
        chmod -R a-w store
        expect 3 satsync save store model.safetensors --step 300 --key site.key
        chmod -R u+w store
        chmod 000 store
        expect 3 satsync ls store
        chmod 755 store
    fi
}

damage() {
    cp -r store damaged
    local pack
    pack=$(find damaged -type f -size +100k | sort | head -n 1)
    [ -n "$pack" ] || fail "no pack found"
    printf '\377' | dd of="$pack" bs=1 seek=60000 conv=notrunc status=none
    printf '\000' | dd of="$pack" bs=1 seek=60001 conv=notrunc status=none
    for key in "" "--key site.key"; do
        # shellcheck disable=SC2086
        expect 6 satsync verify damaged $key
        says out "damaged"
        # shellcheck disable=SC2086
        expect 6 satsync verify damaged $key --json
        json "r['class'] == 'integrity' and r['damaged'] >= 1 and r['damages'][0]['what']"
    done
}

# serve STORE KEY OPTION...: leaves the address in $address and the process in $server.
serve() {
    local store=$1 key=$2
    shift 2
    : >serve.out
    "$program" serve "$store" --listen 127.0.0.1:0 --key "$key" "$@" >serve.out 2>serve.err &
    server=$!
    servers+=("$server")
    for _ in $(seq 100); do
        address=$(head -n 1 serve.out | sed -nE 's#^listening on (.*)#\1#p; s#.*"address":"([^"]*)".*#\1#p')
        [ -n "$address" ] && return
        sleep 0.1
    done
    fail "serve does not listen: $(cat serve.err)"
}

stop_server() {
    kill -TERM "$server"
    wait "$server"
    local code=$?
    [ "$code" = 0 ] || fail "serve ended with $code: $(cat serve.err)"
}

sites() {
    expect 0 satsync init far --key other.key
    expect 2 satsync serve far --listen 127.0.0.1:0 --key other.key
    says err "--allow"
    serve far other.key --allow site.key.pub
    local push=(satsync push store 100 "$address" --key site.key --peer other.key.pub)
    expect 0 "${push[@]}" --dry-run --json
    json "r['missing_bytes'] > 0 and r['present_bytes'] == 0"
    expect 0 satsync ls far
    says out "no checkpoints"
    expect 0 "${push[@]}" --json --rate 1Gbit
    json "r['payload_bytes'] > 0 and r['wire_bytes'] > r['payload_bytes'] and r['floor_ns'] > 0"
    expect 0 "${push[@]}"
    says out "already there"
    expect 0 satsync verify far
    says out "1 checkpoint"
    expect 4 satsync push store 100 127.0.0.1:9 --key site.key --peer other.key.pub --give-up 1s --json
    json "r['class'] == 'link'"
    expect 0 satsync keygen stranger.key
    expect 5 satsync push store 100 "$address" --key stranger.key --peer other.key.pub --give-up 5s
    expect 2 satsync pull store 999 "$address" --key site.key --peer other.key.pub --give-up 5s
    stop_server
    says serve.out "received step 100"
    serve far other.key --allow-read site.key.pub --json
    expect 0 satsync init third --key site.key
    expect 0 satsync pull third 100 "$address" --key site.key --peer other.key.pub
    says out "pulled step 100"
    expect 0 satsync restore third 100 -o pulled.safetensors --key site.key
    cmp model.safetensors pulled.safetensors || fail "pulled other bytes"
    expect 5 satsync push store 200 "$address" --key site.key --peer other.key.pub --give-up 5s
    stop_server
    cp serve.out out
    json "r['ok'] and r['sent'] == 1"
}

interrupts() {
    # Nobody answers there, so the push waits until it is interrupted.
    "$program" push store 100 127.0.0.1:9 --key site.key --peer other.key.pub --json >out 2>err &
    local pusher=$!
    servers+=("$pusher")
    sleep 1
    kill -INT "$pusher"
    wait "$pusher"
    local code=$?
    # A shell starts background jobs with SIGINT ignored; the program catches it all the same.
    [ "$code" = 130 ] || fail "an interrupted push exits with $code"
    json "r['status'] == 'cancelled' and 'push store 100 127.0.0.1:9 --key site.key' in r['resume']"
    says err "to resume:"
}

for part in "$@"; do
    echo "== $part"
    $part
done
echo "$failures failures"
[ "$failures" = 0 ]
