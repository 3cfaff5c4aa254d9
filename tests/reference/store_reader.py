"""store_reader.py STORE STEP KEY-FILE [OUTPUT-FOLDER]

Reads one checkpoint of a store: a second implementation, made from docs/format.md alone. Checks
signature, digests, checksums and seals, prints what there is as one JSON object, and writes the files
that were saved into OUTPUT-FOLDER.
"""

import base64
import ctypes
import ctypes.util
import hashlib
import json
import pathlib
import struct
import sys
from dataclasses import dataclass

import chunk_codec
import reed_solomon
import sodium
from chunk_codec import Corrupt

_xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
TYPES = {1: "BOOL", 2: "U8", 3: "I8", 4: "F8_E5M2", 5: "F8_E4M3", 6: "F8_E8M0",
         7: "F8_E4M3FNUZ", 8: "F8_E5M2FNUZ", 9: "I16", 10: "U16", 11: "F16", 12: "BF16",
         13: "I32", 14: "U32", 15: "F32", 16: "C64", 17: "F64", 18: "I64", 19: "U64"}
CIPHERS = {1: sodium.AES256GCM, 2: sodium.CHACHA20POLY1305}
PARITY, STRIPE_BYTES = 0, 256 << 10
TENSOR, BLOB, HEADER, INDEX = 1, 2, 3, 4
FILE_RECORD, TENSOR_RECORD, BLOB_RECORD, CHUNK_RECORD, DERIVED_RECORD = 1, 2, 3, 4, 5
SIGNER_AT, SIGNATURE_BYTES = 52, 64


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


_xxhash.XXH3_128bits.restype = Hash128
_xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def checksum(data):
    hashed = _xxhash.XXH3_128bits(data, len(data))
    return struct.pack(">QQ", hashed.high, hashed.low)


def digest(data):
    return sodium.blake2b(data, size=32)


