"""One answer for one request (一次受理): runs a use case under its request key."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import Acting, ActingHeaders, IdempotencyKey
from http_edge.answer_once import answer_once, content_hash, response_of
from http_edge.problems import refusal_of
from settlement.application.ports import Accept
from settlement.bootstrap import Parts
from settlement.domain.record import Actor
from settlement.entrypoints.http.problem_table import PROBLEMS
from settlement.entrypoints.http.translating import actor


@dataclass(frozen=True)
class Arrival:
    """A write as it arrived (写请求): who acts, under which key, and the hash of what was asked
    where."""

    acting: Acting
    key: str
    asked_hash: str

    @property
    def by(self) -> Actor:
        """Who acts, as it is recorded."""
        return actor(self.acting)


async def read_arrival(request: Request, acting: ActingHeaders, key: IdempotencyKey) -> Arrival:
    """What every write carries. The path belongs to what was asked: one key cannot stand for two
    stays."""
    try:
        # Where the route takes a message, the framework has read it already.
        content = await request.json()
    except (ValueError, RecursionError):
        content = sha256(await request.body()).hexdigest()
    return Arrival(acting, key, asked_hash(request.url.path, content))


def asked_hash(path: str, content: Any) -> str:
    """What stands for what was asked where."""
    # An id may be written in capitals, and is the same.
    return content_hash({"path": path.lower(), "body": content})


Arrived = Annotated[Arrival, Depends(read_arrival)]
"""A parameter of this type reads the headers and the body of a write."""


def answer_write(
    parts: Parts,
    operation: str,
    arrived: Arrival,
    *,
    decide: Callable[[Accept], Any],
    show: Callable[[Any], BaseModel],
    status: int = HTTPStatus.OK,
) -> Response:
    """Run `decide` once; the answer is committed with its events and given to every repetition.

    A request key belongs to the institution and this operation.
    """
    request_key = RequestKey(arrived.acting.institution_id, operation, arrived.key)

    def do(body_hash: str) -> Answer:
        made: list[Answer] = []

        def accept(result: Any) -> RegisteredRequest:
            made.append(Answer(status=status, body=show(result).model_dump_json().encode()))
            return RegisteredRequest(
                key=request_key, body_hash=body_hash, accepted=True, answer=made[-1]
            )

        decide(accept)
        return made[-1]

    answer, replayed = answer_once(
        parts.register,
        key=request_key,
        hashed=arrived.asked_hash,
        do=do,
        refuse=lambda error: refusal_of(error, PROBLEMS),
    )
    return response_of(answer, replayed=replayed)
