"""What both services' publish commands do (发布命令)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event
from typing import Final

from kafka.errors import KafkaError

from contracts.channels import Channel
from kafka_edge.exactly_once import (
    ExactlyOnce,
    Fenced,
    PositionLost,
    PositionUnclear,
    TakenOver,
    TopicMissing,
    TopicUnfit,
)
from kafka_edge.feed import Feed, NotNow
from kafka_edge.knocking import KafkaLoginRefused, KafkaUntrusted
from kafka_edge.publisher import LogBehind, LogDiffers, Publisher, PublisherStopped
from kafka_edge.security import KafkaSecurityUnusable
from kafka_edge.seldom_collected import seldom_collected
from kafka_edge.servers import KafkaServers
from kafka_edge.telling import Tell
from kafka_edge.topics import create_topics
from kafka_edge.watching import PublisherWatch

TOLD_ERRORS: Final = (
    Fenced,
    KafkaLoginRefused,
    KafkaSecurityUnusable,
    KafkaUntrusted,
    LogBehind,
    LogDiffers,
    NotNow,
    PositionLost,
    PositionUnclear,
    PublisherStopped,
    TopicMissing,
    TopicUnfit,
)


class PublishingFailed(Exception):
    """Publishing ended and was not asked to (发布中止); the message says what to do."""


def publish(
    feed: Feed,
    channel: Channel,
    servers: KafkaServers,
    *,
    once: bool,
    creates_topics: bool,
    tell: Tell,
    beside: Callable[[PublisherWatch], AbstractContextManager[object]],
) -> None:
    """Publish until SIGTERM or Ctrl-C, until another takes over, or what is there now.

    `beside` stands meanwhile, and tells others how it does. Who was taken over has not failed:
    whatever starts it again would fence the other, and so on.
    Raises `PublishingFailed`.
    """
    ending = Event()
    watch = PublisherWatch(channel.source, tell)
    watch.look_at(feed.last_position)
    publisher = Publisher(
        feed,
        lambda fenced: ExactlyOnce(channel, servers, follows=fenced),
        watched=watch,
        ending=ending,
    )
    try:
        with _ended_by_signals(ending), beside(watch), seldom_collected():
            if creates_topics:
                for name in create_topics(channel, servers):
                    tell(f"已建立主题 {name}", "topic created", topic=name)
            if once:
                position = publisher.catch_up()
                tell(f"已发布至位置 {position}", "caught up", position=position)
            else:
                publisher.follow()
    except TOLD_ERRORS as told:
        raise PublishingFailed(str(told)) from told
    except TakenOver as taken:
        line = f"另一个发布程序（{taken}）已启动，本程序不再发布 (taken over)"
        tell(line, "taken over")
    except KafkaError as wrong:
        message = f"Kafka（{servers.bootstrap}）没有完成：{wrong}；已发布的不会重复，请再运行一次"
        raise PublishingFailed(message) from wrong


@contextmanager
def _ended_by_signals(ending: Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C finish the transaction at hand; a second one ends at once, which takes it
    back: with Kafka away, a transaction may take as long as Kafka stays away."""

    def end(*_: object) -> None:
        if ending.is_set():
            raise SystemExit(1)
        ending.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
