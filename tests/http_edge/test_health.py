"""Health tells the truth in a word a check, and nothing that would help an attacker."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from http_edge import operating
from http_edge.health import Check, Health, read_model_check
from http_edge.metrics import Looked
from http_edge.operating import OperationRoutes, Operations, install_operations
from http_edge.operating_settings import (
    OperatingSettings,
    OperatingSettingUnusable,
    read_operating,
)

HIDDEN = "/var/lib/yizhan/500112199003070011"
BROUGHT = "t0ken"


def served(
    *checks: Check, settings: OperatingSettings | None = None
) -> tuple[TestClient, Operations]:
    """An application with one route, operated by these checks."""
    operations = Operations(
        service="stand-in",
        health=Health(checks, remembered_seconds=0),
        looked=Looked("stand-in"),
        settings=settings or OperatingSettings(),
    )
    app = FastAPI()

    @app.get("/v1/things/{stay_id}")
    def thing(stay_id: str) -> str:
        return stay_id

    install_operations(app, operations)
    return TestClient(app), operations


def broken() -> None:
    """What a check meets when its part is gone."""
    raise OSError(HIDDEN)


def says(word: str | None) -> Callable[[], str | None]:
    """A look that says this."""
    return lambda: word


def test_live_and_ready_when_all_is_well() -> None:
    """Neither is to be kept by a cache; what was asked is answered without any header of ours."""
    client, _ = served(Check("event-log", says(None)))

    for path, body in (
        ("/health/live", {"status": "live"}),
        ("/health/ready", {"status": "ready", "checks": {"event-log": "ok"}}),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, body)
        assert answer.headers["cache-control"] == "no-store"
    assert client.post("/health/ready").status_code == 405


def test_what_is_vital_and_broken_makes_it_not_ready_by_name() -> None:
    """503 with the name of the check and one word; the error's own words stay inside."""
    client, _ = served(Check("event-log", broken), Check("policies", says(None)))

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "urn:yizhan:problem:not-ready",
        "title": "尚不能受理请求 (not ready)",
        "status": 503,
        "detail": "未通过：event-log；处置见 docs/runbook.md",
        "failing": ["event-log"],
        "checks": {"event-log": "failed", "policies": "ok"},
    }
    assert client.get("/health/live").status_code == 200


def test_what_is_not_vital_degrades_it() -> None:
    """The service goes on without eligibility, and says so."""
    client, _ = served(Check("event-log", says(None)), Check("eligibility", broken, is_vital=False))

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "checks": {"event-log": "ok", "eligibility": "failed"},
    }


def test_a_process_that_ends_is_not_ready_and_still_alive() -> None:
    """Who sends requests here is told at once to send them elsewhere."""
    client, operations = served(Check("event-log", says(None)))
    operations.drain()

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["failing"] == ["draining"]
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/things/7").status_code == 200


def test_a_check_that_does_not_return_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readiness is told in bounded time, whatever hangs; metrics go on telling what was counted."""
    monkeypatch.setattr(operating, "LOOKING_SECONDS", 0.05)
    hanging = threading.Event()
    client, _ = served(Check("event-log", lambda: str(hanging.wait(60))))
    try:
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["checks"]) == (503, {"checks": "no-answer"})
        assert client.get("/metrics").status_code == 200
    finally:
        hanging.set()


def test_questions_do_not_pile_up_behind_a_look_that_hangs() -> None:
    """Each is given up in bounded time, thread and all; the look itself is made once."""
    hanging, looking = threading.Event(), threading.Event()
    looks = []

    def hangs() -> str | None:
        looks.append(1)
        looking.set()
        hanging.wait(60)
        return None

    health = Health([Check("event-log", hangs)], waiting_seconds=0.05)
    first = threading.Thread(target=health.report)
    first.start()
    assert looking.wait(10)
    others = [threading.Thread(target=health.report) for _ in range(20)]
    for each in others:
        each.start()
    for each in others:
        each.join(10)
    try:
        assert not any(each.is_alive() for each in others)
        assert health.report().failing == ("checks",)
        assert looks == [1]
    finally:
        hanging.set()
        first.join(10)
    assert health.report().failing == ()


def test_scrapes_do_not_hold_up_readiness() -> None:
    """However many there are at once: they have a thread of their own, and share what it finds."""
    looking, going_on = threading.Event(), threading.Event()
    looks = []

    def slow_levels() -> dict[str, int]:
        looks.append(1)
        looking.set()
        going_on.wait(20)
        return {}

    _, operations = served(Check("event-log", says(None)))
    looked = replace(operations.looked, dead_letters=slow_levels)
    routes = OperationRoutes(FastAPI(), operations=replace(operations, looked=looked))

    async def nothing_more() -> Any:
        raise AssertionError("no body is read")

    async def status_of(path: str) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        await routes(scope, nothing_more, send)
        return int(sent[0]["status"])

    async def story() -> None:
        scrapes = [asyncio.create_task(status_of("/metrics")) for _ in range(20)]
        await asyncio.to_thread(looking.wait, 20)
        ready = await asyncio.wait_for(status_of("/health/ready"), timeout=2)
        going_on.set()
        assert ready == 200
        assert await asyncio.gather(*scrapes) == [200] * 20

    asyncio.run(story())
    assert len(looks) <= 2


class Following:
    """A read model as health sees it."""

    name = "fund_account"
    is_stopped = False

    def position(self) -> int:
        """Behind by thirty."""
        return 70


def test_a_read_model_is_stopped_behind_or_fine() -> None:
    """By name; none of it keeps bills from being settled."""
    model = Following()

    def word(most_lag_events: int) -> str | None:
        check = read_model_check(
            "fund_account",
            lambda: model,
            last_position=lambda: 100,
            most_lag_events=most_lag_events,
        )
        assert (check.name, check.is_vital) == ("read-model:fund_account", False)
        return check.look()

    assert [word(30), word(29)] == [None, "behind"]
    model.is_stopped = True
    assert word(30) == "stopped"


def test_health_is_asked_however_busy_the_service_is() -> None:
    """Backpressure refuses requests, and never the questions by which it is operated."""
    client, operations = served(
        settings=OperatingSettings(most_in_flight=1, institution_per_second=1, institution_burst=1)
    )
    operations.in_flight.count = 1
    assert client.get("/v1/things/7").json()["type"] == "urn:yizhan:problem:overloaded"
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert [client.get(path).status_code for _ in range(5)] == [200] * 5


def test_metrics_may_ask_for_a_token() -> None:
    """With one set, nobody reads them without it; the operator's system brings it as a bearer."""
    client, _ = served(settings=OperatingSettings(metrics_token=BROUGHT))

    refused = client.get("/metrics", headers={"Authorization": "Bearer other"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {BROUGHT}"}).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_settings_are_read_and_mistakes_are_named() -> None:
    """Whole numbers; what is left out is as usual; a token is never repeated."""
    read = read_operating({"YIZHAN_MOST_IN_FLIGHT": "8", "YIZHAN_METRICS_TOKEN": BROUGHT})
    assert read == OperatingSettings(most_in_flight=8, metrics_token=BROUGHT)
    assert BROUGHT not in repr(read)
    with pytest.raises(OperatingSettingUnusable, match="YIZHAN_INSTITUTION_RATE"):
        read_operating({"YIZHAN_INSTITUTION_RATE": "-1"})
