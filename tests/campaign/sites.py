#!/usr/bin/env python3
"""Three sites train one model as processes, over emulated links, and by seed one of them is killed,
frozen, its packets lost, or its links taken down, for longer than an outer step may take. Each time:
the sites left go on, nobody waits for an outer step beyond its deadline, each step is decided once,
the site that was away misses no step but the one under way once it has caught up, and at the end all
three hold the same state. In every second trial a site is two processes."""

import concurrent.futures
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
from ports import free_ports  # pylint: disable=wrong-import-position
from tally import Tally  # pylint: disable=wrong-import-position

SITES = 3
LINK = "plain?rate=200M&rtt=400ms"
STEP_S = 2  # more than an outer step takes over it
INNER = 1
GRACE_S = 0.2
# What happens, and for how long at full length: longer than the deadline in any case.
KINDS = {"kill": 20, "freeze": 20, "blackhole": 60, "partition": 60}
DEADLINE_S = {True: 15, False: 2}  # of an outer step, at full length or not
SHORT_S = 3
LEADS = re.compile(r"^site (\d+): it leads the majority$", re.M)
DECIDED = re.compile(r"^outer step (\d+), sites ([0-9a-f]+): an outer step is decided$", re.M)


def start_relay(build, link, port, control=None):
    """The process and where it listens."""
    process = subprocess.Popen(
        [os.path.join(build, "satsync-link"), "relay", link, "127.0.0.1:0", f"127.0.0.1:{port}",
         "--json", *(["--control", control] if control else [])],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, json.loads(process.stdout.readline())["address"]


class World:
    """Sites of one or two processes each, rank 0 first, and a relay for each two sites."""

    def __init__(self, build, folder, seed, full):
        self.build, self.folder, self.full = build, folder, full
        self.random = random.Random(seed)
        self.kind = self.random.choice(list(KINDS))
        self.victim, self.leads = self.random.randrange(SITES), False
        self.away_s = KINDS[self.kind] if full else SHORT_S
        has_ucx = os.path.exists(self.program("libsatsync-ucx.so"))
        self.ranks = 2 if has_ucx and seed % 2 == 0 else 1
        self.ports = free_ports(2 * SITES)
        self.relays = {}
        self.sites = [[] for _ in range(SITES)]
        for i in range(SITES):
            subprocess.run([self.program("satsync"), "keygen", self.path(f"{i}.key")], check=True,
                           stdout=subprocess.DEVNULL)
            for j in range(i):
                self.relays[i, j] = start_relay(build, LINK, self.ports[j],
                                                self.path(f"{i}{j}.sock"))
        for i in range(SITES):
            self.list_sites(i)
            self.start(i)

    def program(self, name):
        return os.path.join(self.build, name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def tell_relays(self, words):
        """All links of the victim."""
        for source, target in self.relays:
            if self.victim in (source, target):
                with socket.socket(socket.AF_UNIX) as control:
                    control.connect(self.path(f"{source}{target}.sock"))
                    control.sendall(f"{words}\n".encode())
                    control.recv(4096)

    def list_sites(self, i):
        with open(self.path(f"{i}.sites"), "w", encoding="ascii") as file:
            for j in range(SITES):
                address = self.relays[i, j][1] if j < i else f"127.0.0.1:{self.ports[j]}"
                file.write(f"{address} {self.path(f'{j}.key.pub')}\n")

    def start(self, i):
        steps = INNER * (30 + 3 * self.away_s)
        for rank in range(self.ranks):
            environment = dict(os.environ, RANK=str(rank), WORLD_SIZE=str(self.ranks),
                               MASTER_ADDR="127.0.0.1", MASTER_PORT=str(self.ports[SITES + i]))
            with open(self.path(f"{i}.{rank}.log"), "a", encoding="utf-8") as log:
                self.sites[i].append(subprocess.Popen(
                    [self.program("examples/tinylm/tinylm"), "--sites", self.path(f"{i}.sites"),
                     "--site", str(i), "--key", self.path(f"{i}.key"), "--listen",
                     f"127.0.0.1:{self.ports[i]}", "--promises", self.path(f"{i}.promises"),
                     "--deadline", str(DEADLINE_S[self.full]), "--hidden", "8", "--lanes", "2",
                     "--inner", str(INNER), "--steps", str(steps), "--json"],
                    env=environment, stdout=subprocess.PIPE, stderr=log, text=True))

    def decided(self, i):
        """Outer step and its sites, as site i was told, in that order."""
        with open(self.path(f"{i}.0.log"), encoding="utf-8") as log:
            return [(int(step), int(sites, 16)) for step, sites in DECIDED.findall(log.read())]

    def newest(self, i):
        return max((step for step, _ in self.decided(i)), default=0)

    def wait_for_step(self, i, step):
        for _ in range(1200):
            if self.newest(i) >= step:
                return
            if self.sites[i][0].poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"site {i} does not come to step {step}")

    def kill(self, i):
        for process in self.sites[i]:
            process.kill()
            process.communicate()
        self.sites[i] = []

    def strike(self):
        if self.kind == "kill":
            self.kill(self.victim)
        elif self.kind == "freeze":
            for process in self.sites[self.victim]:
                process.send_signal(signal.SIGSTOP)
        else:
            self.tell_relays("down" if self.kind == "partition" else "set loss=100%")

    def heal(self):
        if self.kind == "kill":
            self.start(self.victim)
        elif self.kind == "freeze":
            for process in self.sites[self.victim]:
                process.send_signal(signal.SIGCONT)
        else:
            self.tell_relays("up" if self.kind == "partition" else "set loss=0%")

    def leader(self):
        """Who leads the majority, as site 0 was last told."""
        with open(self.path("0.0.log"), encoding="utf-8") as log:
            return int(LEADS.findall(log.read())[-1])

    def fault(self):
        """One site is away for a while, every third time the leader; the others go on without it."""
        self.wait_for_step(0, self.random.randint(2, 6))
        time.sleep(self.random.uniform(0, 1))
        self.victim = self.leader() if self.random.random() < 1 / 3 else self.victim
        self.leads = self.victim == self.leader()
        other = (self.victim + 1) % SITES
        self.strike()
        before = self.newest(other)
        time.sleep(self.away_s)
        if self.newest(other) == before and self.full:
            raise RuntimeError("the others stood still")
        self.heal()

    def ends(self):
        outputs = [[] for _ in range(SITES)]
        for i, processes in enumerate(self.sites):
            for process in processes:
                output, _ = process.communicate(timeout=600)
                if process.returncode != 0:
                    raise RuntimeError(f"a process of site {i} ended with {process.returncode}: "
                                       + self.last_words(i))
                outputs[i].append(json.loads(output.strip().split("\n")[-1]))
        return outputs

    def last_words(self, i):
        words = []
        for rank in range(self.ranks):
            with open(self.path(f"{i}.{rank}.log"), encoding="utf-8") as log:
                words.append("".join(log.readlines()[-3:]).strip())
        return " | ".join(words)

    def check_return(self):
        """Once the state is there it is in the third step that is told to be decided at the latest:
        the news of one may have been on the way with the state, and one may be under way."""
        with open(self.path(f"{self.victim}.0.log"), encoding="utf-8") as log:
            _, found, later = log.read().rpartition("the agreed state is here")
        after = [sites for _, sites in DECIDED.findall(later)[:3]]
        if found and len(after) == 3 and not any(int(s, 16) >> self.victim & 1 for s in after):
            raise RuntimeError(f"site {self.victim} was not back within a step: {after}")

    def check_times(self, ends):
        """Who was frozen had begun to wait before, for less than an outer step takes here."""
        for i, site in enumerate(ends):
            frozen = self.kind == "freeze" and i == self.victim
            limit_s = GRACE_S + (self.away_s + STEP_S if frozen else DEADLINE_S[True])
            longest_s = max(end["longest_exposed_ns"] for end in site) / 1e9
            if longest_s > limit_s:
                raise RuntimeError(f"site {i} waited {longest_s} s for an outer step")

    def check(self):
        ends = self.ends()
        if len({end["state_hash"] for site in ends for end in site}) != 1:
            raise RuntimeError("the states differ")
        memberships = {}
        for i in range(SITES):
            for step, sites in self.decided(i):
                if memberships.setdefault(step, sites) != sites:
                    raise RuntimeError(f"step {step} was decided twice")
        if self.full:
            self.check_times(ends)
            self.check_return()

    def close(self):
        for i in range(SITES):
            self.kill(i)
        for process, _ in self.relays.values():
            process.kill()
            process.communicate()


def trial(build, seed, full):
    with tempfile.TemporaryDirectory() as folder:
        world = World(build, folder, seed, full)
        try:
            world.fault()
            world.check()
            who = "leader" if world.leads else "follower"
            return f"{world.kind}_of_a_{who},_{world.ranks}_processes"
        finally:
            world.close()


def main():
    tally = Tally("sites", 20)
    build = os.path.realpath(tally.arguments.program)
    full = tally.arguments.count >= 20
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:  # they wait, most of the time
        runs = {pool.submit(trial, build, seed, full): seed for seed in tally.seeds()}
        for run in concurrent.futures.as_completed(runs):
            try:
                tally.add(runs[run], run.result())
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                tally.fail(runs[run], error)
    tally.end()


if __name__ == "__main__":
    main()
