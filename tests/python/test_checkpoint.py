import array
import gc
import os
import unittest

import satsync
from satsync import Dtype, Status
from support import Sites


class Checkpoint(Sites):
    def test_what_is_put_is_read_back(self):
        weight = self.save(1)
        with self.store.read(1) as reader:
            self.assertEqual(list(reader), ["weight"])
            self.assertEqual(reader["weight"].shape, (10_000,))
            out = array.array("f", bytes(40_000))
            reader.read_into("weight", out)
            self.assertEqual(out, weight)

    def test_memory_may_change_once_put_returned(self):
        weight = array.array("f", range(1_000_000))
        kept = array.array("f", weight)
        with self.store.save(1) as save:
            save.put("weight", weight)
            for index in range(len(weight)):
                weight[index] = -1
        save.operation.wait(60)
        with self.store.read(1) as reader:
            self.assertEqual(reader.read("weight"), kept.tobytes())

    def test_raw_bytes_take_a_dtype_and_a_shape(self):
        with self.store.save(1) as save:
            save.put("half", bytes(range(12)), Dtype.BF16, (2, 3))
            save.put("nothing", b"", Dtype.F32, (0, 4))
        save.operation.wait(60)
        with self.store.read(1) as reader:
            self.assertEqual((reader["half"].dtype, reader["half"].shape), (Dtype.BF16, (2, 3)))
            self.assertEqual(reader["nothing"].shape, (0, 4))
            self.assertEqual(reader.read("nothing"), b"")
            self.assertEqual(reader.read("half", (slice(1, 2), slice(-2, None))),
                             bytes([8, 9, 10, 11]))

    def test_blobs_come_back_whole(self):
        with self.store.save(1) as save:
            save.put_blob("random", b"\0\1\2")
            save.put_blob("empty", b"")
        save.operation.wait(60)
        with self.store.read(1) as reader:
            self.assertEqual(reader.blob("random"), b"\0\1\2")
            self.assertEqual(reader.blob("empty"), b"")

    def test_an_exception_in_the_block_abandons_the_save(self):
        with self.assertRaises(KeyError):
            with self.store.save(1) as save:
                save.put("weight", array.array("f", [1.0]))
                raise KeyError
        self.assertEqual(self.store.steps(), [])

    def test_a_patch_makes_the_later_step_of_the_earlier(self):
        self.save(1)
        self.save(2)
        for step in (1, 2):
            self.store.restore_files(step, self.path(f"{step}.safetensors")).wait(60)
        self.store.make_patch(1, 2, self.path("patch")).wait(60)
        info = self.engine.patch_info(self.path("patch"))
        self.assertEqual((info.from_step, info.to_step), (1, 2))
        old, out = self.path("1.safetensors"), self.path("out")
        self.engine.apply_patch(self.path("patch"), old, out).wait(60)
        with open(out, "rb") as made, open(self.path("2.safetensors"), "rb") as restored:
            self.assertEqual(made.read(), restored.read())
        with self.assertRaises(satsync.Error) as caught:
            self.engine.apply_patch(self.path("patch"), out, out).wait(60)
        self.assertEqual(caught.exception.status, Status.CONFLICT)

    def test_a_save_larger_than_the_disk_is_refused_at_its_begin(self):
        with self.assertRaises(satsync.Error) as caught:
            self.store.save(1, expected_bytes=2**60)
        self.assertEqual(caught.exception.status, Status.NO_SPACE)

    def test_a_save_that_nobody_waits_for_is_finished_before_the_engine_closes(self):
        with satsync.Engine() as engine:
            store = satsync.Store(engine, self.store.path, self.memphis)
            with store.save(5) as save:
                save.put("weight", array.array("f", range(2_000_000)))
            del save
            gc.collect()
        self.assertEqual(self.store.steps(), [5])

    def test_a_step_is_saved_once(self):
        self.save(1)
        with self.assertRaises(satsync.UsageError) as caught:
            self.store.save(1)
        self.assertEqual(caught.exception.status, Status.CONFLICT)
        self.assertIn("step 1", caught.exception.subject)

    def test_a_mismatch_of_shape_or_dtype_is_named(self):
        self.save(1)
        with self.store.read(1) as reader:
            with self.assertRaisesRegex(satsync.UsageError, "F32 .10000,., the array F64 .10,."):
                reader.read_into("weight", array.array("d", range(10)))
            with self.assertRaisesRegex(satsync.UsageError, "40000 bytes, the buffer 3"):
                reader.read_into("weight", bytearray(3))
            with self.assertRaisesRegex(satsync.UsageError, "read-only"):
                reader.read_into("weight", bytes(40_000))
            with self.assertRaises(satsync.UsageError) as caught:
                reader["bias"]
            self.assertEqual(caught.exception.status, Status.NOT_FOUND)
            self.assertNotIn("bias", reader)

    def test_a_base_makes_an_unchanged_tensor_cheap(self):
        self.save(1)
        with self.store.save(2, base="auto") as save:
            save.put("weight", array.array("f", range(1, 10_001)))
        save.operation.wait(60)
        self.assertLess(self.store.info(2).stored_bytes, self.store.info(1).stored_bytes / 4)

    def test_an_unknown_codec_is_refused(self):
        with self.assertRaisesRegex(satsync.UsageError, "gzip"):
            self.store.save(1, codec="gzip")

    def test_files_go_in_and_out(self):
        self.save(1)
        path = self.path("out.safetensors")
        self.store.restore_files(1, path).wait(60)
        self.store.save_files([path], 2).wait(60)
        again = self.path("again.safetensors")
        self.store.restore_files(2, again).wait(60)
        with open(path, "rb") as first, open(again, "rb") as second:
            self.assertEqual(first.read(), second.read())


