"""Undoing a settlement: what came after it is made again, and every difference goes its way.

The fund pays 80% of a bill, at most 1,000.00 a year (`CAPPED`), or 80% of what is above 500.00 a
year (`DEDUCTIBLE`). Bills are of 1,000.00.
"""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.settlement_v1 import StatementShown
from settlement.adapters.plain_yaml import read_plain_text
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.fund_statement import Period
from settlement.domain.postings import Account
from settlement.entrypoints.cli.policy_text import print_policy
from settlement.entrypoints.statement_table import print_statement
from settlement.law.reading import read_policy
from tests.support.settlement_desk import P1, P2, Desk, PeopleKnown, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

CAPPED = "base: total\nrate: 80%\ncaps: [{per: year, of: payment, amount: 1000}]\n"
DEDUCTIBLE = "base: total\ndeductible: {amount: 500, per: year}\nrate: 80%\n"
BILL = {"total_fen": 1_000_00}
FUND = "990100-basic"
OTHER = "H42000000001"


@dataclass
class Story:
    """Two hospitals and a person, P1, under one policy."""

    desk: Desk
    other: Desk
    people: PeopleKnown

    def settle(self, number: str, *, at: Desk | None = None, person: str = P1, **asked: Any) -> str:
        """A stay of 1,000.00, settled; returns its id."""
        desk = at or self.desk
        stay = desk.discharged(person, number, charges=BILL, **asked)
        answer = desk.settle(stay)
        assert answer.status_code == 200, answer.text
        return stay

    def undo(self, stay_id: str, *, at: Desk | None = None) -> Any:
        """Take a settlement back."""
        desk = at or self.desk
        return desk.write(f"/v1/stays/{stay_id}/settlement/reversal", {"reason": "更正"})

    def paid(self, stay_id: str, *, at: Desk | None = None) -> int:
        """What the fund pays of it by now, in fen."""
        return int(self.statement(stay_id, at=at)["steps"][0]["paid_fen"])

    def statement(self, stay_id: str, *, at: Desk | None = None) -> Any:
        """The statement, from the ledger alone."""
        return (at or self.desk).read(f"/v1/stays/{stay_id}/statement").json()

    def balances(self) -> dict[str, int]:
        """Debits less credits of every account that is not level, in fen."""
        trial = self.desk.parts.fund_account.trial_balance()
        return {a.value: d - c for a, (d, c) in trial.items() if d != c}

    def discrepancies(self) -> tuple[object, ...]:
        """What verification finds, with the accounts of the funds."""
        parts = self.desk.parts
        books = parts.fund_account
        return verify_ledger(parts.ledger, parts.laws, fund_books=books).discrepancies


def story_of(folder: Path, body: str, *, corrections: str = "") -> Story:
    """A story under a policy with this layer and these switches."""
    more = f"corrections: {corrections}\n" if corrections else ""
    text = policy_text(layer_text(body), more=more)
    parts, people = open_parts(folder, policies=write_book(folder / "law", text))
    desk = Desk(parts)
    desk.import_institutions()
    for person in (P1, P2):
        people.add(person, region=REGION)
    return Story(desk, Desk(parts, institution=OTHER), people)


def changes(adjustment: Any) -> list[tuple[str, int, str]]:
    """Kind, difference and way of each."""
    return [(c["kind"], c["delta_fen"], c["way"]) for c in adjustment["changes"]]


def test_later_settlements_are_made_again_in_their_order(tmp_path: Path) -> None:
    """800 + 200 + 0 of a cap of 1,000: without the first it is 800 + 200."""
    story = story_of(tmp_path, CAPPED)
    first, second, third = (story.settle(n) for n in ("A1", "A2", "A3"))

    undone = story.undo(first).json()

    assert undone["returned_to_patient_fen"] == 200_00
    assert [(a["hospital_stay_number"], changes(a)) for a in undone["adjustments"]] == [
        ("A2", [("share", 600_00, "hospital"), ("patient", -600_00, "hospital")]),
        ("A3", [("share", 200_00, "hospital"), ("patient", -200_00, "hospital")]),
    ]
    assert [story.paid(stay) for stay in (second, third)] == [800_00, 200_00]
    assert story.balances() == {
        Account.FUND_BENEFITS.value: 1_000_00,
        Account.FUND_PAYABLE.value: -1_000_00,
        Account.HOSPITAL_RECEIVABLE.value: 1_000_00,
        Account.PATIENT_RECEIVABLE.value: 1_000_00,
        Account.CHARGES.value: -2_000_00,
    }
    assert story.discrepancies() == ()


