"""What the reference readers need of libsodium, by ctypes: it is on every machine that builds this
tree, and a second implementation of a protocol need not be one of its ciphers."""

import ctypes
import ctypes.util
import hashlib
import hmac

_sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
if _sodium.sodium_init() < 0:
    raise OSError("libsodium does not start")

AES256GCM, CHACHA20POLY1305 = "aes256gcm", "chacha20poly1305_ietf"
TAG_BYTES = 16


def has_aes256gcm():
    return bool(_sodium.crypto_aead_aes256gcm_is_available())


def blake2b(data, key=b"", size=64):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def hmac_blake2b(key, data):
    return hmac.new(key, data, hashlib.blake2b).digest()


def x25519(secret, public):
    out = ctypes.create_string_buffer(32)
    if _sodium.crypto_scalarmult(out, secret, public) != 0:
        raise ValueError("a weak point of the curve")
    return out.raw


def x25519_base(secret):
    out = ctypes.create_string_buffer(32)
    _sodium.crypto_scalarmult_base(out, secret)
    return out.raw


def x25519_of_ed25519(public):
    out = ctypes.create_string_buffer(32)
    if _sodium.crypto_sign_ed25519_pk_to_curve25519(out, public) != 0:
        raise ValueError("not an Ed25519 public key")
    return out.raw


def x25519_secret_of_seed(seed):
    """RFC 8032: the scalar is the first half of SHA-512 of the seed, clamped."""
    scalar = bytearray(hashlib.sha512(seed).digest()[:32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    return bytes(scalar)


def ed25519_of_seed(seed):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    _sodium.crypto_sign_ed25519_seed_keypair(public, secret, seed)
    return public.raw


def open_sealed(cipher, key, nonce, sealed, associated):
    """The plaintext, or None when it does not authenticate."""
    if len(sealed) < TAG_BYTES:
        return None
    out = ctypes.create_string_buffer(max(1, len(sealed) - TAG_BYTES))
    size = ctypes.c_ulonglong()
    decrypt = getattr(_sodium, f"crypto_aead_{cipher}_decrypt")
    if decrypt(out, ctypes.byref(size), None, sealed, ctypes.c_ulonglong(len(sealed)), associated,
               ctypes.c_ulonglong(len(associated)), nonce, key) != 0:
        return None
    return out.raw[:size.value]


def verify(signature, message, public):
    """Ed25519."""
    return _sodium.crypto_sign_verify_detached(
        signature, message, ctypes.c_ulonglong(len(message)), public) == 0


def open_box(sealed, public, secret):
    """A libsodium sealed box, or None."""
    out = ctypes.create_string_buffer(max(1, len(sealed) - 48))
    if _sodium.crypto_box_seal_open(out, sealed, ctypes.c_ulonglong(len(sealed)), public,
                                    secret) != 0:
        return None
    return out.raw[:len(sealed) - 48]
