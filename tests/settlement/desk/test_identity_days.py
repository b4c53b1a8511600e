"""Which identities count: kept after they end, reaching back, and as of another day for a layer.

Eligibility is asked about exactly the days that the policy goes by; its answers are in the events,
so that the ledger proves itself without asking again.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Replayed, Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from tests.settlement.desk.book_of import book_of
from tests.settlement.desk.ledger_rows import LedgerOfRows, changed, rows_of, state_of
from tests.support.settlement_desk import P1, Days, Desk, PeopleKnown, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

BY_IDENTITY = """
base: total
rate:
  choose:
    - {when: {identity: 特困人员}, value: 100%}
    - {when: {identity: 低保对象}, value: 80%}
    - {otherwise: 50%}
"""
KEEPS = """
people:
  keeps: [{identity: 低保对象, months: 12}]
"""
REACHES_BACK = """
people:
  reaches_back: [{identity: 特困人员, months: 3}]
"""
PRECEDENCE = """
people:
  precedence: [低保对象, 特困人员]
"""
FREE_CHILDREN = """
base: total
rate: {choose: [{when: {age: {to: 5}}, value: 100%}, {otherwise: 50%}]}
"""
BILL = {"total_fen": 1_000_00}
MARCH_1, MARCH_10 = date(2023, 3, 1), date(2023, 3, 10)


class People:
    """One person under one policy, with identities that hold for days of their own."""

    def __init__(self, tmp_path: Path, text: str, held: dict[str, Days], **more: Any):
        self.data = tmp_path
        parts, people = open_parts(tmp_path, policies=write_book(tmp_path / "policies", text))
        self.known: PeopleKnown = people
        people.add(P1, region=REGION, held=held, **more)
        self.desk = Desk(parts)
        self.desk.import_institutions()

    def paid(self, number: str = "A1") -> int:
        """What the first layer pays of 1,000.00 from 2023-03-01 to 2023-03-10."""
        return self.steps(number)[0]

    def steps(self, number: str = "A1") -> list[int]:
        """What each layer pays."""
        stay = self.desk.discharged(P1, number, charges=BILL)
        self.known.windows.clear()
        answer = self.desk.settle(stay)
        assert answer.status_code == 200, answer.text
        return [step["paid_fen"] for step in answer.json()["steps"]]

    def used(self) -> dict[str, Any]:
        """What the last settlement keeps of eligibility's answers."""
        opened = [r for r in rows_of(self.data / "settlement.sqlite") if r.kind == _OPENED]
        found: dict[str, Any] = state_of(opened[-1])["inputs"]["eligibility"]
        return found

    def found(self) -> tuple[object, ...]:
        """What verification finds; it asks eligibility nothing."""
        self.known.asked.clear()
        found = verify_ledger(self.desk.parts.ledger, self.desk.parts.laws).discrepancies
        assert self.known.asked == []
        return found

    def replayed(self, text: str) -> Replayed:
        """The ledger under another policy."""
        recorded = settlements_recorded(self.desk.parts.ledger.events())
        return replay_ledger(recorded, book_of(text), Scope())


_OPENED = "settlement-opened"


@pytest.mark.parametrize(
    ("last_day", "expected"),
    [(date(2022, 3, 1), 800_00), (date(2022, 2, 28), 500_00), (date(2023, 3, 31), 800_00)],
)
def test_an_identity_counts_for_twelve_months_after_it_ended(
    tmp_path: Path, last_day: date, expected: int
) -> None:
    """Admitted on 2023-03-01: ended on 2022-03-01 it still counts, a day earlier it does not."""
    text = policy_text(layer_text(BY_IDENTITY), more=KEEPS)
    story = People(tmp_path, text, {"subsistence_allowance": (date(2020, 1, 1), last_day)})

    assert story.paid() == expected
    assert story.known.windows == [(MARCH_1, None), (MARCH_1, (date(2022, 3, 1), MARCH_1))]
    assert story.used()["identities_from"] == "2022-03-01"
    assert story.used()["identities_to"] == "2023-03-01"
    assert story.found() == ()


