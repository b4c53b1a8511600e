"""An office's feed of changes, followed over HTTP: recorded once, whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.owner_v1 import ChangesPage
from contracts.vocabulary import DataOwner, NoAnswerReason
from eligibility.application.follow_owner import Pulled
from eligibility.application.owner_ports import NoAnswer, UnknownConnector
from eventlog.log import VersionConflict
from standalone.owner_stand_in import Mode
from tests.eligibility.conftest import number
from tests.eligibility.owner_office import LOW_INCOME, MARGIN, OnlineDesk, online_desk
from tests.support.people_places import ON_BOTH

FARMER = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
LISTED = f"居民身份证,{number(2)},样例乙,,低保对象,2023-01-01,,421022,居民,,2015-01-01,"
ENDED = LOW_INCOME | {"valid_to": "2023-06-30"}


@pytest.fixture
def desk(data_dir: Path) -> Iterator[OnlineDesk]:
    """A desk with one office on-line: the civil affairs of 421022."""
    with online_desk(data_dir, minzheng=DataOwner.CIVIL_AFFAIRS) as made:
        yield made


def pull(desk: OnlineDesk) -> Pulled:
    """Read a page of the feed."""
    return desk.eligibility.follow_owner.pull("minzheng", at=desk.now)


def aside(pulled: Pulled) -> list[tuple[int, str]]:
    """What was set aside, and why."""
    return [(each.position, each.reason.value) for each in pulled.set_aside]


def test_changes_are_recorded_and_people_nobody_knew_are_registered(desk: OnlineDesk) -> None:
    """One known from a roster, one new: both have the fact, each under its own change's source."""
    desk.bring(FARMER)
    desk.tell(2, identities=[LOW_INCOME])
    desk.tell(5, name="样例戊", identities=[MARGIN])

    pulled = pull(desk)

    assert (pulled.changes, pulled.persons_new, pulled.counts.stated, pulled.cursor) == (2, 1, 2, 2)
    assert desk.identities(2) == [("subsistence_allowance", None)]
    (new,) = desk.entitlements(number(5), "2023-07-01")["identities"]
    assert new["source"] == "civil_affairs/online:minzheng:change-2"


@ON_BOTH
def test_read_again_nothing_changes(desk: OnlineDesk) -> None:
    """At the end of the feed nothing is recorded; the same page as if new changes nobody."""
    desk.tell(2, identities=[LOW_INCOME])
    pull(desk)
    position = desk.eligibility.log.last_position()

    assert pull(desk).changes == 0
    assert desk.eligibility.log.last_position() == position
    version = desk.entitlements(number(2), "2023-07-01")["version"]
    office = desk.offices["minzheng"]
    office._changes.append(office._changes[0].model_copy(update={"position": 2}))
    assert pull(desk).counts.stated == 0
    assert desk.entitlements(number(2), "2023-07-01")["version"] == version


def test_a_later_word_of_a_place_counts_whichever_comes_first(desk: OnlineDesk) -> None:
    """The ending is told before the beginning that it ends: it stays ended."""
    desk.tell(2, identities=[LOW_INCOME])
    desk.tell(2, identities=[ENDED])
    office = desk.offices["minzheng"]
    first, second = office._changes
    office._changes[:] = [
        second.model_copy(update={"position": 1}),
        first.model_copy(update={"position": 2}),
    ]

    pull(desk)

    assert desk.identities(on="2023-06-01") == [("subsistence_allowance", "2023-06-30")]
    assert desk.identities() == []


def test_a_withdrawal_takes_back_this_servers_word_and_no_others(desk: OnlineDesk) -> None:
    """What a list says as well is the list's; what the feed alone said goes."""
    desk.bring(LISTED)
    desk.tell(2, identities=[LOW_INCOME, MARGIN])
    pull(desk)
    desk.tell(2, withdrawn={"reason": "another_person", "identities": [LOW_INCOME, MARGIN]})

    pulled = pull(desk)

    assert pulled.counts.withdrawn == 1
    assert desk.identities() == [("subsistence_allowance", None)]


def test_what_cannot_be_understood_is_set_aside_and_stops_nothing(desk: OnlineDesk) -> None:
    """Five kinds of nonsense between two good changes: each by its position, with its reason."""
    desk.bring(FARMER)
    desk.tell(3, name="样例丙", identities=[LOW_INCOME])
    desk.tell(2, name="样例别人", identities=[LOW_INCOME])
    desk.tell(4, name="样例丁", identities=[LOW_INCOME | {"identity": "no_such"}])
    desk.tell(4, name="样例丁", identities=[LOW_INCOME | {"valid_to": "2022-01-01"}])
    desk.tell(4, name="样例丁", identities=[LOW_INCOME, LOW_INCOME])
    office = desk.offices["minzheng"]
    desk.tell(4, name="样例丁", identities=[LOW_INCOME])
    broken = office._changes[-1].model_copy(update={"certificate_number": "123"})
    office._changes[-1] = broken
    desk.tell(6, name="样例己", identities=[MARGIN])

    pulled = pull(desk)

    assert aside(pulled) == [
        (2, "another_person"),
        (3, "unknown_identity"),
        (4, "impossible_fact"),
        (5, "contradictory"),
        (6, "unreadable"),
    ]
    assert (pulled.cursor, pulled.counts.stated) == (7, 2)
    assert desk.identities(6) == [("subsistence_margin", None)]
    (feed,) = desk.eligibility.owner_knowledge.of_feeds()
    assert [each.position for each in feed.set_aside] == [2, 3, 4, 5, 6]
    waiting = 'yizhan_dead_letters{queue="owner:minzheng",service="eligibility"} 5.0'
    assert waiting in desk.client.get("/metrics").text


