"""Tokens with both services running: the printed call works, and settlement asks with its own."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI, Request, Response
from rich.console import Console

from http_edge.identity.identity_settings import LOCAL_IDENTITY, IdentitySettings
from standalone.demo import load_samples
from standalone.hospital import Hospital
from standalone.sample_client import say_how_to_get_a_token, show_sample_client
from standalone.serving import Addresses, running, served
from standalone.signing import signed_as_samples
from tests.http_edge.identity.token_smith import ISSUER, claims, key_set, signed

HOSPITAL = "H50011200001"
PATIENT = "990001196803150014"


@pytest.fixture(name="printed", scope="module")
def _printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Addresses, str]]:
    """Both services with the samples, and what `yizhan serve --samples` says of tokens."""
    data: Path = tmp_path_factory.mktemp("serve") / "data"
    console = Console(file=io.StringIO(), width=40)
    with running(data=data, host="127.0.0.1", port=0, environment={}) as addresses:
        with httpx.Client(timeout=30, auth=signed_as_samples(data)) as client:
            load_samples(addresses, client, Console(file=io.StringIO()))
        say_how_to_get_a_token(LOCAL_IDENTITY, console)
        show_sample_client(addresses, data, console)
        yield addresses, console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO


def test_the_printed_credentials_settle_a_stay(printed: tuple[Addresses, str]) -> None:
    """From client id and secret to a settled bill, over HTTP alone; each line is whole."""
    addresses, said = printed
    found = re.search(r"^TOKEN=\$\(curl -s -u (\S+):(\S+) -d (\S+) (\S+) ", said, re.MULTILINE)
    assert found is not None, said
    client_id, secret, form, url = found.groups()
    asked = {"content": form, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    token = httpx.post(url, auth=(client_id, secret), **asked).json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "Yizhan-Institution": HOSPITAL,
        "Yizhan-Operator": "cashier",
        "Idempotency-Key": "demo-1",
    }
    with httpx.Client(headers=headers, timeout=30) as client:
        lookup = f"{addresses.eligibility}/v1/persons/lookup"
        person = client.post(lookup, json={"certificate_number": PATIENT}).json()["person_id"]
        stay = {
            "person_id": person,
            "hospital_stay_number": "ZY-1",
            "admission_date": "2023-09-01",
            "discharge_date": "2023-09-15",
            "batches": [
                {
                    "batch_number": "1",
                    "charges": {"total_fen": 5_200_000, "in_scope_fen": 5_000_000},
                }
            ],
        }
        settled = client.post(f"{addresses.settlement}/v1/settlements", json=stay)
        assert (settled.status_code, settled.json()["patient_fen"]) == (201, 5_625_20)
        assert len(client.get(f"{addresses.settlement}/v1/stays").json()["stays"]) == 1
        # A hospital's system pays no hospital, and registers nobody.
        assert client.get(f"{addresses.settlement}/v1/funds").status_code == 403
        assert client.post(f"{addresses.eligibility}/v1/rosters").status_code == 403


def test_nothing_is_said_without_a_token(printed: tuple[Addresses, str]) -> None:
    """Both services refuse with a challenge; documentation and public keys are open."""
    addresses, _ = printed
    for url in (
        f"{addresses.settlement}/v1/stays",
        f"{addresses.eligibility}/v1/changes",
        f"{addresses.eligibility}/v1/persons/{HOSPITAL}/entitlements?on=2023-01-01",
    ):
        answer = httpx.get(url)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="yizhan"'
        assert answer.json()["type"] == "urn:yizhan:problem:token-missing"
    [key] = httpx.get(f"{addresses.settlement}/.well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["alg"], key.get("d")) == ("EC", "ES256", None)
    for base in (addresses.settlement, addresses.eligibility):
        page = httpx.get(f"{base}/docs")
        assert page.status_code == 200
        assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        [script] = re.findall(r'src="([^"]+\.js)"', page.text)
        assert httpx.get(f"{base}{script}").status_code == 200


def test_every_answer_has_its_security_headers(printed: tuple[Addresses, str]) -> None:
    """Refusals too; what is about people is kept by no cache."""
    addresses, _ = printed
    for path in ("/v1/stays", "/v1/settlements/check?number=1&code=2", "/nothing", "/openapi.json"):
        headers = httpx.get(f"{addresses.settlement}{path}").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


SERVICE = {"sub": "settlement", "client_id": "settlement", "roles": ["service"]}


def _provider() -> FastAPI:
    """A province's identity provider, as far as a service sees it."""
    app = FastAPI()

    @app.get("/keys")
    def keys() -> Response:
        return Response(key_set("rsa-1"), media_type="application/json")

    @app.post("/token")
    def token(request: Request) -> dict[str, Any]:
        assert request.headers["Authorization"] == "Basic c2V0dGxlbWVudDpzM2NyZXQ="
        told = claims(institutions=["*"], **SERVICE)
        return {"access_token": signed(told, by="rsa-1"), "expires_in": 600}

    return app


def test_a_provinces_own_provider_is_trusted_alone(tmp_path: Path) -> None:
    """Its people's tokens are taken, settlement gets its own from it, and none is issued here."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    data = tmp_path / "data"
    with served(_provider()) as provider:
        environment = {
            "YIZHAN_OIDC_ISSUER": ISSUER,
            "YIZHAN_OIDC_JWKS": f"{provider}/keys",
            "YIZHAN_OIDC_TOKEN_URL": f"{provider}/token",
            "YIZHAN_CLIENT_ID": "settlement",
            "YIZHAN_CLIENT_SECRET_FILE": str(secret),
        }
        with running(data=data, host="127.0.0.1", port=0, environment=environment) as addresses:
            told = claims(sub="demo", institutions=["*"], roles=["registrar"])
            with httpx.Client(timeout=30, headers=_bearer(told)) as client:
                load_samples(addresses, client, Console(file=io.StringIO()))
                person = Hospital(addresses, "YIZHAN", client).person_id(PATIENT)
            stay = {
                "person_id": person,
                "hospital_stay_number": "ZY-1",
                "admission_date": "2023-09-01",
            }
            told = claims(sub="demo", institutions=[HOSPITAL])
            with httpx.Client(timeout=30, headers=_bearer(told)) as client:
                admitted = Hospital(addresses, HOSPITAL, client).write("/v1/stays", stay)
                assert admitted["status"] == "admitted"
                issued_here = client.post(f"{addresses.settlement}/oauth2/token")
                assert issued_here.status_code == 404
    assert not (data / "issuer.key").exists()


def _bearer(told: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {signed(told, by='rsa-1')}"}


def test_a_provider_is_named_where_tokens_come_from_it() -> None:
    """And no command of ours that would not help."""
    console = Console(file=io.StringIO(), width=200)
    say_how_to_get_a_token(IdentitySettings(issuer="https://id.example", keys="k"), console)
    assert "https://id.example" in console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
