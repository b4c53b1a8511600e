"""Bad input: each cause has its own stable type, a message that helps, and leaves no event."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.vocabulary import Scheme
from settlement.application import ports
from tests.support.settlement_desk import P1, P2, P3, P9, Desk, PeopleKnown, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
WHOLE: dict[str, Any] = {
    "person_id": P1,
    "hospital_stay_number": "A1",
    "admission_date": "2023-03-01",
    "discharge_date": "2023-03-10",
    "batches": [{"batch_number": "1", "charges": BILL}],
}


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> tuple[Desk, PeopleKnown]:
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region="500112", identities=("subsistence_margin",))
    return desk, people


def refusal(desk: Desk, path: str, body: Any, **headers: Any) -> tuple[str, int, str]:
    """Send something refused; it must leave no event. Returns type, status and detail."""
    before = desk.parts.ledger.log.last_position()
    answer = desk.write(path, body, **headers)
    assert desk.parts.ledger.log.last_position() == before
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    slug = problem["type"].removeprefix("urn:yizhan:problem:")
    return slug, answer.status_code, problem.get("detail", "")


def charged(**charges: Any) -> dict[str, Any]:
    """The whole stay with other charges."""
    return WHOLE | {"batches": [{"batch_number": "1", "charges": charges}]}


CASES: list[tuple[str, dict[str, Any], str, int, str]] = [
    (
        "unknown person",
        WHOLE | {"person_id": P9},
        "person-unknown",
        422,
        P9,
    ),
    (
        "discharge before admission",
        WHOLE | {"discharge_date": "2023-02-28"},
        "discharge-before-admission",
        422,
        "2023-02-28 早于入院日期 2023-03-01",
    ),
    (
        "an admission tomorrow",
        WHOLE | {"admission_date": "2026-03-03", "discharge_date": "2026-03-04"},
        "date-in-future",
        422,
        "入院日期 2026-03-03 晚于今天 2026-03-02",
    ),
    (
        "a discharge tomorrow",
        WHOLE | {"discharge_date": "2026-03-03"},
        "date-in-future",
        422,
        "出院日期 2026-03-03 晚于今天 2026-03-02",
    ),
    (
        "classes that do not add up",
        charged(total_fen=100, class_a_fen=50, class_b_fen=30, class_c_fen=10),
        "fees-do-not-add-up",
        422,
        "甲类＋乙类＋丙类为 90 分，应为 100 分，相差 -10 分",
    ),
    (
        "in scope together with what no catalogue holds",
        charged(total_fen=60, in_scope_fen=60, class_a_fen=50, class_b_fen=0, class_c_fen=10),
        "fees-do-not-add-up",
        422,
        "70 分大于总费用 60 分",
    ),
    (
        "parts above the total",
        charged(total_fen=100, in_scope_fen=101),
        "fees-do-not-add-up",
        422,
        "101 分大于总费用 100 分",
    ),
    (
        "item classes that do not add up",
        charged(total_fen=100, in_scope_fen=90, item_classes_fen={"tcm": 10, "other": 70}),
        "fees-do-not-add-up",
        422,
        "80 分，应为 90 分",
    ),
    (
        "no policy in force on the day of admission",
        WHOLE | {"admission_date": "2022-12-31", "discharge_date": "2023-01-05"},
        "no-policy-in-force",
        422,
        "2022-12-31",
    ),
    (
        "an amount for a layer we compute ourselves",
        WHOLE | {"decided_elsewhere_fen": {"basic": 1}},
        "elsewhere-amount-unexpected",
        422,
        "basic",
    ),
    (
        "a part of the bill that a layer needs",
        charged(total_fen=52_000_00),
        "amount-not-stated",
        422,
        "in_scope",
    ),
]


@pytest.mark.parametrize(
    ("body", "slug", "status", "says"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_refused_bill_names_its_cause(
    opened: tuple[Desk, PeopleKnown], body: dict[str, Any], slug: str, status: int, says: str
) -> None:
    """Each cause: its type, its status, and what is wrong."""
    found = refusal(opened[0], "/v1/settlements", body)
    assert found[:2] == (slug, status)
    assert says in found[2]


@pytest.mark.parametrize("amount", [-1, 100.0, 100.5, "100", True, 10_000_000_001, None])
def test_an_amount_that_is_not_whole_fen_is_refused(
    opened: tuple[Desk, PeopleKnown], amount: Any
) -> None:
    """Negative, fractional, textual, boolean and oversized amounts; `100.0` too."""
    slug, status, _ = refusal(opened[0], "/v1/settlements", charged(total_fen=amount))
    assert (slug, status) == ("amount-not-fen", 422)


@pytest.mark.parametrize(
    "spelling", [P1.upper(), P1.replace("-", ""), "{" + P1 + "}", f"urn:uuid:{P1}", f" {P1}"]
)
def test_a_person_has_one_spelling(opened: tuple[Desk, PeopleKnown], spelling: str) -> None:
    """Another spelling of an id would be another person's counters, and their caps again."""
    slug, status, _ = refusal(opened[0], "/v1/settlements", WHOLE | {"person_id": spelling})
    assert (slug, status) == ("invalid-request", 422)


