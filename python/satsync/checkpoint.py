"""Checkpoints: saving tensors and blobs, and reading them."""

import ctypes
from ctypes import byref

from . import abi
from .abi import Status, library
from .error import attempt, invalid
from .handle import Handle
from .tensor import Dtype, View, address

CODECS = ("auto", "stored", "fast", "huff", "zstd")
DERIVES = ("auto", "none", "bf16")


def save_options(step, codec="auto", base=None, chunk_bytes=0, derive="auto", parity=None,
                 expected_bytes=0):
    """base: None, "auto", or the step that this one is stored as a difference from. derive: "bf16"
    leaves out bf16 tensors that are roundings of fp32 ones put before ("auto": of files only).
    parity: None, or (K, M): K packs and M more that make up for as many lost ones.
    expected_bytes: what will be put; a disk without room for it then says so at once."""
    if codec not in CODECS:
        raise invalid("codec", f"{codec!r} is not one of {', '.join(CODECS)}")
    if derive not in DERIVES:
        raise invalid("derive", f"{derive!r} is not one of {', '.join(DERIVES)}")
    options = abi.SaveOptions(step=step, codec=CODECS.index(codec), chunk_bytes=chunk_bytes,
                              derive=DERIVES.index(derive), expected_bytes=expected_bytes)
    options.data_packs, options.parity_packs = parity or (0, 0)
    if base == "auto":
        options.base = 1
    elif base is not None:
        options.base, options.base_step = 2, base
    return options


class Save(Handle):
    """One checkpoint being saved, by the thread of its store handle.

        with store.save(step) as save:
            save.put("weight", array)       # array may change as soon as this returns
        save.operation.wait()               # durable

    Leaving the block commits, which returns at once; leaving it by an exception abandons.
    """

    def __init__(self, store, step, **options):
        super().__init__(None, store)
        self._store = store
        self.operation = None
        pointer = ctypes.c_void_p()
        attempt("satsync_save_begin", store.pointer, byref(save_options(step, **options)),
                byref(pointer))
        self._pointer = pointer

    def _release(self, pointer):
        library.satsync_save_abandon(pointer)

    def put(self, name, array, dtype=None, shape=None):
        """Copies a tensor. Bytes of a dtype that Python has no name for take dtype and shape."""
        view = View(name, array, dtype, shape)
        attempt("satsync_save_put", self.pointer, byref(view.struct()))

    def put_blob(self, name, data):
        """Named opaque bytes: random state, data-loader position, JSON."""
        view = memoryview(data).cast("B")
        attempt("satsync_save_put_blob", self.pointer, name.encode(), address(view), view.nbytes)

    def put_group(self, group):
        """A group's agreed state, beside what else is put."""
        attempt("satsync_group_save", group.pointer, self.pointer)

    def commit(self):
        """Returns the operation that ends when the checkpoint is durable."""
        pointer = self.pointer
        self._pointer = None  # commit frees it, whatever it returns
        operation = ctypes.c_void_p()
        attempt("satsync_save_commit", pointer, byref(operation))
        self.operation = self._store.operation(operation, is_awaited=True)
        return self.operation

    def __exit__(self, kind, *exception):
        if kind is None and not self.closed:
            self.commit()
        else:
            self.close()


class TensorInfo:
    """A tensor of a checkpoint: its place, name, dtype and shape."""

    def __init__(self, index, tensor):
        self.index = index
        self.name = tensor.name.decode()
        self.dtype = Dtype(tensor.dtype)
        self.shape = tuple(tensor.shape[:tensor.dimensions])

    @property
    def bytes(self):
        size = self.dtype.bytes
        for extent in self.shape:
            size *= extent
        return size

    def __repr__(self):
        return f"TensorInfo({self.name!r}, {self.dtype.name}, {self.shape})"


