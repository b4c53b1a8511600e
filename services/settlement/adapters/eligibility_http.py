"""Eligibility over HTTP (资格查询): the only way settlement learns who a person is."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import httpx2 as httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from contracts.eligibility_events_v1 import PersonChange as ChangeMessage
from contracts.eligibility_events_v1 import PersonsMerged, PersonsSplit
from contracts.eligibility_v1 import Entitlements, IdentityFact
from contracts.vocabulary import PersonId, RecordsChange, RegionCode
from http_edge.acting import Acting, acting_headers
from settlement.application.ports import (
    EligibilityDown,
    EligibilityUnreachable,
    PersonAnswer,
    PersonChange,
    PersonChanges,
    PersonUnknown,
    RecordsJoined,
)
from settlement.domain.record import Actor, BenefitsGoOn, EnrolmentUsed, IdentityUsed


class _Page(BaseModel):
    """A page of changes whose entries are not looked at yet."""

    changes: list[dict[str, object]]
    next_after: Annotated[int, Field(ge=0)]
    has_more: bool
    # A service of before says nothing of these.
    last: int | None = None
    after_mark: str = ""
    next_mark: str = ""


_KNOWN_EVENTS = frozenset(
    {
        "eligibility.person-status-changed.v1",
        "eligibility.enrolment-changed.v1",
        "eligibility.mark-changed.v1",
        "eligibility.filing-changed.v1",
        "eligibility.persons-merged.v1",
        "eligibility.persons-split.v1",
    }
)
_CHANGE: TypeAdapter[ChangeMessage] = TypeAdapter(ChangeMessage)


class EligibilityHttp:
    """A client of `GET /v1/persons/{person_id}/entitlements` and `GET /v1/changes`."""

    def __init__(self, client: httpx.Client, *, asking_seconds: float | None = None):
        """On a client whose base URL is eligibility's; `asking_seconds` is how long a question
        about a person may take, by default as long as the client waits."""
        self._client = client
        self._timed = {} if asking_seconds is None else {"timeout": asking_seconds}

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        by: Actor,
        window: tuple[date, date] | None = None,
        version: int | None = None,
    ) -> PersonAnswer:
        """Raises PersonUnknown, and EligibilityUnreachable when there is no usable answer:
        EligibilityDown where there is none at all."""
        path = f"/v1/persons/{quote(person_id, safe='')}/entitlements"
        asked = {"on": on.isoformat(), "known_at": known_at.isoformat()}
        if window:
            asked |= {"from": window[0].isoformat(), "to": window[1].isoformat()}
        if version is not None:
            asked["version"] = str(version)
        try:
            response = self._client.get(
                path,
                params=asked,
                headers=acting_headers(Acting(by.institution_id, by.operator)),
                **self._timed,  # type: ignore[arg-type]  # nothing, or how long
            )
        except httpx.HTTPError as wrong:
            raise EligibilityDown("资格服务没有应答；没有结算，请稍后再试") from wrong
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise PersonUnknown(f"没有参保人 {person_id}；请先按证件查询或导入名册")
        if response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise EligibilityDown(f"资格服务答复 {response.status_code}；没有结算，请稍后再试")
        if response.status_code != HTTPStatus.OK:
            raise EligibilityUnreachable(
                f"资格服务答复 {response.status_code}；没有结算，请稍后再试"
            )
        try:
            found = Entitlements.model_validate_json(response.content)
        except ValidationError as wrong:
            raise EligibilityUnreachable("资格服务的答复无法读取；没有结算") from wrong
        first, last = window or (None, None)
        said = (found.person_id, found.on, found.identities_from, found.identities_to)
        if said != (person_id, on, first, last):
            # An older service does not know windows, and would leave identities out in silence.
            raise EligibilityUnreachable("资格服务答非所问；没有结算")
        return _answer(found, window)

    def changes(self, *, after: int, limit: int) -> PersonChanges:
        """A page of what changed about people. Raises EligibilityUnreachable.

        Kinds of change that this service does not know are left out: none of its questions asked
        about them.
        """
        try:
            response = self._client.get("/v1/changes", params={"after": after, "limit": limit})
            response.raise_for_status()
        except httpx.HTTPError as wrong:
            raise EligibilityUnreachable("资格服务没有给出变更清单；请稍后再试") from wrong
        try:
            page = _Page.model_validate_json(response.content)
            known = [c for c in page.changes if c.get("event") in _KNOWN_EVENTS]
            found = [_CHANGE.validate_python(change, strict=False) for change in known]
        except ValidationError as wrong:
            raise EligibilityUnreachable("资格服务的变更清单无法读取") from wrong
        return PersonChanges(
            changes=tuple(_change(change) for change in found),
            next_after=page.next_after,
            has_more=page.has_more,
            last=page.last,
            after_mark=page.after_mark,
            next_mark=page.next_mark,
        )


def _change(found: ChangeMessage) -> PersonChange | RecordsJoined:
    if isinstance(found, PersonsMerged | PersonsSplit):
        is_merge = isinstance(found, PersonsMerged)
        return RecordsJoined(
            position=found.position,
            person_id=PersonId(found.person_id),
            other_id=PersonId(found.other_person_id),
            version=found.version,
            kind=RecordsChange.MERGED if is_merge else RecordsChange.SPLIT,
            recorded_at=found.recorded_at,
        )
    return PersonChange(
        position=found.position,
        person_id=PersonId(found.person_id),
        version=found.version,
        kind=found.kind,
        first_day=found.first_day,
        last_day=found.last_day,
        recorded_at=found.recorded_at,
    )


def _answer(found: Entitlements, window: tuple[date, date] | None) -> PersonAnswer:
    return PersonAnswer(
        person_id=PersonId(found.person_id),
        on=found.on,
        known_at=found.known_at,
        version=found.version,
        birth_date=found.birth_date,
        enrolments=tuple(
            EnrolmentUsed(
                region=RegionCode(e.region),
                scheme=e.scheme,
                plan=e.plan,
                valid_from=e.valid_from,
                valid_to=e.valid_to,
                recorded_at=e.recorded_at,
                source=e.source,
                waiting_to=e.waiting_to,
            )
            for e in found.enrolments
        ),
        identities=tuple(_identity(i) for i in (*found.identities, *found.continued)),
        window=window,
        other_records=_other_records(found),
    )


def _other_records(found: Entitlements) -> tuple[PersonId, ...]:
    one = found.one_person
    if one is None:
        return ()
    every = (one.canonical_id, *one.merged_from)
    return tuple(PersonId(each) for each in every if each != found.person_id)


def _identity(found: IdentityFact) -> IdentityUsed:
    after = found.benefits_after_end
    return IdentityUsed(
        identity=found.identity,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        recorded_at=found.recorded_at,
        source=found.source,
        benefits_go_on=BenefitsGoOn(after.until) if after else None,
    )
