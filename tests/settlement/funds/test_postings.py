"""Every settlement, reversal and payment becomes balanced double entries."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.domain.postings import (
    Account,
    Book,
    Entry,
    Journal,
    JournalKind,
    NotBalanced,
    journal_of,
)
from settlement.domain.stay import Stay
from tests.settlement.funds.fund_stories import (
    ASSISTANCE,
    AT,
    BASIC,
    CLERK,
    HOSPITAL_A,
    payment,
    recorded,
    reverse,
    settled_stay,
)

JULY_3, AUGUST_9 = date(2023, 7, 3), date(2023, 8, 9)

shares = st.lists(
    st.tuples(
        st.sampled_from(["basic", "basic_top_up", "critical", "assistance", "waiver"]),
        st.sampled_from([BASIC, "500000-critical_illness", ASSISTANCE, None]),
        st.integers(min_value=0, max_value=100_000_000_00),
    ),
    max_size=6,
    unique_by=lambda share: share[0],
)


def journals(*events: Any) -> list[Journal]:
    """The journals of those events that have one."""
    return [j for j in map(journal_of, events) if j is not None]


def totals(journal: Journal, book: Book) -> tuple[int, int]:
    """Debits and credits of one book."""
    entries = [e for e in journal.entries if e.account.book is book]
    return sum(e.debit_fen for e in entries), sum(e.credit_fen for e in entries)


def test_a_settlement_is_posted_in_the_books_of_fund_and_hospital() -> None:
    """70.00 by the fund, 5.00 waived and 25.00 left to the patient make charges of 100.00."""
    stay = settled_stay(
        ("basic", BASIC, 70_00),
        ("waiver", None, 5_00),
        number="N1",
        booked_on=JULY_3,
        patient_fen=25_00,
    )

    (journal,) = journals(*stay.collect_events())

    assert journal.entries == (
        Entry(Account.FUND_BENEFITS, debit_fen=70_00, fund_id=BASIC, layer="basic"),
        Entry(Account.FUND_PAYABLE, credit_fen=70_00, fund_id=BASIC, layer="basic"),
        Entry(Account.HOSPITAL_RECEIVABLE, debit_fen=70_00, fund_id=BASIC, layer="basic"),
        Entry(Account.WAIVER, debit_fen=5_00, layer="waiver"),
        Entry(Account.PATIENT_RECEIVABLE, debit_fen=25_00),
        Entry(Account.CHARGES, credit_fen=100_00),
    )
    assert (journal.kind, journal.reference, journal.booked_on, journal.invoice_number) == (
        JournalKind.SETTLEMENT,
        "N1",
        JULY_3,
        "FP-N1",
    )


def test_two_payers_with_equal_amounts_both_count() -> None:
    """A public system adds its payers through a set, and loses one of two equal amounts."""
    stay = settled_stay(
        ("basic", BASIC, 300_00),
        ("assistance", ASSISTANCE, 300_00),
        number="N1",
        booked_on=JULY_3,
    )

    (journal,) = journals(*stay.collect_events())

    owed = {e.fund_id: e.credit_fen for e in journal.entries if e.account is Account.FUND_PAYABLE}
    assert owed == {BASIC: 300_00, ASSISTANCE: 300_00}
    assert totals(journal, Book.HOSPITAL) == (600_00, 600_00)


def test_two_layers_of_one_fund_with_equal_amounts_are_two_entries() -> None:
    """Equal layer by layer and fund by fund, they are still owed twice."""
    stay = settled_stay(
        ("basic", BASIC, 40_00), ("basic_top_up", BASIC, 40_00), number="N1", booked_on=JULY_3
    )

    (journal,) = journals(*stay.collect_events())

    owed = [(e.layer, e.credit_fen) for e in journal.entries if e.account is Account.FUND_PAYABLE]
    assert owed == [("basic", 40_00), ("basic_top_up", 40_00)]


def test_a_layer_that_pays_nothing_posts_nothing_and_stays_in_the_history() -> None:
    """The stay's events keep the layer of 0; the books do not."""
    stay = settled_stay(
        ("basic", BASIC, 10_00),
        ("critical", "500000-critical_illness", 0),
        number="N1",
        booked_on=JULY_3,
    )
    events = stay.collect_events()

    (journal,) = journals(*events)

    assert {e.fund_id for e in journal.entries} == {BASIC, None}
    (completed,) = (e for e in events if isinstance(e, Stay.SettlementCompleted))
    assert [share.layer for share in completed.shares] == ["basic", "critical"]


