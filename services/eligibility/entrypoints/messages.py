"""From what eligibility knows to the messages it promised (契约消息)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.eligibility_events_v1 import (
    ChangesShown,
    EnrolmentChanged,
    FilingChanged,
    MarkChanged,
    PersonChange,
    PersonsMerged,
    PersonsSplit,
    PersonStatusChanged,
    PublicEvent,
)
from contracts.eligibility_events_v1 import RosterImported as RosterImportedMessage
from contracts.eligibility_v1 import (
    CertificateShown,
    FactsRecorded,
    OnePerson,
    PersonOnPaper,
    PersonRead,
    PersonReads,
    PersonShown,
    RosterActivated,
    RosterRowError,
    RosterStaged,
)
from contracts.vocabulary import FactKind
from eligibility.application.activate_roster import Activation
from eligibility.application.ports import ReadBy, RosterImported
from eligibility.application.read_changes import ChangesPage, PersonChanged, PersonsJoined
from eligibility.application.show_person import PaperHeading, PersonCard
from eligibility.application.stage_roster import StagedRoster
from eligibility.application.state_facts import RecordedStatement

LISTED_ERRORS = 1_000

EVENT_OF_KIND: dict[FactKind, tuple[type[PersonChange], str]] = {
    FactKind.IDENTITY: (PersonStatusChanged, "eligibility.person-status-changed.v1"),
    FactKind.HOUSEHOLD: (PersonStatusChanged, "eligibility.person-status-changed.v1"),
    FactKind.RESIDENCE: (PersonStatusChanged, "eligibility.person-status-changed.v1"),
    FactKind.DISABILITY: (PersonStatusChanged, "eligibility.person-status-changed.v1"),
    FactKind.DEATH: (PersonStatusChanged, "eligibility.person-status-changed.v1"),
    FactKind.ENROLMENT: (EnrolmentChanged, "eligibility.enrolment-changed.v1"),
    FactKind.MARK: (MarkChanged, "eligibility.mark-changed.v1"),
    FactKind.DISEASE_LISTING: (MarkChanged, "eligibility.mark-changed.v1"),
    FactKind.FILING: (FilingChanged, "eligibility.filing-changed.v1"),
}


def staged_message(staged: StagedRoster) -> RosterStaged:
    """The staged roster as a message; at most the first 1,000 errors are listed."""
    roster = staged.roster
    return RosterStaged(
        roster_id=str(staged.roster_id),
        rows=len(roster.rows) + roster.rejected,
        accepted=len(roster.rows),
        rejected=roster.rejected,
        errors=tuple(
            RosterRowError(row=error.row, column=error.column, message=error.message)
            for error in roster.errors[:LISTED_ERRORS]
        ),
    )


def activated_message(activation: Activation) -> RosterActivated:
    """The activation as a message."""
    return RosterActivated(
        roster_id=str(activation.roster_id),
        recorded_at=activation.recorded_at,
        persons_new=activation.counts.persons_new,
        facts_new=activation.counts.facts_new,
        facts_unchanged=activation.counts.facts_unchanged,
    )


def recorded_message(made: RecordedStatement) -> FactsRecorded:
    """What a statement or withdrawal changed, as a message."""
    return FactsRecorded(
        person_id=str(made.person_id),
        source=made.source,
        recorded_at=made.recorded_at,
        version=made.version,
        stated=made.counts.stated,
        unchanged=made.counts.unchanged,
        withdrawn=made.counts.withdrawn,
    )


def card_message(card: PersonCard) -> PersonShown:
    """A person's card as a message."""
    return PersonShown(
        person_id=str(card.person_id),
        certificate_type=card.certificate_type,
        certificate_masked=card.certificate_masked,
        other_certificates=tuple(
            CertificateShown(certificate_type=each.type, certificate_masked=each.masked)
            for each in card.others
        )
        or None,
        one_person=one_person_message(card.person_ids),
    )


def paper_message(heading: PaperHeading) -> PersonOnPaper:
    """Who a paper is made out to, as a message."""
    certificate = heading.certificate
    return PersonOnPaper(
        person_id=str(heading.person_id),
        name=heading.name,
        sex=heading.sex.value if heading.sex else None,
        certificate_type=certificate.type if certificate else None,
        certificate_masked=certificate.masked if certificate else None,
    )


def one_person_message(person_ids: Sequence[UUID]) -> OnePerson | None:
    """Which records are one person, the canonical one first; None for one record alone."""
    canonical_id, *others = map(str, person_ids)
    return OnePerson(canonical_id=canonical_id, merged_from=tuple(others)) if others else None


def reads_message(person_id: UUID, reads: Sequence[ReadBy]) -> PersonReads:
    """Who read a person's facts, as a message."""
    return PersonReads(
        person_id=str(person_id),
        reads=tuple(
            PersonRead(
                read_at=each.read_at,
                institution_id=each.acting.institution_id if each.acting else None,
                operator=each.acting.operator if each.acting else None,
                call=each.call,
            )
            for each in reads
        ),
    )


def changes_message(page: ChangesPage) -> ChangesShown:
    """Changes in order, as public events."""
    return ChangesShown(
        changes=tuple(change_message(each) for each in page.changes),
        next_after=page.next_after,
        has_more=page.has_more,
        last=page.last,
    )


def change_message(changed: PersonChanged | PersonsJoined | RosterImported) -> PublicEvent:
    """A change as a public event."""
    if isinstance(changed, PersonsJoined):
        return _joined(changed)
    if isinstance(changed, RosterImported):
        return RosterImportedMessage(
            event="eligibility.roster-imported.v1",
            **{**vars(changed), "roster_id": str(changed.roster_id)},
        )
    kind, event = EVENT_OF_KIND[changed.change.kind]
    return kind.model_validate(
        {
            "event": event,
            "position": changed.position,
            "person_id": str(changed.person_id),
            "version": changed.change.version,
            "kind": changed.change.kind,
            "first_day": changed.change.days.first,
            "last_day": changed.change.days.last,
            "reaches_back": changed.reaches_back,
            "recorded_at": changed.change.recorded_at,
        }
    )


def _joined(joined: PersonsJoined) -> PersonsMerged | PersonsSplit:
    step = joined.change.step
    kind: type[PersonsMerged | PersonsSplit]
    kind, event = (
        (PersonsSplit, "eligibility.persons-split.v1")
        if step.is_split
        else (PersonsMerged, "eligibility.persons-merged.v1")
    )
    return kind.model_validate(
        {
            "event": event,
            "position": joined.position,
            "person_id": str(step.canonical_id),
            "other_person_id": str(step.other_id),
            "merge_number": step.number,
            "version": joined.change.version,
            "recorded_at": step.recorded_at,
        }
    )
