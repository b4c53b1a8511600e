"""A fund's statement: line by line, adding up, month after month."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from eventlog.follower import FollowerStopped
from eventlog.log import LoggedEvent
from settlement.domain.fund_payments import PaymentKind
from settlement.domain.fund_statement import (
    FundStatement,
    OwedLine,
    PaidLine,
    Period,
    PeriodInvalid,
)
from settlement.domain.postings import Account, JournalKind
from settlement.read_models.fund_account import FundAccount, _entries, _journals
from tests.settlement.funds.fund_stories import (
    ASSISTANCE,
    AT,
    BASIC,
    CLERK,
    HOSPITAL_A,
    HOSPITAL_B,
    ListedEvents,
    cash,
    deduct,
    fund_account,
    payment,
    recorded,
    reverse,
    settle_again,
    settled_stay,
    surplus,
)

JULY = Period(date(2023, 7, 1), date(2023, 7, 31))
AUGUST = Period(date(2023, 8, 1), date(2023, 8, 31))
SEPTEMBER = Period(date(2023, 9, 1), date(2023, 9, 30))
JULY_3, JULY_20, AUGUST_9 = date(2023, 7, 3), date(2023, 7, 20), date(2023, 8, 9)


def balances(statement: FundStatement) -> tuple[int, int, int, int]:
    """Opening, owed, paid and closing."""
    return (
        statement.opening_fen,
        statement.owed_fen,
        statement.paid_fen,
        statement.closing_fen,
    )


def test_a_statement_lists_each_hospital_line_by_line_and_adds_up() -> None:
    """Two hospitals, three settlements, one payment in part: 900.00 owed, 200.00 paid."""
    log = ListedEvents()
    log.take(
        settled_stay(
            ("basic", BASIC, 300_00),
            ("basic_top_up", BASIC, 100_00),
            number="N1",
            booked_on=JULY_3,
            patient_fen=50_00,
        ),
        settled_stay(("basic", BASIC, 150_00), number="N2", booked_on=JULY_20),
        settled_stay(
            ("basic", BASIC, 350_00), number="N3", booked_on=JULY_20, institution_id=HOSPITAL_B
        ),
        recorded(payment(200_00, reference="B1", booked_on=date(2023, 7, 31))),
    )

    with fund_account(log) as account:
        statement = account.statement(BASIC, JULY)

    a, b = statement.hospitals
    assert (a.institution_id, b.institution_id) == (HOSPITAL_A, HOSPITAL_B)
    assert [(o.settlement_number, o.layer, o.amount_fen) for o in a.owed] == [
        ("N1", "basic", 300_00),
        ("N1", "basic_top_up", 100_00),
        ("N2", "basic", 150_00),
    ]
    assert (a.owed_fen, a.paid_fen, a.closing_fen) == (550_00, 200_00, 350_00)
    assert (b.owed_fen, b.paid_fen, b.closing_fen) == (350_00, 0, 350_00)
    assert balances(statement) == (0, 900_00, 200_00, 700_00)
    assert a.owed[0] == OwedLine(
        booked_on=JULY_3,
        kind=JournalKind.SETTLEMENT,
        settlement_number="N1",
        reverses_booked_on=None,
        institution_id=HOSPITAL_A,
        hospital_stay_number="ZY-N1",
        invoice_number="FP-N1",
        layer="basic",
        amount_fen=300_00,
    )
    assert a.paid == (
        PaidLine(
            booked_on=date(2023, 7, 31),
            kind=JournalKind.PAYMENT,
            payment_kind=PaymentKind.PARTIAL,
            bank_reference="B1",
            withdraws_booked_on=None,
            institution_id=HOSPITAL_A,
            paid_on=date(2023, 7, 31),
            remark=None,
            amount_fen=200_00,
        ),
    )


def test_two_funds_with_equal_amounts_each_owe_theirs() -> None:
    """Equal amounts of two payers count twice, once in each fund."""
    log = ListedEvents()
    log.take(
        settled_stay(
            ("basic", BASIC, 300_00),
            ("assistance", ASSISTANCE, 300_00),
            number="N1",
            booked_on=JULY_3,
        )
    )

    with fund_account(log) as account:
        assert balances(account.statement(BASIC, JULY)) == (0, 300_00, 0, 300_00)
        assert balances(account.statement(ASSISTANCE, JULY)) == (0, 300_00, 0, 300_00)
        assert [(b.fund_id, b.balance_fen) for b in account.balances()] == [
            (BASIC, 300_00),
            (ASSISTANCE, 300_00),
        ]


def test_a_reversal_in_a_later_month_leaves_the_earlier_statement_as_it_was() -> None:
    """July stays as it was printed; August has the reversal and the new settlement."""
    log = ListedEvents()
    stay = settled_stay(("basic", BASIC, 300_00), number="N1", booked_on=JULY_3)
    log.take(stay)
    with fund_account(log) as account:
        printed = account.statement(BASIC, JULY)

        reverse(stay, booked_on=AUGUST_9)
        settle_again(
            stay, ("basic", BASIC, 280_00), number="N2", booked_on=AUGUST_9, patient_fen=20_00
        )
        log.take(stay)

        assert account.statement(BASIC, JULY) == printed
        august = account.statement(BASIC, AUGUST)
    assert [
        (o.kind, o.settlement_number, o.reverses_booked_on, o.amount_fen) for o in august.owed_lines
    ] == [
        (JournalKind.REVERSAL, "N1", JULY_3, -300_00),
        (JournalKind.SETTLEMENT, "N2", None, 280_00),
    ]
    assert balances(august) == (300_00, -20_00, 0, 280_00)


def test_an_advance_is_a_negative_balance_until_it_is_used_up() -> None:
    """500.00 in advance in July, 600.00 owed in August, the rest paid in full in September."""
    log = ListedEvents()
    log.take(
        recorded(payment(500_00, reference="B1", booked_on=JULY_3, kind=PaymentKind.ADVANCE)),
        settled_stay(("basic", BASIC, 600_00), number="N1", booked_on=AUGUST_9),
        recorded(
            payment(100_00, reference="B2", booked_on=date(2023, 9, 5), kind=PaymentKind.FULL)
        ),
    )

    with fund_account(log) as account:
        assert balances(account.statement(BASIC, JULY)) == (0, 0, 500_00, -500_00)
        assert balances(account.statement(BASIC, AUGUST)) == (-500_00, 600_00, 0, 100_00)
        assert balances(account.statement(BASIC, SEPTEMBER)) == (100_00, 0, 100_00, 0)


def test_a_withdrawn_payment_is_taken_back_in_its_own_period() -> None:
    """Recorded in July, withdrawn in August and recorded again with the right amount."""
    log = ListedEvents()
    found = recorded(payment(500_00, reference="B1", booked_on=JULY_3))
    found.withdraw(reason="金额有误", booked_on=AUGUST_9, by=CLERK, at=AT)
    found.record(payment(50_00, reference="B1", booked_on=AUGUST_9), by=CLERK, at=AT)
    log.take(found)

    with fund_account(log) as account:
        assert balances(account.statement(BASIC, JULY)) == (0, 0, 500_00, -500_00)
        august = account.statement(BASIC, AUGUST)
    assert balances(august) == (-500_00, 0, -450_00, -50_00)
    assert [(p.kind, p.withdraws_booked_on, p.amount_fen) for p in august.hospitals[0].paid] == [
        (JournalKind.WITHDRAWAL, JULY_3, -500_00),
        (JournalKind.PAYMENT, None, 50_00),
    ]


def test_the_surplus_of_a_fixed_price_is_a_line_owed_to_the_hospital() -> None:
    """80.00 of the bill and 10.00 beside it: the fund owes the hospital 90.00, in two lines; both
    go back with the reversal."""
    log = ListedEvents()
    stay = settled_stay(
        ("basic", BASIC, 80_00), number="N1", booked_on=JULY_3, outside=(surplus(10_00),)
    )
    log.take(stay)
    with fund_account(log) as account:
        july = account.statement(BASIC, JULY)
        reverse(stay, booked_on=AUGUST_9)
        log.take(stay)
        august = account.statement(BASIC, AUGUST)
        (balance,) = account.balances()

    assert [(o.layer, o.is_surplus, o.amount_fen) for o in july.owed_lines] == [
        ("basic", False, 80_00),
        ("basic", True, 10_00),
    ]
    assert balances(july) == (0, 90_00, 0, 90_00)
    assert [(o.is_surplus, o.amount_fen) for o in august.owed_lines] == [
        (False, -80_00),
        (True, -10_00),
    ]
    assert (balance.balance_fen, balance.to_patients_fen) == (0, 0)


def test_a_cash_allowance_is_in_the_list_of_funds_and_in_no_hospitals_statement() -> None:
    """200.00 due to the patient from a fund that owes no hospital anything; then taken back."""
    log = ListedEvents()
    stay = settled_stay(
        ("basic", BASIC, 80_00), number="N1", booked_on=JULY_3, outside=(cash(200_00),)
    )
    log.take(stay)
    with fund_account(log) as account:
        assert account.is_booked(ASSISTANCE)
        assert account.statement(ASSISTANCE, JULY).hospitals == ()
        listed = {b.fund_id: (b.owed_fen, b.to_patients_fen) for b in account.balances()}
        reverse(stay, booked_on=AUGUST_9)
        log.take(stay)
        afterwards = {b.fund_id: b.to_patients_fen for b in account.balances()}

    assert listed == {BASIC: (80_00, 0), ASSISTANCE: (0, 200_00)}
    assert afterwards == {BASIC: 0, ASSISTANCE: 0}


def test_accounts_made_before_there_was_anything_beside_a_bill_go_on() -> None:
    """Their tables lack the column; it is added, and what is booked next is told apart."""
    log = ListedEvents()
    log.take(settled_stay(("basic", BASIC, 80_00), number="N1", booked_on=JULY_3))
    with fund_account(log) as account:
        account.catch_up()
        with account._engine.begin() as connection:
            connection.execute(text("ALTER TABLE fund_entries DROP COLUMN outside"))

        account.create_tables()
        log.take(
            settled_stay(
                ("basic", BASIC, 5_00), number="N2", booked_on=JULY_20, outside=(surplus(1_00),)
            )
        )
        july = account.statement(BASIC, JULY)

    assert [(o.settlement_number, o.is_surplus, o.amount_fen) for o in july.owed_lines] == [
        ("N1", False, 80_00),
        ("N2", False, 5_00),
        ("N2", True, 1_00),
    ]


def test_accounts_made_before_anything_was_deducted_go_on() -> None:
    """The columns are put beside the journals that are there."""
    log = ListedEvents()
    stay = settled_stay(("basic", BASIC, 80_00), number="N1", booked_on=JULY_3)
    log.take(stay)
    with fund_account(log) as account:
        account.catch_up()
        with account._engine.begin() as connection:
            for column in ("deduction", "document"):
                connection.execute(text(f"ALTER TABLE fund_journals DROP COLUMN {column}"))

        account.create_tables()
        deduct(stay, 30_00, number="N1", booked_on=JULY_20)
        log.take(stay)
        (hospital,) = account.statement(BASIC, JULY).hospitals

    assert [(d.reference, d.document, d.amount_fen) for d in hospital.deducted] == [
        ("N1-K1", "7 号", 30_00)
    ]
    assert (hospital.owed_fen, hospital.net_fen, hospital.closing_fen) == (80_00, 50_00, 50_00)


def test_what_a_fund_advanced_is_told_apart_from_what_it_deducted() -> None:
    """80.00 owed, 30.00 deducted, 60.00 paid: the hospital has 10.00 in advance."""
    log = ListedEvents()
    stay = settled_stay(
        ("basic", BASIC, 80_00), number="N1", booked_on=JULY_3, outside=(surplus(5_00),)
    )
    deduct(stay, 85_00, number="N1", booked_on=JULY_3)
    stay.withdraw_deduction(
        number="N1", deduction=1, reason="申诉成立", booked_on=JULY_20, by=CLERK, at=AT
    )
    deduct(stay, 35_00, number="N1", booked_on=JULY_20)
    log.take(stay, recorded(payment(60_00, reference="B1", booked_on=JULY_20)))

    with fund_account(log) as account:
        july = account.statement(BASIC, JULY)
        (balance,) = account.balances()

    assert (july.owed_fen, july.deducted_fen, july.net_fen) == (85_00, 35_00, 50_00)
    assert (july.paid_fen, july.closing_fen) == (60_00, -10_00)
    assert (balance.owed_fen, balance.deducted_fen, balance.paid_fen) == (85_00, 35_00, 60_00)
    assert balance.balance_fen == -10_00


def test_a_fund_without_entries_has_an_empty_statement() -> None:
    """Nothing owed and nothing paid is a statement of zeros."""
    with fund_account(ListedEvents()) as account:
        statement = account.statement(BASIC, JULY)

    assert statement.hospitals == ()
    assert balances(statement) == (0, 0, 0, 0)


def test_a_bill_of_nothing_is_no_line() -> None:
    """A stay without charges owes nobody anything, and the accounts go on."""
    log = ListedEvents()
    log.take(settled_stay(("basic", BASIC, 0), number="N1", booked_on=JULY_3))
    log.take(settled_stay(("basic", BASIC, 7), number="N2", booked_on=JULY_3))

    with fund_account(log) as account:
        statement = account.statement(BASIC, JULY)

    assert [line.settlement_number for line in statement.owed_lines] == ["N2"]


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    """The days were swapped."""
    with pytest.raises(PeriodInvalid, match="截止日期 2023-07-01 早于起始日期 2023-07-31"):
        Period(date(2023, 7, 31), date(2023, 7, 1))


def test_both_days_of_a_period_belong_to_it() -> None:
    """A line of the first day and one of the last are in; their neighbours are not."""
    log = ListedEvents()
    for number, day in enumerate(
        (date(2023, 6, 30), date(2023, 7, 1), date(2023, 7, 31), date(2023, 8, 1)), start=1
    ):
        log.take(settled_stay(("basic", BASIC, 10**number), number=f"N{number}", booked_on=day))

    with fund_account(log) as account:
        assert balances(account.statement(BASIC, JULY)) == (10, 1_100, 0, 1_110)


def test_a_faulty_event_stops_the_accounts_loudly_and_what_came_before_is_kept() -> None:
    """A settlement that does not add up is never skipped: statements refuse until it is mended."""
    log = ListedEvents()
    log.take(settled_stay(("basic", BASIC, 300_00), number="N1", booked_on=JULY_3))
    broken = settled_stay(("basic", BASIC, 300_00), number="N2", booked_on=JULY_3).collect_events()
    for event in broken:
        if hasattr(event, "shares"):
            event.__dict__["patient_fen"] = 1
        log.events.append(LoggedEvent(len(log.events) + 1, event))

    with fund_account(log) as account:
        with pytest.raises(FollowerStopped, match="settlement-completed"):
            account.statement(BASIC, JULY)
        log.events = log.events[: len(log.events) - 1]
        assert balances(account.statement(BASIC, JULY)) == (0, 300_00, 0, 300_00)


# --- generated histories ----------------------------------------------------------------------

FIRST_DAY = date(2023, 1, 1)
days = st.integers(min_value=0, max_value=150).map(lambda n: FIRST_DAY + timedelta(days=n))
amounts = st.integers(min_value=0, max_value=1_000_000_00)
hospitals = st.sampled_from([HOSPITAL_A, HOSPITAL_B])
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("settle"), days, hospitals, amounts, amounts),
        st.tuples(st.just("settle and reverse"), days, hospitals, amounts, days),
        st.tuples(st.just("pay"), days, hospitals, amounts.filter(bool), st.none()),
        st.tuples(st.just("pay and withdraw"), days, hospitals, amounts.filter(bool), days),
    ),
    max_size=12,
)


def generated_log(story: list[tuple]) -> tuple[ListedEvents, list[tuple[date, int, int]]]:
    """The events of a story, and what the basic fund owes and pays by day, told independently."""
    log, told = ListedEvents(), []
    for n, (what, day, hospital, fen, more) in enumerate(story):
        if what == "settle":
            paid = ("basic", BASIC, fen), ("assistance", ASSISTANCE, fen), ("top_up", BASIC, more)
            log.take(settled_stay(*paid, number=f"N{n}", booked_on=day, institution_id=hospital))
            told.append((day, fen + more, 0))
        elif what == "settle and reverse":
            stay = settled_stay(
                ("basic", BASIC, fen), number=f"N{n}", booked_on=day, institution_id=hospital
            )
            reverse(stay, booked_on=max(day, more))
            log.take(stay)
            told += [(day, fen, 0), (max(day, more), -fen, 0)]
        else:
            paid_once = recorded(
                payment(fen, reference=f"B{n}", booked_on=day, institution_id=hospital)
            )
            told.append((day, 0, fen))
            if what == "pay and withdraw":
                paid_once.withdraw(reason="误登", booked_on=max(day, more), by=CLERK, at=AT)
                told.append((max(day, more), 0, -fen))
            log.take(paid_once)
    return log, told


@settings(max_examples=40)
@given(story=happenings, cut=st.integers(min_value=0, max_value=149))
def test_statements_add_up_and_each_closing_is_the_next_opening(
    story: list[tuple], cut: int
) -> None:
    """Two periods side by side chain, and together say what one period over both says."""
    log, told = generated_log(story)
    middle = FIRST_DAY + timedelta(days=cut)
    last_day = FIRST_DAY + timedelta(days=150)
    with fund_account(log) as account:
        first = account.statement(BASIC, Period(FIRST_DAY, middle))
        second = account.statement(BASIC, Period(middle + timedelta(days=1), last_day))
        whole = account.statement(BASIC, Period(FIRST_DAY, last_day))
        (balance,) = [b for b in account.balances() if b.fund_id == BASIC] or [None]
        trial = account.trial_balance()

    assert first.owed_fen == sum(owed for day, owed, _ in told if day <= middle)
    assert first.paid_fen == sum(paid for day, _, paid in told if day <= middle)
    assert first.closing_fen == second.opening_fen
    assert second.closing_fen == whole.closing_fen == (balance.balance_fen if balance else 0)
    assert first.owed_fen + second.owed_fen == whole.owed_fen
    for statement in (first, second, whole):
        assert statement.closing_fen == (
            statement.opening_fen + statement.owed_fen - statement.paid_fen
        )
        assert statement.owed_fen == sum(line.amount_fen for line in statement.owed_lines)
    for book in ("fund_", "hospital_"):
        sides = [fen for account_, fen in trial.items() if account_.book.value + "_" == book]
        assert sum(debit for debit, _ in sides) == sum(credit for _, credit in sides)


def test_rebuilding_gives_identical_rows() -> None:
    """Every table is thrown away and comes back the same, and following goes on from there."""
    log = ListedEvents()
    stay = settled_stay(
        ("basic", BASIC, 300_00), ("waiver", None, 1_00), number="N1", booked_on=JULY_3
    )
    reverse(stay, booked_on=AUGUST_9)
    log.take(stay, recorded(payment(200_00, reference="B1", booked_on=JULY_20)))

    with fund_account(log) as account:
        account.catch_up()
        before = all_rows(account)
        account.rebuild()
        rebuilt = all_rows(account)
        log.take(settled_stay(("basic", BASIC, 1_00), number="N9", booked_on=AUGUST_9))
        assert account.statement(BASIC, AUGUST).owed_lines[-1].settlement_number == "N9"

    assert rebuilt == before
    assert [len(rows) for rows in before] == [3, 14]


def test_the_trial_balance_shows_every_account() -> None:
    """One settlement and one payment, all debits and all credits by account."""
    log = ListedEvents()
    log.take(
        settled_stay(
            ("basic", BASIC, 300_00),
            ("waiver", None, 1_00),
            number="N1",
            booked_on=JULY_3,
            patient_fen=9_00,
        ),
        recorded(payment(200_00, reference="B1", booked_on=JULY_20)),
    )

    with fund_account(log) as account:
        trial = account.trial_balance()

    assert trial == {
        Account.FUND_BENEFITS: (300_00, 0),
        Account.FUND_PAYABLE: (200_00, 300_00),
        Account.FUND_BANK: (0, 200_00),
        Account.HOSPITAL_RECEIVABLE: (300_00, 200_00),
        Account.HOSPITAL_BANK: (200_00, 0),
        Account.PATIENT_RECEIVABLE: (9_00, 0),
        Account.WAIVER: (1_00, 0),
        Account.CHARGES: (0, 310_00),
    }


def all_rows(account: FundAccount) -> list[list[tuple]]:
    """Every row of every table, in order."""
    with account._engine.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for table in (_journals, _entries)
        ]
