"""Undoing a discharge (取消出院): fees may be corrected, and the patient discharged anew.

Undoing an interim close (取消中途结算) is the same, and takes the next part back with it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from settlement.application.as_loaded import unless_overtaken
from settlement.application.close_part import part_to_withdraw
from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.application.retrying import when_overtaken
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
    """Undo. Raises StayUnknown, Overtaken, LedgerIncomplete, and what `Stay.undo_discharge` and
    `Stay.withdraw_part` raise."""

    def decide() -> Stay:
        stay = own_stay(ledger, command.stay_id, command.by)
        was_interim = stay.goes_on
        touched = [stay]
        with unless_overtaken(ledger, stay):
            stay.undo_discharge(reason=command.reason, by=command.by, at=command.at)
            if was_interim:
                following = part_to_withdraw(stay, ledger=ledger)
                following.withdraw_part(reason=command.reason, by=command.by, at=command.at)
                touched.append(following)
        ledger.save(*touched, receipt=accept(stay))
        return stay

    return when_overtaken(decide)
