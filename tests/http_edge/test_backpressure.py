"""Too much is refused with a time to come back, before it costs anything."""

import asyncio
from typing import Any

import pytest

from http_edge.backpressure import MOST_NAMES, CallerRate, InFlight, InFlightLimit


class Called:
    """An application that answers 200 once it is let, and an ASGI server around it."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.calls += 1
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


async def ask(app: Any) -> tuple[int, dict[str, str], bytes]:
    """One request without a body; its status, headers and body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the body is not read")

    scope = {"type": "http", "method": "POST", "path": "/v1/stays", "headers": []}
    await app(scope, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, sent[1]["body"]


def test_what_is_too_much_at_once_is_refused_and_the_rest_is_finished() -> None:
    """Two in flight of two: the third is told to come back; when they are done, it is taken."""

    async def story() -> None:
        app, in_flight = Called(), InFlight()
        limited = InFlightLimit(app, most=2, in_flight=in_flight)
        working = [asyncio.create_task(ask(limited)) for _ in range(2)]
        await asyncio.sleep(0)
        assert in_flight.count == 2

        status, headers, body = await ask(limited)
        assert (status, headers["retry-after"]) == (503, "1")
        assert headers["content-type"] == "application/problem+json"
        assert b"urn:yizhan:problem:overloaded" in body
        assert app.calls == 2

        app.gate.set()
        assert [answer[0] for answer in await asyncio.gather(*working)] == [200, 200]
        assert (await ask(limited))[0] == 200
        assert in_flight.count == 0

    asyncio.run(story())


def test_an_application_that_fails_leaves_its_place() -> None:
    """An exception counts as an end; otherwise a worker would fill up with nothing."""

    async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError

    async def story() -> None:
        in_flight = InFlight()
        limited = InFlightLimit(failing, most=1, in_flight=in_flight)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                await ask(limited)
        assert in_flight.count == 0

    asyncio.run(story())


def asked_of(rate: CallerRate, name: str, times: int = 1) -> list[int]:
    """What becomes of so many requests of a caller."""
    refusals = [rate.of_caller(name) for _ in range(times)]
    return [200 if each is None else each.status_code for each in refusals]


def sent_from(rate: CallerRate, host: str | None, times: int = 1) -> list[int]:
    """What becomes of so many requests without a token, from an address."""
    scope = {"type": "http", "client": (host, 40_000) if host is not None else None}
    refusals = [rate.of_stranger(scope) for _ in range(times)]
    return [200 if each is None else each.status_code for each in refusals]


def test_an_institution_that_asks_too_much_waits_and_others_do_not() -> None:
    """Three at once, then two a second; each institution has its own bucket."""
    now = [100.0]
    rate = CallerRate(per_second=2, burst=3, clock=lambda: now[0])
    assert asked_of(rate, "H1", 3) == [200, 200, 200]

    refusal = rate.of_caller("H1")
    assert refusal is not None
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (429, "1")
    assert refusal.headers["RateLimit-Reset"] == "1"
    assert (refusal.headers["RateLimit-Limit"], refusal.headers["RateLimit-Remaining"]) == (
        "3",
        "0",
    )
    assert b"urn:yizhan:problem:too-many-requests" in bytes(refusal.body)
    assert asked_of(rate, "H2") == sent_from(rate, "10.0.0.1") == [200]

    now[0] += 0.5
    assert asked_of(rate, "H1", 2) == [200, 429]
    now[0] += 60
    assert asked_of(rate, "H1", 4) == [200, 200, 200, 429]


def test_addresses_without_a_token_have_buckets_of_their_own() -> None:
    """One a network of the newer addresses, since one caller has all of its 2^64; an address may
    be looked at without counting."""
    rate = CallerRate(per_second=1, burst=2, clock=lambda: 0.0)
    assert sent_from(rate, "10.0.0.1", 3) == [200, 200, 429]
    assert sent_from(rate, "10.0.0.2", 3) == [200, 200, 429]
    assert [sent_from(rate, f"2001:db8::{n}")[0] for n in range(1, 4)] == [200, 200, 429]
    assert sent_from(rate, "2001:db8:0:1::1") == [200]
    assert sent_from(rate, None) + sent_from(rate, "not:an:address", 2) == [200, 200, 429]
    full = {"type": "http", "client": ("10.0.0.1", 1)}
    other = {"type": "http", "client": ("10.0.0.9", 1)}
    assert rate.of_stranger(full, takes=False) is not None
    assert [rate.of_stranger(other, takes=False) for _ in range(5)] == [None] * 5


def test_many_callers_do_not_fill_the_memory() -> None:
    """The longest unused buckets go, and strangers' push no institution's out."""
    rate = CallerRate(per_second=1, burst=2, clock=lambda: 0.0)
    assert asked_of(rate, "H1", 3) == [200, 200, 429]
    for each in range(MOST_NAMES + 10):
        sent_from(rate, f"h{each}")
    assert len(rate._strangers) == MOST_NAMES
    assert asked_of(rate, "H1") == [429]


def test_zero_is_no_bound() -> None:
    """Where somebody else bounds, nothing is refused here."""

    async def story() -> None:
        app, in_flight = Called(), InFlight()
        app.gate.set()
        free = InFlightLimit(app, most=0, in_flight=in_flight)
        assert {(await ask(free))[0] for _ in range(50)} == {200}

    asyncio.run(story())
    rate = CallerRate(per_second=0, burst=0)
    assert set(asked_of(rate, "H1", 50) + sent_from(rate, "10.0.0.1", 50)) == {200}
