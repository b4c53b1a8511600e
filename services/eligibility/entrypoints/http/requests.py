"""What became of a request (请求结果), within the caller's institution."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request

from contracts.requests_v1 import AnswerKept, RequestShown
from eligibility.bootstrap import Eligibility
from eventlog.requests import RequestKey
from http_edge.acting import ActingHeaders
from http_edge.request_outcome import KeyPath, OperationPath, outcome_of, seen_by


def requests_router(eligibility: Eligibility) -> APIRouter:
    """The route under `/v1/requests`."""
    router = APIRouter(prefix="/v1/requests", tags=["请求结果 (requests)"])

    @router.get("/{operation}/{key:path}", summary="查询请求结果 (outcome of a request)")
    def outcome(
        operation: OperationPath,
        key: KeyPath,
        acting: ActingHeaders,
        request: Request,
        of: Annotated[
            str | None,
            Query(
                pattern=r"^[0-9a-zA-Z\-]{1,40}(/[0-9]{1,9})?$",
                description="原请求地址中的标识，如人员标识；拆分为“人员标识/归并序号”"
                " (the id in the path of the request)",
            ),
        ] = None,
    ) -> RequestShown:
        """没有收到答复时先查这里：已受理（原答复）、已拒绝（原因）、处理中；没有记录的可放心重发。

        操作：stage-roster、import-list、keep-comparison；以下须以 of 指明对象：state-facts、
        withdraw-facts、add-certificate、merge-records、split-records、refresh（人员标识），
        activate-roster（名册），send-notice、answer-notice、close-differences（比对）。
        """
        named = operation if of is None else f"{operation}/{of}"
        kept = outcome_of(eligibility.log, RequestKey(acting.institution_id, named, key))
        found = seen_by(request.state.caller, kept)
        answer = found.answer
        return RequestShown(
            operation=operation,
            key=key,
            state=found.state,
            answer=AnswerKept(status=answer.status, body=json.loads(answer.body))
            if answer
            else None,
        )

    return router
