"""Requests signed by whoever has the key (本机代签): as the institution and operator they name."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from urllib.parse import unquote

import httpx2 as httpx

from http_edge.acting import INSTITUTION_HEADER, OPERATOR_HEADER
from http_edge.identity.local_issuer import LocalIssuer, open_local_issuer
from http_edge.identity.roles import EVERY_INSTITUTION, Role, are_of_an_office

ADMINISTRATION = "YIZHAN"
"""The office of the samples; every other institution of theirs is a hospital."""

_SECONDS = 12 * 3600
_NOBODY = "nobody"


class SignedAsNamed(httpx.Auth):
    """Gives each request a token for the institution and the operator that its headers name.

    For the demonstration and the samples, which stand beside the key of the local issuer and play
    several hospitals. `roles_of` tells what an institution's people are.
    """

    def __init__(self, issuer: LocalIssuer, roles_of: Callable[[str], Iterable[Role]]) -> None:
        self._issuer = issuer
        self._roles_of = roles_of
        self._tokens: dict[tuple[str, str], str] = {}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token, unless there is one."""
        if "Authorization" not in request.headers:
            institution = request.headers.get(INSTITUTION_HEADER, EVERY_INSTITUTION)
            operator = unquote(request.headers.get(OPERATOR_HEADER, _NOBODY)).strip()
            request.headers["Authorization"] = f"Bearer {self.token(institution, operator)}"
        yield request

    def token(self, institution_id: str, operator: str) -> str:
        """The token of somebody of an institution, made once."""
        found = self._tokens.get((institution_id, operator))
        if found is None:
            roles = frozenset(self._roles_of(institution_id))
            # Who plays an office acts for all of them, as an office's token says.
            everywhere = {EVERY_INSTITUTION} if are_of_an_office(roles) else set()
            found = self._issuer.issue(
                subject=operator or _NOBODY,
                roles=roles,
                institutions={institution_id} | everywhere,
                seconds=_SECONDS,
            )
            self._tokens[institution_id, operator] = found
        return found


def sample_roles(institution_id: str) -> tuple[Role, ...]:
    """What the people of the samples are: registrars at the office, billers at hospitals."""
    return (Role.REGISTRAR,) if institution_id == ADMINISTRATION else (Role.BILLER,)


def signed_as_samples(data: Path) -> SignedAsNamed:
    """For the people of the samples, on a data folder of ours. Raises IssuerKeyUnusable."""
    return SignedAsNamed(open_local_issuer(data), sample_roles)
