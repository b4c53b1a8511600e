"""No log line of either service tells who anybody is, whatever is sent where."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.eligibility.conftest import Desk as Office
from tests.eligibility.conftest import number, roster
from tests.support.log_lines import LogLines, logging_kept
from tests.support.settlement_desk import P1, Desk, open_parts

NAME = "样例独名"
NUMBER = number(7, "19620917")
OLD_NUMBER = NUMBER[:6] + NUMBER[8:17]
PASSPORT = "E12345678"
ROW = f"居民身份证,{NUMBER},{NAME},,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
BROKEN = f"居民身份证,{NUMBER[:-2]},{NAME},,富户,x,,,,,,"
SECRETS = (
    NAME,
    quote(NAME),
    json.dumps(NAME)[2:7],
    NUMBER,
    NUMBER[:-2],
    OLD_NUMBER,
    PASSPORT,
    "19620917",
    "1962-09-17",
)
PERSONAL = {
    "name": NAME,
    "certificate_number": NUMBER,
    "certificate_type": "passport",
    NUMBER: NAME,
    "total_fen": NUMBER,
    "person_id": NUMBER,
}


@pytest.fixture(name="lines")
def _lines() -> Iterator[LogLines]:
    with logging_kept() as lines:
        yield lines


def told_of_somebody(lines: LogLines) -> list[str]:
    """The lines that name somebody."""
    return [line for line in lines.text.splitlines() if any(each in line for each in SECRETS)]


def headers(word: str) -> dict[str, Any]:
    """A caller who makes everything out of the patient's number."""
    return {
        "Yizhan-Institution": word,
        "Yizhan-Operator": quote(NAME),
        "Idempotency-Key": word,
        "X-Request-Id": word,
        "User-Agent": NAME.encode(),
    }


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and template that the service declares."""
    paths = app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def walk(app: FastAPI, client: TestClient) -> int:
    """Put the number and the name into every place of every route; how many requests that was."""
    sent = 0
    bodies: tuple[dict[str, Any], ...] = (
        {"json": PERSONAL},
        {"json": [PERSONAL]},
        {"content": f'{{"certificate_number": "{NUMBER}", {NAME}'.encode()},
        {"content": roster(ROW, BROKEN)},
    )
    for method, template in routes_of(app):
        path = re.sub(r"\{[^}]+\}", NUMBER, template)
        query = {"on": NUMBER, "person_id": NUMBER, "name": NAME, "number": OLD_NUMBER}
        for word in (NUMBER, PASSPORT, f"HIS-{NUMBER}-1", "H50011200001"):
            for body in bodies if method != "GET" else bodies[:1]:
                content = {} if method == "GET" else body
                client.request(method, path, params=query, headers=headers(word), **content)
                sent += 1
    client.get(f"/v1/nowhere/{NUMBER}")
    client.request(NUMBER, "/v1/nowhere")
    return sent + 2


def test_no_line_of_eligibility_names_anybody(tmp_path: Path, lines: LogLines) -> None:
    """A day at the office, then every route with a number and a name in every place."""
    office = Office(tmp_path / "data")
    with office.client:
        office.stage(roster(ROW, BROKEN))
        office.bring(ROW)
        office.entitlements(NUMBER, "2023-07-01")
        office.look_up(NUMBER[:-2])
        office.look_up(PASSPORT, certificate_type="passport")
        person = office.person_id(NUMBER)
        office.client.get(f"/v1/persons/{person}", headers=office.headers())
        app = office.client.app
        assert isinstance(app, FastAPI)
        sent = walk(app, office.client)

    assert len(lines.told("request")) == sent + 9
    assert told_of_somebody(lines) == []


def test_no_line_of_settlement_names_anybody(tmp_path: Path, lines: LogLines) -> None:
    """A stay from admission to statement, then every route with a number and a name everywhere."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    stay = desk.discharged(P1, "S-1", charges={"total_fen": 5_200_00, "in_scope_fen": 5_000_00})
    settled = desk.settle(stay, key="settle-1")
    assert settled.status_code == 200, settled.text
    desk.settle(stay, key="settle-1")
    desk.settle(stay, key="settle-2")
    app = desk.http.app
    assert isinstance(app, FastAPI)
    walk(app, desk.http)

    assert told_of_somebody(lines) == []
    first, again, refused = [
        line for line in lines.told("request") if line["route"].endswith("{stay_id}/settlement")
    ][:3]
    assert {name: first[name] for name in first.keys() - {"milliseconds", "at", "request_id"}} == {
        "event": "request",
        "level": "info",
        "logger": "yizhan.requests",
        "service": "settlement",
        "method": "POST",
        "route": "/v1/stays/{stay_id}/settlement",
        "status": 200,
        "institution": "H50011200001",
        "key": "settle-1",
        "stay_id": stay,
    }
    assert (again["replayed"], again["status"]) == (True, 200)
    assert (refused["problem"], refused["status"]) == ("already-settled", 409)


def test_an_error_is_told_by_kind_and_place_alone(tmp_path: Path, lines: LogLines) -> None:
    """Neither our own line nor the server's quotes the message or the values of the frames."""
    parts, _people = open_parts(tmp_path)

    def fail(*_: object, **__: object) -> None:
        local = NUMBER
        raise ValueError(NAME + local)

    desk = Desk(replace(parts, stay_list=Mock(stays=fail)))
    answer = desk.read("/v1/stays?status=discharged")
    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    logging.getLogger("uvicorn.access").error("%s - GET /v1/persons/%s", "10.0.0.1", NUMBER)
    logging.getLogger("httpx2").info("HTTP Request: GET http://x/%s", NUMBER)

    assert told_of_somebody(lines) == []
    (request,) = lines.told("request")
    assert (request["status"], request["level"]) == (500, "warning")
    assert request["problem"] == "internal-error"
    assert request["request_id"] == answer.headers["x-request-id"]
    (server,) = lines.told("Exception in ASGI application")
    assert server["error"].startswith("builtins.ValueError at ")
    assert "test_logs_tell_nobody.py" in server["error"]


def test_the_search_would_find_them(lines: LogLines) -> None:
    """Each secret is found where it stands in a line."""
    for secret in SECRETS:
        logging.getLogger("yizhan.http").error("about %s", secret)
    assert len(told_of_somebody(lines)) == len(SECRETS)
