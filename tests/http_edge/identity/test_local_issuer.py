"""The local issuer: a key made once, tokens its checker takes, and clients with secrets."""

import base64
import hashlib
import json
import stat
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from http_edge.identity.caller import Caller
from http_edge.identity.checking import TokenRefused
from http_edge.identity.client_register import (
    CLIENTS_FILE,
    ClientExists,
    ClientRegister,
    ClientsUnusable,
    ClientUnknown,
)
from http_edge.identity.gate import build_gate, build_own_tokens
from http_edge.identity.identity_settings import IdentitySettings
from http_edge.identity.local_issuer import KEY_FILE, IssuerKeyUnusable, open_local_issuer
from http_edge.identity.own_tokens import FetchedServiceTokens, NoToken
from http_edge.identity.roles import Role
from http_edge.identity.token_routes import token_routes

AT = "2026-03-02T04:00:00+00:00"


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """Opened again, by others at the same time too, it is the same key."""
    issuers = [None] * 8

    def start(n: int) -> None:
        issuers[n] = open_local_issuer(tmp_path).key_set()["keys"][0]["kid"]

    threads = [threading.Thread(target=start, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(issuers)) == 1
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_an_unsafe_or_damaged_key_is_refused(tmp_path: Path) -> None:
    """Readable by others, or no key at all: the message names the file and what to do."""
    open_local_issuer(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(IssuerKeyUnusable, match="chmod 600"):
        open_local_issuer(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o600)
    (tmp_path / KEY_FILE).write_bytes(b"not a key")
    with pytest.raises(IssuerKeyUnusable, match="已损坏"):
        open_local_issuer(tmp_path)


def test_a_token_is_taken_where_it_was_issued_and_nowhere_else(tmp_path: Path) -> None:
    """Another installation has the same issuer's name and another key."""
    gate, other = (build_gate(IdentitySettings(), tmp_path / name) for name in ("a", "b"))
    assert gate.issuer is not None
    token = gate.issuer.issue(
        subject="张三", roles=[Role.AUDITOR], institutions=["O500112"], seconds=60
    )
    caller = gate.checker.check(token)
    assert caller == Caller(
        issuer="urn:yizhan:local-issuer",
        subject="张三",
        roles=frozenset({Role.AUDITOR}),
        institutions=frozenset({"O500112"}),
        operator="张三",
        names_operators=False,
        expires_at=caller.expires_at,
    )
    assert 0 < caller.expires_at - time.time() <= 60
    with pytest.raises(TokenRefused) as refusal:
        other.checker.check(token)
    assert refusal.value.slug == "token-key-unknown"


class TokenDesk:
    """The endpoint with one client, `desk-1` of hospital H1."""

    def __init__(self, data: Path) -> None:
        self.gate = build_gate(IdentitySettings(), data)
        assert self.gate.issuer is not None
        assert self.gate.clients is not None
        self.clients = self.gate.clients
        self.secret = self.clients.add("desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT)
        app = FastAPI()
        app.include_router(token_routes(self.gate.issuer, self.clients))
        self.http = TestClient(app)

    def ask(self, basic: tuple[str, str] | None = None, **form: str) -> httpx.Response:
        """A request for a token."""
        return self.http.post("/oauth2/token", data=form, auth=basic)

    def error(self, basic: tuple[str, str] | None = None, **form: str) -> tuple[int, str]:
        """The status and RFC 6749's name of what is wrong with it."""
        answer = self.ask(basic, **form)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code, answer.json()["error"]


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> TokenDesk:
    return TokenDesk(tmp_path)


def test_a_client_gets_a_token_for_its_hospital(desk: TokenDesk) -> None:
    """By Basic authentication or in the form; short-lived, and never kept by a cache."""
    grant = {"grant_type": "client_credentials"}
    answers = [
        desk.ask(("desk-1", desk.secret), **grant),
        desk.ask(client_id="desk-1", client_secret=desk.secret, **grant),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        told = answer.json()
        assert (told["token_type"], told["expires_in"]) == ("Bearer", 900)
        caller = desk.gate.checker.check(told["access_token"])
        assert (caller.subject, caller.roles) == ("desk-1", {Role.BILLER})
        assert caller.institutions == {"H1"}
        assert caller.names_operators


def test_each_wrong_request_has_its_error(desk: TokenDesk) -> None:
    """As RFC 6749 names them; an unknown client and a wrong secret are not told apart."""
    grant = {"grant_type": "client_credentials"}
    right = ("desk-1", desk.secret)
    assert desk.error(("desk-1", "guess"), **grant) == (401, "invalid_client")
    assert desk.error(("desk-2", desk.secret), **grant) == (401, "invalid_client")
    assert desk.error(None, **grant) == (401, "invalid_client")
    assert desk.error(right, grant_type="password") == (400, "unsupported_grant_type")
    assert desk.error(right, scope="all", **grant) == (400, "invalid_scope")
    assert desk.error(right, other="x") == (400, "invalid_request")
    assert desk.error(right, client_secret="x", **grant) == (400, "invalid_request")  # noqa: S106 -- made up
    twice = desk.http.post(
        "/oauth2/token", content="grant_type=a&grant_type=b", auth=("desk-1", desk.secret)
    )
    assert twice.json()["error"] == "invalid_request"
    nothing = desk.http.post("/oauth2/token", auth=("desk-1", desk.secret))
    assert (nothing.status_code, nothing.json()["error"]) == (400, "invalid_request")
    bearer = desk.http.post("/oauth2/token", data=grant, headers={"Authorization": "Bearer abc"})
    assert (bearer.status_code, bearer.json()["error"]) == (401, "invalid_client")
    challenge = desk.ask(("desk-1", "guess"), **grant).headers["WWW-Authenticate"]
    assert challenge == 'Basic realm="yizhan"'


def test_a_revoked_client_gets_no_more(desk: TokenDesk) -> None:
    """At once, in every process: the file is read again when it has changed."""
    beside = ClientRegister(desk.clients._path)
    beside.revoke("desk-1", at=AT)
    grant = {"grant_type": "client_credentials"}
    assert desk.error(("desk-1", desk.secret), **grant) == (401, "invalid_client")
    with pytest.raises(ClientUnknown, match="desk-9"):
        beside.revoke("desk-9", at=AT)


def test_secrets_are_kept_as_hashes_alone(tmp_path: Path) -> None:
    """Not in the file, which is its owner's alone, and not where a client is printed."""
    clients = ClientRegister(tmp_path / CLIENTS_FILE)
    secret = clients.add("desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT)
    kept = (tmp_path / CLIENTS_FILE).read_text()
    assert secret not in kept
    assert f"sha256${hashlib.sha256(secret.encode()).hexdigest()}" in kept
    # 256 random bits: nobody tries them out, so that hashing them may be cheap.
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert stat.S_IMODE((tmp_path / CLIENTS_FILE).stat().st_mode) == 0o600
    [client] = clients.clients()
    assert "sha256" not in repr(client)
    with pytest.raises(ClientExists, match="desk-1"):
        clients.add("desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT)
    renewed = clients.add(
        "desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT, in_place=True
    )
    assert clients.check("desk-1", secret) is None
    assert clients.check("desk-1", renewed) == clients.clients()[0]


def test_a_wrong_secret_costs_little(desk: TokenDesk) -> None:
    """Two thousand, as many as one address may send at once, are less than a second's work."""
    started = time.process_time()
    for guess in range(1_000):
        assert desk.clients.check("desk-1", f"guess-{guess}") is None
        assert desk.clients.check("desk-2", f"guess-{guess}") is None
    assert time.process_time() - started < 1


def test_a_secret_of_the_earlier_form_is_issued_again(tmp_path: Path) -> None:
    """It serves no more, and adding the client once more gives it a new one."""
    clients = ClientRegister(tmp_path / CLIENTS_FILE)
    secret = clients.add("desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT)
    kept = json.loads((tmp_path / CLIENTS_FILE).read_text())
    made = hashlib.scrypt(secret.encode(), salt=b"s" * 16, n=2**12, r=8, p=1)
    kept["clients"][0]["secret_hash"] = f"scrypt$4096$8$1${(b's' * 16).hex()}${made.hex()}"
    (tmp_path / CLIENTS_FILE).write_text(json.dumps(kept))

    assert clients.check("desk-1", secret) is None
    assert not clients.clients()[0].is_usable
    renewed = clients.add("desk-1", institutions=("H1",), roles=(Role.BILLER,), at=AT)
    assert clients.check("desk-1", renewed) == clients.clients()[0]


def test_a_damaged_file_of_clients_is_named(tmp_path: Path) -> None:
    """Nobody gets a token, and whoever runs the command learns why."""
    (tmp_path / CLIENTS_FILE).write_text("{")
    with pytest.raises(ClientsUnusable, match=r"clients\.json"):
        ClientRegister(tmp_path / CLIENTS_FILE).check("desk-1", "x")


def test_a_service_fetches_its_token_once_and_again_when_refused() -> None:
    """Client credentials of a provider: kept until shortly before it ends; a 401 fetches anew."""
    seen: list[str] = []
    now = [0.0]
    refused: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            seen.append("token")
            assert request.headers["Authorization"].startswith("Basic ")
            assert b"grant_type=client_credentials" in request.content
            number = seen.count("token")
            return httpx.Response(200, json={"access_token": f"t{number}", "expires_in": 600})
        seen.append(request.headers["Authorization"])
        return httpx.Response(401 if request.headers["Authorization"] in refused else 200)

    tokens = FetchedServiceTokens(
        "https://id.province.example/token",
        client_id="settlement",
        client_secret="secret",  # noqa: S106 -- made up
        audience="yizhan",
        clock=lambda: now[0],
    )
    transport = httpx.MockTransport(answer)
    with httpx.Client(base_url="https://e.example", auth=tokens, transport=transport) as client:
        assert client.get("/a").status_code == 200
        assert client.get("/a").status_code == 200
        now[0] = 541
        assert client.get("/a").status_code == 200
        refused.add("Bearer t2")
        assert client.get("/a").status_code == 200
    assert seen == [
        *("token", "Bearer t1", "Bearer t1"),
        *("token", "Bearer t2"),
        *("Bearer t2", "token", "Bearer t3"),
    ]


def test_no_token_from_the_provider_is_as_no_answer() -> None:
    """Whoever asks sees a service that cannot be reached, and no secret."""
    tokens = FetchedServiceTokens(
        "https://id.province.example/token",
        client_id="settlement",
        client_secret="secret",  # noqa: S106 -- made up
        audience="yizhan",
    )
    for said in (httpx.Response(500), httpx.Response(200, json={}), httpx.Response(200, text="x")):
        transport = httpx.MockTransport(lambda _, said=said: said)  # type: ignore[misc]  # bound here
        with (
            httpx.Client(base_url="https://e.example", auth=tokens, transport=transport) as client,
            pytest.raises(NoToken) as wrong,
        ):
            client.get("/a")
        assert "secret" not in str(wrong.value)


def test_a_service_signs_with_the_local_key(tmp_path: Path) -> None:
    """In one installation settlement's own token is made beside the key; one serves many."""
    gate = build_gate(IdentitySettings(), tmp_path)
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(200)

    auth = build_own_tokens(IdentitySettings(), tmp_path, name="yizhan-settlement")
    transport = httpx.MockTransport(answer)
    with httpx.Client(base_url="https://e.example", auth=auth, transport=transport) as client:
        client.get("/a")
        client.get("/b")
    assert sent[0] == sent[1]
    caller = gate.checker.check(sent[0])
    assert (caller.subject, caller.roles) == ("yizhan-settlement", {Role.SERVICE})
    assert json.dumps(sorted(caller.institutions)) == '["*"]'
