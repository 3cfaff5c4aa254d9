"""kill_transfer.py BUILD --who push|serve [--count N] [--seed S]: a push over an emulated link,
whose sender or receiver is killed without warning at a random moment, again and again.

Each case is a seed: it chooses the link's rate, round trip and loss, whether the sender knows the
rate, when the kill comes, and when the killed one is back. Then the push must end well, the store
must verify with its key, `ls` right after the kill must not name what is not whole, and what
reached the receiver's socket twice must stay under one bandwidth-delay product (the link's queue
included) or 1 % of the checkpoint, if that is more, for each kill.

What was sent twice is counted by the relay, not by the program under test: message bytes delivered
to the receiver's address, dead or alive, less the checkpoint's. What the link itself dropped is
repeated for another reason and reported apart; so is what the last push repeated or repaired beyond
what the link dropped, as a push that nobody kills does too.

A busy machine is late in reading, and what it was late with is lost with the process: --within 200
finds only what is wrong, not what is slow.

With --tally FILE each case leaves a line there, and another call goes on behind it.
"""

import argparse
import concurrent.futures
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
from ports import free_ports  # pylint: disable=wrong-import-position

STEP = "7"
TENSOR_BYTES = 12 << 20
PUSH_LIMIT_S = 120  # far beyond what any case takes: only a hang is found so


class Failed(Exception):
    pass


def last_json(text):
    lines = text.splitlines()
    return json.loads(lines[-1]) if lines else {}


class World:
    """The programs, two keys, and the store that is pushed from."""

    def __init__(self, build, folder):
        self.satsync = os.path.abspath(os.path.join(build, "satsync"))
        self.relay = os.path.abspath(os.path.join(build, "satsync-link"))
        self.folder = folder
        for name in ("near.key", "far.key"):
            self.must("keygen", self.path(name))
        model = self.path("model.safetensors")
        header = json.dumps({"weight": {"dtype": "U8", "shape": [TENSOR_BYTES],
                                        "data_offsets": [0, TENSOR_BYTES]}}).encode()
        with open(model, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.write(random.Random(1).randbytes(TENSOR_BYTES))
        self.must("init", self.path("near"), "--key", self.path("near.key"),
                  "--recipient", self.path("far.key.pub"))
        self.must("save", self.path("near"), model, "--step", STEP, "--codec", "stored",
                  "--key", self.path("near.key"))
        packs = self.path("near", "packs")
        self.pack_bytes = sum(os.path.getsize(os.path.join(packs, name))
                              for name in os.listdir(packs))
        self.datagram_overhead = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *arguments):
        return subprocess.run([self.satsync, *arguments, "--json"], capture_output=True, text=True,
                              check=False, timeout=PUSH_LIMIT_S)

    def must(self, *arguments):
        result = self.run(*arguments)
        if result.returncode != 0:
            raise Failed("%s: exit %d: %s" % (" ".join(arguments), result.returncode,
                                              result.stderr.strip()))
        return last_json(result.stdout)


