"""Who calls (调用方): what a checked token says of its bearer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from http_edge.acting import LONGEST_OPERATOR_CHARACTERS
from http_edge.identity.roles import EVERY_INSTITUTION, Role, Roles, are_of_an_office

_INSTITUTION = re.compile(r"[\x21-\x7e]{1,64}")
_LONGEST_SUBJECT = 255


class ClaimsUnusable(Exception):
    """A claim is missing or of no use; the message names the claim and never its content."""


@dataclass(frozen=True)
class Caller:
    """Somebody with a checked token: issuer and subject are the authenticated identity.

    `operator` is the name that is recorded with what they do (经办人). `names_operators` is true of
    a hospital's system, which says itself who of its people acts. `expires_at` is in seconds
    since 1970.
    """

    issuer: str
    subject: str
    roles: Roles
    institutions: frozenset[str]
    operator: str
    names_operators: bool
    expires_at: float

    def may_act_for(self, institution_id: str, granted: Roles) -> bool:
        """Whether they may act for an institution with the roles that let them in.

        Every institution at once is for offices; a biller names its hospitals one by one. Nobody
        acts for all of them in one request: what is recorded names one.
        """
        if institution_id == EVERY_INSTITUTION:
            return False
        if institution_id in self.institutions:
            return True
        return EVERY_INSTITUTION in self.institutions and are_of_an_office(granted)

    def may_be(self, operator: str, *, of_an_office: bool) -> bool:
        """Whether they may act under an operator's name: a person under their own alone, and so
        does an office's system. A hospital's says which of its cashiers it was."""
        return operator == self.operator or (self.names_operators and not of_an_office)


def read_caller(claims: Mapping[str, Any], *, operator_claim: str = "sub") -> Caller:
    """The caller of checked claims. Raises ClaimsUnusable.

    Roles that are not ours are passed over: an identity provider has others, too. A system that
    names its operators itself cannot be one pair of four eyes, so it approves nothing.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise ClaimsUnusable("sub")
    is_system = claims.get("client_id") == subject
    # A provider may name its systems otherwise than by their client id; people they are not.
    is_nobody = is_system or _is_service_account(claims)
    roles = frozenset(Role(each) for each in _texts(claims, "roles") if each in set(Role))
    return Caller(
        issuer=str(claims["iss"]),
        subject=subject,
        roles=roles - {Role.APPROVER} if is_nobody else roles,
        institutions=_institutions(claims),
        operator=subject if is_system else _operator(claims, operator_claim),
        names_operators=is_system,
        expires_at=float(claims["exp"]),
    )


def _is_service_account(claims: Mapping[str, Any]) -> bool:
    """As Keycloak marks the tokens that it gives for client credentials."""
    client = claims.get("client_id") or claims.get("azp")
    return bool(client) and claims.get("preferred_username") == f"service-account-{client}"


def is_institution(text: str) -> bool:
    """Whether a text has the form of an institution's code."""
    return _INSTITUTION.fullmatch(text) is not None


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    found = claims.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ClaimsUnusable(name)
    return found


def _institutions(claims: Mapping[str, Any]) -> frozenset[str]:
    found = _texts(claims, "institutions")
    if not found or not all(is_institution(each) for each in found):
        raise ClaimsUnusable("institutions")
    return frozenset(found)


def _operator(claims: Mapping[str, Any], claim: str) -> str:
    name = claims.get(claim)
    if not isinstance(name, str):
        raise ClaimsUnusable(claim)
    name = name.strip()
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_OPERATOR_CHARACTERS:
        raise ClaimsUnusable(claim)
    return name
