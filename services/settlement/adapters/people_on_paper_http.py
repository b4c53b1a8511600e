"""Who a paper is made out to, over HTTP (票据抬头查询): asked, printed, and forgotten."""

from http import HTTPStatus
from urllib.parse import quote

import httpx2 as httpx
from pydantic import ValidationError

from contracts import eligibility_v1 as message
from contracts.vocabulary import PersonId
from http_edge.acting import Acting, acting_headers
from settlement.application.paper_ports import PersonOnPaper
from settlement.application.ports import EligibilityUnreachable, PersonUnknown
from settlement.domain.record import Actor


class PeopleOnPaperHttp:
    """A client of `GET /v1/persons/{person_id}/paper`."""

    def __init__(self, client: httpx.Client):
        """On a client whose base URL is eligibility's."""
        self._client = client

    def on_paper(self, person_id: PersonId, *, by: Actor) -> PersonOnPaper:
        """Raises PersonUnknown, and EligibilityUnreachable when there is no usable answer."""
        try:
            response = self._client.get(
                f"/v1/persons/{quote(person_id, safe='')}/paper",
                headers=acting_headers(Acting(by.institution_id, by.operator)),
            )
        except httpx.HTTPError as wrong:
            raise EligibilityUnreachable("资格服务没有应答；没有打印，请稍后再试") from wrong
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise PersonUnknown(f"资格服务没有参保人 {person_id}；没有打印")
        if response.status_code != HTTPStatus.OK:
            raise EligibilityUnreachable(
                f"资格服务答复 {response.status_code}；没有打印，请稍后再试"
            )
        try:
            found = message.PersonOnPaper.model_validate_json(response.content)
        except ValidationError:
            # Its own words would repeat what it could not read.
            raise EligibilityUnreachable("资格服务的答复无法读取；没有打印") from None
        if found.person_id != person_id:
            raise EligibilityUnreachable("资格服务答非所问；没有打印")
        return PersonOnPaper(
            name=found.name,
            is_male=None if found.sex is None else found.sex == "male",
            certificate_type=found.certificate_type,
            certificate_masked=found.certificate_masked,
        )
