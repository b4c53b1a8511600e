"""The guard: who may call which route, for which institution, under which name."""

import pytest
from starlette.websockets import WebSocketDisconnect

from eventlog.log import LogBusy
from http_edge.backpressure import CallerRate
from http_edge.identity.roles import Role
from http_edge.identity.route_table import RouteTable, may, together
from tests.http_edge.identity.guarded import bearer, guarded, problem
from tests.http_edge.identity.token_smith import claims, signed

CLIENT = guarded(is_hospital=lambda institution: institution in {"H1", "H2"})


def asked(
    path: str, institution: str | None = None, operator: str | None = None, **told: object
) -> tuple[int, str]:
    """What becomes of a GET with a token that says this."""
    headers = bearer(signed(claims(**told)), institution, operator)
    answer = CLIENT.get(path, headers=headers)
    return (200, "") if answer.status_code == 200 else problem(answer)


def test_a_role_opens_its_routes_and_no_others() -> None:
    """A biller bills and does not see the funds; the refusal names the roles and the scope."""
    assert asked("/bills") == (200, "")
    assert asked("/bills", roles=["finance"]) == (403, "role-not-allowed")
    answer = CLIENT.get("/funds", headers=bearer(signed()))
    assert problem(answer) == (403, "role-not-allowed")
    assert answer.json()["roles_allowed"] == ["finance"]
    assert "基金财务（finance）" in answer.json()["detail"]
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="yizhan", error="insufficient_scope"'
    )


def test_roles_of_others_are_passed_over() -> None:
    """A provider has roles of its own; with those alone nothing is open."""
    assert asked("/bills", roles=["offline_access", "biller"]) == (200, "")
    assert asked("/bills", roles=["offline_access"]) == (403, "role-not-allowed")


def test_a_biller_acts_for_its_own_hospital() -> None:
    """The header must be one of the token's institutions; every one at once is not a biller's."""
    assert asked("/bills", "H1") == (200, "")
    assert asked("/bills", "H2") == (403, "institution-not-yours")
    assert asked("/bills", "H2", institutions=["H1", "H2"]) == (200, "")
    assert asked("/bills", "H1", institutions=["*"]) == (403, "institution-not-yours")
    assert asked("/bills", "*", institutions=["*"]) == (403, "institution-not-yours")
    # An office's other role does not widen what the biller's opens.
    both = ["biller", "auditor"]
    assert asked("/bills", "H2", institutions=["*"], roles=both) == (403, "institution-not-yours")


def test_an_office_may_act_for_every_institution() -> None:
    """With `*`; without it for its own alone."""
    assert asked("/funds", "O9", roles=["finance"], institutions=["*"]) == (200, "")
    assert asked("/funds", "O9", roles=["finance"]) == (403, "institution-not-yours")
    every = asked("/funds", "*", roles=["finance"], institutions=["*"])
    assert every == (403, "institution-not-yours")


def test_a_hospital_nobody_knows_does_not_pass_for_an_office() -> None:
    """Where an office sees all, a biller's institution must be in the directory of hospitals."""
    assert asked("/stays", "H1") == (200, "")
    assert asked("/stays", "H9", institutions=["H9"]) == (403, "institution-not-in-directory")
    assert asked("/bills", "H9", institutions=["H9"]) == (200, "")


def test_an_office_is_one_that_is_listed_or_for_everybody() -> None:
    """A code that is neither listed nor a hospital's, as by a typing error, is nobody's, whatever
    the role."""
    auditor = {"roles": ["auditor"]}
    assert asked("/stays", "O9", institutions=["*"], **auditor) == (200, "")
    unknown = (403, "institution-not-in-directory")
    assert asked("/stays", "O9", institutions=["O9"], **auditor) == unknown
    assert asked("/stays", "H1", **auditor) == (200, "")

    listing = guarded(is_hospital=lambda each: each == "H1", offices=frozenset({"O9"}))

    def told(institution: str, *institutions: str) -> tuple[int, str]:
        token = signed(claims(institutions=list(institutions), **auditor))
        answer = listing.get("/stays", headers=bearer(token, institution))
        return (200, "") if answer.status_code == 200 else problem(answer)

    assert told("O9", "O9") == told("O9", "*") == told("H1", "*") == (200, "")
    assert told("O8", "O8") == told("O8", "*") == unknown


