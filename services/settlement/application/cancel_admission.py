"""Cancelling an admission (撤销入院登记): its stay number may be admitted again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class CancelAdmission:
    """The command."""

    stay_id: UUID
    reason: str
    by: Actor
    at: datetime


def cancel_admission(command: CancelAdmission, *, ledger: Ledger, accept: Accept) -> Stay:
    """Cancel. Raises StayUnknown, Overtaken, and what `Stay.cancel_admission` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.cancel_admission(reason=command.reason, by=command.by, at=command.at)
    ledger.save(stay, receipt=accept(stay))
    return stay
