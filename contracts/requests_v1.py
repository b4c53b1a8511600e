"""What became of a request (请求结果), as both services tell it. Owner: eligibility, settlement.

Whoever lost the answer to a write asks here instead of guessing. A time-out is none of the states.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerKept(Message):
    """The answer that was given (已给出的答复): HTTP status and the JSON of its body."""

    status: int
    body: Any


class RequestShown(Message):
    """`GET /v1/requests/{operation}/{key}`: what became of the caller's own request (请求结果).

    `done`: accepted; `answer` is the first answer, which every repetition gets. `refused`: nothing
    was changed; `answer` is the latest refusal with its problem details, and the request may be
    sent again, as it was or corrected. `running`: being worked on now; ask again. A request of
    which nothing is kept is answered with 404 `request-unknown`: it may be sent again safely.
    """

    contract: Literal["requests.v1"] = "requests.v1"
    operation: str
    key: str
    state: Literal["done", "refused", "running"]
    answer: AnswerKept | None = None
