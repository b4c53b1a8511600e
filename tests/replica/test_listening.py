"""The replica is right whatever dies: each record counts once, and what was told last stands."""

import random
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner

import eligibility.entrypoints.cli as eligibility_cli
import kafka_edge.listener
import settlement.entrypoints.cli as settlement_cli
from contracts.channels import PARTITIONS, PEOPLE
from contracts.vocabulary import PersonId
from kafka_edge.listener import TopicShorter
from kafka_edge.servers import KafkaServers
from kafka_edge.topics import create_topics
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.application.answer_from_replica import answered
from settlement.entrypoints.listen import RECHECKER
from settlement.read_models.people_replica import SqlPeopleReplica
from tests.eligibility.conftest import Desk, number
from tests.kafka_edge.published_people import PEOPLE as SO_MANY
from tests.kafka_edge.published_people import write_round
from tests.replica.listening import listening, publish_people, replica_of, start_listening
from tests.support.storages import settings_on

PATIENCE_SECONDS = 90.0
ROUNDS = 2
LOOKS = 40


@pytest.fixture(name="servers")
def _servers(kafka: str, monkeypatch: pytest.MonkeyPatch) -> KafkaServers:
    """A broker as operators name it, with topics of this test alone."""
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    monkeypatch.setenv("YIZHAN_KAFKA", servers.bootstrap)
    monkeypatch.setenv("YIZHAN_KAFKA_PREFIX", servers.prefix)
    create_topics(PEOPLE, servers)
    return servers


def require_as_eligibility(desk: Desk, replica: SqlPeopleReplica, people: int) -> None:
    """Everybody is known, and answered just as eligibility answers."""
    assert replica.count() == people
    http = EligibilityHttp(desk.client)
    for n in range(people):
        person = PersonId(desk.person_id(number(n)))
        live = http.entitlements(person, on=desk.now.date(), known_at=desk.now, by=RECHECKER)
        kept = replica.find(person)
        assert kept is not None
        ours = answered(kept, on=desk.now.date(), known_at=desk.now, window=None, replica=None)
        assert ours == replace(live, birth_date=None)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_listeners_killed_at_any_moment_lose_and_double_nothing(
    kind: str, servers: KafkaServers, tmp_path: Path
) -> None:
    """Two listen while people are told of; one after the other is killed at random moments and
    another comes, so that partitions move between them all the time."""
    settings = settings_on(kind, tmp_path / "settlement")
    desk, chance = Desk(tmp_path / "eligibility"), random.Random(20231018)  # noqa: S311 -- moments
    replica = replica_of(settings)
    listeners = [start_listening(settings, servers) for _ in range(2)]
    for of in range(ROUNDS):
        write_round(desk, of)
        publish_people(desk.data_dir, servers)
        time.sleep(chance.uniform(0.0, 0.4))
        killed = listeners.pop(0)
        killed.kill()
        killed.join()
        listeners.append(start_listening(settings, servers))
    people = SO_MANY + ROUNDS - 1
    deadline = time.monotonic() + PATIENCE_SECONDS
    with desk.client:
        while True:
            with suppress(AssertionError):
                require_as_eligibility(desk, replica, people)
                break
            assert time.monotonic() < deadline
            time.sleep(0.3)
        assert all(each.is_alive() for each in listeners)
        for each in listeners:
            each.kill()
            each.join()
        require_as_eligibility(desk, replica, people)


@pytest.mark.parametrize("who_sees_it_first", ["the listener", "the library"])
def test_a_topic_made_anew_beside_a_listener_is_not_read_as_the_old_one(
    servers: KafkaServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who_sees_it_first: str
) -> None:
    """It holds less than was read of the old one: the listener ends by name, and no place in the
    new one counts as read. Read from the beginning it goes on. The library, where it sees it
    first, goes to the end of what there is, and nothing comes any more."""
    opened: list[KafkaConsumer] = []

    class Kept(KafkaConsumer):  # type: ignore[misc]  # the library has no types
        def __init__(self, *topics: str, **how: object) -> None:
            super().__init__(*topics, **how)
            opened.append(self)

    monkeypatch.setattr(kafka_edge.listener, "KafkaConsumer", Kept)
    desk, settings = Desk(tmp_path / "eligibility"), settings_on("sqlite", tmp_path / "settlement")
    for of in range(2):  # whoever is told of twice is twice in a partition
        write_round(desk, of)
        publish_people(desk.data_dir, servers)
    replica = replica_of(settings)
    listening(settings, servers, once=True)
    known, topic = replica.count(), servers.named(PEOPLE.topic)
    # One record is less than was read of these, and nothing else says so.
    read_of = [each for each in range(PARTITIONS) if replica.next_offset(topic, each) > 1]
    assert read_of
    looks = 0

    def made_anew() -> None:
        nonlocal looks
        looks += 1
        if looks == LOOKS:
            raise TimeoutError
        if looks == 2:
            admin = KafkaAdminClient(bootstrap_servers=servers.bootstrap)
            admin.delete_topics([topic])
            admin.close()
            # Before the listener looks again: it learns of it by its place being unknown.
            while topic not in create_topics(PEOPLE, servers):
                time.sleep(0.1)
            producer = KafkaProducer(bootstrap_servers=servers.bootstrap)
            for partition in read_of:
                producer.send(topic, b"{}", key=b"x", partition=partition).get(10)
            producer.close()
            if who_sees_it_first == "the library":
                for partition in read_of:
                    opened[-1].seek(TopicPartition(topic, partition), 1)

    with pytest.raises(TopicShorter, match="--from-beginning"):
        listening(settings, servers, once=False, beside=made_anew)
    # Not because it looked anew after an error.
    assert looks < LOOKS
    assert (replica.count(), replica.refusals()) == (known, {})


def test_the_commands_tell_what_there_is(servers: KafkaServers, tmp_path: Path) -> None:
    """Published, listened to and read once; a record nobody can read ends it by name, and nothing
    behind it is taken; read from the beginning, it is the same again."""
    Desk(tmp_path).bring(
        f"居民身份证,{number(1)},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
    )
    publish = ["eligibility-publish", "--people", "--once", "--data", str(tmp_path)]
    assert CliRunner().invoke(eligibility_cli.app, publish).exit_code == 0
    listen = ["listen", "--once", "--data", str(tmp_path)]
    for command in (listen, [*listen, "--from-beginning"], listen):
        heard = CliRunner().invoke(settlement_cli.app, command)
        assert heard.exit_code == 0, heard.output
        assert heard.stdout.endswith("副本有 1 个人员标识，尚未与资格服务核对过\n")

    producer = KafkaProducer(bootstrap_servers=servers.bootstrap)
    producer.send(servers.named(PEOPLE.topic), b"{}", key=b"x").get(10)
    producer.close()
    refused = CliRunner().invoke(settlement_cli.app, listen)
    assert refused.exit_code == 2
    assert "不合约定" in refused.stderr
    nothing = CliRunner().invoke(settlement_cli.app, ["recheck", "--data", str(tmp_path)])
    assert (nothing.exit_code, nothing.stdout) == (0, "复核相同 0 笔，不同 0 笔\n")
