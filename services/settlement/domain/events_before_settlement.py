"""What happens to a stay before it is settled (结算之前的事件), and what each event changes.

Applying an event never refuses. Each is an attribute of `Stay`, by which others name it.
"""

from datetime import date
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import Departure, DepositMethod, InstitutionId, PersonId
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import DepositLimit
from settlement.domain.fees import FeeBatch, Fees
from settlement.domain.record import Actor
from settlement.domain.registration import DischargeRegistered, Registration
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine


class Created(Aggregate.Created):
    """The patient was admitted (入院)."""

    TOPIC = "settlement.stay-admitted.v1"
    institution_id: InstitutionId
    hospital_stay_number: str
    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """A new stay, without fees."""
        aggregate.institution_id = self.institution_id
        aggregate.hospital_stay_number = self.hospital_stay_number
        aggregate.person_id = self.person_id
        aggregate.scheme = self.scheme
        aggregate.admission = self.admission
        aggregate.state_circumstances(at_admission=self.circumstances)


class PartBegun(Created):
    """The next part of a stay begins (下一段), where an interim settlement closed the one before.

    Nobody was admitted: the patient lies there as before. `continues` is the part before it.
    """

    TOPIC = "settlement.stay-part-begun.v1"
    part: int
    continues: UUID

    def apply(self, aggregate: Any) -> None:
        """A stay of its own, without fees, that knows which part it is."""
        super().apply(aggregate)
        aggregate.part = self.part
        aggregate.continues = self.continues


class AdmissionChanged(Aggregate.Event):
    """What was registered at admission reads otherwise now (变更入院登记), as a whole."""

    TOPIC = "settlement.admission-changed.v1"
    was: Registration
    scheme: str | None
    admission: date
    circumstances: Circumstances
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The registration as it reads now; what the discharge declared goes on top of it."""
        aggregate.scheme = self.scheme
        aggregate.admission = self.admission
        aggregate.state_circumstances(at_admission=self.circumstances)


class AdmissionCancelled(Aggregate.Event):
    """The admission never was (撤销入院登记); its number may be admitted again."""

    TOPIC = "settlement.admission-cancelled.v1"
    was: Registration
    reason: str
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """A stay that nothing can happen to."""
        aggregate.is_cancelled = True


class AdmittedAgain(Aggregate.Event):
    """Somebody was admitted under the number of a cancelled admission (重新入院登记)."""

    TOPIC = "settlement.stay-admitted-again.v1"
    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """A new stay in the stream of the old one; undone settlements stay in its history."""
        aggregate.begin_anew()
        aggregate.person_id = self.person_id
        aggregate.scheme = self.scheme
        aggregate.admission = self.admission
        aggregate.state_circumstances(at_admission=self.circumstances)


class FeesRecorded(Aggregate.Event):
    """A batch of fees was recorded (记费); with `lines`, its amounts follow from them.

    Where it takes the place of another (`replaces`), the stay's total before and after it
    stand beside it. `line_count` tells a batch of lines from one of amounts.
    """

    TOPIC = "settlement.fees-recorded.v1"
    batch_number: str
    charges: Charges
    by: Actor
    lines: tuple[FeeLine, ...] = ()
    line_count: int = 0
    replaces: str | None = None
    charges_before: Charges | None = None
    charges_after: Charges | None = None

    def apply(self, aggregate: Any) -> None:
        """The fees so far."""
        fees: Fees = aggregate.fees
        known, total = fees.charges, self.charges
        if self.replaces is not None:
            fees = fees.without_batch(self.replaces, charges=None)
            total = self.charges_after or total
        elif known:
            total = known.plus(self.charges)
        batch = FeeBatch(self.batch_number, self.charges, self.lines)
        aggregate.fees = fees.with_batch(batch, charges=total)


class FeeBatchDeleted(Aggregate.Event):
    """A batch of fees no longer stands (删除费用批次); None: no fees are left."""

    TOPIC = "settlement.fee-batch-deleted.v1"
    batch_number: str
    charges_before: Charges | None
    charges_after: Charges | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The fees that are left."""
        fees: Fees = aggregate.fees
        aggregate.fees = fees.without_batch(self.batch_number, charges=self.charges_after)


class FeeLineCorrected(Aggregate.Event):
    """A line of a batch reads otherwise (更正费用明细)."""

    TOPIC = "settlement.fee-line-corrected.v1"
    was: FeeLine
    line: FeeLine
    charges_after: Charges | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The line in its place."""
        fees: Fees = aggregate.fees
        aggregate.fees = fees.with_line(self.line, charges=self.charges_after)


class FeeLineDeleted(Aggregate.Event):
    """A line of a batch no longer stands (删除费用明细)."""

    TOPIC = "settlement.fee-line-deleted.v1"
    line: FeeLine
    charges_after: Charges | None
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The fees that are left."""
        fees: Fees = aggregate.fees
        aggregate.fees = fees.without_line(self.line.number, charges=self.charges_after)


class DepositPaid(Aggregate.Event):
    """A deposit was paid or topped up (收押金); `held_fen` is what is held after it."""

    TOPIC = "settlement.deposit-paid.v1"
    receipt_number: str
    amount_fen: int
    method: DepositMethod
    limit: DepositLimit
    held_fen: int
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """One more receipt."""
        aggregate.deposit = aggregate.deposit.paid(self.receipt_number, self.amount_fen)


class DepositRefunded(Aggregate.Event):
    """A deposit was given back (退押金), of a receipt or of the oldest ones."""

    TOPIC = "settlement.deposit-refunded.v1"
    receipt_number: str | None
    amount_fen: int
    method: DepositMethod
    held_fen: int
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """Less is held."""
        aggregate.deposit = aggregate.deposit.refunded(self.receipt_number, self.amount_fen)


class Discharged(Aggregate.Event):
    """The patient was discharged (出院)."""

    TOPIC = "settlement.patient-discharged.v1"
    discharge: date
    invoice_number: str | None
    circumstances: Circumstances
    by: Actor
    departure: Departure | None = None

    def apply(self, aggregate: Any) -> None:
        """What the discharge adds."""
        aggregate.discharge = self.discharge
        aggregate.departure = self.departure
        aggregate.invoice_number = self.invoice_number
        aggregate.state_circumstances(at_discharge=self.circumstances)


class InterimClosed(Aggregate.Event):
    """A part of the stay ended with the day `until` and is to be settled; the patient stays in
    (中途结算)."""

    TOPIC = "settlement.interim-closed.v1"
    until: date
    invoice_number: str | None
    circumstances: Circumstances
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """As a discharge on that day, of somebody who does not leave."""
        aggregate.discharge = self.until
        aggregate.goes_on = True
        aggregate.invoice_number = self.invoice_number
        aggregate.state_circumstances(at_discharge=self.circumstances)


class DischargeUndone(Aggregate.Event):
    """The discharge never was (取消出院), or the interim close (取消中途结算); fees and the
    discharge may be recorded anew."""

    TOPIC = "settlement.discharge-undone.v1"
    was: DischargeRegistered
    reason: str
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """As before the discharge: what it declared goes with it."""
        aggregate.discharge = aggregate.departure = None
        aggregate.goes_on = False
        aggregate.invoice_number = None
        aggregate.state_circumstances(at_discharge=Circumstances())
