"""Every event once and in order per key, whatever is killed: publisher, broker, or both sides."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from contracts.channels import ELIGIBILITY, PARTITIONS
from kafka_edge.servers import KafkaServers
from kafka_edge.topics import create_topics
from tests.eligibility.conftest import Desk
from tests.kafka_edge.published_people import expected, start_publishing, write_round
from tests.kafka_edge.reading import positions_by_key, records, told
from tests.real_parts.kafka_broker import own_broker

PATIENCE_SECONDS = 120.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def require_each_once_in_order(desk: Desk, servers: KafkaServers) -> int:
    """What readers get is what the log says: each event once, those of a key in order."""
    found = records(servers.named(ELIGIBILITY.topic), servers)
    wanted = expected(desk)
    assert sorted((each.key, each.value) for each in found) == sorted(wanted)
    by_key = positions_by_key(told(ELIGIBILITY, servers))
    assert all(positions == sorted(set(positions)) for positions in by_key.values())
    assert max(map(len, by_key.values())) > 3  # somebody has several, or order says nothing
    assert len({each.partition for each in found}) == PARTITIONS
    return len(found)


def test_a_publisher_killed_at_any_moment_doubles_and_loses_nothing(
    kafka: str, tmp_path: Path
) -> None:
    """SIGKILL six times while events are being stored: once certainly inside a transaction, then at
    random moments. The next publisher goes on by itself."""
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    desk, chance = Desk(tmp_path), random.Random(20231018)  # noqa: S311 -- moments, no secrets
    create_topics(ELIGIBILITY, servers)
    write_round(desk, 0)

    dying = start_publishing(tmp_path, servers, dies=True)
    write_round(desk, 1)
    dying.join(PATIENCE_SECONDS)
    assert dying.exitcode == -9
    for of in range(2, 7):
        publisher = start_publishing(tmp_path, servers)
        write_round(desk, of)
        time.sleep(chance.uniform(0.1, 0.8))
        publisher.kill()
        publisher.join()
    start_publishing(tmp_path, servers, once=True).join(PATIENCE_SECONDS)

    count = require_each_once_in_order(desk, servers)
    everything = records(servers.named(ELIGIBILITY.topic), servers, committed=False)
    assert len(everything) > count  # the transaction of the one that died was taken back


def test_a_broker_killed_and_started_again_needs_no_hands(tmp_path: Path) -> None:
    """Kafka dies under a publisher, stays away while events are stored, and comes back: all is
    told, each once, by the same publisher."""
    with own_broker(tmp_path / "kafka") as broker:
        servers = KafkaServers(broker.bootstrap)
        create_topics(ELIGIBILITY, servers)
        desk = Desk(tmp_path / "data")
        write_round(desk, 0)
        publisher = start_publishing(tmp_path / "data", servers)
        wait_until(lambda: bool(told(ELIGIBILITY, servers)))
        write_round(desk, 1)

        broker.kill()
        write_round(desk, 2)
        write_round(desk, 3)
        broker.start()
        write_round(desk, 4)

        wanted = len(expected(desk))
        wait_until(lambda: len(told(ELIGIBILITY, servers)) >= wanted)
        assert publisher.is_alive()
        publisher.kill()
        publisher.join()
        require_each_once_in_order(desk, servers)
