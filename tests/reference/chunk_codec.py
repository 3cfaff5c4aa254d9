"""Coded chunks, decoded by docs/format.md. Plain Python: clear, not fast."""

import ctypes
import ctypes.util
import struct

_zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
_zstd.ZSTD_decompress.restype = ctypes.c_size_t
_zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p,
                                  ctypes.c_size_t]
STORED, HUFF, ZSTD, FAST, DELTA = range(5)
ESCAPE, GAP_CONTINUES = 15, 255


class Corrupt(Exception):
    """The bytes are not what a writer writes."""


def _need(holds, what):
    if not holds:
        raise Corrupt(what)


def _frame(data, size):
    """Exactly one zstd frame that gives exactly `size` bytes."""
    out = ctypes.create_string_buffer(max(1, size))
    _need(_zstd.ZSTD_decompress(out, size, data, len(data)) == size, "a zstd frame")
    return out.raw[:size]


def _elements(data, width):
    return struct.unpack(f"<{len(data) // width}{' BH I   Q'[width]}", data)


def _bytes(elements, width):
    return struct.pack(f"<{len(elements)}{' BH I   Q'[width]}", *elements)


def _rotated_right(elements, width):
    top = 8 * width - 1
    return [value >> 1 | (value & 1) << top for value in elements]


def _huff(data, size):
    width, rotated = data[1] & 127, data[1] >> 7
    _need(width in (1, 2, 4, 8) and size % width == 0 and (width > 1 or not rotated), "a width")
    sizes = struct.unpack_from(f"<{width}I", data, 2)
    at, out = 2 + 4 * width, bytearray(size)
    for plane, stored in enumerate(sizes):
        coded = data[at:at + stored]
        whole = size // width
        _need(1 <= stored <= whole and len(coded) == stored, "a plane's size")
        out[width - 1 - plane::width] = coded if stored == whole else _frame(coded, whole)
        at += stored
    _need(at == len(data), "bytes after the planes")
    return _bytes(_rotated_right(_elements(bytes(out), width), width), width) if rotated \
        else bytes(out)


def _fast(data, size):
    width, lowest, escapes = struct.unpack_from("<BBI", data, 1)
    _need(width in (2, 4) and size % width == 0, "a width")
    count = size // width
    codes = data[7:7 + (count + 1) // 2]
    rest = data[7 + len(codes):7 + len(codes) + count * (width - 1)]
    left = data[7 + len(codes) + len(rest):]
    _need(len(left) == escapes, "the number of escapes")
    tops, taken = bytearray(count), 0
    for index in range(count):
        code = codes[index // 2] >> 4 * (index % 2) & 15
        if code == ESCAPE:
            _need(taken < escapes, "an escape that is not there")
            tops[index] = left[taken]
            taken += 1
        else:
            tops[index] = lowest + code & 255
    _need(taken == escapes and (count % 2 == 0 or codes[-1] >> 4 == 0), "what the codes leave")
    out = bytearray(size)
    out[width - 1::width] = tops
    for place in range(width - 1):
        out[place::width] = rest[place::width - 1]
    return _bytes(_rotated_right(_elements(bytes(out), width), width), width)


def _ordered(value, bits):
    """Floats in the order of their values; its own inverse."""
    sign = 1 << bits - 1
    return value ^ sign - 1 if value & sign else value


def _unfolded(value):
    return -(value >> 1) - 1 if value & 1 else value >> 1


def _sparse(data, count, width):
    """The folded differences, 0 for what did not change."""
    changed, gap_bytes, coded_bytes = struct.unpack_from("<III", data, 3)
    gaps = decode(data[15:15 + coded_bytes], gap_bytes)
    values = _elements(decode(data[15 + coded_bytes:], changed * width), width)
    folded, at, taken = [0] * count, 0, 0
    for gap in gaps:
        at += gap
        if gap != GAP_CONTINUES:
            _need(at < count and taken < changed, "a gap")
            folded[at] = values[taken]
            at, taken = at + 1, taken + 1
    _need(taken == changed, "the number of gaps")
    return folded


def _delta(data, size, base):
    width, floats, form = data[1] & 127, data[1] >> 7, data[2]
    _need(base is not None and len(base) == size and width in (1, 2, 4, 8) and form in (0, 1),
          "a difference")
    bits, count = 8 * width, size // width
    folded = _sparse(data, count, width) if form else _elements(decode(data[3:], size), width)
    out = []
    for value, difference in zip(_elements(base, width), folded):
        value = _ordered(value, bits) if floats else value
        value = value + _unfolded(difference) & (1 << bits) - 1
        out.append(_ordered(value, bits) if floats else value)
    return _bytes(out, width)


def decode(data, size, base=None):
    """The raw bytes of a coded chunk of `size` raw bytes; a difference needs its base's."""
    codec = data[0]
    if codec == STORED:
        _need(len(data) == size + 1, "the size of a stored chunk")
        return data[1:]
    if codec == ZSTD:
        return _frame(data[1:], size)
    if codec == HUFF:
        return _huff(data, size)
    if codec == FAST:
        return _fast(data, size)
    _need(codec == DELTA, f"codec {codec}")
    return _delta(data, size, base)
