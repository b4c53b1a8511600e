"""Facts of one person stated, withdrawn, asked for many, and told to others, over HTTP."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from eligibility.adapters.local_identities_file import (
    LocalIdentitiesUnusable,
    read_local_identities,
)
from eligibility.bootstrap import build
from eligibility.domain.local_identities import LocalIdentities, UnknownIdentity
from eligibility.entrypoints.http.app import create_app
from eligibility.settings import Settings, read_settings
from tests.eligibility.conftest import Desk, number
from tests.support.people_places import ON_BOTH, people_environment
from tests.support.signed import signing_client

FARMER = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
NEIGHBOUR = f"居民身份证,{number(3)},样例丙,,低保对象,2023-01-01,,421022,居民,,2015-01-01,"
LOW_INCOME = {"identity": "subsistence_allowance", "valid_from": "2023-01-01"}
EVERYTHING: dict[str, Any] = {
    "owner": "civil_affairs",
    "identities": [
        {
            "identity": "poverty_registered",
            "valid_from": "2018-01-01",
            "valid_to": "2020-12-31",
            "benefits_after_end": {"until": None},
        }
    ],
    "households": [
        {"register_owner": "poverty_office", "number": "H-7", "valid_from": "2018-01-01"}
    ],
    "enrolments": [
        {
            "region": "421022",
            "scheme": "resident",
            "plan": "二档",
            "valid_from": "2023-01-01",
            "valid_to": "2023-12-31",
            "premium_payer": "fully_subsidised",
            "premium_paid_on": "2022-12-11",
            "from_birth": True,
        }
    ],
    "marks": [
        {
            "kind": "special",
            "region": "421022",
            "code": "M01600",
            "name": "恶性肿瘤门诊治疗",
            "disease_list": "4类33种",
            "limit_fen": 500_000,
            "valid_from": "2023-05-01",
        }
    ],
    "disease_listings": [
        {
            "disease_list": "32种",
            "diagnosis_code": "C50.900",
            "diagnosis_system": "ICD-10",
            "valid_from": "2023-05-01",
        }
    ],
    "filings": [
        {
            "kind": "out_of_area",
            "number": "BA-1",
            "to_region": "510100",
            "valid_from": "2023-06-01",
            "valid_to": "2023-12-31",
        }
    ],
    "disabilities": [{"level": 2, "valid_from": "2020-06-01"}],
    "death": {"died_on": "2023-06-30"},
}


def say(desk: Desk, what: str, body: dict[str, Any], key: str | None = None) -> httpx2.Response:
    """State or withdraw facts of the farmer; a second passes."""
    url = f"/v1/persons/{desk.person_id(number(2))}/{what}"
    response = desk.client.post(url, json=body, headers=desk.headers(key))
    desk.at((desk.now.replace(second=desk.now.second + 1)).isoformat())
    return response


def test_every_kind_of_fact_is_answered_with_its_source_and_instant(desk: Desk) -> None:
    """One statement of all eight kinds: each comes back as said, with owner, document, instant."""
    desk.bring(FARMER)
    made = say(desk, "statements", EVERYTHING).json()

    answer = desk.entitlements(number(2), "2023-07-01")

    known = {
        "recorded_at": "2023-07-01T01:00:01Z",
        "source": made["source"],
        "owner": "civil_affairs",
    }
    assert made["source"].startswith("civil_affairs/statement:")
    assert (made["stated"], made["unchanged"], made["version"]) == (8, 0, 10)
    assert answer["identities"] == []
    assert answer["continued"] == [EVERYTHING["identities"][0] | known]
    assert answer["households"] == [EVERYTHING["households"][0] | {"valid_to": None} | known]
    assert [each["owner"] for each in answer["enrolments"]] == [None, "civil_affairs"]
    assert answer["enrolments"][1] == EVERYTHING["enrolments"][0] | {"waiting_to": None} | known
    assert answer["marks"] == [
        EVERYTHING["marks"][0] | {"limit_text": None, "valid_to": None} | known
    ]
    assert answer["disease_listings"] == [
        EVERYTHING["disease_listings"][0] | {"valid_to": None} | known
    ]
    assert answer["filings"][0]["number"] == "BA-1"
    assert answer["disabilities"] == [
        {"level": 2, "valid_from": "2020-06-01", "valid_to": None} | known
    ]
    assert answer["death"] == {"died_on": "2023-06-30"} | known
    assert desk.entitlements(number(2), "2023-06-29")["death"] is None


@ON_BOTH
def test_an_answer_asked_again_later_is_the_same_to_the_byte(desk: Desk) -> None:
    """Corrected and withdrawn since: with its instant and version the old answer comes back."""
    desk.bring(FARMER)
    say(desk, "statements", EVERYTHING)
    url = f"/v1/persons/{desk.person_id(number(2))}/entitlements"
    first = desk.client.get(url, params={"on": "2023-07-01"})
    told = {"on": "2023-07-01", "known_at": first.json()["known_at"]}
    desk.at("2023-08-01T00:00:00+00:00")
    gone = EVERYTHING | {"reason": "another_person", "enrolments": [], "filings": []}
    assert say(desk, "withdrawals", gone).json()["withdrawn"] == 6
    say(
        desk,
        "statements",
        {"owner": "health", "filings": [EVERYTHING["filings"][0] | {"to_region": "110000"}]},
    )

    again = desk.client.get(url, params=told | {"version": str(first.json()["version"])})

    assert again.content == first.content
    assert desk.client.get(url, params=told).json()["marks"] == first.json()["marks"]
    now = desk.entitlements(number(2), "2023-07-01")
    assert (now["marks"], now["death"], now["continued"]) == ([], None, [])
    assert [each["to_region"] for each in now["filings"]] == ["110000"]


def test_what_does_not_stand_as_said_is_not_withdrawn(desk: Desk) -> None:
    """Another end than the known one: refused by name, nothing recorded, others unharmed."""
    desk.bring(FARMER)
    say(desk, "statements", {"owner": "civil_affairs", "identities": [LOW_INCOME]})
    position = desk.eligibility.log.last_position()
    other = LOW_INCOME | {"valid_to": "2023-12-31"}
    body = {"owner": "civil_affairs", "reason": "entered_by_mistake", "identities": [other]}

    refused = say(desk, "withdrawals", body)

    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:yizhan:problem:fact-not-known",
    )
    assert desk.eligibility.log.last_position() == position


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"owner": "health"}, "nothing-stated"),
        (
            {"owner": "health", "disabilities": [{"level": 1, "valid_from": "2023-01-01"}] * 2},
            "nothing-stated",
        ),
        ({"owner": "nobody", "identities": [LOW_INCOME]}, "invalid-request"),
        (
            {"owner": "health", "identities": [LOW_INCOME | {"identity": "nonsense"}]},
            "unknown-identity",
        ),
        (
            {"owner": "health", "identities": [LOW_INCOME | {"valid_to": "2022-12-31"}]},
            "fact-impossible",
        ),
        (
            {"owner": "health", "marks": [EVERYTHING["marks"][0] | {"limit_fen": 1.5}]},
            "amount-not-fen",
        ),
    ],
)
def test_a_statement_that_cannot_be_true_records_nothing(
    desk: Desk, body: dict[str, Any], slug: str
) -> None:
    """Refused by a type of its own, all of it."""
    desk.bring(FARMER)
    position = desk.eligibility.log.last_position()

    refused = say(desk, "statements", body)

    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:yizhan:problem:{slug}")
    assert desk.eligibility.log.last_position() == position


def test_a_repeated_statement_is_recorded_once(desk: Desk) -> None:
    """Under its key the first answer again; under another, every fact is known already."""
    desk.bring(FARMER)
    first, again = (say(desk, "statements", EVERYTHING, key="s1") for _ in range(2))
    anew = say(desk, "statements", EVERYTHING).json()

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert (anew["stated"], anew["unchanged"]) == (0, 8)


def test_many_people_are_asked_at_once_and_one_stranger_fails_nobody(desk: Desk) -> None:
    """In the order of the question, each the answer it would get alone; a stranger says why."""
    desk.bring(FARMER, NEIGHBOUR)
    ids = [desk.person_id(number(3)), "nobody", desk.person_id(number(2))]
    body = {
        "person_ids": ids,
        "on": "2023-07-01",
        "identities_from": "2022-07-01",
        "identities_to": "2023-07-01",
    }

    found = desk.client.post("/v1/persons/entitlements", json=body).json()

    window = {"from": "2022-07-01", "to": "2023-07-01"}
    # What is no id comes back masked: it might be a certificate number.
    assert [each["person_id"] for each in found["answers"]] == [ids[0], "n****y", ids[2]]
    assert found["answers"][0]["entitlements"] == desk.entitlements(
        number(3), "2023-07-01", **window
    )
    assert found["answers"][2]["entitlements"] == desk.entitlements(
        number(2), "2023-07-01", **window
    )
    assert found["answers"][1] == {
        "person_id": "n****y",
        "entitlements": None,
        "problem": "urn:yizhan:problem:unknown-person",
    }


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1_000, 200), (1_001, 422)])
def test_at_most_a_thousand_people_are_asked_at_once(desk: Desk, count: int, status: int) -> None:
    """None and one too many are refused."""
    body = {"person_ids": [f"nobody-{n}" for n in range(count)], "on": "2023-07-01"}

    assert desk.client.post("/v1/persons/entitlements", json=body).status_code == status


def test_changes_are_told_in_order_with_the_days_they_touch(desk: Desk) -> None:
    """Recognised in the past, ended in the past, withdrawn, and one for the future alone."""
    desk.bring(FARMER)
    start = desk.client.get("/v1/changes").json()["next_after"]
    ended = LOW_INCOME | {"valid_to": "2023-03-31"}
    future = EVERYTHING["enrolments"][0] | {"valid_from": "2024-01-01", "valid_to": "2024-12-31"}
    say(desk, "statements", {"owner": "civil_affairs", "identities": [LOW_INCOME]})
    say(desk, "statements", {"owner": "civil_affairs", "identities": [ended]})
    say(
        desk,
        "withdrawals",
        {"owner": "civil_affairs", "reason": "never_granted", "identities": [ended]},
    )
    say(desk, "statements", {"owner": "health_insurance", "enrolments": [future]})

    page = desk.client.get("/v1/changes", params={"after": start}).json()

    told = [
        (each["event"], each["kind"], each["first_day"], each["last_day"], each["reaches_back"])
        for each in page["changes"]
    ]
    status = ("eligibility.person-status-changed.v1", "identity")
    assert told == [
        (*status, "2023-01-01", None, True),
        (*status, "2023-04-01", None, True),
        (*status, "2023-01-01", "2023-03-31", True),
        ("eligibility.enrolment-changed.v1", "enrolment", "2024-01-01", "2024-12-31", False),
    ]
    assert {each["person_id"] for each in page["changes"]} == {desk.person_id(number(2))}
    assert (page["next_after"], page["has_more"]) == (desk.eligibility.log.last_position(), False)
    back = desk.client.get("/v1/changes", params={"after": start, "reaching_back": True}).json()
    assert back["changes"] == page["changes"][:3]


def test_the_cursor_of_changes_misses_nothing_and_repeats_nothing(desk: Desk) -> None:
    """Page by page of one event, the same changes as at once; at the end it waits."""
    desk.bring(FARMER, NEIGHBOUR)
    say(desk, "statements", EVERYTHING)
    whole = desk.client.get("/v1/changes").json()

    changes, after, more = [], 0, True
    while more:
        page = desk.client.get("/v1/changes", params={"after": after, "limit": 1}).json()
        changes += page["changes"]
        after, more = page["next_after"], page["has_more"]

    assert changes == whole["changes"]
    assert len(changes) == 12
    assert [each["position"] for each in changes] == sorted({each["position"] for each in changes})
    last = desk.client.get("/v1/changes", params={"after": after}).json()
    assert (last["changes"], last["next_after"], last["has_more"]) == ([], after, False)
    assert last["after_mark"] == last["next_mark"] == page["next_mark"]


def test_a_change_says_nothing_of_the_person_beside_its_id(desk: Desk) -> None:
    """No identity, region, plan, disease or number is in it, and no name or certificate."""
    desk.bring(NEIGHBOUR)

    told = desk.client.get("/v1/changes").text

    for secret in ("样例丙", number(3), "subsistence_allowance", "421022", "resident"):
        assert secret not in told


def test_whoever_reads_is_recorded(desk: Desk) -> None:
    """Alone, among many, by card; with headers by name, without them as nobody named."""
    desk.bring(FARMER)
    person_id = desk.person_id(number(2))
    path, named = f"/v1/persons/{person_id}", desk.headers()
    body = {"person_ids": [person_id, "nobody"], "on": "2023-07-01"}
    desk.client.get(f"{path}/entitlements?on=2023-07-01")
    desk.client.post("/v1/persons/entitlements", json=body, headers=named)
    desk.client.get(path, headers=named)

    reads = desk.client.get(f"{path}/reads", headers=named).json()["reads"]

    by_zhang = {"read_at": "2023-07-01T01:00:01Z", "institution_id": "O500112", "operator": "张"}
    assert reads == [
        by_zhang | {"call": "card"},
        by_zhang | {"call": "entitlements-of-many"},
        {
            "read_at": "2023-07-01T01:00:01Z",
            "institution_id": None,
            "operator": None,
            "call": "entitlements",
        },
        {
            "read_at": "2023-07-01T01:00:01Z",
            "institution_id": None,
            "operator": None,
            "call": "lookup",
        },
    ]


def test_whoever_looks_a_certificate_up_is_recorded_with_the_person(desk: Desk) -> None:
    """Who asked whether a number is anybody's leaves a record, without the number; of nobody
    there is nothing to keep it with."""
    desk.bring(FARMER)
    asked = {"certificate_number": number(2)}
    found = desk.client.post("/v1/persons/lookup", json=asked, headers=desk.headers())
    nobody = {"certificate_number": number(3)}
    unknown = desk.client.post("/v1/persons/lookup", json=nobody, headers=desk.headers())

    path = f"/v1/persons/{found.json()['person_id']}/reads"
    reads = desk.client.get(path, headers=desk.headers()).json()["reads"]

    assert unknown.status_code == 404
    assert [(each["call"], each["institution_id"], each["operator"]) for each in reads] == [
        ("lookup", "O500112", "张")
    ]


def test_half_of_the_readers_headers_is_refused(desk: Desk) -> None:
    """An institution without an operator would be recorded as nobody."""
    desk.bring(FARMER)
    url = f"/v1/persons/{desk.person_id(number(2))}/entitlements?on=2023-07-01"

    refused = desk.client.get(url, headers={"Yizhan-Institution": "O500112"})

    assert (refused.status_code, refused.json()["type"]) == (
        400,
        "urn:yizhan:problem:missing-header",
    )
    assert refused.json()["errors"][0]["pointer"] == "header:Yizhan-Operator"


def test_a_card_shows_the_certificate_masked_and_no_name(desk: Desk) -> None:
    """Six digits, the middle hidden, four digits."""
    desk.bring(FARMER)
    path = f"/v1/persons/{desk.person_id(number(2))}"

    card = desk.client.get(path, headers=desk.headers())

    assert card.json() == {
        "person_id": desk.person_id(number(2)),
        "certificate_type": "resident_id",
        "certificate_masked": "990001********" + number(2)[-4:],
    }
    assert desk.client.get(path).status_code == 400


def test_local_identities_are_those_of_the_registry(tmp_path: Path) -> None:
    """With a registry its codes alone are taken; without one every `local_…` code is."""
    file = tmp_path / "local.yaml"
    file.write_text("local_veteran_worker: 老工伤人员\n", encoding="utf-8")
    registry = read_local_identities(file)

    registry.require_known("local_veteran_worker")
    registry.require_known("orphan")
    with pytest.raises(UnknownIdentity, match=r"local_other 未登记.*老工伤人员"):
        registry.require_known("local_other")
    assert registry.name_of("local_veteran_worker") == "老工伤人员"
    assert registry.name_of("orphan") == "孤儿"
    LocalIdentities().require_known("local_other")
    with pytest.raises(UnknownIdentity):
        LocalIdentities().require_known("other")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("- local_a\n", "逐行写"),
        ("Local_A: 甲\n", "须为 local_"),
        ("local_a:\n", "1 至 40 个字"),
        ("local_a: 甲\nlocal_b: 甲\n", "已被使用"),
        ("local_a: 孤儿\n", "已被使用"),
        ("local_a: [\n", "无法读取"),
    ],
)
def test_a_registry_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: str, says: str
) -> None:
    """And says what to correct."""
    file = tmp_path / "local.yaml"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(LocalIdentitiesUnusable, match=says):
        build(Settings(tmp_path / "data", local_identities=file))


def test_the_registry_is_named_by_the_environment(desk: Desk, tmp_path: Path) -> None:
    """YIZHAN_LOCAL_IDENTITIES: a code outside it is refused over HTTP by name."""
    desk.bring(FARMER)
    file = tmp_path / "local.yaml"
    file.write_text("local_veteran_worker: 老工伤人员\n", encoding="utf-8")
    named = {"YIZHAN_LOCAL_IDENTITIES": str(file), **people_environment(desk.data_dir)}
    settings = read_settings(named)
    desk.client = signing_client(create_app(build(settings), clock=lambda: desk.now))

    def stated(code: str) -> int:
        fact = LOW_INCOME | {"identity": code}
        return say(desk, "statements", {"owner": "health", "identities": [fact]}).status_code

    assert (stated("local_veteran_worker"), stated("local_other")) == (200, 422)
