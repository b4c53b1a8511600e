"""A whole stay in one call, and bills that nothing is stored of (一次性结算、无状态试算)."""

from datetime import date, datetime
from enum import Enum
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response

from contracts import settlement_v1 as message
from contracts.vocabulary import Care, Occasion, PersonId, RegionCode
from settlement.application.admit_patient import AdmitPatient
from settlement.application.preview_bill import BillToPreview, preview_bill
from settlement.application.settle_whole_stay import (
    FeeBatch,
    SettleWholeStay,
    settle_whole_stay,
)
from settlement.bootstrap import Parts
from settlement.domain.record import Actor
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write
from settlement.entrypoints.http.stays import show_settled
from settlement.entrypoints.http.straight_route import straight_route
from settlement.law.book import StayDates
from settlement.law.facts import Facts

_TAGS: Final[list[str | Enum]] = ["一次性结算与试算 settlements, previews"]


def whole_stay_routes(parts: Parts) -> APIRouter:
    """The route of a whole stay in one call."""
    routes = APIRouter(tags=_TAGS, route_class=straight_route(parts.turns))

    @routes.post(
        "/v1/settlements",
        summary="一次性结算 (settle a whole stay)",
        status_code=201,
        response_model=message.StatementShown,
    )
    def settle(
        asked: message.WholeStay,
        arrived: Arrived,
    ) -> Response:
        """一次提交入院、费用、出院并结算；要么全部成立，要么什么都没有发生。"""
        at = parts.clock()
        command = _command(asked, acting=arrived.by, at=at)
        return answer_write(
            parts,
            "settle-whole-stay",
            arrived,
            decide=lambda accept: settle_whole_stay(
                command,
                ledger=parts.ledger,
                eligibility=parts.asked_at_desk,
                book=parts.book,
                clock=parts.clock,
                accept=accept,
            ),
            show=show_settled,
            status=HTTPStatus.CREATED,
        )

    return routes


def stateless_preview_routes(parts: Parts) -> APIRouter:
    """The route of bills that nothing is stored of."""
    routes = APIRouter(tags=_TAGS)

    @routes.post("/v1/previews", summary="无状态试算 (stateless preview)")
    def preview(asked: message.StatelessBill) -> message.StatementShown:
        """无状态试算：给出费用与情形，得到结算单；不查名册，不留记录。"""
        settled_on = business_date(parts.clock())
        found = preview_bill(bill_to_preview(asked, settled_on=settled_on), parts.book)
        return translating.show_previewed(
            found,
            total_fen=asked.charges.total_fen,
            admission=asked.admission_date,
            discharge=asked.discharge_date,
            settled_on=settled_on,
        )

    return routes


def bill_to_preview(asked: message.StatelessBill, *, settled_on: date) -> BillToPreview:
    """The bill of a stateless preview."""
    stated = asked.facts
    declared = translating.circumstances(stated.circumstances)
    return BillToPreview(
        region=RegionCode(asked.region),
        scheme=asked.scheme,
        dates=StayDates(
            admission=asked.admission_date, discharge=asked.discharge_date, settlement=settled_on
        ),
        charges=translating.charges(asked.charges),
        facts=Facts(
            identities=frozenset(stated.identities),
            tier=stated.tier,
            level=stated.level,
            place=stated.place,
            plan=stated.plan,
            referral=declared.referral,
            emergency=declared.emergency,
            third_party_liability=declared.third_party_liability,
            surgery=declared.surgery,
            diagnosis=declared.diagnosis.code if declared.diagnosis else None,
            care=declared.care or Care.INPATIENT.value,
            disease=declared.disease,
            occasion=Occasion.DISCHARGE.value,
            declared=declared.answers,
            designations=frozenset(stated.designations),
            age=stated.age,
            admission_number=stated.admission_number,
            part=stated.part,
            transfer=stated.transfer.value if stated.transfer else None,
            same_tier_admission_number=stated.same_tier_admission_number,
        ),
        counters=asked.counters_before_fen,
        elsewhere=asked.decided_elsewhere_fen,
    )


def _command(asked: message.WholeStay, *, acting: Actor, at: datetime) -> SettleWholeStay:
    return SettleWholeStay(
        admission=AdmitPatient(
            person_id=PersonId(asked.person_id),
            hospital_stay_number=asked.hospital_stay_number,
            admission=asked.admission_date,
            circumstances=translating.circumstances(asked.circumstances),
            scheme=asked.scheme,
            by=acting,
            today=business_date(at),
            at=at,
        ),
        batches=tuple(
            FeeBatch(
                batch.batch_number,
                translating.charges(batch.charges) if batch.charges else None,
                lines=translating.fee_lines(batch.lines),
                stated=translating.parts_stated(batch.lines),
                replaces=batch.replaces,
            )
            for batch in asked.batches
        ),
        discharge=asked.discharge_date,
        invoice_number=asked.invoice_number,
        elsewhere_fen=asked.decided_elsewhere_fen,
        expected_personal_fen=asked.expected_personal_fen,
        settled_on=business_date(at),
        departure=asked.departure,
        tender=translating.tender(asked.tender),
    )
