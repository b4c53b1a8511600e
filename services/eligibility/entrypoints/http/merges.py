"""Merges and splits (归并与拆分): two records that are one person, or are not."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from contracts.eligibility_v1 import (
    MergeRecorded,
    MergeShown,
    MergesShown,
    RecordMerge,
    RecordSplit,
    SplitRecorded,
)
from contracts.vocabulary import MergeReason
from eligibility.application.merge_persons import RecordedMerge
from eligibility.bootstrap import Eligibility
from eligibility.domain.merging import Merge
from eligibility.entrypoints.http.person_ids import PersonIdPath, person_id_of
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.http.reading import acts_for
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import ActingHeaders, BodyBytes, IdempotencyKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of

Accept = Callable[[RecordedMerge], RegisteredRequest]
MergeNumber = Annotated[int, Path(ge=1, description="第几次归并 (number of the merge)")]


def merges_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/persons/{person_id}/merges`."""
    router = APIRouter(prefix="/v1/persons/{person_id}/merges", tags=["归并 (merges)"])
    refuse = partial(refusal_of, table=PROBLEMS)

    def once(
        request: RequestKey,
        body: bytes,
        record: Callable[[Accept], RecordedMerge],
        message: Callable[[RecordedMerge], BaseModel],
    ) -> Response:
        def answer_of(made: RecordedMerge) -> Answer:
            return Answer(200, message(made).model_dump_json().encode())

        def do(body_hash: str) -> Answer:
            def accept(made: RecordedMerge) -> RegisteredRequest:
                return RegisteredRequest(request, body_hash, accepted=True, answer=answer_of(made))

            return answer_of(record(accept))

        answer, replayed = answer_once(
            eligibility.log, key=request, hashed=body_hash(body), do=do, refuse=refuse
        )
        return response_of(answer, replayed=replayed)

    @router.post("", summary="归并两条记录 (merge two records)", response_model=MergeRecorded)
    def merge(
        person_id: PersonIdPath,
        merging: RecordMerge,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """自记录时刻起，两个标识均以两条记录的全部事项答复；先前的答复不变，可以拆分。"""
        return once(
            RequestKey(acting.institution_id, f"merge-records/{person_id}", key),
            body,
            lambda accept: eligibility.merge_persons.merge(
                person_id_of(person_id),
                person_id_of(merging.other_id),
                reason=merging.reason,
                acting=acts_for(acting),
                at=clock(),
                accept=accept,
            ),
            _merged,
        )

    @router.post("/{number}/undo", summary="拆分 (undo a merge)", response_model=SplitRecorded)
    def undo(
        person_id: PersonIdPath,
        number: MergeNumber,
        splitting: RecordSplit,
        body: BodyBytes,
        acting: ActingHeaders,
        key: IdempotencyKey,
    ) -> Response:
        """各自恢复本记录的事项；归并期间认定的，留在认定时所用的人员标识下。"""
        return once(
            RequestKey(acting.institution_id, f"split-records/{person_id}/{number}", key),
            body,
            lambda accept: eligibility.merge_persons.undo(
                person_id_of(person_id),
                number,
                reason=splitting.reason,
                acting=acts_for(acting),
                at=clock(),
                accept=accept,
            ),
            _split,
        )

    @router.get("", summary="归并记录 (merges into a person)")
    def merges(person_id: PersonIdPath) -> MergesShown:
        """并入主记录的各次归并，已拆分的也在内；拆分时用其中的 number。"""
        canonical_id, found = eligibility.merge_persons.merges(person_id_of(person_id))
        return MergesShown(canonical_id=str(canonical_id), merges=tuple(map(_shown, found)))

    return router


def _merged(made: RecordedMerge) -> MergeRecorded:
    return MergeRecorded(
        person_id=str(made.canonical_id),
        other_id=str(made.other_id),
        number=made.number,
        recorded_at=made.recorded_at,
        version=made.version,
    )


def _split(made: RecordedMerge) -> SplitRecorded:
    return SplitRecorded(**_merged(made).model_dump(), said_since=made.said_since)


def _shown(merge: Merge) -> MergeShown:
    return MergeShown(
        number=merge.made.number,
        other_id=str(merge.made.other_id),
        reason=MergeReason(merge.made.reason),
        merged_at=merge.made.recorded_at,
        split_at=merge.undone.recorded_at if merge.undone is not None else None,
    )
