import array
import threading
import time
import unittest

import satsync
from support import Sites

STEPS = 12


class TwoSitesTrain(Sites):
    def group(self, site, key, tensors, first=None, **options):
        sites = [satsync.Site(self.memphis, first), satsync.Site(self.abudhabi)]
        return satsync.Group(self.engine, key, sites, site, self.path(f"{site}.promises"), tensors,
                             listen="127.0.0.1:0", inner_steps=4, deadline=60, collect=50,
                             **options)

    def train(self, site, group, weight):
        for step in range(1, STEPS + 1):
            for index in range(len(weight)):
                weight[index] += 0.001 * (site + 1)
            while not group.step(step):
                self.fail("an outer step is late")
        self.linger(group)

    def linger(self, group):
        """The other may still need what this one has."""
        until = time.monotonic() + 60
        while group.stats().behind and time.monotonic() < until:
            time.sleep(0.01)

    def test_both_hold_the_same_bits(self):
        weights = [array.array("f", [0.5] * 1000) for _ in range(2)]
        near = self.group(0, self.memphis, {"weight": weights[0]})
        far = self.group(1, self.abudhabi, {"weight": weights[1]}, first=near.address())
        self.assertEqual(near.state_hash(), far.state_hash())
        start = near.state_hash()
        groups = (near, far)
        threads = [threading.Thread(target=self.train, args=(site, groups[site], weights[site]))
                   for site in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([group.stats().applied_steps for group in groups], [3, 3])
        self.assertEqual(near.state_hash(), far.state_hash())
        self.assertNotEqual(near.state_hash(), start)
        decided = [event for event in near.events() if event.kind == satsync.EventKind.DECIDED]
        self.assertEqual([event.sites for event in decided], [(0, 1)] * 3)
        with self.store.save(12) as save:
            save.put_group(near)
        save.operation.wait(60)
        self.resume(near.state_hash())

    def resume(self, expected):
        weight = array.array("f", bytes(4000))
        with self.group(0, self.memphis, {"weight": weight}) as group:
            with self.store.read(12) as reader:
                reader.load_group(group)
            self.assertEqual(group.state_hash(), expected)
        self.assertGreater(weight[0], 0.5)

    def test_tensors_must_be_fp32_and_writable(self):
        with self.assertRaisesRegex(satsync.UsageError, "fp32"):
            self.group(0, self.memphis, {"weight": array.array("d", [1.0])})
        with self.assertRaises(TypeError):
            self.group(0, self.memphis, {"weight": array.array("f", [1.0])}, inner_step=3)


if __name__ == "__main__":
    unittest.main()
