"""Corrections over HTTP (更正影响): which settlements rest on answers that have changed."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts import settlement_corrections_v1 as message
from contracts.vocabulary import InstitutionId
from http_edge.acting import ActingHeaders
from settlement.application.list_touched import ListTouched, list_touched
from settlement.bootstrap import Parts
from settlement.entrypoints.http import translating
from settlement.entrypoints.touched_messages import show_touched

LARGEST_PAGE = 200


def touched_routes(parts: Parts) -> APIRouter:
    """The route under `/v1/touched-settlements`."""
    routes = APIRouter(tags=["更正影响 corrections"])

    @routes.get("/v1/touched-settlements", summary="受更正影响的结算 (settlements touched)")
    def touched(
        acting: ActingHeaders,
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[
            int, Query(ge=1, le=LARGEST_PAGE, description="一次至多查看多少笔结算 (page)")
        ] = 50,
        institution_id: Annotated[
            str | None,
            Query(pattern=r"^[\x21-\x7e]{1,64}$", description="只看这家机构 (one institution)"),
        ] = None,
    ) -> message.TouchedSettlementsShown:
        """资格事后更正、而结算时依据的是原答复的结算：逐项列出原来与现在；不改动任何结算。"""
        page = list_touched(
            ListTouched(
                after=after,
                limit=limit,
                institution_id=InstitutionId(institution_id) if institution_id else None,
                known_at=parts.clock(),
                by=translating.actor(acting),
            ),
            touched=parts.touched,
            ledger=parts.ledger,
            eligibility=parts.eligibility,
        )
        return show_touched(page)

    return routes