def test_the_settlement_keeps_its_number_and_shows_its_adjustments(tmp_path: Path) -> None:
    """Adjusted twice, by two reversals; the steps are those of the last."""
    story = story_of(tmp_path, CAPPED)
    first, second, third = (story.settle(n) for n in ("A1", "A2", "A3"))
    numbers = [story.statement(s)["settlement_number"] for s in (first, second, third)]

    story.undo(second)
    story.undo(first)
    shown = story.statement(third)

    assert (shown["settlement_number"], shown["status"]) == (numbers[2], "settled")
    assert (shown["funds_fen"], shown["patient_fen"]) == (800_00, 200_00)
    assert [
        (a["adjustment"], a["cause"], a["cause_reference"], changes(a)[0][1])
        for a in shown["adjustments"]
    ] == [(1, "reversal", numbers[1], 200_00), (2, "reversal", numbers[0], 600_00)]
    assert shown["adjustments"][0]["changes"][0]["name"] == "基本医疗保险"
    history = story.desk.read(f"/v1/stays/{third}/history").json()["events"]
    assert [e["topic"].split(".")[1] for e in history][-3:] == [
        "settlement-completed",
        "settlement-adjusted",
        "settlement-adjusted",
    ]
    assert story.discrepancies() == ()


def test_where_only_the_count_of_stays_moved_no_money_does(tmp_path: Path) -> None:
    """It is the first stay of the year now: told on its statement, and booked nowhere."""
    story = story_of(tmp_path, "base: total\nrate: 80%\n")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)

    adjusted = story.undo(first).json()["adjustments"]

    assert [(a["institution_id"], a["changes"]) for a in adjusted] == [(OTHER, [])]
    assert story.statement(second, at=story.other)["adjustments"][0]["changes"] == []
    day = Period(*2 * (next(iter(story.desk.parts.fund_account.balances())).last_booked_on,))
    lines = story.desk.parts.fund_account.statement(FUND, day).owed_lines
    assert [(o.kind.value, o.amount_fen) for o in lines if o.institution_id == OTHER] == [
        ("settlement", 800_00)
    ]
    assert story.discrepancies() == ()


def test_other_years_and_other_people_stay_as_they_are(tmp_path: Path) -> None:
    """A stay of the next year, and somebody else's, are not touched."""
    story = story_of(tmp_path, CAPPED)
    first = story.settle("A1")
    later = story.settle("A2", admission="2024-02-01", discharge="2024-02-10")
    neighbour = story.settle("B1", person=P2)
    before = [story.statement(stay) for stay in (later, neighbour)]

    assert story.undo(first).json()["adjustments"] == []

    assert [story.statement(stay) for stay in (later, neighbour)] == before
    assert story.discrepancies() == ()


def test_another_hospitals_stay_is_named_by_its_settlement_alone(tmp_path: Path) -> None:
    """No stay number and no amounts of it leave that hospital."""
    switches = "{underpaid: through_hospital, overpaid: leave}"
    story = story_of(tmp_path, CAPPED, corrections=switches)
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    number = story.statement(second, at=story.other)["settlement_number"]

    assert story.undo(first).json()["adjustments"] == [
        {
            "settlement_number": number,
            "institution_id": OTHER,
            "hospital_stay_number": None,
            "adjustment": 1,
            "changes": [],
        }
    ]


LEVEL: dict[str, int] = {}
ORIGINAL = {"fund_benefits": 200_00, "fund_payable": -200_00, "hospital_receivable": 200_00}
BOOKED = {
    "through_hospital": {
        "fund_benefits": 800_00,
        "fund_payable": -800_00,
        "hospital_receivable": 800_00,
        "patient_receivable": 200_00,
        "charges": -1_000_00,
    },
    "to_patient": {
        "fund_benefits": 800_00,
        "fund_payable": -200_00,
        "fund_patient_payable": -600_00,
        "hospital_receivable": 200_00,
        "patient_receivable": 800_00,
        "charges": -1_000_00,
    },
    "leave": ORIGINAL | {"patient_receivable": 800_00, "charges": -1_000_00},
}


