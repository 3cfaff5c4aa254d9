"""Stores: a directory that holds one run's checkpoints."""

import contextlib
import ctypes
import dataclasses
import os
from ctypes import byref

from . import abi, checkpoint, site
from .abi import Status
from .engine import Operation
from .error import Error, attempt
from .handle import Handle
from .key import Key, public_key, text_of

ALL_STEPS = 2**64 - 1


@dataclasses.dataclass(frozen=True)
class CheckpointInfo:
    """What a manifest says in clear."""
    step: int
    created_unix_ns: int
    raw_bytes: int
    stored_bytes: int
    referred_bytes: int
    tensors: int
    chunks: int
    packs: int
    recipients: int
    digest: str
    origin_store: str
    signer: str


@dataclasses.dataclass(frozen=True)
class VerifyReport:
    checkpoints: int
    checked_bytes: int
    damaged: int
    authenticated: bool
    damages: tuple  # of (step, status, what)


@dataclasses.dataclass(frozen=True)
class RepairReport:
    checkpoints: int
    packs: int
    checked_bytes: int
    damaged: int
    mended: int
    damages: tuple  # as VerifyReport's; of mended ones the status is OK


@dataclasses.dataclass(frozen=True)
class PruneReport:
    kept: int
    removed: int
    freed_bytes: int
    steps: tuple


def _key(key):
    """A Key as it is; a path is loaded; None, and SATSYNC_KEY is set: that file."""
    if key is None:
        key = os.environ.get("SATSYNC_KEY")
    return key if key is None or isinstance(key, Key) else Key(key)


def _damages(room, count):
    return tuple((damage.step, Status(damage.status), damage.what.decode(errors="replace"))
                 for damage in room[:min(count, len(room))])


@contextlib.contextmanager
def _adding(report):
    """Gives an error that is raised inside the report as well."""
    try:
        yield report
    except Error as error:
        error.report = report()
        raise


