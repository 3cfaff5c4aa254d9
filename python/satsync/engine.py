"""The engine and the operations that run on it."""

import ctypes
import enum
import os
import time
from ctypes import byref

from . import abi
from .abi import Status, library
from .error import attempt
from .handle import Handle


class Activity(enum.IntEnum):
    STARTING = 0
    CODING = 1
    SENDING = 2
    REPAIRING = 3
    WAITING = 4
    RECEIVING = 5
    VERIFYING = 6
    DONE = 7


def nanoseconds(seconds):
    """None: no limit."""
    return abi.FOREVER_NS if seconds is None else max(0, round(seconds * 1e9))


class Engine(Handle):
    """Budget and worker threads; stores are opened on it. Any thread may use it.

    Closing it waits for the saves and restores that are under way, so that leaving a `with` block
    loses none, and cancels pushes, pulls and serves, which can be resumed.
    """

    def __init__(self, workers=0, memory_bytes=0):
        options = abi.EngineOptions(workers=workers, memory_bytes=memory_bytes)
        pointer = ctypes.c_void_p()
        super().__init__(None)
        self._running = set()
        attempt("satsync_engine_open", byref(options), byref(pointer))
        self._pointer = pointer

    def close(self):
        if self.closed:
            return
        for operation in list(self._running):
            if operation.is_awaited:
                operation.settle()
        super().close()

    def _release(self, pointer):
        library.satsync_engine_close(pointer)

    def apply_patch(self, patch, base, output):
        """Makes the newer step's safetensors file out of the older's, without store or key."""
        options = abi.PatchApplyOptions(patch=os.fsencode(patch), base=os.fsencode(base),
                                        output=os.fsencode(output))
        pointer = ctypes.c_void_p()
        attempt("satsync_patch_apply", self.pointer, byref(options), byref(pointer))
        return Operation(self, pointer, (self,), is_awaited=True)

    def patch_info(self, patch):
        """A patch's from_step, to_step, result_bytes and patch_bytes."""
        info = abi.PatchInfo()
        attempt("satsync_patch_info", self.pointer, os.fsencode(patch), byref(info))
        return info


class Operation(Handle):
    """Something that runs beside the program. It goes on when nobody holds this object.

    Any thread may use it.
    """

    # A wait is cut into slices, between which Python sees signals such as Ctrl-C.
    _SLICE_NS = 50_000_000

    def __init__(self, engine, pointer, borrowed=(), is_awaited=False):
        super().__init__(pointer, engine, borrowed)
        self.is_awaited = is_awaited
        self._engine = engine
        engine._running.add(self)

    def _release(self, pointer):
        self._engine._running.discard(self)
        library.satsync_operation_free(pointer)

    @property
    def done(self):
        """Whether it has ended, well or not."""
        detail = abi.Error()
        status = library.satsync_operation_result(self.pointer, byref(detail))
        return self._ended(status) != Status.AGAIN

    def result(self):
        """Raises what went wrong; TimeoutError while it runs."""
        status = attempt("satsync_operation_result", self.pointer, accept=(Status.AGAIN,))
        if self._ended(status) == Status.AGAIN:
            raise TimeoutError("the operation has not ended; use wait()")

    def wait(self, timeout=None):
        """Waits for the end, at most `timeout` seconds, and raises what went wrong."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = abi.FOREVER_NS if until is None else nanoseconds(until - time.monotonic())
            try:
                status = attempt("satsync_operation_wait", self.pointer,
                                 min(left, self._SLICE_NS), accept=(Status.AGAIN,))
            except Exception:
                self._ended(Status.OK)
                raise
            if self._ended(status) != Status.AGAIN:
                return self
            if left <= self._SLICE_NS:
                raise TimeoutError(f"the operation has not ended within {timeout} s")

    def settle(self):
        """Waits for the end, whatever it is."""
        detail = abi.Error()
        self._ended(library.satsync_operation_wait(self.pointer, abi.FOREVER_NS, byref(detail)))

    def cancel(self):
        """Asks it to end soon; what is resumable stays so."""
        library.satsync_operation_cancel(self.pointer)

    def progress(self):
        """struct satsync_progress: counts of bytes, times in nanoseconds, `activity`."""
        progress = abi.Progress()
        library.satsync_operation_progress(self.pointer, byref(progress))
        return progress

    def _ended(self, status):
        if status != Status.AGAIN:
            self._engine._running.discard(self)
        return status
