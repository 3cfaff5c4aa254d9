"""What the tests of the Python package share: a folder with two sites' keys, and an engine."""

import array
import tempfile
import unittest

import satsync


class Sites(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.memphis = satsync.Key.generate(self.path("memphis.key"))
        self.abudhabi = satsync.Key.generate(self.path("abudhabi.key"))
        self.engine = satsync.Engine(workers=2)
        self.addCleanup(self.engine.close)
        self.store = satsync.Store.create(self.engine, self.path("memphis.store"), self.memphis,
                                          [self.path("abudhabi.key.pub")])

    def path(self, name):
        return f"{self.folder}/{name}"

    def save(self, step, count=10_000, **options):
        """A checkpoint of one tensor that counts up from `step`."""
        weight = array.array("f", range(step, step + count))
        with self.store.save(step, **options) as save:
            save.put("weight", weight)
        save.operation.wait(60)
        return weight
