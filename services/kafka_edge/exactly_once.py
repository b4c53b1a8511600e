"""Writing events and the publisher's position in one Kafka transaction (恰好一次).

The position is a record of its own, on a compacted topic of one partition that this publisher alone
writes. A transaction holds some events and the position that they reach, or nothing of either. Who
starts says the same transactional id: what another left unfinished is finished or taken back before
anything is read, and that other can write no more.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import InvalidProducerEpochError, KafkaError, ProducerFencedError

from contracts.channels import CONTENT_TYPE, Channel
from kafka_edge.outgoing import Outgoing
from kafka_edge.servers import KafkaServers

_HEADERS = [("content-type", CONTENT_TYPE.encode())]
_CLOSING_SECONDS = 5
# Batches of 256 kB are about twice as fast as the default.
_BATCH_BYTES = 256 * 1024


class TopicMissing(Exception):
    """A topic was never created (主题未建立)."""


class PositionLost(Exception):
    """Events were sent, and nobody knows how far (发布位置丢失): from 0 on would double them."""


class TakenOver(Exception):
    """Another publisher of this source has started (已被接替); this one may write no more."""


class ExactlyOnce:
    """One publisher's hold on a channel, from its start to its first trouble (发布会话).

    After anything was raised it is of no use: close it, and ask another for the position.
    """

    def __init__(self, channel: Channel, servers: KafkaServers) -> None:
        """Take the channel over. Raises `TopicMissing`, and KafkaError where there is no Kafka."""
        self._channel, self._servers = channel, servers
        self._events = servers.named(channel.topic)
        self._positions = servers.named(channel.positions_topic)
        self._require_topics()
        self._producer = KafkaProducer(
            bootstrap_servers=servers.bootstrap,
            transactional_id=servers.named(channel.transactional_id),
            batch_size=_BATCH_BYTES,
            linger_ms=20,
        )
        try:
            self._producer.init_transactions()
            self._position = self._read_position()
        except BaseException:
            self.close()
            raise

    @property
    def position(self) -> int:
        """The position up to which everything has been sent; 0 before the first."""
        return self._position

    def send(self, messages: Sequence[Outgoing], *, reached: int) -> None:
        """Send these and keep that `reached` is reached, or nothing.

        Raises `TakenOver` and KafkaError; after the latter either has happened, and only a new
        session knows. Raises ValueError for messages out of order: none is sent.
        """
        self._require_order(messages, reached)
        try:
            self._send(messages, reached)
        except KafkaError as wrong:
            if _is_fenced(wrong, self._producer):
                raise TakenOver(self._channel.transactional_id) from wrong
            raise
        self._position = reached

    def close(self) -> None:
        """Let go; what is not committed is taken back by whoever comes next."""
        try:
            self._producer.close(timeout=_CLOSING_SECONDS)
        except KafkaError:
            # What it still tries to send belongs to a transaction that nobody will commit.
            self._producer._sender.force_close()  # noqa: SLF001 -- close() gives up before it does so

    def _send(self, messages: Sequence[Outgoing], reached: int) -> None:
        producer = self._producer
        producer.begin_transaction()
        sent = [
            producer.send(self._events, each.value, key=each.key, headers=_HEADERS)
            for each in messages
        ]
        kept = json.dumps({"source": self._channel.source, "position": reached}).encode()
        sent.append(producer.send(self._positions, kept, key=self._channel.source.encode()))
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
        consumer = KafkaConsumer(bootstrap_servers=self._servers.bootstrap)
        try:
            there = consumer.topics()
        finally:
            consumer.close()
        if missing := [each for each in (self._events, self._positions) if each not in there]:
            message = f"Kafka 上没有主题 {'、'.join(missing)}；请先以 --create-topics 建立"
            raise TopicMissing(message)

    def _read_position(self) -> int:
        kept = [json.loads(each) for each in self._committed(self._positions)]
        found = [int(each["position"]) for each in kept if each["source"] == self._channel.source]
        if found:
            return found[-1]
        for value in self._committed(self._events):
            if json.loads(value)["source"] == self._channel.source:
                message = (
                    f"{self._events} 里已有 {self._channel.source} 的事件，"
                    f"{self._positions} 里却没有发布位置；"
                    "从头发布会重复，故未发布。请先恢复该主题 (position lost)"
                )
                raise PositionLost(message)
        return 0

    def _committed(self, topic: str) -> Iterator[bytes]:
        """The committed records of a topic, up to the end as of now."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers.bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        try:
            numbers = consumer.partitions_for_topic(topic) or ()
            partitions = [TopicPartition(topic, number) for number in numbers]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(each) < ends[each] for each in partitions):
                records = consumer.poll(timeout_ms=1_000)
                for found in records.values():
                    yield from (each.value for each in found)
        finally:
            consumer.close()


def _is_fenced(wrong: BaseException | None, producer: Any) -> bool:
    """Whether an error, or what the producer met before it, says that another took over."""
    manager = producer._transaction_manager  # noqa: SLF001 -- the library shows it to nobody else
    met: list[Any] = [wrong, getattr(wrong, "__cause__", None), manager.last_error]
    met += [each for each in getattr(wrong, "args", ()) if isinstance(each, BaseException)]
    return any(isinstance(each, ProducerFencedError | InvalidProducerEpochError) for each in met)
