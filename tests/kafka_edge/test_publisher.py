"""A publisher stops where it must, says why, and never at the price of an event."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Event, Thread
from uuid import uuid4

import pytest
from kafka.admin import KafkaAdminClient
from prometheus_client import REGISTRY

from contracts.channels import SETTLEMENT
from contracts.settlement_events_v1 import PatientAdmitted
from kafka_edge.exactly_once import (
    ExactlyOnce,
    Fenced,
    PositionLost,
    PositionUnclear,
    TakenOver,
    TopicMissing,
    TopicUnfit,
    _Kept,
    _partition_of,
)
from kafka_edge.feed import FeedPage, NotNow, page_before_fault
from kafka_edge.outgoing import outgoing
from kafka_edge.publisher import LogBehind, LogDiffers, Publisher, PublisherStopped
from kafka_edge.servers import KafkaNotNamed, KafkaServers, read_kafka_servers
from kafka_edge.telling import on_screen
from kafka_edge.topics import create_topics
from kafka_edge.watching import PUBLISHER_METRICS, PublisherWatch
from tests.kafka_edge.reading import told

FAULTY = "settlement.patient-admitted.v1"


@dataclass
class Admissions:
    """A log of so many admissions, of which one may be unreadable, or none just now."""

    length: int
    faulty: int | None = None
    is_away: bool = False
    read: list[int] = field(default_factory=list)
    other_from: int | None = None

    def mark(self, position: int) -> str:
        """Which log it is, and where in it."""
        is_other = self.other_from is not None and position >= self.other_from
        return f"{'other' if is_other else 'this'} {position}"

    def page(self, after: int) -> FeedPage:
        """The feed."""
        return page_before_fault(self._read, log=self, after=after)

    def last_position(self) -> int:
        """How many there are."""
        if self.is_away:
            raise NotNow
        return self.length

    def next_name(self, after: int) -> tuple[int, str] | None:
        """All are of one kind."""
        return (after + 1, FAULTY) if after < self.length else None

    def _read(self, after: int, limit: int) -> FeedPage:
        if self.is_away:
            raise NotNow("资格服务没有应答")
        positions = range(after + 1, min(after + limit, self.length) + 1)
        if self.faulty in positions:
            raise ValueError("no such kind")
        self.read += positions
        events = [
            PatientAdmitted(
                position=each,
                person_id=f"p-{each % 3}",
                township=None,
                institution_id="H1",
                day=date(2023, 7, 1),
                recorded_at=datetime(2023, 7, 1, tzinfo=UTC),
            )
            for each in positions
        ]
        reached = positions[-1] if positions else after
        return FeedPage([outgoing(SETTLEMENT, each) for each in events], reached, self.length)


@pytest.fixture(name="servers")
def _servers(kafka: str) -> KafkaServers:
    """Topics of this test alone."""
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    assert create_topics(SETTLEMENT, servers) == [
        f"{servers.prefix}yizhan.settlement.events.v1",
        f"{servers.prefix}yizhan.settlement.published",
    ]
    assert create_topics(SETTLEMENT, servers) == []
    return servers


def publisher(
    feed: Admissions, servers: KafkaServers, said: list[str], ending: Event | None = None
) -> Publisher:
    """A publisher of settlement's channel, and what it says."""
    watch = PublisherWatch(SETTLEMENT.source, on_screen(said.append))
    return Publisher(
        feed,
        lambda fenced: ExactlyOnce(SETTLEMENT, servers, follows=fenced),
        watched=watch,
        ending=ending or Event(),
    )


def positions(servers: KafkaServers) -> Sequence[int]:
    """The positions told, sorted: those of one person are in order by another test."""
    return sorted(each["data"]["position"] for each in told(SETTLEMENT, servers))


def metric(name: str) -> float | None:
    """What monitoring sees of settlement's publisher."""
    return REGISTRY.get_sample_value(name, {"source": SETTLEMENT.source})


def test_it_goes_on_where_it_was(servers: KafkaServers) -> None:
    """Told once, then only what is new; nothing new is no harm."""
    feed, said = Admissions(5), list[str]()
    assert publisher(feed, servers, said).catch_up() == 5
    feed.length = 7
    assert publisher(feed, servers, said).catch_up() == 7
    assert publisher(feed, servers, said).catch_up() == 7
    assert feed.read == [1, 2, 3, 4, 5, 6, 7]
    assert positions(servers) == [1, 2, 3, 4, 5, 6, 7]
    assert said == ["已发布 5 条，至位置 5（日志至 5）", "已发布 2 条，至位置 7（日志至 7）"]


