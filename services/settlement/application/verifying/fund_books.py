"""Verifying the accounts of the funds (验基金账): every line, from the events once more.

The accounts follow the log into tables of their own, which makes them a witness: an amount that
was changed in the log after it was booked is still in the accounts as it was.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from contracts.vocabulary import InstitutionId
from settlement.application.fund_ports import FundAccounts
from settlement.application.verifying.comparing import ABSENT, Finding
from settlement.domain.fund_statement import (
    DeductedLine,
    OwedLine,
    PaidLine,
    Period,
)
from settlement.domain.postings import DEDUCTING, OWING, Account, Entry, Journal
from settlement.domain.settlement import SURPLUS
from settlement.law.exact import format_yuan

BOOKS = "基金账"
ALWAYS = Period(date.min, date.max)

_TRIES = 5


class FundBooks(FundAccounts, Protocol):
    """The accounts of the funds, and how far in the ledger they are."""

    def catch_up(self) -> int:
        """Book everything new; returns the position reached."""

    def trial_balance(self) -> dict[Account, tuple[int, int]]:
        """All debits and all credits of each account, in fen."""


StatementLine = OwedLine | DeductedLine | PaidLine


class FundLine(NamedTuple):
    """One line of a fund's statement, with its fund and hospital."""

    fund_id: str
    institution_id: InstitutionId
    line: StatementLine


@dataclass(frozen=True)
class BooksRead:
    """The accounts as of a position: each account's debits and credits, and every line."""

    position: int
    totals: dict[Account, tuple[int, int]]
    lines: Counter[FundLine]


def read_books(books: FundBooks) -> BooksRead | None:
    """All of it as of one position; None if it moved on every time it was read."""
    for _ in range(_TRIES):
        position = books.catch_up()
        totals = books.trial_balance()
        lines = Counter(_lines_of(books))
        if books.catch_up() == position:
            return BooksRead(position, totals, lines)
    return None


class BooksAgain:
    """The accounts made again from the journals of the events."""

    def __init__(self) -> None:
        """Nothing is booked yet."""
        self._totals: dict[Account, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self._lines: Counter[FundLine] = Counter()

    def book(self, journal: Journal) -> None:
        """One event's journal."""
        for entry in journal.entries:
            debit_fen, credit_fen = self._totals[entry.account]
            self._totals[entry.account] = (
                debit_fen + entry.debit_fen,
                credit_fen + entry.credit_fen,
            )
            if entry.account is Account.FUND_PAYABLE and entry.fund_id is not None:
                line = _line(journal, entry)
                self._lines[FundLine(entry.fund_id, journal.institution_id, line)] += 1

    def findings(self, read: BooksRead) -> Iterator[Finding]:
        """Where the accounts and the events differ."""
        for account in Account:
            again, kept = self._totals[account], read.totals.get(account, (0, 0))
            if again != kept:
                yield Finding(BOOKS, f"试算平衡 {account.value}", _both(again), _both(kept))
        for line in self._lines - read.lines:
            yield Finding(BOOKS, _name(line), _text(line), ABSENT)
        for line in read.lines - self._lines:
            yield Finding(BOOKS, _name(line), ABSENT, _text(line))


def _lines_of(books: FundBooks) -> Iterator[FundLine]:
    for balance in books.balances():
        for hospital in books.statement(balance.fund_id, ALWAYS).hospitals:
            lines: tuple[StatementLine, ...] = (
                *hospital.owed,
                *hospital.deducted,
                *hospital.paid,
            )
            for line in lines:
                yield FundLine(balance.fund_id, hospital.institution_id, line)


def _line(journal: Journal, entry: Entry) -> StatementLine:
    if journal.kind in OWING:
        return OwedLine(
            booked_on=journal.booked_on,
            kind=journal.kind,
            settlement_number=journal.reference,
            reverses_booked_on=journal.undoes_booked_on,
            institution_id=journal.institution_id,
            hospital_stay_number=journal.hospital_stay_number or "",
            invoice_number=journal.invoice_number,
            layer=entry.layer or "",
            amount_fen=entry.credit_fen - entry.debit_fen,
            is_surplus=entry.outside == SURPLUS,
        )
    if journal.kind in DEDUCTING:
        return DeductedLine(
            booked_on=journal.booked_on,
            kind=journal.kind,
            settlement_number=journal.reference,
            deduction=journal.deduction or 0,
            gives_back_booked_on=journal.undoes_booked_on,
            institution_id=journal.institution_id,
            hospital_stay_number=journal.hospital_stay_number or "",
            invoice_number=journal.invoice_number,
            document=journal.document or "",
            reason=journal.remark,
            amount_fen=entry.debit_fen - entry.credit_fen,
        )
    assert journal.payment_kind  # noqa: S101 - what is no settlement or deduction is a payment
    assert journal.paid_on  # noqa: S101 - as above
    return PaidLine(
        booked_on=journal.booked_on,
        kind=journal.kind,
        payment_kind=journal.payment_kind,
        bank_reference=journal.reference,
        withdraws_booked_on=journal.undoes_booked_on,
        institution_id=journal.institution_id,
        paid_on=journal.paid_on,
        remark=journal.remark,
        amount_fen=entry.debit_fen - entry.credit_fen,
    )


def _name(found: FundLine) -> str:
    line = found.line
    match line:
        case OwedLine():
            reference = line.settlement_number
        case DeductedLine():
            reference = line.reference
        case PaidLine():
            reference = line.bank_reference
    return f"{found.fund_id} {found.institution_id} {line.kind.value} {reference}"


def _text(found: FundLine) -> str:
    line = found.line
    if isinstance(line, OwedLine):
        extra = [line.layer, "定额结余" if line.is_surplus else None]
    elif isinstance(line, DeductedLine):
        extra = [line.document, line.reason]
    else:
        extra = [line.payment_kind.label, line.remark]
    return " ".join(x for x in (str(line.booked_on), format_yuan(line.amount_fen), *extra) if x)


def _both(totals: tuple[int, int]) -> str:
    return f"借 {format_yuan(totals[0])} 贷 {format_yuan(totals[1])}"
