"""Undoing a discharge (取消出院): fees may be corrected, and the patient discharged anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class UndoDischarge:
    """The command."""

    stay_id: UUID
    reason: str
    by: Actor
    at: datetime


def undo_discharge(command: UndoDischarge, *, ledger: Ledger, accept: Accept) -> Stay:
    """Undo. Raises StayUnknown, Overtaken, and what `Stay.undo_discharge` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.undo_discharge(reason=command.reason, by=command.by, at=command.at)
    ledger.save(stay, receipt=accept(stay))
    return stay
