#!/usr/bin/env python3
"""Kills `satsync save` with SIGKILL at random moments. Each time: the store opens, what it lists is
whole and verifies, a step that save reported as done is there, and saving the same step works."""

import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
import safetensors  # pylint: disable=wrong-import-position
from tally import Tally  # pylint: disable=wrong-import-position

TRIALS_A_STORE = 8
KEY = ["--key", "site.key"]


class World:
    """A key, some models, and a store that is made anew every few trials."""

    def __init__(self, program):
        self.program = os.path.realpath(program)
        self.models = ["0.safetensors", "1.safetensors", "2.safetensors"]
        self.run("keygen", "site.key")
        for seed, path in enumerate(self.models):
            safetensors.write(path, [("w", "F32", [2048, 1024]), ("b", "BF16", [4096]),
                                     ("scalar", "I64", [])], seed)
        self.number = 0
        self.trials = 0
        self.new_store()
        begin = time.monotonic()
        self.run("save", self.store, self.models[0], "--step", "1", *KEY)
        self.save_s = time.monotonic() - begin

    def new_store(self):
        self.number += 1
        self.trials = 0
        self.store = f"store{self.number}"
        self.run("init", self.store, *KEY)

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def steps(self):
        listed = json.loads(self.run("ls", self.store, "--json").splitlines()[-1])
        return [checkpoint["step"] for checkpoint in listed["checkpoints"]]


def killed_save(world, generator, step, model):
    """Starts a save and kills it; true when it ended by itself, and well, before that."""
    save = subprocess.Popen([world.program, "save", world.store, model, "--step", str(step), *KEY],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(generator.uniform(0, 1.3 * world.save_s))
    save.send_signal(signal.SIGKILL)
    code = save.wait()
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"save ended with {code}")
    return code == 0


def trial(world, seed):
    """One kill; the word for the tally."""
    generator = random.Random(seed)
    world.trials += 1
    if world.trials > TRIALS_A_STORE:
        world.new_store()
    before = world.steps()
    step = max(before, default=0) + 1
    model = generator.choice(world.models)
    done = killed_save(world, generator, step, model)
    after = world.steps()
    if sorted(set(after) - {step}) != sorted(before):
        raise RuntimeError(f"steps were {before} and are {after}")
    if done and step not in after:
        raise RuntimeError("save reported success, and its step is not there")
    world.run("verify", world.store, *KEY)
    listed = step in after
    if not listed:
        world.run("save", world.store, model, "--step", str(step), *KEY)
    world.run("restore", world.store, str(step), "-o", "restored", *KEY)
    if not filecmp.cmp(model, "restored", shallow=False):
        raise RuntimeError("other bytes were restored")
    return "ended_first" if done else "killed,committed" if listed else "killed,saved_again"


def main():
    tally = Tally("kill_save", 200)
    program = os.path.realpath(tally.arguments.program)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        world = World(program)
        for seed in tally.seeds():
            try:
                tally.add(seed, trial(world, seed))
            except RuntimeError as error:
                tally.fail(seed, error)
                world.new_store()
        os.chdir("/")
    tally.end()


main()
