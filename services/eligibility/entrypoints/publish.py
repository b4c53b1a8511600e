"""What eligibility tells on Kafka (发布): the public events of `GET /v1/changes` to everybody, and
what is known of people to settlement's replica."""

from contracts.channels import ELIGIBILITY, PEOPLE
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.messages import change_message
from eligibility.entrypoints.people_messages import person_known
from eventlog.log import LogBusy
from kafka_edge.feed import FeedPage, NotNow, page_before_fault
from kafka_edge.log_names import EventNames
from kafka_edge.outgoing import Outgoing, outgoing


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
        told = [outgoing(ELIGIBILITY, change_message(each)) for each in page.changes]
        return told, page.next_after


class PeopleFeed(_LogFeed):
    """What is known of everybody about whom anything was recorded, in order."""

    def _told(self, after: int, limit: int) -> tuple[list[Outgoing], int]:
        page = self._eligibility.tell_people(after=after, limit=limit)
        return [outgoing(PEOPLE, person_known(each)) for each in page.people], page.reached