@pytest.mark.parametrize("says", BOOKED)
def test_at_another_hospital_the_policy_says_how_the_fund_makes_good(
    tmp_path: Path, says: str
) -> None:
    """200 were paid and 800 are due: through the hospital, to the patient, or not at all.

    Undone in the end, all that was really booked is level again, whichever way it went.
    """
    story = story_of(tmp_path, CAPPED, corrections=f"{{underpaid: {says}}}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    way = {"through_hospital": "hospital", "to_patient": "patient", "leave": "left"}[says]

    assert story.undo(first).status_code == 200

    shown = story.statement(second, at=story.other)
    assert (shown["funds_fen"], shown["patient_fen"]) == (800_00, 200_00)
    assert changes(shown["adjustments"][0]) == [("share", 600_00, way), ("patient", -600_00, way)]
    assert story.balances() == BOOKED[says]
    assert story.discrepancies() == ()

    returned = story.undo(second, at=story.other).json()
    through = 800_00 if way == "hospital" else 200_00
    assert returned["returned_by_hospital_to_funds_fen"] == through
    assert returned["returned_to_patient_fen"] == 1_000_00 - through
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


RECLAIMED = {
    "through_hospital": {
        "fund_benefits": 400_00,
        "fund_payable": -400_00,
        "hospital_receivable": 400_00,
        "patient_receivable": 600_00,
        "charges": -1_000_00,
    },
    "from_patient": {
        "fund_benefits": 400_00,
        "fund_payable": -800_00,
        "fund_patient_receivable": 400_00,
        "hospital_receivable": 800_00,
        "patient_receivable": 200_00,
        "charges": -1_000_00,
    },
    "leave": {
        "fund_benefits": 800_00,
        "fund_payable": -800_00,
        "hospital_receivable": 800_00,
        "patient_receivable": 200_00,
        "charges": -1_000_00,
    },
}


@pytest.mark.parametrize("says", RECLAIMED)
def test_at_another_hospital_the_policy_says_how_the_fund_reclaims(
    tmp_path: Path, says: str
) -> None:
    """The first stay had used up the deductible; without it the second gets 400 and not 800."""
    story = story_of(tmp_path, DEDUCTIBLE, corrections=f"{{overpaid: {says}}}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    way = {"through_hospital": "hospital", "from_patient": "patient", "leave": "left"}[says]

    assert story.undo(first).status_code == 200

    shown = story.statement(second, at=story.other)
    assert (shown["funds_fen"], shown["patient_fen"]) == (400_00, 600_00)
    assert changes(shown["adjustments"][0]) == [("share", -400_00, way), ("patient", 400_00, way)]
    assert story.balances() == RECLAIMED[says]
    listed = {b.fund_id: b.from_patients_fen for b in story.desk.parts.fund_account.balances()}
    assert listed[FUND] == (400_00 if way == "patient" else 0)
    assert story.discrepancies() == ()

    assert story.undo(second, at=story.other).status_code == 200
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


def test_a_difference_that_nobody_says_how_to_carry_stops_the_undoing(tmp_path: Path) -> None:
    """The policy, the switch and the settlement are named, and nothing is stored."""
    story = story_of(tmp_path, CAPPED, corrections="{overpaid: leave}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    number = story.statement(second, at=story.other)["settlement_number"]
    events = len(list(story.desk.parts.ledger.events()))

    refused = story.undo(first)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:corrections-unstated"
    detail = refused.json()["detail"]
    assert number in detail
    assert "corrections.underpaid" in detail
    assert "样例县（虚构） 城乡居民基本医疗保险 2020-01-01 v1" in detail
    assert len(list(story.desk.parts.ledger.events())) == events
    assert story.undo(second, at=story.other).status_code == 200
    assert story.undo(first).status_code == 200


ELSEWHERE = layer_text(
    "decided_elsewhere: {by: 民政局, at_most: total - basic}\n",
    layer_id="relief",
    payer="civil_assistance",
)


def test_an_amount_decided_elsewhere_that_no_longer_fits_stops_the_undoing(
    tmp_path: Path,
) -> None:
    """800 were left to decide on, and 700 were decided; with 200 left they do not fit."""
    text = policy_text(layer_text(CAPPED), ELSEWHERE)
    parts, people = open_parts(tmp_path, policies=write_book(tmp_path / "law", text))
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region=REGION)
    first, second = (desk.discharged(P1, n, charges=BILL) for n in ("A1", "A2"))
    desk.settle(first, decided_elsewhere_fen={"relief": 0})
    number = desk.settle(second, decided_elsewhere_fen={"relief": 700_00}).json()[
        "settlement_number"
    ]
    events = len(list(parts.ledger.events()))

    refused = desk.write(f"/v1/stays/{first}/settlement/reversal", {"reason": "更正"})

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:later-not-rederivable"
    assert f"请先由该机构撤销 {number}" in refused.json()["detail"]
    assert len(list(parts.ledger.events())) == events


def test_the_switch_that_was_used_stands_among_the_assumptions(tmp_path: Path) -> None:
    """Where no document states it: on the statement, from the ledger alone."""
    switch = "{way: to_patient, status: assumed, note: 没有文件规定，按直接补给个人暂定}"
    story = story_of(tmp_path, CAPPED, corrections=f"{{underpaid: {switch}}}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    assert story.statement(second, at=story.other)["assumed"] == []

    story.undo(first)

    assert [
        (n["name"], n["value"], n["status"])
        for n in story.statement(second, at=story.other)["assumed"]
    ] == [("corrections.underpaid", "to_patient", "assumed")]


def test_a_replay_under_the_recorded_policies_changes_nothing(tmp_path: Path) -> None:
    """Adjusted settlements are replayed from what counts now."""
    story = story_of(tmp_path, CAPPED)
    first, *_ = (story.settle(n) for n in ("A1", "A2", "A3"))
    story.undo(first)
    recorded = settlements_recorded(story.desk.parts.ledger.events())

    found = replay_ledger(recorded, story.desk.parts.book, Scope())

    assert [stay.before_fen["basic"] for stay in found.stays] == [800_00, 200_00]
    assert found.most_changed(10) == ()


def test_undone_and_settled_again_it_comes_last(tmp_path: Path) -> None:
    """The corrected stay takes its new place: 800 + 200 before it, nothing left for it."""
    story = story_of(tmp_path, CAPPED)
    first, second, third = (story.settle(n) for n in ("A1", "A2", "A3"))
    story.undo(first)

    again = story.desk.settle(first).json()

    assert [story.paid(stay) for stay in (second, third)] == [800_00, 200_00]
    assert again["funds_fen"] == 0
    assert story.discrepancies() == ()


def test_a_retry_gets_the_first_answer_with_the_adjustments(tmp_path: Path) -> None:
    """The receipt stands in the same transaction."""
    story = story_of(tmp_path, CAPPED)
    first, _ = story.settle("A1"), story.settle("A2")
    path, reason = f"/v1/stays/{first}/settlement/reversal", {"reason": "更正"}

    answer = story.desk.write(path, reason, key="k-1")
    again = story.desk.write(path, reason, key="k-1")

    assert answer.json() == again.json()
    assert len(answer.json()["adjustments"]) == 1


def test_the_printed_statement_tells_each_adjustment(tmp_path: Path) -> None:
    """Below the sum, which is that after the last: when, why, how much and which way."""
    story = story_of(tmp_path, CAPPED, corrections="{underpaid: to_patient}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    story.undo(first)
    target = StringIO()

    shown = StatementShown.model_validate_json(json.dumps(story.statement(second, at=story.other)))
    print_statement(shown, Console(file=target, width=140))

    said = [" ".join(line.split()) for line in target.getvalue().splitlines()]
    at = said.index("总费用 1000.00 ＝ 各基金 800.00 ＋ 医院 0.00 ＋ 个人 200.00 元")
    assert said[at + 1] == (
        "更正 1 2026-03-02 因撤销结算 990103-2026-0000001：基本医疗保险 +600.00"
        "（基金与个人直接结清）；个人应付 -600.00（基金与个人直接结清）"
    )


def test_a_policy_read_aloud_says_how_differences_are_carried() -> None:
    """Both switches in words, with what is assumed."""
    switches = "{underpaid: to_patient, overpaid: {way: leave, status: assumed, note: 假定}}"
    text = policy_text(layer_text(CAPPED), more=f"corrections: {switches}\n")
    target = StringIO()

    print_policy(read_policy(read_plain_text(text, {})), Console(file=target, width=140))

    rows = [" ".join(line.split()) for line in target.getvalue().splitlines() if "更正" in line]
    assert [row.split()[:3] for row in rows] == [
        ["更正补差", "差额在别的医院", "由基金直接补给个人"],
        ["更正追回", "差额在别的医院", "不追回"],
    ]
    assert "假定" in rows[1]
