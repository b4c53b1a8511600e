"""The accounts of funds (基金账): every journal with its double entries, from the ledger's events.

Derived and disposable: `rebuild` makes all rows again. Queries catch up first, so whoever wrote
a settlement or a payment finds it in the next statement.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    and_,
    case,
    cast,
    func,
    insert,
    select,
)

from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.application.fund_ports import FundBalance
from settlement.domain.fund_statement import FundStatement, Period
from settlement.domain.postings import DEDUCTING, OWING, Account, Journal, journal_of
from settlement.read_models.fund_statement_lines import hospital_accounts

_metadata = MetaData()

_journals = Table(
    "fund_journals",
    _metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("undoes_booked_on", Date),
    Column("hospital_stay_number", String),
    Column("invoice_number", String),
    Column("payment_kind", String),
    Column("paid_on", Date),
    Column("remark", String),
    # These two came later: in accounts that were there, nothing was deducted.
    Column("deduction", Integer),
    Column("document", String),
)

# The day and the hospital are kept with each entry, so that one index answers a statement.
_entries = Table(
    "fund_entries",
    _metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("account", String, nullable=False),
    Column("fund_id", String),
    Column("institution_id", String, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("layer", String),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    # This came later: in accounts that were there, nothing was owed beside a bill.
    Column("outside", String),
    Index(
        "fund_entries_by_fund",
        "account",
        "fund_id",
        "booked_on",
        "institution_id",
        "debit_fen",
        "credit_fen",
    ),
)

_OWING = tuple(kind.value for kind in OWING)
_DEDUCTING = tuple(kind.value for kind in DEDUCTING)
_OF_FUNDS = (
    Account.FUND_PAYABLE.value,
    Account.FUND_PATIENT_PAYABLE.value,
    Account.FUND_PATIENT_RECEIVABLE.value,
)


class StatementDoesNotAddUp(Exception):
    """Opening + owed − deducted − paid is not the account's balance: rebuild the read model and
    report it."""


class FundAccount(FollowedTables):
    """The accounts of all funds; implements the port `FundAccounts`."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(
            name="fund_account", tables=_metadata, react=_react, log=log, engine=engine
        )

    def balances(self) -> tuple[FundBalance, ...]:
        """Every fund that was ever booked, by its id, as of now."""
        with self.caught_up() as connection:
            return tuple(_balance(row) for row in connection.execute(_balances_query()))

    def is_booked(self, fund_id: str) -> bool:
        """Whether anything was ever booked for a fund."""
        entries = _entries.c
        of_fund = select(entries.position).where(
            entries.account.in_(_OF_FUNDS), entries.fund_id == fund_id
        )
        with self.caught_up() as connection:
            return connection.execute(of_fund.limit(1)).first() is not None

    def trial_balance(self) -> dict[Account, tuple[int, int]]:
        """All debits and all credits of each account (试算平衡), in fen."""
        entries = _entries.c
        query = select(
            entries.account,
            _sum_fen(entries.debit_fen).label("debit_fen"),
            _sum_fen(entries.credit_fen).label("credit_fen"),
        ).group_by(entries.account)
        with self.caught_up() as connection:
            return {
                Account(row.account): (row.debit_fen, row.credit_fen)
                for row in connection.execute(query)
            }

    def statement(self, fund_id: str, period: Period) -> FundStatement:
        """A fund's statement; empty where nothing was booked. Raises StatementDoesNotAddUp."""
        with self.caught_up() as connection:
            opening = _balance_by_hospital(connection, fund_id, before=period.first_day)
            closing = _balance_by_hospital(connection, fund_id, until=period.last_day)
            rows = connection.execute(_lines_query(fund_id, period)).all()
        statement = FundStatement(fund_id, period, hospital_accounts(opening, rows))
        found = {h.institution_id: h.closing_fen for h in statement.hospitals if h.closing_fen}
        if found != {hospital: fen for hospital, fen in closing.items() if fen}:
            raise StatementDoesNotAddUp(f"基金 {fund_id} 的对账单与账户余额不符；请重建并报告")
        return statement


# --- reaction ---------------------------------------------------------------------------------


def _react(connection: Connection, logged: LoggedEvent) -> None:
    journal = journal_of(logged.event)
    if journal is None or not journal.entries:
        # A bill of nothing moves no money.
        return
    connection.execute(insert(_journals), _journal_row(logged.position, journal))
    connection.execute(insert(_entries), _entry_rows(logged.position, journal))


