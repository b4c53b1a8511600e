"""The listener (收听程序): reads a topic and hands it on, in order, with the place it was read at.

Where it goes on is not Kafka's to know: whoever takes the records keeps the next offset of each
partition together with what they led to, in one transaction. So a listener that is killed, fenced
or loses its partitions in the middle of something does nothing twice and leaves nothing out; a
partition that is assigned to it is read from that offset on, whoever read it before.

A record that cannot be taken stops its partition before it: that is told, and tried again after
longer and longer pauses; the other partitions go on.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any, Final, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaError

from contracts.channels import Channel
from kafka_edge.exactly_once import TopicMissing
from kafka_edge.knocking import KafkaLoginRefused, KafkaUntrusted
from kafka_edge.servers import KafkaServers

POLLING_MILLISECONDS: Final = 500
RECORDS_A_POLL = 500
# Partitions of a listener that was killed go to another one after so long.
SESSION_MILLISECONDS = 10_000
SHORTEST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 60.0
_FOR_SOMEBODY_AT_FIRST: Final = (TopicMissing, KafkaUntrusted, KafkaLoginRefused)


@dataclass(frozen=True)
class Received:
    """A record as it stands in its partition (收到的消息)."""

    offset: int
    value: bytes | None


@dataclass(frozen=True)
class Span:
    """From which offset on records were read, and which comes next (读取区间)."""

    read_from: int
    next_offset: int


class RecordRefused(Exception):
    """A record cannot be taken (不能处理的消息); everything before it was."""

    def __init__(self, offset: int, why: str) -> None:
        self.offset, self.why = offset, why
        super().__init__(f"位置 {offset}：{why}")


class TopicShorter(Exception):
    """A partition ends before what was read of it: it is another topic than before (主题已更换)."""


class Takes(Protocol):
    """Who takes the records, and keeps how far they were taken."""

    def next_offset(self, topic: str, partition: int) -> int:
        """Where to go on; 0 before the first."""

    def take(self, topic: str, partition: int, records: Sequence[Received], span: Span) -> None:
        """Take these in order, each once, and keep that the span's end is next; both or neither.

        Those before what was taken already are passed over. Raises RecordRefused, and whatever
        else where less was taken than the span's beginning says.
        """


class Watched(Protocol):
    """Who is told how the listener does (状态)."""

    def listening(self) -> None:
        """It is a member of its group and has looked for records."""

    def took(self, partition: int, records: int) -> None:
        """So many records were taken."""

    def stopped(self, partition: int, refused: RecordRefused) -> None:
        """It stands before a record that it cannot take. Somebody has to look."""

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """Something did not work; it tries again."""


class _Assigned(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Forgets where it was in every partition that comes or goes."""

    def __init__(self, positions: dict[TopicPartition, int]) -> None:
        self._positions = positions

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Another may read them now."""
        self._forget(revoked)

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Another may have read them meanwhile."""
        self._forget(assigned)

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        for each in partitions:
            self._positions.pop(each, None)


