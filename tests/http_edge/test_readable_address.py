"""Addresses that nobody can read are refused before anybody tries."""

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from http_edge.readable_address import ReadableAddress


async def _tells_its_address(scope: Scope, receive: Receive, send: Send) -> None:
    answer = PlainTextResponse(f"{scope['path']}?{scope['query_string'].decode()}")
    await answer(scope, receive, send)


def asked(path: str, query: bytes) -> tuple[int, str]:
    """Status and body of a request as it comes from a server."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [],
    }
    asyncio.run(ReadableAddress(_tells_its_address)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("path", "query"),
    [("/v1/stays/a\0", b""), ("/v1/stays", b"q=%00"), ("/v1/stays", b"q=\xff"), ("/", b"\xe4")],
)
def test_nul_and_bare_bytes_are_refused(path: str, query: bytes) -> None:
    """By name, and nobody behind it hears of them."""
    status, body = asked(path, query)
    assert (status, "urn:yizhan:problem:malformed-address" in body) == (400, True)


@pytest.mark.parametrize(
    ("path", "query"),
    [("/v1/stays", b"name=%E4%BD%8F%E9%99%A2"), ("/v1/stays/住院", b""), ("/", b"q=%FF&r=~!")],
)
def test_whatever_else_stands_in_an_address_is_passed_on(path: str, query: bytes) -> None:
    """Letters of any script, as an address writes them."""
    assert asked(path, query) == (200, f"{path}?{query.decode()}")