def test_an_event_that_cannot_be_told_stops_it_by_name(servers: KafkaServers) -> None:
    """What comes before is told, nothing after; monitoring sees it; later it goes on from there."""
    feed, said = Admissions(40, faulty=23), list[str]()
    stopped = publisher(feed, servers, said)
    with pytest.raises(
        PublisherStopped, match=r"停在位置 23 的事件 settlement.patient-admitted.v1"
    ):
        stopped.catch_up()
    assert positions(servers) == list(range(1, 23))

    ending = Event()
    following = Thread(
        target=publisher(feed, servers, said, ending).follow, kwargs={"every_seconds": 0.05}
    )
    following.start()
    while not any("停在位置 23" in each for each in said):
        ending.wait(0.05)
    assert metric("yizhan_publisher_stopped") == 1
    assert metric("yizhan_publisher_position") == 22
    assert metric("yizhan_publisher_lag_events") == 18
    feed.faulty = None
    while len(positions(servers)) < 40:
        ending.wait(0.05)
    ending.set()
    following.join()
    assert metric("yizhan_publisher_stopped") == 0
    assert metric("yizhan_publisher_lag_events") == 0
    assert positions(servers) == list(range(1, 41))


def test_what_cannot_be_read_now_is_tried_again(servers: KafkaServers) -> None:
    """A neighbour is away: counted and told in one line, then everything is told."""
    feed, said, ending = Admissions(3, is_away=True), list[str](), Event()
    before = metric("yizhan_publisher_failures_total") or 0.0
    following = Thread(target=publisher(feed, servers, said, ending).follow)
    following.start()
    while not said:
        ending.wait(0.05)
    assert said[0] == "NotNow: 资格服务没有应答；1 秒后再试"
    feed.is_away = False
    while len(positions(servers)) < 3:
        ending.wait(0.05)
    ending.set()
    following.join()
    assert metric("yizhan_publisher_failures_total") == before + 1


def test_the_lag_grows_while_kafka_takes_nothing() -> None:
    """It is looked up when somebody asks: whoever waits for Kafka tells nothing. A log that is away
    leaves what was known."""
    feed = Admissions(4)
    watch = PublisherWatch(SETTLEMENT.source, on_screen(list[str]().append))
    watch.look_at(feed.last_position)
    assert metric("yizhan_publisher_lag_events") == 4, "nothing is known to be told"
    watch.reached(4, last=4, sent=4)
    assert metric("yizhan_publisher_lag_events") == 0
    feed.length = 26
    assert metric("yizhan_publisher_lag_events") == 22
    feed.is_away = True
    feed.length = 30
    assert metric("yizhan_publisher_lag_events") == 22


def test_every_series_of_a_publisher_is_named() -> None:
    """Alerts and dashboard are held against these names."""
    watch = PublisherWatch(SETTLEMENT.source, on_screen(list[str]().append))
    watch.reached(1, last=1, sent=1)
    told = {
        each.name
        for family in REGISTRY.collect()
        for each in family.samples
        if each.name.startswith("yizhan_publisher_") and not each.name.endswith("_created")
    }
    assert told == set(PUBLISHER_METRICS)


def test_the_later_of_two_takes_over(servers: KafkaServers) -> None:
    """Kafka refuses the first one's next transaction, and it ends; nothing is doubled."""
    feed, said, ending = Admissions(2), list[str](), Event()
    ended: list[BaseException] = []

    def follow() -> None:
        try:
            publisher(feed, servers, said, ending).follow(every_seconds=0.05)
        except TakenOver as taken:
            ended.append(taken)

    first = Thread(target=follow)
    first.start()
    while len(positions(servers)) < 2:
        ending.wait(0.05)
    second = ExactlyOnce(SETTLEMENT, servers)
    feed.length = 4
    first.join()
    assert [str(each) for each in ended] == ["yizhan.settlement.publisher"]
    assert "Kafka 不再接受本次会话" in said[-1]
    second.send(feed.page(second.position).messages, reached=4)
    second.close()
    assert positions(servers) == [1, 2, 3, 4]


