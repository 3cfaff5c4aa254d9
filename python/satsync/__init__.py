"""satsync for Python: checkpoints and training state in step across sites far apart.

A thin layer over libsatsync.so.0 by ctypes: nothing to build. NumPy arrays, PyTorch tensors on the
host and anything with a buffer are tensors; their memory is used where it is.

    import satsync

    with satsync.Engine() as engine, satsync.Store(engine, "run.store", key="site.key") as store:
        with store.save(step) as save:
            save.put("weight", weight)
        train_on()                          # the save goes on beside it
        save.operation.wait()               # durable now
        store.push(step, "abudhabi.example:4433", peer="abudhabi.key.pub").wait()

Errors are satsync.Error and its six classes, with what happened, to what, and what to do next.
"""

from .abi import Status, library as _library
from .checkpoint import Reader, Save, TensorInfo
from .doctor import Finding, FindingState, doctor
from .engine import Activity, Engine, Operation
from .error import (Error, IntegrityError, InternalError, LinkError, PeerError, ResourceError,
                    UsageError)
from .group import Event, EventKind, Group, Site
from .key import Key, public_key
from .ranks import Ranks
from .site import READ, WRITE, ServeEvent
from .store import CheckpointInfo, PruneReport, RepairReport, Store, VerifyReport
from .tensor import Dtype

__version__ = _library.satsync_version().decode()
__all__ = [name for name in dir() if not name.startswith("_") and name[0].isupper()] + [
    "doctor", "public_key"]
