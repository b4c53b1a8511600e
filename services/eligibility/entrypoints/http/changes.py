"""Changes (变更): what settlement asks to find the stays that a correction touches."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.eligibility_events_v1 import ChangesShown
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.messages import changes_message
from eventlog.event_marks import event_mark

LARGEST_PAGE = 1_000


def changes_router(eligibility: Eligibility) -> APIRouter:
    """The routes under `/v1/changes`."""
    router = APIRouter(prefix="/v1/changes", tags=["变更 (changes)"])

    @router.get("", summary="变更清单 (what changed about people, in order)")
    def changes(
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[
            int, Query(ge=1, le=LARGEST_PAGE, description="一次至多查看多少条事件 (page)")
        ] = 500,
        *,
        reaching_back: Annotated[
            bool, Query(description="只列涉及过去日期的变更 (only those reaching into the past)")
        ] = False,
    ) -> ChangesShown:
        """按发生次序列出；只含人员标识、事项种类、涉及日期与记录时刻，不含个人信息。"""
        page = eligibility.read_changes(after=after, limit=limit, reaching_back=reaching_back)
        marks = {
            "after_mark": event_mark(eligibility.log, after),
            "next_mark": event_mark(eligibility.log, page.next_after),
        }
        return changes_message(page).model_copy(update=marks)

    return router