def test_a_certificate_number_given_as_a_person_is_not_repeated_or_kept(
    opened: tuple[Desk, PeopleKnown], tmp_path: Path
) -> None:
    """The likeliest slip: it is in no answer, asks eligibility nothing, and is not stored."""
    desk, people = opened
    number = "990001196803150014"
    answer = desk.write("/v1/settlements", WHOLE | {"person_id": number})
    assert answer.status_code == 422
    assert number not in answer.text
    assert people.asked == []
    assert all(number.encode() not in p.read_bytes() for p in tmp_path.glob("settlement*"))


@pytest.mark.parametrize("number", ["W1 ", " W1", "Ｗ1", "W 1", "W1\n", "a\u0000b", "", "-W1"])
def test_a_stay_number_has_one_spelling(opened: tuple[Desk, PeopleKnown], number: str) -> None:
    """Spaces and full-width letters would make two stays of one."""
    body = WHOLE | {"hospital_stay_number": number}
    assert refusal(opened[0], "/v1/settlements", body)[:2] == ("invalid-request", 422)


@pytest.mark.parametrize(
    "change",
    [
        {"circumstances": {"referral": "yes"}},
        {"circumstances": {"referral": 1}},
        {"admission_date": 1672531200},
        {"admission_date": "2023-03-01T00:00:00"},
    ],
)
def test_flags_and_dates_are_what_they_say(
    opened: tuple[Desk, PeopleKnown], change: dict[str, Any]
) -> None:
    """A word is not a yes, a number of seconds is not a date."""
    found = refusal(opened[0], "/v1/settlements", WHOLE | change)
    assert found[:2] == ("invalid-request", 422)


