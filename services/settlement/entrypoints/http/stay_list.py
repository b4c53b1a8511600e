"""The hospital's list of stays over HTTP (住院清单)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from contracts import settlement_stays_v1 as message
from http_edge.acting import ActingHeaders
from settlement.bootstrap import Parts
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating

LARGEST_PAGE = 500
Status = Literal["admitted", "discharged", "settled", "cancelled"]


def stay_list_routes(parts: Parts) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["住院结算 stays"])

    @routes.get("/v1/stays", summary="住院清单 (list stays)")
    def stays(
        acting: ActingHeaders,
        status: Annotated[Status | None, Query(description="只看这种状态 (status)")] = None,
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="每页至多 (page)")] = 100,
    ) -> message.StaysListed:
        """本院的住院；status=discharged 为已出院未结算的，附出院天数。"""
        by, today = translating.actor(acting), business_date(parts.clock())
        found = parts.stay_list.stays(by.institution_id, status=status, after=after, limit=limit)
        return message.StaysListed(
            stays=tuple(
                message.StayListed(
                    stay_id=str(stay.stay_id),
                    hospital_stay_number=stay.hospital_stay_number,
                    person_id=stay.person_id,
                    status=stay.status,
                    admission_date=stay.admission,
                    discharge_date=stay.discharge,
                    departure=stay.departure,
                    total_fen=stay.total_fen,
                    days_since_discharge=stay.days_since_discharge(today),
                    part=stay.part,
                    goes_on=stay.goes_on,
                )
                for stay in found
            ),
            next_after=found[-1].position if len(found) == limit else None,
        )

    return routes
