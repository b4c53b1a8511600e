"""What became of a request (请求结果): done, refused, still running, or nothing that was kept."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Path

from eventlog.requests import Answer, RequestKey
from http_edge.answer_once import Register

RequestState = Literal["done", "refused", "running"]

OperationPath = Annotated[
    str,
    Path(pattern=r"^[a-z][a-z\-]{0,63}$", description="操作，如 settle (operation)"),
]
"""A parameter of this type reads an operation from the path."""

KeyPath = Annotated[
    str,
    Path(pattern=r"^[\x21-\x7e]{1,128}$", description="原请求的 Idempotency-Key (request key)"),
]
"""A parameter of this type reads a request key from the path."""


class RequestUnknown(Exception):
    """Nothing is kept of such a request and nobody works on it: it may be sent again."""


@dataclass(frozen=True)
class RequestOutcome:
    """What is known of a request; `answer` is None while it runs."""

    state: RequestState
    answer: Answer | None


def outcome_of(register: Register, key: RequestKey) -> RequestOutcome:
    """What became of a request, as of now. Raises RequestUnknown.

    Whoever asks may have lost the answer, the request or the server: sending the same request
    again under the same key is safe in every case, since it is accepted at most once.
    """
    # In this order: a request that ends in between has its row by the time the row is looked for.
    is_running = register.is_running(key)
    found = register.find_request(key)
    if found is not None and found.accepted:
        return RequestOutcome("done", found.answer)
    if is_running:
        # A refusal that is there is of an earlier attempt.
        return RequestOutcome("running", None)
    if found is None:
        raise RequestUnknown(
            f"机构 {key.institution_id} 的操作 {key.operation} 没有这个请求键的结果，"
            "也没有正在处理；没有留下任何记录，可用同一请求键、同一内容放心重发"
        )
    return RequestOutcome("refused", found.answer)
