"""What is known of people as the replica is told it (人员现况消息)."""

from contracts.eligibility_people_v1 import (
    EnrolmentKnown,
    IdentityKnown,
    PersonKnown,
    RecordKnown,
)
from eligibility.application.tell_people import PersonTold, RecordTold
from eligibility.domain.facts import Enrolment, Identity
from eligibility.domain.statements import Recorded


def person_known(told: PersonTold) -> PersonKnown:
    """A person as a message."""
    return PersonKnown(
        event="eligibility.person-known.v1",
        position=told.position,
        person_id=str(told.person_id),
        records=tuple(_record(each) for each in told.records),
        recorded_at=told.learned_at,
    )


def _record(told: RecordTold) -> RecordKnown:
    return RecordKnown(
        person_id=str(told.person_id),
        version=told.version,
        learned_at=told.learned_at,
        person_ids=tuple(map(str, told.person_ids)),
        identities=tuple(_identity(each) for each in told.identities),
        enrolments=tuple(_enrolment(each) for each in told.enrolments),
    )


def _identity(recorded: Recorded[Identity]) -> IdentityKnown:
    fact = recorded.fact
    after = fact.benefits_after_end
    return IdentityKnown(
        identity=fact.identity,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        benefits_go_on=after is not None,
        benefits_until=after.until if after is not None else None,
        recorded_at=recorded.recorded_at,
        source=recorded.source,
    )


def _enrolment(recorded: Recorded[Enrolment]) -> EnrolmentKnown:
    fact = recorded.fact
    return EnrolmentKnown(
        region=fact.region,
        scheme=fact.scheme,
        plan=fact.plan,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        waiting_to=fact.waiting_to,
        recorded_at=recorded.recorded_at,
        source=recorded.source,
    )