def test_a_transaction_that_took_too_long_is_no_successor(servers: KafkaServers) -> None:
    """Kafka ends the session as for a successor; there is none, so it goes on by itself."""
    feed = Admissions(3)
    slow = ExactlyOnce(SETTLEMENT, servers, longest_transaction_seconds=1)
    commit = slow._producer.commit_transaction
    slow._producer.commit_transaction = lambda: (Event().wait(5), commit())
    with pytest.raises(Fenced) as fenced:
        slow.send(feed.page(0).messages, reached=3)
    slow.close()
    again = ExactlyOnce(SETTLEMENT, servers, follows=fenced.value.session)
    assert again.position == 0
    again.send(feed.page(0).messages, reached=3)
    again.close()
    with pytest.raises(TakenOver):
        ExactlyOnce(SETTLEMENT, servers, follows=fenced.value.session)
    assert positions(servers) == [1, 2, 3]


def test_messages_out_of_order_are_never_sent(servers: KafkaServers) -> None:
    """A page whose positions go back, repeat, or lie beyond what it reaches is refused whole."""
    feed = Admissions(4)
    one, two, three, four = feed.page(0).messages
    hold = ExactlyOnce(SETTLEMENT, servers)
    hold.send([one, two], reached=2)
    for messages, reached in (([four, three], 4), ([two, three], 3), ([three, four], 3), ([], 1)):
        with pytest.raises(ValueError, match="out of order"):
            hold.send(messages, reached=reached)
    hold.send([three, four], reached=4)
    hold.close()
    assert positions(servers) == [1, 2, 3, 4]


def test_a_lost_position_an_older_log_and_a_missing_topic_need_somebody(
    servers: KafkaServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would double or hide events: it ends with a sentence, and nothing is sent."""
    publisher(Admissions(5), servers, []).catch_up()
    with pytest.raises(LogBehind, match="位置 5 为止的事件，日志只到 4"):
        publisher(Admissions(4), servers, []).catch_up()
    # Restored from a copy of its first four events, it went on with others.
    for publishes in (Publisher.catch_up, Publisher.follow):
        with pytest.raises(LogDiffers, match="位置 5 的事件，日志在该位置却是另一个事件"):
            publishes(publisher(Admissions(9, other_from=5), servers, []))
    other = KafkaServers(servers.bootstrap, f"{uuid4().hex}.")
    with pytest.raises(TopicMissing, match="--create-topics"):
        publisher(Admissions(5), other, []).follow()
    create_topics(SETTLEMENT, other)
    named = {SETTLEMENT.topic: servers.named(SETTLEMENT.topic)}
    monkeypatch.setattr(
        KafkaServers,
        "named",
        lambda self, name: named.get(name, f"{self.prefix}{name}"),
    )
    with pytest.raises(PositionLost, match="从头发布会重复"):
        publisher(Admissions(5), other, []).follow()
    monkeypatch.undo()
    assert positions(servers) == [1, 2, 3, 4, 5]


def test_a_position_that_events_are_beyond_is_not_believed(
    servers: KafkaServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Kafka says of the position: the latest events say otherwise, and nothing is sent."""
    publisher(Admissions(5), servers, []).catch_up()
    with monkeypatch.context() as patched:
        patched.setattr(ExactlyOnce, "_kept", lambda _: _Kept(3, "somebody"))
        with pytest.raises(PositionUnclear, match=r"/yizhan/settlement/[45] > 3"):
            publisher(Admissions(5), servers, []).catch_up()
    publisher(Admissions(6), servers, []).catch_up()
    assert positions(servers) == [1, 2, 3, 4, 5, 6]


def test_a_topic_with_other_partitions_is_refused(kafka: str) -> None:
    """Somebody created it by hand: people's events would change places, so nothing is sent. And a
    key goes where every other client of Kafka puts it."""
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics({servers.named(SETTLEMENT.topic): {"num_partitions": 3}})
    admin.close()
    create_topics(SETTLEMENT, servers)
    with pytest.raises(TopicUnfit, match="有 3 个分区，约定为 12 个"):
        publisher(Admissions(1), servers, []).follow()
    # As the Java client does: Utils.toPositive(Utils.murmur2(key)) % 12.
    assert [_partition_of(key) for key in (b"21", b"foobar", b"abc")] == [0, 6, 3]


def test_somebody_says_where_kafka_is() -> None:
    """Without the variable nothing is guessed."""
    with pytest.raises(KafkaNotNamed, match="YIZHAN_KAFKA"):
        read_kafka_servers({})
    given = {"YIZHAN_KAFKA": "k1:9092,k2:9092", "YIZHAN_KAFKA_PREFIX": "training."}
    servers = read_kafka_servers(given)
    assert servers.bootstrap == "k1:9092,k2:9092"
    assert servers.named("yizhan.settlement.events.v1") == "training.yizhan.settlement.events.v1"
