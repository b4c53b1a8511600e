"""What happens when an office pays a hospital less than its settlement says (违规扣减的事件).

They stand in the stay's own stream, because what may be deducted depends on its settlement: both
cannot change at once. The settlement itself never changes by them. Applying an event never refuses.
"""

from datetime import date
from typing import Any

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId
from settlement.domain.deductions import Deduction
from settlement.domain.record import Actor


class ProviderDeductionImposed(Aggregate.Event):
    """An office deducts from what a fund pays the hospital of a settlement (违规扣减).

    `owed_fen` is what the fund owed the hospital of it then, `deducted_fen` what stands of all
    deductions together, with this one; the difference is what the hospital is paid.
    """

    TOPIC = "settlement.provider-deduction-imposed.v1"
    number: str
    imposed: Deduction
    owed_fen: int
    deducted_fen: int
    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """One more deduction; the settlement is as it was."""
        aggregate.deductions = aggregate.deductions.with_imposed(self.imposed)


class ProviderDeductionWithdrawn(Aggregate.Event):
    """An office withdraws a deduction (撤回扣减，如申诉成立), booked in its own period.

    `amount_fen` is what still stood of it and is paid after all.
    """

    TOPIC = "settlement.provider-deduction-withdrawn.v1"
    number: str
    imposed: Deduction
    amount_fen: int
    reason: str
    booked_on: date
    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """Nothing of it stands, and it stays in the history."""
        aggregate.deductions = aggregate.deductions.with_withdrawn(self.imposed.deduction)


class ProviderDeductionReleased(Aggregate.Event):
    """A deduction is more than the fund still owes of the settlement (解除扣减): `amount_fen` of
    it no longer stands, `stands_fen` still do.

    It stands in the transaction that adjusted the settlement, the adjustment with the number
    `adjustment`, or that undid it, where that is None.
    """

    TOPIC = "settlement.provider-deduction-released.v1"
    number: str
    imposed: Deduction
    amount_fen: int
    stands_fen: int
    adjustment: int | None
    booked_on: date
    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """Less of it stands, or nothing."""
        aggregate.deductions = aggregate.deductions.with_released(
            self.imposed.deduction, self.stands_fen
        )
