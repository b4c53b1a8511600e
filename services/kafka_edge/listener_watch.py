"""How a listener does, for monitoring and for a person at a screen (收听状态)."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge

from kafka_edge.listener import RecordRefused

_STOPPED = Gauge(
    "yizhan_listener_stopped",
    "1：停在不能处理的消息之前 (stands before a record)",
    ("topic", "partition"),
)
_TAKEN = Counter("yizhan_listener_records", "已处理的消息 (records taken)", ("topic",))
_FAILURES = Counter("yizhan_listener_failures", "失败后再试的次数 (tried again)", ("topic",))


class ListenerWatch:
    """Tells Prometheus, and a person in one line what they should know."""

    def __init__(self, topic: str, tell: Callable[[str], None]) -> None:
        self._topic, self._tell = topic, tell
        self._taken, self._failures = _TAKEN.labels(topic), _FAILURES.labels(topic)

    def took(self, partition: int, records: int) -> None:
        """So many records were taken."""
        self._taken.inc(records)
        _STOPPED.labels(self._topic, str(partition)).set(0)

    def stopped(self, partition: int, refused: RecordRefused) -> None:
        """It stands before a record: an alarm."""
        _STOPPED.labels(self._topic, str(partition)).set(1)
        self._tell(f"{self._topic} 分区 {partition} 停在{refused}；未跳过，其他分区照常")

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """It tries again."""
        self._failures.inc()
        self._tell(f"{type(wrong).__name__}: {wrong}；{again_after_seconds:g} 秒后再试")
