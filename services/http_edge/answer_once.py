"""Saying it again (重复请求): the same request gets the same answer, whenever it comes.

A request that was accepted is never carried out a second time; one that was refused changed
nothing and may be sent again, as it was or corrected.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from starlette.responses import Response

from eventlog.log import RequestAlreadyAccepted, VersionConflict
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.problems import PROBLEM_JSON, Problem

REPLAYED_HEADER = "Idempotency-Replayed"
FIRST_ERROR_STATUS = 400
ATTEMPTS = 8

_KEY_REUSED = Problem(
    "request-key-reused",
    409,
    "请求键已用于另一内容的请求 (request key used for another request)",
    "该请求键下已受理过内容不同的请求；新请求请换用新的请求键",
)


class Register(Protocol):
    """The register of requests, as the event log keeps it (请求登记簿)."""

    def find_request(self, key: RequestKey) -> RegisteredRequest | None:
        """The row of a key, or None."""

    def record_refusal(self, request: RegisteredRequest) -> None:
        """Keep a refusal; never in place of an acceptance."""

    def running(self, key: RequestKey) -> AbstractContextManager[RegisteredRequest | None]:
        """While this context is open, the request is known to be worked on; gives the row of its
        key as it was then."""

    def is_running(self, key: RequestKey) -> bool:
        """Whether anybody works on the request now."""


def answer_once(
    register: Register,
    *,
    key: RequestKey,
    hashed: str,
    do: Callable[[str], Answer],
    refuse: Callable[[Exception], Answer | None],
) -> tuple[Answer, bool]:
    """Carry a request out, or give the answer it got before; the flag tells which (重放).

    `hashed` is `body_hash` or `content_hash` of what was asked. `do` gets it and commits its
    answer with its events, as an accepted `RegisteredRequest`; it is called again when another
    writer came first, so it loads what it decides on. `refuse` turns a domain error into the
    refusal to record; where it returns None, the error is raised and no row is left.
    """
    with register.running(key) as found:
        return _as_answered(found, hashed) or _answer_once(register, key, hashed, do, refuse)


def _answer_once(
    register: Register,
    key: RequestKey,
    hashed: str,
    do: Callable[[str], Answer],
    refuse: Callable[[Exception], Answer | None],
) -> tuple[Answer, bool]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return do(hashed), False
        except (RequestAlreadyAccepted, VersionConflict) as overtaken:
            answered = _answered_before(register, key, hashed)
            if answered is not None:
                return answered
            if attempt == ATTEMPTS and isinstance(overtaken, VersionConflict):
                raise
        except Exception as error:
            answer = refuse(error)
            if answer is None:
                raise
            return _refused(register, key, hashed, answer)
    raise VersionConflict(key)


def _answered_before(
    register: Register, key: RequestKey, hashed: str
) -> tuple[Answer, bool] | None:
    return _as_answered(register.find_request(key), hashed)


def _as_answered(found: RegisteredRequest | None, hashed: str) -> tuple[Answer, bool] | None:
    if found is None or not found.accepted:
        return None
    if found.body_hash != hashed:
        return _KEY_REUSED.answer(), False
    return found.answer, True


def _refused(
    register: Register, key: RequestKey, hashed: str, answer: Answer
) -> tuple[Answer, bool]:
    register.record_refusal(RegisteredRequest(key, hashed, accepted=False, answer=answer))
    # The same request may have been accepted while this one was refused (sent twice at once, the
    # slower finds "settled already"): then its answer is the acceptance.
    return _answered_before(register, key, hashed) or (answer, False)


def body_hash(body: bytes) -> str:
    """SHA-256 of the body in canonical form: of JSON, without the order of its keys and spaces."""
    try:
        return _hash_of_json(json.loads(body))
    except (ValueError, RecursionError):
        return hashlib.sha256(b"raw\0" + body).hexdigest()


def content_hash(content: Any) -> str:
    """`body_hash` of the text that `json.dumps` writes of this content, without writing it."""
    try:
        return _hash_of_json(content)
    except (ValueError, RecursionError):
        return body_hash(json.dumps(content).encode())


def _hash_of_json(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"json\0" + canonical.encode()).hexdigest()


def response_of(answer: Answer, *, replayed: bool) -> Response:
    """The HTTP response of an answer, its bytes unchanged."""
    is_problem = answer.status >= FIRST_ERROR_STATUS
    return Response(
        answer.body,
        answer.status,
        {REPLAYED_HEADER: "true"} if replayed else None,
        media_type=PROBLEM_JSON if is_problem else "application/json",
    )
