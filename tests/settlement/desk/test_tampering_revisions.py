"""A ledger with revisions, changed field by field: what verifying says to each change.

A version published late asks for other days and counts in other years: two stays of one person in
two hospitals and one of another are revised. One proposal is rejected, the next is approved and
issued; of it a third person's part lapses.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import changed, renumbered, rows_of, state_of
from tests.settlement.desk.tampering import (
    ANSWERED,
    EVERYTHING_SEEN,
    IDENTITIES_ANSWERED,
    SoundLedger,
    Unseen,
    fields_in,
    fields_of,
    within,
)
from tests.settlement.desk.test_revisions import (
    Office,
    first_version,
    late_version,
    paying,
    summer_story,
)
from tests.support.settlement_desk import P1, P2
from tests.support.small_policies import REGION

ANSWERS = within("parts.lines.answers", ANSWERED)
IDENTITIES = within("parts.lines.answers", IDENTITIES_ANSWERED, {"identities.identity"})
BY_AND_WHEN = {"by.operator", "by.institution_id", "timestamp"}
UNSEEN: Unseen = {
    "revision-proposed": {
        "of what lapsed, what was answered decides no amount": ANSWERS | {"parts.orders_version"}
    },
    "revision-approved": {"only the outside knows when": {"timestamp"}},
    "revision-rejected": EVERYTHING_SEEN,
    "revision-issued": EVERYTHING_SEEN,
    "revision-lapsed": {
        "who let it lapse, when and why, is said nowhere else": BY_AND_WHEN | {"because"}
    },
    "revision-closed": {"who closed it, and when, is said nowhere else": BY_AND_WHEN},
    "settlement-adjusted": EVERYTHING_SEEN,
    "counters-moved": EVERYTHING_SEEN,
    "counters-restored": EVERYTHING_SEEN,
    "policy-adopted": EVERYTHING_SEEN,
}
OF_REJECTED: Unseen = {
    "revision-proposed": {
        "nothing rests on its parts": ANSWERS | IDENTITIES | {"parts", "parts.orders_version"}
    },
    # Why it was made is said in the rejection, too.
    "revision-rejected": {
        "who rejected it, when and why, is said nowhere else": BY_AND_WHEN | {"reason"}
    },
}
"""The same of the proposal that was rejected."""


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
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
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Two proposals, one of which moved two settlements of one person."""
    assert ledger.count(*UNSEEN) == [2, 1, 1, 1, 1, 1, 2, 7, 3, 2]
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 1252


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value and every entry of every map and list."""
    unseen = ledger.unseen_changes(kind)
    rejected = state_of(ledger.rows[ledger.where("revision-rejected")])["number"]
    of_rejected = [c for c in unseen if state_of(c.row).get("number") == rejected]
    assert fields_of(of_rejected) == fields_in(OF_REJECTED.get(kind, EVERYTHING_SEEN))
    others = fields_of(c for c in unseen if c not in of_rejected)
    assert others == fields_in(UNSEEN[kind])


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them, but for the rejection and the last: nothing rests on those."""
    assert ledger.unseen_taken_out() == ["revision-rejected", ledger.rows[-1].kind]
    assert ledger.unseen_doubled() == []


def test_an_adjustment_that_no_revision_caused_is_named(ledger: SoundLedger) -> None:
    """The issue taken out: what it adjusted stands alone, in both hospitals."""
    found = ledger.discrepancies(ledger.without(ledger.where("revision-issued")))
    assert {("A1", "更正"), ("B1", "更正")} <= {(d.stay, d.step) for d in found}


def test_an_approval_by_the_author_is_named(ledger: SoundLedger) -> None:
    """The four eyes are in the ledger."""
    by = {"operator": "officer-1", "institution_id": "A990103"}
    at = ledger.where("revision-approved")
    said = ledger.with_changed(at, changed(ledger.rows[at], by=by))
    first = ledger.discrepancies(said)[0]
    assert (first.step, first.what) == ("批准追溯更正", "登记")
    assert "须由另一位经办人" in first.recomputed


def test_an_adjustment_under_a_revision_that_was_rejected_is_named(ledger: SoundLedger) -> None:
    """Issued in the name of the other proposal: it was never approved."""
    rejected = ledger.rows[ledger.where("revision-rejected")]
    number = state_of(rejected)["number"]
    said = [
        replace(changed(row, number=number), stream=rejected.stream)
        if row.kind == "revision-issued"
        else row
        for row in ledger.rows
    ]
    steps = {d.step for d in ledger.discrepancies(renumbered(said))}
    assert {"执行追溯更正", "更正"} <= steps
