"""Stays over HTTP (住院): admission, fees, discharge, preview, settlement, reversal, history."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts import settlement_v1 as message
from contracts.vocabulary import PersonId
from http_edge.acting import ActingHeaders
from settlement.application.admit_patient import AdmitPatient, admit_patient
from settlement.application.as_loaded import require_as_loaded
from settlement.application.discharge_patient import DischargePatient, discharge_patient
from settlement.application.find_stay import own_stay, stay_in_sight
from settlement.application.prepare_settlement import prepare_settlement
from settlement.application.read_statement import read_statement
from settlement.application.record_fees import RecordFees, record_fees
from settlement.application.retrying import when_overtaken
from settlement.application.reverse_settlement import ReverseSettlement, reverse_settlement
from settlement.application.settle_stay import Settled, SettleStay, settle_stay
from settlement.bootstrap import Parts
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write
from settlement.entrypoints.http.show_adjustments import show_reversed
from settlement.entrypoints.stay_history import show_event


def stay_routes(parts: Parts) -> APIRouter:
    """The routes of a stay."""
    routes = APIRouter(tags=["住院结算 stays"])

    @routes.post(
        "/v1/stays", summary="入院登记 (admit)", status_code=201, response_model=message.StayShown
    )
    def admit(
        asked: message.Admission,
        arrived: Arrived,
    ) -> Response:
        """入院登记：机构以请求头为准，参保人以资格服务的标识为准。"""
        at = parts.clock()
        command = AdmitPatient(
            person_id=PersonId(asked.person_id),
            hospital_stay_number=asked.hospital_stay_number,
            admission=asked.admission_date,
            circumstances=translating.circumstances(asked.circumstances),
            scheme=asked.scheme,
            by=arrived.by,
            today=business_date(at),
            at=at,
        )
        return answer_write(
            parts,
            "admit",
            arrived,
            decide=lambda accept: admit_patient(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                accept=accept,
                shard=parts.book.shard,
            ),
            show=translating.show_stay,
            status=HTTPStatus.CREATED,
        )

    @routes.post(
        "/v1/stays/{stay_id}/fees",
        summary="上传费用 (record fees)",
        response_model=message.StayShown,
    )
    def fees(
        stay_id: UUID,
        asked: message.FeeBatchStated,
        arrived: Arrived,
    ) -> Response:
        """上传一批费用（金额或明细）；各分项须与总额相符，明细算出的须与申报的相符。"""
        command = RecordFees(
            stay_id=stay_id,
            batch_number=asked.batch_number,
            charges=translating.charges(asked.charges) if asked.charges else None,
            by=arrived.by,
            at=parts.clock(),
            lines=translating.fee_lines(asked.lines),
            stated=translating.parts_stated(asked.lines),
            replaces=asked.replaces,
        )
        return answer_write(
            parts,
            "record-fees",
            arrived,
            decide=lambda accept: record_fees(command, ledger=parts.ledger, accept=accept),
            show=translating.show_stay,
        )

    @routes.post(
        "/v1/stays/{stay_id}/discharge",
        summary="出院登记 (discharge)",
        response_model=message.StayShown,
    )
    def discharge(
        stay_id: UUID,
        asked: message.Discharge,
        arrived: Arrived,
    ) -> Response:
        """出院登记；之后费用不能变动，除非先取消出院。"""
        at = parts.clock()
        command = DischargePatient(
            stay_id=stay_id,
            discharge=asked.discharge_date,
            invoice_number=asked.invoice_number,
            circumstances=translating.circumstances(asked.circumstances),
            by=arrived.by,
            today=business_date(at),
            at=at,
            departure=asked.departure,
        )
        return answer_write(
            parts,
            "discharge",
            arrived,
            decide=lambda accept: discharge_patient(command, ledger=parts.ledger, accept=accept),
            show=translating.show_stay,
        )

    @routes.post(
        "/v1/stays/{stay_id}/preview",
        summary="预结算 (preview)",
        response_model=message.StatementShown,
    )
    def preview(
        stay_id: UUID, asked: message.PreviewRequest, acting: ActingHeaders
    ) -> message.StatementShown:
        """预结算：与结算同一算法，不留任何记录。"""
        by = translating.actor(acting)
        return when_overtaken(lambda: _previewed(parts, stay_id, asked, by))

    @routes.post(
        "/v1/stays/{stay_id}/settlement",
        summary="结算 (settle)",
        response_model=message.StatementShown,
    )
    def settlement(
        stay_id: UUID,
        asked: message.SettlementRequest,
        arrived: Arrived,
    ) -> Response:
        """结算：各支付方一次算清并记账；同一请求重发得到同一答复。"""
        at = parts.clock()
        command = SettleStay(
            stay_id=stay_id,
            elsewhere_fen=asked.decided_elsewhere_fen,
            expected_personal_fen=asked.expected_personal_fen,
            settled_on=business_date(at),
            by=arrived.by,
            at=at,
            tender=translating.tender(asked.tender),
        )
        return answer_write(
            parts,
            "settle",
            arrived,
            decide=lambda accept: settle_stay(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                book=parts.book,
                clock=parts.clock,
                accept=accept,
            ),
            show=show_settled,
        )

    @routes.post(
        "/v1/stays/{stay_id}/settlement/reversal",
        summary="撤销结算 (reverse)",
        response_model=message.ReversalShown,
    )
    def reversal(
        stay_id: UUID,
        asked: message.ReversalRequest,
        arrived: Arrived,
    ) -> Response:
        """撤销结算：原单保留，冲正记入当期；其后承接它的结算一并重算更正。"""
        at = parts.clock()
        command = ReverseSettlement(
            stay_id=stay_id,
            reason=asked.reason,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "reverse",
            arrived,
            decide=lambda accept: reverse_settlement(
                command, ledger=parts.ledger, laws=parts.laws, accept=accept
            ),
            show=lambda result: show_reversed(result, command),
        )

    @routes.get("/v1/stays/{stay_id}", summary="查询住院 (read a stay)")
    def read(stay_id: UUID, acting: ActingHeaders) -> message.StayShown:
        """查询住院。"""
        return translating.show_stay(_find(parts, stay_id, acting))

    @routes.get("/v1/stays/{stay_id}/statement", summary="结算单 (statement)")
    def statement(
        stay_id: UUID,
        acting: ActingHeaders,
        number: Annotated[str | None, Query(max_length=64)] = None,
    ) -> message.StatementShown:
        """结算单：由账本重新算出，逐步列明依据；number 可取历史结算。"""
        stay = _find(parts, stay_id, acting)
        return translating.show_statement(read_statement(stay, parts.laws, number))

    @routes.get("/v1/stays/{stay_id}/history", summary="事件历史 (history)")
    def history(stay_id: UUID, acting: ActingHeaders) -> message.HistoryShown:
        """事件历史：何时、何人、发生了什么，按先后；文字之外附全部记录内容。"""
        _find(parts, stay_id, acting)
        return message.HistoryShown(
            stay_id=str(stay_id),
            events=tuple(show_event(e) for e in parts.ledger.history(stay_id)),
        )

    return routes


def show_settled(settled: Settled) -> message.StatementShown:
    """A settlement that was just made."""
    return translating.show_prepared(settled.stay, settled.prepared, number=settled.number)


def _previewed(
    parts: Parts, stay_id: UUID, asked: message.PreviewRequest, by: Actor
) -> message.StatementShown:
    at = parts.clock()
    stay = own_stay(parts.ledger, stay_id, by)
    prepared = prepare_settlement(
        stay,
        elsewhere_fen=asked.decided_elsewhere_fen,
        settled_on=business_date(at),
        by=by,
        at=at,
        ledger=parts.ledger,
        eligibility=parts.asked_at_desk,
        book=parts.book,
    )
    require_as_loaded(parts.ledger, stay, *prepared.orders)
    return translating.show_prepared(stay, prepared)


def _find(parts: Parts, stay_id: UUID, acting: Any) -> Stay:
    return stay_in_sight(parts.ledger, stay_id, translating.actor(acting))
