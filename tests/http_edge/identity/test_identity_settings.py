"""Whose tokens are trusted, as the environment says; and key sets as providers publish them."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response

from http_edge.identity.gate import build_gate, build_own_tokens
from http_edge.identity.identity_settings import (
    LOCAL_IDENTITY,
    IdentitySettings,
    IdentityUnusable,
    read_identity,
)
from http_edge.identity.key_sets import KeysUnreachable, keys_at, read_key_set
from standalone.serving import served
from tests.http_edge.identity.token_smith import (
    AUDIENCE,
    ISSUER,
    claims,
    key_set,
    public_jwk,
    signed,
)

PROVIDER = {"YIZHAN_OIDC_ISSUER": ISSUER, "YIZHAN_OIDC_JWKS": "https://id.province.example/keys"}


def test_nothing_set_is_the_local_issuer() -> None:
    """And there is nothing to be set that turns checking off."""
    assert read_identity({}) == LOCAL_IDENTITY == IdentitySettings()
    assert read_identity({"YIZHAN_OIDC_ISSUER": ""}) == LOCAL_IDENTITY


def test_a_provider_is_read_from_the_environment(tmp_path: Path) -> None:
    """Its secret from a file; no secret where settings are printed."""
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    found = read_identity(
        PROVIDER
        | {
            "YIZHAN_OIDC_AUDIENCE": "settlement-500112",
            "YIZHAN_OIDC_OPERATOR_CLAIM": "employee_number",
            "YIZHAN_OIDC_TOKEN_URL": "https://id.province.example/token",
            "YIZHAN_CLIENT_ID": "settlement",
            "YIZHAN_CLIENT_SECRET_FILE": str(file),
        }
    )
    assert found == IdentitySettings(
        issuer=ISSUER,
        keys="https://id.province.example/keys",
        audience="settlement-500112",
        operator_claim="employee_number",
        token_url="https://id.province.example/token",  # noqa: S106 -- an address
        client_id="settlement",
        client_secret="s3cret",  # noqa: S106 -- made up
    )
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("set_", "named"),
    [
        ({"YIZHAN_OIDC_ISSUER": ISSUER}, "YIZHAN_OIDC_JWKS"),
        ({"YIZHAN_OIDC_JWKS": "keys.json"}, "YIZHAN_OIDC_ISSUER"),
        (PROVIDER | {"YIZHAN_OIDC_JWKS": "http://id.province.example/keys"}, "https"),
        (PROVIDER | {"YIZHAN_OIDC_JWKS": "http://10.0.0.7/keys"}, "https"),
        (PROVIDER | {"YIZHAN_OIDC_JWKS": "ftp://settlement/keys"}, "https"),
        (PROVIDER | {"YIZHAN_OIDC_TOKEN_URL": "https://id.example/t"}, "YIZHAN_CLIENT_ID"),
        ({"YIZHAN_CLIENT_SECRET": "a", "YIZHAN_CLIENT_SECRET_FILE": "b"}, "只能设一个"),
        ({"YIZHAN_CLIENT_SECRET_FILE": "/no/such/file"}, "YIZHAN_CLIENT_SECRET_FILE"),
    ],
)
def test_what_does_not_hold_together_is_refused_by_name(set_: dict[str, str], named: str) -> None:
    """The message names the variable and repeats no secret."""
    with pytest.raises(IdentityUnusable, match=named):
        read_identity(set_)


@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.1:8000/k", "http://localhost/k", "http://settlement:8000/k", "/etc/keys.json"],
)
def test_keys_may_come_from_near_without_tls(place: str) -> None:
    """This machine, the containers' own network, a file."""
    assert read_identity(PROVIDER | {"YIZHAN_OIDC_JWKS": place}).keys == place


def test_a_provider_needs_credentials_for_what_settlement_asks() -> None:
    """Said when the service starts, and not when the first patient leaves."""
    with pytest.raises(IdentityUnusable, match="YIZHAN_OIDC_TOKEN_URL"):
        build_own_tokens(read_identity(PROVIDER), Path("unused"), name="yizhan-settlement")


def test_a_providers_token_is_checked_with_its_published_keys(tmp_path: Path) -> None:
    """From a file: its issuer, its audience, and people by the claim that names them."""
    file = tmp_path / "keys.json"
    file.write_bytes(key_set("ec-1"))
    settings = IdentitySettings(
        issuer=ISSUER, keys=str(file), audience=AUDIENCE, operator_claim="employee_number"
    )
    gate = build_gate(settings, tmp_path)
    caller = gate.checker.check(signed(claims(employee_number="0042")))
    assert (caller.subject, caller.operator) == ("zhang-san", "0042")
    assert (gate.issuer, gate.clients) == (None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_offices_are_listed_by_their_codes() -> None:
    """Separated by commas; every institution at once is none."""
    read = read_identity({"YIZHAN_OFFICES": " O500112, O500000,"})
    assert read.offices == {"O500112", "O500000"}
    assert read_identity({}).offices == frozenset()
    for wrong in ("*", "O500112,经办", "O 1"):
        with pytest.raises(IdentityUnusable, match="YIZHAN_OFFICES"):
            read_identity({"YIZHAN_OFFICES": wrong})


def test_keys_come_over_http() -> None:
    """From a real server; one that answers nonsense, too much or elsewhere gives none."""
    app = FastAPI()

    @app.get("/keys")
    def keys() -> Response:
        return Response(key_set("ec-1"))

    @app.get("/large")
    def large() -> Response:
        return Response(b" " * 300_000 + key_set("ec-1"))

    @app.get("/elsewhere")
    def elsewhere() -> Response:
        return Response(status_code=302, headers={"Location": "/keys"})

    with served(app) as url:
        assert keys_at(f"{url}/keys").find("ec-1") is not None
        assert keys_at(f"{url}/keys").find("ec-2") is None
        for wrong in ("large", "elsewhere", "nothing"):
            with pytest.raises(KeysUnreachable):
                keys_at(f"{url}/{wrong}").find("ec-1")


def test_keys_that_must_not_check_tokens_are_passed_over() -> None:
    """Symmetric ones, those for encrypting, without an id, of other curves, or too short."""
    good = public_jwk("ec-1")
    passed_over: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        {**good, "kid": "encrypting", "use": "enc"},
        {**good, "kid": None},
        {**good, "kid": "hs", "alg": "HS256"},
        {"kty": "RSA", "n": "sXch", "e": "AQAB", "kid": "short"},
        {**good, "kid": "other-curve", "crv": "P-384"},
        {"kid": "empty"},
        "no key",
    ]
    found = read_key_set(json.dumps({"keys": [good, *passed_over]}).encode())
    assert list(found) == ["ec-1"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": []}', b"[" * 99_999]
)
def test_what_is_no_key_set_is_refused(content: bytes) -> None:
    """And so keys that are known already are kept."""
    with pytest.raises(ValueError, match=r".*"):
        read_key_set(content)
