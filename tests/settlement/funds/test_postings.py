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
from settlement.domain.settlement import OutsideEntry
from settlement.domain.stay import Stay
from tests.settlement.funds.fund_stories import (
    ASSISTANCE,
    AT,
    BASIC,
    CLERK,
    HOSPITAL_A,
    cash,
    payment,
    recorded,
    reverse,
    settled_stay,
    surplus,
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


def test_a_cash_allowance_is_owed_to_the_patient_and_not_to_the_hospital() -> None:
    """200.00 in cash beside a bill of 100.00: the hospital's books do not know of it."""
    stay = settled_stay(
        ("basic", BASIC, 70_00),
        number="N1",
        booked_on=JULY_3,
        patient_fen=30_00,
        outside=(cash(200_00),),
    )

    (journal,) = journals(*stay.collect_events())

    assert [e for e in journal.entries if e.outside] == [
        Entry(
            Account.FUND_BENEFITS,
            debit_fen=200_00,
            fund_id=ASSISTANCE,
            layer="allowance",
            outside="cash",
        ),
        Entry(
            Account.FUND_PATIENT_PAYABLE,
            credit_fen=200_00,
            fund_id=ASSISTANCE,
            layer="allowance",
            outside="cash",
        ),
    ]
    assert totals(journal, Book.FUND) == (270_00, 270_00)
    assert totals(journal, Book.HOSPITAL) == (100_00, 100_00)


def test_the_surplus_of_a_fixed_price_is_owed_to_the_hospital_beside_its_charges() -> None:
    """A fixed price of 90.00 on a bill of 80.00: the fund owes 90.00, the charges stay 80.00."""
    stay = settled_stay(
        ("basic", BASIC, 80_00), number="N1", booked_on=JULY_3, outside=(surplus(10_00),)
    )

    (journal,) = journals(*stay.collect_events())

    assert [(e.account, e.debit_fen, e.credit_fen) for e in journal.entries if e.outside] == [
        (Account.FUND_BENEFITS, 10_00, 0),
        (Account.FUND_PAYABLE, 0, 10_00),
        (Account.HOSPITAL_RECEIVABLE, 10_00, 0),
        (Account.FIXED_PRICE_SURPLUS, 0, 10_00),
    ]
    assert {(e.layer, e.outside) for e in journal.entries if e.outside} == {("basic", "surplus")}
    charges = [e.credit_fen for e in journal.entries if e.account is Account.CHARGES]
    assert charges == [80_00]
    assert totals(journal, Book.FUND) == (90_00, 90_00)
    assert totals(journal, Book.HOSPITAL) == (90_00, 90_00)


def test_what_a_hospital_gives_beside_the_bill_comes_out_of_its_own_pocket() -> None:
    """Cash of its own is owed to the patient; a surplus it would owe itself is no entry."""
    stay = settled_stay(
        ("waiver", None, 5_00),
        number="N1",
        booked_on=JULY_3,
        patient_fen=95_00,
        outside=(cash(20_00, fund=None), surplus(3_00, fund=None)),
    )

    (journal,) = journals(*stay.collect_events())

    assert [(e.account, e.debit_fen, e.credit_fen) for e in journal.entries if e.outside] == [
        (Account.WAIVER, 20_00, 0),
        (Account.PATIENT_PAYABLE, 0, 20_00),
    ]


def test_a_reversal_mirrors_what_was_owed_beside_the_bill() -> None:
    """Cash and surplus go back with everything else, in the reversal's own period."""
    stay = settled_stay(
        ("basic", BASIC, 80_00),
        number="N1",
        booked_on=JULY_3,
        outside=(surplus(10_00), cash(200_00)),
    )
    reverse(stay, booked_on=AUGUST_9)

    settled, reversed_ = journals(*stay.collect_events())

    assert reversed_.entries == tuple(e.mirrored for e in settled.entries)
    assert {e.outside for e in reversed_.entries} == {None, "surplus", "cash"}
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


beside = st.lists(
    st.builds(
        lambda of, fen, fund: of(fen, fund=fund),
        st.sampled_from([cash, surplus]),
        st.integers(min_value=0, max_value=100_000_00),
        st.sampled_from([BASIC, ASSISTANCE]),
    ),
    max_size=3,
)


@given(paid=shares, patient_fen=st.integers(min_value=0, max_value=100_00), outside=beside)
def test_every_journal_balances_in_each_book(
    paid: list[tuple[str, str | None, int]], patient_fen: int, outside: list[OutsideEntry]
) -> None:
    """Debits equal credits, in the funds' books and in the hospital's, for any shares and for
    anything beside the bill."""
    total_fen = sum(fen for _, _, fen in paid) + patient_fen
    if total_fen > 100_000_000_00:
        paid, patient_fen, total_fen = [("basic", BASIC, 7)], 3, 10
    stay = settled_stay(
        *paid,
        number="N1",
        booked_on=JULY_3,
        patient_fen=patient_fen,
        outside=tuple(outside),
    )
    reverse(stay, booked_on=AUGUST_9)

    settled, reversed_ = journals(*stay.collect_events())

    fund_fen = sum(fen for _, fund, fen in paid if fund is not None)
    fund_fen += sum(owed.amount_fen for owed in outside)
    hospital_fen = total_fen + sum(o.amount_fen for o in outside if o.kind == "surplus")
    assert totals(settled, Book.FUND) == (fund_fen, fund_fen)
    assert totals(reversed_, Book.FUND) == (fund_fen, fund_fen)
    assert totals(settled, Book.HOSPITAL) == (hospital_fen, hospital_fen)
    assert totals(reversed_, Book.HOSPITAL) == (hospital_fen, hospital_fen)


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


def test_what_is_owed_beside_a_bill_cannot_hide_a_gap_in_it() -> None:
    """A surplus that is 1 fen short and charges that are 1 fen too much do not make a balance."""
    journal = Journal(
        kind=JournalKind.SETTLEMENT,
        reference="N1",
        booked_on=JULY_3,
        institution_id=HOSPITAL_A,
        entries=(
            Entry(Account.PATIENT_RECEIVABLE, debit_fen=99),
            Entry(Account.CHARGES, credit_fen=100),
            Entry(Account.HOSPITAL_RECEIVABLE, debit_fen=50, outside="surplus"),
            Entry(Account.FIXED_PRICE_SURPLUS, credit_fen=49, outside="surplus"),
        ),
    )

    with pytest.raises(NotBalanced, match="N1：借方 99 分，贷方 100 分"):
        journal.check()
