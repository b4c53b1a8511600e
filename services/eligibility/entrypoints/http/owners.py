"""Asking the offices on-line (联机核实): now, about one person."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from contracts.eligibility_v1 import OwnersAsked
from eligibility.application.ask_owners import Asked, OwnersHeard
from eligibility.application.ports import ReadBy
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.http.person_ids import PersonIdPath, person_id_of
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.http.reading import acts_for
from eligibility.entrypoints.owner_messages import owners_asked
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of


def owners_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The route `/v1/persons/{person_id}/refresh`."""
    router = APIRouter(prefix="/v1/persons", tags=["联机核实 (owners)"])
    refuse = partial(refusal_of, table=PROBLEMS)

    @router.post(
        "/{person_id}/refresh",
        summary="向各部门核实 (ask the owners about a person now)",
        response_model=OwnersAsked,
    )
    def refresh(
        person_id: PersonIdPath, body: BodyBytes, acting: ActingHeaders, key: IdempotencyKey
    ) -> Response:
        """各部门同时询问，限时答复；没有应答的，上次的答复照用，并说明距今多久。没有请求体。"""
        request = RequestKey(acting.institution_id, f"refresh/{person_id}", key)
        # Asked once, even if recording has to begin again because somebody else was quicker.
        asked: list[Asked] = []

        def do(body_hash: str) -> Answer:
            if not asked:
                by = ReadBy(clock(), "refresh", acts_for(acting))
                asked.append(eligibility.ask_owners.ask(person_id_of(person_id), by=by))

            def accept(heard: OwnersHeard) -> RegisteredRequest:
                return RegisteredRequest(request, body_hash, accepted=True, answer=_answer(heard))

            heard = eligibility.ask_owners.record(asked[0], at=clock(), accept=accept)
            return _answer(heard)

        answer, replayed = answer_once(
            eligibility.log, key=request, hashed=body_hash(body), do=do, refuse=refuse
        )
        return response_of(answer, replayed=replayed)

    return router


def _answer(heard: OwnersHeard) -> Answer:
    return Answer(200, owners_asked(heard).model_dump_json().encode())
