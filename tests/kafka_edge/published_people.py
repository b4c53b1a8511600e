"""Eligibility under load, and publishers of it in processes that can be killed."""

import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any

import kafka_edge.feed
from contracts.channels import ELIGIBILITY
from eligibility.bootstrap import build
from eligibility.entrypoints.publish import EligibilityFeed
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.publisher import Publisher, PublisherStopped
from kafka_edge.servers import KafkaServers
from tests.eligibility.conftest import Desk, number
from tests.support.people_places import people_settings

PEOPLE = 60
SMALL_PAGE = 20


def write_round(desk: Desk, of: int) -> None:
    """Everybody's identity begins on another day, and some people are new: public events."""
    day = f"2023-{1 + of // 28:02d}-{1 + of % 28:02d}"
    desk.bring(
        *(
            f"居民身份证,{number(each)},样例,,低保对象,{day},,500112,居民,一档,2015-01-01,"
            for each in range(of, of + PEOPLE)
        )
    )


class Quiet:
    """Nobody watches."""

    def reached(self, position: int, *, last: int, sent: int) -> None:
        """Nothing."""

    def stopped(self, stopped: PublisherStopped) -> None:
        """Not expected."""
        raise stopped

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """Nothing: it goes on by itself."""


class DiesInTransaction(ExactlyOnce):
    """Ends itself with SIGKILL when its third transaction is written and not committed."""

    def send(self, messages: Any, *, reached: int, mark: str = "") -> None:
        """The same, but for the third time."""
        self.sent = getattr(self, "sent", 0) + 1
        if self.sent == 3:
            self._producer.commit_transaction = lambda: os.kill(os.getpid(), signal.SIGKILL)
        super().send(messages, reached=reached, mark=mark)


def publishing(data: Path, servers: KafkaServers, *, dies: bool, once: bool) -> None:
    """A publisher of a data folder, a few events to a transaction."""
    kafka_edge.feed.EVENTS_A_PAGE = SMALL_PAGE
    feed = EligibilityFeed(build(people_settings(data)))
    hold = DiesInTransaction if dies else ExactlyOnce
    publisher = Publisher(
        feed,
        lambda fenced: hold(ELIGIBILITY, servers, follows=fenced),
        watched=Quiet(),
        ending=Event(),
    )
    if once:
        publisher.catch_up()
    else:
        publisher.follow(every_seconds=0.02)


def start_publishing(
    data: Path, servers: KafkaServers, *, dies: bool = False, once: bool = False
) -> BaseProcess:
    """The same in a process of its own, out of one that has read the modules."""
    # Out of a server process: what Kafka's clients have for threads here is not copied.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    started = context.Process(
        target=publishing, args=(data, servers), kwargs={"dies": dies, "once": once}, daemon=True
    )
    started.start()
    return started


def expected(desk: Desk) -> list[tuple[bytes, bytes]]:
    """Key and bytes of every event that is to be told, in the order of the log."""
    feed, after = EligibilityFeed(desk.eligibility), 0
    found: list[tuple[bytes, bytes]] = []
    while (page := feed.page(after)).reached > after:
        found += [(each.key, each.value) for each in page.messages]
        after = page.reached
    return found
