"""People (人员): look-up by certificate, and entitlements on a day."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from contracts.eligibility_v1 import (
    Entitlements,
    EntitlementsAnswered,
    EntitlementsFound,
    EntitlementsQuery,
    PersonFound,
    PersonLookup,
    PersonOnPaper,
    PersonReads,
    PersonShown,
)
from eligibility.application.answer_entitlements import EntitlementsAnswer, Question
from eligibility.application.find_person import UnknownPerson
from eligibility.application.ports import ReadBy
from eligibility.bootstrap import Eligibility
from eligibility.domain.certificate import read_certificate
from eligibility.domain.masking import mask_number
from eligibility.entrypoints.fact_messages import entitlements_message
from eligibility.entrypoints.http.asking import ASKED, instant_asked, read_asked, window_asked
from eligibility.entrypoints.http.person_ids import PersonIdPath, person_id_of
from eligibility.entrypoints.http.reading import ReadFor, acts_for
from eligibility.entrypoints.messages import card_message, paper_message, reads_message
from http_edge.acting import ActingHeaders
from http_edge.json_answers import json_answer

_UNKNOWN_PERSON = "urn:yizhan:problem:unknown-person"


def persons_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/persons`."""
    router = APIRouter(prefix="/v1/persons", tags=["人员 (persons)"])

    @router.post("/lookup", summary="按证件查人 (look a person up by certificate)")
    def look_up(lookup: PersonLookup, reader: ReadFor) -> PersonFound:
        """证件号码只在请求体中；返回人员标识。查到的，查阅本身留有记录。"""
        certificate = read_certificate(
            certificate_type=lookup.certificate_type, number=lookup.certificate_number
        )
        by = ReadBy(clock(), "lookup", reader)
        return PersonFound(person_id=str(eligibility.find_person.for_reader(certificate, by=by)))

    @router.get(
        "/{person_id}/entitlements",
        summary="待遇资格查询 (entitlements on a day)",
        response_model=Entitlements,
        openapi_extra=ASKED,
    )
    def entitlements(person_id: PersonIdPath, request: Request) -> Response:
        """当日有效的全部事项；如何取舍由政策决定。查阅本身留有记录。

        给出 from 与 to 时，身份为其间任何一天有效的全部身份，各带起止日期；其余事项仍以当日为准。
        """
        now = clock()
        asked, reader = read_asked(request)
        answer = eligibility.answer_entitlements(
            person_id_of(person_id),
            on=asked.on,
            known_at=instant_asked(asked.known_at, now),
            version=asked.version,
            window=window_asked(asked.first, asked.last),
            by=ReadBy(now, "entitlements", reader),
        )
        if asked.form == "2":
            return json_answer(entitlements_message(answer))
        owners = eligibility.owner_knowledge.of_person(answer.person_ids, known_at=answer.known_at)
        return json_answer(entitlements_message(answer, owners=owners))

    @router.post(
        "/entitlements",
        summary="批量待遇资格查询 (entitlements of many people)",
        response_model=EntitlementsFound,
    )
    def entitlements_of_many(query: EntitlementsQuery, reader: ReadFor) -> Response:
        """至多 1,000 人，同一日期、同一已知时刻；查无此人只影响其本人一项。查阅本身留有记录。"""
        now = clock()
        question = Question(
            query.on,
            instant_asked(query.known_at, now),
            window_asked(query.identities_from, query.identities_to),
        )
        ids = {text: found for text in query.person_ids if (found := _id_or_none(text))}
        answers = eligibility.answer_entitlements.for_many(
            list(ids.values()),
            question,
            by=ReadBy(now, "entitlements-of-many", reader),
        )
        message = EntitlementsFound(
            on=question.on,
            known_at=question.known_at,
            answers=tuple(
                _answered(text, answers.get(ids[text]) if text in ids else None)
                for text in query.person_ids
            ),
        )
        return json_answer(message)

    @router.get("/{person_id}", summary="人员卡片 (a person's card)")
    def show(person_id: PersonIdPath, acting: ActingHeaders) -> PersonShown:
        """证件号码只显示前六位与后四位，用于核对是否本人；不显示姓名。查阅本身留有记录。"""
        by = ReadBy(clock(), "card", acts_for(acting))
        return card_message(eligibility.show_person.card(person_id_of(person_id), by=by))

    @router.get("/{person_id}/paper", summary="票据抬头 (who a paper is made out to)")
    def on_paper(person_id: PersonIdPath, acting: ActingHeaders) -> PersonOnPaper:
        """打印票据时读取姓名、性别与脱敏的证件号码；调用方不得保存。查阅本身留有记录。"""
        by = ReadBy(clock(), "paper", acts_for(acting))
        return paper_message(eligibility.show_person.on_paper(person_id_of(person_id), by=by))

    @router.get("/{person_id}/reads", summary="查阅记录 (who read a person's facts)")
    def reads(person_id: PersonIdPath, acting: ActingHeaders) -> PersonReads:  # noqa: ARG001 -- the headers are required
        """谁在何时以哪一接口查阅过此人，最近的在前，至多 1,000 条。"""
        found = person_id_of(person_id)
        return reads_message(found, eligibility.show_person.reads(found))

    return router


def _answered(text: str, answer: EntitlementsAnswer | None) -> EntitlementsAnswered:
    if answer is None:
        # What is no id may be a certificate number sent by mistake, and is not repeated in full.
        shown = text if _id_or_none(text) is not None else mask_number(text)
        return EntitlementsAnswered(person_id=shown, problem=_UNKNOWN_PERSON)
    return EntitlementsAnswered(person_id=text, entitlements=entitlements_message(answer))


def _id_or_none(text: str) -> UUID | None:
    try:
        return person_id_of(text)
    except UnknownPerson:
        return None
