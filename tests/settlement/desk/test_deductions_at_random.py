"""Whatever offices deduct and withdraw between stays, late amounts and undoings: settlements are
what they would be without, and no hospital is ever deducted more than it is owed."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import InstitutionId
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.deductions import owed_to_hospital_fen
from settlement.domain.postings import DEDUCTING, OWING, Account, JournalKind, journal_of
from settlement.domain.stay import Stay, stay_id_of
from tests.settlement.desk.test_late_equals_stated import Told, histories, people
from tests.support.undoing import DeductStep, Played, Step, everything_undone, play

DEDUCTIONS = st.builds(
    DeductStep,
    st.integers(0, 9),
    st.sampled_from(["medical_assistance", "medical_assistance", "basic", "civil_assistance"]),
    st.sampled_from([50, 90, 100, 1, 101]),
    withdraws=st.sampled_from([False, False, False, True]),
)


@st.composite
def deducted(draw: st.DrawFn) -> tuple[Told, list[Step]]:
    """A history with deductions at any place in it after its first two stays."""
    told, steps = draw(histories())
    for step in draw(st.lists(DEDUCTIONS, min_size=2, max_size=8)):
        steps.insert(draw(st.integers(min(2, len(steps)), len(steps))), step)
    return told, steps


def booked(played: Played, kinds: tuple[JournalKind, ...]) -> Counter[tuple[str, str]]:
    """By settlement and fund, what journals of these kinds say the fund owes the hospital."""
    found: Counter[tuple[str, str]] = Counter()
    for logged in played.ledger.events():
        journal = journal_of(logged.event)
        if journal is not None and journal.kind in kinds:
            for entry in journal.entries:
                if entry.account is Account.FUND_PAYABLE:
                    fund_id = str(entry.fund_id)
                    found[journal.reference, fund_id] += entry.credit_fen - entry.debit_fen
    return found


@given(deducted())
@settings(max_examples=40)
def test_no_settlement_knows_of_a_deduction_and_none_is_too_large(
    history: tuple[Told, list[Step]],
) -> None:
    """Statements, counters and orders are those without deductions; what is deducted of each
    settlement is what stands of it, and at most what its fund owes by its own entries."""
    told, steps = history
    played = play(steps, told.book, people())
    spared = [None if isinstance(step, DeductStep) else step for step in steps]
    without = play(spared, told.book, people())

    assert played.said() == without.said()
    assert (played.counters(), played.orders()) == (without.counters(), without.orders())
    assert verify_ledger(played.ledger, played.laws).discrepancies == ()
    owed, off = booked(played, OWING), booked(played, DEDUCTING)
    assert booked(without, OWING) == owed
    for place in {*owed, *off}:
        assert 0 <= -off[place] <= max(owed[place], 0)
    for stay in played.live:
        number = played.settlement(stay).number
        stay_id = stay_id_of(InstitutionId(played.hospitals[stay]), stay)
        kept: Stay = played.ledger.find(stay_id, Stay)
        for fund_id in {fund for of, fund in {*owed, *off} if of == number}:
            assert owed_to_hospital_fen(played.settlement(stay), fund_id) == owed[number, fund_id]
            assert kept.deductions.deducted_fen(number, fund_id) == -off[number, fund_id]


@given(deducted())
@settings(max_examples=15)
def test_the_books_are_level_when_everything_is_undone(history: tuple[Told, list[Step]]) -> None:
    """Every deduction is released with its settlement."""
    told, steps = history
    played = play(steps, told.book, people())

    level = play([*steps, *everything_undone(played)], told.book, people())

    assert (level.live, level.balances()) == ([], {})
    assert verify_ledger(level.ledger, level.laws).discrepancies == ()
