"""How settlement is operated (结算服务的运行): its checks, its metrics, its bounds."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from http_edge.following import following_checks
from http_edge.health import FAILED, Check, Health
from http_edge.metrics import LogMetrics, Looked, SettlementMetrics
from http_edge.operating import Operations, log_measures
from settlement.bootstrap import Parts
from settlement.domain.stay import Stay

SERVICE = "settlement"


def settlement_operations(parts: Parts) -> Operations:
    """The operation of settlement on these parts; its log tells from now on what is stored."""
    registry = CollectorRegistry()
    shard = parts.book.shard.shard if parts.book.shard else ""
    counted = SettlementMetrics(registry, shard=shard)

    def count(events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, Stay.SettlementCompleted):
                counted.settled(cost_fen=event.total_fen)
            elif isinstance(event, Stay.SettlementReversed):
                counted.reversed()

    log = parts.register
    log.measures = log_measures(LogMetrics(registry, SERVICE, shard=shard), saved=count)
    return Operations(
        service=SERVICE,
        health=Health(settlement_checks(parts)),
        looked=Looked(
            SERVICE,
            last_position=log.last_position,
            followed=lambda: parts.followed,
            dead_letters=lambda: {"replica": len(parts.replica.people.refusals())},
            replica_age_seconds=lambda: _replica_age_seconds(parts),
            replica_settlements=lambda: {
                recheck.value: count for recheck, count in parts.replica.answers.counts().items()
            },
            shard=shard,
        ),
        settings=parts.operating,
        registry=registry,
        tracing=parts.tracing,
    )


def _replica_age_seconds(parts: Parts) -> int | None:
    """How long ago the replica was complete; None where none is kept."""
    complete = parts.replica.people.completeness()
    if complete is None:
        return None
    return max(0, int((parts.clock() - complete.complete_at).total_seconds()))


def settlement_checks(parts: Parts) -> list[Check]:
    """What settlement needs: its log and policies; without eligibility it works less well."""
    names = [each.name for each in parts.followed]
    return [
        *following_checks(parts.register, lambda: parts.followed, names, parts.operating),
        Check("policies", lambda: None if parts.book.policies else FAILED),
        Check(
            "eligibility",
            lambda: None if parts.eligibility_is_ready() else FAILED,
            is_vital=False,
        ),
    ]
