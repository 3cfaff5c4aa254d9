"""Groups: sites far apart that train one model together."""

import ctypes
import dataclasses
import enum
import os
from ctypes import byref

from . import abi
from .abi import Status, library
from .engine import nanoseconds
from .error import attempt, invalid
from .handle import Handle
from .key import public_key
from .tensor import Dtype, View

CODECS = ("int8", "bf16", "fp32")
EXCHANGES = ("cheapest", "all-gather", "owner-reduce")


class EventKind(enum.IntEnum):
    DECIDED = 0
    LATE = 1
    FETCHING = 2
    FETCHED = 3
    DIVERGED = 4
    REFUSED = 5
    UP = 6
    DOWN = 7
    FAILED = 8


@dataclasses.dataclass(frozen=True)
class Site:
    """A site of the group: its .pub file, and HOST:PORT where sites with higher numbers reach it."""
    key: object
    address: str = None
    rate_bps: int = 0

    def struct(self):
        return abi.GroupSite(key=public_key(self.key), rate_bps=self.rate_bps,
                             address=self.address.encode() if self.address else None)


@dataclasses.dataclass(frozen=True)
class Event:
    kind: EventKind
    step: int
    peer: int
    sites: tuple
    message: str


def _numbers(bits):
    return tuple(site for site in range(32) if bits >> site & 1)


class Group(Handle):
    """One site's membership. Owner thread: that which trains.

        for step in range(1, steps + 1):
            train(parameters)
            group.step(step)

    tensors: a dict of names and fp32 arrays, the same names, shapes and first bits at all sites.
    The group keeps them, reads them in tick() and merges outer steps into them in tick() and wait().
    Closing it closes its ranks.
    `outer_rate` and `outer_momentum`, and what else <satsync/group.h> marks "all sites", must be
    equal everywhere. Times are in seconds; 0 means the library's default.
    """

    def __init__(self, engine, key, sites, site, promises, tensors, listen=None, ranks=None,
                 codec="int8", exchange="cheapest", delay=0, collect=0, deadline=0, give_up=0,
                 **rules):
        super().__init__(None, engine, (None, None, None))
        if codec not in CODECS:
            raise invalid("codec", f"{codec!r} is not one of {', '.join(CODECS)}")
        if exchange not in EXCHANGES:
            raise invalid("exchange", f"{exchange!r} is not one of {', '.join(EXCHANGES)}")
        unknown = set(rules) - {"witness", "fragments", "inner_steps", "overlap_steps",
                                "outer_rate", "outer_momentum", "site_bps"}
        if unknown:
            raise TypeError(f"a group has no option {', '.join(sorted(unknown))}")
        views = [View(name, array) for name, array in tensors.items()]
        for view in views:
            if view.dtype != Dtype.F32 or not view.is_writable():
                raise invalid(view.name, "a group's tensors are writable and fp32")
        site_rows = (abi.GroupSite * len(sites))(*[each.struct() for each in sites])
        tensor_rows = (abi.Tensor * len(views))(*[view.struct() for view in views])
        options = abi.GroupOptions(
            key=key.pointer, sites=site_rows, site_count=len(sites), site=site,
            listen=listen.encode() if listen else None, promises=os.fsencode(promises),
            ranks=ranks.pointer if ranks else None, tensors=tensor_rows, tensor_count=len(views),
            codec=CODECS.index(codec), exchange=EXCHANGES.index(exchange),
            delay_ns=nanoseconds(delay), collect_ns=nanoseconds(collect),
            deadline_ns=nanoseconds(deadline), give_up_ns=nanoseconds(give_up), **rules)
        pointer = ctypes.c_void_p()
        attempt("satsync_group_open", engine.pointer, byref(options), byref(pointer))
        self._pointer = pointer
        self._borrowed = (views, key, ranks)

    def _release(self, pointer):
        """Its ranks go first: one that failed may until then write into what the group lent it."""
        _, _, ranks = self._borrowed
        if ranks is not None:
            ranks.close()
        library.satsync_group_close(pointer)

    def address(self):
        """Where other sites find this one."""
        out = ctypes.create_string_buffer(128)
        library.satsync_group_address(self.pointer, out, len(out))
        return out.value.decode()

    def tick(self, step):
        """After inner step `step`. True: an outer step is due and not here; call wait() before the
        next inner step."""
        return attempt("satsync_group_tick", self.pointer, step,
                       accept=(Status.AGAIN,)) == Status.AGAIN

    def wait(self, timeout=None):
        """Waits for the outer step that is due and merges it. False at the step's deadline or
        after `timeout` seconds: train on, a later tick merges it."""
        return attempt("satsync_group_wait", self.pointer, nanoseconds(timeout),
                       accept=(Status.AGAIN, Status.TIMED_OUT)) == Status.OK

    def step(self, step, timeout=None):
        """tick(), and wait() where it is due. False: the outer step is late; train on."""
        return self.wait(timeout) if self.tick(step) else True

    def state_hash(self):
        """Of the agreed parameters, as hexadecimal text: equal hashes are equal bits."""
        out = ctypes.create_string_buffer(abi.STATE_HASH_BYTES)
        library.satsync_group_state_hash(self.pointer, out)
        return out.raw.hex()

    def stats(self):
        """struct satsync_group_stats."""
        stats = abi.GroupStats()
        library.satsync_group_stats(self.pointer, byref(stats))
        return stats

    def events(self):
        """What happened since the last call, for a log. At rank 0."""
        event = abi.GroupEvent()
        while library.satsync_group_next(self.pointer, byref(event)) == Status.OK:
            yield Event(EventKind(event.kind), event.step, event.peer, _numbers(event.sites),
                        event.message.decode(errors="replace"))
