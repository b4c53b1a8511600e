"""Settlements for which the replica answered (副本代答的结算), and what asking again gave."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts import settlement_corrections_v1 as message
from contracts.vocabulary import InstitutionId
from http_edge.acting import ActingHeaders
from settlement.application.find_settlements import Wanted, within_sight
from settlement.application.recheck_replica import Recheck, ReplicaAnswer
from settlement.bootstrap import Parts
from settlement.entrypoints.http import translating

LARGEST_PAGE = 200


def replica_settlement_routes(parts: Parts) -> APIRouter:
    """The route under `/v1/replica-settlements`."""
    routes = APIRouter(tags=["更正影响 corrections"])

    @routes.get("/v1/replica-settlements", summary="副本代答的结算 (settled by the replica)")
    def replica_settlements(
        acting: ActingHeaders,
        recheck: Annotated[Recheck | None, Query(description="只列这种复核结果")] = None,
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="一页几笔 (page)")] = 50,
        institution_id: Annotated[
            str | None,
            Query(pattern=r"^[\x21-\x7e]{1,64}$", description="只看这家机构 (one institution)"),
        ] = None,
    ) -> message.ReplicaSettlementsShown:
        """资格服务停时由副本代答的结算，及恢复后的复核结果；复核不同的，以身份更正处理。"""
        wanted = Wanted(institution_id=InstitutionId(institution_id) if institution_id else None)
        whose = within_sight(wanted, by=translating.actor(acting), ledger=parts.ledger)
        found = parts.replica.answers.page(
            after=after, limit=limit + 1, recheck=recheck, institution_id=whose.institution_id
        )
        page = found[:limit]
        return message.ReplicaSettlementsShown(
            settlements=tuple(_shown(each) for each in page),
            next_after=page[-1].position if page else after,
            has_more=len(found) > len(page),
        )

    return routes


def _shown(found: ReplicaAnswer) -> message.ReplicaSettlementShown:
    return message.ReplicaSettlementShown(
        settlement_number=found.number,
        stay_id=str(found.stay_id),
        institution_id=found.institution_id,
        complete_at=found.complete_at,
        asked_at=found.known_at,
        recheck=found.recheck.value,
        recheck_label=found.recheck.label,
        checked_at=found.checked_at,
    )
