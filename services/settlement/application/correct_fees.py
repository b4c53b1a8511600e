"""Correcting fees (费用更正): a batch or a line deleted, a line that reads otherwise."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.domain.fees import LineStated
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.fee_lines import FeeLine


@dataclass(frozen=True)
class DeleteFeeBatch:
    """The command: the batch no longer stands (删除费用批次)."""

    stay_id: UUID
    batch_number: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class CorrectFeeLine:
    """The command: the line with this number reads so (更正费用明细); `stated` is what the hospital
    states of its parts."""

    stay_id: UUID
    line: FeeLine
    stated: tuple[LineStated, ...]
    by: Actor
    at: datetime


@dataclass(frozen=True)
class DeleteFeeLine:
    """The command: the line no longer stands (删除费用明细)."""

    stay_id: UUID
    line_number: str
    by: Actor
    at: datetime


def correct_fees(
    command: DeleteFeeBatch | CorrectFeeLine | DeleteFeeLine, *, ledger: Ledger, accept: Accept
) -> Stay:
    """Correct. Raises StayUnknown, Overtaken, and what the decision of `Stay` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    match command:
        case DeleteFeeBatch():
            stay.delete_fee_batch(batch_number=command.batch_number, by=command.by, at=command.at)
        case CorrectFeeLine():
            stay.correct_fee_line(
                line=command.line, stated=command.stated, by=command.by, at=command.at
            )
        case DeleteFeeLine():
            stay.delete_fee_line(line_number=command.line_number, by=command.by, at=command.at)
    ledger.save(stay, receipt=accept(stay))
    return stay
