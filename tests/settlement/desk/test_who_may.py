"""Which role may call which route of settlement, and what a hospital does not see of another."""

from pathlib import Path
from typing import Any

import pytest

from http_edge.identity.local_issuer import LocalIssuer
from http_edge.identity.roles import Role
from http_edge.identity.route_table import RouteTable
from settlement.entrypoints.http.who_may import WHO_MAY
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.walked_routes import filled, open_to_a_hospitals_people, refused_by_role, walked

OWN, OTHER, OFFICE = "H50011200001", "H99010100001", "O500112"
CHARGES = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
ASKS_BY_POST = {"POST /v1/previews"}


@pytest.fixture(name="desk", scope="module")
def _desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One settled stay at the first hospital."""
    parts, people = open_parts(tmp_path_factory.mktemp("who-may"))
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(P1, "ZY-1", charges=CHARGES)
    assert desk.settle(stay).status_code == 200
    desk.stay = stay  # type: ignore[attr-defined]  # of this module's story
    return desk


def issuer_of(desk: Desk) -> LocalIssuer:
    """Who signs for the desk's application."""
    assert desk.parts.gate.issuer is not None
    return desk.parts.gate.issuer


def test_every_route_has_one_row_and_every_row_a_route(desk: Desk) -> None:
    """A new route is closed until somebody says who may call it."""
    assert walked(desk.http.app) == sorted(WHO_MAY)  # type: ignore[arg-type]  # it is the application


def test_a_request_finds_the_row_of_its_own_route() -> None:
    """No row hides another one."""
    table = RouteTable(WHO_MAY)
    for route in WHO_MAY:
        row = table.find(*filled(route))
        assert row is not None
        assert f"{row.method} {row.template}" == route


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_into_its_routes_alone(desk: Desk, role: Role) -> None:
    """Every route, over HTTP: 403 by name without a row for the role, and never with one."""
    guarded = {route: roles for route, roles in WHO_MAY.items() if roles is not None}
    refused = {
        route for route in guarded if refused_by_role(desk.http, issuer_of(desk), route, role)
    }
    assert refused == {route for route, roles in guarded.items() if role not in roles}


def test_what_the_roles_are_for() -> None:
    """Auditors write nothing, nobody but finance pays, nobody but an approver approves; hospitals
    settle; only a paper's code is checked without a token."""
    writes = {route for route in WHO_MAY if route.startswith("POST ")} - ASKS_BY_POST

    def may(role: Role) -> set[str]:
        return {route for route, roles in WHO_MAY.items() if roles and role in roles}

    assert may(Role.AUDITOR) & writes == set()
    assert may(Role.OPERATOR) == {"GET /v1/requests/{operation}/{key:path}"}
    assert may(Role.SERVICE) == set()
    approvals = {route for route in writes if route.endswith(("/approval", "/rejection"))}
    assert may(Role.APPROVER) & writes == approvals | {"POST /v1/revisions/{number}/issue"}
    assert all(WHO_MAY[route] == {Role.APPROVER} for route in approvals)
    assert all(
        roles == {Role.FINANCE}
        for route, roles in WHO_MAY.items()
        if route in writes and ("/payments" in route or "/deductions" in route)
    )
    assert WHO_MAY["POST /v1/stays/{stay_id}/settlement"] == {Role.BILLER}
    assert [route for route, roles in WHO_MAY.items() if roles is None] == [
        "GET /v1/settlements/check"
    ]


def test_what_is_about_everybody_is_an_offices_alone(desk: Desk) -> None:
    """Funds, villages, deductions and the directory: a hospital's auditor, payer or registrar has
    the role, and is refused by name; each other route lets its own people in."""
    offices_alone = {
        *("GET /v1/funds", "GET /v1/funds/{fund_id}/statement"),
        *("POST /v1/funds/{fund_id}/payments", "POST /v1/funds/{fund_id}/payments/withdrawal"),
        "POST /v1/settlements/{number}/deductions",
        "POST /v1/settlements/{number}/deductions/{deduction}/withdrawal",
        *("GET /v1/accounts", "GET /v1/accounts/export", "POST /v1/institutions"),
    }
    let_in = open_to_a_hospitals_people(desk.http, issuer_of(desk), WHO_MAY)
    assert let_in == {route for route, roles in WHO_MAY.items() if roles} - offices_alone


