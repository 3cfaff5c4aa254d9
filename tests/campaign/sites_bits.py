#!/usr/bin/env python3
"""Two to five sites as processes over links that lose packets, by seed: at the end each has the
same bits as plain loops in one process, for every codec, cut and number of threads."""

import filecmp
import itertools
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from ports import free_ports  # pylint: disable=wrong-import-position
from sites import start_relay  # pylint: disable=wrong-import-position
from tally import Tally  # pylint: disable=wrong-import-position

CODECS = {1: "fp32", 2: "bf16", 3: "int8"}
EXCHANGES = {1: "all-gather", 2: "owner-reduce"}


def draw(rng, seed):
    """The words that oracle and sites have in common."""
    inner = rng.randint(1, 8)
    return {"seed": seed, "sites": rng.randint(2, 5), "codec": rng.choice(list(CODECS)),
            "exchange": rng.choice(list(EXCHANGES)),
            "fragments": rng.randint(1, 6), "elements": rng.randint(10, 200_000), "inner": inner,
            "overlap": rng.randrange(inner), "steps": rng.randint(2, 6)}


def link(rng):
    return (f"plain?rate={rng.choice((20, 200))}M&rtt={rng.randint(1, 120)}ms"
            f"&loss={rng.choice((0, 1, 5))}%")


class Trial:
    def __init__(self, build, folder, seed):
        self.build, self.folder, self.rng = build, folder, random.Random(seed)
        self.plan = draw(self.rng, seed)
        self.count = self.plan["sites"]
        self.ports = free_ports(self.count)
        self.relays = {}
        self.sites = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def words(self, mode, out):
        return [os.path.join(self.build, "tests/campaign_site"), mode,
                *map(str, self.plan.values()), self.path(out)]

    def start(self):
        for i in range(self.count):
            subprocess.run([os.path.join(self.build, "satsync"), "keygen", self.path(f"{i}.key")],
                           check=True, stdout=subprocess.DEVNULL)
        for i, j in itertools.combinations(range(self.count), 2):
            self.relays[j, i] = start_relay(self.build, link(self.rng), self.ports[i])
        for i in range(self.count):
            with open(self.path(f"{i}.sites"), "w", encoding="ascii") as file:
                for j in range(self.count):
                    address = self.relays[i, j][1] if j < i else f"127.0.0.1:{self.ports[j]}"
                    file.write(f"{address} {self.path(f'{j}.key.pub')}\n")
        for i in self.rng.sample(range(self.count), self.count):
            self.sites.append(subprocess.Popen(
                [*self.words("run", "site.%zu"), str(i), self.path(f"{i}.sites"),
                 self.path(f"{i}.key"), f"127.0.0.1:{self.ports[i]}", self.path(f"{i}.promises"),
                 str(self.rng.randint(1, 4))], stdout=subprocess.PIPE, text=True))

    def check(self):
        """The oracle runs meanwhile."""
        subprocess.run(self.words("oracle", "oracle.%zu"), check=True)
        for process in self.sites:
            process.communicate(timeout=300)
            if process.returncode != 0:
                raise RuntimeError(f"a site ended with {process.returncode}")
        for i in range(self.count):
            if not filecmp.cmp(self.path(f"site.{i}"), self.path(f"oracle.{i}"), shallow=False):
                raise RuntimeError(f"site {i} has other bits than the oracle; {self.plan}")

    def close(self):
        for process in [*self.sites, *(relay[0] for relay in self.relays.values())]:
            if process.poll() is None:
                process.kill()
            process.communicate()


def trial(build, seed):
    with tempfile.TemporaryDirectory() as folder:
        world = Trial(build, folder, seed)
        try:
            world.start()
            world.check()
            return (f"{world.count}-sites-{CODECS[world.plan['codec']]}"
                    f"-{EXCHANGES[world.plan['exchange']]}")
        finally:
            world.close()


def main():
    tally = Tally("sites_bits", 20)
    build = os.path.realpath(tally.arguments.program)
    for seed in tally.seeds():
        try:
            tally.add(seed, trial(build, seed))
        except (RuntimeError, subprocess.SubprocessError) as error:
            tally.fail(seed, error)
    tally.end()


if __name__ == "__main__":
    main()
