"""Publishing (发布): events a second from a service's log into Kafka, beside a bare producer.

The bare producer is kafka-python with the compiled checksum, acknowledged by all and idempotent,
sending the same keys and bytes out of memory. Ours reads the log, decides what is told, puts it in
its envelope, and writes it and its position in transactions. Settlement asks nobody for townships
here: that is eligibility's speed. `EVENTS` in the environment makes it smaller for a quick look.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from threading import Event
from uuid import uuid4

from kafka import KafkaProducer

from benchmarks.measuring import Measured, more_is_better
from contracts.channels import ELIGIBILITY, SETTLEMENT, Channel
from contracts.vocabulary import InstitutionId, PersonId
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import build
from eligibility.domain.resident_id import check_character
from eligibility.entrypoints.publish import EligibilityFeed
from eligibility.settings import Settings
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.feed import Feed
from kafka_edge.outgoing import Outgoing
from kafka_edge.publisher import Publisher
from kafka_edge.servers import KafkaServers
from kafka_edge.telling import on_screen
from kafka_edge.topics import create_topics
from kafka_edge.watching import PublisherWatch
from settlement.adapters.event_ledger import open_ledger
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.entrypoints.publish import SettlementFeed
from tests.real_parts.kafka_broker import own_broker

EVENTS = int(os.environ.get("EVENTS", "20000"))
_REPEATS = 3
_AT = datetime(2023, 7, 1, tzinfo=UTC)
_DAY = date(2023, 6, 1)
_HALF = 0.5
_ROSTER_HEADER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)


def measure() -> list[Measured]:
    """Both services' logs, each beside the bare producer in turns."""
    with tempfile.TemporaryDirectory(prefix="yizhan-publishing-") as name:
        folder = Path(name)
        with own_broker(folder / "kafka") as broker:
            return [
                _beside_bare("结算公开事件", SETTLEMENT, _stays(folder / "s"), broker.bootstrap),
                _beside_bare("资格公开事件", ELIGIBILITY, _people(folder / "e"), broker.bootstrap),
            ]


def _beside_bare(title: str, channel: Channel, feed: Feed, bootstrap: str) -> Measured:
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
        target_ratio=_HALF,
        note=f"{len(messages):,} 条，平均 {size} 字节 (bytes on average)",
    )


def _seconds_of_ours(channel: Channel, feed: Feed, bootstrap: str) -> float:
    servers = KafkaServers(bootstrap, f"{uuid4().hex}.")
    create_topics(channel, servers)
    session = ExactlyOnce(channel, servers)
    watched = PublisherWatch(channel.source, on_screen(lambda _: None))
    publisher = Publisher(feed, lambda _: session, watched=watched, ending=Event())
    return _seconds(publisher.catch_up)


def _seconds_of_bare(channel: Channel, messages: Sequence[Outgoing], bootstrap: str) -> float:
    servers = KafkaServers(bootstrap, f"{uuid4().hex}.")
    create_topics(channel, servers)
    topic = servers.named(channel.topic)
    producer = KafkaProducer(bootstrap_servers=bootstrap, batch_size=256 * 1024, linger_ms=20)
    producer.partitions_for(topic)

    def send() -> None:
        for each in messages:
            producer.send(topic, each.value, key=each.key)
        producer.flush()
        producer.close()

    return _seconds(send)


def _seconds(run: Callable[[], object]) -> float:
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


def _stays(data: Path) -> SettlementFeed:
    """Stays that were admitted and discharged, two public events each."""
    ledger = open_ledger(data / "settlement.sqlite")
    by = Actor(operator="bench", institution_id=InstitutionId("H1"))
    stays = []
    for number in range(EVENTS // 2):
        stay = Stay.admit(
            institution_id=by.institution_id,
            hospital_stay_number=str(number),
            person_id=PersonId(str(uuid4())),
            scheme=None,
            admission=_DAY,
            circumstances=Circumstances(),
            by=by,
            today=_DAY,
            at=_AT,
        )
        stay.discharge_patient(
            discharge=_DAY,
            invoice_number=None,
            circumstances=Circumstances(),
            by=by,
            today=_DAY,
            at=_AT,
        )
        stays.append(stay)
    ledger.log.save_portions(stays[i : i + 500] for i in range(0, len(stays), 500))
    return SettlementFeed(ledger, _Nowhere())


def _people(data: Path) -> EligibilityFeed:
    """People of one roster, two public events each: an identity and an enrolment."""
    eligibility = build(Settings(data))
    rows = [_ROSTER_HEADER]
    for each in range(EVENTS // 2):
        body = f"990001{1950 + each // 336_000:04d}{1 + each // 28_000 % 12:02d}"
        body += f"{1 + each // 1_000 % 28:02d}{each % 1_000:03d}"
        certificate = body + check_character(body)
        rows.append(
            f"居民身份证,{certificate},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
        )
    staged = eligibility.stage_roster.stage("\n".join([*rows, ""]).encode(), at=_AT)
    eligibility.activate_roster(
        staged.roster_id,
        accept_rejected_rows=False,
        acting=ActsFor(institution_id="bench", operator="bench"),
        at=_AT,
    )
    return EligibilityFeed(eligibility)