class Reader:
    """Somebody with one role at one institution."""

    def __init__(self, desk: Desk, role: Role, institution: str) -> None:
        self.desk, self.institution = desk, institution
        self.token = issuer_of(desk).issue(
            subject="zhang-san",
            roles=[role],
            institutions=["*" if institution == OFFICE else institution],
            seconds=600,
        )

    def get(self, path: str, institution: str | None = None) -> Any:
        """A GET, for its institution unless it says that of another."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Yizhan-Institution": institution or self.institution,
            "Yizhan-Operator": "zhang-san",
        }
        return self.desk.http.get(path, headers=headers)

    def sees(self, path: str) -> tuple[int, str]:
        """The status, and the kind of refusal."""
        answer = self.get(path)
        slug = answer.json().get("type", "") if answer.status_code >= 400 else ""
        return answer.status_code, slug.removeprefix("urn:yizhan:problem:")


OF_A_STAY = ("", "/statement", "/history", "/fees", "/decisions")


@pytest.mark.parametrize("part", [*OF_A_STAY, "/deposit"])
def test_another_hospitals_stay_is_as_unknown_as_one_that_never_was(desk: Desk, part: str) -> None:
    """Its own biller reads it; another's is told 404, so that ids cannot be tried out."""
    path = f"/v1/stays/{desk.stay}{part}"  # type: ignore[attr-defined]  # see the fixture
    assert Reader(desk, Role.BILLER, OWN).sees(path) == (200, "")
    assert Reader(desk, Role.BILLER, OTHER).sees(path) == (404, "stay-unknown")
    never = f"/v1/stays/0000000a-0000-4000-8000-00000000ffff{part}"
    assert Reader(desk, Role.BILLER, OTHER).sees(never) == (404, "stay-unknown")
    in_its_name = Reader(desk, Role.BILLER, OTHER).get(path, institution=OWN)
    assert in_its_name.status_code == 403
    assert in_its_name.json()["type"] == "urn:yizhan:problem:institution-not-yours"


@pytest.mark.parametrize("part", OF_A_STAY)
def test_an_auditor_of_an_office_reads_every_stay(desk: Desk, part: str) -> None:
    """One of a hospital reads that hospital's."""
    path = f"/v1/stays/{desk.stay}{part}"  # type: ignore[attr-defined]  # see the fixture
    assert Reader(desk, Role.AUDITOR, OFFICE).sees(path) == (200, "")
    assert Reader(desk, Role.AUDITOR, OWN).sees(path) == (200, "")
    assert Reader(desk, Role.AUDITOR, OTHER).sees(path) == (404, "stay-unknown")


def test_lists_hold_ones_own_alone(desk: Desk) -> None:
    """Stays, settlements, what a correction touches, notices and a person's account."""
    lists = {
        "/v1/stays": "stays",
        "/v1/settlements": "settlements",
        "/v1/decisions": "decisions",
        "/v1/revisions": "revisions",
        "/v1/touched-settlements": "touched",
        "/v1/replica-settlements": "settlements",
        f"/v1/persons/{P1}/account": "settlements",
    }
    own, other = Reader(desk, Role.BILLER, OWN), Reader(desk, Role.BILLER, OTHER)
    found = {path: len(own.get(path).json()[key]) for path, key in lists.items()}
    assert (found["/v1/stays"], found["/v1/settlements"]) == (1, 1)
    assert found[f"/v1/persons/{P1}/account"] == 1
    assert [other.get(path).json()[key] for path, key in lists.items()] == [[]] * len(lists)
    assert other.sees(f"/v1/settlements?institution_id={OWN}") == (403, "others-settlements")
    touched = f"/v1/touched-settlements?institution_id={OWN}"
    assert other.sees(touched) == (403, "others-settlements")
    assert own.sees(touched) == (200, "")
    number = own.get("/v1/settlements").json()["settlements"][0]["settlement_number"]
    assert other.sees(f"/v1/settlements/{number}/deductions")[0] == 404
    assert other.sees(f"/v1/settlements/{number}/statement.html")[0] == 404


