"""Stays that are settled in parts over HTTP (中途结算)."""

from uuid import UUID

from fastapi import APIRouter, Response

from contracts import settlement_stays_v1 as message
from settlement.application.close_part import ClosePart, PartClosed, close_part
from settlement.bootstrap import Parts
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write


def stay_part_routes(parts: Parts) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["住院结算 stays"])

    @routes.post(
        "/v1/stays/{stay_id}/interim",
        summary="中途结算 (close a part of a stay)",
        response_model=message.InterimClosed,
    )
    def interim(stay_id: UUID, asked: message.InterimClose, arrived: Arrived) -> Response:
        """中途结算：到截止日为一段，照常预结算、结算；次日起为下一段，费用记在下一段。"""
        command = ClosePart(
            stay_id=stay_id,
            until=asked.until,
            invoice_number=asked.invoice_number,
            circumstances=translating.circumstances(asked.circumstances),
            by=arrived.by,
            today=business_date(parts.clock()),
        )
        return answer_write(
            parts,
            "close-interim",
            arrived,
            decide=lambda accept: close_part(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                book=parts.book,
                clock=parts.clock,
                accept=accept,
            ),
            show=_show,
        )

    return routes


def _show(closed: PartClosed) -> message.InterimClosed:
    return message.InterimClosed(
        closed=translating.show_stay(closed.stay),
        following=translating.show_stay(closed.following),
    )
