"""The code on the paper: whoever holds it can ask whether the ledger says the same."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.vocabulary import InstitutionId
from settlement.application.find_settlement import history_of_issued
from settlement.domain.statement_code import canonical_text, is_same_code, statement_code
from settlement.domain.stay import Stay, stay_id_of
from settlement.read_models.settlement_index import SqlSettlementIndex
from tests.settlement.paper.paper_desk import NamesKnown, paper_desk, settled
from tests.support.settlement_desk import Desk, PeopleKnown

OPENED = tuple[Desk, PeopleKnown, NamesKnown]
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> OPENED:
    return paper_desk(tmp_path)


def stay_of(desk: Desk) -> UUID:
    """The stay of the stories."""
    return stay_id_of(InstitutionId(desk.institution), "2023-001847")


def code_of(desk: Desk, number: str) -> str:
    """The code as it would be printed."""
    return statement_code(history_of_issued(desk.parts.ledger, stay_of(desk), number)[-1])


def check(desk: Desk, number: str, code: str) -> str:
    """What the check answers, asked by nobody in particular."""
    answer = desk.http.get("/v1/settlements/check", params={"number": number, "code": code})
    assert answer.status_code == 200, answer.text
    assert answer.json()["settlement_number"] == number
    return str(answer.json()["result"])


def test_the_code_is_worked_out_as_the_document_says(opened: OPENED) -> None:
    """SHA-256 of the canonical text, its first 80 bits in Crockford's alphabet."""
    desk, _, _ = opened
    issued = history_of_issued(desk.parts.ledger, stay_of(desk), settled(desk))[-1]

    digest = sha256(canonical_text(issued).encode("utf-8")).hexdigest()
    bits = bin(int("1" + digest[:20], 16))[3:]
    groups = [bits[at : at + 5] for at in range(0, 80, 5)]
    plain = "".join(CROCKFORD[int(group, 2)] for group in groups)

    assert statement_code(issued).replace("-", "") == plain
    assert len(statement_code(issued)) == 19


def test_the_paper_checks_until_it_is_reversed(opened: OPENED) -> None:
    """The code of the paper matches; after the reversal it says that it did."""
    desk, _, _ = opened
    number = settled(desk)
    code = code_of(desk, number)

    assert check(desk, number, code) == "matches"
    desk.write(f"/v1/stays/{stay_of(desk)}/settlement/reversal", {"reason": "费用有误"})
    assert check(desk, number, code) == "reversed"
    assert check(desk, number, "0000-0000-0000-0000") == "differs"


def test_without_the_code_nothing_is_told(opened: OPENED) -> None:
    """A number that was never given answers as a wrong code does."""
    desk, _, _ = opened
    number = settled(desk)
    code = code_of(desk, number)

    asked = [(number, "7K3M-9QXT-4B2N-PR6V"), ("500112-2026-0000002", code), (number, "？")]
    answers = [
        desk.http.get("/v1/settlements/check", params={"number": n, "code": c}).json()
        for n, c in asked
    ]

    assert {answer["result"] for answer in answers} == {"differs"}
    assert len({answer["said"] for answer in answers}) == 1
    assert [set(answer) for answer in answers] == [{"settlement_number", "result", "said"}] * 3


def test_a_code_may_be_typed_as_people_type() -> None:
    """Small letters, spaces, no dashes, O for 0, I and l for 1."""
    assert is_same_code("7k3m 0qxt1b2npr6v", "7K3M-0QXT-1B2N-PR6V")
    assert is_same_code("7K3M-OQXT-IB2N-PR6V", "7K3M-0QXT-1B2N-PR6V")
    assert not is_same_code("7K3M-0QXT-1B2N-PR6W", "7K3M-0QXT-1B2N-PR6V")
    assert not is_same_code("", "7K3M-0QXT-1B2N-PR6V")


def test_whatever_is_changed_the_code_changes(opened: OPENED) -> None:
    """Every figure, name, day and rule behind the paper, one at a time; no two give one code."""
    desk, _, _ = opened
    issued = history_of_issued(desk.parts.ledger, stay_of(desk), settled(desk))[-1]

    forged = list(_forgeries(issued))
    codes = {statement_code(each) for each in forged} | {statement_code(issued)}

    assert len(forged) > 150
    assert len(codes) == len(forged) + 1


def _forgeries(value: Any) -> Iterator[Any]:
    """The value with one leaf after the other changed."""
    if is_dataclass(value) and not isinstance(value, type):
        # That it was reversed is what the check tells beside.
        names = [each.name for each in fields(value) if each.name != "is_reversed"]
        for name in names:
            yield from (replace(value, **{name: o}) for o in _forgeries(getattr(value, name)))
    elif isinstance(value, tuple):
        for at, part in enumerate(value):
            yield from ((*value[:at], other, *value[at + 1 :]) for other in _forgeries(part))
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from ({**value, key: other} for other in _forgeries(held))
    else:
        yield _other_leaf(value)


def _other_leaf(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, datetime | date):
        return value + timedelta(days=1)
    return "1" if value is None else f"{value}1"


def test_an_unchanged_ledger_gives_the_code_it_always_gave(opened: OPENED) -> None:
    """Defaults are left out, so that a field of a later version keeps the codes already printed."""
    desk, _, _ = opened
    issued = history_of_issued(desk.parts.ledger, stay_of(desk), settled(desk))[-1]
    text = canonical_text(issued)

    assert text.startswith('{"form":"yizhan-statement-1","hospital_stay_number":"2023-001847"')
    assert '"patient_fen":562520' in text
    assert '"outside"' not in text
    assert '"pending"' not in text


def test_the_numbers_are_made_again_from_the_ledger(opened: OPENED) -> None:
    """Which stay a number belongs to is derived: thrown away, it is the same again."""
    desk, _, _ = opened
    number = settled(desk)
    numbers = desk.parts.papers.numbers
    assert isinstance(numbers, SqlSettlementIndex)

    numbers.rebuild()

    assert numbers.stay_of(number) == stay_of(desk)
    assert numbers.stay_of("500112-2026-0000002") is None


def test_a_settlement_that_changed_under_its_number_says_so(
    opened: OPENED, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever kind of event changes it: the older paper was right, and is no longer."""
    desk, _, _ = opened
    number = settled(desk)
    code = code_of(desk, number)
    found = desk.parts.ledger.find(stay_of(desk), Stay)
    assert found is not None
    history = list(desk.parts.ledger.history(stay_of(desk)))

    class Adjusted:
        def mutate(self, stay: Stay) -> Stay:
            stay.replace_last(patient_fen=1)
            return stay

    monkeypatch.setattr(
        type(desk.parts.ledger), "history", lambda _self, _id: iter([*history, Adjusted()])
    )

    assert check(desk, number, code) == "changed"
    assert check(desk, number, code_of(desk, number)) == "matches"
