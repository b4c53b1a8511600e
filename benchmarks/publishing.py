"""Publishing (发布): events a second from a service's log into Kafka, beside a bare producer.

The bare producer is kafka-python with the compiled checksum, acknowledged by all and idempotent,
sending the same records (key, value, header) out of memory. Ours reads the log, decides what is
told, puts it in its envelope, and writes it and its position in transactions. Settlement asks
nobody for townships here: that is eligibility's speed. `EVENTS` in the environment makes it smaller
for a quick look.
"""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from threading import Event
from uuid import uuid4

from kafka import KafkaProducer

from benchmarks.measuring import Measured, more_is_better
from benchmarks.published_logs import own_database, people_of, stays_of, whole_stays_of
from contracts.channels import CONTENT_TYPE, ELIGIBILITY, PEOPLE, SETTLEMENT, Channel
from contracts.vocabulary import PersonId
from eligibility.entrypoints.publish import EligibilityFeed, PeopleFeed
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.feed import Feed
from kafka_edge.outgoing import Outgoing
from kafka_edge.publisher import Publisher
from kafka_edge.seldom_collected import seldom_collected
from kafka_edge.servers import KafkaServers
from kafka_edge.telling import on_screen
from kafka_edge.topics import create_topics
from kafka_edge.watching import PublisherWatch
from settlement.domain.record import Actor
from settlement.entrypoints.publish import SettlementFeed
from tests.real_parts.kafka_broker import own_broker

EVENTS = int(os.environ.get("EVENTS", "20000"))
_REPEATS = 5
_HALF = 0.5
_SETTLEMENTS_A_SECOND = 1_000
"""What one-call settlements are to reach (`settlements_http`)."""


def measure() -> list[Measured]:
    """Each log beside the bare producer in turns; then whole stays against what is told of them."""
    with tempfile.TemporaryDirectory(prefix="yizhan-publishing-") as name:
        folder = Path(name)
        database = own_database(folder / "postgres")
        two_each = EVENTS // 2
        with own_broker(folder / "kafka") as broker:
            stays = SettlementFeed(stays_of(folder / "stays", how_many=two_each), _Nowhere())
            people = people_of(folder / "people", how_many=two_each)
            on_server = people_of(folder / "served", how_many=two_each, database=database)
            at = broker.bootstrap
            return [
                _beside_bare("结算公开事件", SETTLEMENT, stays, at),
                _beside_bare("资格公开事件", ELIGIBILITY, EligibilityFeed(people), at),
                _beside_bare(
                    "资格公开事件，日志在 PostgreSQL", ELIGIBILITY, EligibilityFeed(on_server), at
                ),
                _beside_bare("人员现况", PEOPLE, PeopleFeed(people), at, target=None),
                _keeps_up(folder / "whole", database, at),
            ]


def _beside_bare(
    title: str, channel: Channel, feed: Feed, bootstrap: str, *, target: float | None = _HALF
) -> Measured:
    messages = _all_of(feed)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(_REPEATS):
        ours.append(_seconds_of_ours(channel, feed, bootstrap))
        bare.append(_seconds_of_bare(channel, messages, bootstrap))
    size = sum(len(each.value) for each in messages) // len(messages)
    return more_is_better(
        f"{title}，日志到 Kafka，恰好一次 (log to Kafka, exactly once)",
        ours=len(messages) / median(ours),
        anchor=len(messages) / median(bare),
        anchor_name="kafka-python 直接发送同样的消息 (bare producer, crc32c)",
        unit="条/秒 (events/s)",
        target_ratio=target,
        note=f"{len(messages):,} 条，平均 {size} 字节 (bytes on average)",
    )


def _keeps_up(data: Path, database: str, bootstrap: str) -> Measured:
    """Public events a second, against those that a thousand whole stays a second would make."""
    whole = whole_stays_of(data, database, how_many=EVENTS // 10)
    feed = SettlementFeed(whole.ledger, _Nowhere())
    messages, logged = len(_all_of(feed)), whole.ledger.log.last_position()
    seconds = [_seconds_of_ours(SETTLEMENT, feed, bootstrap) for _ in range(_REPEATS)]
    told_each = messages / whole.how_many
    return more_is_better(
        "跟得上结算：一次办结的整笔住院，日志在 PostgreSQL (keeps up with whole stays)",
        ours=messages / median(seconds),
        anchor=_SETTLEMENTS_A_SECOND * told_each,
        anchor_name=f"每秒 {_SETTLEMENTS_A_SECOND:,} 笔所述的公开事件 (told by so many stays)",
        unit="条/秒 (events/s)",
        target_ratio=1.0,
        note=(
            f"{whole.how_many:,} 笔，每笔日志 {logged / whole.how_many:.1f} 条、"
            f"公开 {told_each:g} 条 (log and public events a stay)；"
            "不向资格服务问乡镇 (townships not asked)"
        ),
    )


def _seconds_of_ours(channel: Channel, feed: Feed, bootstrap: str) -> float:
    servers = KafkaServers(bootstrap, f"{uuid4().hex}.")
    create_topics(channel, servers)
    session = ExactlyOnce(channel, servers)
    watched = PublisherWatch(channel.source, on_screen(lambda _: None))
    publisher = Publisher(feed, lambda _: session, watched=watched, ending=Event())
    with seldom_collected():  # as `yizhan publish` does
        return _seconds(publisher.catch_up)


def _seconds_of_bare(channel: Channel, messages: Sequence[Outgoing], bootstrap: str) -> float:
    servers = KafkaServers(bootstrap, f"{uuid4().hex}.")
    create_topics(channel, servers)
    topic = servers.named(channel.topic)
    producer = KafkaProducer(bootstrap_servers=bootstrap, batch_size=256 * 1024, linger_ms=20)
    producer.partitions_for(topic)
    headers = [("content-type", CONTENT_TYPE.encode())]

    def send() -> None:
        for each in messages:
            producer.send(topic, each.value, key=each.key, headers=headers)
        producer.flush()
        producer.close()

    # A script of its own would hold little: what the benchmark holds is not gone through for it.
    gc.freeze()
    try:
        return _seconds(send)
    finally:
        gc.unfreeze()


def _seconds(run: Callable[[], object]) -> float:
    gc.collect()
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _all_of(feed: Feed) -> list[Outgoing]:
    found: list[Outgoing] = []
    after = 0
    while (page := feed.page(after)).reached > after:
        found += page.messages
        after = page.reached
    return found


class _Nowhere:
    """Nobody has said where people live."""

    def township_of(self, person_id: PersonId, *, on: date, by: Actor) -> str | None:  # noqa: ARG002 -- the port's signature
        """The port."""
        return None
