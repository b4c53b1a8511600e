"""Which role may call which route of eligibility; who read is known from the token."""

import pytest

from eligibility.entrypoints.http.who_may import WHO_MAY
from http_edge.identity.local_issuer import LocalIssuer
from http_edge.identity.roles import Role
from http_edge.identity.route_table import RouteTable
from tests.eligibility.conftest import Desk, number
from tests.support.walked_routes import filled, open_to_a_hospitals_people, refused_by_role, walked

ASKS_BY_POST = {"POST /v1/persons/lookup", "POST /v1/persons/entitlements", "POST /v1/members"}
WOMAN = f"居民身份证,{number(2)},样例乙,,低保对象,2015-01-01,,421022,居民,,2015-01-01,"


def issuer_of(desk: Desk) -> LocalIssuer:
    """Who signs for the desk's application."""
    assert desk.eligibility.gate.issuer is not None
    return desk.eligibility.gate.issuer


def test_every_route_has_one_row_and_every_row_a_route(desk: Desk) -> None:
    """A new route is closed until somebody says who may call it; each finds its own row."""
    assert walked(desk.client.app) == sorted(WHO_MAY)  # type: ignore[arg-type]  # it is the application
    table = RouteTable(WHO_MAY)
    for route in WHO_MAY:
        row = table.find(*filled(route))
        assert row is not None
        assert f"{row.method} {row.template}" == route


def test_each_role_is_let_into_its_routes_alone(desk: Desk) -> None:
    """Every route with every role, over HTTP: 403 by name without a row, and never with one."""
    for role in Role:
        refused = {
            route for route in WHO_MAY if refused_by_role(desk.client, issuer_of(desk), route, role)
        }
        assert refused == {route for route, roles in WHO_MAY.items() if role not in (roles or ())}


def test_what_the_roles_are_for() -> None:
    """Auditors and settlement write nothing; a name is printed by settlement alone; no route is
    open without a token."""
    writes = {route for route in WHO_MAY if route.startswith("POST ")} - ASKS_BY_POST
    for role in (Role.AUDITOR, Role.SERVICE, Role.FINANCE, Role.POLICY_AUTHOR, Role.OPERATOR):
        assert [route for route in writes if role in (WHO_MAY[route] or ())] == []
    assert WHO_MAY["GET /v1/persons/{person_id}/paper"] == {Role.SERVICE}
    assert None not in WHO_MAY.values()


def test_a_hospital_asks_about_the_one_in_front_of_it(desk: Desk) -> None:
    """Whatever the role: lists, readings, changes and registering are an office's."""
    assert open_to_a_hospitals_people(desk.client, issuer_of(desk), WHO_MAY) == {
        "POST /v1/persons/lookup",
        "GET /v1/persons/{person_id}",
        "GET /v1/persons/{person_id}/entitlements",
        "POST /v1/persons/entitlements",
        "POST /v1/persons/{person_id}/refresh",
        "GET /v1/requests/{operation}/{key:path}",
    }


@pytest.mark.parametrize(
    ("role", "reader"), [(Role.AUDITOR, ("O9", "wang-wu")), (Role.SERVICE, (None, None))]
)
def test_a_reading_without_headers_is_the_bearers(
    desk: Desk, role: Role, reader: tuple[str | None, str | None]
) -> None:
    """Whoever has the token read; a service reads for others, and says for whom or for nobody."""
    desk.bring(WOMAN)
    person_id = desk.person_id(number(2))
    token = issuer_of(desk).issue(subject="wang-wu", roles=[role], institutions=["O9"], seconds=60)
    answer = desk.client.get(
        f"/v1/persons/{person_id}/entitlements?on=2023-07-01",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text
    reads = desk.client.get(f"/v1/persons/{person_id}/reads", headers=desk.headers()).json()
    last = reads["reads"][0]
    assert (last["institution_id"], last["operator"]) == reader
