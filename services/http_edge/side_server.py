"""Health and metrics beside a worker that serves nobody (进程旁的健康检查与指标)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.registry import Collector

from http_edge.health import Check, Health, usable
from http_edge.metrics import Looked
from http_edge.operating import Operations, side_app
from http_edge.operating_settings import OperatingSettings
from http_edge.serving import Server


def kafka_checks(
    *,
    log_usable: Callable[[], object],
    kafka_reachable: Callable[[], object],
    name: str,
    word: Callable[[], str | None],
) -> list[Check]:
    """What a process needs that stands between a log and Kafka; `word` tells how it does."""
    return [
        Check("event-log", usable(log_usable)),
        Check("kafka", usable(kafka_reachable)),
        Check(name, word),
    ]


def told_beside(
    service: str, checks: Sequence[Check], settings: OperatingSettings, *, host: str, port: int
) -> AbstractContextManager[object]:
    """While the block runs, health and what the process counts are told on `port`, 0 for nowhere.

    Entering raises `NotStarted`.
    """
    if not port:
        return nullcontext()
    registry = CollectorRegistry()
    # What counts in the process's own registry is told with it.
    registry.register(cast("Collector", REGISTRY))
    operations = Operations(
        service=service,
        health=Health(checks),
        looked=Looked(service),
        settings=settings,
        registry=registry,
    )
    return Server(side_app(operations), host=host, port=port)
