"""Key sets (公钥集, RFC 7517): the public keys of an issuer, from a file or a URL."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx2 as httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

ALGORITHMS = frozenset({"ES256", "RS256", "EdDSA"})
"""Asymmetric alone: whoever can check a token must not be able to make one."""

FRESH_SECONDS = 300.0
"""A key that its provider withdrew serves no longer than this, while the provider can be asked."""
REFETCH_SECONDS = 30.0
RETRY_SECONDS = 1.0
STALE_SECONDS = 86_400.0
FETCH_SECONDS = 3.0
COLD_SECONDS = 1.0
LARGEST_BYTES = 256 * 1024
_FEWEST_RSA_BITS = 2048

Keys = Mapping[str, PyJWK]


class KeysUnreachable(Exception):
    """The key set cannot be had now: nobody's token is wrong, and nobody's can be checked."""


class KeySet(Protocol):
    """Where public keys are found (公钥集)."""

    def find(self, kid: str) -> PyJWK | None:
        """The key of this id, or None. Raises KeysUnreachable."""

    def at_hand(self, kid: str) -> PyJWK | None:
        """The key of this id without any wait; None also where `find` would read the keys again."""


class FixedKeys:
    """Keys that never change while the process runs."""

    def __init__(self, keys: Keys) -> None:
        self._keys = dict(keys)

    def find(self, kid: str) -> PyJWK | None:
        """The key of this id, or None."""
        return self._keys.get(kid)

    def at_hand(self, kid: str) -> PyJWK | None:
        """The key of this id, or None."""
        return self._keys.get(kid)


class RefreshedKeys:
    """Keys that are read again now and then, and for an unknown id at most every half minute.

    Without an answer the last ones serve on for a day. One thread reads, and nobody else waits
    for it: a provider that answers slowly must not hold every thread there is.
    """

    def __init__(
        self, load: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._loaded_at = self._tried_at = float("-inf")

    def find(self, kid: str) -> PyJWK | None:
        """The key of this id, or None. Raises KeysUnreachable."""
        # Before there are any at all nobody can be let in, and a moment is worth waiting.
        if self._lock.acquire(timeout=0 if self._keys else COLD_SECONDS):
            try:
                self._refresh_where_due(kid)
            finally:
                self._lock.release()
        found = self._usable_now(kid)
        # Also while another thread still reads: then nothing can be said of an unknown id yet.
        if found is None and self._loaded_at < self._tried_at:
            raise KeysUnreachable
        return found

    def warm(self) -> None:
        """Read them for the first time, before anybody asks; what fails is tried again then."""
        with self._lock:
            self._refresh_where_due("")
            if not self._keys:
                self._tried_at = float("-inf")

    def at_hand(self, kid: str) -> PyJWK | None:
        """As `KeySet`; also while another thread reads, or soon after it was in vain."""
        return None if self._is_due(kid, self._clock()) else self._usable_now(kid)

    def _usable_now(self, kid: str) -> PyJWK | None:
        is_usable = self._clock() - self._loaded_at < STALE_SECONDS
        return self._keys.get(kid) if is_usable else None

    def _refresh_where_due(self, kid: str) -> None:
        now = self._clock()
        if self._is_due(kid, now):
            self._tried_at = now
            self._refresh(now)

    def _is_due(self, kid: str, now: float) -> bool:
        is_wanted = kid not in self._keys or now - self._loaded_at >= FRESH_SECONDS
        # With none at all nobody is let in: when services start together, one is asked too early.
        pause_seconds = REFETCH_SECONDS if self._keys else RETRY_SECONDS
        return is_wanted and now - self._tried_at >= pause_seconds

    def _refresh(self, now: float) -> None:
        try:
            self._keys = read_key_set(self._load())
            self._loaded_at = now
        except (OSError, httpx.HTTPError, ValueError):
            return


def read_key_set(content: bytes) -> Keys:
    """The usable keys by their ids: those without one, symmetric or weak are passed over.

    Raises ValueError where it is no key set.
    """
    try:
        listed = json.loads(content)["keys"]
    except (KeyError, TypeError, RecursionError) as wrong:
        raise ValueError("not a key set") from wrong
    if not isinstance(listed, list):
        raise ValueError("not a key set")
    found = {each["kid"]: key for each in listed if (key := _usable(each)) is not None}
    if not found:
        raise ValueError("no usable key")
    return found


def _usable(described: Any) -> PyJWK | None:
    if not isinstance(described, dict) or not isinstance(described.get("kid"), str):
        return None
    if described.get("use", "sig") != "sig" or described.get("kty") == "oct":
        return None
    try:
        key = PyJWK(described)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    is_weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < _FEWEST_RSA_BITS
    return key if key.algorithm_name in ALGORITHMS and not is_weak else None


def keys_at(place: str) -> RefreshedKeys:
    """The key set at a URL or in a file."""
    if place.startswith(("https://", "http://")):
        return RefreshedKeys(lambda: _fetch(place))
    return RefreshedKeys(Path(place).read_bytes)


def _fetch(url: str) -> bytes:
    deadline = time.monotonic() + 2 * FETCH_SECONDS
    content = bytearray()
    with (
        httpx.Client(timeout=FETCH_SECONDS, follow_redirects=False) as client,
        client.stream("GET", url) as response,
    ):
        response.raise_for_status()
        for piece in response.iter_bytes():
            content += piece
            # A limit to each read alone would let a drip go on for ever.
            if len(content) > LARGEST_BYTES or time.monotonic() > deadline:
                raise ValueError("key set too large or too slow")
    return bytes(content)
