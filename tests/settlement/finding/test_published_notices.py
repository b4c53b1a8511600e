"""What is published of admissions and discharges is what `GET /v1/notices` tells everybody."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from contracts.channels import SETTLEMENT
from contracts.vocabulary import PersonId
from kafka_edge.feed import NotNow
from settlement.application.ports import EligibilityUnreachable
from settlement.domain.record import Actor
from settlement.entrypoints.publish import PUBLISHER, SettlementFeed
from settlement.entrypoints.remembered_admissions import RememberedAdmissions
from tests.settlement.finding.conftest import Story
from tests.settlement.finding.test_notices import (
    HOSPITAL_A,
    PlayedResidences,
    another_under_the_number,
    desk_with,
)
from tests.support.settlement_desk import P2


def data_of(page: Any) -> list[dict[str, Any]]:
    """The events of a page, out of their envelopes; nothing stopped it."""
    assert page.stopped is None
    return [json.loads(each.value)["data"] for each in page.messages]


def test_everything_that_was_noticed_is_published(story: Story) -> None:
    """The same events as the list shows an office, keyed by person, up to the end of the ledger."""
    noticed = desk_with(story, PlayedResidences()).read("/v1/notices").json()
    parts = story.desk.parts
    page = SettlementFeed(parts.ledger, PlayedResidences()).page(0)
    assert data_of(page) == noticed["notices"]
    assert [each.key.decode() for each in page.messages] == [e["person_id"] for e in data_of(page)]
    assert page.reached == page.last == parts.ledger.log.last_position()
    envelopes = [SETTLEMENT.envelope.model_validate_json(each.value) for each in page.messages]
    assert len(envelopes) == 6


@dataclass
class SilentAbout(PlayedResidences):
    """Does not answer about somebody."""

    person: str = P2

    def township_of(self, person_id: PersonId, *, on: date, by: Actor) -> str | None:
        """The port."""
        if person_id == self.person:
            raise EligibilityUnreachable
        return super().township_of(person_id, on=on, by=by)


def test_the_page_ends_before_whom_eligibility_does_not_answer_about(story: Story) -> None:
    """Four notices of P1, then P2's: none is left out, and the next page begins with that one."""
    ledger = story.desk.parts.ledger
    everything = data_of(SettlementFeed(ledger, PlayedResidences()).page(0))
    silent = SettlementFeed(ledger, SilentAbout())
    first = silent.page(0)
    assert data_of(first) == everything[:4]
    with pytest.raises(NotNow):
        silent.page(first.reached)
    rest = SettlementFeed(ledger, PlayedResidences()).page(first.reached)
    assert data_of(rest) == everything[4:]


@pytest.mark.parametrize("most", [0, 1, 50_000])
@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_however_it_is_followed_it_tells_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch, size: int, most: int
) -> None:
    """Pages of any length, each read twice, from the middle on, with and without a memory of who
    was admitted: whoever lay under the number then is who is told of."""
    monkeypatch.setattr("kafka_edge.feed.EVENTS_A_PAGE", size)
    another_under_the_number(desk_with(story, PlayedResidences(), HOSPITAL_A))
    noticed = desk_with(story, PlayedResidences()).read("/v1/notices").json()["notices"]
    assert len(noticed) == 12
    ledger = story.desk.parts.ledger
    for start in (0, noticed[8]["position"] - 1):
        feed = SettlementFeed(ledger, PlayedResidences())
        feed._admissions = RememberedAdmissions(ledger, most)
        after, published = start, list[dict[str, Any]]()
        while (page := feed.page(after)).reached > after:
            assert data_of(feed.page(after)) == data_of(page)
            published += data_of(page)
            after = page.reached
        assert published == [each for each in noticed if each["position"] > start]


def test_the_publisher_is_recorded_as_the_reader() -> None:
    """Eligibility keeps who asked where somebody lives."""
    assert (PUBLISHER.operator, PUBLISHER.institution_id) == ("发布程序", "publisher")
