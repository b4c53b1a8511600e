"""Kafka is away while people are told of, and listeners come and go: nobody lends a hand."""

import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from contracts.channels import PEOPLE
from kafka_edge.servers import KafkaServers
from kafka_edge.topics import create_topics
from tests.eligibility.conftest import Desk
from tests.kafka_edge.published_people import PEOPLE as SO_MANY
from tests.kafka_edge.published_people import write_round
from tests.kafka_edge.reading import positions_by_key, told
from tests.real_parts.kafka_broker import own_broker
from tests.replica.listening import replica_of, start_listening, start_publishing
from tests.replica.test_listening import require_as_eligibility
from tests.support.storages import settings_on

PATIENCE_SECONDS = 120.0


@pytest.mark.soak  # even two seconds away take clients a minute to come back from
@pytest.mark.parametrize(("away_seconds", "rounds"), [(2, 1), (60, 5)])
def test_kafka_stops_and_a_listener_dies(away_seconds: int, rounds: int, tmp_path: Path) -> None:
    """Statements go on meanwhile. Afterwards the replica tells what eligibility tells, each event
    stands in Kafka once, and those of a person in order."""
    settings = settings_on("sqlite", tmp_path / "settlement")
    desk, chance = Desk(tmp_path / "eligibility"), random.Random(20231018)  # noqa: S311 -- moments
    replica = replica_of(settings)
    with own_broker(tmp_path / "broker") as broker:
        servers = KafkaServers(broker.bootstrap)
        create_topics(PEOPLE, servers)
        listeners = [start_listening(settings, servers) for _ in range(2)]
        write_round(desk, 0)
        publisher = start_publishing(desk.data_dir, servers)
        for of in range(1, rounds + 1):
            time.sleep(chance.uniform(0.5, 1.5))
            broker.stop()
            write_round(desk, of)
            time.sleep(away_seconds)
            broker.start()
            killed = listeners.pop(0)
            killed.kill()
            killed.join()
            listeners.append(start_listening(settings, servers))
        deadline = time.monotonic() + PATIENCE_SECONDS
        with desk.client:
            while True:
                with suppress(AssertionError):
                    require_as_eligibility(desk, replica, SO_MANY + rounds)
                    break
                assert time.monotonic() < deadline
                time.sleep(0.3)
        assert all(each.is_alive() for each in (*listeners, publisher))
        for each in (*listeners, publisher):
            each.kill()
            each.join()
        events = told(PEOPLE, servers)
        assert len({each["id"] for each in events}) == len(events)
        assert all(told == sorted(told) for told in positions_by_key(events).values())
