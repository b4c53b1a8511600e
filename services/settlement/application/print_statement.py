"""Printing a statement (打印结算单): everything that stands on the paper, out of the ledger.

Amounts are those that were stored; the sums beside them are worked out again from the ledger
alone, and where both differ nothing is printed.
"""

from dataclasses import dataclass
from datetime import date, datetime

from settlement.application.explain_bill import BillExplained, explain_bill
from settlement.application.find_settlement import SettlementUnknown, history_of_issued
from settlement.application.find_stay import StayUnknown, own_stay
from settlement.application.law_library import LawLibrary
from settlement.application.paper_ports import PeopleOnPaper, PersonOnPaper, SettlementNumbers
from settlement.application.ports import Ledger
from settlement.application.read_statement import Statement, read_statement
from settlement.domain.record import Actor
from settlement.domain.settlement import payer_steps, shares_of
from settlement.domain.statement_code import StatementIssued, statement_code
from settlement.domain.stay import Stay


class StatementDiffers(Exception):
    """The ledger's amounts are not what its own inputs come to: it was tampered with."""


@dataclass(frozen=True)
class PrintStatement:
    """The question: which settlement, who prints it, and when."""

    number: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Undone:
    """That a settlement was reversed (撤销): on which day it was booked, and why."""

    booked_on: date
    reason: str


@dataclass(frozen=True)
class StatementPrinted:
    """What stands on the paper (打印的结算单); `code` checks it against the ledger."""

    statement: Statement
    explained: BillExplained
    issued: StatementIssued
    code: str
    person: PersonOnPaper
    undone: Undone | None
    printed_by: Actor
    printed_at: datetime


def print_statement(
    asked: PrintStatement,
    *,
    numbers: SettlementNumbers,
    ledger: Ledger,
    laws: LawLibrary,
    people: PeopleOnPaper,
) -> StatementPrinted:
    """Put a statement together for paper; the ledger stays as it is.

    Another institution's settlement is as unknown as one that never was. Raises
    SettlementUnknown, StatementDiffers, LawMissing, PersonUnknown, EligibilityUnreachable.
    """
    stay = _own_stay(asked, numbers, ledger)
    issued = history_of_issued(ledger, stay.id, asked.number)[-1]
    statement = read_statement(stay, laws, asked.number)
    settlement = statement.settlement
    _require_as_computed(statement)
    inputs = settlement.inputs
    explained = explain_bill(
        statement.policy,
        charges=inputs.charges,
        facts=inputs.facts(statement.policy),
        counters=inputs.counters_before,
        elsewhere=inputs.elsewhere_fen,
    )
    return StatementPrinted(
        statement=statement,
        explained=explained,
        issued=issued,
        code=statement_code(issued),
        person=people.on_paper(inputs.eligibility.person_id, by=asked.by),
        undone=_undone(ledger, stay, asked.number),
        printed_by=asked.by,
        printed_at=asked.at,
    )


def _require_as_computed(statement: Statement) -> None:
    """A paper never says two different things."""
    kept, again = statement.settlement, payer_steps(statement.steps)
    beside = (kept.outside, kept.reported, kept.pending)
    conserved = sum(share.amount_fen for share in kept.shares) + kept.patient_fen
    if (
        again != kept.steps
        or shares_of(again) != kept.shares
        or beside != (statement.beside.outside, statement.beside.reported, statement.beside.pending)
        or conserved != kept.inputs.charges.total_fen
    ):
        raise StatementDiffers(
            f"结算 {kept.number} 的账面金额与重新计算的结果不符，不能打印；请先运行 yizhan verify"
        )


def _own_stay(asked: PrintStatement, numbers: SettlementNumbers, ledger: Ledger) -> Stay:
    stay_id = numbers.stay_of(asked.number)
    try:
        if stay_id is not None:
            return own_stay(ledger, stay_id, asked.by)
    except StayUnknown:
        pass
    raise SettlementUnknown(
        f"机构 {asked.by.institution_id} 没有结算 {asked.number}；请核对结算单号"
    )


def _undone(ledger: Ledger, stay: Stay, number: str) -> Undone | None:
    for event in ledger.history(stay.id):
        if isinstance(event, Stay.SettlementReversed) and event.number == number:
            return Undone(event.booked_on, event.reason)
    return None