class Reader(Handle):
    """A committed checkpoint, as a mapping from names to TensorInfo. Everything that is read is
    authenticated."""

    def __init__(self, store, step):
        super().__init__(None, store)
        pointer = ctypes.c_void_p()
        attempt("satsync_reader_open", store.pointer, step, byref(pointer))
        self._pointer = pointer

    def _release(self, pointer):
        library.satsync_reader_close(pointer)

    def __len__(self):
        return library.satsync_reader_tensors(self.pointer)

    def _info(self, index):
        tensor = abi.Tensor()
        library.satsync_reader_tensor(self.pointer, index, byref(tensor))
        return TensorInfo(index, tensor)

    def __iter__(self):
        return (self._info(index).name for index in range(len(self)))

    def __contains__(self, name):
        return attempt("satsync_reader_find", self.pointer, name.encode(),
                       byref(ctypes.c_size_t()), accept=(Status.NOT_FOUND,)) == Status.OK

    def __getitem__(self, name):
        index = ctypes.c_size_t()
        attempt("satsync_reader_find", self.pointer, name.encode(), byref(index))
        return self._info(index.value)

    def cost(self, name):
        """What a tensor costs and does not, as struct satsync_tensor_cost has it."""
        cost = abi.TensorCost()
        library.satsync_reader_cost(self.pointer, self[name].index, byref(cost))
        return {field: getattr(cost, field) for field, _ in cost._fields_[:-1]} | {
            "codecs": cost.codecs.decode().split()}

    def read(self, name, box=None):
        """The bytes of a tensor, row-major; of a box, given as a slice for each dimension."""
        info = self[name]
        if box is None:
            data = bytearray(info.bytes)
            self._read(info, memoryview(data))
            return data
        begin, end = _corners(info, box)
        size = info.dtype.bytes
        for low, high in zip(begin, end):
            size *= max(0, high - low)
        data = bytearray(size)
        extents = ctypes.c_uint64 * max(1, len(info.shape))
        attempt("satsync_reader_read_box", self.pointer, info.index, extents(*begin),
                extents(*end), address(memoryview(data)))
        return data

    def read_into(self, name, array):
        """Fills an array of the same dtype and shape, or any writable buffer of the right size."""
        info = self[name]
        view = View(name, array)
        is_bytes = view.dtype == Dtype.U8 and len(view.shape) == 1
        if not is_bytes and (view.dtype, view.shape) != (info.dtype, info.shape):
            raise invalid(name, f"it is {info.dtype.name} {info.shape}, the array "
                          f"{view.dtype.name} {view.shape}")
        if view.bytes != info.bytes:
            raise invalid(name, f"it has {info.bytes} bytes, the buffer {view.bytes}")
        if not view.is_writable():
            raise invalid(name, "the array is read-only")
        attempt("satsync_reader_read", self.pointer, info.index, 0, view.address, view.bytes)

    def numpy(self, name):
        """A new NumPy array; bf16 and fp8 as those of ml_dtypes where that is installed, else as
        unsigned integers of their width."""
        import numpy
        info = self[name]
        array = numpy.empty(info.shape, _numpy_dtype(numpy, info.dtype))
        self._read(info, array)
        return array

    def torch(self, name):
        """A new PyTorch tensor on the host."""
        import torch
        info = self[name]
        names = {Dtype.F8_E4M3: "float8_e4m3fn", Dtype.F8_E8M0: "float8_e8m0fnu",
                 Dtype.BF16: "bfloat16", Dtype.F8_E5M2: "float8_e5m2"}
        tensor = torch.empty(info.shape, dtype=getattr(torch, names.get(
            info.dtype, _NUMPY_NAMES.get(info.dtype))))
        self._read(info, tensor)
        return tensor

    def blob(self, name):
        size = ctypes.c_size_t()
        attempt("satsync_reader_blob", self.pointer, name.encode(), None, 0, byref(size),
                accept=(Status.LIMIT,))
        data = ctypes.create_string_buffer(max(1, size.value))
        attempt("satsync_reader_blob", self.pointer, name.encode(), data, size.value, byref(size))
        return data.raw[:size.value]

    def load_group(self, group):
        """Goes on from the agreed state in this checkpoint, before the group's first tick."""
        attempt("satsync_group_load", group.pointer, self.pointer)

    def _read(self, info, array):
        view = View(info.name, array)
        attempt("satsync_reader_read", self.pointer, info.index, 0, view.address, info.bytes)


def _corners(info, box):
    if len(box) != len(info.shape):
        raise invalid(info.name, f"the box has {len(box)} dimensions, the tensor "
                      f"{len(info.shape)}")
    ranges = [part.indices(extent) for part, extent in zip(box, info.shape)]
    if any(step != 1 for _, _, step in ranges):
        raise invalid(info.name, "a box has no steps; read it whole and take every n-th")
    return [low for low, _, _ in ranges], [max(low, high) for low, high, _ in ranges]


_NUMPY_NAMES = {Dtype.BOOL: "bool", Dtype.U8: "uint8", Dtype.I8: "int8", Dtype.I16: "int16",
                Dtype.U16: "uint16", Dtype.F16: "float16", Dtype.I32: "int32",
                Dtype.U32: "uint32", Dtype.F32: "float32", Dtype.F64: "float64",
                Dtype.I64: "int64", Dtype.U64: "uint64", Dtype.C64: "complex64"}


def _numpy_dtype(numpy, dtype):
    if dtype in _NUMPY_NAMES:
        return numpy.dtype(_NUMPY_NAMES[dtype])
    try:
        import ml_dtypes
    except ImportError:
        return numpy.dtype(f"uint{8 * dtype.bytes}")
    names = {Dtype.BF16: "bfloat16", Dtype.F8_E5M2: "float8_e5m2",
             Dtype.F8_E4M3: "float8_e4m3fn", Dtype.F8_E8M0: "float8_e8m0fnu"}
    return numpy.dtype(getattr(ml_dtypes, names[dtype]))
