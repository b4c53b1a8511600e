"""Verifying the log itself (验日志): nothing is missing, doubled or in another's stream."""

from collections.abc import Iterator
from uuid import UUID

from eventsourcing.domain import AggregateCreated

from settlement.application.ports import LoggedFact
from settlement.application.verifying.comparing import Finding

LOG = "事件日志"


class StreamsWalked:
    """Positions without gaps; in each stream one beginning and versions without gaps."""

    def __init__(self) -> None:
        """An empty log."""
        self.events = 0
        self._position = 0
        self._versions: dict[UUID, int] = {}
        self._kinds: dict[UUID, str] = {}

    def take(self, logged: LoggedFact) -> Iterator[Finding]:
        """The next event of the log."""
        self.events += 1
        if logged.position != self._position + 1:
            yield Finding(LOG, "位置", logged.position, self._position + 1)
        self._position = logged.position
        event = logged.event
        stream = event.originator_id
        version = self._versions.get(stream, 0) + 1
        if event.originator_version != version:
            yield Finding(LOG, f"事件流 {stream} 的版本", event.originator_version, version)
        self._versions[stream] = event.originator_version
        begins = isinstance(event, AggregateCreated)
        if begins != (stream not in self._kinds):
            yield Finding(LOG, f"事件流 {stream} 的开头", event.TOPIC, "仅首个事件为开头")
        kind = type(event).__qualname__.partition(".")[0]
        if self._kinds.setdefault(stream, kind) != kind:
            yield Finding(LOG, f"事件流 {stream} 的归属", kind, self._kinds[stream])
