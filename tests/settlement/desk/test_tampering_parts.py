"""Every change of what happens to a stay in parts, and what verifying says to it."""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import rows_of
from tests.settlement.desk.parts_of_a_stay import ABOVE_500, Story, law, said
from tests.settlement.desk.tampering import (
    BY_AND_WHEN,
    BY_WHEN_AND_WHY,
    SoundLedger,
    Unseen,
    fields_in,
)
from tests.settlement.desk.test_episodes import ONCE, gone_on, transferred

UNSEEN: Unseen = {
    "stay-part-begun": BY_AND_WHEN,
    "interim-closed": BY_AND_WHEN,
    "discharge-undone": BY_WHEN_AND_WHY,
    "admission-cancelled": BY_WHEN_AND_WHY,
    "stay-admitted-again": BY_AND_WHEN,
}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
    """Two parts; the first was closed, taken back and closed again on another day."""
    folder: Path = tmp_path_factory.mktemp("ledger")
    story = Story(folder, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01", circumstances={"surgery": False})
    story.fees(first, 1_000_00)
    story.interim(first, "2022-10-30")
    path = f"/v1/stays/{first}"
    said(story.desk.write(f"{path}/discharge/cancellation", {"reason": "选错"}))
    close = {"until": "2022-10-31", "invoice_number": "F1", "circumstances": {"referral": True}}
    second = said(story.desk.write(f"{path}/interim", close))["following"]["stay_id"]
    story.settle(first)
    story.fees(second, 2_000_00)
    story.leave(second, "2022-12-30")
    story.settle(second)
    story.settle(discharged(story))
    return SoundLedger(rows_of(folder / "settlement.sqlite"))


def discharged(story: Story) -> str:
    """A stay after it, so that nothing stands at the very end."""
    stay = story.admit("L2", "2023-01-10")
    story.fees(stay, 1_000_00)
    story.leave(stay, "2023-01-12")
    return stay


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Nothing is found in it."""
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 127


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value: only what is listed may go unseen."""
    assert ledger.unseen_fields(kind) == fields_in(UNSEEN[kind])


def test_which_part_was_settled_cannot_be_changed(ledger: SoundLedger) -> None:
    """Number, first day and whether it went on, in the inputs of each settlement."""
    assert ledger.changes_of("settlement-opened", of=is_of_part) >= 15
    assert ledger.unseen_changes("settlement-opened", of=is_of_part) == []


def is_of_part(field: str) -> bool:
    """Whether a field says which part of the stay it is."""
    return field.startswith("inputs.part")


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them, with everything after it numbered anew."""
    assert ledger.unseen_taken_out(*UNSEEN) == []
    assert ledger.unseen_doubled(*UNSEEN) == []


def test_a_part_without_the_first_is_named(ledger: SoundLedger) -> None:
    """Verifying tells of it and goes on: it is what others ask for when a ledger lacks a stay."""
    at = ledger.where("stay-admitted", hospital_stay_number="L1")
    found = ledger.discrepancies(ledger.without(at))
    (named,) = [d for d in found if "账本缺少住院 L1 第 1 段" in str(d.recomputed)]
    assert (named.stay, named.step, named.what) == ("L1", "结算输入", "分段")


def test_what_a_stay_hangs_together_with_cannot_be_changed(tmp_path: Path) -> None:
    """The former hospital and the episode in the inputs of each settlement, and what the admission
    stated of it."""
    story = Story(tmp_path, law(ONCE))
    story.settle(transferred(story, "U1", at=story.desk))
    second = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    story.settle(second, at=story.other)
    ledger = SoundLedger(rows_of(tmp_path / "settlement.sqlite"))
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(of=is_of_chain) >= 27
    assert ledger.unseen_changes(of=is_of_chain) == []


def is_of_chain(field: str) -> bool:
    """Whether a field says what the stay hangs together with."""
    return any(name in field for name in ("former_institution", "episode", "transferred_from"))