def need(holds, what):
    if not holds:
        raise Corrupt(what)


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        need(self.at + size <= len(self.data), "a structure is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def fixed(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def varint(self):
        first = self.take(1)
        rest = self.take((1 << (first[0] >> 6)) - 1)
        return int.from_bytes(bytes([first[0] & 0x3F]) + rest, "big")

    def name(self):
        return self.take(self.varint()).decode()

    def run(self):
        return Run(self.varint(), self.varint(), self.varint())

    def extent(self):
        return Extent(self.varint(), self.varint(), self.varint(), self.varint(), self.take(1)[0])


@dataclass
class Run:
    bytes: int
    first_chunk: int
    chunk_bytes: int


@dataclass
class Extent:
    pack: int
    number: int
    offset: int
    bytes: int
    codec: int


def read_seed(path):
    kind, body = pathlib.Path(path).read_text().split()[:2]
    raw = base64.b64decode(body)
    need(kind == "satsync-key-v1" and digest(kind.encode() + raw[:32])[:4] == raw[32:],
         "the key file")
    return raw[:32]


class Pack:
    def __init__(self, root, recipients, folder):
        (identity, self.step, self.bytes, table_at, table_bytes, self.table_digest,
         self.algorithm) = root.fixed("16sQQQQ32sB")
        self.cipher = CIPHERS.get(self.algorithm)
        self.wrapped = [root.take(80) for _ in range(recipients)]
        self.data = (folder / "packs" / f"{identity.hex()}.pack").read_bytes()
        self.key = None
        self.check(table_at, table_bytes)

    def check(self, table_at, table_bytes):
        table = self.data[table_at:table_at + table_bytes]
        need(len(self.data) == self.bytes and digest(table) == self.table_digest, "a pack's table")
        reader = Reader(table)
        magic, version, count = reader.fixed("4sIQ")
        need((magic, version) == (b"SSXT", 1), "a pack's version")
        self.sizes, offset = {}, 0
        for _ in range(count):
            size, expected = reader.fixed("I16s")
            need(checksum(self.data[offset:offset + size]) == expected,
                 "the checksum of an extent")
            self.sizes[offset] = size
            offset += size
        need(offset == table_at and not any(self.data[table_at + table_bytes:]),
             "what stands beside the extents")

    def unwrap(self, number, public, secret):
        if self.algorithm == PARITY:
            return
        self.key = sodium.open_box(self.wrapped[number], public, secret)
        need(self.key is not None, "a pack's wrapped key")


class Checkpoint:
    def __init__(self, folder, step, seed):
        self.folder = pathlib.Path(folder)
        data = (self.folder / "manifests" / f"{step:020}.manifest").read_bytes()
        self.check_signature(data)
        self.read_root(Reader(data), sodium.ed25519_of_seed(seed), seed)
        self.records = {kind: [] for kind in (FILE_RECORD, TENSOR_RECORD, BLOB_RECORD)}
        self.chunks = []
        for number, part in enumerate(self.parts):
            self.read_part(number, *part)

    @staticmethod
    def check_signature(data):
        signed, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
        need(data[:8] == b"SSYNCMAN", "a manifest's first bytes")
        need(sodium.verify(signature, b"satsync manifest\0" + digest(signed),
                           data[SIGNER_AT:SIGNER_AT + 32]), "the manifest's signature")

    def read_root(self, root, public, seed):
        _, major, self.minor, self.origin, self.step, _, _, self.signer = \
            root.fixed("8sHH16sQQQ32s")
        need(major in (1, 2, 3), f"format version {major} is newer")
        self.raw_bytes, self.stored_bytes, _, _, recipients, packs, parts = root.fixed("QQQQIII")
        keys = [root.take(32) for _ in range(recipients)]
        need(public in keys, "this key is no recipient")
        self.packs = [Pack(root, recipients, self.folder) for _ in range(packs)]
        for pack in self.packs:
            pack.unwrap(keys.index(public), sodium.x25519_of_ed25519(public),
                        sodium.x25519_secret_of_seed(seed))
        self.parts = []
        for _ in range(parts):
            pack, number, offset, sealed, raw, codec, *_ = root.fixed("IQQIIBQIQI")
            self.parts.append((Extent(pack, number, offset, sealed, codec), raw))
        for _ in range(root.fixed("I")[0] if major >= 3 else 0):
            self.check_array(*root.fixed("IBB"))

    def check_array(self, first, data, parity):
        """The parity packs hold what the data packs give, run by run."""
        content = [pack.data for pack in self.packs[first:first + data]]
        longest = max(map(len, content))
        for row, pack in enumerate(self.packs[first + data:first + data + parity]):
            need(pack.algorithm == PARITY, "a parity pack's algorithm")
            for at in range(0, longest, STRIPE_BYTES):
                size = min(STRIPE_BYTES, longest - at)
                run = [one[at:at + size].ljust(size, b"\0") for one in content]
                need(pack.sizes.get(at) == size and
                     pack.data[at:at + size] == reed_solomon.repair_symbol(run, row), "parity")

    def read_part(self, number, extent, raw_bytes):
        reader = Reader(self.open(extent, INDEX, number, 0, raw_bytes))
        magic, stands, records = reader.fixed("4sII")
        need((magic, stands) == (b"SSIX", number), "an index part")
        for _ in range(records):
            kind = reader.take(1)[0]
            if kind == FILE_RECORD:
                self.records[kind].append((reader.name(), reader.take(1)[0], reader.run()))
            elif kind == TENSOR_RECORD:
                name, file, (dtype, rank) = reader.name(), reader.varint(), reader.fixed("BB")
                shape = reader.fixed(f"{rank}Q")
                self.records[kind].append((name, file, TYPES[dtype], shape, reader.run()))
            elif kind == BLOB_RECORD:
                self.records[kind].append((reader.name(), reader.run()))
            elif kind == CHUNK_RECORD:
                raw, extent, bases = reader.varint(), reader.extent(), reader.take(1)[0]
                self.chunks.append((raw, extent, reader.extent() if bases else None))
            else:
                need(kind == DERIVED_RECORD, f"a record of kind {kind}")
                self.chunks.append((reader.varint(), reader.take(1)[0], reader.varint()))
        need(reader.at == len(reader.data), "bytes after the records")

    def open(self, extent, kind, item, position, raw_bytes, base=None):
        """One extent, authenticated in its place and decoded."""
        pack = self.packs[extent.pack]
        need(pack.sizes.get(extent.offset) == extent.bytes, "an extent's place")
        place = b"satsync extent 1" + self.origin + struct.pack(
            "<QBBQQQ", pack.step, kind, extent.codec, item, position, raw_bytes)
        coded = sodium.open_sealed(pack.cipher, pack.key, struct.pack("<QI", extent.number, 0),
                                   pack.data[extent.offset:extent.offset + extent.bytes], place)
        need(coded is not None and coded[0] == extent.codec, "the seal of an extent")
        return chunk_codec.decode(coded, raw_bytes, base)

    def content(self, kind, item, run):
        out = bytearray()
        for number in range(run.first_chunk, run.first_chunk + -(-run.bytes // run.chunk_bytes)):
            raw, extent, base = self.chunks[number]
            need(raw == min(run.chunk_bytes, run.bytes - len(out)), "a chunk's size")
            if isinstance(extent, int):
                out += self.derived(base, len(out), raw)
                continue
            below = base and self.open(base, kind, item, len(out), raw)
            out += self.open(extent, kind, item, len(out), raw, below)
        return bytes(out)

    def derived(self, master, offset, raw_bytes):
        """Rule 1: BF16 elements are those of an F32 tensor, rounded to nearest, ties to even."""
        values = struct.unpack(f"<{raw_bytes // 2}I", self.tensor(master)[2 * offset:
                                                                         2 * (offset + raw_bytes)])
        return struct.pack(f"<{raw_bytes // 2}H", *(
            0x7FC0 if value & 0x7FFFFFFF > 0x7F800000
            else (value + 0x7FFF + (value >> 16 & 1) >> 16) & 0xFFFF for value in values))

    def tensor(self, number):
        return self.content(TENSOR, number, self.records[TENSOR_RECORD][number][-1])

    def file(self, number):
        """Byte for byte as it was saved; a file without a header of its own is left to the names."""
        name, kind, run = self.records[FILE_RECORD][number]
        data = self.content(HEADER, number, run)
        if kind == 1:
            data += b"".join(self.tensor(index)
                             for index, tensor in enumerate(self.records[TENSOR_RECORD])
                             if tensor[1] == number)
        return name, data

    def summary(self):
        return {
            "step": self.step, "raw_bytes": self.raw_bytes, "stored_bytes": self.stored_bytes,
            "codecs": sorted({extent if isinstance(extent, int) else extent.codec
                              for _, extent, _ in self.chunks}),
            "tensors": [{"name": name, "dtype": dtype, "shape": shape,
                         "sha256": hashlib.sha256(self.tensor(number)).hexdigest()}
                        for number, (name, _, dtype, shape, _)
                        in enumerate(self.records[TENSOR_RECORD])],
            "blobs": [name for name, _ in self.records[BLOB_RECORD]],
        }


def main():
    if len(sys.argv) not in (4, 5):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    checkpoint = Checkpoint(sys.argv[1], int(sys.argv[2]), read_seed(sys.argv[3]))
    if len(sys.argv) == 5:
        folder = pathlib.Path(sys.argv[4])
        folder.mkdir(exist_ok=True)
        for number in range(len(checkpoint.records[FILE_RECORD])):
            name, data = checkpoint.file(number)
            (folder / pathlib.PurePath(name).name).write_bytes(data)
    print(json.dumps(checkpoint.summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