def test_what_is_about_everybody_is_not_a_hospitals() -> None:
    """Its finance department has the role, and not the province; with or without the header."""
    own = {"roles": ["finance"]}
    for named in ("H1", None):
        assert asked("/funds", named, **own) == (403, "only-offices")
    assert asked("/funds", "O9", institutions=["O9"], **own) == (403, "only-offices")
    assert asked("/funds", institutions=["*"], **own) == (200, "")
    listing = guarded(offices=frozenset({"O9"}))
    token = signed(claims(institutions=["O9"], **own))
    for headers in (bearer(token, "O9"), bearer(token)):
        assert listing.get("/funds", headers=headers).status_code == 200


def test_a_person_acts_under_their_own_name() -> None:
    """The operator is the token's subject, percent-encoded where it is Chinese."""
    assert asked("/bills", "H1", "zhang-san") == (200, "")
    assert asked("/bills", "H1", "li-si") == (403, "operator-not-you")
    assert asked("/bills", "H1", "%E5%BC%A0%E4%B8%89", sub="张三") == (200, "")
    assert asked("/bills", "H1", "%20%E5%BC%A0%E4%B8%89", sub="张三") == (200, "")


def test_a_hospitals_system_says_who_of_its_people_acts() -> None:
    """Client credentials: any operator, and no approvals, which are a person's."""
    system = {"sub": "system-1", "client_id": "system-1", "roles": ["biller", "approver"]}
    assert asked("/bills", "H1", "li-si", **system) == (200, "")
    headers = bearer(signed(claims(**system)), "H1", "li-si")
    assert problem(CLIENT.post("/approvals", headers=headers)) == (403, "role-not-allowed")
    person = bearer(signed(claims(roles=["approver"], client_id="desk")), "H1", "zhang-san")
    assert CLIENT.post("/approvals", headers=person).status_code == 200


def test_an_offices_system_acts_under_its_own_name() -> None:
    """It has no cashiers to name; a service of ours says in whose behalf it reads."""
    office = {"sub": "system-1", "client_id": "system-1", "institutions": ["*"]}
    assert asked("/stays", "O9", "li-si", roles=["auditor"], **office) == (403, "operator-not-you")
    assert asked("/stays", "O9", "system-1", roles=["auditor"], **office) == (200, "")
    assert asked("/paper", "H1", "li-si", roles=["service"], **office) == (200, "")


def test_a_service_account_is_no_person() -> None:
    """A provider may give its systems other names than their ids: they approve nothing."""
    account = {"sub": "0b3f", "azp": "his-1", "preferred_username": "service-account-his-1"}
    headers = bearer(signed(claims(roles=["approver"], **account)), "H1", "0b3f")
    assert problem(CLIENT.post("/approvals", headers=headers)) == (403, "role-not-allowed")
    person = account | {"preferred_username": "zhang-san", "roles": ["approver"]}
    headers = bearer(signed(claims(**person)), "H1", "0b3f")
    assert CLIENT.post("/approvals", headers=headers).status_code == 200


def test_naming_an_institution_uses_up_nothing_of_it() -> None:
    """Requests are counted as their token's: neither strangers nor an office's people who name a
    hospital can keep it from its own."""
    client = guarded(rate=CallerRate(per_second=1, burst=3, clock=lambda: 0.0))
    own = bearer(signed(), "H1")
    forged = bearer(signed(by="ec-2", kid="ec-1"), "H1")
    office = bearer(signed(claims(roles=["auditor"], institutions=["*"], sub="wang-wu")), "H1")

    def told(headers: dict[str, str], path: str = "/stays") -> list[int]:
        return [client.get(path, headers=headers).status_code for _ in range(4)]

    assert told(office) == [200, 200, 200, 429]
    assert told(forged) == [401, 401, 401, 429]
    # A new token from the same address waits; one that was known is let in.
    assert told(own) == [429] * 4


