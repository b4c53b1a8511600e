"""Members (成员): who belongs to a household, village or township on a day."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError

from contracts.eligibility_v1 import MemberFound, MembersFound, MembersQuery
from contracts.vocabulary import DataOwner
from eligibility.application.list_members import Group, OfHousehold, OfTownship, OfVillage
from eligibility.application.ports import ReadBy
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.http.person_ids import person_id_of
from eligibility.entrypoints.http.reading import acts_for
from http_edge.acting import ActingHeaders


def members_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The route under `/v1/members`."""
    router = APIRouter(prefix="/v1/members", tags=["成员 (members)"])

    @router.post("", summary="成员查询 (who belongs to a household, village or township)")
    def members(asked: MembersQuery, acting: ActingHeaders) -> MembersFound:
        """户、村、乡镇三者选一；只返回人员标识，逐页给出。查阅本身逐人留有记录。"""
        now = clock()
        known_at = min(asked.known_at.astimezone(UTC), now) if asked.known_at else now
        found = eligibility.list_members(
            _group(asked),
            on=asked.on,
            known_at=known_at,
            after=person_id_of(asked.after) if asked.after else None,
            limit=asked.limit,
            by=ReadBy(now, "members", acts_for(acting)),
        )
        return MembersFound(
            on=asked.on,
            known_at=known_at,
            members=tuple(
                MemberFound(person_id=str(ids[0]), person_ids=tuple(map(str, ids)))
                for ids in found.people
            ),
            next_after=str(found.next_after) if found.next_after else None,
            has_more=found.has_more,
        )

    return router


def _group(asked: MembersQuery) -> Group:
    match (asked.household, asked.village, asked.township):
        case (str(number), None, None):
            owner = asked.register_owner or DataOwner.POVERTY_OFFICE
            return OfHousehold(owner, number)
        case (None, str(code), None):
            return OfVillage(code)
        case (None, None, str(code)):
            return OfTownship(code)
        case _:
            raise RequestValidationError([{"type": "value_error", "loc": ("body", "household")}])
