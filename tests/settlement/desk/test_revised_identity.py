"""Revisions of a corrected identity: somebody turns out to have been a low-income resident.

The fund pays 60%, or 90% of a low-income resident's bill, at most 1,500.00 a year.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from contracts.vocabulary import FactKind, RecordsChange
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from tests.settlement.desk.test_late_amounts import refusal
from tests.settlement.desk.test_revisions import (
    Office,
    first_version,
    late_version,
    revised,
    summer_story,
)
from tests.settlement.desk.test_undoing_rederives import Story, changes, story_of
from tests.support.settlement_desk import P1, P2, enrolled
from tests.support.small_policies import layer_text

LOW_INCOME = (
    "base: total\n"
    "rate: {choose: [{when: {identity: 低保对象}, value: 90%}, {otherwise: 60%}]}\n"
    "caps: [{per: year, of: payment, amount: 1500}]\n"
)
SWITCHES = "{underpaid: to_patient, overpaid: leave}"
LATER = datetime(2026, 3, 2, 3, tzinfo=UTC)
SINCE_2023: dict[str, tuple[date, date | None]] = {
    "subsistence_allowance": (date(2023, 1, 1), None)
}


def corrected_story(folder: Path) -> tuple[Story, list[str]]:
    """Two stays at two hospitals and a neighbour's; then the identity is corrected."""
    story = story_of(folder, LOW_INCOME, corrections=SWITCHES)
    stays = [
        story.settle("A1"),
        story.settle("B1", at=story.other),
        story.settle("A2", person=P2),
    ]
    story.people.correct(
        P1,
        kind=FactKind.IDENTITY,
        days=(date(2023, 1, 1), None),
        at=LATER,
        held=SINCE_2023,
    )
    return story, stays


def touched(story: Story) -> list[Any]:
    """What is still touched by corrections, at any hospital: an office asks."""
    office = Office(story.desk.parts)
    found: list[Any] = office.read("/v1/touched-settlements").json()["touched"]
    return found


def test_what_a_correction_touches_is_revised(tmp_path: Path) -> None:
    """600 + 600 become 900 + 600 of a cap of 1,500; the neighbour's stays as it was."""
    story, (first, second, third) = corrected_story(tmp_path)
    assert len(touched(story)) == 2

    issued = revised(story, "identity")

    assert (issued["persons"], issued["persons_issued"], issued["settlements"]) == (1, 1, 2)
    assert [line["answers_changed"] for line in issued["lines"]] == [True, True]
    assert [changes(line) for line in issued["lines"]] == [
        [("share", 300_00, "patient"), ("patient", -300_00, "patient")],
        [],
    ]
    assert [story.paid(first), story.paid(third)] == [900_00, 600_00]
    assert story.paid(second, at=story.other) == 600_00
    statement = story.statement(first)
    assert [a["cause"] for a in statement["adjustments"]] == ["revision"]
    assert touched(story) == []
    assert story.discrepancies() == ()
    recorded = settlements_recorded(story.desk.parts.ledger.events())
    assert replay_ledger(recorded, story.desk.parts.book, Scope()).most_changed(1) == ()


def test_named_settlements_are_revised_and_what_rests_on_them_follows(tmp_path: Path) -> None:
    """Of the first stay alone: the second keeps its answers, and its cap gets smaller."""
    story, (first, second, _) = corrected_story(tmp_path)
    number = story.statement(first)["settlement_number"]

    issued = revised(story, "identity", settlement_numbers=[number])

    assert [line["is_revised"] for line in issued["lines"]] == [True, False]
    assert story.paid(first) == 900_00
    assert story.paid(second, at=story.other) == 600_00
    assert story.discrepancies() == ()


def test_answers_that_change_again_before_issue_let_the_person_lapse(tmp_path: Path) -> None:
    """What was approved was approved of the answers that were shown."""
    story, (first, *_) = corrected_story(tmp_path)
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    number = one.propose("identity").json()["number"]
    other.decide(number, "approval")
    story.people.correct(
        P1, kind=FactKind.IDENTITY, days=(date(2023, 1, 1), None), at=LATER, held={}
    )

    issued = one.decide(number, "issue").json()

    assert (issued["persons_issued"], issued["persons_lapsed"]) == (0, 1)
    assert "无须更正" in issued["lines"][0]["lapsed_because"]
    assert story.paid(first) == 600_00
    assert story.discrepancies() == ()


def test_who_belongs_to_another_place_is_left_out(tmp_path: Path) -> None:
    """Another enrolment, or ids joined since, is another order of settlements: undo and settle
    again. Proposed with others, the person is named; alone, nothing is proposed."""
    story, (first, *_) = corrected_story(tmp_path)
    story.people.correct(
        P2,
        kind=FactKind.ENROLMENT,
        days=(date(2023, 1, 1), None),
        at=LATER,
        enrolments=(enrolled("990104"),),
    )
    moved = Office(story.desk.parts).propose("identity", person_ids=[P2])
    assert refusal(moved) == (409, "nothing-to-revise")
    assert "请撤销后重新结算" in moved.json()["detail"]

    shown = Office(story.desk.parts).propose("identity").json()

    (left,) = shown["left_out"]
    assert "参保关系由 990103/resident 更正为 990104/resident" in left["reason"]
    assert {line["settlement_number"] for line in shown["lines"]}.isdisjoint(
        left["settlement_numbers"]
    )
    story.people.join(P1, P2, kind=RecordsChange.MERGED, at=LATER, held=SINCE_2023)
    joined = Office(story.desk.parts).propose("identity", person_ids=[P1])
    assert refusal(joined) == (409, "nothing-to-revise")
    assert "归并" in joined.json()["detail"]
    assert story.paid(first) == 600_00
    assert story.discrepancies() == ()


def test_days_that_the_other_version_asks_about_are_watched_from_then_on(tmp_path: Path) -> None:
    """Revised to go by the day of discharge, a settlement is touched by what is corrected of it;
    revised once more, it rests on version and answers that are right now."""
    asked_on_discharge = late_version(layer_text(LOW_INCOME)).replace(
        "person_asked_as_of: admission", "person_asked_as_of: discharge"
    )
    before, story = summer_story(
        tmp_path, first_version(layer_text(LOW_INCOME)), asked_on_discharge
    )
    stay = before.settle("A1")
    since_discharge = (date(2023, 3, 5), None)
    assert revised(story)["lines"][0]["answers_changed"]

    story.people.correct(
        P1,
        kind=FactKind.IDENTITY,
        days=since_discharge,
        at=LATER,
        held={"subsistence_allowance": since_discharge},
    )

    assert [each["differences"][0]["on"] for each in touched(story)] == ["2023-03-10"]
    revised(story, "identity")
    assert story.paid(stay) == 900_00
    assert touched(story) == []
    assert story.discrepancies() == ()