def test_a_reversal_is_the_exact_mirror_in_its_own_period_and_points_at_the_original() -> None:
    """Debit becomes credit, on the day of the reversal, under the original's number."""
    stay = settled_stay(("basic", BASIC, 70_00), number="N1", booked_on=JULY_3, patient_fen=30_00)
    reverse(stay, booked_on=AUGUST_9)

    settled, reversed_ = journals(*stay.collect_events())

    assert [(e.debit_fen, e.credit_fen) for e in reversed_.entries] == [
        (e.credit_fen, e.debit_fen) for e in settled.entries
    ]
    assert (reversed_.kind, reversed_.reference) == (JournalKind.REVERSAL, "N1")
    assert (reversed_.booked_on, reversed_.undoes_booked_on) == (AUGUST_9, JULY_3)


def test_a_payment_settles_the_debt_in_both_books() -> None:
    """The fund's debt and its bank go down; the hospital's bank goes up, its claim down."""
    (journal,) = journals(
        *recorded(payment(50_00, reference="B1", booked_on=AUGUST_9)).collect_events()
    )

    assert journal.entries == (
        Entry(Account.FUND_PAYABLE, debit_fen=50_00, fund_id=BASIC),
        Entry(Account.FUND_BANK, credit_fen=50_00, fund_id=BASIC),
        Entry(Account.HOSPITAL_BANK, debit_fen=50_00, fund_id=BASIC),
        Entry(Account.HOSPITAL_RECEIVABLE, credit_fen=50_00, fund_id=BASIC),
    )
    assert (journal.institution_id, journal.reference) == (HOSPITAL_A, "B1")


def test_a_withdrawn_payment_is_mirrored_on_the_day_it_is_withdrawn() -> None:
    """What was recorded by mistake stays in its period; the mirror is booked in the next."""
    found = recorded(payment(50_00, reference="B1", booked_on=JULY_3))
    found.withdraw(reason="金额有误", booked_on=AUGUST_9, by=CLERK, at=AT)

    paid, withdrawn = journals(*found.collect_events())

    assert withdrawn.entries == tuple(e.mirrored for e in paid.entries)
    assert (withdrawn.kind, withdrawn.booked_on) == (JournalKind.WITHDRAWAL, AUGUST_9)
    assert (withdrawn.undoes_booked_on, withdrawn.remark) == (JULY_3, "金额有误")


@given(paid=shares, patient_fen=st.integers(min_value=0, max_value=100_00))
def test_every_journal_balances_in_each_book(
    paid: list[tuple[str, str | None, int]], patient_fen: int
) -> None:
    """Debits equal credits, in the funds' books and in the hospital's, for any shares."""
    total_fen = sum(fen for _, _, fen in paid) + patient_fen
    if total_fen > 100_000_000_00:
        paid, patient_fen, total_fen = [("basic", BASIC, 7)], 3, 10
    stay = settled_stay(*paid, number="N1", booked_on=JULY_3, patient_fen=patient_fen)
    reverse(stay, booked_on=AUGUST_9)

    settled, reversed_ = journals(*stay.collect_events())

    owed_fen = sum(fen for _, fund, fen in paid if fund is not None)
    assert totals(settled, Book.FUND) == (owed_fen, owed_fen)
    assert totals(reversed_, Book.FUND) == (owed_fen, owed_fen)
    assert totals(settled, Book.HOSPITAL) == (total_fen, total_fen)
    assert totals(reversed_, Book.HOSPITAL) == (total_fen, total_fen)


def test_an_event_that_breaks_conservation_is_refused_by_name() -> None:
    """Payers and patient that do not make up the bill cannot be posted."""
    journal = Journal(
        kind=JournalKind.SETTLEMENT,
        reference="N1",
        booked_on=JULY_3,
        institution_id=HOSPITAL_A,
        entries=(
            Entry(Account.PATIENT_RECEIVABLE, debit_fen=99),
            Entry(Account.CHARGES, credit_fen=100),
        ),
    )

    with pytest.raises(NotBalanced, match="N1：借方 99 分，贷方 100 分"):
        journal.check()


def test_entries_of_one_book_cannot_hide_a_gap_in_the_other() -> None:
    """100 too much in one book and 100 too little in the other do not make a balance."""
    journal = Journal(
        kind=JournalKind.PAYMENT,
        reference="B1",
        booked_on=JULY_3,
        institution_id=HOSPITAL_A,
        entries=(
            Entry(Account.FUND_PAYABLE, debit_fen=100, fund_id=BASIC),
            Entry(Account.HOSPITAL_RECEIVABLE, credit_fen=100, fund_id=BASIC),
        ),
    )

    with pytest.raises(NotBalanced, match="B1：借方 100 分，贷方 0 分"):
        journal.check()
