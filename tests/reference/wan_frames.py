"""Packets and frames of the long haul, decoded by docs/protocol.md."""

import struct
from dataclasses import dataclass, field

HEADER_BYTES = 13
PADDING, PING, ACK, WINDOW, HAVE, CLOSE, RTT = range(7)
DATA, COVERED, REPAIR = 0x10, 0x14, 0x18
CLASSES = ("control", "gradient", "checkpoint")
NAMES = {PING: "PING", ACK: "ACK", WINDOW: "WINDOW", HAVE: "HAVE", CLOSE: "CLOSE", RTT: "RTT",
         DATA: "DATA", COVERED: "COVERED", REPAIR: "REPAIR"}


class Malformed(Exception):
    """The peer broke the protocol."""


@dataclass
class Header:
    by_responder: bool
    path: int
    early: bool
    generation: int
    session: int
    low_number: int

    @classmethod
    def of(cls, datagram):
        first, session, number = struct.unpack_from("<BQI", datagram)
        return cls(bool(first & 0x40), first >> 3 & 7, bool(first & 4), first & 3, session, number)

    def number(self, expected):
        """The number with these low bits that is nearest to what is expected."""
        near = expected & ~0xFFFFFFFF | self.low_number
        return min((near - 2**32, near, near + 2**32),
                   key=lambda number: (number < 0, abs(number - expected)))


@dataclass
class Frame:
    kind: int
    traffic_class: str = ""
    fields: dict = field(default_factory=dict)
    payload: bytes = b""

    @property
    def name(self):
        return NAMES[self.kind]


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        if size > self.left():
            raise Malformed("a frame is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        """RFC 9000, section 16."""
        first = self.take(1)
        rest = self.take((1 << (first[0] >> 6)) - 1)
        return int.from_bytes(bytes([first[0] & 0x3F]) + rest, "big")


def _ack(reader):
    largest, delay_us, received_us, count = (reader.varint() for _ in range(4))
    if not 1 <= count <= 64 or received_us >= 2**30:
        raise Malformed("an acknowledgement without ranges")
    ranges, end = [], largest + 1
    for index in range(count):
        if index > 0:
            end = ranges[-1][0] - reader.varint() - 1
        begin = end - reader.varint() - 1
        if begin < 0 or end <= 0:
            raise Malformed("an acknowledgement of packets below zero")
        ranges.append((begin, end))
    return Frame(ACK, fields={"delay_us": delay_us, "received_us": received_us, "ranges": ranges})


def _data(kind, reader):
    frame = Frame(kind & ~3, CLASSES[kind & 3])
    if frame.kind == REPAIR:
        names = ("message", "total", "block")
    else:
        names = ("message", "total", "offset")
    frame.fields = {name: reader.varint() for name in names}
    if frame.kind != DATA:
        frame.fields["symbol_bytes"] = int.from_bytes(reader.take(2), "little")
    if frame.kind == REPAIR:
        frame.fields["index"] = reader.take(1)[0]
    frame.payload = reader.take(reader.left())
    if not frame.payload:
        raise Malformed("no payload")
    if frame.kind != REPAIR and frame.fields["offset"] + len(frame.payload) > frame.fields["total"]:
        raise Malformed("data past the message's total")
    return frame


def frames(payload):
    reader = Reader(payload)
    while reader.left():
        kind = reader.take(1)[0]
        if kind == PADDING:
            continue
        if kind == PING:
            yield Frame(PING)
        elif kind == ACK:
            yield _ack(reader)
        elif kind in (WINDOW, CLOSE, RTT):
            yield Frame(kind, fields={"value": reader.varint()})
        elif kind == HAVE:
            yield Frame(HAVE, fields={name: reader.varint()
                                      for name in ("message", "offset", "bytes")})
        elif kind & ~3 in (DATA, COVERED, REPAIR) and kind & 3 < 3:
            yield _data(kind, reader)
        else:
            raise Malformed(f"frame kind {kind:#x}")
