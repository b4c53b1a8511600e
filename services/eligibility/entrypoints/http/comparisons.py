"""Comparisons (比对台账): two lists compared and kept, differences sent, answered and closed."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from contracts import eligibility_differences_v1 as told
from contracts.vocabulary import DifferenceKind, DifferenceState
from eligibility.adapters.notice_xlsx import read_notice, write_notice
from eligibility.application.difference_ports import ComparisonOrder, WantedDifferences
from eligibility.application.ports import ReadBy
from eligibility.bootstrap import Eligibility
from eligibility.domain.difference_notice import (
    NoticeLetter,
    UnknownBook,
    UnknownDifference,
    UnknownNotice,
)
from eligibility.entrypoints.clock import business_date
from eligibility.entrypoints.difference_messages import (
    answers_message,
    book_message,
    difference_message,
    kept_message,
    notice_message,
)
from eligibility.entrypoints.http.once import Accept, once, request_of
from eligibility.entrypoints.http.reading import acts_for
from eventlog.requests import RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey

COMPARISON_LIMIT_BYTES = 176 * 1024 * 1024
"""Two files of 64 MiB in Base64."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_XLSX_CONTENT = {XLSX: {"schema": {"type": "string", "format": "binary"}}}
_FILLED_NOTICE = {
    "requestBody": {
        "required": True,
        "description": "填好的核查交办函，.xlsx (the filled-in notice)",
        "content": _XLSX_CONTENT,
    }
}
_NOTICE_FILE: dict[int | str, dict[str, object]] = {
    200: {"description": "核查交办函 (the notice)", "content": _XLSX_CONTENT}
}

BookPath = Annotated[str, Path(description="比对台账标识 (comparison_id)")]


