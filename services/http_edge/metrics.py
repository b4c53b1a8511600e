"""Metrics for Prometheus (指标): counted while requests run, and looked up when they are scraped.

Each application has a registry of its own; of several ledgers in one process each has one, and
what it tells is labelled with its `shard`. Every name is in `METRICS`, which the alert rules, the
dashboard and the runbook are held against. With `PROMETHEUS_MULTIPROC_DIR` set, the counts of all
workers of a machine are added up in files there, whichever worker answers the scrape.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from http_edge.health import OK, Followed, Report

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
TLooked = TypeVar("TLooked")

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

METRICS: Final[Mapping[str, str]] = {
    "yizhan_http_request_duration_seconds": "请求耗时，按路由、方法、状态类别 (latency)",
    "yizhan_http_refusals_total": "拒绝与错误，按问题类型 (refusals by cause)",
    "yizhan_http_requests_in_flight": "在办请求 (requests in flight)",
    "yizhan_http_rejected_total": "因背压未受理的请求 (rejected by backpressure)",
    "yizhan_settlements_total": "完成的结算，撤销不减 (settlements completed)",
    "yizhan_settled_cost_fen_total": "完成的结算的费用总额，分 (cost of the bills settled, in fen)",
    "yizhan_reversals_total": "撤销的结算 (settlements reversed)",
    "yizhan_events_stored_total": "写入的事件 (events stored)",
    "yizhan_event_log_save_duration_seconds": "写入事件日志的耗时 (saving)",
    "yizhan_group_commit_saves": "一次提交合并的写入数 (saves that shared one transaction)",
    "yizhan_event_log_last_position": "事件日志的最后位置 (last position)",
    "yizhan_follower_lag_events": "读模型落后的事件数 (events a read model is behind)",
    "yizhan_follower_stopped": "读模型停在不能应用的事件前为 1 (stopped before an event)",
    "yizhan_dead_letters": "等待处理的死信 (dead letters waiting)",
    "yizhan_replica_age_seconds": "资格副本距完整时刻的秒数 (seconds since it was complete)",
    "yizhan_replica_settlements": "副本代答的结算，按复核结果 (settled by the replica)",
    "yizhan_health_check": "检查项正常为 1，否则为 0 (1 where a check is fine)",
}
"""Every metric of ours, with what it tells."""

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SAVES = (1, 2, 4, 8, 16, 32, 64, 128)


def _told(name: str) -> tuple[str, str]:
    return name, METRICS[name]


def _labels(shard: str, **values: str) -> dict[str, str]:
    """The labels of a metric; `shard` only where there are several."""
    return {**values, "shard": shard} if shard else values


class HttpMetrics:
    """What is counted while requests run (请求指标)."""

    def __init__(self, registry: CollectorRegistry, service: str, *, shard: str = "") -> None:
        self._own = _labels(shard, service=service)
        self._duration = Histogram(
            *_told("yizhan_http_request_duration_seconds"),
            ["method", "route", "status_class", *self._own],
            buckets=_SECONDS,
            registry=registry,
        )
        self._durations: dict[tuple[str, str, int], Histogram] = {}
        self._refusals = Counter(
            *_told("yizhan_http_refusals_total"), ["problem", *self._own], registry=registry
        )
        self._rejected = Counter(
            *_told("yizhan_http_rejected_total"), ["problem", *self._own], registry=registry
        )
        in_flight = Gauge(
            *_told("yizhan_http_requests_in_flight"),
            list(self._own),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.in_flight = in_flight.labels(**self._own)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        labels = (method, route, status // 100)
        duration = self._durations.get(labels)
        if duration is None:
            # Looking a labelled child up takes the library longer than observing.
            duration = self._duration.labels(
                method=method, route=route, status_class=f"{labels[2]}xx", **self._own
            )
            self._durations[labels] = duration
        duration.observe(seconds)

    def refused(self, problem: str) -> None:
        """With a problem of this type."""
        self._refusals.labels(problem=problem, **self._own).inc()

    def rejected(self, problem: str) -> None:
        """Before the application saw it."""
        self._rejected.labels(problem=problem, **self._own).inc()


class LogMetrics:
    """What is counted when a log is written (写入指标)."""

    def __init__(self, registry: CollectorRegistry, service: str, *, shard: str = "") -> None:
        own = _labels(shard, service=service)
        names = list(own)
        events = Counter(*_told("yizhan_events_stored_total"), names, registry=registry)
        save = Histogram(
            *_told("yizhan_event_log_save_duration_seconds"),
            names,
            buckets=_SECONDS,
            registry=registry,
        )
        group = Histogram(
            *_told("yizhan_group_commit_saves"), names, buckets=_SAVES, registry=registry
        )
        self._events = events.labels(**own)
        self.save_seconds = save.labels(**own)
        self._group = group.labels(**own)

    def stored(self, events: int) -> None:
        """So many events were stored."""
        self._events.inc(events)

    def committed(self, saves: int) -> None:
        """So many saves shared one transaction."""
        self._group.observe(saves)


class SettlementMetrics:
    """What settlement counts beside (结算指标)."""

    def __init__(self, registry: CollectorRegistry, *, shard: str = "") -> None:
        def counter(name: str) -> Counter:
            own = _labels(shard)
            made = Counter(*_told(name), list(own), registry=registry)
            return made.labels(**own) if own else made

        self._settlements = counter("yizhan_settlements_total")
        self._cost_fen = counter("yizhan_settled_cost_fen_total")
        self._reversals = counter("yizhan_reversals_total")

    def settled(self, *, cost_fen: int) -> None:
        """A bill of this cost was settled."""
        self._settlements.inc()
        self._cost_fen.inc(cost_fen)

    def reversed(self) -> None:
        """A settlement was reversed."""
        self._reversals.inc()


Levels = Callable[[], Mapping[str, int]]
"""By name, how much of something there is now."""


def _nothing() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True)
class Looked:
    """What is looked up at each scrape (抓取时查询): positions, and queues by their names."""

    service: str
    last_position: Callable[[], int] | None = None
    followed: Callable[[], Sequence[Followed]] = tuple
    dead_letters: Levels = field(default=_nothing)
    replica_age_seconds: Callable[[], int | None] | None = None
    replica_settlements: Levels = field(default=_nothing)
    shard: str = ""
    shards: "Callable[[], Sequence[tuple[Looked, Report | None]]]" = tuple
    """The same of each ledger beside this one, with what was found of its health."""


class _LookedUp(Collector):
    """The gauges of one scrape; what cannot be read is left out, and `/health/ready` says so."""

    def __init__(self, looked: Looked, report: Report | None) -> None:
        self._looked = looked
        self._report = report

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Look everything up, of each ledger."""
        told = list(self.of_one_ledger())
        for shard, report in self._looked.shards():
            of_shard = _LookedUp(shard, report).of_one_ledger()
            for family, more in zip(told, of_shard, strict=True):
                family.samples += more.samples
        return told

    def of_one_ledger(self) -> Iterable[GaugeMetricFamily]:
        """The same families in the same order, of this one alone."""
        looked = self._looked
        last = _quietly(looked.last_position) if looked.last_position else None
        yield self._family("yizhan_event_log_last_position", None, {"": last})
        followed = _quietly(looked.followed) or ()
        lags = {f.name: _lag(f, last) for f in followed}
        yield self._family("yizhan_follower_lag_events", "follower", lags)
        stopped = {f.name: int(f.is_stopped) for f in followed}
        yield self._family("yizhan_follower_stopped", "follower", stopped)
        for name, label, levels in (
            ("yizhan_dead_letters", "queue", looked.dead_letters),
            ("yizhan_replica_settlements", "recheck", looked.replica_settlements),
        ):
            yield self._family(name, label, _quietly(levels) or {})
        age = _quietly(looked.replica_age_seconds) if looked.replica_age_seconds else None
        yield self._family("yizhan_replica_age_seconds", None, {"": age})
        words = self._report.words if self._report else {}
        checks = {check: int(word == OK) for check, word in words.items()}
        yield self._family("yizhan_health_check", "check", checks)

    def _family(
        self, name: str, label: str | None, values: Mapping[str, int | None]
    ) -> GaugeMetricFamily:
        own = _labels(self._looked.shard, service=self._looked.service)
        labels = [*own, label] if label else list(own)
        family = GaugeMetricFamily(*_told(name), labels=labels)
        for each, value in values.items():
            if value is not None:
                family.add_metric([*own.values(), each][: len(labels)], value)
        return family


def _lag(followed: Followed, last: int | None) -> int | None:
    position = _quietly(followed.position)
    # The position is read after the log's end, which may have moved on since.
    return None if last is None or position is None else max(0, last - position)


def _quietly(look: Callable[[], TLooked]) -> TLooked | None:
    try:
        return look()
    except Exception:  # a scrape tells what it can
        return None


class Gathered(Collector):
    """What several registries counted (合并指标), each family once."""

    def __init__(self, registries: Callable[[], Sequence[CollectorRegistry]]) -> None:
        self._registries = registries

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        families: dict[str, Metric] = {}
        for registry in self._registries():
            for family in registry.collect():
                found = families.setdefault(family.name, family)
                if found is not family:
                    found.samples += family.samples
        return families.values()


def exposition(registry: CollectorRegistry, looked: Looked, report: Report | None) -> bytes:
    """Everything as text, as Prometheus reads it (blocks: positions are read)."""
    counted = registry
    if os.environ.get(MULTIPROCESS_VARIABLE):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library has no types there
    at_scrape = CollectorRegistry()
    at_scrape.register(_LookedUp(looked, report))
    return generate_latest(counted) + generate_latest(at_scrape)
