"""Members over HTTP (成员查询): who belongs to a household, village or township."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import httpx2 as httpx
from pydantic import ValidationError

from contracts.eligibility_v1 import Entitlements, MembersFound
from contracts.vocabulary import PersonId
from http_edge.acting import Acting, acting_headers
from settlement.application.ports import EligibilityUnreachable
from settlement.application.sum_accounts import Group, GroupKind, MembersPage
from settlement.domain.record import Actor


class MembersHttp:
    """A client of `POST /v1/members`, and of where somebody lived; see the ports it implements."""

    def __init__(self, client: httpx.Client):
        """On a client whose base URL is eligibility's."""
        self._client = client

    def members(
        self,
        group: Group,
        *,
        on: date,
        known_at: datetime,
        by: Actor,
        after: str | None,
        limit: int,
    ) -> MembersPage:
        """Those who belong on a day. Raises EligibilityUnreachable."""
        asked: dict[str, Any] = {
            "on": on.isoformat(),
            "known_at": known_at.isoformat(),
            group.kind.value: group.code,
            "limit": limit,
        }
        if group.kind is GroupKind.HOUSEHOLD and group.register_owner:
            asked["register_owner"] = group.register_owner
        if after is not None:
            asked["after"] = after
        try:
            response = self._client.post("/v1/members", json=asked, headers=_headers(by))
            response.raise_for_status()
            found = MembersFound.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as wrong:
            raise EligibilityUnreachable("资格服务没有给出成员；请稍后再试") from wrong
        return MembersPage(
            people=tuple(tuple(map(PersonId, each.person_ids)) for each in found.members),
            next_after=found.next_after,
            has_more=found.has_more,
        )

    def township_of(self, person_id: PersonId, *, on: date, by: Actor) -> str | None:
        """The township somebody lived in on a day, as known now; None where nobody knows.

        A person whom eligibility does not know lives nowhere it knows of. Raises
        EligibilityUnreachable.
        """
        try:
            response = self._client.get(
                f"/v1/persons/{person_id}/entitlements",
                params={"on": on.isoformat()},
                headers=_headers(by),
            )
            if response.status_code == HTTPStatus.NOT_FOUND:
                return None
            response.raise_for_status()
            found = Entitlements.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as wrong:
            raise EligibilityUnreachable("资格服务没有应答；请稍后再试") from wrong
        residences = found.residences or ()
        latest = max(residences, key=lambda each: each.valid_from, default=None)
        return latest.township if latest else None


def _headers(by: Actor) -> dict[str, str]:
    return acting_headers(Acting(by.institution_id, by.operator))
