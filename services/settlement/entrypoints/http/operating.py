"""How settlement is operated (结算服务的运行): its checks, its metrics, its bounds."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from eventlog.followed_tables import FollowedTables
from http_edge.health import FAILED, Check, Health, read_model_check, usable
from http_edge.metrics import LogMetrics, Looked, SettlementMetrics
from http_edge.operating import Operations, log_measures
from settlement.bootstrap import Parts
from settlement.domain.stay import Stay

SERVICE = "settlement"


def settlement_operations(parts: Parts) -> Operations:
    """The operation of settlement on these parts; its log tells from now on what is stored."""
    registry = CollectorRegistry()
    counted = SettlementMetrics(registry)

    def count(events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, Stay.SettlementCompleted):
                counted.settled(cost_fen=event.total_fen)
            elif isinstance(event, Stay.SettlementReversed):
                counted.reversed()

    log = parts.register
    log.measures = log_measures(LogMetrics(registry, SERVICE), saved=count)
    return Operations(
        service=SERVICE,
        health=Health(settlement_checks(parts)),
        looked=Looked(SERVICE, last_position=log.last_position, followed=lambda: parts.followed),
        settings=parts.operating,
        registry=registry,
        tracing=parts.tracing,
    )


def settlement_checks(parts: Parts) -> list[Check]:
    """What settlement needs: its log and policies; without eligibility it works less well."""
    log = parts.register
    return [
        Check("event-log", usable(log.require_usable)),
        Check("policies", lambda: None if parts.book.policies else FAILED),
        Check(
            "eligibility",
            lambda: None if parts.eligibility_is_ready() else FAILED,
            is_vital=False,
        ),
        *(_follows(parts, followed) for followed in parts.followed),
    ]


def _follows(parts: Parts, followed: FollowedTables) -> Check:
    return read_model_check(
        followed.name,
        lambda: followed,
        last_position=parts.register.last_position,
        most_lag_events=parts.operating.most_lag_events,
    )