class StoreLife(Sites):
    def test_damage_is_reported_in_full(self):
        self.save(1)
        packs = [os.path.join(folder, name) for folder, _, names in os.walk(self.store.path)
                 for name in names if os.path.getsize(os.path.join(folder, name)) > 10_000]
        with open(packs[0], "r+b") as pack:
            pack.seek(9_000)
            byte = pack.read(1)
            pack.seek(9_000)
            pack.write(bytes([byte[0] ^ 1]))
        with self.assertRaises(satsync.IntegrityError) as caught:
            self.store.verify()
        report = caught.exception.report
        self.assertGreaterEqual(report.damaged, 1)
        self.assertEqual(report.damages[0][0], 1)

    def test_more_losses_than_parity_are_reported(self):
        self.save(1, parity=(2, 1))
        for name in sorted(os.listdir(f"{self.store.path}/packs"))[:2]:
            os.remove(f"{self.store.path}/packs/{name}")
        with self.assertRaises(satsync.IntegrityError) as caught:
            self.store.repair()
        self.assertEqual((caught.exception.report.damaged, caught.exception.report.mended), (2, 0))

    def test_prune_keeps_what_it_is_told(self):
        for step in (1, 2, 3, 4):
            self.save(step)
        dry = self.store.prune(keep_last=1, keep_every=2, dry_run=True)
        self.assertEqual((dry.steps, self.store.steps()), ((1, 3), [1, 2, 3, 4]))
        self.store.prune(keep_last=1, keep_every=2)
        self.assertEqual(self.store.steps(), [2, 4])

    def test_a_lost_pack_is_mended_from_parity(self):
        with self.store.save(1, parity=(2, 1)) as save:
            save.put("weight", array.array("f", range(10_000)))
        save.operation.wait(60)
        packs = os.path.join(self.store.path, "packs")
        os.unlink(os.path.join(packs, sorted(os.listdir(packs))[0]))
        with self.assertRaises(satsync.IntegrityError):
            self.store.verify(quick=True)
        self.assertEqual(self.store.repair(dry_run=True).mended, 1)
        report = self.store.repair(1)
        self.assertEqual((report.packs, report.damaged, report.mended), (3, 1, 1))
        self.assertEqual(report.damages[0][:2], (1, Status.OK))
        self.assertEqual(self.store.verify().damaged, 0)

    def test_a_rounding_of_what_came_before_takes_no_space(self):
        weight = array.array("f", [float(index % 128) for index in range(10_000)])
        bits = weight.tobytes()  # of numbers that bf16 has: their upper halves
        copy = b"".join(bits[at + 2:at + 4] for at in range(0, len(bits), 4))
        for step, derive in ((1, "none"), (2, "bf16")):
            with self.store.save(step, codec="stored", derive=derive) as save:
                save.put("weight", weight)
                save.put("copy", copy, Dtype.BF16, (10_000,))
            save.operation.wait(60)
            with self.store.read(step) as reader:
                self.assertEqual(reader.read("copy"), copy)
                self.assertEqual(reader.cost("copy")["derived_bytes"], 20_000 * (derive == "bf16"))
                self.assertEqual(reader.cost("weight")["codecs"], ["stored"])
        self.assertLess(self.store.info(2).stored_bytes, self.store.info(1).stored_bytes - 15_000)

    def test_a_tag_keeps_from_prune(self):
        for step in (1, 2):
            self.save(step)
        self.store.tag(1, "best")
        self.store.tag(1, "best.eval")
        self.assertEqual(self.store.tags(1), ["best", "best.eval"])
        self.assertEqual(self.store.prune(keep_last=1).removed, 0)
        self.store.untag(1, "best")
        self.assertEqual(self.store.tags(1), ["best.eval"])
        self.assertEqual(self.store.prune(keep_last=1, drop_tagged=True).steps, (1,))

    def test_recipients_can_read_and_others_cannot(self):
        self.save(1)
        self.assertTrue(self.store.readable(1, self.path("abudhabi.key.pub")))
        stranger = satsync.Key.generate(self.path("stranger.key"))
        self.assertFalse(self.store.readable(1, stranger))

    def test_closed_things_say_so(self):
        reader = None
        self.save(1)
        reader = self.store.read(1)
        self.store.close()
        with self.assertRaisesRegex(ValueError, "Reader is closed"):
            len(reader)
        self.store.close()

    def test_a_path_that_is_no_store_is_named(self):
        with self.assertRaises(satsync.UsageError) as caught:
            satsync.Store(self.engine, self.path("nowhere"))
        self.assertIn("nowhere", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
