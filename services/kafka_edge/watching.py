"""How a publisher does, for monitoring and for a person at a screen (发布状态)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from prometheus_client import Counter, Gauge

from kafka_edge.feed import NotNow
from kafka_edge.publisher import PublisherStopped
from kafka_edge.telling import NO_SESSION, STOPPED, Tell, said_of

_LABELS = ("source",)
_POSITION = Gauge("yizhan_publisher_position", "发布到的位置 (position told)", _LABELS)
_LAG = Gauge("yizhan_publisher_lag_events", "尚未看过的日志事件 (events behind the log)", _LABELS)
_STOPPED = Gauge(
    "yizhan_publisher_stopped", "1：停在不能发布的事件之前 (stands before an event)", _LABELS
)
_SENT = Counter("yizhan_publisher_events", "已发布的事件 (events told)", _LABELS)
_FAILURES = Counter("yizhan_publisher_failures", "失败后再试的次数 (tried again)", _LABELS)

PUBLISHER_METRICS: Final = (
    "yizhan_publisher_position",
    "yizhan_publisher_lag_events",
    "yizhan_publisher_stopped",
    "yizhan_publisher_events_total",
    "yizhan_publisher_failures_total",
)
"""Every series of a publisher, which the alert rules and the dashboard are held against."""


class PublisherWatch:
    """Tells Prometheus, and whoever reads lines what they should know."""

    def __init__(self, source: str, tell: Tell) -> None:
        self._tell = tell
        self._position, self._lag = _POSITION.labels(source), _LAG.labels(source)
        self._stopped, self._sent = _STOPPED.labels(source), _SENT.labels(source)
        self._failures = _FAILURES.labels(source)
        self._word: str | None = NO_SESSION
        self._reached = self._last = 0
        self._look: Callable[[], int] | None = None
        self._lag.set_function(self._lag_now)

    def word(self) -> str | None:
        """None while it tells what there is; otherwise what keeps it from that, in one word."""
        return self._word

    def look_at(self, last_position: Callable[[], int]) -> None:
        """At each scrape ask how far the log reaches: a publisher that waits for Kafka learns
        nothing of it. Before anything is known to be told, everything is behind."""
        self._look = last_position

    def _lag_now(self) -> int:
        if self._look is not None:
            # A log that is away tells nothing new; the other metrics are told all the same.
            with suppress(NotNow):
                self._last = self._look()
        return max(0, self._last - self._reached)

    def reached(self, position: int, *, last: int, sent: int) -> None:
        """Everything up to a position is told."""
        self._word = None
        self._stopped.set(0)
        self._position.set(position)
        self._reached, self._last = position, last
        self._sent.inc(sent)
        if sent:
            line = f"已发布 {sent} 条，至位置 {position}（日志至 {last}）"
            self._tell(line, "published", sent=sent, position=position, last=last)

    def stopped(self, stopped: PublisherStopped) -> None:
        """It stands before an event: an alarm."""
        self._word = STOPPED
        self._stopped.set(1)
        before = stopped.stopped
        self._tell(str(stopped), "publisher stopped", position=before.position, before=before.event)

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """It tries again."""
        self._word = NO_SESSION
        self._failures.inc()
        line = f"{type(wrong).__name__}: {wrong}；{again_after_seconds:g} 秒后再试"
        self._tell(line, "publisher tries again", seconds=again_after_seconds, **said_of(wrong))
