"""A body above the limit is refused, declared or not, and reaches no application."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from http_edge.backpressure import InFlight, InFlightLimit
from http_edge.body_limit import BodyLimit
from standalone.serving import served


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


class Sender:
    """A caller on an ASGI server: each piece comes so many seconds after the one before.

    The clock is moved by hand, and a piece that never comes is waited for in real time.
    """

    def __init__(self, *pieces: tuple[float, bytes], ends: bool = True) -> None:
        self.now = 0.0
        self.reached: list[bytes] = []
        self.sent: list[Any] = []
        self._pieces = list(pieces)
        self._ends = ends

    async def app(self, _scope: Any, receive: Any, _send: Any) -> None:
        """What is behind the limit."""
        self.reached.append((await receive())["body"])

    async def receive(self) -> Any:
        """The next piece."""
        if not self._pieces:
            await asyncio.sleep(60)
        seconds, body = self._pieces.pop(0)
        self.now += seconds
        more = bool(self._pieces) or not self._ends
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(self, message: Any) -> None:
        """The answer."""
        self.sent.append(message)

    def ask(self, *, first_seconds: float = 10.0) -> int:
        """One request; its status, 0 where the application had it."""
        limited = BodyLimit(self.app, first_seconds=first_seconds, clock=lambda: self.now)
        scope = {"type": "http", "method": "POST", "path": "/v1/stays", "headers": []}
        asyncio.run(asyncio.wait_for(limited(scope, self.receive, self.send), timeout=20))
        return self.sent[0]["status"] if self.sent else 0


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    """408 and the connection is closed; it holds its place for as long as it was given."""
    slow = Sender((0, b"{"), ends=False)
    assert slow.ask(first_seconds=0.05) == 408
    assert b"urn:yizhan:problem:body-too-slow" in slow.sent[1]["body"]
    assert (b"connection", b"close") in slow.sent[0]["headers"]
    assert slow.reached == []


def test_a_place_in_flight_is_given_back() -> None:
    """By a real server: who sends half a request hears 408 and is hung up on, and whoever comes
    next finds the place free."""
    app, in_flight = FastAPI(), InFlight()

    @app.post("/bills")
    async def bills(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(BodyLimit, first_seconds=0.2)
    app.add_middleware(InFlightLimit, most=1, in_flight=in_flight)
    with served(app) as url, socket.create_connection(("127.0.0.1", urlsplit(url).port)) as slow:
        slow.settimeout(10)
        slow.sendall(b"POST /bills HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        said = b""
        while piece := slow.recv(4096):
            said += piece
        assert said.startswith(b"HTTP/1.1 408 ")
        assert in_flight.count == 0
        assert httpx.post(f"{url}/bills", content=b"123").json() == 3


def test_a_body_in_drops_is_not_waited_for() -> None:
    """One byte a second keeps no place: the time is the whole body's, not each piece's."""
    drops = Sender(*[(1.0, b"x")] * 60)
    assert drops.ask() == 408
    assert drops.now == 11.0
    assert drops.reached == []


def test_a_large_body_may_take_the_time_it_needs() -> None:
    """A second more for each 64 KiB that have come."""
    pieces = [(0.9, b"x" * 64 * 1024)] * 40
    steady = Sender(*pieces)
    assert steady.ask() == 0
    assert [len(each) for each in steady.reached] == [40 * 64 * 1024]
    assert Sender(*[(1.5, b"x" * 64 * 1024)] * 40).ask() == 408
