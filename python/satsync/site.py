"""Sites: pushing, pulling and serving checkpoints over the long haul."""

import ctypes
import dataclasses
from ctypes import byref

from . import abi
from .abi import Status, library
from .engine import Operation, nanoseconds
from .error import attempt, error_of, invalid
from .key import public_key, text_of

READ, WRITE = 1, 2

CONTROLLERS = ("auto", "rated", "model", "cubic", "scavenger")


def _options(store, address, rate_bps, give_up, limit_bps, controller):
    if store.key is None:
        raise invalid(store.path, "a transfer needs the site's key; open the store with key=")
    if controller not in CONTROLLERS:
        raise invalid(controller, f"there is no such controller; choose of {', '.join(CONTROLLERS)}")
    return abi.SiteOptions(key=store.key.pointer, address=address.encode(), rate_bps=rate_bps,
                           give_up_ns=nanoseconds(give_up) if give_up else 0,
                           limit_bps=limit_bps, controller=CONTROLLERS.index(controller))


def transfer(call, store, step, address, peer, rate_bps=0, give_up=0, limit_bps=0,
             controller="auto"):
    """rate_bps: the path's known rate, IP bits a second; 0: find it out. give_up: seconds without
    a path after which it fails; 0: 10 minutes. limit_bps: what it may send, likewise; 0: all that
    the path carries. controller: of CONTROLLERS, how the pace is found."""
    options = _options(store, address, rate_bps, give_up, limit_bps, controller)
    options.peer = public_key(peer)
    pointer = ctypes.c_void_p()
    attempt(call, store.pointer, step, byref(options), byref(pointer))
    return store.operation(pointer, borrowed=(store.key,))


@dataclasses.dataclass(frozen=True)
class ServeEvent:
    """A transfer that begins, or ended with `status`."""
    status: Status
    step: int
    bytes: int
    received: bool
    finished: bool
    peer: str
    message: str


class _Serving(Operation):
    def address(self):
        """HOST:PORT that is listened on; None before."""
        out = ctypes.create_string_buffer(128)
        status = library.satsync_serve_address(self.pointer, out, len(out))
        if status == Status.AGAIN:
            self.done and self.result()
            return None
        if status != Status.OK:
            raise error_of(status, "", "the address cannot be told")
        return out.value.decode()

    def events(self):
        """What happened since the last call."""
        event = abi.ServeEvent()
        while library.satsync_serve_next(self.pointer, byref(event)) == Status.OK:
            yield ServeEvent(Status(event.status), event.step, event.bytes, bool(event.received),
                             bool(event.finished), text_of(event.peer),
                             event.message.decode(errors="replace"))


def Serve(store, listen, peers, rate_bps=0, give_up=0, limit_bps=0, controller="auto"):
    """Receives and serves until it is cancelled. `peers`: .pub files, or pairs of one and READ,
    WRITE or both; a peer without rights given may do both."""
    pairs = [each if isinstance(each, tuple) else (each, READ | WRITE) for each in peers]
    rows = (abi.Peer * len(pairs))(*[abi.Peer(key=public_key(key), rights=rights)
                                     for key, rights in pairs])
    options = _options(store, listen, rate_bps, give_up, limit_bps, controller)
    options.peers, options.peer_count = rows, len(pairs)
    pointer = ctypes.c_void_p()
    attempt("satsync_serve", store.pointer, byref(options), byref(pointer))
    return store.operation(pointer, borrowed=(store.key,), kind=_Serving)
