"""make_golden.py SATSYNC FOLDER: a store of each codec with its key, for tests/reference/golden.

A golden store is made once a format version and then kept: what it holds must be readable for ever.
"""

import pathlib
import subprocess
import sys

from states import states

CODECS = ("stored", "huff", "fast", "zstd")


def make(satsync, folder):
    """Steps 1 to 4 hold the first state, one a codec; 5 the second, as differences; 6 with parity."""
    folder.mkdir(parents=True, exist_ok=True)

    def run(*words):
        subprocess.run([satsync, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("keygen", "site.key")
    run("init", "store", "--key", "site.key")
    first, second = states()
    (folder / "state.safetensors").write_bytes(first)
    for step, codec in enumerate(CODECS, 1):
        run("save", "store", "state.safetensors", "--step", str(step), "--codec", codec,
            "--key", "site.key")
    (folder / "state.safetensors").write_bytes(second)
    run("save", "store", "state.safetensors", "--step", "5", "--base", "4", "--key", "site.key")
    run("save", "store", "state.safetensors", "--step", "6", "--parity", "3+2", "--key", "site.key")
    (folder / "state.safetensors").unlink()


if __name__ == "__main__":
    make(sys.argv[1], pathlib.Path(sys.argv[2]))
