"""Rosters (名册): staged as a file, then activated as a whole."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from contracts.eligibility_v1 import RosterActivated, RosterActivation, RosterStaged
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import Eligibility
from eligibility.domain.roster import UnknownRoster
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.messages import activated_message, staged_message
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of

ROSTER_LIMIT_BYTES = 64 * 1024 * 1024

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "名册，CSV（UTF-8 或 GB18030）或 XLSX，首行为表头 (roster file)",
        "content": {
            "text/csv": _BINARY,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _BINARY,
        },
    }
}


def rosters_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/rosters`."""
    router = APIRouter(prefix="/v1/rosters", tags=["名册 (rosters)"])
    refuse = partial(refusal_of, table=PROBLEMS)

    @router.post(
        "",
        summary="暂存名册 (stage a roster)",
        status_code=201,
        response_model=RosterStaged,
        openapi_extra=_FILE_BODY,
    )
    def stage(content: BodyBytes, acting: ActingHeaders, key: IdempotencyKey) -> Response:
        """逐行检查，尚不改变任何人的资格；错误行按行号列出。"""
        request = RequestKey(acting.institution_id, "stage-roster", key)

        def do(body_hash: str) -> Answer:
            staged = eligibility.stage_roster.stage(
                content,
                at=clock(),
                accept=lambda staged: _accepted(request, body_hash, 201, staged_message(staged)),
            )
            return _answer(201, staged_message(staged))

        answer, replayed = answer_once(
            eligibility.log, key=request, hashed=body_hash(content), do=do, refuse=refuse
        )
        return response_of(answer, replayed=replayed)

    @router.post(
        "/{roster_id}/activation",
        summary="名册生效 (activate a roster)",
        response_model=RosterActivated,
    )
    def activate(
        roster_id: Annotated[str, Path(description="名册标识 (roster id)")],
        activation: RosterActivation,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """全部有效行在同一时刻生效，或全部不生效。"""
        request = RequestKey(acting.institution_id, f"activate-roster/{roster_id}", key)

        def do(body_hash: str) -> Answer:
            activated = eligibility.activate_roster(
                _roster_id(roster_id),
                accept_rejected_rows=activation.accept_rejected_rows,
                acting=ActsFor(acting.institution_id, acting.operator),
                at=clock(),
                accept=lambda made: _accepted(request, body_hash, 200, activated_message(made)),
            )
            return _answer(200, activated_message(activated))

        answer, replayed = answer_once(
            eligibility.log, key=request, hashed=body_hash(body), do=do, refuse=refuse
        )
        return response_of(answer, replayed=replayed)

    return router


def _answer(status: int, message: BaseModel) -> Answer:
    return Answer(status, message.model_dump_json().encode())


def _accepted(
    key: RequestKey, body_hash: str, status: int, message: BaseModel
) -> RegisteredRequest:
    return RegisteredRequest(key, body_hash, accepted=True, answer=_answer(status, message))


def _roster_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = "没有此名册 (unknown roster)"
        raise UnknownRoster(message) from None
