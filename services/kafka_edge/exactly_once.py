"""Writing events and the publisher's position in one Kafka transaction (恰好一次).

The position is a record of its own, on a compacted topic of one partition that this publisher alone
writes. A transaction holds some events and the position that they reach, or nothing of either. Who
starts says the same transactional id: what another left unfinished is finished or taken back before
anything is read, and that other can write no more. It then claims the channel by a position with a
name of its own, so that whoever is refused afterwards can tell a successor from a transaction that
took too long: Kafka refuses both alike.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    InvalidProducerEpochError,
    KafkaError,
    LeaderNotAvailableError,
    ProducerFencedError,
)
from kafka.partitioner.default import murmur2

from contracts.channels import CONTENT_TYPE, PARTITIONS, Channel
from kafka_edge.outgoing import Outgoing
from kafka_edge.servers import KafkaServers

_HEADERS = [("content-type", CONTENT_TYPE.encode())]
_CLOSING_SECONDS = 5
# Batches of 256 kB are about twice as fast as the default. They leave when full or when the page is
# complete: on a clock, the sending thread would take a few records at a time from the other.
_BATCH_BYTES = 256 * 1024
_LINGER_MILLISECONDS = 10_000
# Kafka refuses to begin a transaction for some milliseconds after it took the last one. The library
# then sleeps as long as this; by its own default it slept longer than all the rest takes.
_AGAIN_AFTER_MILLISECONDS = 20
_LATEST = 20


class TopicMissing(Exception):
    """A topic was never created (主题未建立)."""


class TopicUnfit(Exception):
    """A topic is not as promised (主题不合约定)."""


class PositionLost(Exception):
    """Events were sent, and nobody knows how far (发布位置丢失): from 0 on would double them."""


class PositionUnclear(Exception):
    """Kafka told a position that its own events are beyond (发布位置不明); it is asked again."""


class TakenOver(Exception):
    """Another publisher of this source has started (已被接替); this one may write no more."""


class Fenced(Exception):
    """Kafka takes no more from this session (会话已失效): another began, or it took too long.

    Whoever opens the next one says which session it follows, and hears if it was another.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        super().__init__("Kafka 不再接受本次会话：有另一个发布程序启动，或事务超时 (fenced)")


@dataclass(frozen=True)
class _Kept:
    """The last committed position, and whose it is."""

    position: int
    session: str
    mark: str = ""


