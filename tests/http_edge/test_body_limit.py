"""A body above the limit is refused, declared or not, and reaches no application."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from http_edge.body_limit import BodyLimit


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.state.reached = 0

    @app.post("/small")
    @app.post("/large")
    async def count(request: Request) -> int:
        app.state.reached += 1
        return len(await request.body())

    app.add_middleware(BodyLimit, limit_bytes=100, limit_bytes_by_path={"/large": 1_000})
    return TestClient(app)


def in_chunks(total: int) -> Iterator[bytes]:
    """A body without a declared length."""
    for _ in range(total // 10):
        yield b"x" * 10


@pytest.mark.parametrize(("path", "size"), [("/small", 100), ("/large", 1_000)])
def test_a_body_of_the_limit_passes_whole(client: TestClient, path: str, size: int) -> None:
    """Up to the limit, and with a limit of its own for a path; declared or in chunks."""
    assert client.post(path, content=b"x" * size).json() == size
    assert client.post(path, content=in_chunks(size)).json() == size


@pytest.mark.parametrize(("path", "size"), [("/small", 110), ("/large", 1_010)])
def test_a_larger_body_is_refused_before_the_application(
    client: TestClient, path: str, size: int
) -> None:
    """413 body-too-large, also when the length is not declared."""
    for content in (b"x" * size, in_chunks(size)):
        response = client.post(path, content=content)
        assert response.status_code == 413
        assert response.json()["type"] == "urn:yizhan:problem:body-too-large"
        assert response.json()["limit_bytes"] == size - 10

    assert client.app.state.reached == 0  # type: ignore[attr-defined]  # a FastAPI application
