"""What may be done to a stay until it is settled (结算前): admission, fees, deposit, discharge."""

from datetime import date, datetime, timedelta

from contracts.vocabulary import Departure, DepositMethod, PersonId
from settlement.domain import events_before_settlement as happens
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import DepositLimit
from settlement.domain.fees import LineStated
from settlement.domain.record import Actor
from settlement.domain.registration import DischargeRegistered
from settlement.domain.stay_refusals import (
    AlreadyDischarged,
    NotDischarged,
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
from settlement.domain.stay_state import StayState
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine


class StayBeforeSettlement(StayState):
    """The decisions (决定); each refuses, or lets one thing happen."""

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
            happens.AdmissionChanged,
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
        self.trigger_event(happens.AdmissionCancelled, timestamp=at, was=was, reason=reason, by=by)

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
            happens.AdmittedAgain,
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
            happens.FeesRecorded,
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
            happens.FeeBatchDeleted,
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
            happens.FeeLineCorrected, timestamp=at, was=was, line=line, charges_after=left, by=by
        )

    def delete_fee_line(self, *, line_number: str, by: Actor, at: datetime) -> None:
        """Delete a line (删除费用明细). Raises StayCancelled, AlreadyDischarged, FeeLineUnknown,
        FeeLineGivenBack."""
        require_still_in(self)
        line, left = self.fees.decide_without_line(line_number)
        self.trigger_event(
            happens.FeeLineDeleted, timestamp=at, line=line, charges_after=left, by=by
        )

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
            happens.DepositPaid,
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
            happens.DepositRefunded,
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
            happens.Discharged,
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
            happens.InterimClosed,
            timestamp=at,
            until=until,
            invoice_number=invoice_number,
            circumstances=circumstances,
            by=by,
        )

    def begin_again_after(self, former: "StayBeforeSettlement", *, by: Actor, at: datetime) -> None:
        """Begin a part that was withdrawn anew, after the one before it was closed once more.

        Raises NotCancelled, NotDischarged.
        """
        require_cancelled(self)
        self.trigger_event(
            happens.AdmittedAgain,
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
        self.trigger_event(happens.AdmissionCancelled, timestamp=at, was=was, reason=reason, by=by)

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
        self.trigger_event(happens.DischargeUndone, timestamp=at, was=was, reason=reason, by=by)
