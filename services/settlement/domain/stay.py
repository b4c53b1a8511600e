"""A stay (一次住院): admission, fees, discharge, settlements and their reversals.

The file tells the story from the top: what happens, what is remembered, what may be decided.
Decisions refuse; applying an event never does.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain.adjustment import Adjustment, Cause, Change
from settlement.domain.carrying import directly, through_hospital
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import (
    NOTHING_BESIDE,
    Beside,
    OutsideEntry,
    PayerStep,
    ReportedValue,
    Settlement,
    Share,
    shares_of,
)
from settlement.domain.stay_refusals import (
    AlreadyDischarged,
    AlreadySettled,
    BookedBackwards,
    DateInFuture,
    DischargeBeforeAdmission,
    FeeBatchRepeated,
    NoFees,
    NotDischarged,
    NotSettled,
)
from settlement.law.bill import Charges

_STAYS = UUID("6f6e1d0e-3f44-5a0c-9a70-6c3f0f5b1c11")


def stay_id_of(institution_id: InstitutionId, hospital_stay_number: str) -> UUID:
    """The id of a stay: one for each stay number (住院号) of an institution."""
    return uuid5(_STAYS, f"{institution_id}\n{hospital_stay_number}")


class Stay(Aggregate):
    """The aggregate (聚合)."""

    TOPIC: ClassVar[str] = "settlement.stay"

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
            aggregate.circumstances = self.circumstances

    class FeesRecorded(Aggregate.Event):
        """A batch of fees was recorded (记费)."""

        TOPIC = "settlement.fees-recorded.v1"
        batch_number: str
        charges: Charges
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """The fees so far."""
            aggregate.batches = (*aggregate.batches, self.batch_number)
            known = aggregate.charges
            aggregate.charges = known.plus(self.charges) if known else self.charges

    class Discharged(Aggregate.Event):
        """The patient was discharged (出院)."""

        TOPIC = "settlement.patient-discharged.v1"
        discharge: date
        invoice_number: str | None
        circumstances: Circumstances
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """What the discharge adds."""
            aggregate.discharge = self.discharge
            aggregate.invoice_number = self.invoice_number
            aggregate.circumstances = aggregate.circumstances.amended(self.circumstances)

    class SettlementOpened(Aggregate.Event):
        """A settlement began, from these inputs (开始结算)."""

        TOPIC = "settlement.settlement-opened.v1"
        number: str
        inputs: SettlementInputs
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """A settlement without steps."""
            aggregate.settlements = (
                *aggregate.settlements,
                Settlement(number=self.number, inputs=self.inputs),
            )

    class PayerStepSettled(Aggregate.Event):
        """One payer step was settled, be it zero (一步支付)."""

        TOPIC = "settlement.payer-step-settled.v1"
        number: str
        step: PayerStep

        def apply(self, aggregate: Any) -> None:
            """One more step."""
            last = aggregate.settlements[-1]
            aggregate.replace_last(steps=(*last.steps, self.step))

    class SettlementCompleted(Aggregate.Event):
        """The settlement is complete (结算完成); payers + patient + hospital = total.

        `outside` is owed beside the bill (账外), `pending` the layers whose amounts another
        system is still to send, `reported` what is computed and never paid.
        """

        TOPIC = "settlement.settlement-completed.v1"
        number: str
        institution_id: InstitutionId
        hospital_stay_number: str
        invoice_number: str | None
        person_id: PersonId
        region: str
        scheme: str
        fingerprint: str
        total_fen: int
        shares: tuple[Share, ...]
        patient_fen: int
        assumed: tuple[str, ...]
        booked_on: date
        by: Actor
        outside: tuple[OutsideEntry, ...] = ()
        reported: tuple[ReportedValue, ...] = ()
        pending: tuple[str, ...] = ()

        def apply(self, aggregate: Any) -> None:
            """The settlement as a whole."""
            aggregate.replace_last(
                shares=self.shares,
                patient_fen=self.patient_fen,
                assumed=self.assumed,
                booked_on=self.booked_on,
                outside=self.outside,
                reported=self.reported,
                pending=self.pending,
            )

    class SettlementAdjusted(Aggregate.Event):
        """The settlement was made again after something before it changed (更正).

        `inputs`, `steps` and all amounts are complete and new; of the inputs only what was
        counted before it can differ. `changes` are the differences to what it said before, in
        fen, each with its way. Later adjustments count on: 1, 2, …
        """

        TOPIC = "settlement.settlement-adjusted.v1"
        number: str
        adjustment: int
        cause: Cause
        inputs: SettlementInputs
        steps: tuple[PayerStep, ...]
        institution_id: InstitutionId
        hospital_stay_number: str
        invoice_number: str | None
        person_id: PersonId
        region: str
        scheme: str
        fingerprint: str
        total_fen: int
        shares: tuple[Share, ...]
        patient_fen: int
        assumed: tuple[str, ...]
        outside: tuple[OutsideEntry, ...]
        reported: tuple[ReportedValue, ...]
        pending: tuple[str, ...]
        changes: tuple[Change, ...]
        booked_on: date
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """The settlement as it is now, and that it was adjusted."""
            known = aggregate.settlements[-1].adjustments
            aggregate.replace_last(
                inputs=self.inputs,
                steps=self.steps,
                shares=self.shares,
                patient_fen=self.patient_fen,
                assumed=self.assumed,
                outside=self.outside,
                reported=self.reported,
                pending=self.pending,
                adjustments=(
                    *known,
                    Adjustment(self.adjustment, self.cause, self.changes, self.booked_on, self.by),
                ),
            )

    class SettlementReversed(Aggregate.Event):
        """The settlement was undone (撤销结算), booked in its own period, `outside` with it.

        The amounts are those that went through the hospital, adjustments among them; `direct` is
        what adjustments carried between funds and the patient alone, and is undone there.
        """

        TOPIC = "settlement.settlement-reversed.v1"
        number: str
        institution_id: InstitutionId
        hospital_stay_number: str
        invoice_number: str | None
        person_id: PersonId
        region: str
        scheme: str
        total_fen: int
        shares: tuple[Share, ...]
        patient_fen: int
        settled_booked_on: date
        booked_on: date
        reason: str
        by: Actor
        outside: tuple[OutsideEntry, ...] = ()
        direct: tuple[Change, ...] = ()

        def apply(self, aggregate: Any) -> None:
            """The settlement stays in the history, and no longer counts."""
            aggregate.replace_last(is_reversed=True)

    institution_id: InstitutionId
    hospital_stay_number: str
    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances

    def __init__(self) -> None:
        self.batches: tuple[str, ...] = ()
        self.charges: Charges | None = None
        self.discharge: date | None = None
        self.invoice_number: str | None = None
        self.settlements: tuple[Settlement, ...] = ()

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
        if admission > today:
            raise DateInFuture(f"入院日期 {admission} 晚于今天 {today}；请核对")
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

    def record_fees(self, *, batch_number: str, charges: Charges, by: Actor, at: datetime) -> None:
        """Record a batch of fees (上传费用).

        Raises AlreadyDischarged, FeeBatchRepeated, BillDoesNotAddUp, BillTooLarge.
        """
        if self.discharge:
            raise AlreadyDischarged(
                f"住院 {self.hospital_stay_number} 已出院，不能再记费；"
                "费用有误时请撤销结算，以新的住院号重新登记"
            )
        if batch_number in self.batches:
            raise FeeBatchRepeated(f"费用批次 {batch_number} 已经记过；补记费用请用新的批次号")
        charges.check()
        if self.charges:
            self.charges.plus(charges).check()
        self.trigger_event(
            self.FeesRecorded, timestamp=at, batch_number=batch_number, charges=charges, by=by
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
    ) -> None:
        """Discharge the patient (出院登记).

        Raises AlreadyDischarged, DischargeBeforeAdmission, DateInFuture.
        """
        if self.discharge:
            raise AlreadyDischarged(
                f"住院 {self.hospital_stay_number} 已于 {self.discharge} 出院，不能重复登记"
            )
        if discharge < self.admission:
            raise DischargeBeforeAdmission(
                f"出院日期 {discharge} 早于入院日期 {self.admission}；请核对"
            )
        if discharge > today:
            raise DateInFuture(f"出院日期 {discharge} 晚于今天 {today}；请核对")
        self.trigger_event(
            self.Discharged,
            timestamp=at,
            discharge=discharge,
            invoice_number=invoice_number,
            circumstances=circumstances,
            by=by,
        )

    def require_ready_to_settle(self) -> tuple[date, Charges]:
        """The discharge date and the charges of a stay that may be settled.

        Raises NotDischarged, NoFees, AlreadySettled.
        """
        current = self.current_settlement
        if current:
            raise AlreadySettled(
                f"住院 {self.hospital_stay_number} 已于 {current.booked_on} 结算，"
                f"结算单号 {current.number}；要重新结算请先撤销"
            )
        if self.discharge is None:
            raise NotDischarged(f"住院 {self.hospital_stay_number} 还没有办理出院")
        if self.charges is None:
            raise NoFees(f"住院 {self.hospital_stay_number} 没有任何费用")
        return self.discharge, self.charges

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
            institution_id=self.institution_id,
            hospital_stay_number=self.hospital_stay_number,
            invoice_number=self.invoice_number,
            person_id=self.person_id,
            region=inputs.eligibility.enrolment.region,
            scheme=inputs.eligibility.enrolment.scheme.value,
            fingerprint=inputs.fingerprint,
            total_fen=inputs.charges.total_fen,
            shares=shares_of(steps),
            patient_fen=patient_fen,
            assumed=assumed,
            booked_on=inputs.settled_on,
            by=by,
            outside=beside.outside,
            reported=beside.reported,
            pending=beside.pending,
        )

    def reverse(self, *, reason: str, booked_on: date, by: Actor, at: datetime) -> Settlement:
        """Undo the settlement (撤销结算); returns what was undone.

        Raises NotSettled, BookedBackwards.
        """
        current = self.current_settlement
        if current is None:
            raise NotSettled(f"住院 {self.hospital_stay_number} 没有可撤销的结算")
        _require_forwards(booked_on, current)
        enrolment = current.inputs.eligibility.enrolment
        booked = through_hospital(current)
        self.trigger_event(
            self.SettlementReversed,
            timestamp=at,
            number=current.number,
            institution_id=self.institution_id,
            hospital_stay_number=self.hospital_stay_number,
            invoice_number=self.invoice_number,
            person_id=self.person_id,
            region=enrolment.region,
            scheme=enrolment.scheme.value,
            total_fen=current.inputs.charges.total_fen,
            shares=booked.shares,
            patient_fen=booked.patient_fen,
            settled_booked_on=current.booked_on,
            booked_on=booked_on,
            reason=reason,
            by=by,
            outside=booked.outside,
            direct=directly(current),
        )
        return current

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
        """Put a settlement right after something before it changed (更正).

        Raises NotSettled, BookedBackwards.
        """
        current = self.current_settlement
        if current is None or current.number != number:
            raise NotSettled(f"住院 {self.hospital_stay_number} 的结算 {number} 已不作数，不能更正")
        _require_forwards(booked_on, current)
        self.trigger_event(
            self.SettlementAdjusted,
            timestamp=at,
            number=number,
            adjustment=len(current.adjustments) + 1,
            cause=cause,
            inputs=inputs,
            steps=steps,
            institution_id=self.institution_id,
            hospital_stay_number=self.hospital_stay_number,
            invoice_number=self.invoice_number,
            person_id=self.person_id,
            region=inputs.eligibility.enrolment.region,
            scheme=inputs.eligibility.enrolment.scheme.value,
            fingerprint=inputs.fingerprint,
            total_fen=inputs.charges.total_fen,
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

    # --- questions ----------------------------------------------------------------------------

    @property
    def current_settlement(self) -> Settlement | None:
        """The settlement that counts, if any."""
        last = self.settlements[-1] if self.settlements else None
        return None if last is None or last.is_reversed else last

    @property
    def status(self) -> str:
        """`admitted`, `discharged` or `settled`."""
        if self.current_settlement:
            return "settled"
        return "discharged" if self.discharge else "admitted"

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
