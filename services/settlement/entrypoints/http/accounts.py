"""Accounts of people, households, villages and townships over HTTP (一户一档)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from contracts import settlement_accounts_v1 as message
from contracts.vocabulary import DataOwner, PersonId
from http_edge.acting import ActingHeaders
from settlement.application.sum_accounts import (
    AskAccount,
    Group,
    GroupAccount,
    GroupKind,
    group_account,
    person_account,
)
from settlement.bootstrap import Parts
from settlement.entrypoints.account_translating import (
    ACCOUNT_TITLE,
    account_headings,
    account_rows,
    show_group_account,
    show_person_account,
)
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.exporting import Format, download

_Year = Annotated[int | None, Query(ge=1990, le=2200, description="只看在这一年开始的待遇年度")]
_On = Annotated[date | None, Query(description="按哪一天的成员，默认今天")]


def read_group(
    household: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9_\-]{1,40}$", description="户编号")
    ] = None,
    register_owner: Annotated[
        DataOwner | None, Query(description="户编号所属登记部门，默认乡村振兴（扶贫）部门")
    ] = None,
    village: Annotated[str | None, Query(pattern=r"^\d{12}$", description="村（社区）代码")] = None,
    township: Annotated[
        str | None, Query(pattern=r"^\d{9}$", description="乡镇（街道）代码")
    ] = None,
) -> Group:
    """The one group that is asked for; two of them, or none, is a mistake."""
    codes = {
        GroupKind.HOUSEHOLD: household,
        GroupKind.VILLAGE: village,
        GroupKind.TOWNSHIP: township,
    }
    given = [(kind, code) for kind, code in codes.items() if code is not None]
    if len(given) != 1:
        raise RequestValidationError([{"type": "value_error", "loc": ("query", "household")}])
    return Group(*given[0], register_owner=register_owner.value if register_owner else None)


Asked = Annotated[Group, Depends(read_group)]


def account_routes(parts: Parts) -> APIRouter:
    """The routes of accounts."""
    routes = APIRouter(tags=["一户一档 accounts"])

    def asking(acting: ActingHeaders, year: int | None, on: date | None = None) -> AskAccount:
        at = parts.clock()
        return AskAccount(
            by=translating.actor(acting), at=at, on=on or business_date(at), year=year
        )

    def account_of(group: Group, asked: AskAccount) -> GroupAccount:
        return group_account(
            group,
            asked,
            ledger=parts.ledger,
            members=parts.members,
            index=parts.settlements,
        )

    @routes.get("/v1/persons/{person_id}/account", summary="一人一档 (a person's account)")
    def person(
        person_id: UUID, acting: ActingHeaders, year: _Year = None
    ) -> message.PersonAccountShown:
        """同一人的各个标识合并：每次结算、各待遇年度、各支付方与个人负担。"""
        account = person_account(
            PersonId(str(person_id)),
            asking(acting, year),
            ledger=parts.ledger,
            eligibility=parts.eligibility,
            index=parts.settlements,
        )
        return show_person_account(account)

    @routes.get("/v1/accounts", summary="户、村、乡镇台账 (a group's account)")
    def group(
        group: Asked, acting: ActingHeaders, year: _Year = None, on: _On = None
    ) -> message.GroupAccountShown:
        """成员以资格服务当日登记为准；户、村、乡镇三者选一。"""
        asked = asking(acting, year, on)
        return show_group_account(group, asked, account_of(group, asked))

    @routes.get(
        "/v1/accounts/export", summary="导出台账 (export an account)", response_class=Response
    )
    def export(
        group: Asked,
        acting: ActingHeaders,
        year: _Year = None,
        on: _On = None,
        as_format: Annotated[Format, Query(alias="format", description="csv 或 xlsx")] = "csv",
    ) -> Response:
        """每人一行，末行合计，金额以元为单位；不含姓名。"""
        account = account_of(group, asking(acting, year, on))
        headings = account_headings(list(account.total.payers_fen))
        return download(
            "account", ACCOUNT_TITLE, headings, account_rows(account), as_format=as_format
        )

    return routes
