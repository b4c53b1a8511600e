"""Where a publisher takes its events from (发布来源): a log's public events, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kafka_edge.outgoing import Outgoing

# A page is a transaction, and what Kafka does at its beginning and end takes as long for one event
# as for thousands.
EVENTS_A_PAGE = 4_000


class NotNow(Exception):
    """The next events cannot be read just now, though nothing is wrong with them (暂不可读)."""


@dataclass(frozen=True)
class StoppedBefore:
    """The event that cannot be told (停在此事件之前): its position, its name, and why."""

    position: int
    event: str
    why: str


@dataclass(frozen=True)
class FeedPage:
    """What is to be sent of the events up to `reached` (一页), and what the log ends with.

    `stopped` names the event right after `reached` that cannot become a message.
    """

    messages: Sequence[Outgoing]
    reached: int
    last: int
    stopped: StoppedBefore | None = None


class Feed(Protocol):
    """A log's public events."""

    def page(self, after: int) -> FeedPage:
        """What comes after a position; an event that tells nobody anything is passed over.

        Raises `NotNow`.
        """

    def mark(self, position: int) -> str:
        """What tells the event at a position from every other (事件印记); empty where there is
        none. A log that was restored from a copy and went on has another event there."""

    def last_position(self) -> int:
        """The position of the log's last event. Raises `NotNow`."""


class ReadsNames(Protocol):
    """A log that can name an event without understanding it."""

    def last_position(self) -> int:
        """The position of the last event."""

    def next_name(self, after: int) -> tuple[int, str] | None:
        """Position and stored name of the event after a position; None at the end."""


def page_before_fault(
    read: Callable[[int, int], FeedPage], *, log: ReadsNames, after: int
) -> FeedPage:
    """A page of up to `EVENTS_A_PAGE` events; where one of them is faulty, those before it.

    A page that cannot be read is tried again with half as many events, down to one: the event that
    cannot be told is then known. Raises `NotNow`: at once where `read` does, and where not even the
    name of that event can be read.
    """
    limit = EVENTS_A_PAGE
    while True:
        try:
            return read(after, limit)
        except NotNow:
            raise
        except Exception as wrong:  # whatever it is, nothing is skipped
            if limit == 1:
                return _stopped(log, after, wrong)
        limit //= 2


def _stopped(log: ReadsNames, after: int, wrong: Exception) -> FeedPage:
    try:
        found, last = log.next_name(after), log.last_position()
    except Exception as unreadable:
        raise NotNow(str(unreadable)) from unreadable
    if found is None:
        raise NotNow(str(wrong)) from wrong
    position, name = found
    why = f"{type(wrong).__name__}: {wrong}"
    return FeedPage((), after, last, StoppedBefore(position, name, why))