class Plan:
    """What a seed chooses."""

    def __init__(self, seed, who, pack_bytes):
        chance = random.Random("%s %d" % (who, seed))
        self.rate_bps = chance.randint(30, 60) * 1000000
        self.rtt_ms = chance.choice((2, 20, 60, 120, 200, 300))
        self.loss = chance.choice((0, 0.1, 0.5, 1, 2))
        self.queue_ms = chance.choice((20, 50))
        self.knows_rate = chance.random() < 0.5
        self.kills = 2 if chance.random() < 0.2 else 1
        expected_s = pack_bytes * 8 / self.rate_bps * 1.1 + 3 * self.rtt_ms / 1000
        self.moments_s = [chance.uniform(0.005, expected_s * 0.95)]
        if self.kills == 2:
            self.moments_s.append(chance.uniform(0.005, expected_s * 0.5))
        self.pauses_s = [chance.uniform(0.2, 2) if who == "serve" else chance.uniform(0, 0.3)
                         for _ in self.moments_s]

    def profile(self):
        return "plain?rate=%dM&rtt=%dms&loss=%g%%&queue=%dms" % (
            self.rate_bps // 1000000, self.rtt_ms, self.loss, self.queue_ms)

    def product_bytes(self):
        return self.rate_bps * (self.rtt_ms + self.queue_ms) // 8000


class Case:
    """One seed's processes and files."""

    def __init__(self, world, seed, plan):
        self.world = world
        self.seed = seed
        self.plan = plan
        self.folder = tempfile.mkdtemp(prefix="case%d-" % seed, dir=world.folder)
        self.far = os.path.join(self.folder, "far")
        self.control = os.path.join(self.folder, "control")
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.processes = []
        self.server = None
        self.kills = 0
        self.before_last = None  # the relay's counters when the push began that ended well

    def start(self, program, *arguments):
        process = subprocess.Popen([program, *arguments, "--json"], stdout=subprocess.PIPE,
                                   stderr=self.log, text=True)
        self.processes.append(process)
        return process

    def serve(self):
        self.server = self.start(
            self.world.satsync, "serve", self.far, "--listen", "127.0.0.1:%d" % self.port,
            "--key", self.world.path("far.key"), "--allow", self.world.path("near.key.pub"))
        line = self.server.stdout.readline()
        if '"listening"' not in line:
            raise Failed("serve does not listen: %s" % line)
        threading.Thread(target=self.server.stdout.read, daemon=True).start()

    def link(self):
        self.world.must("init", self.far, "--key", self.world.path("far.key"))
        self.port, = free_ports(1)
        self.serve()
        relay = self.start(self.world.relay, "relay", self.plan.profile(), "127.0.0.1:0",
                           "127.0.0.1:%d" % self.port, "--control", self.control,
                           "--seed", str(self.seed))
        self.address = json.loads(relay.stdout.readline())["address"]

    def push(self):
        self.before_last = self.counters()["up"]
        arguments = ["push", self.world.path("near"), STEP, self.address, "--key",
                     self.world.path("near.key"), "--peer", self.world.path("far.key.pub"),
                     "--give-up", "60s"]
        if self.plan.knows_rate:
            arguments += ["--rate", "%dbit" % (self.plan.rate_bps * 95 // 100)]
        return self.start(self.world.satsync, *arguments)

    def counters(self):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.control)
            with control.makefile("rw") as file:
                file.write("get\n")
                file.flush()
                return json.loads(file.readline())["report"]

    def listed(self):
        """Whether the far store lists the step; what it lists must be whole."""
        steps = [c["step"] for c in self.world.must("ls", self.far)["checkpoints"]]
        if steps not in ([], [int(STEP)]):
            raise Failed("listed: %s" % steps)
        if steps:
            self.verify()
        return bool(steps)

    def verify(self):
        result = self.world.must("verify", self.far, "--key", self.world.path("far.key"))
        if result["damaged"] != 0 or not result["authenticated"] or result["checkpoints"] != 1:
            raise Failed("verify: %s" % result)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills += 1

    def finish(self, push):
        out, _ = push.communicate(timeout=PUSH_LIMIT_S)
        if push.returncode != 0:
            raise Failed("push: exit %d: %s" % (push.returncode, out.strip()))
        return last_json(out)

    def kill_push(self):
        for moment, pause in zip(self.plan.moments_s, self.plan.pauses_s):
            push = self.push()
            try:
                push.wait(moment)
            except subprocess.TimeoutExpired:
                self.kill(push)
                self.listed()
                time.sleep(pause)
                continue
            return self.finish(push)
        return self.finish(self.push())

    def kill_serve(self):
        push = self.push()
        for moment, pause in zip(self.plan.moments_s, self.plan.pauses_s):
            try:
                push.wait(moment)
                break
            except subprocess.TimeoutExpired:
                self.kill(self.server)
                self.listed()
                time.sleep(pause)
                self.serve()
        return self.finish(push)

    def undisturbed(self):
        return self.finish(self.push())

    def result(self, report):
        if not self.listed():
            raise Failed("the push ended, and nothing is listed")
        # The last datagrams may still be under way in the relay.
        time.sleep(2 * self.plan.rtt_ms / 1000 + 0.05)
        up = self.counters()["up"]
        overhead = self.world.datagram_overhead
        delivered = up["delivered_bytes"] - overhead * up["delivered_packets"]
        lost_bytes = up["entered_bytes"] - up["delivered_bytes"]
        before = self.before_last
        lost_last = lost_bytes - (before["entered_bytes"] - before["delivered_bytes"])
        spare = max(0, report["repeated_bytes"] + report["repair_bytes"] - lost_last)
        product = self.plan.product_bytes()
        bound = max(product, self.world.pack_bytes // 100) * max(self.kills, 1)
        return {"seed": self.seed, "kills": self.kills, "profile": self.plan.profile(),
                "knows_rate": self.plan.knows_rate,
                "twice_bytes": delivered - self.world.pack_bytes - spare, "spare_bytes": spare,
                "bound_bytes": bound, "product_bytes": product, "dropped_bytes": lost_bytes,
                "up": up, "repeated_bytes": report["repeated_bytes"],
                "repair_bytes": report["repair_bytes"], "elapsed_ns": report["elapsed_ns"],
                "moments_s": self.plan.moments_s}

    def end(self, keep):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self.log.close()
        if not keep:
            shutil.rmtree(self.folder)


def calibrate(world):
    """What a datagram carries beside message bytes, from a push that nothing disturbs."""
    plan = Plan(0, "calibrate", world.pack_bytes)
    plan.loss, plan.rtt_ms, plan.rate_bps, plan.knows_rate = 0, 2, 60000000, True
    case = Case(world, 0, plan)
    try:
        case.link()
        report = case.undisturbed()
        time.sleep(0.1)
        up = case.counters()["up"]
        message_bytes = (report["payload_bytes"] + report["repeated_bytes"] +
                         report["repair_bytes"])
        lost = up["entered_packets"] - up["delivered_packets"]
        if lost > up["entered_packets"] // 50:
            raise Failed("the calibration lost %d datagrams" % lost)
        world.datagram_overhead = (up["entered_bytes"] - message_bytes) // up["entered_packets"]
    finally:
        case.end(False)


def run_case(world, seed, who, within):
    plan = Plan(seed, who, world.pack_bytes)
    case = Case(world, seed, plan)
    failure = None
    row = {"seed": seed}
    try:
        case.link()
        row = case.result(case.kill_push() if who == "push" else case.kill_serve())
        if row["kills"] and row["twice_bytes"] * 100 > row["bound_bytes"] * within:
            failure = "%d bytes sent twice, %d allowed" % (row["twice_bytes"], row["bound_bytes"])
    except (Failed, subprocess.TimeoutExpired, OSError, ValueError, KeyError) as error:
        failure = "%s: %s" % (type(error).__name__, error)
        row.update(kills=case.kills, profile=plan.profile(), knows_rate=plan.knows_rate)
        case.log.seek(0)
        failure += "\n" + case.log.read()[-2000:]
    finally:
        case.end(failure is not None and world.keep)
    row["who"] = who
    row["failure"] = failure
    return row


def quantiles(values):
    values = sorted(values)
    return {name: values[min(len(values) - 1, int(share * len(values)))]
            for name, share in (("p50", .5), ("p90", .9), ("p99", .99), ("max", 1))}


def summary(rows, who):
    killed = [row for row in rows if row["kills"]]
    failed = [row for row in rows if row["failure"]]
    counted = [row for row in killed if "twice_bytes" in row]
    print("%s: %d cases, %d with a kill during the push, %d kills, %d failures" % (
        who, len(rows), len(killed), sum(row["kills"] for row in killed), len(failed)))
    if counted:
        print("  bytes sent twice a kill: %s" % quantiles(
            [row["twice_bytes"] // row["kills"] for row in counted]))
        print("  as a share of what is allowed, %%: %s" % quantiles(
            [row["twice_bytes"] * 100 // row["bound_bytes"] for row in counted]))
        print("  repeated because the link dropped them: %s; beyond that: %s" % (
            quantiles([row["dropped_bytes"] for row in counted]),
            quantiles([row["spare_bytes"] for row in counted])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--who", choices=("push", "serve"), required=True)
    parser.add_argument("--count", type=int, default=200, help="kills in cases with a kill")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--lanes", type=int, default=1, help="cases side by side")
    parser.add_argument("--tally", help="a file of finished cases, which are not run again")
    parser.add_argument("--only", action="store_true", help="just the one case of --seed")
    parser.add_argument("--within", type=int, default=100,
                        help="percent of the bound at which a case fails")
    parser.add_argument("--keep", help="a directory in which failed cases are left")
    options = parser.parse_args()
    rows = []
    if options.tally and os.path.exists(options.tally):
        with open(options.tally, encoding="utf-8") as file:
            rows = [row for row in map(json.loads, file) if row["who"] == options.who]
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            folder = tempfile.mkdtemp(dir=options.keep)
        world = World(options.build, folder)
        world.keep = bool(options.keep)
        calibrate(world)
        print("pack bytes %d, datagram overhead %d" % (world.pack_bytes, world.datagram_overhead))
        campaign(world, options, rows)
    summary(rows, options.who)
    return 1 if any(row["failure"] for row in rows) else 0


def note(options, rows, row):
    rows.append(row)
    if options.tally:
        with open(options.tally, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    if row["failure"]:
        print("FAILED seed %d (%s, %s): %s\n  again: python3 %s %s --who %s --only --seed %d" % (
            row["seed"], row["profile"], "rated" if row["knows_rate"] else "unknown rate",
            row["failure"], sys.argv[0], options.build, options.who, row["seed"]), flush=True)


def campaign(world, options, rows):
    done = {row["seed"] for row in rows}
    seed = options.seed
    wanted = 1 if options.only else options.count
    with concurrent.futures.ThreadPoolExecutor(options.lanes) as lanes:
        running = set()
        while running or sum(bool(row["kills"]) for row in rows) < wanted:
            while (len(running) < options.lanes and
                   sum(bool(row["kills"]) for row in rows) + len(running) < wanted and
                   not (options.only and seed > options.seed)):
                if seed not in done:
                    running.add(lanes.submit(run_case, world, seed, options.who,
                                             options.within))
                seed += 1
            if not running:
                break
            ended, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for case in ended:
                note(options, rows, case.result())


if __name__ == "__main__":
    sys.exit(main())