class Store(Handle):
    """A handle belongs to the thread that uses it; open several for several threads.

    key: a Key or a key file's path; without one (and no SATSYNC_KEY) contents can only be listed,
    checked and forwarded.
    """

    _DAMAGES = 256

    def __init__(self, engine, path, key=None):
        super().__init__(None, engine)
        self._engine = engine
        self.path = os.fspath(path)
        self.key = _key(key)
        pointer = ctypes.c_void_p()
        attempt("satsync_store_open", engine.pointer, os.fsencode(path),
                self.key.pointer if self.key else None, byref(pointer))
        self._pointer = pointer

    @classmethod
    def create(cls, engine, path, key, recipients=()):
        """Makes an empty directory a store; `recipients` (.pub files or Keys) can read it too."""
        key = _key(key)
        keys = (abi.PublicKey * len(recipients))(*[public_key(each) for each in recipients])
        attempt("satsync_store_create", engine.pointer, os.fsencode(path),
                key.pointer if key else None, keys, len(recipients))
        return cls(engine, path, key)

    def _release(self, pointer):
        abi.library.satsync_store_close(pointer)

    def trust(self, key):
        """Accepts manifests signed by this key from now on."""
        attempt("satsync_store_trust", self.pointer, byref(public_key(key)))

    def steps(self):
        """The committed ones, in ascending order."""
        count = ctypes.c_size_t()
        attempt("satsync_store_steps", self.pointer, None, 0, byref(count))
        while True:
            capacity = count.value
            steps = (ctypes.c_uint64 * capacity)()
            attempt("satsync_store_steps", self.pointer, steps, capacity, byref(count))
            if count.value <= capacity:
                return list(steps[:count.value])

    def info(self, step):
        info = abi.CheckpointInfo()
        attempt("satsync_store_info", self.pointer, step, byref(info))
        plain = {field.name: getattr(info, field.name)
                 for field in dataclasses.fields(CheckpointInfo)[:-3]}
        return CheckpointInfo(digest=bytes(info.digest).hex(),
                              origin_store=bytes(info.origin_store).hex(),
                              signer=text_of(info.signer), **plain)

    def readable(self, step, key):
        """Whether the holder of a public key can open this checkpoint."""
        readable = ctypes.c_int()
        attempt("satsync_store_readable", self.pointer, step, byref(public_key(key)),
                byref(readable))
        return bool(readable.value)

    def verify(self, step=ALL_STEPS, quick=False):
        """Reads every byte; quick: looks at signatures, sizes and tables only. Raises
        IntegrityError with the first damage, and all that were found in its `report`."""
        room = (abi.Damage * self._DAMAGES)()
        report = abi.VerifyReport(damages=room, capacity=self._DAMAGES)
        call = "satsync_store_verify_quick" if quick else "satsync_store_verify"
        with _adding(lambda: VerifyReport(report.checkpoints, report.checked_bytes, report.damaged,
                                          bool(report.authenticated),
                                          _damages(room, report.damaged))) as result:
            attempt(call, self.pointer, step, byref(report))
        return result()

    def repair(self, step=ALL_STEPS, dry_run=False):
        """Makes lost and damaged packs again from parity; needs no key. Raises IntegrityError with
        the first that could not be mended, and all that were found in its `report`."""
        room = (abi.Damage * self._DAMAGES)()
        report = abi.RepairReport(damages=room, capacity=self._DAMAGES)
        options = abi.RepairOptions(dry_run=dry_run)
        with _adding(lambda: RepairReport(report.checkpoints, report.packs, report.checked_bytes,
                                          report.damaged, report.mended,
                                          _damages(room, report.damaged))) as result:
            attempt("satsync_store_repair", self.pointer, step, byref(options), byref(report))
        return result()

    def tag(self, step, name):
        """Gives a checkpoint a name, which keeps it from prune."""
        attempt("satsync_store_tag", self.pointer, step, name.encode())

    def untag(self, step, name):
        attempt("satsync_store_untag", self.pointer, step, name.encode())

    def tags(self, step):
        names = ctypes.create_string_buffer(4096)
        attempt("satsync_store_tags", self.pointer, step, names)
        return names.value.decode().split()

    def prune(self, keep_last=1, keep_every=0, dry_run=False, drop_tagged=False):
        """Removes checkpoints, but the newest `keep_last`, those whose step `keep_every` divides,
        and those with a tag unless `drop_tagged`."""
        options = abi.PruneOptions(keep_last=keep_last, keep_every=keep_every, dry_run=dry_run,
                                   drop_tagged=drop_tagged)
        capacity = len(self.steps())
        steps = (ctypes.c_uint64 * capacity)()
        report = abi.PruneReport(steps=steps, capacity=capacity)
        attempt("satsync_store_prune", self.pointer, byref(options), byref(report))
        return PruneReport(report.kept, report.removed, report.freed_bytes,
                           tuple(steps[:min(report.removed, capacity)]))

    def save(self, step, **options):
        """See checkpoint.Save."""
        return checkpoint.Save(self, step, **options)

    def read(self, step):
        """See checkpoint.Reader."""
        return checkpoint.Reader(self, step)

    def save_files(self, files, step, **options):
        """Saves safetensors files, byte for byte restorable; *.index.json stands for its set."""
        names = [os.fsencode(file) for file in files]
        array = (ctypes.c_char_p * len(names))(*names)
        pointer = ctypes.c_void_p()
        attempt("satsync_save_files", self.pointer, byref(checkpoint.save_options(step, **options)),
                array, len(names), byref(pointer))
        return self.operation(pointer, is_awaited=True)

    def restore_files(self, step, output, tensors=()):
        """Writes safetensors: `output` ending in '/' gets the files that were saved, a file all
        tensors, or those named (NAME or NAME[a:b,c:d], with * and ?)."""
        names = [name.encode() for name in tensors]
        array = (ctypes.c_char_p * len(names))(*names)
        options = abi.RestoreOptions(step=step, output=os.fsencode(output), tensors=array,
                                     tensor_count=len(names))
        pointer = ctypes.c_void_p()
        attempt("satsync_restore_files", self.pointer, byref(options), byref(pointer))
        return self.operation(pointer, is_awaited=True)

    def make_patch(self, from_step, to_step, output):
        """Writes the file from which engine.apply_patch makes to_step out of from_step, as
        restore_files writes both to a file."""
        options = abi.PatchOptions(from_step=from_step, to_step=to_step,
                                   output=os.fsencode(output))
        pointer = ctypes.c_void_p()
        attempt("satsync_patch_make", self.pointer, byref(options), byref(pointer))
        return self.operation(pointer, is_awaited=True)

    def push(self, step, address, peer, **options):
        """Sends a checkpoint to the site at HOST:PORT; the operation ends when it is committed
        there. `peer`: its .pub file."""
        return site.transfer("satsync_push", self, step, address, peer, **options)

    def plan(self, step, address, peer, **options):
        """Asks what a push would send: total_bytes and present_bytes of the progress."""
        return site.transfer("satsync_push_plan", self, step, address, peer, **options)

    def pull(self, step, address, peer, **options):
        """Fetches a checkpoint from the site at HOST:PORT."""
        return site.transfer("satsync_pull", self, step, address, peer, **options)

    def serve(self, listen, peers, **options):
        """See site.Serve."""
        return site.Serve(self, listen, peers, **options)

    def operation(self, pointer, borrowed=(), is_awaited=False, kind=Operation):
        return kind(self._engine, pointer, (self, *borrowed), is_awaited)
