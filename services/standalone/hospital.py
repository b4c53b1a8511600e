"""A hospital's billing system, as the demonstration plays it (模拟医院): HTTP and nothing else."""

from typing import Any
from uuid import uuid4

import httpx2 as httpx

from standalone.serving import Addresses


class Refused(Exception):
    """A service refused; the message is its own detail."""

    def __init__(self, problem: dict[str, Any]):
        """Keep the problem details."""
        self.problem = problem
        super().__init__(f"{problem.get('title')}：{problem.get('detail', '')}")


class Hospital:
    """Speaks to both services for one institution."""

    def __init__(self, addresses: Addresses, institution_id: str, client: httpx.Client):
        """`client` is shared between hospitals."""
        self.addresses = addresses
        self.institution_id = institution_id
        self._client = client

    def person_id(self, certificate_number: str) -> str:
        """The opaque id of a patient, by certificate."""
        found = self._post(
            f"{self.addresses.eligibility}/v1/persons/lookup",
            {"certificate_number": certificate_number},
        )
        return str(found["person_id"])

    def refresh(self, person_id: str) -> dict[str, Any]:
        """Ask the offices about a patient, now."""
        return self._post(f"{self.addresses.eligibility}/v1/persons/{person_id}/refresh", {})

    def entitlements(self, person_id: str, on: str) -> dict[str, Any]:
        """Who a patient is on a day."""
        url = f"{self.addresses.eligibility}/v1/persons/{person_id}/entitlements"
        return _content(self._client.get(url, params={"on": on}, headers=self._headers(None)))

    def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A POST to settlement with a fresh request key."""
        return self._post(f"{self.addresses.settlement}{path}", body)

    def read(self, path: str) -> dict[str, Any]:
        """A GET from settlement."""
        response = self._client.get(
            f"{self.addresses.settlement}{path}", headers=self._headers(None)
        )
        return _content(response)

    def upload(self, url: str, content: bytes) -> dict[str, Any]:
        """A CSV file."""
        headers = self._headers(uuid4().hex) | {"Content-Type": "text/csv"}
        return _content(self._client.post(url, content=content, headers=headers))

    def activate_roster(self, roster_id: str) -> dict[str, Any]:
        """Make a staged roster true."""
        return self._post(f"{self.addresses.eligibility}/v1/rosters/{roster_id}/activation", {})

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        return _content(self._client.post(url, json=body, headers=self._headers(uuid4().hex)))

    def _headers(self, key: str | None) -> dict[str, str]:
        headers = {"Yizhan-Institution": self.institution_id, "Yizhan-Operator": "demo"}
        return headers | ({"Idempotency-Key": key} if key else {})


def _content(response: httpx.Response) -> dict[str, Any]:
    content: dict[str, Any] = response.json()
    if response.is_error:
        raise Refused(content)
    return content
