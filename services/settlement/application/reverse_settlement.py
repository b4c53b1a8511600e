"""Undoing a settlement (撤销结算): a compensating event; the original stays."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger, Overtaken
from settlement.application.retrying import when_overtaken
from settlement.domain.benefit_year import BenefitYear, NotCounted, benefit_year_id
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import Settlement
from settlement.domain.settlement_order import (
    NotInOrder,
    NotLatestSettlement,
    SettlementOrder,
    settlement_order_id,
)
from settlement.domain.stay import Stay


class LedgerIncomplete(Exception):
    """The ledger lacks what a settlement must have written; nothing is changed."""


@dataclass(frozen=True)
class ReverseSettlement:
    """The command; the reversal is booked on `booked_on`, never in the original's period."""

    stay_id: UUID
    reason: str
    booked_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Reversed:
    """A settlement that was undone."""

    stay: Stay
    settlement: Settlement


def reverse_settlement(command: ReverseSettlement, *, ledger: Ledger, accept: Accept) -> Reversed:
    """Undo the latest settlement. Raises StayUnknown, NotSettled, NotLatestSettlement."""

    def decide() -> Reversed:
        stay = own_stay(ledger, command.stay_id, command.by)
        loaded_version = stay.version
        undone = stay.reverse(
            reason=command.reason, booked_on=command.booked_on, by=command.by, at=command.at
        )
        orders, years = _orders(ledger, undone.inputs), _years(ledger, undone.inputs)
        own, *others = orders
        try:
            own.undo(number=undone.number, stay_id=stay.id, at=command.at)
            for other in others:
                other.leave(number=undone.number, stay_id=stay.id, at=command.at)
            for year in years:
                year.restore(number=undone.number, stay_id=stay.id, at=command.at)
        except (NotLatestSettlement, NotInOrder, NotCounted) as refusal:
            # Loaded one after another: another reversal may have come between.
            if own_stay(ledger, command.stay_id, command.by).version != loaded_version:
                raise Overtaken from refusal
            if isinstance(refusal, NotLatestSettlement):
                raise
            raise LedgerIncomplete(f"{refusal}；请先运行 yizhan verify") from refusal
        result = Reversed(stay=stay, settlement=undone)
        ledger.save(stay, *years, *orders, receipt=accept(result))
        return result

    return when_overtaken(decide)


def _orders(ledger: Ledger, inputs: SettlementInputs) -> list[SettlementOrder]:
    """The orders in which it has a place: one of each id under which the person was known."""
    enrolment = inputs.eligibility.enrolment
    orders = []
    for person_id in inputs.eligibility.records:
        order_id = settlement_order_id(
            person_id=person_id, region=enrolment.region, scheme=enrolment.scheme
        )
        order = ledger.find(order_id, SettlementOrder)
        if order is None:
            raise LedgerIncomplete("账本缺少该参保人的结算次序；请先运行 yizhan verify")
        orders.append(order)
    return orders


def _years(ledger: Ledger, inputs: SettlementInputs) -> list[BenefitYear]:
    used = inputs.eligibility
    years = []
    for first_day in sorted(set(inputs.counter_years.values())):
        year_id = benefit_year_id(
            person_id=used.person_id,
            region=used.enrolment.region,
            scheme=used.enrolment.scheme,
            first_day=first_day,
        )
        year = ledger.find(year_id, BenefitYear)
        if year is None:
            raise LedgerIncomplete("账本缺少该参保人的待遇年度；请先运行 yizhan verify")
        years.append(year)
    return years
