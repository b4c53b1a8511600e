"""Undoing a settlement (撤销结算): a compensating event; the original stays.

What came after it and rested on it is made again in the same transaction (`rederive_later`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import PersonId
from settlement.application.find_stay import own_stay
from settlement.application.law_library import LawLibrary
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import Accept, Ledger, Overtaken
from settlement.application.rederive_later import (
    CorrectionsUnstated,
    LaterNotRederivable,
    LaterUnknown,
    Rederived,
    adjust_later,
    rederive_later,
)
from settlement.application.retrying import when_overtaken
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.benefit_year import BenefitYear, NotCounted, benefit_year_id
from settlement.domain.carrying import Amounts, through_hospital
from settlement.domain.record import Actor, EligibilityUsed
from settlement.domain.settlement import Settlement
from settlement.domain.settlement_order import NotInOrder, SettlementOrder, settlement_order_id
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import BookedBackwards

_MAY_HAVE_MOVED = (
    LaterNotRederivable,
    CorrectionsUnstated,
    LaterUnknown,
    NotInOrder,
    NotCounted,
    LedgerIncomplete,
    BookedBackwards,
)
"""Refusals that rest on several aggregates, which were loaded one after another."""


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
    """A settlement that was undone, what its hospital had booked of it, and what it changed."""

    stay: Stay
    settlement: Settlement
    booked: Amounts
    adjusted: tuple[Rederived, ...]


def reverse_settlement(
    command: ReverseSettlement, *, ledger: Ledger, laws: LawLibrary, accept: Accept
) -> Reversed:
    """Undo a settlement, and put right what came after it.

    Raises StayUnknown, NotSettled, BookedBackwards, LaterNotRederivable, CorrectionsUnstated,
    LedgerIncomplete, Overtaken.
    """

    def decide() -> Reversed:
        stay = own_stay(ledger, command.stay_id, command.by)
        person = _PersonInLedger(ledger)
        loaded_version = stay.version
        undone = stay.reverse(
            reason=command.reason, booked_on=command.booked_on, by=command.by, at=command.at
        )
        try:
            adjusted = _undo(undone, stay, command, person=person, laws=laws)
        except _MAY_HAVE_MOVED as refusal:
            is_as_loaded = own_stay(ledger, command.stay_id, command.by).version == loaded_version
            if not (is_as_loaded and person.orders_are_as_loaded()):
                raise Overtaken from refusal
            if isinstance(refusal, (LaterUnknown, NotInOrder, NotCounted)):
                raise LedgerIncomplete(f"{refusal}；请先运行 yizhan verify") from refusal
            raise
        result = Reversed(stay, undone, through_hospital(undone), adjusted)
        ledger.save(stay, *person.loaded, receipt=accept(result))
        return result

    return when_overtaken(decide)


def _undo(
    undone: Settlement,
    stay: Stay,
    command: ReverseSettlement,
    *,
    person: "_PersonInLedger",
    laws: LawLibrary,
) -> tuple[Rederived, ...]:
    used, number = undone.inputs.eligibility, undone.number
    orders = [person.order(used, each) for each in used.records]
    rederived = rederive_later(undone, person=person, laws=laws, by=command.by)
    for order in orders:
        order.undo(number=number, stay_id=stay.id, at=command.at)
    for first_day in sorted(set(undone.inputs.counter_years.values())):
        person.year(used, first_day).restore(number=number, stay_id=stay.id, at=command.at)
    adjust_later(
        rederived,
        cause=Cause(CauseKind.REVERSAL.value, number),
        person=person,
        booked_on=command.booked_on,
        by=command.by,
        at=command.at,
    )
    return rederived


class _PersonInLedger:
    """What the ledger keeps of a person; each aggregate is loaded once. Orders come first."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self._orders: dict[UUID, SettlementOrder] = {}
        self._versions: dict[UUID, int] = {}
        self._years: dict[UUID, BenefitYear] = {}
        self._stays: dict[UUID, Stay | None] = {}

    def order(self, used: EligibilityUsed, person_id: PersonId) -> SettlementOrder:
        """The order of one id. Raises LedgerIncomplete."""
        order_id = settlement_order_id(
            person_id=person_id, region=used.enrolment.region, scheme=used.enrolment.scheme
        )
        if order_id not in self._orders:
            order = self._ledger.find(order_id, SettlementOrder)
            if order is None:
                raise LedgerIncomplete("账本缺少该参保人的结算次序；请先运行 yizhan verify")
            self._orders[order_id], self._versions[order_id] = order, order.version
        return self._orders[order_id]

    def year(self, used: EligibilityUsed, first_day: date) -> BenefitYear:
        """The benefit year of the answer's own id. Raises LedgerIncomplete."""
        year_id = benefit_year_id(
            person_id=used.person_id,
            region=used.enrolment.region,
            scheme=used.enrolment.scheme,
            first_day=first_day,
        )
        if year_id not in self._years:
            year = self._ledger.find(year_id, BenefitYear)
            if year is None:
                raise LedgerIncomplete("账本缺少该参保人的待遇年度；请先运行 yizhan verify")
            self._years[year_id] = year
        return self._years[year_id]

    def stay(self, stay_id: UUID) -> Stay | None:
        """A stay of any institution."""
        if stay_id not in self._stays:
            self._stays[stay_id] = self._ledger.find(stay_id, Stay)
        return self._stays[stay_id]

    @property
    def loaded(self) -> list[Stay | BenefitYear | SettlementOrder]:
        """Everything that was loaded; what was not written to is saved as nothing."""
        stays = [stay for stay in self._stays.values() if stay]
        return [*stays, *self._years.values(), *self._orders.values()]

    def orders_are_as_loaded(self) -> bool:
        """Whether nobody settled or undid anything of the person meanwhile."""
        return all(
            (now := self._ledger.find(order_id, SettlementOrder)) is not None
            and now.version == version
            for order_id, version in self._versions.items()
        )
