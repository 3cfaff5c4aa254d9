"""What this machine offers to satsync, what of it is used, and what to do where something is short."""

import ctypes
import dataclasses
import enum
import os
from ctypes import byref

from . import abi
from .error import attempt


class FindingState(enum.IntEnum):
    GOOD = 0
    SHORT = 1
    MISSING = 2


@dataclasses.dataclass(frozen=True)
class Finding:
    """`subject` is a word that stays, such as "io_uring"; the rest are sentences for a person."""

    subject: str
    state: FindingState
    found: str
    used: str
    advice: str


def doctor(folder=None):
    """The findings, as `satsync doctor` prints them. `folder` is where a store is or will be."""
    findings = (abi.Finding * abi.FINDINGS)()
    count = ctypes.c_size_t()
    attempt("satsync_doctor", None if folder is None else os.fsencode(folder), findings,
            byref(count))
    return [Finding(each.subject.decode(), FindingState(each.state), each.found.decode(),
                    each.used.decode(), each.advice.decode())
            for each in findings[:count.value]]
