"""Finding settlements over HTTP (查找结算): page by page, and as a file."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from contracts import settlement_accounts_v1 as message
from contracts.vocabulary import InstitutionId, Payer, PersonId
from http_edge.acting import ActingHeaders
from settlement.application.find_settlements import (
    LARGEST_PAGE,
    SettlementStatus,
    Wanted,
    every_settlement,
    find_settlements,
    within_sight,
)
from settlement.bootstrap import Parts
from settlement.entrypoints.found_translating import (
    SHEET_TITLE,
    found_cells,
    found_headings,
    show_page,
)
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.exporting import Format, download


def read_wanted(
    number: Annotated[str | None, Query(max_length=64, description="结算单号")] = None,
    hospital_stay_number: Annotated[str | None, Query(max_length=64, description="住院号")] = None,
    invoice_number: Annotated[str | None, Query(max_length=64, description="发票号")] = None,
    person_id: Annotated[str | None, Query(max_length=64, description="人员标识")] = None,
    institution_id: Annotated[
        str | None,
        Query(pattern=r"^[\x21-\x7e]{1,64}$", description="机构编码；医疗机构只能查本机构"),
    ] = None,
    booked_from: Annotated[date | None, Query(description="记账日期起（含）")] = None,
    booked_to: Annotated[date | None, Query(description="记账日期止（含）")] = None,
    payer: Annotated[Payer | None, Query(description="有支付金额的支付方")] = None,
    status: Annotated[
        SettlementStatus | None, Query(description="settled 已结算、reversed 已撤销")
    ] = None,
    *,
    used_assumed: Annotated[bool | None, Query(description="是否用到暂定参数")] = None,
) -> Wanted:
    """What is searched for, from the query; conditions that are given must all be met."""
    return Wanted(
        number=number,
        hospital_stay_number=hospital_stay_number,
        invoice_number=invoice_number,
        person_ids=(PersonId(person_id),) if person_id is not None else None,
        institution_id=InstitutionId(institution_id) if institution_id is not None else None,
        booked_from=booked_from,
        booked_to=booked_to,
        payer=payer.value if payer else None,
        status=status,
        used_assumed=used_assumed,
    )


Searched = Annotated[Wanted, Depends(read_wanted)]


def found_settlement_routes(parts: Parts) -> APIRouter:
    """The routes of finding settlements."""
    routes = APIRouter(tags=["查找结算 finding"])

    def in_sight(wanted: Wanted, acting: ActingHeaders) -> Wanted:
        return within_sight(wanted, by=translating.actor(acting), ledger=parts.ledger)

    @routes.get("/v1/settlements", summary="查找结算 (find settlements)")
    def find(
        wanted: Searched,
        acting: ActingHeaders,
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="一页至多多少笔")] = 50,
    ) -> message.SettlementsFound:
        """按结算单号、住院号、发票号、人员、机构、记账期间、支付方、状态查找；按记账次序分页。"""
        page = find_settlements(
            in_sight(wanted, acting), after=after, limit=limit, index=parts.settlements
        )
        return show_page(page)

    @routes.get(
        "/v1/settlements/export",
        summary="导出结算清单 (export settlements)",
        response_class=Response,
    )
    def export(
        wanted: Searched,
        acting: ActingHeaders,
        as_format: Annotated[Format, Query(alias="format", description="csv 或 xlsx")] = "csv",
    ) -> Response:
        """同样条件的全部结算，每笔一行，各支付方各占一列，金额以元为单位。"""
        # What is settled meanwhile might bring a payer that has no column.
        seen = replace(in_sight(wanted, acting), until=parts.settlements.catch_up())
        payers = parts.settlements.payers(seen)
        rows = (
            found_cells(each, payers) for each in every_settlement(seen, index=parts.settlements)
        )
        return download(
            "settlements", SHEET_TITLE, found_headings(payers), rows, as_format=as_format
        )

    return routes
