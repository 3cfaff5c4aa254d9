"""test_wan_reader.py CAPTURE-PROGRAM: the reader finds in a capture what the two ends sent."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import reed_solomon
import sodium
import wan_frames

PROGRAM = sys.argv.pop(1)
READER = pathlib.Path(__file__).with_name("wan_reader.py")


class Capture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.capture = pathlib.Path(folder.name, "session.pcap")
        self.keys = pathlib.Path(folder.name, "keys.json")

    def record(self, *words):
        out = subprocess.run([PROGRAM, self.capture, self.keys, *words], check=True,
                             capture_output=True, text=True).stdout
        return json.loads(out)

    def read(self, *words):
        out = subprocess.run([sys.executable, "-B", READER, self.capture, self.keys, *words],
                             capture_output=True, text=True, check=True).stdout.splitlines()
        return json.loads(out[-1]), out[:-1]

    def check(self, sent, found):
        for end, messages in sent.items():
            for message, seen in zip(messages, found["messages"][end], strict=True):
                self.assertTrue(seen["whole"])
                self.assertEqual({name: seen[name] for name in message}, message)
                self.assertEqual(seen["wrong_repair_symbols"], 0)
        self.assertGreater(sum(message["repair_symbols"]
                               for message in found["messages"]["initiator"]), 3)
        self.assertGreater(found["datagrams"]["early"], 0)
        self.assertGreater(found["frames"]["responder"]["ACK"], 10)
        self.assertGreater(found["acknowledged"]["initiator"], 300)

    @unittest.skipUnless(sodium.has_aes256gcm(), "no AES in hardware")
    def test_a_session_under_aes(self):
        sent = self.record()
        found, packets = self.read("--packets")
        self.assertEqual(found["cipher"], sodium.AES256GCM)
        self.check(sent, found)
        self.assertEqual(len(packets), found["datagrams"]["packets"] + found["datagrams"]["early"])

    def test_a_session_under_chacha(self):
        sent = self.record("chacha")
        found, _ = self.read()
        self.assertEqual(found["cipher"], sodium.CHACHA20POLY1305)
        self.check(sent, found)

    def test_a_flipped_bit_is_seen(self):
        self.record("chacha")
        data = bytearray(self.capture.read_bytes())
        data[len(data) // 2] ^= 1
        self.capture.write_bytes(data)
        with self.assertRaises(subprocess.CalledProcessError) as caught:
            self.read()
        self.assertIn("does not authenticate", caught.exception.stderr)


class Pieces(unittest.TestCase):
    def test_varints_are_those_of_rfc_9000(self):
        for text, value in (("c2197c5eff14e88c", 151288809941952652), ("9d7f3e7d", 494878333),
                            ("7bbd", 15293), ("25", 37)):
            self.assertEqual(wan_frames.Reader(bytes.fromhex(text)).varint(), value)

    def test_numbers_are_completed_to_the_nearest(self):
        header = wan_frames.Header(False, 0, False, 0, 0, 0xFFFFFFF0)
        self.assertEqual(header.number(2**32 + 5), 0xFFFFFFF0)
        header.low_number = 3
        self.assertEqual(header.number(2**32 - 2), 2**32 + 3)

    def test_one_symbol_repairs_as_itself_times_its_coefficient(self):
        # k = 1, row 0: 1 / (1 xor 0) = 1.
        self.assertEqual(reed_solomon.repair_symbol([b"abc"], 0), b"abc")
        # Row 1: 1 / 2 = 0x8e over 0x11d.
        self.assertEqual(reed_solomon.repair_symbol([b"\1"], 1), b"\x8e")


if __name__ == "__main__":
    unittest.main()
