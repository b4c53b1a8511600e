"""What is found is what a plain reading of the ledger's events gives, for any search."""

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.application.find_settlements import (
    SettlementStatus,
    Wanted,
    every_settlement,
    find_settlements,
)
from tests.settlement.finding.random_settlements import (
    MADE,
    WANTED,
    Made,
    events_of,
    is_wanted,
    plainly_read,
    settlement_index,
)
from tests.settlement.funds.fund_stories import HOSPITAL_A, ListedEvents

KNOWN = Made(
    person_id="p-1",  # type: ignore[arg-type]  # a person of the story
    institution_id=HOSPITAL_A,
    booked_on=date(2024, 1, 3),
    year_from=date(2024, 1, 1),
    invoice=True,
    assumed=False,
    paid=(("basic", 300), ("hospital", 0)),
    patient_fen=200,
    reversed_after_days=4,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(made=MADE, searches=st.lists(WANTED, min_size=1, max_size=6), limit=st.integers(1, 4))
def test_every_search_finds_what_plain_python_finds(
    made: list[Made], searches: list[Wanted], limit: int
) -> None:
    """Rows, order and payers are alike, over pages of any size, and after a rebuild."""
    log = events_of(made)
    rows = plainly_read(log)
    with settlement_index(log) as index:
        for rebuilt in (False, True):
            if rebuilt:
                index.rebuild()
            for wanted in searches:
                expected = [row for row in rows if is_wanted(row, wanted)]
                found, after, has_more = [], 0, True
                while has_more:
                    page = find_settlements(wanted, after=after, limit=limit, index=index)
                    assert len(page.settlements) <= limit
                    found += page.settlements
                    after, has_more = page.next_after, page.has_more
                assert found == expected
                paid = {s.payer for row in expected for s in row.shares if s.amount_fen}
                assert list(index.payers(wanted)) == sorted(paid)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(made=MADE, cut=st.integers(0, 40))
def test_what_is_read_in_two_goes_is_what_is_read_in_one(made: list[Made], cut: int) -> None:
    """Asked in the middle, between opening and completion even, and again at the end."""
    log = events_of(made)
    growing = ListedEvents(log.events[:cut])
    with settlement_index(growing) as index:
        assert list(every_settlement(Wanted(), index=index)) == plainly_read(growing)
        growing.events = log.events
        assert list(every_settlement(Wanted(), index=index)) == plainly_read(log)


def test_a_reversal_flips_the_status_and_keeps_the_amounts() -> None:
    """Settled on 3 January for 5.00, undone on the 7th: still found, as reversed."""
    log = events_of([KNOWN])
    settled = ListedEvents(log.events[:-1])
    with settlement_index(settled) as index:
        (before,) = every_settlement(Wanted(status=SettlementStatus.SETTLED), index=index)
        settled.events = log.events
        (after,) = every_settlement(Wanted(number="N0"), index=index)
        assert list(every_settlement(Wanted(status=SettlementStatus.SETTLED), index=index)) == []

    assert (before.total_fen, before.patient_fen, before.reversed_on) == (500, 200, None)
    assert [(s.payer, s.amount_fen) for s in before.shares] == [("basic", 300), ("hospital", 0)]
    assert (after.total_fen, after.patient_fen, after.shares) == (500, 200, before.shares)
    assert (after.status, after.reversed_on) == (SettlementStatus.REVERSED, date(2024, 1, 7))


def test_a_page_goes_on_where_it_ended_whatever_happens_meanwhile() -> None:
    """A settlement made between two pages comes last; a reversal moves no row."""
    log = events_of([KNOWN, KNOWN, KNOWN])
    growing = ListedEvents([e for e in log.events if e.position <= 14])
    with settlement_index(growing) as index:
        first = find_settlements(Wanted(), after=0, limit=1, index=index)
        growing.events = log.events
        rest = find_settlements(Wanted(), after=first.next_after, limit=9, index=index)

    assert [each.number for each in (*first.settlements, *rest.settlements)] == ["N0", "N1", "N2"]
    assert (first.has_more, rest.has_more) == (True, False)
