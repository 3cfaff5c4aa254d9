"""Two steps of a small training state as safetensors files: every type, and what each codec likes."""

import json
import random
import struct

SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2,
         "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8}


def safetensors(tensors):
    """tensors: of (name, dtype, shape, bytes)."""
    header, body = {"__metadata__": {"made by": "tests/reference"}}, b""
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def _pack(form, values):
    return struct.pack(f"<{len(values)}{form}", *values)


def _bf16(values):
    bits = struct.unpack(f"<{len(values)}I", _pack("f", values))
    return _pack("H", [(value + 0x7FFF + (value >> 16 & 1)) >> 16 for value in bits])


def states(seed=4):
    """The files of step 1 and of step 2: `weight` moves a little everywhere, `row` in few places,
    `still` not at all."""
    rng = random.Random(seed)
    weight = [rng.gauss(0, 0.02) for _ in range(1500)]
    row = [rng.gauss(0, 1) for _ in range(1200)]
    still = bytes(rng.randrange(256) for _ in range(900))
    every = [(f"every.{dtype}", dtype, [2, 3], bytes(rng.randrange(2) for _ in range(6 * size)))
             for dtype, size in SIZES.items()]
    for step in (1, 2):
        yield safetensors([("weight", "F32", [30, 50], _pack("f", weight)),
                           ("weight.bf16", "BF16", [1500], _bf16(weight)),
                           ("row", "F64", [1200], _pack("d", row)),
                           ("still", "U8", [900], still),
                           ("count", "I64", [], struct.pack("<q", step)),
                           ("nothing", "F16", [0, 7], b""),
                           ("text", "U8", [2000], b"satsync " * 250), *every])
        weight = [value * (1 + rng.gauss(0, 1e-4)) for value in weight]
        for place in rng.sample(range(len(row)), 20):
            row[place] += 0.5
