"""A small application behind the guard (受保护的小应用): it says who called."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from http_edge.backpressure import CallerRate
from http_edge.identity.checking import TokenChecker
from http_edge.identity.guard import Guard
from http_edge.identity.institutions import Institutions
from http_edge.identity.key_sets import FixedKeys, KeySet, read_key_set
from http_edge.identity.roles import Role
from http_edge.identity.route_table import ANYBODY, RouteTable, may
from http_edge.identity.route_table import offices as offices_alone
from tests.http_edge.identity.token_smith import AUDIENCE, ISSUER, key_set

TABLE = RouteTable(
    {
        "GET /bills": may(Role.BILLER),
        "POST /bills": may(Role.BILLER),
        "GET /stays": may(Role.BILLER, Role.AUDITOR),
        "GET /stays/{number}": may(Role.BILLER, Role.AUDITOR),
        "GET /stays/check": ANYBODY,
        "GET /funds": offices_alone(Role.FINANCE),
        "POST /approvals": may(Role.APPROVER),
        "GET /paper": may(Role.SERVICE),
    }
)


def checker(keys: KeySet | None = None, **how: Any) -> TokenChecker:
    """One that knows `ec-1`, `rsa-1` and `ed-1`."""
    known = keys or FixedKeys(read_key_set(key_set("ec-1", "rsa-1", "ed-1")))
    return TokenChecker(issuer=ISSUER, audience=AUDIENCE, keys=known, **how)


def guarded(
    checking: TokenChecker | None = None,
    is_hospital: Callable[[str], bool] | None = None,
    *,
    offices: frozenset[str] = frozenset(),
    rate: CallerRate | None = None,
) -> TestClient:
    """A client of it."""
    app = FastAPI(openapi_url=None, docs_url=None)

    def told(request: Request) -> dict[str, Any]:
        caller = request.state.caller
        return {"subject": caller and caller.subject}

    for row in TABLE.rows:
        app.add_api_route(row.template, told, methods=[row.method])
    app.add_api_route("/forgotten", told, methods=["GET"])
    app.add_middleware(
        Guard,
        checker=checking or checker(),
        table=TABLE,
        institutions=Institutions(offices, is_hospital),
        rate=rate or CallerRate(),
    )
    return TestClient(app)


def bearer(
    token: str, institution: str | None = None, operator: str | None = None
) -> dict[str, str]:
    """The headers of a request."""
    named = {"Yizhan-Institution": institution, "Yizhan-Operator": operator}
    headers = {"Authorization": f"Bearer {token}"}
    return headers | {name: value for name, value in named.items() if value is not None}


def problem(answer: Any) -> tuple[int, str]:
    """The status and the stable name of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:yizhan:problem:")
