"""Encryption (加密): AES-256-GCM, and the keys derived from the master key.

What is sealed is bound to the place it belongs to (`about`): moved elsewhere, it does not open.
"""

import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """Sealed bytes do not open: another key, another place, or changed bytes."""


@dataclass(frozen=True)
class MasterKeys:
    """The keys for each use, derived from one master key (HKDF-SHA256)."""

    wrap: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    staging: bytes = field(repr=False)


def derive_keys(master_key: bytes) -> MasterKeys:
    """Derive the keys; a key for one use tells nothing about the others. Raises `ValueError`."""
    if len(master_key) != KEY_BYTES:
        message = f"the master key must have {KEY_BYTES} bytes"
        raise ValueError(message)

    def derive(use: str) -> bytes:
        return HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"yizhan {use} v1".encode()
        ).derive(master_key)

    return MasterKeys(
        wrap=derive("person keys"),
        lookup=derive("certificate look-up"),
        staging=derive("staged rosters"),
    )


def new_key() -> bytes:
    """A random key."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


class Sealer:
    """Seals and opens many things under one key (making a key ready costs as much as using it)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, *, about: bytes) -> bytes:
        """Encrypt and authenticate; the random nonce stands in front."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def unseal(self, sealed: bytes, *, about: bytes) -> bytes:
        """Decrypt what `seal` made. Raises `SealBroken`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            message = "sealed bytes do not open"
            raise SealBroken(message) from None


def seal(plain: bytes, *, key: bytes, about: bytes) -> bytes:
    """Encrypt and authenticate; the random nonce stands in front."""
    return Sealer(key).seal(plain, about=about)


def unseal(sealed: bytes, *, key: bytes, about: bytes) -> bytes:
    """Decrypt what `seal` made. Raises `SealBroken`, `ValueError` for what is no key."""
    return Sealer(key).unseal(sealed, about=about)


def keyed_hash(text: str, *, key: bytes) -> bytes:
    """HMAC-SHA256: without the key, trying every possible certificate number finds nothing."""
    return hmac.digest(key, text.encode(), "sha256")
