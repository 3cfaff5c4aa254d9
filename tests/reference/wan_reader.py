"""wan_reader.py CAPTURE.pcap KEYS.json [--packets] [--messages FOLDER]

Decodes a captured session of the long haul with the initiator's secrets: a second implementation, made
from docs/handshake.md and docs/protocol.md alone. KEYS.json has hexadecimal "initiator_seed" (Ed25519),
"ephemeral_secret" (X25519) and "responder_public" (Ed25519). Prints one JSON object; with --packets a
line for each packet before it.
"""

import argparse
import collections
import json
import pathlib
import struct
import sys

import capture_file
import reed_solomon
import sodium
import wan_frames
from noise_ik import NoiseIK

HELLO, WELCOME = 0xA1, 0xA2
HELLO_BYTES, HELLO_NOISE_AT, WELCOME_NOISE_AT = 1200, 27, 10
BLOCK_SYMBOLS = 192
SUITES = {1: (b"Noise_IK_25519_AESGCM_BLAKE2b", sodium.AES256GCM),
          2: (b"Noise_IK_25519_ChaChaPoly_BLAKE2b", sodium.CHACHA20POLY1305)}
FIRST, SECOND = "initiator", "responder"


class Message:
    """What one end sent of one message."""

    def __init__(self, total):
        self.data = bytearray(total)
        self.known = bytearray(total)
        self.symbol_bytes = None
        self.repairs = set()

    def add(self, offset, payload):
        end = offset + len(payload)
        for at in range(offset, end):
            if self.known[at] and self.data[at] != payload[at - offset]:
                raise wan_frames.Malformed("a byte was sent twice, with two values")
        self.data[offset:end] = payload
        self.known[offset:end] = b"\1" * len(payload)

    def is_whole(self):
        return all(self.known)

    def block(self, number):
        size = self.symbol_bytes
        begin = number * BLOCK_SYMBOLS * size
        end = min(len(self.data), begin + BLOCK_SYMBOLS * size)
        return [bytes(self.data[at:min(at + size, end)]).ljust(size, b"\0")
                for at in range(begin, end, size)]

    def wrong_repairs(self):
        return sum(reed_solomon.repair_symbol(self.block(number), index) != payload
                   for number, index, payload in self.repairs)


