"""The C interface as ctypes sees it: the structs and calls of <satsync/...>, nothing more.

tests/python compares every struct here with what a C compiler makes of the headers.
"""

import ctypes
import enum
import os
from ctypes import POINTER, c_char, c_char_p, c_double, c_int, c_size_t, c_ubyte, c_uint32
from ctypes import c_uint64, c_void_p

LIBRARY_VARIABLE = "SATSYNC_LIBRARY"
FOREVER_NS = 2**64 - 1
FINDINGS = 16
MAX_DIMENSIONS = 16
PUBLIC_KEY_TEXT_BYTES = 64
STATE_HASH_BYTES = 32


class Status(enum.IntEnum):
    OK = 0
    AGAIN = 1
    INVALID = 32
    NOT_FOUND = 33
    CONFLICT = 34
    WRONG_STATE = 35
    UNSUPPORTED = 36
    CANCELLED = 37
    NO_MEMORY = 48
    NO_SPACE = 49
    READ_ONLY = 50
    NO_PERMISSION = 51
    IO = 52
    LIMIT = 53
    BUSY = 54
    NO_PATH = 64
    TIMED_OUT = 65
    ADDRESS = 66
    REFUSED = 80
    NEWER_VERSION = 81
    PROTOCOL = 82
    PEER_FAILED = 83
    CORRUPT = 96
    FORGED = 97
    INCOMPLETE = 98
    NO_KEY = 99
    BUG = 112


class Struct(ctypes.Structure):
    """A struct that starts with its own size says so itself."""

    def __init__(self, **values):
        super().__init__(**values)
        if self._fields_[0][0] == "size":
            self.size = ctypes.sizeof(self)


class Error(Struct):
    _fields_ = [("status", c_int), ("subject", c_char * 192), ("message", c_char * 448)]


class Finding(Struct):
    _fields_ = [("subject", c_char_p), ("state", c_int), ("found", c_char * 640),
                ("used", c_char * 320), ("advice", c_char * 320)]


class EngineOptions(Struct):
    _fields_ = [("size", c_size_t), ("workers", c_uint32), ("manual", c_uint32),
                ("memory_bytes", c_uint64), ("allocate", c_void_p), ("release", c_void_p),
                ("allocate_context", c_void_p), ("log", c_void_p), ("log_context", c_void_p),
                ("log_level", c_int), ("link_memory_bytes", c_uint64)]


class Progress(Struct):
    _fields_ = [("activity", c_int)] + [
        (name, c_uint64) for name in (
            "done_bytes", "total_bytes", "elapsed_ns", "raw_bytes", "stored_bytes",
            "present_bytes", "wire_bytes", "payload_bytes", "repeated_bytes", "repair_bytes",
            "rate_bps", "smoothed_rtt_ns", "min_rtt_ns", "loss_ppm", "sending_ns",
            "repairing_ns", "waiting_ns", "idle_ns", "connecting_ns")]


class PublicKey(Struct):
    _fields_ = [("bytes", c_ubyte * 32)]


class CheckpointInfo(Struct):
    _fields_ = [("step", c_uint64), ("created_unix_ns", c_uint64), ("raw_bytes", c_uint64),
                ("stored_bytes", c_uint64), ("referred_bytes", c_uint64), ("tensors", c_uint64),
                ("chunks", c_uint64), ("packs", c_uint32), ("recipients", c_uint32),
                ("digest", c_ubyte * 32), ("origin_store", c_ubyte * 16), ("signer", PublicKey)]


class Damage(Struct):
    _fields_ = [("step", c_uint64), ("status", c_int), ("what", c_char * 256)]


class VerifyReport(Struct):
    _fields_ = [("checkpoints", c_uint64), ("checked_bytes", c_uint64), ("damaged", c_uint64),
                ("authenticated", c_int), ("damages", POINTER(Damage)), ("capacity", c_size_t)]


class RepairOptions(Struct):
    _fields_ = [("size", c_size_t), ("dry_run", c_int)]


class RepairReport(Struct):
    _fields_ = [("checkpoints", c_uint64), ("packs", c_uint64), ("checked_bytes", c_uint64),
                ("damaged", c_uint64), ("mended", c_uint64), ("damages", POINTER(Damage)),
                ("capacity", c_size_t)]