@pytest.mark.parametrize(
    ("benefits_to", "more", "expected"),
    [
        (date(2023, 3, 1), "", 800_00),
        (date(2023, 2, 28), "", 500_00),
        (date(2023, 3, 1), KEEPS, 800_00),
        (date(2023, 2, 28), KEEPS, 500_00),
    ],
)
def test_an_identity_whose_benefits_go_on_counts_until_they_end(
    tmp_path: Path, benefits_to: date, more: str, expected: int
) -> None:
    """四个不摘: it ended in 2020, and its owner said until when benefits go on. They end then:
    months that a policy keeps begin when the identity ended, not when its benefits do."""
    text = policy_text(layer_text(BY_IDENTITY), more=more)
    held: dict[str, Days] = {"subsistence_allowance": (date(2018, 1, 1), date(2020, 12, 31))}
    story = People(tmp_path, text, held, benefits_to=benefits_to)

    assert story.paid() == expected
    assert story.found() == ()


@pytest.mark.parametrize(
    ("first_day", "expected"), [(date(2023, 6, 1), 1_000_00), (date(2023, 6, 2), 500_00)]
)
def test_an_identity_counts_for_three_months_before_it_began(
    tmp_path: Path, first_day: date, expected: int
) -> None:
    """Recognised three months after the admission it reaches back to it; a day later, not."""
    text = policy_text(layer_text(BY_IDENTITY), more=REACHES_BACK)
    story = People(tmp_path, text, {"extreme_hardship": (first_day, None)})

    assert story.paid() == expected
    assert story.known.windows[-1] == (MARCH_1, (MARCH_1, date(2023, 6, 1)))
    assert story.found() == ()


def test_where_an_identity_counts_on_its_own_days_alone_eligibility_is_asked_once(
    tmp_path: Path,
) -> None:
    """No window, and the answer about the day of admission serves for enrolment and identity."""
    story = People(
        tmp_path,
        policy_text(layer_text(BY_IDENTITY)),
        {"subsistence_allowance": (date(2020, 1, 1), date(2022, 12, 31))},
    )

    assert story.paid() == 500_00
    assert story.known.windows == [(MARCH_1, None)]
    assert story.used()["identities_from"] is None
    assert story.used()["other_days"] == []


def test_of_several_identities_the_first_of_the_list_counts(tmp_path: Path) -> None:
    """Low income stands first: 80%, although extreme hardship would pay all."""
    since = (date(2020, 1, 1), None)
    story = People(
        tmp_path,
        policy_text(layer_text(BY_IDENTITY), more=PRECEDENCE),
        {"subsistence_allowance": since, "extreme_hardship": since},
    )
    assert story.paid() == 800_00
    assert story.found() == ()


TWO_DAYS = policy_text(
    layer_text(BY_IDENTITY),
    layer_text(
        BY_IDENTITY.replace("base: total", "base: total - basic\nperson_asked_as_of: discharge"),
        layer_id="assistance",
        payer="medical_assistance",
    ),
)


def test_a_layer_may_go_by_another_day_than_the_document(tmp_path: Path) -> None:
    """Low income ended between admission and discharge: 80% of 1,000, then 50% of 200.

    Both answers are kept, and each layer is told its own.
    """
    held: dict[str, Days] = {"subsistence_allowance": (date(2020, 1, 1), date(2023, 3, 5))}
    story = People(tmp_path, TWO_DAYS, held)

    assert story.steps() == [800_00, 100_00]
    assert story.known.windows == [(MARCH_1, None), (MARCH_10, None)]
    assert [i["identity"] for i in story.used()["identities"]] == ["subsistence_allowance"]
    (other,) = story.used()["other_days"]
    assert (other["on"], other["identities"]) == ("2023-03-10", [])
    assert story.found() == ()