class Session:
    def __init__(self, keys):
        self.static = sodium.x25519_secret_of_seed(bytes.fromhex(keys["initiator_seed"]))
        self.ephemeral = bytes.fromhex(keys["ephemeral_secret"])
        self.responder = sodium.x25519_of_ed25519(bytes.fromhex(keys["responder_public"]))
        self.noise = None
        self.cipher = None
        self.early = None
        self.traffic = {}  # by sender, then by generation
        self.generation = {FIRST: 0, SECOND: 0}  # the newest that a packet came in
        self.expected = collections.Counter()
        self.messages = {FIRST: {}, SECOND: {}}
        self.frames = {FIRST: collections.Counter(), SECOND: collections.Counter()}
        self.counts = collections.Counter()
        self.acknowledged = {FIRST: set(), SECOND: set()}  # by who sent the packets

    def hello(self, datagram):
        session, suite = struct.unpack_from("<QB", datagram, 2)
        name, self.cipher = SUITES[suite]
        prologue = b"satsync" + bytes([datagram[1], suite]) + struct.pack("<Q", session)
        noise = NoiseIK(name, self.cipher, prologue, self.responder)
        noise.first_message(datagram[HELLO_NOISE_AT:], self.static, self.ephemeral, self.responder)
        self.early = noise.export(b"satsync early")
        self.noise = noise

    def welcome(self, datagram):
        self.noise.second_message(datagram[WELCOME_NOISE_AT:], self.static, self.ephemeral)
        first, second = self.noise.split()
        self.traffic = {FIRST: [first], SECOND: [second]}

    def key(self, sender, header):
        if header.early:
            return self.early
        keys, newest = self.traffic[sender], self.generation[sender]
        generation = next(each for each in (newest, newest + 1, newest - 1, newest + 2)
                          if each % 4 == header.generation)
        self.generation[sender] = max(newest, generation)
        while len(keys) <= generation:
            keys.append(sodium.blake2b(b"satsync next generation", key=keys[-1], size=32))
        return keys[generation]

    def handle(self, datagram):
        """The number, sender and frames of a packet; None of a handshake datagram."""
        kind = datagram[0]
        if kind == HELLO:
            self.counts["hello"] += 1
            if self.counts["hello"] == 1:
                self.hello(datagram)
            return None
        if kind == WELCOME:
            self.counts["welcome"] += 1
            if self.counts["welcome"] == 1:
                self.welcome(datagram)
            return None
        if kind >= 0x80:
            self.counts["other"] += 1
            return None
        return self.packet(datagram)

    def packet(self, datagram):
        header = wan_frames.Header.of(datagram)
        sender = SECOND if header.by_responder else FIRST
        place = (sender, header.path)
        number = header.number(self.expected[place])
        nonce = struct.pack("<IQ", header.path, number)
        plain = sodium.open_sealed(self.cipher, self.key(sender, header), nonce,
                                   datagram[wan_frames.HEADER_BYTES:],
                                   datagram[:wan_frames.HEADER_BYTES])
        if plain is None:
            raise wan_frames.Malformed(f"packet {number} of the {sender} does not authenticate")
        self.expected[place] = max(self.expected[place], number + 1)
        self.counts["early" if header.early else "packets"] += 1
        found = list(wan_frames.frames(plain))
        for frame in found:
            self.take(sender, frame)
        return number, sender, found

    def take(self, sender, frame):
        self.frames[sender][frame.name] += 1
        if frame.kind == wan_frames.ACK:
            other = FIRST if sender == SECOND else SECOND
            for begin, end in frame.fields["ranges"]:
                self.acknowledged[other].update(range(begin, end))
        if frame.kind not in (wan_frames.DATA, wan_frames.COVERED, wan_frames.REPAIR):
            return
        fields = frame.fields
        message = self.messages[sender].setdefault(fields["message"], Message(fields["total"]))
        if len(message.data) != fields["total"]:
            raise wan_frames.Malformed("a message has two totals")
        message.symbol_bytes = fields.get("symbol_bytes", message.symbol_bytes)
        if frame.kind == wan_frames.REPAIR:
            message.repairs.add((fields["block"], fields["index"], frame.payload))
        else:
            message.add(fields["offset"], frame.payload)

    def summary(self):
        return {
            "cipher": self.cipher,
            "datagrams": dict(self.counts),
            "frames": {sender: dict(counts) for sender, counts in self.frames.items()},
            "acknowledged": {sender: len(numbers) for sender, numbers in self.acknowledged.items()},
            "messages": {sender: [{
                "message": number, "bytes": len(message.data), "whole": message.is_whole(),
                "blake2b": sodium.blake2b(bytes(message.data), size=32).hex(),
                "repair_symbols": len(message.repairs),
                "wrong_repair_symbols": message.wrong_repairs() if message.is_whole() else None,
            } for number, message in sorted(messages.items())]
                for sender, messages in self.messages.items()},
        }


def describe(datagram, number, sender, found):
    words = [f"{frame.name} {frame.traffic_class}".strip() + " " + " ".join(
        f"{name}={value}" for name, value in frame.fields.items()) for frame in found]
    return f"{datagram.time_ns / 1e9:.6f} {sender} {number}: {'; '.join(words) or 'padding'}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0])
    parser.add_argument("capture")
    parser.add_argument("keys")
    parser.add_argument("--packets", action="store_true")
    parser.add_argument("--messages", type=pathlib.Path)
    options = parser.parse_args()
    session = Session(json.loads(pathlib.Path(options.keys).read_text()))
    for datagram in capture_file.read(options.capture):
        decoded = session.handle(datagram.payload)
        if decoded and options.packets:
            print(describe(datagram, *decoded))
    for sender, messages in session.messages.items() if options.messages else ():
        options.messages.mkdir(exist_ok=True)
        for number, message in messages.items():
            (options.messages / f"{sender}-{number}").write_bytes(message.data)
    print(json.dumps(session.summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
