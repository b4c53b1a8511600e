"""Undoing a settlement (撤销结算): a compensating event; the original stays.

What came after it and rested on it is made again in the same transaction (`rederive_later`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.law_library import LawLibrary
from settlement.application.person_in_ledger import PersonInLedger, unless_moved
from settlement.application.ports import Accept, Ledger
from settlement.application.rederive_later import Rederived, adjust_later, rederive_later
from settlement.application.retrying import when_overtaken
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.carrying import Amounts, through_hospital
from settlement.domain.record import Actor
from settlement.domain.settlement import Settlement
from settlement.domain.stay import Stay


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
        person = PersonInLedger(ledger, stay)
        undone = stay.reverse(
            reason=command.reason, booked_on=command.booked_on, by=command.by, at=command.at
        )
        with unless_moved(person):
            adjusted = _undo(undone, stay, command, person=person, laws=laws)
        result = Reversed(stay, undone, through_hospital(undone), adjusted)
        ledger.save(stay, *person.loaded, receipt=accept(result))
        return result

    return when_overtaken(decide)


def _undo(
    undone: Settlement,
    stay: Stay,
    command: ReverseSettlement,
    *,
    person: PersonInLedger,
    laws: LawLibrary,
) -> tuple[Rederived, ...]:
    used, number = undone.inputs.eligibility, undone.number
    orders = [person.order(used, each) for each in used.records]
    rederived = rederive_later(undone, moves={}, person=person, laws=laws, by=command.by)
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
