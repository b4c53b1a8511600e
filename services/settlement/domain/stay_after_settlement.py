"""What may be done to a stay that is settled (结算后): how it is paid, what comes late, what people
decide, what an office deducts, and undoing.
"""

from datetime import date, datetime
from typing import Any

from settlement.domain import events_of_deductions as deducting
from settlement.domain import events_of_settlement as happens
from settlement.domain.adjustment import Cause, Change
from settlement.domain.carrying import Amounts, directly, through_hospital
from settlement.domain.deductions import Deduction, owed_to_hospital_fen
from settlement.domain.deposits import Tender, TenderRepeated
from settlement.domain.discretion import (
    Proposal,
    ProposalClosed,
    ProposalStatus,
    ProposalUnknown,
)
from settlement.domain.late_amounts import require_awaited
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import (
    Beside,
    PayerStep,
    Settlement,
    shares_of,
)
from settlement.domain.stay_refusals import (
    BookedBackwards,
    NotSettled,
)
from settlement.domain.stay_state import StayState


class StayAfterSettlement(StayState):
    """The decisions (决定); each refuses, or lets one thing happen."""

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
            happens.TenderRecorded,
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
            happens.SettlementReversed,
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
            happens.LateAmountDelivered,
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
            happens.DiscretionProposed,
            timestamp=at,
            number=current.number,
            proposed=proposed,
            by=by,
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
            happens.DiscretionApproved,
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
            happens.DiscretionRejected,
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
            happens.SettlementAdjusted,
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
            deducting.ProviderDeductionImposed,
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
            deducting.ProviderDeductionWithdrawn,
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
                deducting.ProviderDeductionReleased,
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


def _require_forwards(booked_on: date, settlement: Settlement) -> None:
    """What follows a settlement is not booked before it. Raises BookedBackwards."""
    if booked_on < settlement.last_booked_on:
        raise BookedBackwards(
            f"冲正或更正的记账日 {booked_on} 早于结算 {settlement.number} 的 "
            f"{settlement.last_booked_on}；请核对系统时钟"
        )
