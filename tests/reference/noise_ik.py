"""Noise IK with BLAKE2b (Noise specification, revision 34), replayed from the initiator's secrets."""

import struct

import sodium

HASH_BYTES = 64


def hkdf2(chaining_key, material):
    temporary = sodium.hmac_blake2b(chaining_key, material)
    first = sodium.hmac_blake2b(temporary, b"\1")
    return first, sodium.hmac_blake2b(temporary, first + b"\2")


class NoiseIK:
    """Both messages, in order; the names are those of the specification."""

    def __init__(self, name, cipher, prologue, responder_static):
        self.cipher = cipher
        self.h = name.ljust(HASH_BYTES, b"\0") if len(name) <= HASH_BYTES else sodium.blake2b(name)
        self.ck = self.h
        self.k = None
        self.n = 0
        self.mix_hash(prologue)
        self.mix_hash(responder_static)

    def mix_hash(self, data):
        self.h = sodium.blake2b(self.h + data)

    def mix_key(self, material):
        self.ck, key = hkdf2(self.ck, material)
        self.k, self.n = key[:32], 0

    def decrypt_and_hash(self, sealed):
        order = ">Q" if self.cipher == sodium.AES256GCM else "<Q"
        nonce = bytes(4) + struct.pack(order, self.n)
        plain = sodium.open_sealed(self.cipher, self.k, nonce, sealed, self.h)
        if plain is None:
            raise ValueError("a handshake message does not open")
        self.n += 1
        self.mix_hash(sealed)
        return plain

    def first_message(self, message, s, e, rs):
        """-> e, es, s, ss, payload. Returns the initiator's static key and the payload."""
        if message[:32] != sodium.x25519_base(e):
            raise ValueError("the ephemeral secret is not this session's")
        self.mix_hash(message[:32])
        self.mix_key(sodium.x25519(e, rs))
        static = self.decrypt_and_hash(message[32:80])
        self.mix_key(sodium.x25519(s, rs))
        return static, self.decrypt_and_hash(message[80:])

    def second_message(self, message, s, e):
        """<- e, ee, se, payload."""
        self.mix_hash(message[:32])
        self.mix_key(sodium.x25519(e, message[:32]))
        self.mix_key(sodium.x25519(s, message[:32]))
        return self.decrypt_and_hash(message[32:])

    def export(self, label):
        return hkdf2(self.ck, label + self.h)[0][:32]

    def split(self):
        first, second = hkdf2(self.ck, b"")
        return first[:32], second[:32]
