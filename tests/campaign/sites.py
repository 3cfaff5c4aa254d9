#!/usr/bin/env python3
"""Three sites train one model as processes, over emulated links, and by seed one of them is killed,
frozen, or cut off, for longer than an outer step may take. Each time: the sites left go on, nobody
waits for an outer step beyond its deadline, each step is decided once, and at the end all three hold
the same state."""

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
from tally import Tally  # pylint: disable=wrong-import-position

SITES = 3
LINK = "plain?rate=200M&rtt=20ms"
DEADLINE_NS = 15_000_000_000  # of an outer step, the default
GRACE_NS = 200_000_000
KINDS = ("kill", "freeze", "cut off", "part")
DECIDED = re.compile(r"^outer step (\d+), sites ([0-9a-f]+): an outer step is decided$", re.M)


def free_ports(count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class World:
    def __init__(self, build, folder, seed, away_s):
        self.build, self.folder, self.away_s = build, folder, away_s
        self.random = random.Random(seed)
        self.ports = free_ports(SITES)
        self.relays = {}
        self.processes = [None] * SITES
        for i in range(SITES):
            subprocess.run([self.program("satsync"), "keygen", self.path(f"{i}.key")], check=True,
                           stdout=subprocess.DEVNULL)
            for j in range(i):
                self.relays[i, j] = self.relay(i, j)
        for i in range(SITES):
            self.list_sites(i)
            self.start(i)

    def program(self, name):
        return os.path.join(self.build, name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def relay(self, source, target):
        control = self.path(f"{source}{target}.sock")
        process = subprocess.Popen(
            [self.program("satsync-link"), "relay", LINK, "127.0.0.1:0",
             f"127.0.0.1:{self.ports[target]}", "--control", control, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return process, json.loads(process.stdout.readline())["address"], control

    def tell_relays(self, site, word):
        """All links of a site go down or up."""
        for (source, target), (_, _, path) in self.relays.items():
            if site in (source, target):
                with socket.socket(socket.AF_UNIX) as control:
                    control.connect(path)
                    control.sendall(f"{word}\n".encode())
                    control.recv(4096)

    def list_sites(self, i):
        with open(self.path(f"{i}.sites"), "w", encoding="ascii") as file:
            for j in range(SITES):
                address = self.relays[i, j][1] if j < i else f"127.0.0.1:{self.ports[j]}"
                file.write(f"{address} {self.path(f'{j}.key.pub')}\n")

    def start(self, i):
        with open(self.path(f"{i}.log"), "a", encoding="utf-8") as log:
            self.processes[i] = subprocess.Popen(
                [self.program("examples/tinylm/tinylm"), "--sites", self.path(f"{i}.sites"),
                 "--site", str(i), "--key", self.path(f"{i}.key"), "--listen",
                 f"127.0.0.1:{self.ports[i]}", "--promises", self.path(f"{i}.promises"),
                 "--hidden", "8", "--lanes", "2", "--inner", "10", "--steps", "390", "--json"],
                stdout=subprocess.PIPE, stderr=log, text=True)

    def decided(self, i):
        """Outer step -> its sites, as site i was told."""
        with open(self.path(f"{i}.log"), encoding="utf-8") as log:
            return dict(DECIDED.findall(log.read()))

    def wait_for_step(self, i, step):
        for _ in range(1200):
            if max(map(int, self.decided(i)), default=0) >= step:
                return
            if self.processes[i].poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"site {i} does not come to step {step}")

    def fault(self):
        """One site is away for a while."""
        kind, site = self.random.choice(KINDS), self.random.randrange(SITES)
        self.wait_for_step(site, self.random.randint(1, 5))
        time.sleep(self.random.uniform(0, 0.5))
        process = self.processes[site]
        if kind == "kill":
            process.kill()
            process.communicate()
        elif kind == "freeze":
            process.send_signal(signal.SIGSTOP)
        else:
            self.tell_relays(site, "down")
        time.sleep(self.away_s)
        if kind == "kill":
            self.start(site)
        elif kind == "freeze":
            process.send_signal(signal.SIGCONT)
        else:
            self.tell_relays(site, "up")
        return f"{kind}, site {site}"

    def ends(self):
        outputs = []
        for i, process in enumerate(self.processes):
            output, _ = process.communicate(timeout=600)
            if process.returncode != 0:
                raise RuntimeError(f"site {i} ended with {process.returncode}")
            outputs.append(json.loads(output.strip().split("\n")[-1]))
        return outputs

    def check(self):
        ends = self.ends()
        if len({end["state_hash"] for end in ends}) != 1:
            raise RuntimeError("the states differ")
        longest = max(end["longest_exposed_ns"] for end in ends)
        if longest > DEADLINE_NS + GRACE_NS:
            raise RuntimeError(f"a site waited {longest / 1e9} s for an outer step")
        memberships = {}
        for i in range(SITES):
            for step, sites in self.decided(i).items():
                if memberships.setdefault(step, sites) != sites:
                    raise RuntimeError(f"step {step} was decided twice")

    def close(self):
        for process in self.processes:
            if process and process.poll() is None:
                process.kill()
                process.communicate()
        for process, _, _ in self.relays.values():
            process.kill()
            process.communicate()


def trial(build, seed, away_s):
    with tempfile.TemporaryDirectory() as folder:
        world = World(build, folder, seed, away_s)
        try:
            word = world.fault()
            world.check()
            return word.replace(" ", "_")
        finally:
            world.close()


def main():
    tally = Tally("sites", 20)
    build = os.path.realpath(tally.arguments.program)
    away_s = 3 if tally.arguments.count < 20 else 20
    for seed in tally.seeds():
        try:
            tally.add(seed, trial(build, seed, away_s))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            tally.fail(seed, error)
    tally.end()


if __name__ == "__main__":
    main()
