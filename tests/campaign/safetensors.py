"""Writes safetensors files for campaigns, a function of a seed, by code of its own."""

import json
import random
import struct

BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2,
         "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8}
PIECE_BYTES = 1 << 20


def write(path, tensors, seed, metadata=None):
    """`tensors` is a list of (name, dtype, shape); half of the bytes are compressible."""
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    sizes = []
    for name, dtype, shape in tensors:
        size = BYTES[dtype]
        for extent in shape:
            size *= extent
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
        sizes.append(size)
    text = json.dumps(header).encode()
    generator = random.Random(seed)
    regular = bytearray(generator.randbytes(PIECE_BYTES))
    for place in (1, 2, 3):
        regular[place::4] = bytes([60 + place]) * len(regular[place::4])
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for size in sizes:
            write_tensor(file, size, generator, regular)


def write_tensor(file, size, generator, regular):
    """Pieces of random bytes, every other one with three bytes in four the same."""
    turn = 0
    while size > 0:
        piece = generator.randbytes(min(size, PIECE_BYTES)) if turn % 2 else regular[:size]
        file.write(piece)
        size -= len(piece)
        turn += 1
