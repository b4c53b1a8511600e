"""What a hospital declares of a stay: kind of care, listed disease, and what the policy asks.

As everywhere: what nobody said is unknown, and refused by name where a rule needs it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from settlement.adapters.policy_files import PolicyFileFaulty
from settlement.application.verify_ledger import verify_ledger
from settlement.entrypoints.cli import app
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

ASKS = """
asks:
  student: {name: 在校学生, kind: yes_no}
  years_insured: {name: 连续参保年数, kind: number}
  ward: {name: 病房, kind: word, words: [普通, 特需]}
"""
BY_CARE = """
base: total
rate:
  choose:
    - {when: {care: 门诊慢特病, disease: 肺结核}, value: 90%}
    - {when: {care: 门诊慢特病, disease: 无}, value: 60%}
    - {when: {care: 住院}, value: 70%}
    - {otherwise: 0%}
"""
BY_ANSWERS = """
base: total
rate:
  choose:
    - {when: {ward: 特需}, value: 10%}
    - {when: {student: 是}, value: 80%}
    - {when: {years_insured: {from: 5}}, value: 60%}
    - {otherwise: 50%}
"""
BY_OCCASION_AND_DATES = """
base: total
rate:
  choose:
    - {when: {late_claim: 是}, value: 10%}
    - {when: {occasion: 出院结算, crosses_year: 是, days: {from: 10}}, value: 80%}
    - {when: {admission_date: {from: 2022-01-01, to: 2022-12-31}}, value: 60%}
    - {otherwise: 50%}
