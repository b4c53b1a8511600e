"""What eligibility tells on Kafka (发布): the public events of `GET /v1/changes` to everybody, and
what is known of people to settlement's replica."""

from contracts.channels import ELIGIBILITY, PEOPLE
from eligibility.application.ports import RosterImported
from eligibility.application.read_changes import PersonChanged, PersonsJoined
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.messages import EVENT_OF_KIND, change_message
from eligibility.entrypoints.people_messages import person_known
from eventlog.log import LogBusy
from kafka_edge.feed import FeedPage, NotNow, page_before_fault
from kafka_edge.log_names import EventNames
from kafka_edge.outgoing import Outgoing, enveloped, instant_said, outgoing


class _LogFeed:
    """What both feeds of the log do alike; see `kafka_edge.feed`."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility
        self._names = EventNames(eligibility.log)

    def page(self, after: int) -> FeedPage:
        """What comes after a position. Raises `NotNow`."""
        return page_before_fault(self._read, log=self._names, after=after)

    def mark(self, position: int) -> str:
        """What tells the event at a position from every other. Raises `NotNow`."""
        try:
            return self._names.mark(position)
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy

    def last_position(self) -> int:
        """The position of the log's last event. Raises `NotNow`."""
        try:
            return self._names.last_position()
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy

    def _read(self, after: int, limit: int) -> FeedPage:
        try:
            messages, reached = self._told(after, limit)
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy
        return FeedPage(messages, reached, self._names.last_position())

    def _told(self, after: int, limit: int) -> tuple[list[Outgoing], int]:
        """What is told of so many events, and the last position among them."""
        raise NotImplementedError


class EligibilityFeed(_LogFeed):
    """The changes of people, and the lists that became true, in order."""

    def _told(self, after: int, limit: int) -> tuple[list[Outgoing], int]:
        page = self._eligibility.read_changes(after=after, limit=limit)
        return [_change_told(each) for each in page.changes], page.next_after


def _change_told(changed: PersonChanged | PersonsJoined | RosterImported) -> Outgoing:
    if not isinstance(changed, PersonChanged):
        return outgoing(ELIGIBILITY, change_message(changed))
    # By the million, so that no message is made only to be written out again: a test holds these
    # bytes against those of the message.
    change, person_id = changed.change, str(changed.person_id)
    kind, name = EVENT_OF_KIND[change.kind]
    instant = instant_said(change.recorded_at)
    first, last = change.days
    last_day = "null" if last is None else f'"{last.isoformat()}"'
    return enveloped(
        ELIGIBILITY,
        kind,
        name,
        position=changed.position,
        key=person_id,
        instant=instant,
        data=(
            f'{{"position":{changed.position},"person_id":"{person_id}",'
            f'"version":{change.version},"kind":"{change.kind.value}",'
            f'"first_day":"{first.isoformat()}","last_day":{last_day},'
            f'"reaches_back":{"true" if changed.reaches_back else "false"},'
            f'"recorded_at":"{instant}","event":"{name}"}}'
        ),
    )


class PeopleFeed(_LogFeed):
    """What is known of everybody about whom anything was recorded, in order."""

    def _told(self, after: int, limit: int) -> tuple[list[Outgoing], int]:
        page = self._eligibility.tell_people(after=after, limit=limit)
        return [outgoing(PEOPLE, person_known(each)) for each in page.people], page.reached
