"""test_store_reader.py SATSYNC: the reference reader and the program read the same from stores that
were made just now and from the golden ones, and the reader notices each flipped byte."""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import chunk_codec
from make_golden import CODECS, make
from states import states
from store_reader import Checkpoint, read_seed

SATSYNC = sys.argv.pop(1)
HERE = pathlib.Path(__file__).parent
FIRST, SECOND = states()


def codecs(checkpoint):
    return {extent.codec for _, extent, _ in checkpoint.chunks if not isinstance(extent, int)}


class Stores(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name, "made")

    def open(self, step):
        return Checkpoint(self.folder / "store", step, read_seed(self.folder / "site.key"))

    def steps(self):
        return sorted(int(path.stem) for path in (self.folder / "store" / "manifests").iterdir())

    def check(self):
        """By the reader and by the program, byte for byte."""
        for step in self.steps():
            expected = FIRST if step <= len(CODECS) else SECOND
            name, data = self.open(step).file(0)
            self.assertEqual((name, data), ("state.safetensors", expected))
            out = self.folder / "out.safetensors"
            subprocess.run([SATSYNC, "restore", "store", str(step), "-o", out, "--key", "site.key"],
                           cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(out.read_bytes(), expected)

    def test_a_store_made_now(self):
        make(SATSYNC, self.folder)
        self.check()
        seen = [codecs(self.open(step)) for step in self.steps()]
        self.assertLessEqual({chunk_codec.HUFF}, seen[1])
        self.assertLessEqual({chunk_codec.FAST}, seen[2])
        self.assertLessEqual({chunk_codec.ZSTD}, seen[3])
        self.assertLessEqual({chunk_codec.DELTA}, seen[4])

    def test_golden_stores_are_readable_for_ever(self):
        golden = sorted((HERE / "golden").iterdir())
        self.assertGreaterEqual(len(golden), 1)
        for version in golden:
            with self.subTest(version.name):
                shutil.copytree(version, self.folder)
                (self.folder / "site.key").chmod(0o600)
                self.check()
                shutil.rmtree(self.folder)

    def test_a_flipped_byte_is_noticed(self):
        make(SATSYNC, self.folder)
        files = sorted(path for kind in ("manifests", "packs")
                       for path in (self.folder / "store" / kind).iterdir())
        chance = random.Random(11)
        for _ in range(60):
            path = chance.choice(files)
            data = path.read_bytes()
            at = chance.randrange(len(data))
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)])
                             + data[at + 1:])
            noticed = 0
            for step in self.steps():
                try:
                    self.open(step)
                except (chunk_codec.Corrupt, OSError):
                    noticed += 1
            self.assertGreaterEqual(noticed, 1, f"{path}, byte {at}")
            path.write_bytes(data)


if __name__ == "__main__":
    unittest.main()
