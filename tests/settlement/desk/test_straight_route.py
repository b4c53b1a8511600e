"""A whole stay that goes straight to its endpoint is answered as the framework would answer it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.settlement_v1 import StatelessBill
from settlement.entrypoints.http import straight_route
from settlement.entrypoints.http.straight_route import NotPlain
from tests.support.settlement_desk import P1, Desk, open_parts

HEADERS = {
    "Content-Type": "application/json",
    "Yizhan-Institution": "H50011200001",
    "Yizhan-Operator": "%E5%BC%A0%E4%B8%89",
    "Idempotency-Key": "key-1",
}
STAY: dict[str, Any] = {
    "person_id": P1,
    "hospital_stay_number": "A1",
    "admission_date": "2023-03-01",
    "discharge_date": "2023-03-10",
    "batches": [{"batch_number": "1", "charges": {"total_fen": 500_000, "in_scope_fen": 400_000}}],
}
PLAIN = json.dumps(STAY).encode()

Sent = tuple[dict[str, str] | list[tuple[str, str]], bytes]

SENT: dict[str, Sent] = {
    "plain": (HEADERS, PLAIN),
    "pretty": (HEADERS, json.dumps(STAY, indent=2).encode()),
    "in another encoding": (HEADERS, json.dumps(STAY).encode("utf-16")),
    "with a charset": (HEADERS | {"Content-Type": "application/json; charset=utf-8"}, PLAIN),
    "of another JSON type": (HEADERS | {"Content-Type": "application/vnd.x+json"}, PLAIN),
    "not said to be JSON": (HEADERS | {"Content-Type": "text/plain"}, PLAIN),
    "of no type": ({k: v for k, v in HEADERS.items() if k != "Content-Type"}, PLAIN),
    "empty": (HEADERS, b""),
    "broken": (HEADERS, PLAIN[:-3]),
    "no text": (HEADERS, b"\xff\xfe\x00"),
    "too deep": (HEADERS, b"[" * 100_000),
    "a list": (HEADERS, b"[]"),
    "null": (HEADERS, b"null"),
    "an unknown field": (HEADERS, json.dumps(STAY | {"more": 1}).encode()),
    "a field missing": (HEADERS, json.dumps({k: STAY[k] for k in list(STAY)[1:]}).encode()),
    "a wrong date": (HEADERS, json.dumps(STAY | {"admission_date": "2023-02-30"}).encode()),
    "a fraction of a fen": (
        HEADERS,
        PLAIN.replace(b"500000", b"500000.5"),
    ),
    "not a number": (HEADERS, PLAIN.replace(b"500000", b"NaN")),
    "a field twice": (HEADERS, PLAIN[:-1] + b', "hospital_stay_number": "A2"}'),
    "no key": ({k: v for k, v in HEADERS.items() if k != "Idempotency-Key"}, PLAIN),
    "a key with a space": (HEADERS | {"Idempotency-Key": "a b"}, PLAIN),
    "an empty key": (HEADERS | {"Idempotency-Key": ""}, PLAIN),
    "a long key": (HEADERS | {"Idempotency-Key": "k" * 129}, PLAIN),
    "two keys": ([*HEADERS.items(), ("Idempotency-Key", "key-2")], PLAIN),
    "no operator": ({k: v for k, v in HEADERS.items() if k != "Yizhan-Operator"}, PLAIN),
    "an operator of spaces": (HEADERS | {"Yizhan-Operator": "%20"}, PLAIN),
    "no institution": ({k: v for k, v in HEADERS.items() if k != "Yizhan-Institution"}, PLAIN),
    "a day before admission": (
        HEADERS,
        json.dumps(STAY | {"discharge_date": "2023-02-01"}).encode(),
    ),
    "of thousands of lines": (HEADERS, PLAIN + b" " * 70_000),
    "an unknown person": (HEADERS, json.dumps(STAY | {"person_id": "nobody"}).encode()),
}


def answered(folder: Path, sent: Sent) -> list[tuple[int, bytes, str | None]]:
    """What a new desk answers, and what it answers when the same comes again."""
    parts, people = open_parts(folder)
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region="500112", identities=("subsistence_margin",))
    headers, body = sent
    answers = []
    for _ in range(2):
        answer = desk.http.post("/v1/settlements", content=body, headers=headers)
        replayed = answer.headers.get("Idempotency-Replayed")
        answers.append((answer.status_code, answer.content, replayed))
    parts.storage.close()
    return answers


@pytest.mark.parametrize("how", SENT)
def test_the_answer_is_the_frameworks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Byte for byte, the first time and again."""
    straight = answered(tmp_path / "straight", SENT[how])
    with monkeypatch.context() as always:
        always.setattr(straight_route, "_read", _never)
        framework = answered(tmp_path / "framework", SENT[how])

    assert straight == framework


def _never(*_: object) -> Any:
    raise NotPlain


def test_a_plain_one_goes_straight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The framework is not asked; for what is not plain it is."""
    asked: list[str] = []
    handle = straight_route.APIRoute.handle

    async def noted(self: Any, *how: Any) -> None:
        asked.append(self.path)
        await handle(self, *how)

    monkeypatch.setattr(straight_route.APIRoute, "handle", noted)
    assert answered(tmp_path / "plain", SENT["plain"])[0][0] == 201
    assert "/v1/settlements" not in asked
    assert answered(tmp_path / "broken", SENT["broken"])[0][0] == 400
    assert asked.count("/v1/settlements") == 2


def _nothing() -> None: ...
def _message_alone(asked: StatelessBill) -> None: ...
def _something_else(asked: StatelessBill, arrived: str) -> None: ...


@pytest.mark.parametrize("root", ["", "/province"])
@pytest.mark.parametrize(
    ("first", "again"), [("plain", "with a charset"), ("with a charset", "plain")]
)
def test_a_repetition_is_one_whichever_way_it_comes(
    tmp_path: Path, first: str, again: str, root: str
) -> None:
    """What was asked has one hash, also under a prefix; another body under the key has another."""
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk.http.app.root_path = root
    url = f"{root}/v1/settlements"

    def sent(how: str, body: bytes = PLAIN) -> Any:
        return desk.http.post(url, content=body, headers=SENT[how][0])

    made, repeated = sent(first), sent(again)
    assert (made.status_code, repeated.content) == (201, made.content)
    assert repeated.headers["Idempotency-Replayed"] == "true"
    for how in (first, again):
        other = sent(how, PLAIN.replace(b"A1", b"A2"))
        assert other.json()["type"] == "urn:yizhan:problem:request-key-reused"


@pytest.mark.parametrize("endpoint", [_nothing, _message_alone, _something_else])
def test_an_endpoint_that_takes_anything_else_has_no_straight_route(
    endpoint: Callable[..., Any],
) -> None:
    """Said when it is made, not when the first request comes."""
    with pytest.raises(TypeError):
        straight_route.straight_route(None)("/", endpoint)