def test_what_was_set_aside_is_taken_in_once_it_is_put_right(desk: OnlineDesk) -> None:
    """Read again at its position: still wrong it stays, corrected it is recorded and gone."""
    desk.tell(4, name="样例丁", identities=[LOW_INCOME | {"identity": "no_such"}])
    pull(desk)
    office, follow = desk.offices["minzheng"], desk.eligibility.follow_owner
    still = follow.retry("minzheng", 1, at=desk.now)
    assert still is not None
    assert still.reason is NoAnswerReason.UNKNOWN_IDENTITY
    good = desk.offices["minzheng"]._changes[0].stated
    assert good is not None
    right = good.identities[0].model_copy(update={"identity": "orphan"})
    stated = good.model_copy(update={"identities": (right,)})
    office._changes[0] = office._changes[0].model_copy(update={"stated": stated})

    assert follow.retry("minzheng", 1, at=desk.now) is None

    assert desk.identities(4) == [("orphan", None)]
    (feed,) = desk.eligibility.owner_knowledge.of_feeds()
    assert (feed.set_aside, feed.cursor) == ((), 1)
    assert follow.retry("minzheng", 1, at=desk.now) is None


@pytest.mark.parametrize(
    ("mode", "reason"), [(Mode.DOWN, "server_fault"), (Mode.GARBAGE, "unreadable")]
)
def test_a_feed_that_is_down_moves_nothing_and_is_seen(
    desk: OnlineDesk, mode: Mode, reason: str
) -> None:
    """No answer: the cursor stays, status tells why, and the end of the feed last heard of."""
    desk.tell(2, identities=[LOW_INCOME])
    pull(desk)
    desk.switch(mode)

    with pytest.raises(NoAnswer):
        pull(desk)

    (feed,) = desk.eligibility.owner_knowledge.of_feeds()
    assert feed.contact is not None
    assert (feed.cursor, feed.lag, feed.contact.at) == (1, 0, desk.now)
    assert feed.contact.no_answer is NoAnswerReason(reason)


@pytest.mark.parametrize("next_after", [0, 1])
def test_a_page_that_would_be_read_for_ever_is_refused(
    desk: OnlineDesk, monkeypatch: pytest.MonkeyPatch, next_after: int
) -> None:
    """More is promised, and the cursor does not move, or goes back: nothing is recorded."""
    desk.tell(2, identities=[LOW_INCOME])
    pull(desk)
    page: dict[str, Any] = {"contract": "owner.v1", "changes": (), "last_position": 9}
    stuck = ChangesPage.model_validate(page | {"next_after": next_after, "has_more": True})
    monkeypatch.setattr(desk.offices["minzheng"], "page", lambda *_: stuck)

    with pytest.raises(NoAnswer) as refused:
        pull(desk)

    assert refused.value.reason is NoAnswerReason.UNREADABLE


def test_a_server_nobody_configured_is_named(desk: OnlineDesk) -> None:
    """The message says which there are."""
    with pytest.raises(UnknownConnector, match="minzheng"):
        desk.eligibility.follow_owner.pull("nobody", at=desk.now)


def test_of_two_followers_at_once_one_records_and_the_other_starts_again(
    desk: OnlineDesk,
) -> None:
    """The slower one meets the cursor's version and has changed nothing; its next page is empty."""
    desk.tell(2, identities=[LOW_INCOME])
    follow = desk.eligibility.follow_owner

    def overtaken(step: str, _position: int) -> None:
        if step == "识别":
            pull(desk)

    with pytest.raises(VersionConflict):
        follow.pull("minzheng", at=desk.now, progress=overtaken)

    position = desk.eligibility.log.last_position()
    assert pull(desk).changes == 0
    assert desk.eligibility.log.last_position() == position
    assert desk.identities() == [("subsistence_allowance", None)]


def test_a_lookup_ahead_of_the_feed_and_the_feed_after_it_agree(desk: OnlineDesk) -> None:
    """Asked at the desk before the feed was read: the feed's older words change nothing more."""
    desk.bring(FARMER)
    desk.tell(2, identities=[LOW_INCOME])
    desk.tell(2, identities=[LOW_INCOME | {"valid_to": "2023-12-31"}])
    assert desk.heard()["stated"] == 1

    pulled = pull(desk)

    assert (pulled.counts.changed, pulled.set_aside) == (False, ())
    assert desk.identities() == [("subsistence_allowance", "2023-12-31")]
