"""Each ledger is a source of its own on Kafka: none skips, doubles or fences the other's events."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from contracts.channels import SETTLEMENT, Channel
from kafka_edge.publish_command import publish
from kafka_edge.servers import KafkaServers
from settlement.entrypoints.publish import SettlementFeed
from tests.kafka_edge.reading import told
from tests.settlement.finding.test_notices import PlayedResidences
from tests.shards.two_shards import CHONGQING, INVENTED, TwoShards, two_shards
from tests.support.settlement_desk import P1, P2


def publish_now(shards: TwoShards, name: str, servers: KafkaServers) -> Channel:
    """As `yizhan publish --once --shard NAME` does; the channel it is told on."""
    channel = replace(SETTLEMENT, source=shards.settings_of(name).source)
    feed = SettlementFeed(shards.opened[name].ledger, PlayedResidences(), channel)
    publish(
        feed,
        channel,
        servers,
        once=True,
        creates_topics=True,
        tell=lambda *_line, **_facts: None,
        beside=nullcontext,
    )
    return channel


def test_two_ledgers_publish_side_by_side(kafka: str, tmp_path: Path) -> None:
    """Both on one topic, again and again, and after more was settled: each event once."""
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    with two_shards(tmp_path, on_server=False) as shards:
        hospital = shards.hospital()
        hospital.import_institutions()
        for number in ("W1", "W2"):
            hospital.settle(CHONGQING, P1, number)
            hospital.settle(INVENTED, P2, number)
            channels = [publish_now(shards, name, servers) for name in shards.rows]
            publish_now(shards, "chongqing", servers)

        found = told(SETTLEMENT, servers)
        assert len({each["id"] for each in found}) == len(found)
        for channel, person in zip(channels, (P1, P2), strict=True):
            own = [each for each in found if each["source"] == channel.source]
            assert {each["data"]["person_id"] for each in own} == {person}
            positions = [each["data"]["position"] for each in own]
            assert positions == sorted(set(positions))
            assert len(own) == 4
        assert len({each.transactional_id for each in channels}) == 2
        assert len({each.positions_topic for each in channels}) == 2
