"""Taking an amount that another system sends after the settlement (登记后到金额).

The settlement is made again with it, and so is every later one of the person that read a counter
it moves; all of it is one transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.find_stay import stay_in_sight
from settlement.application.law_library import LawLibrary
from settlement.application.person_in_ledger import PersonInLedger, unless_moved
from settlement.application.ports import Accept, Ledger
from settlement.application.rederive_later import Later, Rederived
from settlement.application.remake_settlement import complete_layer
from settlement.application.retrying import when_overtaken
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.record import Actor
from settlement.domain.settlement import Settlement
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class DeliverLateAmount:
    """The command; `reference` is the other system's, `amount_fen` what the layer comes to."""

    stay_id: UUID
    layer: str
    amount_fen: int
    reference: str
    booked_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class LateAmountTaken:
    """An amount that was taken (登记结果): the settlement before it, and all that was made again,
    that settlement first."""

    stay: Stay
    settlement: Settlement
    rederived: tuple[Rederived, ...]


def deliver_late_amount(
    command: DeliverLateAmount, *, ledger: Ledger, laws: LawLibrary, accept: Accept
) -> LateAmountTaken:
    """Complete or correct a layer of the stay's settlement, and put right what came after.

    Raises StayUnknown, NotSettled, BookedBackwards, LateAmountNotAwaited, LateAmountUnchanged,
    LaterNotRederivable, CorrectionsUnstated, LedgerIncomplete, Overtaken, and what the kernel
    refuses the amount for.
    """

    def decide() -> LateAmountTaken:
        stay = stay_in_sight(ledger, command.stay_id, command.by)
        person = PersonInLedger(ledger, stay)
        settlement = stay.deliver_late_amount(
            layer=command.layer,
            amount_fen=command.amount_fen,
            reference=command.reference,
            booked_on=command.booked_on,
            by=command.by,
            at=command.at,
        )
        with unless_moved(person):
            rederived = complete_layer(
                Later(stay, settlement),
                layer=command.layer,
                amount_fen=command.amount_fen,
                cause=late_cause(settlement, command.reference),
                person=person,
                laws=laws,
                booked_on=command.booked_on,
                by=command.by,
                at=command.at,
            )
        taken = LateAmountTaken(stay, settlement, rederived)
        ledger.save(stay, *person.loaded, receipt=accept(taken))
        return taken

    return when_overtaken(decide)


def late_cause(settlement: Settlement, reference: str) -> Cause:
    """Why it and those after it are adjusted."""
    return Cause(CauseKind.LATE_LAYER.value, reference, settlement=settlement.number)
