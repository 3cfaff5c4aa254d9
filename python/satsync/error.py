"""Errors: one exception a class of status, as the exit codes of the command line have them."""

import ctypes

from . import abi
from .abi import Status


class Error(Exception):
    """What happened (`message`), to what (`subject`), under which `status`."""

    def __init__(self, status, subject, message):
        super().__init__(f"{subject}: {message}" if subject else message)
        self.status = status
        self.subject = subject
        self.message = message


class UsageError(Error):
    """The caller asked for something wrong."""


class ResourceError(Error):
    """This machine lacks memory, space, permission, a device."""


class LinkError(Error):
    """The network between the sites."""


class PeerError(Error):
    """The other site refuses, or speaks something else."""


class IntegrityError(Error):
    """Bytes are not what was written."""


class InternalError(Error):
    """A mistake of satsync's own; please report it."""


_CLASSES = {2: UsageError, 3: ResourceError, 4: LinkError, 5: PeerError, 6: IntegrityError}


def error_of(status, subject, message):
    """The exception for a status; one of a newer library keeps its number."""
    try:
        status = Status(status)
    except ValueError:
        pass
    return _CLASSES.get(int(status) // 16, InternalError)(status, subject, message)


def invalid(subject, message):
    return UsageError(Status.INVALID, subject, message)


def attempt(name, *arguments, accept=()):
    """Calls a function of the library. Raises, unless it is done (OK) or its status is one of
    `accept`; returns the status."""
    detail = abi.Error()
    status = getattr(abi.library, name)(*arguments, ctypes.byref(detail))
    if status != Status.OK and status not in accept:
        raise error_of(status, detail.subject.decode(errors="replace"),
                       detail.message.decode(errors="replace"))
    return Status(status)
