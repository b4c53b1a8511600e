"""Listeners, and publishers of people, in processes that can be killed (收听进程)."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event

import pytest

import kafka_edge.feed
import kafka_edge.listener
from contracts.channels import PEOPLE
from eligibility.bootstrap import build
from eligibility.entrypoints.publish import PeopleFeed
from eligibility.settings import Settings as EligibilitySettings
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.listener import Listener, RecordRefused
from kafka_edge.publisher import Publisher
from kafka_edge.servers import KafkaServers
from settlement.entrypoints.listen import GROUP, PeopleTopic
from settlement.read_models.people_replica import SqlPeopleReplica
from settlement.settings import Settings
from settlement.storage import open_storage
from tests.kafka_edge.published_people import Quiet as QuietPublisher

FEW = 10


class Quiet:
    """Nobody watches."""

    def listening(self) -> None:
        """Nothing."""

    def took(self, partition: int, records: int) -> None:
        """Nothing."""

    def stopped(self, _partition: int, refused: RecordRefused) -> None:
        """Not expected."""
        raise refused

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """Nothing: it goes on by itself."""


def publish_people(data: Path, servers: KafkaServers) -> None:
    """Tell everything there is of people, a few to a transaction."""
    publisher = Publisher(
        PeopleFeed(build(EligibilitySettings(data))),
        lambda fenced: ExactlyOnce(PEOPLE, servers, follows=fenced),
        watched=QuietPublisher(),
        ending=Event(),
    )
    # Set again: other stories of this process want pages as they are.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kafka_edge.feed, "EVENTS_A_PAGE", FEW)
        publisher.catch_up()


def publishing_people(data: Path, servers: KafkaServers) -> None:
    """Tell everything as it comes, a few to a transaction."""
    kafka_edge.feed.EVENTS_A_PAGE = FEW
    Publisher(
        PeopleFeed(build(EligibilitySettings(data))),
        lambda fenced: ExactlyOnce(PEOPLE, servers, follows=fenced),
        watched=QuietPublisher(),
        ending=Event(),
    ).follow(every_seconds=0.1)


def start_publishing(data: Path, servers: KafkaServers) -> BaseProcess:
    """The same in a process of its own."""
    started = multiprocessing.get_context("forkserver").Process(
        target=publishing_people, args=(data, servers), daemon=True
    )
    started.start()
    return started


def replica_of(settings: Settings) -> SqlPeopleReplica:
    """The replica that settings name."""
    storage = open_storage(settings)
    people = SqlPeopleReplica(storage.read_models)
    if storage.is_embedded:
        people.create_tables()
    return people


def listening(
    settings: Settings,
    servers: KafkaServers,
    *,
    once: bool,
    beside: Callable[[], None] = lambda: None,
) -> None:
    """A listener, a few records at a time."""
    kafka_edge.listener.RECORDS_A_POLL = FEW
    kafka_edge.listener.SESSION_MILLISECONDS = 2_500
    Listener(
        PEOPLE,
        servers,
        PeopleTopic(replica_of(settings)),
        group=GROUP,
        watched=Quiet(),
        ending=Event(),
        beside=beside,
    ).listen(once=once)


def start_listening(
    settings: Settings, servers: KafkaServers, *, once: bool = False
) -> BaseProcess:
    """The same in a process of its own, out of one that has read the modules."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    started = context.Process(
        target=listening, args=(settings, servers), kwargs={"once": once}, daemon=True
    )
    started.start()
    return started
