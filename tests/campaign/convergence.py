"""What training at three sites costs in loss: tinylm in a group, beside two controls.

For each seed: fully synchronous training (one process that reads the lanes of all sites), one site
alone on its third of the text, and three sites with int8 contributions every 20 steps, without and
with overlap. The loss of the three sites is to be at most 1 % above the synchronous one, 2 % with
overlap. When a site alone is not at least 5 % worse, the comparison says nothing, and says so.

usage: convergence.py BUILD-FOLDER [--seeds 3] [--steps 240]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from ports import free_ports  # pylint: disable=wrong-import-position

SITES = 3
OVERLAP = 5


def finish(process):
    output, _ = process.communicate(timeout=1800)
    if process.returncode != 0:
        sys.exit(f"{' '.join(process.args)} ended with {process.returncode}: {output}")
    return json.loads(output.strip().split("\n")[-1])


def start(tinylm, *arguments):
    return subprocess.Popen([tinylm, *map(str, arguments), "--json"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)


def train_sites(build, steps, seed, *more):
    tinylm = os.path.join(build, "examples/tinylm/tinylm")
    with tempfile.TemporaryDirectory() as folder:
        ports = free_ports(SITES)
        path = os.path.join(folder, "sites")
        with open(path, "w", encoding="utf-8") as file:
            for i in range(SITES):
                key = os.path.join(folder, f"{i}.key")
                subprocess.run([os.path.join(build, "satsync"), "keygen", key], check=True,
                               stdout=subprocess.DEVNULL)
                file.write(f"127.0.0.1:{ports[i]} {key}.pub\n")
        ends = [finish(process) for process in [
            start(tinylm, "--sites", path, "--site", i, "--key", os.path.join(folder, f"{i}.key"),
                  "--listen", f"127.0.0.1:{ports[i]}", "--seed", seed, "--steps", steps,
                  "--promises", os.path.join(folder, f"{i}.promises"), *more)
            for i in range(SITES)]]
    if len({end["state_hash"] for end in ends}) != 1:
        sys.exit(f"seed {seed}: the sites' states differ")
    return sum(end["validation_loss"] for end in ends) / SITES


def one_seed(build, steps, seed):
    tinylm = os.path.join(build, "examples/tinylm/tinylm")
    controls = [start(tinylm, "--lanes", 16 * SITES, "--steps", steps, "--seed", seed),
                start(tinylm, "--share", f"0/{SITES}", "--steps", steps, "--seed", seed)]
    synchronous, alone = [finish(process)["validation_loss"] for process in controls]
    return (synchronous, alone, train_sites(build, steps, seed),
            train_sites(build, steps, seed, "--overlap", OVERLAP))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=240)
    arguments = parser.parse_args()
    rows = []
    print("seed  synchronous  one alone  three sites  three sites, overlapped")
    for seed in range(1, arguments.seeds + 1):
        row = one_seed(arguments.build, arguments.steps, seed)
        rows.append(row)
        print(f"{seed:4}  {row[0]:11.4f}  {row[1]:9.4f}  {row[2]:11.4f}  {row[3]:11.4f}", flush=True)
    means = [sum(row[i] for row in rows) / len(rows) for i in range(4)]
    against = [100 * (mean / means[0] - 1) for mean in means]
    print(f"mean  {means[0]:11.4f}  {against[1]:+8.1f}%  {against[2]:+10.1f}%  {against[3]:+10.1f}%")
    if against[1] < 5:
        sys.exit("void: a site alone is less than 5 % worse, so nothing is shown")
    if against[2] > 1 or against[3] > 2:
        sys.exit("failed: the sites lose more than 1 % (2 % with overlap)")
    print("passed")


if __name__ == "__main__":
    main()
