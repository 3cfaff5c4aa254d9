"""Site keys: who a site is."""

import ctypes
import os
from ctypes import byref

from . import abi
from .abi import library
from .error import attempt
from .handle import Handle


def text_of(public_key):
    """Base64, as in a .pub file."""
    out = ctypes.create_string_buffer(abi.PUBLIC_KEY_TEXT_BYTES)
    library.satsync_public_key_text(byref(public_key), out)
    return out.value.decode()


def public_key(source):
    """From a .pub file's path, a Key, or what another call gave."""
    if isinstance(source, abi.PublicKey):
        return source
    if isinstance(source, Key):
        return source.public
    key = abi.PublicKey()
    attempt("satsync_public_key_load", os.fsencode(source), byref(key))
    return key


class Key(Handle):
    """The secret key of a site, read from its file; wiped from memory when closed."""

    def __init__(self, path):
        super().__init__(None)
        pointer = ctypes.c_void_p()
        attempt("satsync_key_load", os.fsencode(path), byref(pointer))
        self._pointer = pointer

    @classmethod
    def generate(cls, path):
        """Makes PATH (mode 0600) and PATH.pub; refuses to replace either."""
        attempt("satsync_key_generate", os.fsencode(path), None)
        return cls(path)

    @property
    def public(self):
        key = abi.PublicKey()
        library.satsync_key_public(self.pointer, byref(key))
        return key

    def _release(self, pointer):
        library.satsync_key_free(pointer)
