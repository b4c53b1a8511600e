"""People (人员): look-up by certificate, and entitlements on a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from contracts.eligibility_v1 import Entitlements, PersonFound, PersonLookup
from eligibility.application.find_person import UnknownPerson
from eligibility.bootstrap import Eligibility
from eligibility.domain.certificate import read_certificate
from eligibility.domain.person import Window, WindowInvalid
from eligibility.entrypoints.messages import entitlements_message


def persons_router(eligibility: Eligibility, clock: Callable[[], datetime]) -> APIRouter:
    """The routes under `/v1/persons`."""
    router = APIRouter(prefix="/v1/persons", tags=["人员 (persons)"])

    @router.post("/lookup", summary="按证件查人 (look a person up by certificate)")
    def look_up(lookup: PersonLookup) -> PersonFound:
        """证件号码只在请求体中；返回人员标识。"""
        certificate = read_certificate(
            certificate_type=lookup.certificate_type, number=lookup.certificate_number
        )
        return PersonFound(person_id=str(eligibility.find_person(certificate)))

    @router.get("/{person_id}/entitlements", summary="待遇资格查询 (entitlements on a day)")
    def entitlements(
        person_id: Annotated[str, Path(description="人员标识 (opaque id)")],
        on: Annotated[date, Query(description="哪一天，如 2023-07-01 (the day asked about)")],
        known_at: Annotated[
            AwareDatetime | None,
            Query(description="按哪一时刻已知的情况回答，默认现在 (as known at this instant)"),
        ] = None,
        version: Annotated[
            int | None,
            Query(
                ge=1, description="重问时带上原答复的 version，答复与原来相同 (repeat an answer)"
            ),
        ] = None,
        first: Annotated[
            date | None,
            Query(alias="from", description="身份取这一天起 (identities of a window: first day)"),
        ] = None,
        last: Annotated[
            date | None,
            Query(alias="to", description="身份取到这一天止，须与 from 同时给出 (its last day)"),
        ] = None,
    ) -> Entitlements:
        """当日有效的全部身份与参保；如何取舍由政策决定。

        给出 from 与 to 时，身份为其间任何一天有效的全部身份，各带起止日期；参保仍以当日为准。
        """
        now = clock()
        # What will be known later cannot be promised: the answer never claims a future instant.
        known = min(_utc(known_at), now) if known_at is not None else now
        answer = eligibility.answer_entitlements(
            _person_id(person_id),
            on=on,
            known_at=known,
            version=version,
            window=_window(first, last),
        )
        return entitlements_message(answer)

    return router


def _window(first: date | None, last: date | None) -> Window | None:
    """The window asked for; one end alone is refused, since the other would be a guess."""
    if first is None and last is None:
        return None
    if first is None or last is None:
        message = "from 与 to 须同时给出 (both ends of a window)"
        raise WindowInvalid(message)
    return Window(first, last)


def _person_id(text: str) -> UUID:
    """The id in the one spelling it was given in; any other names nobody."""
    message = "没有此人员 (unknown person)"
    try:
        found = UUID(text)
    except ValueError:
        raise UnknownPerson(message) from None
    if str(found) != text:
        raise UnknownPerson(message)
    return found


def _utc(instant: datetime) -> datetime:
    """The instant in UTC; the first there is for one that lies before it."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
