"""What eligibility tells on Kafka (发布): the public events of `GET /v1/changes` to everybody, and
what is known of people to settlement's replica."""

from contracts.channels import ELIGIBILITY, PEOPLE
from eligibility.application.read_changes import ReadChanges
from eligibility.application.tell_people import TellPeople
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.messages import changes_message
from eligibility.entrypoints.people_messages import person_known
from eventlog.log import LogBusy
from kafka_edge.feed import FeedPage, NotNow, page_before_fault
from kafka_edge.log_names import EventNames
from kafka_edge.outgoing import outgoing


class EligibilityFeed:
    """The changes of people, and the lists that became true, in order; see `kafka_edge.feed`."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._read_changes: ReadChanges = eligibility.read_changes
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

    def _read(self, after: int, limit: int) -> FeedPage:
        try:
            page = self._read_changes(after=after, limit=limit)
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy
        messages = [outgoing(ELIGIBILITY, each) for each in changes_message(page).changes]
        return FeedPage(messages, page.next_after, self._names.last_position())


class PeopleFeed:
    """What is known of everybody about whom anything was recorded; see `kafka_edge.feed`."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._tell_people: TellPeople = eligibility.tell_people
        self._names = EventNames(eligibility.log)

    def page(self, after: int) -> FeedPage:
        """What comes after a position. Raises `NotNow`."""
        return page_before_fault(self._read, log=self._names, after=after)

    def _read(self, after: int, limit: int) -> FeedPage:
        try:
            page = self._tell_people(after=after, limit=limit)
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy
        messages = [outgoing(PEOPLE, person_known(each)) for each in page.people]
        return FeedPage(messages, page.reached, self._names.last_position())
