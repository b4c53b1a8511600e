"""One answer a request (一次受理), for the routes of differences and lists."""

import hashlib
from collections.abc import Callable
from functools import partial

from pydantic import BaseModel
from starlette.responses import Response

from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.http.problems import PROBLEMS
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once, body_hash, response_of
from http_edge.problems import refusal_of

Accept = Callable[[BaseModel], RegisteredRequest]


def once(
    eligibility: Eligibility,
    request: RequestKey,
    body: bytes,
    do: Callable[[Accept], BaseModel],
) -> Response:
    """Carry a request out once; `do` hands what it answers to `accept`, to be stored with it."""

    def carry_out(body_hash: str) -> Answer:
        def accept(message: BaseModel) -> RegisteredRequest:
            return RegisteredRequest(request, body_hash, accepted=True, answer=_answer(message))

        return _answer(do(accept))

    refuse = partial(refusal_of, table=PROBLEMS)
    answer, replayed = answer_once(
        eligibility.log, key=request, hashed=body_hash(body), do=carry_out, refuse=refuse
    )
    return response_of(answer, replayed=replayed)


def request_of(query: str, content: bytes) -> bytes:
    """What makes a file sent with parameters the same request: the parameters and the file."""
    parameters = "&".join(sorted(query.split("&")))
    return f"{parameters}\0{hashlib.sha256(content).hexdigest()}".encode()


def _answer(message: BaseModel) -> Answer:
    return Answer(200, message.model_dump_json().encode())