def test_an_unregistered_hospitals_biller_sees_nothing(desk: Desk) -> None:
    """An institution that is in no directory is an office's only with an office's role."""
    stranger = Reader(desk, Role.BILLER, "H99999999999")
    for path in (f"/v1/stays/{desk.stay}", "/v1/settlements", "/v1/revisions", "/v1/notices"):  # type: ignore[attr-defined]  # see the fixture
        assert stranger.sees(path) == (403, "institution-not-in-directory")
    assert stranger.get("/v1/stays").json()["stays"] == []


def test_a_code_that_is_mistyped_is_nobodys(desk: Desk) -> None:
    """Neither an office that is listed nor a hospital of the directory: it sees nothing, with
    whatever role."""
    for role in (Role.AUDITOR, Role.FINANCE, Role.APPROVER):
        mistyped = Reader(desk, role, "H5001120001")
        for path in (f"/v1/stays/{desk.stay}", "/v1/settlements"):  # type: ignore[attr-defined]  # see the fixture
            assert mistyped.sees(path) == (403, "institution-not-in-directory")
        if role is not Role.APPROVER:
            assert mistyped.sees("/v1/funds") == (403, "only-offices")


def test_what_became_of_a_request_is_its_senders_to_know(desk: Desk) -> None:
    """Of the sending hospital, and of an office's auditor; who runs the machines hears that it is
    there; others of an office hear of their own alone."""
    key = "whose-1"
    stay = {"person_id": P1, "hospital_stay_number": "ZY-9", "admission_date": "2023-09-01"}
    sent = desk.write("/v1/stays", stay, key=key)
    assert sent.status_code == 201, sent.text
    path = f"/v1/requests/admit/{key}"

    def heard(role: Role, institution: str = OFFICE) -> tuple[int, Any]:
        answer = Reader(desk, role, institution).get(path, institution=desk.institution)
        told = answer.json()
        return answer.status_code, told.get("answer") or told.get("type")

    kept = {"status": 201, "body": sent.json()}
    assert desk.institution == OWN
    assert heard(Role.BILLER, OWN) == (200, kept)
    assert heard(Role.AUDITOR) == (200, kept)
    assert heard(Role.OPERATOR) == (200, None)
    for role in (Role.FINANCE, Role.APPROVER, Role.POLICY_AUTHOR, Role.REGISTRAR):
        assert heard(role) == (403, "urn:yizhan:problem:others-request")
        assert Reader(desk, role, OFFICE).sees(path) == (404, "request-unknown")
    assert heard(Role.SERVICE) == (403, "urn:yizhan:problem:role-not-allowed")
    assert heard(Role.BILLER, OTHER)[0] == 403


def test_another_hospital_changes_nothing(desk: Desk) -> None:
    """A write to a stay of somebody else finds no stay, and leaves no event."""
    before = desk.parts.ledger.log.last_position()
    other = Reader(desk, Role.BILLER, OTHER)
    headers = {
        "Authorization": f"Bearer {other.token}",
        "Yizhan-Institution": OTHER,
        "Yizhan-Operator": "zhang-san",
        "Idempotency-Key": "k-1",
    }
    path = f"/v1/stays/{desk.stay}/settlement/reversal"  # type: ignore[attr-defined]  # see the fixture
    answer = desk.http.post(path, json={"reason": "试"}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:yizhan:problem:stay-unknown")
    assert desk.parts.ledger.log.last_position() == before


def test_the_folder_holds_the_key_for_its_owner_alone(tmp_path: Path) -> None:
    """Parts that are put together have a gate with a key of their own."""
    parts, _ = open_parts(tmp_path)
    assert parts.gate.issuer is not None
    assert (tmp_path / "issuer.key").stat().st_mode & 0o777 == 0o600
