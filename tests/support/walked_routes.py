"""Every route of an application (全部路由), as the application itself has them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from http_edge.identity.local_issuer import LocalIssuer
from http_edge.identity.roles import EVERY_INSTITUTION, Role, Roles
from http_edge.identity.route_table import is_open

HOSPITAL, OFFICE = "H50011200001", "O500112"


def walked(app: FastAPI) -> list[str]:
    """`METHOD /path/{parameter}` of each, but for those that are everybody's everywhere."""
    return sorted(f"{method} {path}" for method, path in _routes(app.routes) if not is_open(path))


def _routes(routes: Any) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)
        elif getattr(route, "methods", None):
            for method in sorted(route.methods):
                yield method, route.path
        else:
            # A folder of files, or something that this walk has to learn.
            assert is_open(f"{route.path}/"), route


def filled(route: str) -> tuple[str, str]:
    """Method and path of a route with something in place of its parameters."""
    method, _, template = route.partition(" ")
    ids = re.sub(r"\{(stay_id|person_id|comparison_id|roster_id)\}", _SOME_ID, template)
    return method, re.sub(r"\{[^}]*\}", "1", ids)


_SOME_ID = "0000000a-0000-4000-8000-00000000ffff"


def open_to_a_hospitals_people(
    client: Any, issuer: LocalIssuer, rows: Mapping[str, Roles | None]
) -> set[str]:
    """The routes that a hospital's token gets into, with the first of the route's own roles."""
    found = set()
    for route, roles in rows.items():
        role = next((each for each in Role if roles and each in roles), None)
        if role is None:
            continue
        method, path = filled(route)
        token = issuer.issue(subject="x", roles=[role], institutions=[HOSPITAL], seconds=60)
        headers = {
            "Authorization": f"Bearer {token}",
            "Yizhan-Institution": HOSPITAL,
            "Yizhan-Operator": "x",
            "Idempotency-Key": f"own-{route}".replace(" ", "-"),
        }
        answer = client.request(method, path, headers=headers)
        if "only-offices" not in answer.text:
            found.add(route)
    return found


def refused_by_role(client: Any, issuer: LocalIssuer, route: str, role: Role) -> bool:
    """Whether a role is refused on a route; whatever else is wrong with the request."""
    method, path = filled(route)
    is_hospitals = role is Role.BILLER
    token = issuer.issue(
        subject="zhang-san",
        roles=[role],
        institutions=[HOSPITAL if is_hospitals else EVERY_INSTITUTION],
        seconds=60,
    )
    headers = {
        "Authorization": f"Bearer {token}",
        "Yizhan-Institution": HOSPITAL if is_hospitals else OFFICE,
        "Yizhan-Operator": "zhang-san",
        "Idempotency-Key": f"{route} {role}".replace(" ", "-"),
    }
    answer = client.request(method, path, headers=headers)
    assert answer.status_code not in {401, 405}, (route, answer.text)
    if answer.status_code != 403:
        return False
    assert answer.json()["type"] == "urn:yizhan:problem:role-not-allowed", (route, answer.text)
    return True
