"""Single statements and withdrawals (单项认定与撤回): what an office says of one person."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from contracts.eligibility_v1 import FactsRecorded, FactsStated, FactsWithdrawal
from eligibility.adapters.stated_facts import facts_of
from eligibility.application.state_facts import RecordedStatement
from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.http.person_ids import PersonIdPath, person_id_of
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.http.reading import acts_for
from eligibility.entrypoints.messages import recorded_message
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of

Accept = Callable[[RecordedStatement], RegisteredRequest]


def statements_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes `/v1/persons/{person_id}/statements` and `…/withdrawals`."""
    router = APIRouter(prefix="/v1/persons", tags=["认定 (statements)"])
    refuse = partial(refusal_of, table=PROBLEMS)

    def once(
        request: RequestKey, body: bytes, record: Callable[[Accept], RecordedStatement]
    ) -> Response:
        def do(body_hash: str) -> Answer:
            def accept(made: RecordedStatement) -> RegisteredRequest:
                return RegisteredRequest(request, body_hash, accepted=True, answer=_answer(made))

            return _answer(record(accept))

        answer, replayed = answer_once(
            eligibility.log, key=request, hashed=body_hash(body), do=do, refuse=refuse
        )
        return response_of(answer, replayed=replayed)

    @router.post(
        "/{person_id}/statements",
        summary="单项认定 (state facts of one person)",
        response_model=FactsRecorded,
    )
    def state(
        person_id: PersonIdPath,
        stated: FactsStated,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """同一时刻全部记录，或全部不记录；同一事项以后一次为准，先前的仍可按当时已知查询。"""
        return once(
            RequestKey(acting.institution_id, f"state-facts/{person_id}", key),
            body,
            lambda accept: eligibility.state_facts.state(
                person_id_of(person_id),
                facts_of(stated),
                owner=stated.owner,
                acting=acts_for(acting),
                at=clock(),
                accept=accept,
            ),
        )

    @router.post(
        "/{person_id}/withdrawals",
        summary="撤回误记事项 (withdraw mistaken statements)",
        response_model=FactsRecorded,
    )
    def withdraw(
        person_id: PersonIdPath,
        withdrawal: FactsWithdrawal,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """须与现有记录内容完全相同；自记录时刻起视为从未有过，先前的答复仍可重现。"""
        return once(
            RequestKey(acting.institution_id, f"withdraw-facts/{person_id}", key),
            body,
            lambda accept: eligibility.state_facts.withdraw(
                person_id_of(person_id),
                facts_of(withdrawal),
                reason=withdrawal.reason,
                owner=withdrawal.owner,
                acting=acts_for(acting),
                at=clock(),
                accept=accept,
            ),
        )

    return router


def _answer(made: RecordedStatement) -> Answer:
    return Answer(200, recorded_message(made).model_dump_json().encode())
