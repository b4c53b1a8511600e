"""How a listener does, for monitoring and for a person at a screen (收听状态)."""

from prometheus_client import Counter, Gauge

from kafka_edge.listener import RecordRefused
from kafka_edge.telling import NO_SESSION, STOPPED, Tell, said_of

_STOPPED = Gauge(
    "yizhan_listener_stopped",
    "1：停在不能处理的消息之前 (stands before a record)",
    ("topic", "partition"),
)
_TAKEN = Counter("yizhan_listener_records", "已处理的消息 (records taken)", ("topic",))
_FAILURES = Counter("yizhan_listener_failures", "失败后再试的次数 (tried again)", ("topic",))


class ListenerWatch:
    """Tells Prometheus, and whoever reads lines what they should know."""

    def __init__(self, topic: str, tell: Tell) -> None:
        self._topic, self._tell = topic, tell
        self._taken, self._failures = _TAKEN.labels(topic), _FAILURES.labels(topic)
        self._is_listening = False
        self._stopped: set[int] = set()

    def word(self) -> str | None:
        """None while it takes what there is; otherwise what keeps it from that, in one word."""
        if not self._is_listening:
            return NO_SESSION
        return STOPPED if self._stopped else None

    def listening(self) -> None:
        """It is a member of its group and has looked for records."""
        self._is_listening = True

    def took(self, partition: int, records: int) -> None:
        """So many records were taken."""
        self._taken.inc(records)
        self._stopped.discard(partition)
        _STOPPED.labels(self._topic, str(partition)).set(0)

    def stopped(self, partition: int, refused: RecordRefused) -> None:
        """It stands before a record: an alarm."""
        self._stopped.add(partition)
        _STOPPED.labels(self._topic, str(partition)).set(1)
        self._tell(
            f"{self._topic} 分区 {partition} 停在{refused}；未跳过，其他分区照常",
            "listener stopped",
            partition=partition,
            offset=refused.offset,
        )

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """It tries again. Of what went wrong only the kind is told: its text may quote anything."""
        self._is_listening = False
        self._stopped.clear()
        self._failures.inc()
        line = f"{type(wrong).__name__}；{again_after_seconds:g} 秒后再试"
        self._tell(line, "listener tries again", seconds=again_after_seconds, **said_of(wrong))
