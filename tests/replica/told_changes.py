"""What everybody is told that people's events changed: from pages, and event by event."""

import pytest

from contracts.channels import ELIGIBILITY
from eligibility.adapters.event_store import EventLogStore
from eligibility.application.read_changes import PersonChanged, PersonsJoined
from eligibility.bootstrap import Eligibility
from eligibility.domain.one_person import MergeChange
from eligibility.domain.person import Person
from eligibility.entrypoints.messages import change_message
from eligibility.entrypoints.publish import EligibilityFeed
from kafka_edge.outgoing import Outgoing, outgoing


def told_in_pages(service: Eligibility, size: int) -> list[Outgoing]:
    """The records about people that are published, of pages of so many events."""
    feed, after = EligibilityFeed(service), 0
    found: list[Outgoing] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kafka_edge.feed.EVENTS_A_PAGE", size)
        while (page := feed.page(after)).reached > after:
            assert page.stopped is None
            found += [each for each in page.messages if b".roster-imported." not in each.value]
            after = page.reached
    return found


def told_event_by_event(service: Eligibility) -> list[Outgoing]:
    """The same, of each event by loading whom it is about, and by its message."""
    store = EventLogStore(service.log)
    found: list[Outgoing] = []
    for position, event in service.log.read(0, 10_000):
        if not isinstance(event, Person.Event):
            continue
        person = store.find_one(event.originator_id)
        assert person is not None
        change = person.change_at(event.originator_version)
        if isinstance(change, MergeChange):
            message = change_message(PersonsJoined(position, change))
        elif change is not None:
            message = change_message(PersonChanged(position, event.originator_id, change))
        else:
            continue
        found.append(outgoing(ELIGIBILITY, message))
    return found
