"""What browsers and caches are told with every answer."""

from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from http_edge.security_headers import SecurityHeaders


@pytest.fixture(name="client")
def _client() -> TestClient:
    app = FastAPI()

    @app.get("/v1/stays")
    def stays() -> dict[str, Any]:
        return {}

    @app.get("/paper")
    def paper() -> Response:
        own = {
            "Content-Security-Policy": "default-src 'none'",
            "Cache-Control": "private, no-store",
            "Referrer-Policy": "same-origin",
        }
        return Response(headers=own)

    @app.get("/static-offline-docs/swagger.js")
    def script() -> Response:
        return Response()

    app.add_middleware(SecurityHeaders)
    return TestClient(app)


def test_an_answer_is_sniffed_framed_and_kept_by_nobody(client: TestClient) -> None:
    """Answers and refusals alike."""
    for path in ("/v1/stays", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"


def test_what_a_route_says_itself_stays(client: TestClient) -> None:
    """Its policy gets the one thing more that no other directive covers."""
    headers = client.get("/paper").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_scripts_of_the_documentation_may_be_kept(client: TestClient) -> None:
    """They are the same for everybody."""
    assert "Cache-Control" not in client.get("/static-offline-docs/swagger.js").headers
