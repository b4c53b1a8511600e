"""Deducting from what a fund pays a hospital (违规扣减): an office imposes it, and withdraws it.

The settlement stays as it is, and so does the patient's part: a deduction is between the fund and
the hospital alone.
"""

from dataclasses import dataclass
from datetime import date, datetime

from settlement.application.find_settlement import SettlementUnknown
from settlement.application.find_stay import StayUnknown, hospital_acting, stay_in_sight
from settlement.application.paper_ports import SettlementNumbers
from settlement.application.ports import Accept, Ledger
from settlement.application.retrying import when_overtaken
from settlement.domain.deductions import DeductionKept
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


class OnlyOffices(Exception):
    """A hospital would deduct, or withdraw a deduction; both are an office's to decide."""


@dataclass(frozen=True)
class ImposeDeduction:
    """The command: how much less a fund is to pay the hospital of a settlement, in fen, and why.

    `document` is the number of the office's own document (文书号).
    """

    number: str
    fund_id: str
    amount_fen: int
    reason: str
    document: str
    booked_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class WithdrawDeduction:
    """The command, and why (如申诉成立); booked on `booked_on`, never in the original's period."""

    number: str
    deduction: int
    reason: str
    booked_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class DeductionDecided:
    """A deduction as it is after a command (扣减)."""

    stay: Stay
    kept: DeductionKept


def impose_deduction(
    command: ImposeDeduction, *, ledger: Ledger, numbers: SettlementNumbers, accept: Accept
) -> DeductionDecided:
    """Impose a deduction.

    Raises OnlyOffices, SettlementUnknown, NotSettled, BookedBackwards, DeductionAmountInvalid,
    DeductionRepeated, DeductionTooLarge, Overtaken.
    """
    _require_office(ledger, command.by)

    def decide() -> DeductionDecided:
        stay = settled_stay_in_sight(ledger, numbers, command.number, command.by)
        imposed = stay.impose_deduction(
            number=command.number,
            fund_id=command.fund_id,
            amount_fen=command.amount_fen,
            reason=command.reason,
            document=command.document,
            booked_on=command.booked_on,
            by=command.by,
            at=command.at,
        )
        return _saved(stay, imposed.deduction, ledger, accept)

    return when_overtaken(decide)


def withdraw_deduction(
    command: WithdrawDeduction, *, ledger: Ledger, numbers: SettlementNumbers, accept: Accept
) -> DeductionDecided:
    """Withdraw what stands of a deduction.

    Raises OnlyOffices, SettlementUnknown, DeductionUnknown, DeductionClosed, BookedBackwards,
    Overtaken.
    """
    _require_office(ledger, command.by)

    def decide() -> DeductionDecided:
        stay = settled_stay_in_sight(ledger, numbers, command.number, command.by)
        imposed = stay.withdraw_deduction(
            number=command.number,
            deduction=command.deduction,
            reason=command.reason,
            booked_on=command.booked_on,
            by=command.by,
            at=command.at,
        )
        return _saved(stay, imposed.deduction, ledger, accept)

    return when_overtaken(decide)


def settled_stay_in_sight(
    ledger: Ledger, numbers: SettlementNumbers, number: str, by: Actor
) -> Stay:
    """The stay of a settlement, which may be undone by now: the acting institution's own, or any
    where an office acts. Raises SettlementUnknown."""
    stay_id = numbers.stay_of(number)
    try:
        if stay_id is not None:
            return stay_in_sight(ledger, stay_id, by)
    except StayUnknown:
        pass
    raise SettlementUnknown(f"机构 {by.institution_id} 没有结算 {number}；请核对结算单号")


def _require_office(ledger: Ledger, by: Actor) -> None:
    if hospital_acting(ledger, by) is not None:
        raise OnlyOffices(
            f"机构 {by.institution_id} 是医疗机构，不能登记或撤回扣减；请由经办机构办理，"
            "有异议请向经办机构申诉"
        )


def _saved(stay: Stay, deduction: int, ledger: Ledger, accept: Accept) -> DeductionDecided:
    decided = DeductionDecided(stay, stay.deductions.every[deduction - 1])
    ledger.save(stay, receipt=accept(decided))
    return decided