class PruneOptions(Struct):
    _fields_ = [("size", c_size_t), ("keep_last", c_uint64), ("keep_every", c_uint64),
                ("dry_run", c_int), ("drop_tagged", c_int)]


class PruneReport(Struct):
    _fields_ = [("kept", c_uint64), ("removed", c_uint64), ("freed_bytes", c_uint64),
                ("steps", POINTER(c_uint64)), ("capacity", c_size_t)]


class Tensor(Struct):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("dimensions", c_uint32),
                ("shape", c_uint64 * MAX_DIMENSIONS), ("data", c_void_p)]


class TensorCost(Struct):
    _fields_ = [("raw_bytes", c_uint64), ("stored_bytes", c_uint64), ("referred_bytes", c_uint64),
                ("unchanged_bytes", c_uint64), ("delta_bytes", c_uint64),
                ("derived_bytes", c_uint64), ("codecs", c_char * 48)]


class SaveOptions(Struct):
    _fields_ = [("size", c_size_t), ("step", c_uint64), ("codec", c_int),
                ("chunk_bytes", c_uint32), ("base", c_int), ("base_step", c_uint64),
                ("derive", c_int), ("data_packs", c_uint32), ("parity_packs", c_uint32),
                ("expected_bytes", c_uint64)]


class RestoreOptions(Struct):
    _fields_ = [("size", c_size_t), ("step", c_uint64), ("output", c_char_p),
                ("tensors", POINTER(c_char_p)), ("tensor_count", c_size_t)]


class PatchOptions(Struct):
    _fields_ = [("size", c_size_t), ("from_step", c_uint64), ("to_step", c_uint64),
                ("output", c_char_p)]


class PatchApplyOptions(Struct):
    _fields_ = [("size", c_size_t), ("patch", c_char_p), ("base", c_char_p), ("output", c_char_p)]


class PatchInfo(Struct):
    _fields_ = [("from_step", c_uint64), ("to_step", c_uint64), ("result_bytes", c_uint64),
                ("patch_bytes", c_uint64)]


class Peer(Struct):
    _fields_ = [("key", PublicKey), ("rights", c_uint32)]


class SiteOptions(Struct):
    _fields_ = [("size", c_size_t), ("key", c_void_p), ("address", c_char_p), ("peer", PublicKey),
                ("peers", POINTER(Peer)), ("peer_count", c_size_t), ("rate_bps", c_uint64),
                ("give_up_ns", c_uint64), ("carrier", c_void_p), ("limit_bps", c_uint64),
                ("controller", c_int)]


class ServeEvent(Struct):
    _fields_ = [("status", c_int), ("step", c_uint64), ("bytes", c_uint64), ("received", c_int),
                ("finished", c_int), ("peer", PublicKey), ("message", c_char * 256)]


class GroupSite(Struct):
    _fields_ = [("key", PublicKey), ("address", c_char_p), ("rate_bps", c_uint64)]


class GroupOptions(Struct):
    _fields_ = [("size", c_size_t), ("key", c_void_p), ("sites", POINTER(GroupSite)),
                ("site_count", c_size_t), ("site", c_size_t), ("witness", c_uint32),
                ("listen", c_char_p), ("promises", c_char_p), ("ranks", c_void_p),
                ("tensors", POINTER(Tensor)), ("tensor_count", c_size_t), ("codec", c_int),
                ("exchange", c_int), ("site_bps", c_uint64), ("delay_ns", c_uint64),
                ("fragments", c_uint32), ("inner_steps", c_uint64), ("overlap_steps", c_uint64),
                ("outer_rate", c_double), ("outer_momentum", c_double), ("collect_ns", c_uint64),
                ("deadline_ns", c_uint64), ("give_up_ns", c_uint64), ("carrier", c_void_p)]


class GroupStats(Struct):
    _fields_ = [("size", c_size_t)] + [
        (name, c_uint64) for name in (
            "applied_steps", "decided_steps", "late_steps", "fetched_states", "sent_bytes",
            "received_bytes", "wire_bytes", "waited_ns", "ticked_ns")] + [
        ("present", c_uint32), ("missing", c_uint32), ("behind", c_uint32),
        ("leader", c_uint32), ("exchange", c_char_p), ("summed_steps", c_uint64)]


