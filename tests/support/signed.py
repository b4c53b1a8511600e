"""Test clients with a token (测试令牌): each request is signed as whom its headers name.

Every role at once: what a role may not do is the matter of `tests/http_edge/identity` and of
`test_who_may.py`, where tokens are made one by one.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from http_edge.acting import INSTITUTION_PATTERN
from http_edge.identity.gate import Gate
from http_edge.identity.local_issuer import LocalIssuer, open_local_issuer
from http_edge.identity.roles import EVERY_INSTITUTION, Role
from standalone.signing import SignedAsNamed


class _EveryRole(SignedAsNamed):
    """Also where a header is wrong on purpose: then the header is to be refused, not the token."""

    def token(self, institution_id: str, operator: str) -> str:
        """For whichever institution, where this one is none."""
        is_one = re.fullmatch(INSTITUTION_PATTERN, institution_id)
        is_name = operator.isprintable() and len(operator) <= 64
        return super().token(
            institution_id if is_one else EVERY_INSTITUTION, operator if is_name else ""
        )


def every_role(_institution_id: str) -> Iterable[Role]:
    """All of them."""
    return list(Role)


def signed_by(issuer: LocalIssuer) -> SignedAsNamed:
    """For a client of an application with this issuer."""
    return _EveryRole(issuer, every_role)


def signed_in(data: Path) -> SignedAsNamed:
    """For a client of a server on this data folder, which is running."""
    return signed_by(open_local_issuer(data))


def signing_client(app: Any, **how: Any) -> TestClient:
    """A test client of an application, signed by its own issuer."""
    client = TestClient(app, **how)
    gate: Gate = app.state.gate
    assert gate.issuer is not None
    client.auth = signed_by(gate.issuer)
    return client
