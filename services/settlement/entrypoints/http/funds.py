"""Funds over HTTP (基金): the list, a statement, payments and their withdrawal."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts import settlement_funds_v1 as message
from contracts.vocabulary import InstitutionId
from settlement.application.fund_registry import fund_statement, list_funds
from settlement.application.record_fund_payment import (
    RecordFundPayment,
    WithdrawFundPayment,
    record_fund_payment,
    withdraw_fund_payment,
)
from settlement.bootstrap import Parts
from settlement.domain.fund_payments import Payment, PaymentKind
from settlement.domain.fund_statement import Period
from settlement.entrypoints import fund_translating
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http.once import Arrived, answer_write

FirstDay = Annotated[date, Query(alias="from", description="起始记账日期（含）")]
LastDay = Annotated[date, Query(alias="to", description="截止记账日期（含）")]


def fund_routes(parts: Parts) -> APIRouter:
    """The routes of funds."""
    routes = APIRouter(tags=["基金 funds"])

    @routes.get("/v1/funds", summary="基金目录 (list funds)")
    def funds() -> message.FundsShown:
        """基金目录：政策提到的和记过账的基金，及当前余额。"""
        found = list_funds(book=parts.book, accounts=parts.fund_account)
        return fund_translating.show_funds(found)

    @routes.get("/v1/funds/{fund_id}/statement", summary="基金对账单 (fund statement)")
    def statement(
        fund_id: message.FundId, first_day: FirstDay, last_day: LastDay
    ) -> message.FundStatementShown:
        """基金对账单：按机构逐行列出应付、违规扣减与拨付；期初 + 应付 − 扣减 − 拨付 = 期末。"""
        found = fund_statement(
            fund_id,
            Period(first_day, last_day),
            book=parts.book,
            accounts=parts.fund_account,
        )
        return fund_translating.show_statement(found)

    @routes.post(
        "/v1/funds/{fund_id}/payments",
        summary="登记拨付 (record a payment)",
        status_code=201,
        response_model=message.FundPaymentShown,
    )
    def pay(
        fund_id: message.FundId,
        asked: message.FundPaymentStated,
        arrived: Arrived,
    ) -> Response:
        """登记拨付：当日记账；同一基金的银行流水号只登记一次。"""
        at = parts.clock()
        command = RecordFundPayment(
            payment=_payment(fund_id, asked, booked_on=business_date(at)),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "record-fund-payment",
            arrived,
            decide=lambda accept: record_fund_payment(
                command,
                ledger=parts.ledger,
                book=parts.book,
                accounts=parts.fund_account,
                accept=accept,
            ),
            show=fund_translating.show_payment,
            status=HTTPStatus.CREATED,
        )

    @routes.post(
        "/v1/funds/{fund_id}/payments/withdrawal",
        summary="撤回拨付登记 (withdraw a payment)",
        response_model=message.FundPaymentWithdrawn,
    )
    def withdraw(
        fund_id: message.FundId,
        asked: message.FundPaymentWithdrawal,
        arrived: Arrived,
    ) -> Response:
        """撤回登记有误的拨付：原记录保留，冲正记入当期。"""
        at = parts.clock()
        command = WithdrawFundPayment(
            fund_id=fund_id,
            bank_reference=asked.bank_reference,
            reason=asked.reason,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "withdraw-fund-payment",
            arrived,
            decide=lambda accept: withdraw_fund_payment(
                command, ledger=parts.ledger, accept=accept
            ),
            show=lambda payment: message.FundPaymentWithdrawn(
                payment=fund_translating.show_payment(payment),
                withdrawn_booked_on=command.booked_on,
                reason=command.reason,
            ),
        )

    return routes


def _payment(fund_id: str, asked: message.FundPaymentStated, *, booked_on: date) -> Payment:
    return Payment(
        fund_id=fund_id,
        institution_id=InstitutionId(asked.institution_id),
        amount_fen=asked.amount_fen,
        kind=PaymentKind(asked.kind),
        paid_on=asked.paid_on,
        booked_on=booked_on,
        bank_reference=asked.bank_reference,
        remark=asked.remark,
    )
