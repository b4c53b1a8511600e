"""Tokens made by hand (令牌样本): good ones, and each kind of forgery."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://id.province.example"
AUDIENCE = "yizhan"


@cache
def key(name: str) -> Any:
    """A private key, made once: `ec-…`, `rsa-…`, `ed-…`; another name is another key."""
    kind = name.partition("-")[0]
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


ALGORITHM_OF = {"ec": "ES256", "ed": "EdDSA", "rsa": "RS256"}


def public_jwk(name: str, kid: str | None = None) -> dict[str, Any]:
    """The public part as a provider publishes it."""
    kind = name.partition("-")[0]
    algorithm = {"ec": ECAlgorithm, "ed": OKPAlgorithm, "rsa": RSAAlgorithm}[kind]
    described: dict[str, Any] = json.loads(algorithm.to_jwk(key(name).public_key()))
    return {**described, "kid": kid or name, "use": "sig"}


def key_set(*names: str) -> bytes:
    """A key set of these keys."""
    return json.dumps({"keys": [public_jwk(name) for name in names]}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; None takes a claim out."""
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "zhang-san",
        "iat": now,
        "exp": now + 600,
        "roles": ["biller"],
        "institutions": ["H1"],
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(
    told: dict[str, Any] | None = None,
    *,
    by: str = "ec-1",
    kid: str | None = None,
    **header: Any,
) -> str:
    """A token signed with a key, which says that it is `kid`'s."""
    algorithm = ALGORITHM_OF[by.partition("-")[0]]
    headers = {"kid": kid or by, "typ": "at+jwt", **header}
    return jwt.encode(told or claims(), key(by), algorithm=algorithm, headers=headers)


def unsigned(told: dict[str, Any] | None = None) -> str:
    """`alg: none`, as the oldest forgery goes."""
    return f"{_part({'alg': 'none', 'kid': 'ec-1'})}.{_part(told or claims())}."


def hashed_with_public_key(name: str = "rsa-1") -> str:
    """HS256 with the published key as the secret: taken where a checker believes the header."""
    secret = (
        key(name)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    said = f"{_part({'alg': 'HS256', 'kid': name, 'typ': 'at+jwt'})}.{_part(claims())}"
    made = hmac.new(secret, said.encode(), hashlib.sha256).digest()
    return f"{said}.{_encoded(made)}"


def tampered(token: str, **changes: Any) -> str:
    """The same signature under other claims."""
    header, payload, signature = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"{header}.{_part(told | changes)}.{signature}"


def _part(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
