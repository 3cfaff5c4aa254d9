"""The tally of a campaign: which seeds are done, in a text file, and the sums at the end."""

import argparse
import collections
import os
import sys


class Tally:
    def __init__(self, name, count):
        parser = argparse.ArgumentParser(prog=name)
        parser.add_argument("program", help="the satsync to test")
        parser.add_argument("--count", type=int, default=count)
        parser.add_argument("--seed", type=int, default=1, help="of the first trial")
        parser.add_argument("--tally", help="file that remembers the trials that are done")
        self.arguments = parser.parse_args()
        self.name = name
        self.words = collections.Counter()
        self.failures = 0
        self.done = {}
        if self.arguments.tally and os.path.exists(self.arguments.tally):
            with open(self.arguments.tally, encoding="ascii") as file:
                self.done = {int(seed): word for seed, word in map(str.split, file)}

    def seeds(self):
        first = self.arguments.seed
        for seed in range(first, first + self.arguments.count):
            if seed in self.done:
                self.words[self.done[seed]] += 1
            else:
                yield seed

    def add(self, seed, word):
        self.words[word] += 1
        if self.arguments.tally:
            with open(self.arguments.tally, "a", encoding="ascii") as file:
                file.write(f"{seed} {word}\n")

    def fail(self, seed, why):
        self.failures += 1
        print(f"{self.name}: seed {seed}: FAILED: {why}", flush=True)

    def end(self):
        first = self.arguments.seed
        print(f"{self.name}: seeds {first} to {first + self.arguments.count - 1}, "
              f"{len(self.done)} of them done before")
        for word, count in sorted(self.words.items()):
            print(f"  {word:<40} {count}")
        print(f"  {'FAILED':<40} {self.failures}")
        sys.exit(1 if self.failures else 0)
