"""The events of a log by name (事件名称), without understanding them."""

from eventlog.event_marks import event_mark
from eventlog.log import EventLog


class EventNames:
    """Names events, and tells one from another; see `kafka_edge.feed.ReadsNames`."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def last_position(self) -> int:
        """The position of the last event."""
        return self._log.last_position()

    def next_name(self, after: int) -> tuple[int, str] | None:
        """Position and stored topic of the event after a position; None at the end."""
        rows = self._log.recorder.select_notifications(after, 1, inclusive_of_start=False)
        return next(((row.id, row.topic) for row in rows), None)

    def mark(self, position: int) -> str:
        """What tells the event at a position from every other; empty where there is none."""
        return event_mark(self._log, position)
