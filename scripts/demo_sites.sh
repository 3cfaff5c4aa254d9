# Sourced by demo.sh, in its folder of results: three sites train one model, int8 differences every
# 20 steps, over a fibre and a satellite link; one site is frozen, one is killed and comes back from
# a checkpoint of another. Ends with a table.

sites_steps=240
sites_ranks=${SATSYNC_DEMO_RANKS:-2}
names=(memphis atlanta abudhabi)

# free_port: a UDP port that nobody has now, from below those that Linux hands out by itself: a
# process that was killed finds it still free.
free_port() {
    python3 -c 'import random, socket
port = random.SystemRandom().randrange(12000, 32768)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", port)); print(port)' ||
        free_port
}

# start_relay PROFILE TARGET LOG: sets relay_address.
start_relay() {
    satsync-link relay "$1" 127.0.0.1:0 "$2" --json >"$3" 2>&1 &
    background+=("$!")
    disown "$!"
    relay_address=$(wait_for_line "$3")
}

# start_site NUMBER [OPTION...]: its processes; their numbers go into pids_NUMBER.
start_site() {
    number=$1 name=${names[$1]}
    shift
    local rank started=()
    for rank in $(seq 0 $((sites_ranks - 1))); do
        local log=$name.$rank
        RANK=$rank WORLD_SIZE=$sites_ranks MASTER_ADDR=127.0.0.1 MASTER_PORT=${meeting[$number]} \
            tinylm --sites "$name.sites" --site "$number" --key "$name.key" \
            --listen "${listen[$number]}" --promises "$name.promises" \
            --steps $sites_steps --json "$@" >"$log.json" 2>>"$log.err" &
        started+=("$!")
        background+=("$!")
    done
    eval "pids_$number=(\"\${started[@]}\")"
}

# wait_for_outer_step SITE STEP: until the site has told that it is decided.
wait_for_outer_step() {
    for _ in $(seq 1200); do
        grep -q "^outer step $2," "$1.0.err" 2>/dev/null && return
        grep -q "^tinylm:" "$1.0.err" 2>/dev/null && break
        sleep 0.1
    done
    echo "outer step $2 did not come at $1:" >&2
    tail -n 5 "$1".*.err >&2
    return 1
}

say "Three sites, $sites_ranks processes each: Memphis - fibre - Atlanta, both - satellite - Abu Dhabi"
satsync keygen atlanta.key
satsync init run.store --key memphis.key --recipient atlanta.key.pub --recipient abudhabi.key.pub
satsync init away.store --key abudhabi.key --recipient memphis.key.pub
listen=()
meeting=()
for number in 0 1 2; do
    listen+=("127.0.0.1:$(free_port)")
    meeting+=("$(free_port)")
done
start_relay fibre-memphis-atlanta "${listen[0]}" fibre.log
atlanta_to_memphis=$relay_address
start_relay leo-isl "${listen[0]}" isl-memphis.log
abudhabi_to_memphis=$relay_address
start_relay leo-isl "${listen[1]}" isl-atlanta.log
abudhabi_to_atlanta=$relay_address
list_sites() {
    printf '%s memphis.key.pub\n%s atlanta.key.pub\n%s abudhabi.key.pub\n' "$@"
}
list_sites "${listen[@]}" >memphis.sites
list_sites "$atlanta_to_memphis" "${listen[1]}" "${listen[2]}" >atlanta.sites
list_sites "$abudhabi_to_memphis" "$abudhabi_to_atlanta" "${listen[2]}" >abudhabi.sites

rm -f ./*.[01].err
start_site 0 --save run.store --every 40
start_site 1
start_site 2

say "Atlanta is frozen for 20 seconds; the others go on"
wait_for_outer_step memphis 2
kill -STOP "${pids_1[@]}"
sleep 20
kill -CONT "${pids_1[@]}"
grep "^outer step" memphis.0.err | tail -n 3

say "Abu Dhabi is killed; it comes back from a checkpoint of Memphis, pulled over the satellite link"
wait_for_outer_step memphis 6
kill -9 "${pids_2[@]}"
wait "${pids_2[@]}" 2>/dev/null || true
satsync serve run.store --listen 127.0.0.1:0 --key memphis.key --allow-read abudhabi.key.pub \
    >run-server.log 2>run-server.err &
background+=("$!")
disown "$!"
run_server=$(wait_for_line run-server.log)
start_relay leo-isl "$run_server" isl-store.log
newest=$(satsync ls run.store --json | python3 -c 'import json, sys
print(max(c["step"] for c in json.load(sys.stdin)["checkpoints"]))')
satsync pull away.store "$newest" "$relay_address" --key abudhabi.key --peer memphis.key.pub --quiet
echo "step $newest is in Abu Dhabi"
start_site 2 --from "away.store:$newest"

failed=0
for number in 0 1 2; do
    eval "pids=(\"\${pids_$number[@]}\")"
    for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
done
if [ $failed != 0 ]; then
    tail -n 3 ./*.[01].err
    exit 1
fi

say "The same tokens in one process, and one site alone"
tinylm --lanes 48 --steps $sites_steps --json >synchronous.json &
tinylm --share 0/3 --steps $sites_steps --json >alone.json
wait $!
python3 ../scripts/demo_sites_table.py
