"""Deciding an amount after the settlement (事后裁定): one proposes, another approves or rejects."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.find_stay import stay_in_sight
from settlement.application.law_library import LawLibrary
from settlement.application.person_in_ledger import PersonInLedger, unless_moved
from settlement.application.ports import Accept, Ledger
from settlement.application.rederive_later import Later, Rederived
from settlement.application.remake_settlement import complete_layer, computed_with
from settlement.application.retrying import when_overtaken
from settlement.application.settle_stay import require_expected
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.discretion import Proposal
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class ProposeDiscretion:
    """The command: what a layer is to come to, in fen, and why."""

    stay_id: UUID
    layer: str
    amount_fen: int
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class ApproveDiscretion:
    """The command; what it changes is booked on `booked_on`. Where the caller says what he expects
    to be left to the patient, another result is refused."""

    stay_id: UUID
    proposal: int
    expected_personal_fen: int | None
    booked_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class RejectDiscretion:
    """The command, and why."""

    stay_id: UUID
    proposal: int
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Proposed:
    """A proposal as it stands after a command (提议)."""

    stay: Stay
    proposed: Proposal


@dataclass(frozen=True)
class Approved:
    """A proposal that was approved (批准结果), and all that was made again, its settlement
    first."""

    stay: Stay
    proposed: Proposal
    rederived: tuple[Rederived, ...]


def propose_discretion(
    command: ProposeDiscretion, *, ledger: Ledger, laws: LawLibrary, accept: Accept
) -> Proposed:
    """Propose an amount; it is checked as if it were approved now, and moves no money.

    Raises StayUnknown, NotSettled, LateAmountNotAwaited, LateAmountUnchanged, Overtaken, and what
    the kernel refuses the amount for.
    """

    def decide() -> Proposed:
        stay = stay_in_sight(ledger, command.stay_id, command.by)
        settlement, proposed = stay.propose_discretion(
            layer=command.layer,
            amount_fen=command.amount_fen,
            reason=command.reason,
            by=command.by,
            at=command.at,
        )
        computed_with(settlement, layer=command.layer, amount_fen=command.amount_fen, laws=laws)
        result = Proposed(stay, proposed)
        ledger.save(stay, receipt=accept(result))
        return result

    return when_overtaken(decide)


def approve_discretion(
    command: ApproveDiscretion, *, ledger: Ledger, laws: LawLibrary, accept: Accept
) -> Approved:
    """Approve somebody else's proposal, and put right its settlement and what came after.

    Raises StayUnknown, ProposalUnknown, ProposalClosed, SameOperator, ProposalLapsed,
    BookedBackwards, LaterNotRederivable, CorrectionsUnstated, PersonalShareChanged,
    LedgerIncomplete, Overtaken.
    """

    def decide() -> Approved:
        stay = stay_in_sight(ledger, command.stay_id, command.by)
        person = PersonInLedger(ledger, stay)
        settlement, proposed = stay.approve_discretion(
            proposal=command.proposal,
            booked_on=command.booked_on,
            by=command.by,
            at=command.at,
        )
        with unless_moved(person):
            rederived = complete_layer(
                Later(stay, settlement),
                layer=proposed.layer,
                amount_fen=proposed.amount_fen,
                cause=decision_cause(proposed),
                person=person,
                laws=laws,
                booked_on=command.booked_on,
                by=command.by,
                at=command.at,
            )
        require_expected(rederived[0].prepared, command.expected_personal_fen)
        result = Approved(stay, proposed, rederived)
        ledger.save(stay, *person.loaded, receipt=accept(result))
        return result

    return when_overtaken(decide)


def reject_discretion(command: RejectDiscretion, *, ledger: Ledger, accept: Accept) -> Proposed:
    """Reject somebody else's proposal. Raises StayUnknown, ProposalUnknown, ProposalClosed,
    SameOperator, Overtaken."""

    def decide() -> Proposed:
        stay = stay_in_sight(ledger, command.stay_id, command.by)
        proposed = stay.reject_discretion(
            proposal=command.proposal, reason=command.reason, by=command.by, at=command.at
        )
        result = Proposed(stay, proposed)
        ledger.save(stay, receipt=accept(result))
        return result

    return when_overtaken(decide)


def decision_cause(proposed: Proposal) -> Cause:
    """Why a settlement and those after it are adjusted."""
    return Cause(CauseKind.DECISION.value, proposed.reference, settlement=proposed.number)
