"""Two processes of one site: this file runs itself as rank 1."""

import array
import os
import socket
import subprocess
import sys
import unittest

import satsync
from satsync.ranks import writable_view


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def work(engine):
    """What both ranks do; the sums they end with."""
    with satsync.Ranks(engine) as ranks:
        total = array.array("f", [ranks.rank + 1] * 1000)
        ranks.all_reduce(total)
        word = bytearray(b"root" if ranks.rank == 1 else b"none")
        ranks.broadcast(word, root=1)
        mine = ranks.share(5)
        parts = array.array("i", [0] * 5)
        for index in range(mine.start, mine.stop):
            parts[index] = 10 * ranks.rank + index
        ranks.all_gather(parts)
        ranks.barrier()
        return [set(total), bytes(word), list(parts)]


class Ranks(unittest.TestCase):
    def test_two_processes_agree(self):
        os.environ.update(RANK="0", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
                          MASTER_PORT=str(free_port()))
        other = subprocess.Popen([sys.executable, __file__, "rank"],
                                 env={**os.environ, "RANK": "1"}, stdout=subprocess.PIPE, text=True)
        expected = [{3.0}, b"root", [0, 1, 2, 13, 14]]
        with satsync.Engine() as engine:
            try:
                self.assertEqual(work(engine), expected)
            finally:
                out, _ = other.communicate(timeout=120)
        self.assertEqual(out.strip(), str(expected))

    def test_read_only_memory_is_refused(self):
        with self.assertRaisesRegex(satsync.UsageError, "read-only"):
            writable_view(b"abcd")


if __name__ == "__main__":
    if sys.argv[1:] == ["rank"]:
        with satsync.Engine() as rank_engine:
            print(work(rank_engine))
    else:
        unittest.main()
