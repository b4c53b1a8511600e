"""Amounts that come after the settlement, over HTTP (后到金额)."""

from uuid import UUID

from fastapi import APIRouter, Response

from contracts import settlement_stays_v1 as message
from settlement.application.deliver_late_amount import (
    DeliverLateAmount,
    LateAmountTaken,
    deliver_late_amount,
)
from settlement.bootstrap import Parts
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http.once import Arrived, answer_write
from settlement.entrypoints.http.show_adjustments import show_adjusted


def late_amount_routes(parts: Parts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["后到金额 late amounts"])

    @routes.post(
        "/v1/stays/{stay_id}/settlement/late-amounts",
        summary="登记后到金额 (deliver a late amount)",
        response_model=message.LateAmountShown,
    )
    def deliver(stay_id: UUID, asked: message.LateAmountStated, arrived: Arrived) -> Response:
        """登记后到金额：待定的层有了金额，或先前登记的有误；本笔与其后承接它的结算一并更正。

        由住院所在机构或经办机构登记；金额按政策写明的上限核对，差额由本机构经手的经医院结清，
        经办机构登记的按政策的 corrections 走。
        """
        at = parts.clock()
        command = DeliverLateAmount(
            stay_id=stay_id,
            layer=asked.layer,
            amount_fen=asked.amount_fen,
            reference=asked.reference,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "deliver-late-amount",
            arrived,
            decide=lambda accept: deliver_late_amount(
                command, ledger=parts.ledger, laws=parts.laws, accept=accept
            ),
            show=lambda taken: _show(taken, command),
        )

    return routes


def _show(taken: LateAmountTaken, command: DeliverLateAmount) -> message.LateAmountShown:
    own, *later = taken.rederived
    return message.LateAmountShown(
        stay_id=str(taken.stay.id),
        settlement_number=taken.settlement.number,
        layer=command.layer,
        amount_fen=command.amount_fen,
        was_fen=taken.settlement.inputs.elsewhere_fen.get(command.layer),
        patient_fen=own.prepared.patient_fen,
        booked_on=command.booked_on,
        adjustments=(
            # Whoever may deliver to a stay may see what becomes of it.
            show_adjusted(own, taken.stay.institution_id),
            *(show_adjusted(each, command.by.institution_id) for each in later),
        ),
    )
