import time
import unittest

import satsync
from satsync import Status
from support import Sites


class TwoSites(Sites):
    def setUp(self):
        super().setUp()
        self.far = satsync.Store.create(self.engine, self.path("abudhabi.store"), self.abudhabi)

    def serve(self, peers):
        serving = self.far.serve("127.0.0.1:0", peers)
        while serving.address() is None:
            time.sleep(0.01)
        return serving

    def test_a_push_ends_when_the_peer_has_it(self):
        self.save(7)
        with self.serve([self.path("memphis.key.pub")]) as serving:
            plan = self.store.plan(7, serving.address(), self.abudhabi).wait(60).progress()
            self.assertEqual(plan.present_bytes, 0)
            self.assertGreater(plan.total_bytes, 0)
            push = self.store.push(7, serving.address(), self.path("abudhabi.key.pub")).wait(60)
            self.assertEqual(push.progress().activity, satsync.Activity.DONE)
            ended = [event for event in serving.events() if event.finished and event.received]
            self.assertEqual([(event.step, event.status) for event in ended], [(7, Status.OK)])
        self.assertEqual(self.far.steps(), [7])
        self.assertTrue(self.far.verify(7).authenticated)
        self.assertEqual(self.far.info(7).digest, self.store.info(7).digest)

    def test_a_pull_fetches(self):
        self.save(7)
        with self.serve([self.memphis]) as serving:
            self.store.push(7, serving.address(), self.abudhabi).wait(60)
            other = satsync.Store.create(self.engine, self.path("other.store"), self.memphis)
            other.pull(7, serving.address(), self.abudhabi).wait(60)
            self.assertEqual(other.steps(), [7])

    def test_a_stranger_is_refused(self):
        self.save(7)
        stranger = satsync.Key.generate(self.path("stranger.key"))
        with self.serve([stranger]) as serving:
            with self.assertRaises(satsync.PeerError) as caught:
                self.store.push(7, serving.address(), self.abudhabi, give_up=20).wait(60)
            self.assertEqual(caught.exception.status, Status.REFUSED)

    def test_a_peer_that_only_reads_may_not_push(self):
        self.save(7)
        with self.serve([(self.memphis, satsync.READ)]) as serving:
            with self.assertRaises(satsync.PeerError):
                self.store.push(7, serving.address(), self.abudhabi).wait(60)
        self.assertEqual(self.far.steps(), [])

    def test_a_wait_ends_at_its_timeout_and_a_cancel_is_said(self):
        self.save(7)
        push = self.store.push(7, "127.0.0.1:9", self.abudhabi)
        with self.assertRaises(TimeoutError):
            push.wait(0.1)
        self.assertFalse(push.done)
        push.cancel()
        with self.assertRaises(satsync.Error) as caught:
            push.wait(60)
        self.assertEqual(caught.exception.status, Status.CANCELLED)

    def test_without_a_key_there_is_no_transfer(self):
        self.save(7)
        blind = satsync.Store(self.engine, self.store.path)
        with self.assertRaisesRegex(satsync.UsageError, "key"):
            blind.push(7, "127.0.0.1:9", self.abudhabi)


if __name__ == "__main__":
    unittest.main()