def test_age_is_that_of_the_layers_own_day(tmp_path: Path) -> None:
    """Six years old on the day of discharge, five on the day of admission."""
    text = policy_text(
        layer_text(FREE_CHILDREN),
        layer_text(
            FREE_CHILDREN.replace("base: total", "base: total\nperson_asked_as_of: discharge")
            + "minus: basic\n",
            layer_id="assistance",
            payer="medical_assistance",
        ).replace("50%}]", "40%}]"),
    )
    story = People(tmp_path, text.replace("50%}]", "30%}]", 1), {}, birth_date=date(2017, 3, 5))

    shown = story.steps()

    assert shown == [1_000_00, 0]
    assert (story.used()["age"], story.used()["other_days"][0]["age"]) == (5, 6)
    assert story.found() == ()


def test_a_replay_needs_answers_for_the_days_the_other_policy_goes_by(tmp_path: Path) -> None:
    """A window that was never asked is refused by name; one inside what was asked is enough."""
    held: dict[str, Days] = {"subsistence_allowance": (date(2020, 1, 1), date(2022, 12, 31))}
    wide = policy_text(layer_text(BY_IDENTITY), more=KEEPS)
    story = People(tmp_path, wide, held)
    assert story.paid() == 800_00

    plain = story.replayed(policy_text(layer_text(BY_IDENTITY)))
    shorter = story.replayed(wide.replace("months: 12", "months: 1"))
    longer = story.replayed(wide.replace("months: 12", "months: 24"))
    other_day = story.replayed(TWO_DAYS)

    assert [s.after_fen["basic"] for s in plain.stays] == [500_00]
    assert [s.after_fen["basic"] for s in shorter.stays] == [500_00]
    policy = "政策“样例县（虚构） 城乡居民基本医疗保险 2020-01-01 v1”"
    says = f"{policy}要看 2021-03-01 至 2023-03-01 的身份，账本没有那时的答复"
    assert [r.reason for r in longer.refused] == [says]
    assert "要看 2023-03-10 的身份" in other_day.refused[0].reason


def test_a_replay_finds_the_answer_of_the_day_that_the_other_policy_goes_by(
    tmp_path: Path,
) -> None:
    """The ledger knows both days; the other document goes by the discharge in all layers."""
    held: dict[str, Days] = {"subsistence_allowance": (date(2020, 1, 1), date(2023, 3, 5))}
    story = People(tmp_path, TWO_DAYS, held)
    assert story.steps() == [800_00, 100_00]

    again = story.replayed(policy_text(layer_text(BY_IDENTITY), person_asked_as_of="discharge"))

    assert [s.after_fen["basic"] for s in again.stays] == [500_00]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"identities_from": "2022-03-02"}, "身份认定窗口"),
        ({"identities_from": None, "identities_to": None}, "身份认定窗口"),
        ({"other_days": []}, "指纹"),
    ],
)
def test_a_changed_window_or_day_is_found(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    """What was asked must be what the policy goes by; without the answer about the layer's own
    day nothing can be computed again."""
    text = TWO_DAYS.replace("layers:", KEEPS.lstrip("\n") + "layers:")
    held: dict[str, Days] = {"subsistence_allowance": (date(2020, 1, 1), None)}
    story = People(tmp_path, text, held)
    story.paid()
    assert story.found() == ()
    rows = rows_of(tmp_path / "settlement.sqlite")
    at = next(at for at, row in enumerate(rows) if row.kind == _OPENED)
    inputs = json.loads(rows[at].state)["inputs"]
    inputs["eligibility"] |= change

    tampered = [*rows[:at], changed(rows[at], inputs=inputs), *rows[at + 1 :]]
    found = verify_ledger(LedgerOfRows(tampered), story.desk.parts.laws).discrepancies

    assert any(d.what.startswith(says) for d in found), found
