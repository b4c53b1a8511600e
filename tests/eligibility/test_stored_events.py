"""Every event version ever stored still loads (finding: topics and shapes outlive the code)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from contracts.vocabulary import Scheme
from eligibility.domain.person import Person
from eligibility.domain.roster import ActivatedRoster, ActivationCounts
from eventlog.codec import TypedMapper

AT = datetime(2023, 7, 1, 1, 0, tzinfo=UTC)
ENVELOPE = {"originator_id": UUID(int=1), "originator_version": 1, "timestamp": AT}

# Never edit a sample: a changed event is a new topic with a sample of its own.
SAMPLES = {
    "eligibility.person-registered.v1": (
        b'{"originator_topic":"eligibility.person","sealed":"AAE=","timestamp":"2023-07-01T01:00:00Z"}',
        Person.Created(**ENVELOPE, originator_topic="eligibility.person", sealed=b"\0\1"),
    ),
    "eligibility.personal-data-stated.v1": (
        b'{"sealed":"AAE=","timestamp":"2023-07-01T01:00:00Z"}',
        Person.PersonalDataStated(**ENVELOPE, sealed=b"\0\1"),
    ),
    "eligibility.identity-stated.v1": (
        (
            b'{"identity":"subsistence_allowance","source":"roster:1",'
            b'"timestamp":"2023-07-01T01:00:00Z","valid_from":"2023-01-01","valid_to":null}'
        ),
        Person.IdentityStated(
            **ENVELOPE,
            identity="subsistence_allowance",
            valid_from=date(2023, 1, 1),
            valid_to=None,
            source="roster:1",
        ),
    ),
    "eligibility.enrolment-stated.v1": (
        '{"plan":"一档","region":"500112","scheme":"resident","source":"roster:1",'
        '"timestamp":"2023-07-01T01:00:00Z","valid_from":"2023-01-01","valid_to":"2023-12-31"}'.encode(),
        Person.EnrolmentStated(
            **ENVELOPE,
            region="500112",
            scheme=Scheme.RESIDENT,
            plan="一档",
            valid_from=date(2023, 1, 1),
            valid_to=date(2023, 12, 31),
            source="roster:1",
        ),
    ),
    "eligibility.roster-activated.v1": (
        '{"accepted":2,"counts":{"facts_new":3,"facts_unchanged":0,"persons_new":2},'
        '"institution_id":"O500112","operator":"张","originator_topic":"eligibility.roster",'
        '"rejected":1,"timestamp":"2023-07-01T01:00:00Z"}'.encode(),
        ActivatedRoster.Created(
            **ENVELOPE,
            originator_topic="eligibility.roster",
            institution_id="O500112",
            operator="张",
            accepted=2,
            rejected=1,
            counts=ActivationCounts(persons_new=2, facts_new=3, facts_unchanged=0),
        ),
    ),
}


@pytest.mark.parametrize("topic", sorted(SAMPLES))
def test_a_stored_sample_loads_as_it_was_written(topic: str) -> None:
    """The bytes once stored give the event, and the event gives the same bytes today."""
    state, event = SAMPLES[topic]
    stored = StoredEvent(UUID(int=1), 1, topic, state)

    assert TypedMapper().to_domain_event(stored) == event
    assert TypedMapper().to_stored_event(event) == stored


def test_every_event_class_has_a_sample() -> None:
    """An event class without a sample would one day stop loading unnoticed."""
    topics = {
        value.TOPIC
        for aggregate in (Person, ActivatedRoster)
        for name, value in vars(aggregate).items()
        if isinstance(value, type) and name != "Event"
    }

    assert topics == set(SAMPLES)
