"""What happens to a stay when it is settled and after (结算及其后的事件), and what each changes.

Applying an event never refuses. Each is an attribute of `Stay`, by which others name it.
"""

from datetime import date
from typing import Any

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain.adjustment import Adjustment, Cause, Change
from settlement.domain.deposits import Tender
from settlement.domain.discretion import (
    Proposal,
    ProposalStatus,
)
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import (
    OutsideEntry,
    PayerStep,
    ReportedValue,
    Settlement,
    Share,
)


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
            invoice_number=self.invoice_number,
        )


class TenderRecorded(Aggregate.Event):
    """How the patient paid the settlement (支付方式), and what of the deposit is to be given
    back; outside of the bill's identity."""

    TOPIC = "settlement.tender-recorded.v1"
    number: str
    tender: Tender
    refund_due_fen: int
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """What went into the settlement is no longer held."""
        aggregate.deposit = aggregate.deposit.applied(self.tender.deposit_fen)
        aggregate.tender = self.tender


class LateAmountDelivered(Aggregate.Event):
    """An amount decided elsewhere came after the settlement (后到金额); adjustments follow.

    `was_fen` is what the layer came to before, None where it was still to come; `reference`
    is the other system's.
    """

    TOPIC = "settlement.late-amount-delivered.v1"
    number: str
    layer: str
    amount_fen: int
    was_fen: int | None
    reference: str
    booked_on: date
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The layer's amount came late; what it changes is told by the adjustment."""
        aggregate.came_late(self.number, self.layer)


class DiscretionProposed(Aggregate.Event):
    """Somebody proposed what a layer that people decide is to come to (提议裁定); no money
    moves."""

    TOPIC = "settlement.discretion-proposed.v1"
    number: str
    proposed: Proposal
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """One more proposal, to be decided by somebody else."""
        aggregate.proposals = (*aggregate.proposals, self.proposed)


class DiscretionApproved(Aggregate.Event):
    """Somebody else approved a proposal (批准裁定); adjustments follow."""

    TOPIC = "settlement.discretion-approved.v1"
    number: str
    proposed: Proposal
    booked_on: date
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """The layer's amount came late; what it changes is told by the adjustment."""
        aggregate.decided[self.proposed.proposal] = ProposalStatus.APPROVED
        aggregate.came_late(self.number, self.proposed.layer)


class DiscretionRejected(Aggregate.Event):
    """Somebody else rejected a proposal (退回裁定)."""

    TOPIC = "settlement.discretion-rejected.v1"
    number: str
    proposed: Proposal
    reason: str
    by: Actor

    def apply(self, aggregate: Any) -> None:
        """It is closed."""
        aggregate.decided[self.proposed.proposal] = ProposalStatus.REJECTED


class SettlementAdjusted(Aggregate.Event):
    """The settlement was made again after something before it changed, after an amount came
    late, or when it was revised (更正).

    `inputs`, `steps` and all amounts are complete and new; of the inputs only what was
    counted before it and the amounts decided elsewhere can differ, and where it was revised,
    the version, its benefit years and what eligibility answered. `changes` are the
    differences to what it said before, in fen, each with its way. Later adjustments count on:
    1, 2, …
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
        """The settlement stays in the history, and no longer counts; what of the deposit had
        paid for it is held again."""
        aggregate.replace_last(is_reversed=True)
        aggregate.deposit = aggregate.deposit.applied(0)
        aggregate.tender = None
