"""Recording a batch of fees (上传费用)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.domain.fees import LineStated
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine


@dataclass(frozen=True)
class RecordFees:
    """The command: amounts, or lines that amounts are only held against; `stated` is what the
    hospital states of the parts of its lines, `replaces` the batch whose place it takes."""

    stay_id: UUID
    batch_number: str
    charges: Charges | None
    by: Actor
    at: datetime
    lines: tuple[FeeLine, ...] = ()
    stated: tuple[LineStated, ...] = ()
    replaces: str | None = None


def record_fees(command: RecordFees, *, ledger: Ledger, accept: Accept) -> Stay:
    """Record fees. Raises StayUnknown and what `Stay.record_fees` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.record_fees(
        batch_number=command.batch_number,
        charges=command.charges,
        by=command.by,
        at=command.at,
        lines=command.lines,
        stated=command.stated,
        replaces=command.replaces,
    )
    ledger.save(stay, receipt=accept(stay))
    return stay