def test_strangers_do_not_hold_up_tokens_that_are_known() -> None:
    """An address that sent too many bad tokens is not let guess on; its good ones are served."""
    client = guarded(rate=CallerRate(per_second=1, burst=4, clock=lambda: 0.0))
    own = bearer(signed(), "H1")
    assert client.get("/bills", headers=own).status_code == 200
    assert [client.get("/stays/check").status_code for _ in range(3)] == [200] * 3
    answers = [client.get("/bills", headers=bearer("no-token")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert answers[1].json()["type"] == "urn:yizhan:problem:too-many-requests"
    assert client.get("/stays/check").status_code == 429
    assert client.get("/bills", headers=own).status_code == 200


def test_open_paths_are_read_and_tokens_are_asked_for() -> None:
    """Nothing can be sent to them that anybody would have to read."""
    for path in ("/docs", "/openapi.json", "/.well-known/jwks.json", "/static-offline-docs/x.js"):
        answer = CLIENT.post(path, content=b"x")
        assert problem(answer) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD"
    answer = CLIENT.get("/oauth2/token")
    assert problem(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("name", ["Authorization", "Yizhan-Institution", "Yizhan-Operator"])
def test_a_header_sent_twice_is_refused(name: str) -> None:
    """One would be checked, and the other might be read."""
    once = list(bearer(signed(), "H1", "zhang-san").items())
    answer = CLIENT.get("/bills", headers=[*once, (name, "H2")])
    assert problem(answer) == (400, "invalid-header")


@pytest.mark.parametrize(
    ("institution", "operator", "pointer"),
    [
        ("H 1", "zhang-san", "header:Yizhan-Institution"),
        ("H" * 65, "zhang-san", "header:Yizhan-Institution"),
        ("H1", "%ff", "header:Yizhan-Operator"),
        ("H1", "%0a", "header:Yizhan-Operator"),
        ("H1", "x" * 65, "header:Yizhan-Operator"),
    ],
)
def test_headers_that_cannot_be_read_are_refused(
    institution: str, operator: str, pointer: str
) -> None:
    """As the routes would refuse them, with the place of the mistake."""
    answer = CLIENT.get("/bills", headers=bearer(signed(), institution, operator))
    assert problem(answer) == (400, "invalid-header")
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_a_route_without_a_row_is_closed_to_everybody() -> None:
    """Not found, though the application has it; and a method without a row is not allowed."""
    everything = claims(roles=[role.value for role in Role], institutions=["*"])
    headers = bearer(signed(everything))
    assert problem(CLIENT.get("/forgotten", headers=headers)) == (404, "not-found")
    answer = CLIENT.delete("/bills", headers=headers)
    assert problem(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST"
    for path in ("//bills", "/bills/", "/bills%0a", "/BILLS", "/bills%2f"):
        assert CLIENT.get(path, headers=headers).status_code == 404


def test_what_is_open_needs_no_token() -> None:
    """A path without parameters is found before one with them."""
    assert CLIENT.get("/stays/check").status_code == 200
    assert problem(CLIENT.get("/stays/7")) == (401, "token-missing")


def test_a_socket_is_not_opened() -> None:
    """There is none, and none is let through."""
    with pytest.raises(WebSocketDisconnect) as closed, CLIENT.websocket_connect("/bills"):
        pass
    assert closed.value.code == 1008


def test_a_directory_that_cannot_be_read_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """Busy is said as everywhere; anything else is an internal error, without its message."""

    def asked_of(wrong: Exception) -> tuple[int, str]:
        def unreadable(_institution: str) -> bool:
            raise wrong

        client = guarded(is_hospital=unreadable)
        return problem(client.get("/stays", headers=bearer(signed(), "H1")))

    assert asked_of(LogBusy()) == (503, "busy-try-again")
    assert asked_of(OSError("somebody's words")) == (500, "internal-error")
    assert "somebody's words" not in caplog.text


def test_rows_are_written_once() -> None:
    """Two rows of one route would hide one another."""
    row = {"GET /x": may(Role.BILLER)}
    with pytest.raises(ValueError, match="GET /x"):
        together(row, row)
    assert RouteTable(row).find("POST", "/x") is None