def test_a_csv_sent_as_json_is_a_faulty_file_and_not_an_internal_error(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """The wrong content type on an import."""
    desk, _ = opened
    headers = {
        "Yizhan-Institution": "H1",
        "Yizhan-Operator": "x",
        "Idempotency-Key": "K",
        "Content-Type": "application/json",
    }
    answer = desk.http.post("/v1/institutions", content="机构编码\n".encode(), headers=headers)
    assert answer.json()["type"] == "urn:yizhan:problem:institutions-faulty"


def test_a_later_file_of_institutions_keeps_what_was_known(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """This year's list alone does not make last year's hospital unknown."""
    desk, _ = opened
    head = "机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期"
    row = "H50011200001,渝北区样例医院,500112,三级,县级,公立,定点,2024-01-01,"
    assert desk.write("/v1/institutions", content=f"{head}\n{row}\n".encode()).status_code == 200
    settled = desk.write("/v1/settlements", WHOLE)
    assert settled.status_code == 201, settled.text
    late = WHOLE | {
        "hospital_stay_number": "A2",
        "admission_date": "2024-03-01",
        "discharge_date": "2024-03-10",
    }
    assert "basic.deductible" in refusal(desk, "/v1/settlements", late)[2]  # a third tier now


def test_the_latest_enrolment_in_one_county_counts(opened: tuple[Desk, PeopleKnown]) -> None:
    """Rosters come year by year, open-ended: the stay is settled under the latest beginning."""
    desk, people = opened
    answer = people.people[P1]
    latest = replace(answer.enrolments[0], valid_from=date(2023, 1, 1))
    earlier = replace(answer.enrolments[0], plan="二档")
    people.people[P1] = replace(answer, enrolments=(latest, earlier))
    settled = desk.write("/v1/settlements", WHOLE)
    assert settled.status_code == 201, settled.text
    history = desk.read(f"/v1/stays/{settled.json()['stay_id']}/history").json()["events"]
    used = next(e for e in history if e["topic"].endswith("settlement-opened.v1"))
    assert used["content"]["inputs"]["eligibility"]["enrolment"]["plan"] == "一档"


def test_an_unknown_region_is_refused(opened: tuple[Desk, PeopleKnown]) -> None:
    """Someone enrolled where no policy was ever imported."""
    desk, people = opened
    people.add(P2, region="820000")
    slug, status, detail = refusal(desk, "/v1/settlements", WHOLE | {"person_id": P2})
    assert (slug, status) == ("region-unknown", 422)
    assert "820000" in detail


def test_an_unknown_institution_is_refused(opened: tuple[Desk, PeopleKnown]) -> None:
    """A hospital that the reference data does not have cannot admit anybody."""
    stranger = Desk(opened[0].parts, institution="H00000000000")
    slug, status, detail = refusal(stranger, "/v1/settlements", WHOLE)
    assert (slug, status) == ("institution-unknown", 422)
    assert "H00000000000" in detail


def test_a_number_nobody_knows_stops_the_settlement_by_name(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """Yubei's document states the second tier alone: a third-tier hospital is refused by name."""
    desk, _ = opened
    third = Desk(desk.parts, institution="H42100000001")
    slug, status, detail = refusal(third, "/v1/settlements", WHOLE)
    assert (slug, status) == ("number-missing", 409)
    assert "basic.deductible" in detail
    assert "问答只写了二级医院的起付线" in detail


def test_someone_not_enrolled_in_the_scheme_asked_for_is_refused(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """The stay asks for another scheme than the person has; and two enrolments are ambiguous."""
    desk, people = opened
    slug, _, _ = refusal(desk, "/v1/settlements", WHOLE | {"scheme": "employee"})
    assert slug == "not-enrolled"
    both = people.people[P1]
    people.add(P1, region="500112", scheme=Scheme.EMPLOYEE)
    mixed = people.people[P1].enrolments + both.enrolments
    people.people[P1] = ports.PersonAnswer(**{**vars(both), "enrolments": mixed})
    slug, _, detail = refusal(desk, "/v1/settlements", WHOLE)
    assert slug == "enrolment-ambiguous"
    assert "500112/employee" in detail


def test_an_amount_decided_elsewhere_is_checked(opened: tuple[Desk, PeopleKnown]) -> None:
    """Yishui: basic insurance and civil assistance arrive; missing or above the bill is refused."""
    desk, people = opened
    people.add(P3, region="371323", identities=("poverty_registered",))
    township = Desk(desk.parts, institution="H37132300001")
    body = WHOLE | {
        "person_id": P3,
        "admission_date": "2017-06-24",
        "discharge_date": "2017-07-02",
        "batches": [{"batch_number": "1", "charges": {"total_fen": 1_786_95}}],
    }
    assert refusal(township, "/v1/settlements", body)[0] == "elsewhere-amount-missing"
    too_much = body | {"decided_elsewhere_fen": {"basic": 1_313_04, "civil": 473_92}}
    assert refusal(township, "/v1/settlements", too_much)[0] == "elsewhere-amount-too-large"
    right = body | {"decided_elsewhere_fen": {"basic": 1_313_04, "civil": 292_54}}
    settled = township.write("/v1/settlements", right)
    assert settled.json()["patient_fen"] == 8_16
    assert settled.json()["hospital_fen"] == 18_14


def test_the_order_of_a_stay_is_kept(opened: tuple[Desk, PeopleKnown]) -> None:
    """No settlement before discharge, no fees after it, no second discharge or admission."""
    desk, _ = opened
    admitted = {"person_id": P1, "hospital_stay_number": "A1", "admission_date": "2023-03-01"}
    stay = desk.write("/v1/stays", admitted).json()["stay_id"]
    path = f"/v1/stays/{stay}"
    batch = {"batch_number": "1", "charges": BILL}
    left = {"discharge_date": "2023-03-10"}

    assert refusal(desk, "/v1/stays", admitted)[0] == "already-admitted"
    assert refusal(desk, f"{path}/settlement", {})[0] == "not-discharged"
    desk.write(f"{path}/fees", batch)
    assert refusal(desk, f"{path}/fees", batch)[0] == "fee-batch-repeated"
    desk.write(f"{path}/discharge", left)
    assert refusal(desk, f"{path}/discharge", left)[0] == "already-discharged"
    assert refusal(desk, f"{path}/fees", batch | {"batch_number": "2"})[0] == "already-discharged"
    assert refusal(desk, f"{path}/settlement/reversal", {"reason": "x"})[0] == "not-settled"


def test_a_stay_without_fees_is_not_settled(opened: tuple[Desk, PeopleKnown]) -> None:
    """There is nothing to settle."""
    desk, _ = opened
    admitted = {"person_id": P1, "hospital_stay_number": "A1", "admission_date": "2023-03-01"}
    path = "/v1/stays/" + desk.write("/v1/stays", admitted).json()["stay_id"]
    desk.write(f"{path}/discharge", {"discharge_date": "2023-03-10"})
    assert refusal(desk, f"{path}/settlement", {})[0] == "no-fees"


def test_batches_must_state_the_same_parts(opened: tuple[Desk, PeopleKnown]) -> None:
    """One batch with its in-scope part and one without cannot be added up."""
    batches = [
        {"batch_number": "1", "charges": BILL},
        {"batch_number": "2", "charges": {"total_fen": 1}},
    ]
    slug, _, detail = refusal(opened[0], "/v1/settlements", WHOLE | {"batches": batches})
    assert slug == "fees-do-not-add-up"
    assert "政策范围内费用" in detail


def test_a_body_too_large_is_refused(opened: tuple[Desk, PeopleKnown]) -> None:
    """Nine mebibytes are not read into a stay."""
    slug, status, _ = refusal(opened[0], "/v1/settlements", {"person_id": "x" * 9 * 2**20})
    assert (slug, status) == ("body-too-large", 413)


def test_headers_that_say_who_acts_are_required(opened: tuple[Desk, PeopleKnown]) -> None:
    """Every write names its institution, its operator and its key."""
    answer = opened[0].http.post("/v1/settlements", json=WHOLE)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:yizhan:problem:missing-header"


def test_a_refused_request_may_be_sent_again_corrected(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """The key of a refusal is free for the corrected body, and then stands for it."""
    desk, _ = opened
    assert refusal(desk, "/v1/settlements", charged(total_fen=52_000_00), key="K1")[1] == 422
    accepted = desk.write("/v1/settlements", WHOLE, key="K1")
    assert accepted.status_code == 201
    assert desk.write("/v1/settlements", WHOLE, key="K1").content == accepted.content


def test_eligibility_that_does_not_answer_is_not_taken_for_a_no(tmp_path: Path) -> None:
    """A settlement that could not ask is refused as unreachable, to be tried again."""
    parts, _ = open_parts(tmp_path, reachable=False)
    desk = Desk(parts)
    desk.import_institutions()
    before = parts.ledger.log.last_position()
    answer = desk.write("/v1/settlements", WHOLE)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:yizhan:problem:eligibility-unreachable"
    assert parts.ledger.log.last_position() == before


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",无码医院,500112,二级,县级,公立,定点,2015-01-01,", "机构编码为空"),
        ("H1,医院,5001,二级,县级,公立,定点,2015-01-01,", "区划“5001”不是六位代码"),
        ("H1,医院,500112,四级,县级,公立,定点,2015-01-01,", "等级“四级”不存在"),
        ("H1,医院,500112,二级,县级,公立,定点,2015-13-01,", "起始日期“2015-13-01”不是日期"),
        ("H1,医院,500112,二级,县级,公立,定点,2015-01-01,2014-01-01", "终止日期早于起始日期"),
    ],
)
def test_a_faulty_institutions_file_changes_nothing(
    opened: tuple[Desk, PeopleKnown], row: str, says: str
) -> None:
    """One bad row refuses the whole file, by row."""
    desk, _ = opened
    head = "机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期"
    good = "H9,好医院,500112,二级,县级,公立,定点,2015-01-01,"
    before = desk.parts.ledger.log.last_position()
    answer = desk.write("/v1/institutions", content=f"{head}\n{good}\n{row}\n".encode())
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:yizhan:problem:institutions-faulty"
    assert f"第 3 行：{says}" in answer.json()["detail"]
    assert desk.parts.ledger.log.last_position() == before


def test_nul_is_stored_nowhere(opened: tuple[Desk, PeopleKnown]) -> None:
    """What no server takes as a text is refused, in a reason and in an address."""
    desk, _ = opened
    settled = desk.write("/v1/settlements", WHOLE)
    assert settled.status_code == 201, settled.text
    path = f"/v1/stays/{settled.json()['stay_id']}/settlement/reversal"

    refused = refusal(desk, path, {"reason": "重\0复"}, key="k1")

    assert refused[:2] == ("text-not-storable", 422)
    assert "重" not in refused[2]
    asked = desk.read("/v1/settlements?hospital_stay_number=A%001")
    assert (asked.status_code, asked.json()["type"]) == (
        400,
        "urn:yizhan:problem:malformed-address",
    )
    again = desk.write(path, {"reason": "重复"}, key="k1")
    assert again.status_code == 200, again.text
