"""A stay (一次住院): admission, fees, deposit, discharge, settlements, and how each is undone.

What happens, and what each event changes, is told in `events_before_settlement.py` and
`events_of_settlement.py`; here is what is remembered and what may be decided. Decisions refuse.
"""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, TypeAlias
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import Departure, DepositMethod, InstitutionId, PersonId
from settlement.domain import events_before_settlement as before_settlement
from settlement.domain import events_of_deductions as deducting
from settlement.domain import events_of_settlement as settling
from settlement.domain.adjustment import Cause, Change
from settlement.domain.carrying import Amounts, directly, through_hospital
from settlement.domain.circumstances import Circumstances
from settlement.domain.deductions import Deduction, Deductions, owed_to_hospital_fen
from settlement.domain.deposits import Deposit, DepositLimit, Tender, TenderRepeated
from settlement.domain.discretion import (
    Proposal,
    ProposalClosed,
    ProposalStatus,
    ProposalUnknown,
)
from settlement.domain.fees import Fees, LineStated
from settlement.domain.late_amounts import require_awaited
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.registration import DischargeRegistered, Registration
from settlement.domain.settlement import (
    NOTHING_BESIDE,
    Beside,
    PayerStep,
    Settlement,
    shares_of,
)
from settlement.domain.stay_refusals import (
    AlreadyDischarged,
    AlreadySettled,
    BookedBackwards,
    NoFees,
    NotDischarged,
    NotSettled,
)
from settlement.domain.stay_requirements import (
    require_cancelled,
    require_changed,
    require_discharged,
    require_empty_part,
    require_first_part,
    require_in_order,
    require_not_in_future,
    require_nothing_stands,
    require_registered,
    require_same_first_day,
    require_still_in,
    require_unsettled,
)
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine

_STAYS = UUID("6f6e1d0e-3f44-5a0c-9a70-6c3f0f5b1c11")


def stay_id_of(institution_id: InstitutionId, hospital_stay_number: str, part: int = 1) -> UUID:
    """The id of a stay: one for each stay number (住院号) of an institution, and for each later
    part of it (第几段)."""
    first = uuid5(_STAYS, f"{institution_id}\n{hospital_stay_number}")
    return first if part == 1 else uuid5(first, str(part))


