"""How a publisher does, for monitoring and for a person at a screen (发布状态)."""

from prometheus_client import Counter, Gauge

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


class PublisherWatch:
    """Tells Prometheus, and whoever reads lines what they should know."""

    def __init__(self, source: str, tell: Tell) -> None:
        self._tell = tell
        self._position, self._lag = _POSITION.labels(source), _LAG.labels(source)
        self._stopped, self._sent = _STOPPED.labels(source), _SENT.labels(source)
        self._failures = _FAILURES.labels(source)
        self._word: str | None = NO_SESSION

    def word(self) -> str | None:
        """None while it tells what there is; otherwise what keeps it from that, in one word."""
        return self._word

    def reached(self, position: int, *, last: int, sent: int) -> None:
        """Everything up to a position is told."""
        self._word = None
        self._stopped.set(0)
        self._position.set(position)
        self._lag.set(max(0, last - position))
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
