"""What became of a request (请求结果): done, refused, still running, or nothing that was kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import Path

from eventlog.requests import Answer, RequestKey
from http_edge.answer_once import Register
from http_edge.identity.caller import Caller
from http_edge.identity.roles import Role

_LOOKS_INTO_TROUBLES = frozenset({Role.AUDITOR, Role.OPERATOR})
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
    """What is known of a request; `answer` is None while it runs, and for whoever may not see
    it."""

    state: RequestState
    answer: Answer | None


class OthersRequest(Exception):
    """The request is of an institution that the caller does not belong to."""


def require_own_request(
    caller: Caller, institution_id: str, is_hospital: Callable[[str], bool]
) -> None:
    """Of a hospital's requests hears whoever has a token of that hospital, and of all offices'
    people those who look into troubles. Raises OthersRequest."""
    if institution_id in caller.institutions or caller.roles & _LOOKS_INTO_TROUBLES:
        return
    if is_hospital(institution_id):
        raise OthersRequest(
            f"请求是机构 {institution_id} 发出的；只有本机构，或经办机构的审计、系统运维可以查询"
        )


def seen_by(caller: Caller, found: RequestOutcome) -> RequestOutcome:
    """What somebody sees of an outcome: who only runs the machines, that it is there."""
    return replace(found, answer=None) if caller.roles <= {Role.OPERATOR} else found


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