class Stay(Aggregate):
    """The aggregate (聚合)."""

    TOPIC: ClassVar[str] = "settlement.stay"

    institution_id: InstitutionId
    hospital_stay_number: str
    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances

    # After what has no value: the library makes a field of every annotated name.
    Created: TypeAlias = before_settlement.Created
    PartBegun: TypeAlias = before_settlement.PartBegun
    AdmissionChanged: TypeAlias = before_settlement.AdmissionChanged
    AdmissionCancelled: TypeAlias = before_settlement.AdmissionCancelled
    AdmittedAgain: TypeAlias = before_settlement.AdmittedAgain
    FeesRecorded: TypeAlias = before_settlement.FeesRecorded
    FeeBatchDeleted: TypeAlias = before_settlement.FeeBatchDeleted
    FeeLineCorrected: TypeAlias = before_settlement.FeeLineCorrected
    FeeLineDeleted: TypeAlias = before_settlement.FeeLineDeleted
    DepositPaid: TypeAlias = before_settlement.DepositPaid
    DepositRefunded: TypeAlias = before_settlement.DepositRefunded
    Discharged: TypeAlias = before_settlement.Discharged
    InterimClosed: TypeAlias = before_settlement.InterimClosed
    DischargeUndone: TypeAlias = before_settlement.DischargeUndone
    SettlementOpened: TypeAlias = settling.SettlementOpened
    PayerStepSettled: TypeAlias = settling.PayerStepSettled
    SettlementCompleted: TypeAlias = settling.SettlementCompleted
    TenderRecorded: TypeAlias = settling.TenderRecorded
    LateAmountDelivered: TypeAlias = settling.LateAmountDelivered
    DiscretionProposed: TypeAlias = settling.DiscretionProposed
    DiscretionApproved: TypeAlias = settling.DiscretionApproved
    DiscretionRejected: TypeAlias = settling.DiscretionRejected
    SettlementAdjusted: TypeAlias = settling.SettlementAdjusted
    SettlementReversed: TypeAlias = settling.SettlementReversed
    ProviderDeductionImposed: TypeAlias = deducting.ProviderDeductionImposed
    ProviderDeductionWithdrawn: TypeAlias = deducting.ProviderDeductionWithdrawn
    ProviderDeductionReleased: TypeAlias = deducting.ProviderDeductionReleased

    def __init__(self) -> None:
        self.settlements: tuple[Settlement, ...] = ()
        self.late_layers: dict[str, frozenset[str]] = {}
        self.proposals: tuple[Proposal, ...] = ()
        self.decided: dict[int, ProposalStatus] = {}
        self.deductions = Deductions()
        self.part = 1
        self.continues: UUID | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Used by events: nothing has happened since the admission."""
        self.fees, self.deposit = Fees(), Deposit()
        self.tender: Tender | None = None
        self.discharge: date | None = None
        self.departure: Departure | None = None
        self.invoice_number: str | None = None
        self.goes_on = False
        self.is_cancelled = False
        self.declared_at_admission = self.declared_at_discharge = Circumstances()

    def state_circumstances(
        self,
        *,
        at_admission: Circumstances | None = None,
        at_discharge: Circumstances | None = None,
    ) -> None:
        """Used by events: what the discharge declares goes on top of what the admission did."""
        self.declared_at_admission = at_admission or self.declared_at_admission
        self.declared_at_discharge = at_discharge or self.declared_at_discharge
        self.circumstances = self.declared_at_admission.amended(self.declared_at_discharge)

    # --- decisions ----------------------------------------------------------------------------

    @classmethod
    def admit(
        cls,
        *,
        institution_id: InstitutionId,
        hospital_stay_number: str,
        person_id: PersonId,
        scheme: str | None,
        admission: date,
        circumstances: Circumstances,
        by: Actor,
        today: date,
        at: datetime,
    ) -> "Stay":
        """Admit a patient (入院登记). Raises DateInFuture."""
        require_not_in_future(admission, today, "入院日期")
        return cls._create(
            cls.Created,
            id=stay_id_of(institution_id, hospital_stay_number),
            timestamp=at,
            institution_id=institution_id,
            hospital_stay_number=hospital_stay_number,
            person_id=person_id,
            scheme=scheme,
            admission=admission,
            circumstances=circumstances,
            by=by,
        )

    def change_admission(
        self,
        *,
        scheme: str | None,
        admission: date,
        circumstances: Circumstances,
        by: Actor,
        today: date,
        at: datetime,
    ) -> None:
        """Change what was registered (变更入院登记), as a whole, until the stay is settled.

        Raises StayCancelled, AlreadySettled, NothingChanged, DateInFuture, BelongsToPart,
        DischargeBeforeAdmission.
        """
        require_registered(self)
        require_unsettled(self, "变更入院登记")
        require_changed(self, scheme, admission, circumstances)
        require_same_first_day(self, admission)
        if self.part == 1:
            require_not_in_future(admission, today, "入院日期")
        require_in_order(admission, self.discharge)
        self.trigger_event(
            self.AdmissionChanged,
            timestamp=at,
            was=self.registration,
            scheme=scheme,
            admission=admission,
            circumstances=circumstances,
            by=by,
        )

    def cancel_admission(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Cancel the admission (撤销入院登记). Raises StayCancelled, BelongsToPart, AlreadySettled,
        AdmissionStands."""
        require_registered(self)
        require_first_part(self, "撤销入院登记")
        require_unsettled(self, "撤销入院登记")
        require_nothing_stands(self)
        was = self.registration
        self.trigger_event(self.AdmissionCancelled, timestamp=at, was=was, reason=reason, by=by)

    def admit_again(
        self,
        *,
        person_id: PersonId,
        scheme: str | None,
        admission: date,
        circumstances: Circumstances,
        by: Actor,
        today: date,
        at: datetime,
    ) -> None:
        """Admit under the number of a cancelled admission. Raises NotCancelled, BelongsToPart,
        DateInFuture."""
        require_cancelled(self)
        require_first_part(self, "重新登记入院")
        require_not_in_future(admission, today, "入院日期")
        self.trigger_event(
            self.AdmittedAgain,
            timestamp=at,
            person_id=person_id,
            scheme=scheme,
            admission=admission,
            circumstances=circumstances,
            by=by,
        )

    def record_fees(
        self,
        *,
        batch_number: str,
        charges: Charges | None,
        by: Actor,
        at: datetime,
        lines: tuple[FeeLine, ...] = (),
        stated: tuple[LineStated, ...] = (),
        replaces: str | None = None,
    ) -> None:
        """Record a batch of fees (上传费用), in the place of another where `replaces` names it.

        Raises StayCancelled, AlreadyDischarged, FeeBatchUnknown, and what `decide_batch` raises.
        """
        require_still_in(self)
        fees = self.fees
        if replaces is not None:
            fees = fees.without_batch(replaces, charges=fees.decide_without_batch(replaces))
        batch = fees.decide_batch(batch_number, charges=charges, lines=lines, stated=stated)
        total = fees.charges.plus(batch.charges) if fees.charges else batch.charges
        self.trigger_event(
            self.FeesRecorded,
            timestamp=at,
            batch_number=batch_number,
            charges=batch.charges,
            by=by,
            lines=lines,
            line_count=len(lines),
            replaces=replaces,
            charges_before=None if replaces is None else self.charges,
            charges_after=None if replaces is None else total,
        )

    def delete_fee_batch(self, *, batch_number: str, by: Actor, at: datetime) -> None:
        """Delete a batch (删除费用批次). Raises StayCancelled, AlreadyDischarged, FeeBatchUnknown,
        FeeLineGivenBack."""
        require_still_in(self)
        left = self.fees.decide_without_batch(batch_number)
        self.trigger_event(
            self.FeeBatchDeleted,
            timestamp=at,
            batch_number=batch_number,
            charges_before=self.charges,
            charges_after=left,
            by=by,
        )

    def correct_fee_line(
        self, *, line: FeeLine, by: Actor, at: datetime, stated: tuple[LineStated, ...] = ()
    ) -> None:
        """Correct a line (更正费用明细). Raises StayCancelled, AlreadyDischarged, and what
        `decide_line` raises."""
        require_still_in(self)
        was, left = self.fees.decide_line(line, stated)
        self.trigger_event(
            self.FeeLineCorrected, timestamp=at, was=was, line=line, charges_after=left, by=by
        )

    def delete_fee_line(self, *, line_number: str, by: Actor, at: datetime) -> None:
        """Delete a line (删除费用明细). Raises StayCancelled, AlreadyDischarged, FeeLineUnknown,
        FeeLineGivenBack."""
        require_still_in(self)
        line, left = self.fees.decide_without_line(line_number)
        self.trigger_event(self.FeeLineDeleted, timestamp=at, line=line, charges_after=left, by=by)

    def pay_deposit(
        self,
        *,
        receipt_number: str,
        amount_fen: int,
        method: DepositMethod,
        limit: DepositLimit,
        by: Actor,
        at: datetime,
    ) -> None:
        """Take a deposit (收押金). Raises StayCancelled, AlreadySettled, DepositReceiptRepeated,
        DepositAboveAllowed."""
        require_registered(self)
        require_unsettled(self, "收押金")
        held_fen = self.deposit.decide_payment(receipt_number, amount_fen, limit)
        self.trigger_event(
            self.DepositPaid,
            timestamp=at,
            receipt_number=receipt_number,
            amount_fen=amount_fen,
            method=method,
            limit=limit,
            held_fen=held_fen,
            by=by,
        )

    def refund_deposit(
        self,
        *,
        receipt_number: str | None,
        amount_fen: int,
        method: DepositMethod,
        by: Actor,
        at: datetime,
    ) -> None:
        """Give a deposit back (退押金). Raises StayCancelled, DepositNotHeld."""
        require_registered(self)
        held_fen = self.deposit.decide_refund(receipt_number, amount_fen)
        self.trigger_event(
            self.DepositRefunded,
            timestamp=at,
            receipt_number=receipt_number,
            amount_fen=amount_fen,
            method=method,
            held_fen=held_fen,
            by=by,
        )

    def discharge_patient(
        self,
        *,
        discharge: date,
        invoice_number: str | None,
        circumstances: Circumstances,
        by: Actor,
        today: date,
        at: datetime,
        departure: Departure | None = None,
    ) -> None:
        """Discharge the patient (出院登记).

        Raises StayCancelled, AlreadyDischarged, DischargeBeforeAdmission, DateInFuture.
        """
        require_registered(self)
        if self.discharge:
            raise AlreadyDischarged(
                f"住院 {self.hospital_stay_number} 已于 {self.discharge} 出院，不能重复登记"
            )
        require_in_order(self.admission, discharge)
        require_not_in_future(discharge, today, "出院日期")
        self.trigger_event(
            self.Discharged,
            timestamp=at,
            discharge=discharge,
            invoice_number=invoice_number,
            circumstances=circumstances,
            by=by,
            departure=departure,
        )

    def close_interim(
        self,
        *,
        until: date,
        invoice_number: str | None,
        circumstances: Circumstances,
        by: Actor,
        today: date,
        at: datetime,
    ) -> None:
        """Close the part that ends with the day `until`, to be settled while the patient stays
        (中途结算); `part_after` begins the next.

        Raises StayCancelled, AlreadyDischarged, DischargeBeforeAdmission, DateInFuture.
        """
        require_still_in(self)
        require_in_order(self.admission, until, "中途结算截止日")
        require_not_in_future(until, today, "中途结算截止日")
        self.trigger_event(
            self.InterimClosed,
            timestamp=at,
            until=until,
            invoice_number=invoice_number,
            circumstances=circumstances,
            by=by,
        )

    def part_after(self, *, by: Actor, at: datetime) -> "Stay":
        """The part after this one, which an interim close ended; nothing is recorded of it yet.

        Raises NotDischarged.
        """
        return self._create(
            self.PartBegun,
            id=self.next_part_id,
            timestamp=at,
            institution_id=self.institution_id,
            hospital_stay_number=self.hospital_stay_number,
            person_id=self.person_id,
            scheme=self.scheme,
            admission=self.next_first_day(),
            circumstances=self.declared_at_admission,
            by=by,
            part=self.part + 1,
            continues=self.id,
        )

    def begin_again_after(self, former: "Stay", *, by: Actor, at: datetime) -> None:
        """Begin a part that was withdrawn anew, after the one before it was closed once more.

        Raises NotCancelled, NotDischarged.
        """
        require_cancelled(self)
        self.trigger_event(
            self.AdmittedAgain,
            timestamp=at,
            person_id=former.person_id,
            scheme=former.scheme,
            admission=former.next_first_day(),
            circumstances=former.declared_at_admission,
            by=by,
        )

    def withdraw_part(self, *, reason: str, by: Actor, at: datetime) -> None:
        """The part never was, since the one before it goes on (取消中途结算).

        Raises StayCancelled, AlreadySettled, NextPartStands.
        """
        require_registered(self)
        require_unsettled(self, "取消上一段的中途结算")
        require_empty_part(self)
        was = self.registration
        self.trigger_event(self.AdmissionCancelled, timestamp=at, was=was, reason=reason, by=by)

    def next_first_day(self) -> date:
        """The first day of the next part. Raises NotDischarged."""
        if self.discharge is None or not self.goes_on:
            raise NotDischarged(f"住院 {self.hospital_stay_number} 第 {self.part} 段没有中途结算")
        return self.discharge + timedelta(days=1)

    def undo_discharge(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Undo the discharge (取消出院), or the interim close. Raises StayCancelled,
        AlreadySettled, NotDischarged."""
        require_registered(self)
        require_unsettled(self, "取消中途结算" if self.goes_on else "取消出院")
        was = DischargeRegistered(
            require_discharged(self),
            self.invoice_number,
            self.departure,
            self.declared_at_discharge,
            self.goes_on,
        )
        self.trigger_event(self.DischargeUndone, timestamp=at, was=was, reason=reason, by=by)

    def require_ready_to_settle(self) -> tuple[date, Charges]:
        """The discharge date and the charges of a stay that may be settled.

        Raises StayCancelled, NotDischarged, NoFees, AlreadySettled.
        """
        require_registered(self)
        current = self.current_settlement
        if current:
            raise AlreadySettled(
                f"住院 {self.hospital_stay_number} 已于 {current.booked_on} 结算，"
                f"结算单号 {current.number}；要重新结算请先撤销"
            )
        discharge = require_discharged(self)
        if self.charges is None:
            raise NoFees(f"住院 {self.hospital_stay_number} 没有任何费用")
        return discharge, self.charges

    def settle(
        self,
        *,
        number: str,
        inputs: SettlementInputs,
        steps: tuple[PayerStep, ...],
        assumed: tuple[str, ...],
        patient_fen: int,
        by: Actor,
        at: datetime,
        beside: Beside = NOTHING_BESIDE,
    ) -> None:
        """Settle the stay (结算): its inputs, one event a payer step, and the whole."""
        self.require_ready_to_settle()
        self.trigger_event(self.SettlementOpened, timestamp=at, number=number, inputs=inputs, by=by)
        for step in steps:
            self.trigger_event(self.PayerStepSettled, timestamp=at, number=number, step=step)
        self.trigger_event(
            self.SettlementCompleted,
            timestamp=at,
            number=number,
            **self._heading(inputs),
            fingerprint=inputs.fingerprint,
            shares=shares_of(steps),
            patient_fen=patient_fen,
            assumed=assumed,
            booked_on=inputs.settled_on,
            by=by,
            outside=beside.outside,
            reported=beside.reported,
            pending=beside.pending,
        )

    def record_tender(self, *, tender: Tender, by: Actor, at: datetime) -> None:
        """Say how the settlement is paid (支付方式). Raises NotSettled, TenderRepeated,
        TenderDoesNotAddUp, DepositNotHeld."""
        current = self.current_settlement
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有结算，不能登记支付方式")
        if self.tender is not None:
            raise TenderRepeated(f"结算 {current.number} 的支付方式已登记；有误时请撤销结算")
        refund_due_fen = self.deposit.decide_tender(tender, current.patient_fen)
        self.trigger_event(
            self.TenderRecorded,
            timestamp=at,
            number=current.number,
            tender=tender,
            refund_due_fen=refund_due_fen,
            by=by,
        )

    def reverse(self, *, reason: str, booked_on: date, by: Actor, at: datetime) -> Settlement:
        """Undo the settlement (撤销结算) and release its deductions; returns what was undone.

        Raises NotSettled, BookedBackwards.
        """
        current = self.current_settlement
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有可撤销的结算")
        _require_forwards(booked_on, current)
        self.deductions.require_forwards(current.number, booked_on)
        booked = through_hospital(current)
        self.trigger_event(
            self.SettlementReversed,
            timestamp=at,
            number=current.number,
            **self._heading(current.inputs),
            shares=booked.shares,
            patient_fen=booked.patient_fen,
            settled_booked_on=current.booked_on,
            booked_on=booked_on,
            reason=reason,
            by=by,
            outside=booked.outside,
            direct=directly(current),
        )
        self._release_deductions(current.number, booked_on=booked_on, by=by, at=at)
        return current

    def deliver_late_amount(
        self,
        *,
        layer: str,
        amount_fen: int,
        reference: str,
        booked_on: date,
        by: Actor,
        at: datetime,
    ) -> Settlement:
        """Take an amount that the settlement waits for, or one that came late before and was
        wrong (后到金额); returns the settlement, which is to be adjusted.

        Raises NotSettled, BookedBackwards, LateAmountNotAwaited, LateAmountUnchanged.
        """
        current = self.current_settlement
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有结算，不能登记后到金额")
        _require_forwards(booked_on, current)
        came_late = self.late_layers.get(current.number, frozenset())
        self.trigger_event(
            self.LateAmountDelivered,
            timestamp=at,
            number=current.number,
            layer=layer,
            amount_fen=amount_fen,
            was_fen=require_awaited(current, came_late, layer=layer, amount_fen=amount_fen),
            reference=reference,
            booked_on=booked_on,
            by=by,
        )
        return current

    def propose_discretion(
        self, *, layer: str, amount_fen: int, reason: str, by: Actor, at: datetime
    ) -> tuple[Settlement, Proposal]:
        """Propose what a layer that the settlement waits for is to come to (提议裁定).

        Raises NotSettled, LateAmountNotAwaited, LateAmountUnchanged.
        """
        current = self.current_settlement
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有结算，不能提议裁定")
        came_late = self.late_layers.get(current.number, frozenset())
        proposed = Proposal(
            proposal=len(self.proposals) + 1,
            number=current.number,
            layer=layer,
            amount_fen=amount_fen,
            was_fen=require_awaited(current, came_late, layer=layer, amount_fen=amount_fen),
            reason=reason,
            against=Amounts.of(current),
            by=by,
            at=at,
        )
        self.trigger_event(
            self.DiscretionProposed, timestamp=at, number=current.number, proposed=proposed, by=by
        )
        return current, proposed

    def approve_discretion(
        self, *, proposal: int, booked_on: date, by: Actor, at: datetime
    ) -> tuple[Settlement, Proposal]:
        """Approve somebody else's proposal (批准裁定); returns the settlement, which is to be
        adjusted.

        Raises ProposalUnknown, ProposalClosed, SameOperator, ProposalLapsed, NotSettled,
        BookedBackwards.
        """
        proposed = self._open_proposal(proposal, by)
        current = self.current_settlement
        proposed.require_as_checked(current)
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有结算，不能批准裁定")
        _require_forwards(booked_on, current)
        self.trigger_event(
            self.DiscretionApproved,
            timestamp=at,
            number=proposed.number,
            proposed=proposed,
            booked_on=booked_on,
            by=by,
        )
        return current, proposed

    def reject_discretion(self, *, proposal: int, reason: str, by: Actor, at: datetime) -> Proposal:
        """Reject somebody else's proposal (退回裁定), lapsed or not.

        Raises ProposalUnknown, ProposalClosed, SameOperator.
        """
        proposed = self._open_proposal(proposal, by)
        self.trigger_event(
            self.DiscretionRejected,
            timestamp=at,
            number=proposed.number,
            proposed=proposed,
            reason=reason,
            by=by,
        )
        return proposed

    def _open_proposal(self, proposal: int, by: Actor) -> Proposal:
        proposed = next((p for p in self.proposals if p.proposal == proposal), None)
        if proposed is None:
            raise ProposalUnknown(f"住院 {self.hospital_stay_number} 没有第 {proposal} 号提议")
        if self.proposal_status(proposed) is not ProposalStatus.PROPOSED:
            raise ProposalClosed(f"提议 {proposed.reference} 已批准或退回，不能再次决定")
        proposed.require_other_eyes(by)
        return proposed

    def adjust(
        self,
        *,
        number: str,
        cause: Cause,
        inputs: SettlementInputs,
        steps: tuple[PayerStep, ...],
        assumed: tuple[str, ...],
        patient_fen: int,
        beside: Beside,
        changes: tuple[Change, ...],
        booked_on: date,
        by: Actor,
        at: datetime,
    ) -> None:
        """Put a settlement right after something before it changed, or after an amount came late
        (更正), and release what its deductions are too much then.

        Raises NotSettled, BookedBackwards.
        """
        current = self.current_settlement
        if current is None or current.number != number:
            raise NotSettled(f"住院 {self.hospital_stay_number} 的结算 {number} 已不作数，不能更正")
        _require_forwards(booked_on, current)
        self.deductions.require_forwards(number, booked_on)
        adjustment = len(current.adjustments) + 1
        self.trigger_event(
            self.SettlementAdjusted,
            timestamp=at,
            number=number,
            adjustment=adjustment,
            cause=cause,
            inputs=inputs,
            steps=steps,
            **self._heading(inputs),
            fingerprint=inputs.fingerprint,
            shares=shares_of(steps),
            patient_fen=patient_fen,
            assumed=assumed,
            outside=beside.outside,
            reported=beside.reported,
            pending=beside.pending,
            changes=changes,
            booked_on=booked_on,
            by=by,
        )
        self._release_deductions(number, adjustment, booked_on=booked_on, by=by, at=at)

    def impose_deduction(
        self,
        *,
        number: str,
        fund_id: str,
        amount_fen: int,
        reason: str,
        document: str,
        booked_on: date,
        by: Actor,
        at: datetime,
    ) -> Deduction:
        """Deduct from what a fund pays of the settlement (违规扣减); the settlement stays.

        Raises NotSettled, BookedBackwards, and what `decide_next` raises.
        """
        current = self.current_settlement
        if current is None or current.number != number:
            raise NotSettled(f"结算 {number} 已撤销，基金不再为它付款，不能扣减")
        _require_forwards(booked_on, current)
        imposed = self.deductions.decide_next(
            current,
            fund_id=fund_id,
            amount_fen=amount_fen,
            reason=reason,
            document=document,
            booked_on=booked_on,
            by=by,
        )
        self.trigger_event(
            self.ProviderDeductionImposed,
            timestamp=at,
            number=number,
            imposed=imposed,
            owed_fen=owed_to_hospital_fen(current, fund_id),
            deducted_fen=self.deductions.deducted_fen(number, fund_id) + amount_fen,
            **self._hospital_heading(),
            by=by,
        )
        return imposed

    def withdraw_deduction(
        self,
        *,
        number: str,
        deduction: int,
        reason: str,
        booked_on: date,
        by: Actor,
        at: datetime,
    ) -> Deduction:
        """Withdraw what stands of a deduction (撤回扣减); returns it as it was imposed.

        Raises DeductionUnknown, DeductionClosed, BookedBackwards.
        """
        kept = self.deductions.decide_withdrawal(number, deduction, booked_on)
        self.trigger_event(
            self.ProviderDeductionWithdrawn,
            timestamp=at,
            number=number,
            imposed=kept.imposed,
            amount_fen=kept.stands_fen,
            reason=reason,
            booked_on=booked_on,
            **self._hospital_heading(),
            by=by,
        )
        return kept.imposed

    def _release_deductions(
        self,
        number: str,
        adjustment: int | None = None,
        *,
        booked_on: date,
        by: Actor,
        at: datetime,
    ) -> None:
        """Nobody is deducted more than he is owed: nothing, where the settlement was undone."""
        current = self.current_settlement

        def owed_fen(fund_id: str) -> int:
            return 0 if current is None else owed_to_hospital_fen(current, fund_id)

        for kept, released_fen in tuple(self.deductions.too_much(number, owed_fen)):
            self.trigger_event(
                self.ProviderDeductionReleased,
                timestamp=at,
                number=number,
                imposed=kept.imposed,
                amount_fen=released_fen,
                stands_fen=kept.stands_fen - released_fen,
                adjustment=adjustment,
                booked_on=booked_on,
                **self._hospital_heading(),
                by=by,
            )

    def _hospital_heading(self) -> dict[str, Any]:
        """What finance reads of a hospital's stay."""
        return {
            "institution_id": self.institution_id,
            "hospital_stay_number": self.hospital_stay_number,
            "invoice_number": self.invoice_number,
        }

    def _heading(self, inputs: SettlementInputs) -> dict[str, Any]:
        """What finance reads of a settlement without its stay: whose it is, where, of how much."""
        enrolment = inputs.eligibility.enrolment
        return {
            **self._hospital_heading(),
            "person_id": self.person_id,
            "region": enrolment.region,
            "scheme": enrolment.scheme.value,
            "total_fen": inputs.charges.total_fen,
        }

    # --- questions ----------------------------------------------------------------------------

    @property
    def next_part_id(self) -> UUID:
        """The id of the part after this one, whether there is one or not."""
        return stay_id_of(self.institution_id, self.hospital_stay_number, self.part + 1)

    @property
    def registration(self) -> Registration:
        """What is registered of the admission."""
        return Registration(self.person_id, self.scheme, self.admission, self.declared_at_admission)

    @property
    def batches(self) -> tuple[str, ...]:
        """The numbers of the batches that stand."""
        return tuple(batch.number for batch in self.fees.batches)

    @property
    def charges(self) -> Charges | None:
        """The fees so far."""
        return self.fees.charges

    @property
    def current_settlement(self) -> Settlement | None:
        """The settlement that counts, if any."""
        last = self.settlements[-1] if self.settlements else None
        return None if last is None or last.is_reversed else last

    @property
    def status(self) -> str:
        """`admitted`, `discharged`, `settled` or `cancelled`."""
        if self.is_cancelled:
            return "cancelled"
        if self.current_settlement:
            return "settled"
        return "discharged" if self.discharge else "admitted"

    def proposal_status(self, proposed: Proposal) -> ProposalStatus:
        """What became of one of its proposals."""
        return self.decided.get(proposed.proposal, ProposalStatus.PROPOSED)

    def came_late(self, number: str, layer: str) -> None:
        """Used by events: the amount of a layer of this settlement came after it."""
        self.late_layers[number] = self.late_layers.get(number, frozenset()) | {layer}

    def replace_last(self, **changes: Any) -> None:
        """Used by events: the last settlement with some fields changed."""
        last = self.settlements[-1]
        self.settlements = (*self.settlements[:-1], Settlement(**{**vars(last), **changes}))


def _require_forwards(booked_on: date, settlement: Settlement) -> None:
    """What follows a settlement is not booked before it. Raises BookedBackwards."""
    if booked_on < settlement.last_booked_on:
        raise BookedBackwards(
            f"冲正或更正的记账日 {booked_on} 早于结算 {settlement.number} 的 "
            f"{settlement.last_booked_on}；请核对系统时钟"
        )