class Listener:
    """Reads one channel as a member of a group, for somebody who takes its records."""

    def __init__(
        self,
        channel: Channel,
        servers: KafkaServers,
        takes: Takes,
        *,
        group: str,
        watched: Watched,
        ending: Event,
        beside: Callable[[], None],
    ) -> None:
        """`beside` is called after every look at Kafka, about twice a second or more often."""
        self._servers, self._takes, self._watched = servers, takes, watched
        self._topic, self._group = servers.named(channel.topic), servers.named(group)
        self._ending, self._beside = ending, beside
        self._waits: dict[int, float] = {}
        self._paused: dict[TopicPartition, float] = {}

    def listen(self, *, once: bool = False) -> None:
        """Take everything as it comes, until `ending` is set; or once all that is there now.

        Raises TopicMissing, TopicShorter, KafkaUntrusted, KafkaLoginRefused: those need somebody.
        With `once`, whatever goes wrong.
        """
        wait_seconds, had_topic = SHORTEST_WAIT_SECONDS, False
        while not self._ending.is_set():
            try:
                consumer = self._open()
                had_topic, wait_seconds = True, SHORTEST_WAIT_SECONDS
                try:
                    if self._listen(consumer, once=once):
                        return
                finally:
                    consumer.close()
            except TopicShorter:
                raise
            except Exception as wrong:  # whatever it is, what was taken is known
                if once or (isinstance(wrong, _FOR_SOMEBODY_AT_FIRST) and not had_topic):
                    raise
                self._watched.failed(wrong, again_after_seconds=wait_seconds)
            self._beside()
            self._ending.wait(wait_seconds)
            wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def _open(self) -> Any:
        consumer = self._servers.open(
            KafkaConsumer,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=RECORDS_A_POLL,
            session_timeout_ms=SESSION_MILLISECONDS,
            heartbeat_interval_ms=SESSION_MILLISECONDS // 5,
        )
        if self._topic not in consumer.topics():
            consumer.close()
            raise TopicMissing(
                f"Kafka 上没有主题 {self._topic}；请先由发布方以 --create-topics 建立"
            )
        return consumer

    def _listen(self, consumer: Any, *, once: bool) -> bool:
        """Until it is to end; True then."""
        positions: dict[TopicPartition, int] = {}
        consumer.subscribe([self._topic], listener=_Assigned(positions))
        self._paused.clear()
        while not self._ending.is_set():
            found = consumer.poll(timeout_ms=POLLING_MILLISECONDS)
            for each in consumer.assignment():
                if each not in positions:
                    # What was fetched before this is known may begin anywhere.
                    found.pop(each, None)
                    positions[each] = self._go_on(consumer, each)
            for partition, records in found.items():
                self._take(consumer, partition, records, positions, once=once)
            _require_none_went_back(consumer, positions)
            self._resume(consumer, positions)
            if consumer.assignment():
                self._watched.listening()
            self._beside()
            if once and consumer.assignment() and _is_at_end(consumer, self._paused):
                return True
        return True

    def _go_on(self, consumer: Any, partition: TopicPartition) -> int:
        """Seek to where the taking of a partition goes on."""
        offset = self._takes.next_offset(partition.topic, partition.partition)
        end = consumer.end_offsets([partition])[partition]
        if end < offset:
            raise TopicShorter(_another_topic(partition, end, offset))
        # What a compacted topic has dropped meanwhile is passed over.
        begin = consumer.beginning_offsets([partition])[partition]
        consumer.seek(partition, max(begin, offset))
        return offset

    def _take(
        self,
        consumer: Any,
        partition: TopicPartition,
        records: Sequence[Any],
        positions: dict[TopicPartition, int],
        *,
        once: bool,
    ) -> None:
        read_from = positions.get(partition)
        if partition in self._paused or read_from is None:
            return
        if records[0].offset < read_from:
            # The broker knows nothing of where it was to go on, and so it began again.
            raise TopicShorter(_another_topic(partition, records[0].offset, read_from))
        received = [Received(each.offset, each.value) for each in records]
        following = records[-1].offset + 1
        number = partition.partition
        try:
            self._takes.take(partition.topic, number, received, Span(read_from, following))
        except RecordRefused as refused:
            if once:
                raise
            wait_seconds = self._waits.get(number, SHORTEST_WAIT_SECONDS)
            self._waits[number] = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
            consumer.pause(partition)
            self._paused[partition] = wait_seconds
            self._watched.stopped(number, refused)
            return
        self._waits.pop(number, None)
        positions[partition] = following
        self._watched.took(number, len(received))

    def _resume(self, consumer: Any, positions: dict[TopicPartition, int]) -> None:
        """Try partitions again whose pause is over."""
        for partition in list(self._paused):
            self._paused[partition] -= POLLING_MILLISECONDS / 1_000
            if partition not in consumer.assignment():
                del self._paused[partition]
            elif self._paused[partition] <= 0:
                del self._paused[partition]
                consumer.resume(partition)
                positions[partition] = self._go_on(consumer, partition)


def _another_topic(partition: TopicPartition, there: int, read: int) -> str:
    return (
        f"主题 {partition.topic} 的分区 {partition.partition} 只到 {there}，"
        f"而已读到 {read}：主题可能已重建；请以 --from-beginning 重建副本"
    )


def _require_none_went_back(consumer: Any, positions: dict[TopicPartition, int]) -> None:
    """The library seeks to the end of what is there, and says nothing, where a partition turns out
    to be shorter than what was read of it. Raises TopicShorter."""
    for partition in consumer.assignment():
        read = positions.get(partition)
        there = consumer.position(partition, timeout_ms=POLLING_MILLISECONDS)
        if read is not None and there is not None and there < read:
            raise TopicShorter(_another_topic(partition, there, read))


def _is_at_end(consumer: Any, paused: Collection[TopicPartition]) -> bool:
    """Whether everything that is there now was read, but for what is stopped."""
    partitions = [each for each in consumer.assignment() if each not in paused]
    with suppress(KafkaError):
        ends = consumer.end_offsets(partitions)
        return all(consumer.position(each) >= ends[each] for each in partitions)
    return False
