"""Changes of a stay over HTTP (变更与撤销): admission, discharge, and fees that were recorded."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Response

from contracts import settlement_stays_v1 as message
from contracts import settlement_v1
from http_edge.acting import ActingHeaders
from settlement.application.cancel_admission import CancelAdmission, cancel_admission
from settlement.application.change_admission import ChangeAdmission, change_admission
from settlement.application.correct_fees import (
    CorrectFeeLine,
    DeleteFeeBatch,
    DeleteFeeLine,
    correct_fees,
)
from settlement.application.find_stay import stay_in_sight
from settlement.application.ports import Accept
from settlement.application.undo_discharge import UndoDischarge, undo_discharge
from settlement.bootstrap import Parts
from settlement.domain.stay import Stay
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrival, Arrived, answer_write
from settlement.entrypoints.http.showing_fees import show_fees

_SHOWN = settlement_v1.StayShown


def stay_change_routes(parts: Parts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["住院变更 changes of a stay"])
    _admission_routes(routes, parts)
    _fee_routes(routes, parts)
    return routes


def _admission_routes(routes: APIRouter, parts: Parts) -> None:
    @routes.post(
        "/v1/stays/{stay_id}/admission/change",
        summary="变更入院登记 (change the admission)",
        response_model=_SHOWN,
    )
    def change(stay_id: UUID, asked: message.AdmissionChange, arrived: Arrived) -> Response:
        """变更入院登记：按所报内容整体替换；参保人与住院号不能变。"""
        at = parts.clock()
        command = ChangeAdmission(
            stay_id=stay_id,
            admission=asked.admission_date,
            scheme=asked.scheme,
            circumstances=translating.circumstances(asked.circumstances),
            by=arrived.by,
            today=business_date(at),
            at=at,
        )
        return _write(
            parts,
            "change-admission",
            arrived,
            lambda accept: change_admission(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                accept=accept,
                shard=parts.book.shard,
            ),
        )

    @routes.post(
        "/v1/stays/{stay_id}/admission/cancellation",
        summary="撤销入院登记 (cancel the admission)",
        response_model=_SHOWN,
    )
    def cancel(stay_id: UUID, asked: message.AdmissionCancellation, arrived: Arrived) -> Response:
        """撤销入院登记：费用、押金、出院须先取消；之后此住院号可以重新登记。"""
        command = CancelAdmission(
            stay_id=stay_id, reason=asked.reason, by=arrived.by, at=parts.clock()
        )
        return _write(
            parts,
            "cancel-admission",
            arrived,
            lambda accept: cancel_admission(command, ledger=parts.ledger, accept=accept),
        )

    @routes.post(
        "/v1/stays/{stay_id}/discharge/cancellation",
        summary="取消出院 (undo the discharge)",
        response_model=_SHOWN,
    )
    def undo(stay_id: UUID, asked: message.DischargeCancellation, arrived: Arrived) -> Response:
        """取消出院：已结算的须先撤销结算；之后可以更正费用，再办理出院。取消中途结算同此，下一段须是空的。"""
        command = UndoDischarge(
            stay_id=stay_id, reason=asked.reason, by=arrived.by, at=parts.clock()
        )
        return _write(
            parts,
            "undo-discharge",
            arrived,
            lambda accept: undo_discharge(command, ledger=parts.ledger, accept=accept),
        )


def _fee_routes(routes: APIRouter, parts: Parts) -> None:
    def correct(
        operation: str, arrived: Arrival, command: DeleteFeeBatch | CorrectFeeLine | DeleteFeeLine
    ) -> Response:
        return _write(
            parts,
            operation,
            arrived,
            lambda accept: correct_fees(command, ledger=parts.ledger, accept=accept),
        )

    @routes.get("/v1/stays/{stay_id}/fees", summary="现有费用 (the fees that stand)")
    def fees(stay_id: UUID, acting: ActingHeaders) -> message.FeesShown:
        """现有费用：各批次与明细，冲账后的余额与分项。"""
        return show_fees(stay_in_sight(parts.ledger, stay_id, translating.actor(acting)))

    @routes.post(
        "/v1/stays/{stay_id}/fees/deletion",
        summary="删除费用批次 (delete a batch of fees)",
        response_model=_SHOWN,
    )
    def delete_batch(stay_id: UUID, asked: message.FeeBatchDeletion, arrived: Arrived) -> Response:
        """删除费用批次：出院前可以；批次号不再使用。"""
        command = DeleteFeeBatch(stay_id, asked.batch_number, arrived.by, parts.clock())
        return correct("delete-fee-batch", arrived, command)

    @routes.post(
        "/v1/stays/{stay_id}/fees/lines/correction",
        summary="更正费用明细 (correct a line of fees)",
        response_model=_SHOWN,
    )
    def correct_line(stay_id: UUID, asked: message.FeeLineCorrection, arrived: Arrived) -> Response:
        """更正费用明细：按明细号替换一行；已冲账的行须先删除冲账行。"""
        line = translating.fee_line(asked.line)
        command = CorrectFeeLine(
            stay_id, line, translating.parts_stated((asked.line,)), arrived.by, parts.clock()
        )
        return correct("correct-fee-line", arrived, command)

    @routes.post(
        "/v1/stays/{stay_id}/fees/lines/deletion",
        summary="删除费用明细 (delete a line of fees)",
        response_model=_SHOWN,
    )
    def delete_line(stay_id: UUID, asked: message.FeeLineDeletion, arrived: Arrived) -> Response:
        """删除费用明细：出院前可以。"""
        command = DeleteFeeLine(stay_id, asked.line_number, arrived.by, parts.clock())
        return correct("delete-fee-line", arrived, command)


def _write(
    parts: Parts, operation: str, arrived: Arrival, decide: Callable[[Accept], Stay]
) -> Response:
    return answer_write(parts, operation, arrived, decide=decide, show=translating.show_stay)
