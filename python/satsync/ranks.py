"""Ranks: the processes of one site, joined by UCX."""

import ctypes
from ctypes import byref

from . import abi
from .abi import library
from .engine import nanoseconds
from .error import attempt, invalid
from .handle import Handle
from .tensor import View


class Ranks(Handle):
    """All ranks call the same things in the same order, each from one thread.

    Rank, count and address come from RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or from Open
    MPI's mpirun, unless they are given. Sums are taken in rank order: the same bits on all ranks,
    in every run. After a failure (the error names the ranks that are missing) it can only be closed.
    """

    def __init__(self, engine, rank=0, count=0, address=None, timeout=0):
        super().__init__(None, engine)
        options = abi.RanksOptions(rank=rank, count=count,
                                   address=address.encode() if address else None,
                                   timeout_ns=nanoseconds(timeout))
        pointer = ctypes.c_void_p()
        attempt("satsync_ranks_open", engine.pointer, byref(options), byref(pointer))
        self._pointer = pointer

    def _release(self, pointer):
        library.satsync_ranks_close(pointer)

    @property
    def rank(self):
        return library.satsync_ranks_rank(self.pointer)

    @property
    def count(self):
        return library.satsync_ranks_count(self.pointer)

    def missing(self):
        """After a failure: the ranks that did not answer."""
        bits = library.satsync_ranks_missing(self.pointer)
        return [rank for rank in range(32) if bits >> rank & 1]

    def share(self, count, rank=None):
        """The slice of a buffer of `count` elements that is a rank's (default: this one's)."""
        first, size = ctypes.c_uint64(), ctypes.c_uint64()
        library.satsync_ranks_share(self.pointer, count, self.rank if rank is None else rank,
                                    byref(first), byref(size))
        return slice(first.value, first.value + size.value)

    def barrier(self, timeout=60):
        attempt("satsync_ranks_barrier", self.pointer, nanoseconds(timeout))

    def broadcast(self, array, root=0, timeout=60):
        """Every array becomes that of rank `root`."""
        view = writable_view(array)
        self._run("satsync_ranks_broadcast", view, root, nanoseconds(timeout))

    def all_reduce(self, array, timeout=60):
        """Every array becomes the sum of all."""
        self._on_all("satsync_ranks_all_reduce", array, timeout)

    def reduce_scatter(self, array, timeout=60):
        """This rank's share() of the array becomes the sum; the rest stays."""
        self._on_all("satsync_ranks_reduce_scatter", array, timeout)

    def all_gather(self, array, timeout=60):
        """Every share() of the array becomes that of its rank."""
        self._on_all("satsync_ranks_all_gather", array, timeout)

    def _on_all(self, call, array, timeout):
        self._run(call, writable_view(array), nanoseconds(timeout))

    def _run(self, call, view, *arguments):
        """After a failure a rank that comes late may still write into the array, until close."""
        try:
            attempt(call, self.pointer, byref(_buffer(view)), *arguments)
        except Exception:
            self._borrowed = (*self._borrowed, view)
            raise


def writable_view(array):
    view = View("array", array)
    if not view.is_writable():
        raise invalid("array", "it is read-only")
    return view


def _buffer(view):
    return abi.RanksBuffer(dtype=view.dtype, data=view.address,
                           count=view.bytes // view.dtype.bytes)
