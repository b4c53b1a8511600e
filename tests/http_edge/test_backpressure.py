"""Too much is refused with a time to come back, before it costs anything."""

import asyncio
from typing import Any

import pytest

from http_edge.backpressure import MOST_INSTITUTIONS, InFlight, InFlightLimit, InstitutionRate


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


async def ask(app: Any, institution: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """One request without a body; its status, headers and body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the body is not read")

    headers = [(b"yizhan-institution", institution.encode())] if institution else []
    scope = {"type": "http", "method": "POST", "path": "/v1/stays", "headers": headers}
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


def test_an_institution_that_asks_too_much_waits_and_others_do_not() -> None:
    """Three at once, then two a second; each institution has its own bucket."""

    async def story() -> None:
        app, now = Called(), [100.0]
        app.gate.set()
        rated = InstitutionRate(app, per_second=2, burst=3, clock=lambda: now[0])
        assert [(await ask(rated, "H1"))[0] for _ in range(3)] == [200, 200, 200]

        status, headers, body = await ask(rated, "H1")
        assert (status, headers["retry-after"], headers["ratelimit-reset"]) == (429, "1", "1")
        assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("3", "0")
        assert b"urn:yizhan:problem:too-many-requests" in body
        assert (await ask(rated, "H2"))[0] == 200
        assert (await ask(rated))[0] == 200

        now[0] += 0.5
        assert [(await ask(rated, "H1"))[0] for _ in range(2)] == [200, 429]
        now[0] += 60
        assert [(await ask(rated, "H1"))[0] for _ in range(4)] == [200, 200, 200, 429]
        assert app.calls == 9

    asyncio.run(story())


def test_invented_institutions_do_not_fill_the_memory() -> None:
    """The longest unused buckets go; names too long to be one share a bucket."""

    async def story() -> None:
        app = Called()
        app.gate.set()
        rated = InstitutionRate(app, per_second=1, burst=2, clock=lambda: 0.0)
        for each in range(MOST_INSTITUTIONS + 10):
            await ask(rated, f"H{each}")
        assert len(rated._buckets) == MOST_INSTITUTIONS
        assert [(await ask(rated, "x" * (65 + n)))[0] for n in range(3)] == [200, 200, 429]

    asyncio.run(story())


def test_zero_is_no_bound() -> None:
    """Where somebody else bounds, nothing is refused here."""

    async def story() -> None:
        app, in_flight = Called(), InFlight()
        app.gate.set()
        free = InstitutionRate(
            InFlightLimit(app, most=0, in_flight=in_flight), per_second=0, burst=0
        )
        assert {(await ask(free, "H1"))[0] for _ in range(50)} == {200}

    asyncio.run(story())
