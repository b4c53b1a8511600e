"""Deciding on a revision and issuing it (批准、退回、执行追溯更正).

Issuing is one transaction a person: what was issued stays issued, and whoever asks again goes on
where it stopped.
"""

from dataclasses import dataclass
from datetime import date, datetime

from settlement.application.find_revisable import FindsGround, is_answered_alike, kinds_of_ground
from settlement.application.find_stay import hospital_acting
from settlement.application.law_library import LawLibrary
from settlement.application.person_in_ledger import PersonInLedger, unless_moved
from settlement.application.ports import Accept, Eligibility, Ledger, Overtaken
from settlement.application.propose_revision import NOT_REVISED
from settlement.application.rederive_later import (
    Later,
    PersonKept,
    Rederived,
    adjust_later,
    every_settlement_of,
)
from settlement.application.retrying import when_overtaken
from settlement.application.revise_person import lines_of, rests_on_of, revise_person
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.record import Actor
from settlement.domain.revised_parts import RevisedLine, RevisionPart
from settlement.domain.revision import Revision, RevisionUnknown, revision_id
from settlement.domain.stay import Stay
from settlement.law.book import PolicyBook


@dataclass(frozen=True)
class ApproveRevision:
    """The command."""

    number: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class RejectRevision:
    """The command, and why."""

    number: str
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class IssueRevision:
    """The command; what it changes is booked on `booked_on`."""

    number: str
    booked_on: date
    by: Actor
    at: datetime


class PartNotAsProposed(Exception):
    """A person's part is not any more what was proposed; the message says what changed."""


def revision_in_sight(ledger: Ledger, number: str, by: Actor) -> Revision:
    """A revision of the acting institution, or any where an office acts. Raises
    RevisionUnknown."""
    revision = ledger.find(revision_id(number), Revision)
    hospital = hospital_acting(ledger, by)
    if revision is None or hospital not in (None, revision.by.institution_id):
        raise RevisionUnknown(f"没有更正 {number}；请核对编号")
    return revision


def approve_revision(command: ApproveRevision, *, ledger: Ledger, accept: Accept) -> Revision:
    """Approve somebody else's proposal. Raises RevisionUnknown, RevisionNotOpen, SameOperator,
    Overtaken."""

    def decide() -> Revision:
        revision = revision_in_sight(ledger, command.number, command.by)
        revision.approve(by=command.by, at=command.at)
        ledger.save(revision, receipt=accept(revision))
        return revision

    return when_overtaken(decide)


def reject_revision(command: RejectRevision, *, ledger: Ledger, accept: Accept) -> Revision:
    """Reject somebody else's proposal. Raises RevisionUnknown, RevisionNotOpen, SameOperator,
    Overtaken."""

    def decide() -> Revision:
        revision = revision_in_sight(ledger, command.number, command.by)
        revision.reject(reason=command.reason, by=command.by, at=command.at)
        ledger.save(revision, receipt=accept(revision))
        return revision

    return when_overtaken(decide)


def issue_revision(
    command: IssueRevision,
    *,
    ledger: Ledger,
    laws: LawLibrary,
    book: PolicyBook,
    eligibility: Eligibility,
    accept: Accept,
) -> Revision:
    """Issue every part that is still open, one transaction each, and close it.

    Raises RevisionUnknown, RevisionNotOpen, EligibilityUnreachable, BookedBackwards,
    LedgerIncomplete, Overtaken.
    """
    issuing = _Issuing(command, ledger=ledger, laws=laws, book=book, eligibility=eligibility)
    for part in issuing.revision.open_parts:
        issuing.decide(part)
    return issuing.close(accept)


