#!/usr/bin/env python3
"""Kills `satsync save`, `prune` and `repair` with SIGKILL at their every system call, which ptrace
counts over all threads. Each time: the store opens, what was committed is listed and verifies, the
command works when it is run again, and a prune leaves no file that belongs to no checkpoint."""

import ctypes
import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import safetensors  # pylint: disable=wrong-import-position
from tally import Tally  # pylint: disable=wrong-import-position

KEY = ["--key", "site.key"]
MODELS = ["1.safetensors", "2.safetensors", "3.safetensors"]  # of steps 1 to 3
COMMANDS = {
    "save": ["save", "store", MODELS[2], "--step", "3", "--base", "auto", "--parity", "2+1", *KEY],
    "prune": ["prune", "store", "--keep-last", "1"],
    "repair": ["repair", "store"],
}
MUST_STAY = {"save": {1, 2}, "prune": {2}, "repair": {1, 2}}
MAY_BE = {"save": {1, 2, 3}, "prune": {1, 2}, "repair": {1, 2}}

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
TRACE_ME, SYSCALL, SET_OPTIONS = 0, 24, 0x4200
MARK_SYSCALLS, FOLLOW_THREADS, KILL_WITH_US = 1, 8, 0x100000
ALL_THREADS = 0x40000000  # __WALL


def ptrace(request, thread, data=0):
    """A thread that is gone already is fine."""
    LIBC.ptrace(request, thread, None, data)


def start(arguments):
    """The program, traced and stopped before its first call."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        ptrace(TRACE_ME, 0)
        os.execv(arguments[0], arguments)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        print("skipped: this machine does not allow ptrace")
        sys.exit(77)
    ptrace(SET_OPTIONS, pid, MARK_SYSCALLS | FOLLOW_THREADS | KILL_WITH_US)
    ptrace(SYSCALL, pid)
    return pid


def run_killed(arguments, call):
    """Kills it before its call number `call`, from 0. (exit status or None when it was killed,
    calls so far)"""
    pid = start(arguments)
    inside = {}
    calls = 0
    killed = False
    while True:
        thread, status = os.waitpid(-1, ALL_THREADS)
        if not os.WIFSTOPPED(status):
            if thread == pid:
                return None if killed else os.waitstatus_to_exitcode(status), calls
            continue
        stop = os.WSTOPSIG(status)
        if stop == signal.SIGTRAP | 0x80:
            inside[thread] = not inside.get(thread, False)
            if inside[thread] and calls == call:
                os.kill(pid, signal.SIGKILL)
                killed = True
                continue
            calls += inside[thread]
            stop = 0
        elif stop in (signal.SIGTRAP, signal.SIGSTOP):
            stop = 0  # a new thread
        ptrace(SYSCALL, thread, stop)


class World:
    """A store with two steps, copied for each trial, and for each command how it ends unkilled."""

    def __init__(self, program):
        self.program = program
        self.run("keygen", "site.key")
        self.run("init", "store", *KEY)
        for seed, path in enumerate(MODELS):
            safetensors.write(path, [("w", "F32", [64, 1024]), ("b", "BF16", [4096])], seed // 2)
        self.run("save", "store", MODELS[0], "--step", "1", *KEY)
        first = set(os.listdir("store/packs"))
        self.run("save", "store", MODELS[1], "--step", "2", "--parity", "2+1", *KEY)
        self.victim = sorted(set(os.listdir("store/packs")) - first)[0]
        os.rename("store", "template")
        self.calls = {}
        self.packs = {}
        for name, command in COMMANDS.items():
            self.begin(name)
            code, self.calls[name] = run_killed([program, *command], -1)
            if code != 0:
                raise RuntimeError(f"{name} ended with {code}")
            self.packs[name] = len(os.listdir("store/packs"))

    def begin(self, name):
        shutil.rmtree("store", ignore_errors=True)
        shutil.copytree("template", "store")
        if name == "repair":
            os.remove(f"store/packs/{self.victim}")

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def steps(self):
        listed = json.loads(self.run("ls", "store", "--json").splitlines()[-1])
        return {checkpoint["step"] for checkpoint in listed["checkpoints"]}


def check_clean(world, name):
    """As many packs as without a kill, and no temporary file."""
    world.run("prune", "store", "--keep-last", "10")
    packs = os.listdir("store/packs")
    hidden = [file for _, _, files in os.walk("store") for file in files if file[0] == "."]
    if len(packs) != world.packs[name] or hidden:
        raise RuntimeError(f"{len(packs)} packs instead of {world.packs[name]}, and {hidden}")


def trial(world, name, call):
    """One kill; the word for the tally."""
    world.begin(name)
    code, _ = run_killed([world.program, *COMMANDS[name]], call)
    if code not in (None, 0):
        raise RuntimeError(f"it ended with {code}")
    steps = world.steps()
    if not MUST_STAY[name] <= steps <= MAY_BE[name]:
        raise RuntimeError(f"there are steps {steps}")
    if name != "repair":
        world.run("verify", "store", *KEY)
    if 3 not in steps:
        world.run(*COMMANDS[name])
    world.run("verify", "store", *KEY)
    last = max(world.steps())
    world.run("restore", "store", str(last), "-o", "restored", *KEY)
    if not filecmp.cmp(MODELS[last - 1], "restored", shallow=False):
        raise RuntimeError("other bytes were restored")
    check_clean(world, name)
    return f"{name},{'killed' if code is None else 'ended_first'}"


def main():
    tally = Tally("kill_calls", 3000)
    program = os.path.realpath(tally.arguments.program)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        world = World(program)
        print(f"calls: {world.calls}", flush=True)
        for seed in tally.seeds():
            name = list(COMMANDS)[seed % len(COMMANDS)]
            # Neighbours are far apart, so that a few are a fair sample, and all come in turn.
            stride = 257 if world.calls[name] % 257 else 263
            call = seed // len(COMMANDS) * stride % world.calls[name]
            try:
                tally.add(seed, trial(world, name, call))
            except RuntimeError as error:
                tally.fail(seed, f"{name} at call {call}: {error}")
        os.chdir("/")
    tally.end()


main()
