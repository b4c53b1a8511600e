"""Owners' lists (部门名单) over HTTP: tried or imported as on the command line."""

import io
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contracts.eligibility_differences_v1 import ListImported
from contracts.vocabulary import DataOwner
from eligibility.adapters.roster_rejects import rejects_csv
from eligibility.application.import_list import ListDecisions
from eligibility.bootstrap import Eligibility
from eligibility.domain.owner_list import ListMode, ListOrder, read_kinds
from eligibility.domain.roster import RejectedRow
from eligibility.entrypoints.difference_messages import list_message
from eligibility.entrypoints.http.once import Accept, once, request_of
from eligibility.entrypoints.http.reading import acts_for
from eventlog.requests import RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey

_BINARY = {"schema": {"type": "string", "format": "binary"}}
LIST_BODY = {
    "requestBody": {
        "required": True,
        "description": "名单文件，CSV（UTF-8 或 GB18030）或 XLSX (the owner's file)",
        "content": {
            "text/csv": _BINARY,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _BINARY,
        },
    }
}
_REJECTS: dict[int | str, dict[str, object]] = {
    200: {"description": "错误行 (rejected rows)", "content": {"text/csv": _BINARY}}
}


async def read_order(
    owner: Annotated[DataOwner, Query(description="部门 (owner)")],
    region: Annotated[str, Query(description="名单区划，6 位 (GB/T 2260)")],
    mode: Annotated[ListMode, Query(description="全量或变更 (full, changes)")] = ListMode.CHANGES,
    kinds: Annotated[
        list[str] | None, Query(description="全量名单负责的事项，可写多次，如 低保对象")
    ] = None,
    absent_until: Annotated[
        date | None, Query(description="全量名单外的人截止到哪一天（含当天）")
    ] = None,
) -> ListOrder:
    """What the list is, from the query. Raises `ListOrderInvalid`."""
    return ListOrder(owner, region, mode, read_kinds(kinds or ()), absent_until)


Order = Annotated[ListOrder, Depends(read_order)]


def lists_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/lists`."""
    router = APIRouter(prefix="/v1/lists", tags=["部门名单 (owners' lists)"])

    @router.post(
        "",
        summary="试导入或导入部门名单 (try or import an owner's list)",
        response_model=ListImported,
        openapi_extra=LIST_BODY,
    )
    def import_list(
        order: Order,
        http: Request,
        content: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
        *,
        dry_run: Annotated[bool, Query(description="只比对，不改变任何人")] = False,
        accept_rejected_rows: Annotated[bool, Query(description="略过错误行")] = False,
        confirmed_endings: Annotated[
            int | None, Query(ge=0, description="确认截止的人数，须与比对结果一致")
        ] = None,
    ) -> Response:
        """全部有效行在同一时刻生效，或全部不生效；错误行用 `/v1/lists/rejects` 取回。"""

        def do(accept: Accept) -> ListImported:
            if dry_run:
                return list_message(eligibility.import_list.attempt(io.BytesIO(content), order))
            report = eligibility.import_list(
                io.BytesIO(content),
                order,
                decisions=ListDecisions(accept_rejected_rows, confirmed_endings),
                acting=acts_for(acting),
                at=clock(),
                accept=lambda made: accept(list_message(made)),
            )
            return list_message(report)

        request = RequestKey(acting.institution_id, "import-list", key)
        return once(eligibility, request, request_of(http.url.query, content), do)

    @router.post(
        "/rejects",
        summary="取回错误行 (the rejected rows, to be corrected)",
        response_class=Response,
        responses=_REJECTS,
        openapi_extra=LIST_BODY,
    )
    def rejects(order: Order, content: BodyBytes, acting: ActingHeaders) -> Response:  # noqa: ARG001 -- the headers are required
        """同一文件的错误行，加“错误行号”“错误原因”两列，更正后可直接重发；不存任何内容。"""
        lines: list[bytes] = []

        def take(header: tuple[str, ...], rejected: Iterable[RejectedRow]) -> None:
            lines.extend(rejects_csv(header, rejected))

        eligibility.import_list.attempt(io.BytesIO(content), order, take_rejects=take)
        headers = {
            "Content-Disposition": 'attachment; filename="rejects.csv"',
            "Cache-Control": "no-store",
        }
        return Response(b"".join(lines), media_type="text/csv", headers=headers)

    return router