class GroupEvent(Struct):
    _fields_ = [("kind", c_int), ("step", c_uint64), ("peer", c_uint32), ("sites", c_uint32),
                ("message", c_char * 256)]


class RanksOptions(Struct):
    _fields_ = [("size", c_size_t), ("rank", c_uint32), ("count", c_uint32),
                ("address", c_char_p), ("timeout_ns", c_uint64)]


class RanksBuffer(Struct):
    _fields_ = [("dtype", c_int), ("data", c_void_p), ("count", c_uint64)]


# Calls that return a status and take a struct satsync_error last: all arguments but that one.
FALLIBLE = {
    "satsync_doctor": [c_char_p, POINTER(Finding), POINTER(c_size_t)],
    "satsync_engine_open": [POINTER(EngineOptions), POINTER(c_void_p)],
    "satsync_operation_result": [c_void_p],
    "satsync_operation_wait": [c_void_p, c_uint64],
    "satsync_key_generate": [c_char_p, POINTER(PublicKey)],
    "satsync_key_load": [c_char_p, POINTER(c_void_p)],
    "satsync_public_key_load": [c_char_p, POINTER(PublicKey)],
    "satsync_store_create": [c_void_p, c_char_p, c_void_p, POINTER(PublicKey), c_size_t],
    "satsync_store_open": [c_void_p, c_char_p, c_void_p, POINTER(c_void_p)],
    "satsync_store_trust": [c_void_p, POINTER(PublicKey)],
    "satsync_store_steps": [c_void_p, POINTER(c_uint64), c_size_t, POINTER(c_size_t)],
    "satsync_store_info": [c_void_p, c_uint64, POINTER(CheckpointInfo)],
    "satsync_store_readable": [c_void_p, c_uint64, POINTER(PublicKey), POINTER(c_int)],
    "satsync_store_verify": [c_void_p, c_uint64, POINTER(VerifyReport)],
    "satsync_store_verify_quick": [c_void_p, c_uint64, POINTER(VerifyReport)],
    "satsync_store_repair": [c_void_p, c_uint64, POINTER(RepairOptions), POINTER(RepairReport)],
    "satsync_store_tag": [c_void_p, c_uint64, c_char_p],
    "satsync_store_untag": [c_void_p, c_uint64, c_char_p],
    "satsync_store_tags": [c_void_p, c_uint64, c_char_p],
    "satsync_store_prune": [c_void_p, POINTER(PruneOptions), POINTER(PruneReport)],
    "satsync_save_begin": [c_void_p, POINTER(SaveOptions), POINTER(c_void_p)],
    "satsync_save_put": [c_void_p, POINTER(Tensor)],
    "satsync_save_put_blob": [c_void_p, c_char_p, c_void_p, c_size_t],
    "satsync_save_commit": [c_void_p, POINTER(c_void_p)],
    "satsync_reader_open": [c_void_p, c_uint64, POINTER(c_void_p)],
    "satsync_reader_find": [c_void_p, c_char_p, POINTER(c_size_t)],
    "satsync_reader_read": [c_void_p, c_size_t, c_uint64, c_void_p, c_size_t],
    "satsync_reader_read_box": [c_void_p, c_size_t, POINTER(c_uint64), POINTER(c_uint64),
                                c_void_p],
    "satsync_reader_blob": [c_void_p, c_char_p, c_void_p, c_size_t, POINTER(c_size_t)],
    "satsync_save_files": [c_void_p, POINTER(SaveOptions), POINTER(c_char_p), c_size_t,
                           POINTER(c_void_p)],
    "satsync_restore_files": [c_void_p, POINTER(RestoreOptions), POINTER(c_void_p)],
    "satsync_patch_make": [c_void_p, POINTER(PatchOptions), POINTER(c_void_p)],
    "satsync_patch_apply": [c_void_p, POINTER(PatchApplyOptions), POINTER(c_void_p)],
    "satsync_patch_info": [c_void_p, c_char_p, POINTER(PatchInfo)],
    "satsync_push": [c_void_p, c_uint64, POINTER(SiteOptions), POINTER(c_void_p)],
    "satsync_push_plan": [c_void_p, c_uint64, POINTER(SiteOptions), POINTER(c_void_p)],
    "satsync_pull": [c_void_p, c_uint64, POINTER(SiteOptions), POINTER(c_void_p)],
    "satsync_serve": [c_void_p, POINTER(SiteOptions), POINTER(c_void_p)],
    "satsync_group_open": [c_void_p, POINTER(GroupOptions), POINTER(c_void_p)],
    "satsync_group_tick": [c_void_p, c_uint64],
    "satsync_group_wait": [c_void_p, c_uint64],
    "satsync_group_save": [c_void_p, c_void_p],
    "satsync_group_load": [c_void_p, c_void_p],
    "satsync_ranks_open": [c_void_p, POINTER(RanksOptions), POINTER(c_void_p)],
    "satsync_ranks_barrier": [c_void_p, c_uint64],
    "satsync_ranks_broadcast": [c_void_p, POINTER(RanksBuffer), c_uint32, c_uint64],
    "satsync_ranks_all_reduce": [c_void_p, POINTER(RanksBuffer), c_uint64],
    "satsync_ranks_reduce_scatter": [c_void_p, POINTER(RanksBuffer), c_uint64],
    "satsync_ranks_all_gather": [c_void_p, POINTER(RanksBuffer), c_uint64],
}

