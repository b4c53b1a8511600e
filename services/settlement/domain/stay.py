"""A stay (一次住院): admission, fees, deposit, discharge, settlements, and how each is undone.

What happens, and what each event changes, is told in `events_before_settlement.py`,
`events_of_settlement.py` and `events_of_deductions.py`; what is remembered, in `stay_state.py`;
what may be decided, in `stay_before_settlement.py` and `stay_after_settlement.py`. Here a stay
begins, goes on in another part, and is settled.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, TypeAlias
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain import events_before_settlement as before_settlement
from settlement.domain import events_of_deductions as deducting
from settlement.domain import events_of_settlement as settling
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import (
    NOTHING_BESIDE,
    Beside,
    PayerStep,
    shares_of,
)
from settlement.domain.stay_after_settlement import StayAfterSettlement
from settlement.domain.stay_before_settlement import StayBeforeSettlement
from settlement.domain.stay_refusals import (
    AlreadySettled,
    NoFees,
)
from settlement.domain.stay_requirements import (
    require_discharged,
    require_not_in_future,
    require_registered,
)
from settlement.law.bill import Charges

_STAYS = UUID("6f6e1d0e-3f44-5a0c-9a70-6c3f0f5b1c11")
# Asked for several times within one settlement.
_named = lru_cache(maxsize=1024)(uuid5)


def stay_id_of(institution_id: InstitutionId, hospital_stay_number: str, part: int = 1) -> UUID:
    """The id of a stay: one for each stay number (住院号) of an institution, and for each later
    part of it (第几段)."""
    first = _named(_STAYS, f"{institution_id}\n{hospital_stay_number}")
    return first if part == 1 else _named(first, str(part))


class Stay(StayBeforeSettlement, StayAfterSettlement, Aggregate):
    """The aggregate (聚合)."""

    TOPIC: ClassVar[str] = "settlement.stay"

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
        self.begin()

    def trigger_event(self, event_class: type[Any], **kwargs: Any) -> None:
        """Let something happen: the library makes a class of the stay's own of each event."""
        own = getattr(type(self), event_class.__name__)
        Aggregate.trigger_event(self, own, **kwargs)

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

    @property
    def next_part_id(self) -> UUID:
        """The id of the part after this one, whether there is one or not."""
        return stay_id_of(self.institution_id, self.hospital_stay_number, self.part + 1)