def _journal_row(position: int, journal: Journal) -> dict[str, Any]:
    return {
        "position": position,
        "kind": journal.kind.value,
        "reference": journal.reference,
        "undoes_booked_on": journal.undoes_booked_on,
        "hospital_stay_number": journal.hospital_stay_number,
        "invoice_number": journal.invoice_number,
        "payment_kind": journal.payment_kind.value if journal.payment_kind else None,
        "paid_on": journal.paid_on,
        "remark": journal.remark,
        "deduction": journal.deduction,
        "document": journal.document,
    }


def _entry_rows(position: int, journal: Journal) -> list[dict[str, Any]]:
    return [
        {
            "position": position,
            "line": line,
            "account": entry.account.value,
            "fund_id": entry.fund_id,
            "institution_id": journal.institution_id,
            "booked_on": journal.booked_on,
            "layer": entry.layer,
            "debit_fen": entry.debit_fen,
            "credit_fen": entry.credit_fen,
            "outside": entry.outside,
        }
        for line, entry in enumerate(journal.entries, start=1)
    ]


# --- queries ----------------------------------------------------------------------------------


def _balances_query() -> Any:
    entries, journals = _entries.c, _journals.c
    change_fen = entries.credit_fen - entries.debit_fen
    to_hospitals = entries.account == Account.FUND_PAYABLE.value
    to_patients = entries.account == Account.FUND_PATIENT_PAYABLE.value
    from_patients = entries.account == Account.FUND_PATIENT_RECEIVABLE.value
    owing = and_(to_hospitals, journals.kind.in_(_OWING))
    deducting = and_(to_hospitals, journals.kind.in_(_DEDUCTING))
    paying = and_(to_hospitals, journals.kind.not_in((*_OWING, *_DEDUCTING)))
    return (
        select(
            entries.fund_id,
            _sum_fen(case((owing, change_fen), else_=0)).label("owed_fen"),
            _sum_fen(case((paying, -change_fen), else_=0)).label("paid_fen"),
            _sum_fen(case((deducting, -change_fen), else_=0)).label("deducted_fen"),
            _sum_fen(case((to_patients, change_fen), else_=0)).label("to_patients_fen"),
            _sum_fen(case((from_patients, -change_fen), else_=0)).label("from_patients_fen"),
            func.max(entries.booked_on).label("last_booked_on"),
        )
        .join_from(_entries, _journals, journals.position == entries.position)
        .where(entries.account.in_(_OF_FUNDS))
        .group_by(entries.fund_id)
        .order_by(entries.fund_id)
    )


def _sum_fen(amount_fen: Any) -> Any:
    """A sum as a whole number: PostgreSQL adds such numbers up to one of another type."""
    return cast(func.sum(amount_fen), BigInteger)


def _balance(row: Row[Any]) -> FundBalance:
    return FundBalance(
        fund_id=row.fund_id,
        owed_fen=row.owed_fen,
        paid_fen=row.paid_fen,
        last_booked_on=row.last_booked_on,
        to_patients_fen=row.to_patients_fen,
        from_patients_fen=row.from_patients_fen,
        deducted_fen=row.deducted_fen,
    )


def _balance_by_hospital(
    connection: Connection, fund_id: str, *, before: date | None = None, until: date | None = None
) -> dict[str, int]:
    """What the fund owes each hospital, of all entries booked before or until a day."""
    entries = _entries.c
    balance_fen = _sum_fen(entries.credit_fen - entries.debit_fen).label("balance_fen")
    query = (
        select(entries.institution_id, balance_fen)
        .where(entries.account == Account.FUND_PAYABLE.value, entries.fund_id == fund_id)
        .group_by(entries.institution_id)
    )
    if before is not None:
        query = query.where(entries.booked_on < before)
    if until is not None:
        query = query.where(entries.booked_on <= until)
    return {row.institution_id: row.balance_fen for row in connection.execute(query)}


def _lines_query(fund_id: str, period: Period) -> Any:
    entries, journals = _entries.c, _journals.c
    return (
        select(
            *(c for c in _entries.columns if c.name not in ("position", "line", "account")),
            *(c for c in _journals.columns if c.name != "position"),
        )
        .join_from(_entries, _journals, journals.position == entries.position)
        .where(
            entries.account == Account.FUND_PAYABLE.value,
            entries.fund_id == fund_id,
            entries.booked_on.between(period.first_day, period.last_day),
        )
        .order_by(entries.booked_on, entries.position, entries.line)
    )
