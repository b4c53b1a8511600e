"""The local issuer (本机签发): the embedded default signs its own tokens, with a key of its own."""

import base64
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from http_edge.identity.key_sets import FixedKeys, read_key_set
from http_edge.identity.roles import Role

LOCAL_ISSUER: Final = "urn:yizhan:local-issuer"
DEFAULT_AUDIENCE: Final = "yizhan"
KEY_FILE: Final = "issuer.key"

_OWNER_ONLY = 0o600
_COORDINATE_BYTES = 32


class IssuerKeyUnusable(Exception):
    """The issuer's key file is unsafe or damaged; the message says what to do."""


class LocalIssuer:
    """Issues tokens signed with a key of this installation (签发方)."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        *,
        audience: str = DEFAULT_AUDIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._clock = clock
        self.audience = audience
        self._public = _public_jwk(key)

    def key_set(self) -> dict[str, Any]:
        """Its public key as a key set (RFC 7517)."""
        return {"keys": [self._public]}

    def keys(self) -> FixedKeys:
        """The same for checking in this process."""
        return FixedKeys(read_key_set(json.dumps(self.key_set()).encode()))

    def issue(
        self,
        *,
        subject: str,
        roles: Iterable[Role],
        institutions: Iterable[str],
        seconds: int,
        is_system: bool = False,
    ) -> str:
        """A token for somebody, good from now on for so many seconds.

        `is_system`: it is a system's, which names its operators itself.
        """
        now = int(self._clock())
        claims = {
            "iss": LOCAL_ISSUER,
            "aud": self.audience,
            "sub": subject,
            "client_id": subject if is_system else "yizhan-command",
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(12),
            "roles": sorted(role.value for role in roles),
            "institutions": sorted(institutions),
        }
        headers = {"kid": self._public["kid"], "typ": "at+jwt"}
        return jwt.encode(claims, self._key, algorithm="ES256", headers=headers)


def open_local_issuer(
    data: Path,
    *,
    audience: str = DEFAULT_AUDIENCE,
    clock: Callable[[], float] = time.time,
) -> LocalIssuer:
    """The issuer of a data folder, with a key that is made once. Raises IssuerKeyUnusable."""
    path = data / KEY_FILE
    if not path.exists():
        _create_key(path)
    return LocalIssuer(_read_key(path), audience=audience, clock=clock)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if stat.S_IMODE(path.stat().st_mode) & ~_OWNER_ONLY:
        raise IssuerKeyUnusable(f"签发密钥文件权限须为 600：{path} (chmod 600)")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IssuerKeyUnusable(
            f"签发密钥文件已损坏：{path}；删去后重新启动会另造一把，已发的令牌随之失效"
        )
    return key


def _create_key(path: Path) -> None:
    """Whole or not at all, also when several processes start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}.draft")
    with open(draft, "xb", opener=_for_owner) as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (_base64url(n.to_bytes(_COORDINATE_BYTES, "big")) for n in (numbers.x, numbers.y))
    described = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    # RFC 7638: the id is the key's own thumbprint.
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":")).encode()
    kid = _base64url(hashlib.sha256(canonical).digest())
    return {**described, "kid": kid, "use": "sig", "alg": "ES256"}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