class ExactlyOnce:
    """One publisher's hold on a channel, from its start to its first trouble (发布会话).

    After anything was raised it is of no use: close it, and ask another for the position.
    """

    def __init__(
        self,
        channel: Channel,
        servers: KafkaServers,
        *,
        follows: str | None = None,
        longest_transaction_seconds: int = 60,
    ) -> None:
        """Take the channel over; after a `Fenced` session, only if nobody else has.

        Raises `TopicMissing`, `TopicUnfit`, `PositionLost`, `TakenOver`, and what
        `KafkaServers.open` raises where there is no Kafka or it does not let us in.
        """
        self._channel, self._servers = channel, servers
        self._name = uuid4().hex
        self._events = servers.named(channel.topic)
        self._positions = servers.named(channel.positions_topic)
        self._require_topics()
        if follows is not None:
            self._require_nobody_after(follows)
        self._producer = servers.open(
            KafkaProducer,
            transactional_id=servers.named(channel.transactional_id),
            batch_size=_BATCH_BYTES,
            linger_ms=_LINGER_MILLISECONDS,
            retry_backoff_ms=_AGAIN_AFTER_MILLISECONDS,
            transaction_timeout_ms=longest_transaction_seconds * 1_000,
        )
        try:
            self._producer.init_transactions()
            kept = self._kept()
            self._position = kept.position if kept else self._first_position()
            self._mark = kept.mark if kept else ""
            self._require_nothing_beyond(self._position)
            self.send((), reached=self._position, mark=self._mark)
            # Asked now, not when the first transaction has begun.
            self._producer.partitions_for(self._events)
        except BaseException:
            self.close()
            raise

    @property
    def position(self) -> int:
        """The position up to which everything has been sent; 0 before the first."""
        return self._position

    @property
    def mark(self) -> str:
        """The mark of the event at that position; empty where nobody kept one."""
        return self._mark

    def send(self, messages: Sequence[Outgoing], *, reached: int, mark: str = "") -> None:
        """Send these and keep that `reached` is reached, and its event's `mark`; or nothing.

        Raises `Fenced` and KafkaError: either has happened then, and only a new session knows.
        Raises ValueError for messages out of order: none is sent.
        """
        self._require_order(messages, reached)
        try:
            self._send(messages, reached, mark)
        except KafkaError as wrong:
            if _is_fenced(wrong, self._producer):
                raise Fenced(self._name) from wrong
            raise
        self._position, self._mark = reached, mark

    def close(self) -> None:
        """Let go; what is not committed is taken back by whoever comes next."""
        try:
            self._producer.close(timeout=_CLOSING_SECONDS)
        except KafkaError:
            # What it still tries to send belongs to a transaction that nobody will commit.
            self._producer._sender.force_close()  # noqa: SLF001 -- close() gives up before it does so

    def _send(self, messages: Sequence[Outgoing], reached: int, mark: str) -> None:
        producer = self._producer
        producer.begin_transaction()
        sent = [
            producer.send(
                self._events,
                each.value,
                key=each.key,
                headers=_HEADERS,
                partition=_partition_of(each.key),
            )
            for each in messages
        ]
        kept = {
            "source": self._channel.source,
            "position": reached,
            "session": self._name,
            "mark": mark,
        }
        key = self._channel.source.encode()
        sent.append(producer.send(self._positions, json.dumps(kept).encode(), key=key))
        producer.flush()
        # The library has been seen to go on after a batch that failed: each is asked.
        for each in sent:
            if not each.succeeded():
                raise each.exception or KafkaError("a record was not acknowledged")
        producer.commit_transaction()

    def _require_order(self, messages: Sequence[Outgoing], reached: int) -> None:
        positions = [self._position, *(each.position for each in messages)]
        in_order = all(a < b for a, b in pairwise(positions))
        if not in_order or reached < positions[-1]:
            message = f"positions out of order after {self._position}, up to {reached}"
            raise ValueError(message)

    def _require_topics(self) -> None:
        consumer = self._servers.open(KafkaConsumer)
        try:
            there = consumer.topics()
            found = len(consumer.partitions_for_topic(self._events) or ())
        finally:
            consumer.close()
        if missing := [each for each in (self._events, self._positions) if each not in there]:
            message = f"Kafka 上没有主题 {'、'.join(missing)}；请先以 --create-topics 建立"
            raise TopicMissing(message)
        if found != PARTITIONS:
            message = (
                f"主题 {self._events} 有 {found} 个分区，约定为 {PARTITIONS} 个："
                "同一人的事件会换分区而乱序，故未发布；请按约定的分区数另建 (other partitions)"
            )
            raise TopicUnfit(message)

    def _require_nobody_after(self, session: str) -> None:
        kept = self._kept()
        if kept is None or kept.session != session:
            raise TakenOver(self._channel.transactional_id)

    def _kept(self) -> _Kept | None:
        told = [json.loads(each) for each in self._committed(self._positions)]
        ours = [each for each in told if each["source"] == self._channel.source]
        if not ours:
            return None
        last = ours[-1]
        # Positions that were kept before there were marks have none.
        return _Kept(int(last["position"]), str(last["session"]), str(last.get("mark", "")))

    def _first_position(self) -> int:
        """0, unless events of this source are there already."""
        for value in self._committed(self._events):
            if json.loads(value)["source"] == self._channel.source:
                message = (
                    f"{self._events} 里已有 {self._channel.source} 的事件，"
                    f"{self._positions} 里却没有发布位置；"
                    "从头发布会重复，故未发布。请先恢复该主题 (position lost)"
                )
                raise PositionLost(message)
        return 0

    def _require_nothing_beyond(self, position: int) -> None:
        """The latest events must not be beyond the position, whatever Kafka said of the latter."""
        for value in self._committed(self._events, latest=_LATEST):
            event = json.loads(value)
            if event["source"] == self._channel.source and event["data"]["position"] > position:
                raise PositionUnclear(f"{event['id']} > {position}")

    def _committed(self, topic: str, *, latest: int | None = None) -> Iterator[bytes]:
        """The committed records of a topic, up to the end as of now; or the latest few of each
        partition, counting those of Kafka's own."""
        consumer = self._servers.open(
            KafkaConsumer,
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        try:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers:
                # A broker that has just started may not know yet; nothing is not an empty topic.
                raise LeaderNotAvailableError(topic)
            partitions = [TopicPartition(topic, number) for number in numbers]
            consumer.assign(partitions)
            begins = consumer.beginning_offsets(partitions)
            ends = consumer.end_offsets(partitions)
            for each in partitions:
                back = 0 if latest is None else ends[each] - latest
                consumer.seek(each, max(begins[each], back))
            while any(consumer.position(each) < ends[each] for each in partitions):
                records = consumer.poll(timeout_ms=1_000)
                for found in records.values():
                    yield from (each.value for each in found)
        finally:
            consumer.close()


@lru_cache(maxsize=20_000)
def _partition_of(key: bytes) -> int:
    """Where every Kafka client puts a key; told instead of computed for each event of a person."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % PARTITIONS


def _is_fenced(wrong: BaseException | None, producer: Any) -> bool:
    """Whether an error, or what the producer met before it, says that this session is over."""
    manager = producer._transaction_manager  # noqa: SLF001 -- the library shows it to nobody else
    met: list[Any] = [wrong, getattr(wrong, "__cause__", None), manager.last_error]
    met += [each for each in getattr(wrong, "args", ()) if isinstance(each, BaseException)]
    return any(isinstance(each, ProducerFencedError | InvalidProducerEpochError) for each in met)
