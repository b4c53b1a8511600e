"""Provider deductions over HTTP (违规扣减): offices impose and withdraw them; hospitals read
their own."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from contracts import settlement_funds_v1 as message
from http_edge.acting import ActingHeaders
from settlement.application.deduct_from_hospital import (
    ImposeDeduction,
    WithdrawDeduction,
    impose_deduction,
    settled_stay_in_sight,
    withdraw_deduction,
)
from settlement.bootstrap import Parts
from settlement.domain.deductions import DeductionKept, owed_to_hospital_fen
from settlement.domain.settlement import SURPLUS
from settlement.domain.stay import Stay
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.fund_translating import payer_label
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write

Number = Annotated[str, Path(max_length=64, description="结算单号 (settlement number)")]
Which = Annotated[int, Path(ge=1, le=9_999, description="第几号扣减，从 1 起")]


def deduction_routes(parts: Parts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["违规扣减 deductions"])
    numbers = parts.papers.numbers

    @routes.get("/v1/settlements/{number}/deductions", summary="扣减列表 (list deductions)")
    def deductions(number: Number, acting: ActingHeaders) -> message.DeductionsShown:
        """一笔结算的违规扣减，及各基金的应付、扣减与净额；医疗机构只能查看本机构的。"""
        by = translating.actor(acting)
        return _show_all(settled_stay_in_sight(parts.ledger, numbers, number, by), number)

    @routes.post(
        "/v1/settlements/{number}/deductions",
        summary="登记违规扣减 (impose a deduction)",
        status_code=201,
        response_model=message.DeductionShown,
    )
    def impose(number: Number, asked: message.DeductionStated, arrived: Arrived) -> Response:
        """经办机构少付医院：结算单与个人应付不变；同一基金的扣减合计不超过它应付医院的金额。"""
        at = parts.clock()
        command = ImposeDeduction(
            number=number,
            fund_id=asked.fund_id,
            amount_fen=asked.amount_fen,
            reason=asked.reason,
            document=asked.document_number,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "impose-deduction",
            arrived,
            decide=lambda accept: impose_deduction(
                command, ledger=parts.ledger, numbers=numbers, accept=accept
            ),
            show=lambda decided: _show(decided.kept),
            status=HTTPStatus.CREATED,
        )

    @routes.post(
        "/v1/settlements/{number}/deductions/{deduction}/withdrawal",
        summary="撤回扣减 (withdraw a deduction)",
        response_model=message.DeductionShown,
    )
    def withdraw(
        number: Number, deduction: Which, asked: message.DeductionWithdrawal, arrived: Arrived
    ) -> Response:
        """撤回扣减（如申诉成立）：原扣减保留，补付记入当期。"""
        at = parts.clock()
        command = WithdrawDeduction(
            number=number,
            deduction=deduction,
            reason=asked.reason,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "withdraw-deduction",
            arrived,
            decide=lambda accept: withdraw_deduction(
                command, ledger=parts.ledger, numbers=numbers, accept=accept
            ),
            show=lambda decided: _show(decided.kept),
        )

    return routes


def _show(kept: DeductionKept) -> message.DeductionShown:
    imposed = kept.imposed
    return message.DeductionShown(
        settlement_number=imposed.number,
        deduction=imposed.deduction,
        reference=imposed.reference,
        fund_id=imposed.fund_id,
        amount_fen=imposed.amount_fen,
        stands_fen=kept.stands_fen,
        status=kept.status.value,
        reason=imposed.reason,
        document_number=imposed.document,
        booked_on=imposed.booked_on,
        imposed_by=imposed.by.operator,
        imposed_for=imposed.by.institution_id,
    )


def _show_all(stay: Stay, number: str) -> message.DeductionsShown:
    kept = stay.deductions.of(number)
    return message.DeductionsShown(
        settlement_number=number,
        institution_id=stay.institution_id,
        funds=tuple(_show_net(stay, number)),
        deductions=tuple(_show(each) for each in kept),
    )


def _show_net(stay: Stay, number: str) -> list[message.FundNetShown]:
    """Each fund once, in the order of the bill; none where the settlement was undone."""
    current = stay.current_settlement
    if current is None or current.number != number:
        return []
    shares = [share.fund for share in current.shares]
    beside = [owed.fund for owed in current.outside if owed.kind == SURPLUS]
    found = []
    for fund_id in dict.fromkeys(each for each in (*shares, *beside) if each is not None):
        owed_fen = owed_to_hospital_fen(current, fund_id)
        deducted_fen = stay.deductions.deducted_fen(number, fund_id)
        found.append(
            message.FundNetShown(
                fund_id=fund_id,
                payer_label=payer_label(fund_id),
                owed_fen=owed_fen,
                deducted_fen=deducted_fen,
                net_fen=owed_fen - deducted_fen,
            )
        )
    return found
