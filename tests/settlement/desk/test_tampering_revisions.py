"""A ledger with revisions, changed field by field: what verifying says to each change.

A version published late asks for other days and counts in other years: two stays of one person in
two hospitals and one of another are revised. One proposal is rejected, the next is approved and
issued; of it a third person's part lapses.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import (
    Row,
    changed,
    changes,
    renumbered,
    rows_of,
    state_of,
)
from tests.settlement.desk.test_revisions import (
    Office,
    first_version,
    late_version,
    paying,
    summer_story,
)
from tests.settlement.desk.test_tampering_adjustments import found_in
from tests.support.settlement_desk import P1, P2
from tests.support.small_policies import REGION

SAID_OUTSIDE = {"by.operator", "by.institution_id", "timestamp"}
ANSWERS = {
    f"parts.lines.answers.{field}"
    for field in (
        "age",
        "enrolment.plan",
        "enrolment.recorded_at",
        "enrolment.source",
        "enrolment.valid_from",
        "enrolment.valid_to",
        "known_at",
        "version",
    )
}
IDENTITIES = {
    f"parts.lines.answers.identities{field}"
    for field in ("", ".identity", ".recorded_at", ".source", ".valid_from", ".valid_to")
}
KINDS = {
    "revision-proposed": ANSWERS | {"parts.orders_version"},
    "revision-approved": {"timestamp"},
    "revision-rejected": set[str](),
    "revision-issued": set[str](),
    "revision-lapsed": SAID_OUTSIDE | {"because"},
    "revision-closed": SAID_OUTSIDE,
    "settlement-adjusted": set[str](),
    "counters-moved": set[str](),
    "counters-restored": set[str](),
    "policy-adopted": set[str](),
}
"""Of each kind of event the fields of which a change may go unseen: of what lapsed, what was
answered and decides no amount; who let it lapse or closed it, and when."""
OF_REJECTED = {
    "revision-proposed": ANSWERS | IDENTITIES | {"parts", "parts.orders_version"},
    "revision-rejected": SAID_OUTSIDE | {"reason"},
}
"""The same of the proposal that was rejected: on its parts nothing rests."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    data: Path = tmp_path_factory.mktemp("ledger")
    late = late_version(
        paying(80, more="benefit_year: {begins: 07-01, chosen_by: admission}\n"),
    ).replace("person_asked_as_of: admission", "person_asked_as_of: discharge")
    before, story = summer_story(data, first_version(paying(60)), late)
    before.people.add(P1, region=REGION, identities=("subsistence_allowance",))
    before.settle("A1")
    before.settle("B1", at=before.other)
    lapsing = before.settle("A2", person=P2)
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    scope = {"region": REGION, "scheme": "resident", "first_day": "2023-02-01"}
    rejected, number = (
        one.propose(**scope, last_day=f"2023-04-0{n}").json()["number"] for n in (1, 2)
    )
    assert other.decide(rejected, "rejection", reason="依据有误").status_code == 200
    assert other.decide(number, "approval").status_code == 200
    assert story.undo(lapsing).status_code == 200
    assert one.decide(number, "issue").json()["persons_lapsed"] == 1
    return rows_of(data / "settlement.sqlite")


def test_the_story_as_it_was_written_is_right(rows: list[Row]) -> None:
    """Two proposals, one of which moved two settlements of one person."""
    kinds = [row.kind for row in rows]
    assert [kinds.count(kind) for kind in KINDS] == [2, 1, 1, 1, 1, 1, 2, 7, 3, 2]
    assert found_in(rows) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], kind: str) -> None:
    """Every value and every entry of every map and list; of a proposal that was rejected, why
    it was made is said in the rejection, too."""
    unseen: set[str] = set()
    unseen_rejected: set[str] = set()
    tried = 0
    rejected = next(state_of(row)["number"] for row in rows if row.kind == "revision-rejected")
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            if not found_in([*rows[:at], other, *rows[at + 1 :]]):
                is_rejected = state_of(row).get("number") == rejected
                (unseen_rejected if is_rejected else unseen).add(field)
    assert tried >= 5
    assert (sorted(unseen), sorted(unseen_rejected)) == (
        sorted(KINDS[kind]),
        sorted(OF_REJECTED.get(kind, ())),
    )


def test_an_event_taken_out_or_doubled_is_found(rows: list[Row]) -> None:
    """Each of them, but for the rejection and the last: nothing rests on those."""
    for at, row in enumerate(rows):
        without = renumbered([*rows[:at], *rows[at + 1 :]])
        is_last = at == len(rows) - 1 or row.kind == "revision-rejected"
        assert is_last or found_in(without), f"{row.kind} taken out"
        assert found_in(renumbered([*rows[: at + 1], *rows[at:]])), f"{row.kind} doubled"


def test_an_adjustment_that_no_revision_caused_is_named(rows: list[Row]) -> None:
    """The issue taken out: what it adjusted stands alone, in both hospitals."""
    at = next(at for at, row in enumerate(rows) if row.kind == "revision-issued")
    found = found_in(renumbered([*rows[:at], *rows[at + 1 :]]))
    assert {("A1", "更正"), ("B1", "更正")} <= {(d.stay, d.step) for d in found}


def test_an_approval_by_the_author_is_named(rows: list[Row]) -> None:
    """The four eyes are in the ledger."""
    by = {"operator": "officer-1", "institution_id": "A990103"}
    said = [changed(row, by=by) if row.kind == "revision-approved" else row for row in rows]
    first = found_in(said)[0]
    assert (first.step, first.what) == ("批准追溯更正", "登记")
    assert "须由另一位经办人" in first.recomputed


def test_an_adjustment_under_a_revision_that_was_rejected_is_named(rows: list[Row]) -> None:
    """Issued in the name of the other proposal: it was never approved."""
    rejected = next(row for row in rows if row.kind == "revision-rejected")
    number = state_of(rejected)["number"]
    said = [
        replace(changed(row, number=number), stream=rejected.stream)
        if row.kind == "revision-issued"
        else row
        for row in rows
    ]
    steps = {d.step for d in found_in(renumbered(said))}
    assert {"执行追溯更正", "更正"} <= steps