# The others: what they return, and their arguments.
PLAIN = {
    "satsync_version": (c_char_p, []),
    "satsync_engine_close": (None, [c_void_p]),
    "satsync_engine_fd": (c_int, [c_void_p]),
    "satsync_engine_poll": (c_void_p, [c_void_p]),
    "satsync_operation_progress": (None, [c_void_p, POINTER(Progress)]),
    "satsync_operation_cancel": (None, [c_void_p]),
    "satsync_operation_free": (None, [c_void_p]),
    "satsync_key_free": (None, [c_void_p]),
    "satsync_key_public": (None, [c_void_p, POINTER(PublicKey)]),
    "satsync_public_key_text": (None, [POINTER(PublicKey), c_char_p]),
    "satsync_store_close": (None, [c_void_p]),
    "satsync_save_abandon": (None, [c_void_p]),
    "satsync_reader_close": (None, [c_void_p]),
    "satsync_reader_tensors": (c_size_t, [c_void_p]),
    "satsync_reader_tensor": (None, [c_void_p, c_size_t, POINTER(Tensor)]),
    "satsync_reader_cost": (None, [c_void_p, c_size_t, POINTER(TensorCost)]),
    "satsync_serve_address": (c_int, [c_void_p, c_char_p, c_size_t]),
    "satsync_serve_next": (c_int, [c_void_p, POINTER(ServeEvent)]),
    "satsync_group_address": (None, [c_void_p, c_char_p, c_size_t]),
    "satsync_group_close": (None, [c_void_p]),
    "satsync_group_state_hash": (None, [c_void_p, c_char_p]),
    "satsync_group_stats": (None, [c_void_p, POINTER(GroupStats)]),
    "satsync_group_next": (c_int, [c_void_p, POINTER(GroupEvent)]),
    "satsync_ranks_close": (None, [c_void_p]),
    "satsync_ranks_rank": (c_uint32, [c_void_p]),
    "satsync_ranks_count": (c_uint32, [c_void_p]),
    "satsync_ranks_missing": (c_uint32, [c_void_p]),
    "satsync_ranks_share": (None, [c_void_p, c_uint64, c_uint32, POINTER(c_uint64),
                                   POINTER(c_uint64)]),
}


def _load():
    name = os.environ.get(LIBRARY_VARIABLE, "libsatsync.so.0")
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"{error}; install satsync (cmake --install build) where the loader looks "
                          f"(LD_LIBRARY_PATH, ldconfig), or name the file in {LIBRARY_VARIABLE}"
                          ) from error
    for name, arguments in FALLIBLE.items():
        function = getattr(library, name)
        function.restype = c_int
        function.argtypes = arguments + [POINTER(Error)]
    for name, (result, arguments) in PLAIN.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


library = _load()
