"""The register of requests (请求登记簿): who asked for what, and what was answered.

A request key belongs to an institution and an operation. An accepted request's row is committed
in the same transaction as its events, so the same answer can be given again at any later time;
a refused request leaves its row here and no event, and may be sent again.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestKey:
    """The key a caller chose for one request (请求键), within its institution and operation."""

    institution_id: str
    operation: str
    key: str


@dataclass(frozen=True)
class Answer:
    """What was answered (应答): an HTTP status and the JSON bytes of the body, kept as sent."""

    status: int
    body: bytes


@dataclass(frozen=True)
class RegisteredRequest:
    """One row of the register (登记行).

    `body_hash` is the hash of the request's body in canonical form: the same key with another
    body is another request, not a repetition.
    """

    key: RequestKey
    body_hash: str
    accepted: bool
    answer: Answer


AnsweredBefore = tuple[()] | tuple[RegisteredRequest | None]
"""The row of a request's key, where it was read together with something else; else empty."""
