"""What is asked about a person's entitlements (资格查询条件): the most frequent question of all."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, Field

from eligibility.application.ports import ActsFor
from eligibility.domain.days import Window, WindowInvalid
from eligibility.entrypoints.http.reading import ReaderHeaders
from http_edge.asked_at_once import declared, read_at_once


class EntitlementsAsked(BaseModel):
    """The query of `GET /v1/persons/{person_id}/entitlements`."""

    on: Annotated[date, Field(description="哪一天，如 2023-07-01 (the day asked about)")]
    known_at: Annotated[
        AwareDatetime | None,
        Field(description="按哪一时刻已知的情况回答，默认现在 (as known at this instant)"),
    ] = None
    version: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Field(description="重问时带上原答复的 version，答复与原来相同 (repeat an answer)"),
    ] = None
    first: Annotated[
        date | None,
        Field(alias="from", description="身份取这一天起 (identities of a window: first day)"),
    ] = None
    last: Annotated[
        date | None,
        Field(alias="to", description="身份取到这一天止，须与 from 同时给出 (its last day)"),
    ] = None
    form: Annotated[
        Literal["2", "3"],
        Field(description="答复格式；3 附各部门联机应答距今多久 (form of the answer)"),
    ] = "2"


ASKED: Final[dict[str, Any]] = {
    "parameters": [*declared(EntitlementsAsked, "query"), *declared(ReaderHeaders, "header")]
}
"""The question's parameters as OpenAPI declares them."""


def read_asked(request: Request) -> tuple[EntitlementsAsked, ActsFor | None]:
    """What is asked, and who reads. Raises `RequestValidationError`."""
    mistakes: list[Any] = []
    headers = read_at_once(ReaderHeaders, "header", request.headers, mistakes)
    reader = headers.reader(request) if headers is not None else None
    asked = read_at_once(EntitlementsAsked, "query", request.query_params, mistakes)
    if asked is None or mistakes:
        raise RequestValidationError(mistakes)
    return asked, reader


def instant_asked(asked: datetime | None, now: datetime) -> datetime:
    """The instant asked about; what will be known later cannot be promised, so never a later one
    than now."""
    return min(_utc(asked), now) if asked is not None else now


def window_asked(first: date | None, last: date | None) -> Window | None:
    """The window asked for; one end alone is refused, since the other would be a guess.

    Raises `WindowInvalid`.
    """
    if first is None and last is None:
        return None
    if first is None or last is None:
        message = "from 与 to 须同时给出 (both ends of a window)"
        raise WindowInvalid(message)
    return Window(first, last)


def _utc(instant: datetime) -> datetime:
    """The instant in UTC; the first there is for one that lies before it."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
