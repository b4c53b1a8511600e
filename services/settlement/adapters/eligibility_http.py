"""Eligibility over HTTP (资格查询): the only way settlement learns who a person is."""

from datetime import date, datetime
from http import HTTPStatus
from urllib.parse import quote

import httpx2 as httpx
from pydantic import ValidationError

from contracts.eligibility_v1 import Entitlements
from contracts.vocabulary import PersonId, RegionCode
from settlement.application.ports import EligibilityUnreachable, PersonAnswer, PersonUnknown
from settlement.domain.record import EnrolmentUsed, IdentityUsed


class EligibilityHttp:
    """A client of `GET /v1/persons/{person_id}/entitlements`."""

    def __init__(self, client: httpx.Client):
        """On a client whose base URL is eligibility's."""
        self._client = client

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        window: tuple[date, date] | None = None,
    ) -> PersonAnswer:
        """Raises PersonUnknown, and EligibilityUnreachable when there is no usable answer."""
        path = f"/v1/persons/{quote(person_id, safe='')}/entitlements"
        asked = {"on": on.isoformat(), "known_at": known_at.isoformat()}
        if window:
            asked |= {"from": window[0].isoformat(), "to": window[1].isoformat()}
        try:
            response = self._client.get(path, params=asked)
        except httpx.HTTPError as wrong:
            raise EligibilityUnreachable("资格服务没有应答；没有结算，请稍后再试") from wrong
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise PersonUnknown(f"没有参保人 {person_id}；请先按证件查询或导入名册")
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
            )
            for e in found.enrolments
        ),
        identities=tuple(
            IdentityUsed(
                identity=i.identity,
                valid_from=i.valid_from,
                valid_to=i.valid_to,
                recorded_at=i.recorded_at,
                source=i.source,
            )
            for i in found.identities
        ),
        window=window,
    )
