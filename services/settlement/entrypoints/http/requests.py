"""What became of a request (请求结果), within the caller's institution."""

import json

from fastapi import APIRouter, Request

from contracts.requests_v1 import AnswerKept, RequestShown
from eventlog.requests import RequestKey
from http_edge.acting import ActingHeaders
from http_edge.identity.caller import Caller
from http_edge.request_outcome import (
    KeyPath,
    OperationPath,
    outcome_of,
    require_own_request,
    seen_by,
)
from settlement.application.find_stay import is_hospital
from settlement.bootstrap import Parts


def request_routes(parts: Parts) -> APIRouter:
    """The route under `/v1/requests`."""
    routes = APIRouter(tags=["请求结果 requests"])

    @routes.get(
        "/v1/requests/{operation}/{key:path}", summary="查询请求结果 (outcome of a request)"
    )
    def outcome(
        operation: OperationPath, key: KeyPath, acting: ActingHeaders, request: Request
    ) -> RequestShown:
        """没有收到答复时先查这里：已受理（原答复）、已拒绝（原因）、处理中；没有记录的可放心重发。

        操作：admit、record-fees、discharge、settle、reverse、settle-whole-stay、
        import-institutions、record-fund-payment、withdraw-fund-payment、deliver-late-amount、
        propose-decision、approve-decision、reject-decision、impose-deduction、withdraw-deduction。
        只有发出请求的机构，或经办机构的审计、系统运维可以查询；只有系统运维角色的看不到答复内容。
        """
        caller: Caller = request.state.caller
        require_own_request(
            caller, acting.institution_id, lambda each: is_hospital(parts.ledger, each)
        )
        kept = outcome_of(parts.register, RequestKey(acting.institution_id, operation, key))
        found = seen_by(caller, kept)
        answer = found.answer
        return RequestShown(
            operation=operation,
            key=key,
            state=found.state,
            answer=AnswerKept(status=answer.status, body=json.loads(answer.body))
            if answer
            else None,
        )

    return routes
