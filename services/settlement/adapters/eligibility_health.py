"""Whether eligibility answers (资格服务是否就绪), for settlement's own readiness."""

from http import HTTPStatus

import httpx2 as httpx

READY_SECONDS = 1.0


class EligibilityHealth:
    """A client of eligibility's `GET /health/ready`."""

    def __init__(self, client: httpx.Client) -> None:
        """On a client whose base URL is eligibility's."""
        self._client = client

    def is_ready(self) -> bool:
        """Whether it would answer a question now."""
        try:
            response = self._client.get("/health/ready", timeout=READY_SECONDS)
        except httpx.HTTPError:
            return False
        return response.status_code == HTTPStatus.OK
