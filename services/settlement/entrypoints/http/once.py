"""One answer for one request (一次受理): runs a use case under its request key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.acting import Acting
from http_edge.answer_once import answer_once, response_of
from http_edge.problems import refusal_of
from settlement.application.ports import Accept
from settlement.bootstrap import Parts
from settlement.entrypoints.http.problem_table import PROBLEMS


@dataclass(frozen=True)
class Write:
    """A write as it arrived: who acts, under which key, with which body, at which path."""

    operation: str
    acting: Acting
    key: str
    request: Request
    body: bytes

    @property
    def request_key(self) -> RequestKey:
        """The key within its institution and operation."""
        return RequestKey(self.acting.institution_id, self.operation, self.key)

    @property
    def what_was_asked(self) -> bytes:
        """The body together with the path: one key cannot stand for two stays."""
        body: Any = self.body.decode("utf-8", "replace")
        if self.request.headers.get("content-type", "").startswith("application/json"):
            body = json.loads(self.body or b"null")
        return json.dumps({"path": self.request.url.path, "body": body}).encode()


def answer_write(
    parts: Parts,
    write: Write,
    *,
    decide: Callable[[Accept], Any],
    show: Callable[[Any], BaseModel],
    status: int = HTTPStatus.OK,
) -> Response:
    """Run `decide` once; the answer is committed with its events and given to every repetition."""

    def do(body_hash: str) -> Answer:
        made: list[Answer] = []

        def accept(result: Any) -> RegisteredRequest:
            made.append(Answer(status=status, body=show(result).model_dump_json().encode()))
            return RegisteredRequest(
                key=write.request_key, body_hash=body_hash, accepted=True, answer=made[-1]
            )

        decide(accept)
        return made[-1]

    answer, replayed = answer_once(
        parts.register,
        key=write.request_key,
        body=write.what_was_asked,
        do=do,
        refuse=lambda error: refusal_of(error, PROBLEMS),
    )
    return response_of(answer, replayed=replayed)
