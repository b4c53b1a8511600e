"""Notices of admission and discharge over HTTP (入出院告知)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts import settlement_events_v1 as message
from http_edge.acting import ActingHeaders
from settlement.application.read_notices import Notice, NoticeKind, ReadNotices, read_notices
from settlement.bootstrap import Parts
from settlement.entrypoints.http import translating

LARGEST_PAGE = 200

_KINDS: dict[NoticeKind, Any] = {
    NoticeKind.ADMITTED: message.PatientAdmitted,
    NoticeKind.ADMISSION_CHANGED: message.AdmissionChanged,
    NoticeKind.ADMISSION_CANCELLED: message.AdmissionCancelled,
    NoticeKind.DISCHARGED: message.PatientDischarged,
    NoticeKind.DISCHARGE_UNDONE: message.DischargeUndone,
}


def notice_routes(parts: Parts) -> APIRouter:
    """The route under `/v1/notices`."""
    routes = APIRouter(tags=["入出院告知 notices"])

    @routes.get("/v1/notices", summary="入出院告知 (notices of admission and discharge)")
    def notices(
        acting: ActingHeaders,
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="一次至多多少条")] = 50,
        township: Annotated[
            str | None, Query(pattern=r"^\d{9}$", description="只看这个乡镇（街道），9 位代码")
        ] = None,
    ) -> message.NoticesShown:
        """按发生次序列出，附当日居住地所在乡镇；资格服务不可达时停在该条之前，不会漏掉。"""
        page = read_notices(
            ReadNotices(after=after, limit=limit, township=township, by=translating.actor(acting)),
            ledger=parts.ledger,
            events=parts.ledger,
            residences=parts.residences,
        )
        return message.NoticesShown(
            notices=tuple(show_notice(each) for each in page.notices),
            next_after=page.next_after,
            has_more=page.has_more,
        )

    return routes


def show_notice(notice: Notice) -> message.PublicEvent:
    """A notice as a public event."""
    happened = notice.happened
    before = {} if happened.was_day is None else {"was_day": happened.was_day}
    shown: message.PublicEvent = _KINDS[happened.kind](
        position=happened.position,
        person_id=happened.person_id,
        township=notice.township,
        institution_id=happened.institution_id,
        day=happened.day,
        recorded_at=happened.recorded_at,
        **before,
    )
    return shown