def comparisons_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/comparisons`."""
    router = APIRouter(prefix="/v1/comparisons", tags=["比对台账 (comparisons)"])
    _add_keeping(router, eligibility, clock)
    _add_showing(router, eligibility, clock)
    _add_pursuing(router, eligibility, clock)
    return router


def _add_keeping(
    router: APIRouter, eligibility: Eligibility, clock: Callable[[], datetime]
) -> None:
    @router.post(
        "", summary="比对并存入台账 (compare and keep)", response_model=told.ComparisonKept
    )
    def compare(
        asked: told.ComparisonAsked, body: BodyBytes, acting: ActingHeaders, key: IdempotencyKey
    ) -> Response:
        """上次发现的同一差异仍是同一条；不再发现的由本次比对销号；销号后再发现的重新打开。"""

        def do(accept: Accept) -> told.ComparisonKept:
            now = clock()
            kept = eligibility.keep_comparison(
                _order(asked),
                io.BytesIO(asked.left.content),
                io.BytesIO(asked.right.content),
                accept_rejected_rows=asked.accept_rejected_rows,
                confirmed_resolutions=asked.confirmed_resolutions,
                today=business_date(now),
                acting=acts_for(acting),
                at=now,
                accept=lambda made: accept(kept_message(made)),
            )
            return kept_message(kept)

        request = RequestKey(acting.institution_id, "keep-comparison", key)
        return once(eligibility, request, body, do)


def _add_showing(
    router: APIRouter, eligibility: Eligibility, clock: Callable[[], datetime]
) -> None:
    show = eligibility.show_differences

    @router.get("/{comparison_id}", summary="台账与计数 (the book and its counts)")
    def book(comparison_id: BookPath) -> told.ComparisonShown:
        """按乡镇、村、类别、状态计数；不含个人信息。"""
        found, counts = show.book(_book_id(comparison_id))
        return book_message(found, list(counts))

    @router.get("/{comparison_id}/differences", summary="差异清单 (a page of differences)")
    def differences(
        comparison_id: BookPath,
        acting: ActingHeaders,
        kind: Annotated[list[DifferenceKind] | None, Query(description="差异类别")] = None,
        state: Annotated[list[DifferenceState] | None, Query(description="状态")] = None,
        township: Annotated[str | None, Query(description="乡镇")] = None,
        village: Annotated[str | None, Query(description="村")] = None,
        after: Annotated[int, Query(ge=0, description="上一页的 next_after")] = 0,
        limit: Annotated[int, Query(ge=1, le=told.LARGEST_PAGE)] = 100,
    ) -> told.DifferencesShown:
        """证件号码只显示前六后四，姓名只显示首字。查阅本身留有记录。"""
        wanted = WantedDifferences(tuple(kind or ()), township, village, tuple(state or ()))
        by = ReadBy(clock(), "differences", acts_for(acting))
        page = show.page(_book_id(comparison_id), wanted, after=after, limit=limit, by=by)
        return told.DifferencesShown(
            differences=tuple(map(difference_message, page.rows)),
            next_after=page.next_after,
        )

    @router.get(
        "/{comparison_id}/notices/{number}.xlsx",
        summary="核查交办函 (the formal notice)",
        response_class=Response,
        responses=_NOTICE_FILE,
    )
    def notice(comparison_id: BookPath, number: int, acting: ActingHeaders) -> Response:
        """载有完整姓名与证件号码，供收函方核查。查阅本身留有记录。"""
        by = ReadBy(clock(), "difference-notice", acts_for(acting))
        file = io.BytesIO()
        write_notice(file, show.notice(_book_id(comparison_id), number, by=by))
        name = f'attachment; filename="notice-{number}.xlsx"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return Response(file.getvalue(), media_type=XLSX, headers=headers)


def _add_pursuing(
    router: APIRouter, eligibility: Eligibility, clock: Callable[[], datetime]
) -> None:
    pursue = eligibility.pursue_differences

    @router.post(
        "/{comparison_id}/notices", summary="交办 (send a notice)", response_model=told.NoticeSent
    )
    def send(
        comparison_id: BookPath,
        asked: told.NoticeAsked,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """交给乡镇的，是该乡镇全部待交办的差异；交给部门的，是全部待交办的差异。"""

        def do(accept: Accept) -> told.NoticeSent:
            now, book_id = clock(), _book_id(comparison_id)
            letter = NoticeLetter(
                township=asked.township,
                owner=asked.owner,
                document_number=asked.document_number,
                issuer=asked.issuer,
                basis=asked.basis,
                sent_on=business_date(now),
                reply_by=asked.reply_by,
            )
            sent = pursue.send(
                book_id,
                letter,
                what=asked.kinds,
                again=asked.again,
                acting=acts_for(acting),
                at=now,
                accept=lambda made: accept(notice_message(book_id, made)),
            )
            return notice_message(book_id, sent)

        request = RequestKey(acting.institution_id, f"send-notice/{comparison_id}", key)
        return once(eligibility, request, body, do)

    @router.post(
        "/{comparison_id}/answers",
        summary="反馈 (a filled-in notice)",
        response_model=told.AnswersTaken,
        openapi_extra=_FILLED_NOTICE,
    )
    def answer(
        comparison_id: BookPath,
        http: Request,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
        *,
        accept_rejected_rows: Annotated[
            bool, Query(description="略过错误行，其余照常记录 (skip rows with mistakes)")
        ] = False,
        dry_run: Annotated[bool, Query(description="只检查，不记录 (change nothing)")] = False,
    ) -> Response:
        """错误行逐行列出；同一份再交一次不改变什么。"""

        def do(accept: Accept) -> told.AnswersTaken:
            filled = read_notice(io.BytesIO(body))
            if filled.book_id != _book_id(comparison_id):
                message = "这份核查函属于另一台账 (notice of another comparison)"
                raise UnknownNotice(message)
            taken = pursue.answer(
                filled,
                accept_rejected_rows=accept_rejected_rows,
                acting=acts_for(acting),
                at=clock(),
                is_trial=dry_run,
                accept=lambda made: accept(answers_message(made)),
            )
            return answers_message(taken)

        request = RequestKey(acting.institution_id, f"answer-notice/{comparison_id}", key)
        return once(eligibility, request, request_of(http.url.query, body), do)

    @router.post(
        "/{comparison_id}/resolutions",
        summary="销号 (close answered differences)",
        response_model=told.DifferencesClosed,
    )
    def resolve(
        comparison_id: BookPath,
        asked: told.DifferencesClosing,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """只销已反馈的；以后比对再次发现的，重新打开。"""
        closed = told.DifferencesClosed(
            comparison_id=comparison_id, resolved=len(asked.difference_ids)
        )

        def do(accept: Accept) -> told.DifferencesClosed:
            pursue.resolve(
                _book_id(comparison_id),
                [_difference_id(each) for each in asked.difference_ids],
                acting=acts_for(acting),
                at=clock(),
                accept=lambda: accept(closed),
            )
            return closed

        request = RequestKey(acting.institution_id, f"close-differences/{comparison_id}", key)
        return once(eligibility, request, body, do)


def _order(asked: told.ComparisonAsked) -> ComparisonOrder:
    return ComparisonOrder(
        asked.region,
        asked.left.owner,
        asked.right.owner,
        asked.subject,
        asked.on,
        asked.year,
    )


def _book_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = "没有此比对台账 (unknown comparison)"
        raise UnknownBook(message) from None


def _difference_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = "台账里没有这条差异 (unknown difference)"
        raise UnknownDifference(message) from None