class _Issuing:
    """A revision on its way, part by part."""

    def __init__(
        self,
        command: IssueRevision,
        *,
        ledger: Ledger,
        laws: LawLibrary,
        book: PolicyBook,
        eligibility: Eligibility,
    ):
        self._command = command
        self._ledger = ledger
        self._laws = laws
        self.revision = self._load()
        self._grounds: FindsGround = kinds_of_ground(
            self.revision.asked.kind,
            book=book,
            laws=laws,
            eligibility=eligibility,
            known_at=command.at,
            by=command.by,
        )

    def decide(self, part: RevisionPart) -> None:
        """Issue a part, or let it lapse, unless somebody else has meanwhile."""

        def decide() -> None:
            try:
                if part in self.revision.open_parts:
                    self._issue(part)
            except Overtaken:
                self.revision = self._load()
                raise

        when_overtaken(decide)

    def close(self, accept: Accept) -> Revision:
        """All parts are done with."""

        def decide() -> Revision:
            self.revision = self._load()
            self.revision.close(by=self._command.by, at=self._command.at)
            self._ledger.save(self.revision, receipt=accept(self.revision))
            return self.revision

        return when_overtaken(decide)

    def _load(self) -> Revision:
        revision = revision_in_sight(self._ledger, self._command.number, self._command.by)
        revision.require_approved()
        return revision

    def _issue(self, part: RevisionPart) -> None:
        by, at = self._command.by, self._command.at
        stay = self._ledger.find(part.lines[0].stay_id, Stay)
        if stay is None:
            raise RevisionUnknown(f"更正 {self.revision.number} 的住院不在账本中")
        person = PersonInLedger(self._ledger, stay)
        try:
            with unless_moved(person):
                rederived = self._again(part, stay, person)
        except (PartNotAsProposed, *NOT_REVISED) as why:
            if not person.is_as_loaded():
                raise Overtaken from why
            self.revision.lapse(part.part, because=str(why), by=by, at=at)
            self._ledger.save(self.revision)
            return
        booked_on = self._command.booked_on
        self.revision.issue(part.part, booked_on=booked_on, by=by, at=at)
        cause = revision_cause(self.revision)
        with unless_moved(person):
            adjust_later(rederived, cause=cause, person=person, booked_on=booked_on, by=by, at=at)
        self._ledger.save(self.revision, *person.loaded)

    def _again(
        self, part: RevisionPart, stay: Stay, person: PersonInLedger
    ) -> tuple[Rederived, ...]:
        """The part computed once more. Raises PartNotAsProposed, and why it cannot be."""
        current = stay.current_settlement
        if current is None or current.number != part.lines[0].number:
            raise PartNotAsProposed(f"结算 {part.lines[0].number} 已撤销")
        sequence = tuple(every_settlement_of(current.inputs.eligibility, person))
        by_number = {later.settlement.number: later for later in sequence}
        for line in part.lines:
            if line.is_revised and line.number in by_number:
                require_ground_as_proposed(line, by_number[line.number], self._grounds)
        return computed_as_proposed(part, sequence, person=person, laws=self._laws)


def computed_as_proposed(
    part: RevisionPart, sequence: tuple[Later, ...], *, person: PersonKept, laws: LawLibrary
) -> tuple[Rederived, ...]:
    """A part computed from what counts now. Raises PartNotAsProposed, and what `revise_person`
    raises."""
    rests_on = rests_on_of(part)
    counting = {later.settlement.number for later in sequence}
    for line in part.lines:
        if line.number not in counting:
            raise PartNotAsProposed(f"结算 {line.number} 已撤销")
    rederived = revise_person(sequence, rests_on, person=person, laws=laws)
    changed = _what_changed(part.lines, lines_of(rederived, rests_on))
    if changed is not None:
        raise PartNotAsProposed(changed)
    return rederived


def require_ground_as_proposed(line: RevisedLine, later: Later, grounds: FindsGround) -> None:
    """What a settlement was to rest on must still be so. Raises PartNotAsProposed, and what book
    or eligibility refuses."""
    now = grounds.ground_now(later)
    if now is None:
        raise PartNotAsProposed(f"结算 {line.number} 的依据已与原来相同，无须更正")
    if now.fingerprint != line.fingerprint_after:
        raise PartNotAsProposed(f"结算 {line.number} 适用的政策版本又有变化")
    if (now.answers is None) != (line.answers is None) or (
        now.answers and line.answers and not is_answered_alike(line.answers, now.answers)
    ):
        raise PartNotAsProposed(f"结算 {line.number} 的资格答复又有变化")


def revision_cause(revision: Revision) -> Cause:
    """Why settlements are adjusted."""
    return Cause(CauseKind.REVISION.value, revision.number)


def _what_changed(proposed: tuple[RevisedLine, ...], now: tuple[RevisedLine, ...]) -> str | None:
    """The first thing that is not any more as it was proposed."""
    found = {line.number: line for line in now}
    for line in proposed:
        if line.number not in found:
            return f"结算 {line.number} 不再受更正影响"
        other = found.pop(line.number)
        if other.before != line.before:
            return f"结算 {line.number} 的金额在提议后已变动"
        if other != line:
            return f"结算 {line.number} 更正后的金额与提议不同"
    return next((f"其后的结算 {number} 也要随之更正" for number in found), None)
