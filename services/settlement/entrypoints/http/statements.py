"""Statements on paper over HTTP (结算单打印与核对)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import HTMLResponse

from contracts import settlement_v1 as message
from http_edge.acting import Acting, ActingHeaders
from settlement.application.check_statement import check_statement
from settlement.application.ports import Clock
from settlement.application.print_statement import (
    PrintStatement,
    StatementPrinted,
    print_statement,
)
from settlement.bootstrap import PaperParts
from settlement.entrypoints.checked_words import CHECKED_WORDS
from settlement.entrypoints.http import translating
from settlement.entrypoints.paper.as_pdf import page_as_pdf
from settlement.entrypoints.paper.html_page import html_page
from settlement.entrypoints.paper.page_words import page_of

Number = Annotated[str, Path(max_length=64, description="结算单号 (settlement number)")]
NumberAsked = Annotated[str, Query(max_length=64, description="结算单号 (settlement number)")]
CodeAsked = Annotated[str, Query(max_length=64, description="结算单上的校验码 (code on the paper)")]

# It names the patient: no cache on the way may keep it.
_NOT_KEPT = {"Cache-Control": "no-store"}
_NOTHING_FROM_OUTSIDE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_PDF = "application/pdf"


def statement_routes(parts: PaperParts, clock: Clock) -> APIRouter:
    """The routes of printing and checking."""
    routes = APIRouter(tags=["结算单 statements"])

    def printed(number: str, acting: Acting) -> StatementPrinted:
        return print_statement(
            PrintStatement(number=number, by=translating.actor(acting), at=clock()),
            numbers=parts.numbers,
            ledger=parts.ledger,
            laws=parts.laws,
            people=parts.people,
        )

    @routes.get("/v1/settlements/check", summary="核对结算单 (check a paper)")
    def check(number: NumberAsked, code: CodeAsked) -> message.StatementChecked:
        """凭结算单号与校验码核对纸质结算单是否与账本相符；除相符与否不透露任何内容。"""
        found = check_statement(number, code, numbers=parts.numbers, ledger=parts.ledger)
        return message.StatementChecked.model_validate(
            {
                "settlement_number": number,
                "result": found.value,
                "said": CHECKED_WORDS[found],
            }
        )

    @routes.get(
        "/v1/settlements/{number}/statement.html",
        summary="结算单网页 (statement to print)",
        response_class=HTMLResponse,
    )
    def as_html(number: Number, acting: ActingHeaders) -> Response:
        """可打印的结算单（A4）；姓名与脱敏证件打印时向资格服务查询，查询留有记录。"""
        content = html_page(page_of(printed(number, acting)))
        return HTMLResponse(content, headers=_NOT_KEPT | _NOTHING_FROM_OUTSIDE)

    @routes.get(
        "/v1/settlements/{number}/statement.pdf",
        summary="结算单 PDF (statement as PDF)",
        response_class=Response,
        responses={200: {"content": {_PDF: {}}}},
    )
    def as_pdf(number: Number, acting: ActingHeaders) -> Response:
        """结算单 PDF，内嵌中文字体；同一时刻打印同一结算，逐字节相同。"""
        found = printed(number, acting)
        content = page_as_pdf(page_of(found), printed_at=found.printed_at)
        return Response(content, media_type=_PDF, headers=_NOT_KEPT)

    return routes
