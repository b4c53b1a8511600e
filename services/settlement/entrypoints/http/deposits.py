"""Deposits over HTTP (押金): what may be asked, what is held, paid and given back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts import settlement_stays_v1 as message
from contracts.vocabulary import LARGEST_BILL_FEN
from http_edge.acting import ActingHeaders
from settlement.application.ask_deposit import DepositAnswer, DepositQuestion, ask_deposit
from settlement.application.keep_deposit import (
    PayDeposit,
    RefundDeposit,
    pay_deposit,
    refund_deposit,
)
from settlement.application.retrying import when_overtaken
from settlement.bootstrap import Parts
from settlement.domain.stay import Stay
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write

_NormalFen = Annotated[int | None, Query(ge=0, le=int(LARGEST_BILL_FEN))]


def deposit_routes(parts: Parts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["押金 deposits"])

    @routes.get("/v1/stays/{stay_id}/deposit", summary="押金 (what may be asked and what is held)")
    def standing(
        stay_id: UUID, acting: ActingHeaders, normal_deposit_fen: _NormalFen = None
    ) -> message.DepositStandingShown:
        """按适用政策最多可收多少押金，已在押多少；normal_deposit_fen 为本院对其他病人所收。"""

        def ask() -> DepositAnswer:
            at = parts.clock()
            question = DepositQuestion(
                stay_id, normal_deposit_fen, translating.actor(acting), business_date(at), at
            )
            return ask_deposit(
                question, ledger=parts.ledger, eligibility=parts.asked_at_desk, book=parts.book
            )

        return show_standing(when_overtaken(ask))

    @routes.post(
        "/v1/stays/{stay_id}/deposits",
        summary="收押金 (take a deposit)",
        response_model=message.DepositStandingShown,
    )
    def pay(stay_id: UUID, asked: message.DepositPayment, arrived: Arrived) -> Response:
        """收押金或补交：超出政策所许的拒收；政策没有规定的照收，答复中写明。"""
        command = PayDeposit(
            stay_id=stay_id,
            receipt_number=asked.receipt_number,
            amount_fen=asked.amount_fen,
            method=asked.method,
            normal_fen=asked.normal_deposit_fen,
            by=arrived.by,
            today=business_date(parts.clock()),
        )
        return answer_write(
            parts,
            "pay-deposit",
            arrived,
            decide=lambda accept: pay_deposit(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                book=parts.book,
                clock=parts.clock,
                accept=accept,
            ),
            show=show_standing,
        )

    @routes.post(
        "/v1/stays/{stay_id}/deposits/refund",
        summary="退押金 (give a deposit back)",
        response_model=message.DepositHeldShown,
    )
    def refund(stay_id: UUID, asked: message.DepositRefund, arrived: Arrived) -> Response:
        """退押金：不超过在押金额；写收据号的，不超过该收据所余。"""
        command = RefundDeposit(
            stay_id=stay_id,
            receipt_number=asked.receipt_number,
            amount_fen=asked.amount_fen,
            method=asked.method,
            by=arrived.by,
            at=parts.clock(),
        )
        return answer_write(
            parts,
            "refund-deposit",
            arrived,
            decide=lambda accept: refund_deposit(command, ledger=parts.ledger, accept=accept),
            show=show_held,
        )

    return routes


def show_held(stay: Stay) -> message.DepositHeldShown:
    """What is held."""
    return message.DepositHeldShown(
        stay_id=str(stay.id),
        held_fen=stay.deposit.held_fen,
        applied_fen=stay.deposit.applied_fen,
        receipts=tuple(
            message.DepositReceiptShown(receipt_number=r.number, left_fen=r.left_fen)
            for r in stay.deposit.receipts
        ),
    )


def show_standing(answer: DepositAnswer) -> message.DepositStandingShown:
    """What is held, and what may be asked."""
    allowed = answer.allowed
    stated = [n for n in (allowed.share_of_normal, allowed.amount) if n] if allowed else []
    return message.DepositStandingShown(
        **show_held(answer.stay).model_dump(),
        policy=answer.policy.label,
        policy_says=allowed is not None,
        numbers=tuple(translating.show_number(used) for n in stated for used in n.uses),
        normal_deposit_fen=answer.limit.normal_fen,
        most_fen=answer.limit.most_fen,
        may_ask_fen=answer.may_ask_fen,
    )
