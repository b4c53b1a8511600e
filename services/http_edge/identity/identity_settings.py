"""Whose tokens are trusted (身份设置), from the environment: a province's provider, or our own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from http_edge.identity.caller import is_institution
from http_edge.identity.roles import EVERY_INSTITUTION

ISSUER_VARIABLE: Final = "YIZHAN_OIDC_ISSUER"
KEYS_VARIABLE: Final = "YIZHAN_OIDC_JWKS"
AUDIENCE_VARIABLE: Final = "YIZHAN_OIDC_AUDIENCE"
OPERATOR_CLAIM_VARIABLE: Final = "YIZHAN_OIDC_OPERATOR_CLAIM"
TOKEN_URL_VARIABLE: Final = "YIZHAN_OIDC_TOKEN_URL"  # noqa: S105 -- the name of a variable
CLIENT_ID_VARIABLE: Final = "YIZHAN_CLIENT_ID"
CLIENT_SECRET_VARIABLE: Final = "YIZHAN_CLIENT_SECRET"  # noqa: S105 -- the name of a variable

OFFICES_VARIABLE: Final = "YIZHAN_OFFICES"

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


class IdentityUnusable(Exception):
    """What is set about tokens does not hold together; the message names the variables."""


@dataclass(frozen=True)
class IdentitySettings:
    """Whose tokens are checked, and with which credentials tokens of our own are fetched.

    YIZHAN_OIDC_ISSUER, YIZHAN_OIDC_JWKS (URL or file), YIZHAN_OIDC_AUDIENCE: a provider; without
    an issuer, tokens are those of the local issuer. YIZHAN_OIDC_OPERATOR_CLAIM: the claim that
    names people as they are recorded, one name for one person for ever (default `sub`).
    YIZHAN_OIDC_TOKEN_URL, YIZHAN_CLIENT_ID, YIZHAN_CLIENT_SECRET (or …_FILE): how settlement gets
    the token it asks eligibility with. YIZHAN_OFFICES: the codes of the offices, separated by
    commas; a code that is neither here nor in the directory of hospitals is nobody's. Without any,
    tokens for every institution (`*`) alone are an office's.
    """

    issuer: str | None = None
    keys: str | None = None
    audience: str = "yizhan"
    operator_claim: str = "sub"
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    offices: frozenset[str] = frozenset()


LOCAL_IDENTITY: Final = IdentitySettings()
"""The embedded default: tokens are issued and checked by this installation alone."""


def read_identity(environment: Mapping[str, str]) -> IdentitySettings:
    """As the environment says. Raises IdentityUnusable."""
    found = IdentitySettings(
        issuer=environment.get(ISSUER_VARIABLE) or None,
        keys=environment.get(KEYS_VARIABLE) or None,
        audience=environment.get(AUDIENCE_VARIABLE) or "yizhan",
        operator_claim=environment.get(OPERATOR_CLAIM_VARIABLE) or "sub",
        token_url=environment.get(TOKEN_URL_VARIABLE) or None,
        client_id=environment.get(CLIENT_ID_VARIABLE) or None,
        client_secret=secret_from(environment, CLIENT_SECRET_VARIABLE),
        offices=_offices(environment.get(OFFICES_VARIABLE, "")),
    )
    if (found.issuer is None) != (found.keys is None):
        raise IdentityUnusable(f"{ISSUER_VARIABLE} 与 {KEYS_VARIABLE} 须同时设置，或都不设置")
    if found.keys is not None and "://" in found.keys:
        _require_safe(found.keys, KEYS_VARIABLE)
    if found.token_url is not None:
        _require_safe(found.token_url, TOKEN_URL_VARIABLE)
        if found.client_id is None or found.client_secret is None:
            raise IdentityUnusable(
                f"设了 {TOKEN_URL_VARIABLE}，还须设 {CLIENT_ID_VARIABLE} 与 "
                f"{CLIENT_SECRET_VARIABLE}（或 {CLIENT_SECRET_VARIABLE}_FILE）"
            )
    return found


def _offices(listed: str) -> frozenset[str]:
    codes = frozenset(code.strip() for code in listed.split(",")) - {""}
    if EVERY_INSTITUTION in codes or not all(is_institution(code) for code in codes):
        raise IdentityUnusable(f"{OFFICES_VARIABLE} 须为逗号分隔的经办机构编码，如 O500112,O500000")
    return codes


def secret_from(environment: Mapping[str, str], variable: str) -> str | None:
    """A secret from a variable, or from the file that `…_FILE` names; empty is none.

    Raises IdentityUnusable.
    """
    file = environment.get(f"{variable}_FILE")
    if not file:
        return environment.get(variable) or None
    if environment.get(variable):
        raise IdentityUnusable(f"{variable} 与 {variable}_FILE 只能设一个")
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        raise IdentityUnusable(f"{variable}_FILE 所指的文件无法读取") from None


def _require_safe(url: str, variable: str) -> None:
    """Keys and secrets go over TLS, or never leave the machine or the containers' own network,
    where names have no dot."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_near = host in _THIS_MACHINE or (bool(host) and "." not in host and ":" not in host)
    if not (parts.scheme == "https" and host) and not (parts.scheme == "http" and is_near):
        raise IdentityUnusable(f"{variable} 须是 https 地址（本机或容器内网可用 http）")
