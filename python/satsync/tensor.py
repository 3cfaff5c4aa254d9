"""Tensors: arrays of NumPy, of PyTorch, or anything with a buffer, seen as the library's views.

Nothing is copied here, and neither NumPy nor PyTorch has to be installed.
"""

import ctypes
import enum

from . import abi
from .error import invalid


class Dtype(enum.IntEnum):
    """As in safetensors; the names are those of the format."""
    BOOL = 0
    U8 = 1
    I8 = 2
    F8_E5M2 = 3
    F8_E4M3 = 4
    I16 = 5
    U16 = 6
    F16 = 7
    BF16 = 8
    I32 = 9
    U32 = 10
    F32 = 11
    F64 = 12
    I64 = 13
    U64 = 14
    F8_E8M0 = 15
    C64 = 16

    @property
    def bytes(self):
        return _BYTES[self]


_BYTES = {Dtype.BOOL: 1, Dtype.U8: 1, Dtype.I8: 1, Dtype.F8_E5M2: 1, Dtype.F8_E4M3: 1,
          Dtype.F8_E8M0: 1, Dtype.I16: 2, Dtype.U16: 2, Dtype.F16: 2, Dtype.BF16: 2,
          Dtype.I32: 4, Dtype.U32: 4, Dtype.F32: 4, Dtype.F64: 8, Dtype.I64: 8, Dtype.U64: 8,
          Dtype.C64: 8}

# Names by which PyTorch, NumPy and ml_dtypes know them.
_NAMES = {"bool": Dtype.BOOL, "uint8": Dtype.U8, "int8": Dtype.I8, "int16": Dtype.I16,
          "uint16": Dtype.U16, "float16": Dtype.F16, "bfloat16": Dtype.BF16, "int32": Dtype.I32,
          "uint32": Dtype.U32, "float32": Dtype.F32, "float64": Dtype.F64, "int64": Dtype.I64,
          "uint64": Dtype.U64, "complex64": Dtype.C64, "float8_e5m2": Dtype.F8_E5M2,
          "float8_e4m3fn": Dtype.F8_E4M3, "float8_e8m0fnu": Dtype.F8_E8M0}

_KINDS = {"?": "bool", "b": "int", "h": "int", "i": "int", "l": "int", "q": "int", "c": "uint",
          "B": "uint", "H": "uint", "I": "uint", "L": "uint", "Q": "uint", "e": "float",
          "f": "float", "d": "float"}


def _buffer_dtype(name, view):
    kind = _KINDS.get(view.format.lstrip("@=<"))
    if kind is None:
        raise invalid(name, f"elements of format {view.format!r} cannot be saved; give the dtype")
    return Dtype.BOOL if kind == "bool" else _NAMES[f"{kind}{8 * view.itemsize}"]


def _of_torch(name, tensor):
    if tensor.device.type != "cpu":
        raise invalid(name, f"it is on {tensor.device}; copy it to the host first (.cpu())")
    if not tensor.is_contiguous():
        raise invalid(name, "it is not contiguous; use .contiguous()")
    dtype = _NAMES.get(str(tensor.dtype).removeprefix("torch."))
    if dtype is None:
        raise invalid(name, f"{tensor.dtype} has no counterpart in safetensors")
    return dtype, tuple(tensor.shape), tensor.data_ptr(), tensor


def _of_numpy(name, array):
    if not array.flags.c_contiguous:
        raise invalid(name, "it is not contiguous; use numpy.ascontiguousarray")
    if array.dtype.byteorder == ">":
        raise invalid(name, "it is big-endian; satsync stores little-endian")
    dtype = _NAMES.get(array.dtype.name)
    if dtype is None:
        raise invalid(name, f"{array.dtype} has no counterpart in safetensors")
    return dtype, array.shape, array.ctypes.data, array


def _of_buffer(name, buffer):
    view = memoryview(buffer)
    if not view.c_contiguous:
        raise invalid(name, "it is not contiguous")
    dtype = _buffer_dtype(name, view)
    return dtype, view.shape, address(view), view


def address(view):
    """Where the bytes of a contiguous memoryview are; also of one that must not be written."""
    if view.nbytes == 0:
        return None
    # PyObject_GetBuffer, asked for plain bytes (PyBUF_SIMPLE), fills a Py_buffer whose first field
    # is the address.
    raw = (ctypes.c_void_p * 16)()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), ctypes.byref(raw), 0)
    try:
        return raw[0]
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(raw))


class View:
    """One tensor as the library sees it, and the object whose memory it is."""

    def __init__(self, name, array, dtype=None, shape=None):
        if hasattr(array, "data_ptr"):
            found = _of_torch(name, array)
        elif hasattr(array, "__array_interface__") and hasattr(array, "flags"):
            found = _of_numpy(name, array)
        else:
            found = _of_buffer(name, array)
        own_dtype, own_shape, self.address, self.owner = found
        size = own_dtype.bytes
        for extent in own_shape:
            size *= extent
        self.name = name
        self.bytes = size
        self.dtype = own_dtype if dtype is None else Dtype(dtype)
        self.shape = self._shape(own_shape, shape, dtype)

    def _shape(self, own_shape, shape, dtype):
        """Bytes that are said to be of another dtype need a shape, unless there is one row."""
        if shape is None and dtype is None:
            shape = own_shape
        elif shape is None:
            shape = (self.bytes // self.dtype.bytes,)
        size = self.dtype.bytes
        for extent in shape:
            size *= extent
        if size != self.bytes:
            raise invalid(self.name, f"shape {tuple(shape)} of {self.dtype.name} has {size} bytes, "
                          f"the memory {self.bytes}")
        if len(shape) > abi.MAX_DIMENSIONS:
            raise invalid(self.name, f"{len(shape)} dimensions; at most {abi.MAX_DIMENSIONS}")
        return tuple(shape)

    def is_writable(self):
        if hasattr(self.owner, "flags"):
            return self.owner.flags.writeable
        return not getattr(self.owner, "readonly", False)

    def struct(self):
        """Borrows: valid as long as this view is."""
        tensor = abi.Tensor(name=self.name.encode(), dtype=self.dtype,
                            dimensions=len(self.shape), data=self.address)
        for dimension, extent in enumerate(self.shape):
            tensor.shape[dimension] = extent
        return tensor