"""
BILL = {"total_fen": 1_000_00}
UNFIT = "urn:yizhan:problem:answer-unfit"
UNKNOWN = "urn:yizhan:problem:fact-not-stated"


def opened(tmp_path: Path, body: str, *, claim_by: str = "") -> Desk:
    """A hospital under a policy of one layer, and a person enrolled there."""
    text = policy_text(layer_text(body), more=ASKS, claim_by=claim_by)
    parts, people = open_parts(tmp_path, policies=write_book(tmp_path / "policies", text))
    people.add(P1, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def settled(desk: Desk, number: str, *, declared: dict[str, Any], **more: str) -> Any:
    """The answer to a settlement of 1,000.00 with these circumstances."""
    stay = desk.discharged(P1, number, charges=BILL, circumstances=declared, **more)
    return desk.settle(stay)


def paid(answer: Any) -> int:
    """What the layer paid."""
    assert answer.status_code == 200, answer.text
    fen: int = answer.json()["steps"][0]["paid_fen"]
    return fen


def test_a_stay_is_inpatient_care_unless_the_hospital_says_otherwise(tmp_path: Path) -> None:
    """70% for a stay of which nobody said what care it is; 90% for a listed disease treated as an
    outpatient, 60% where it is declared that there is none."""
    desk = opened(tmp_path, BY_CARE)
    special = {"care": "outpatient_special"}

    assert paid(settled(desk, "A1", declared={})) == 700_00
    assert paid(settled(desk, "A2", declared=special | {"disease": "肺结核"})) == 900_00
    assert paid(settled(desk, "A3", declared=special | {"disease": "none"})) == 600_00
    assert paid(settled(desk, "A4", declared=special | {"disease": "无"})) == 600_00
    assert paid(settled(desk, "A5", declared=special | {"disease": "哮喘"})) == 0
    unknown = settled(desk, "A6", declared=special)
    assert unknown.json()["type"] == UNKNOWN
    assert "病种" in unknown.json()["detail"]


def test_what_a_policy_asks_is_answered_on_the_bill(tmp_path: Path) -> None:
    """A flag, a count and a word; an answer that decides leaves the others unasked."""
    desk = opened(tmp_path, BY_ANSWERS)
    answers = {"ward": "普通", "student": False, "years_insured": 5}

    assert paid(settled(desk, "A1", declared={"declared": {"ward": "特需"}})) == 100_00
    assert paid(settled(desk, "A2", declared={"declared": answers})) == 600_00
    assert paid(settled(desk, "A3", declared={"declared": answers | {"student": True}})) == 800_00
    fewer = answers | {"years_insured": 4, "of_another_county": True}
    assert paid(settled(desk, "A4", declared={"declared": fewer})) == 500_00
    unknown = settled(desk, "A5", declared={"declared": {"ward": "普通", "student": False}})
    assert unknown.json()["type"] == UNKNOWN
    assert "连续参保年数" in unknown.json()["detail"]
    assert verify_ledger(desk.parts.ledger, desk.parts.laws).discrepancies == ()


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("ward", "豪华", "“病房”（ward）应申报“普通、特需”之一"),
        ("ward", True, "“病房”（ward）应申报“普通、特需”之一"),
        ("student", "是", "“在校学生”（student）应申报是或否"),
        ("student", 1, "“在校学生”（student）应申报是或否"),
        ("years_insured", "5", "“连续参保年数”（years_insured）应申报整数"),
        ("years_insured", True, "“连续参保年数”（years_insured）应申报整数"),
    ],
)
def test_an_answer_of_another_kind_is_refused_and_not_taken_for_a_no(
    tmp_path: Path, name: str, answer: Any, says: str
) -> None:
    """A word that is not in the list matches no row; it is no reason to take the last one."""
    desk = opened(tmp_path, BY_ANSWERS)
    answers = {"ward": "普通", "student": False, "years_insured": 5}

    refused = settled(desk, "A1", declared={"declared": answers | {name: answer}})

    assert (refused.status_code, refused.json()["type"]) == (422, UNFIT)
    assert says in refused.json()["detail"]


def test_what_is_declared_at_discharge_amends_what_was_declared_at_admission(
    tmp_path: Path,
) -> None:
    """The ward changed, the student was found out later; the rest stays as it was declared."""
    desk = opened(tmp_path, BY_ANSWERS)
    admitted = {
        "person_id": P1,
        "hospital_stay_number": "A1",
        "admission_date": "2023-03-01",
        "circumstances": {
            "care": "inpatient",
            "disease": "肺炎",
            "declared": {"years_insured": 3, "ward": "特需"},
        },
    }
    path = "/v1/stays/" + desk.write("/v1/stays", admitted).json()["stay_id"]
    desk.write(f"{path}/fees", {"batch_number": "1", "charges": BILL})
    left = {
        "discharge_date": "2023-03-10",
        "circumstances": {"disease": "哮喘", "declared": {"ward": "普通", "student": True}},
    }
    desk.write(f"{path}/discharge", left)

    assert paid(desk.write(f"{path}/settlement", {})) == 800_00
    events = desk.read(f"{path}/history").json()["events"]
    used = next(e["content"]["inputs"] for e in events if "opened" in e["topic"])["circumstances"]
    assert (used["care"], used["disease"]) == ("inpatient", "哮喘")
    assert used["declared"] == [
        {"name": "student", "yes_no": True, "number": None, "word": None},
        {"name": "ward", "yes_no": None, "number": None, "word": "普通"},
        {"name": "years_insured", "yes_no": None, "number": 3, "word": None},
    ]


@pytest.mark.parametrize(
    "circumstances",
    [
        {"care": "住院"},
        {"care": "dental"},
        {"disease": ""},
        {"disease": " 肺炎"},
        {"declared": {"Student": True}},
        {"declared": {"student": 1.5}},
        {"declared": {"student": None}},
        {"declared": {"years_insured": -1}},
        {"declared": {f"a{n}": True for n in range(51)}},
    ],
)
def test_circumstances_are_what_they_say(tmp_path: Path, circumstances: dict[str, Any]) -> None:
    """Codes on the wire, no fractions, no empty words, at most fifty answers; no event is left."""
    desk = opened(tmp_path, BY_ANSWERS)
    before = desk.parts.ledger.log.last_position()
    asked = {"person_id": P1, "hospital_stay_number": "A1", "admission_date": "2023-03-01"}

    answer = desk.write("/v1/stays", asked | {"circumstances": circumstances})

    assert answer.status_code == 422
    assert desk.parts.ledger.log.last_position() == before


def test_facts_that_follow_from_the_dates_need_not_be_declared(tmp_path: Path) -> None:
    """Settled on 2026-03-02: a discharge of 2025 is in time until 2026-03-31, one of 2023 late;
    ten days over the new year; an admission in 2022 that is no such stay."""
    desk = opened(tmp_path, BY_OCCASION_AND_DATES, claim_by="{day: 03-31, years_after: 1}")

    late = settled(desk, "A1", declared={}, admission="2023-03-01", discharge="2023-03-10")
    across = settled(desk, "A2", declared={}, admission="2024-12-25", discharge="2025-01-04")
    short = settled(desk, "A3", declared={}, admission="2024-12-25", discharge="2025-01-03")

    assert (paid(late), paid(across), paid(short)) == (100_00, 800_00, 500_00)


def test_without_a_day_to_claim_by_a_policy_may_not_ask_who_is_late(tmp_path: Path) -> None:
    """Whether a claim is late cannot be told where the policy has no last day: the service does
    not open with such a file, and says what to write."""
    with pytest.raises(PolicyFileFaulty, match="在 dates 里写 claim_by"):
        opened(tmp_path, BY_OCCASION_AND_DATES)


def test_a_bill_without_a_person_declares_the_same(tmp_path: Path) -> None:
    """The stateless preview over HTTP and `yizhan preview` on a file: 80% for a student; an
    unfit answer is refused by both."""
    desk = opened(tmp_path, BY_ANSWERS)
    bill: dict[str, Any] = {
        "region": REGION,
        "scheme": "resident",
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "charges": BILL,
        "facts": {"circumstances": {"declared": {"student": True, "ward": "普通"}}},
    }
    path = tmp_path / "bill.json"
    command = ["preview", str(path), "--policies", str(tmp_path / "policies"), "--json"]

    over_http = desk.write("/v1/previews", bill)
    path.write_text(json.dumps(bill), encoding="utf-8")
    on_file = CliRunner().invoke(app, command)

    assert paid(over_http) == 800_00
    assert json.loads(on_file.stdout)["steps"] == over_http.json()["steps"]

    bill["facts"]["circumstances"]["declared"]["ward"] = "豪华"
    path.write_text(json.dumps(bill), encoding="utf-8")
    refused = CliRunner().invoke(app, command)
    assert desk.write("/v1/previews", bill).json()["type"] == UNFIT
    assert refused.exit_code == 2
    assert "“普通、特需”之一" in refused.stderr
