#!/usr/bin/env python3
"""Files of unusual size and shape, saved and restored by the program, byte for byte, with the peak
memory of each. Run by command:  big.py PROGRAM [--mib N]"""

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import safetensors  # pylint: disable=wrong-import-position

OVER_BUDGET_MIB = 256
DEFAULT_BUDGET_MIB = 256


def peak_mib(*command):
    """Runs it; the peak resident size."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {child.returncode}")
    return usage.ru_maxrss / 1024


def round_trip(program, name, tensors, step):
    model, restored = f"{name}.safetensors", f"{name}.restored"
    safetensors.write(model, tensors, step, {"case": name})
    saved = peak_mib(program, "save", "store", model, "--step", str(step), "--key", "site.key")
    read = peak_mib(program, "restore", "store", str(step), "-o", restored, "--key", "site.key")
    same = filecmp.cmp(model, restored, shallow=False)
    fits = max(saved, read) <= DEFAULT_BUDGET_MIB + OVER_BUDGET_MIB
    print(f"{name:<24} {os.path.getsize(model):>12} bytes  save {saved:6.0f} MiB  "
          f"restore {read:6.0f} MiB  {'same bytes' if same else 'OTHER BYTES'}"
          f"{'' if fits else '  TOO MUCH MEMORY'}", flush=True)
    os.unlink(model)
    os.unlink(restored)
    return same and fits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mib", type=int, default=2048, help="of the largest tensor")
    arguments = parser.parse_args()
    program = os.path.realpath(arguments.program)
    every = [(f"t.{dtype}", dtype, [3, 5]) for dtype in safetensors.BYTES]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        peak_mib(program, "keygen", "site.key")
        peak_mib(program, "init", "store", "--key", "site.key")
        good = round_trip(program, "every-type", every + [("scalar", "F32", []),
                                                          ("empty", "BF16", [0, 7])], 1)
        good &= round_trip(program, "10000-tiny-tensors",
                           [(f"layer.{i}.weight", "F32", [1 + i % 7]) for i in range(10000)], 2)
        good &= round_trip(program, "no-tensors", [], 3)
        good &= round_trip(program, "one-large-tensor",
                           [("w", "BF16", [arguments.mib * 512, 1024])], 4)
        os.chdir("/")
    sys.exit(0 if good else 1)


main()
