"""Yearly totals that a policy keeps apart: by the tier of the hospital, by disease, and in all."""

from pathlib import Path
from typing import Any

from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from tests.settlement.desk.book_of import book_of
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

SECOND_TIER, OTHER_SECOND_TIER, THIRD_TIER = "H50011200001", "H99010100001", "H42100000001"
BILL = {"total_fen": 1_000_00}

CAP_BY_TIER = """
base: total
rate: 80%
caps:
  - per: year
    of: payment
    each: tier
    amount: {choose: [{when: {tier: 三级}, value: 900}, {otherwise: 1200}]}
"""
DEDUCTIBLE_BY_TIER = """
base: total
deductible:
  choose:
    - {when: {emergency: 是}, value: 0}
    - {when: {same_tier_admission_number: {to: 1}}, value: 300}
    - {otherwise: 100}
rate: 100%
"""
YEAR_SO_FAR = """
base: total
rate:
  by: year.total + year.basic
  rows: [{up_to: 1000, then: 50%}, {then: 80%}]
"""
CAP_BY_DISEASE = """
base: total
rate: 100%
caps: [{per: year, of: payment, each: disease, amount: 1500}]
"""


class Hospitals:
    """Hospitals of two tiers under one policy, and one person."""

    def __init__(self, tmp_path: Path, body: str):
        policies = write_book(tmp_path / "policies", policy_text(layer_text(body)))
        self.parts, people = open_parts(tmp_path, policies=policies)
        people.add(P1, region=REGION)
        self.desk(SECOND_TIER).import_institutions()
        self._stays = 0

    def desk(self, institution: str) -> Desk:
        """One of them."""
        return Desk(self.parts, institution=institution)

    def paid(self, institution: str, **more: Any) -> int:
        """What the layer pays of 1,000.00 there."""
        shown: dict[str, Any] = self.settled(institution, **more).json()
        assert "steps" in shown, shown
        paid: int = shown["steps"][0]["paid_fen"]
        return paid

    def settled(self, institution: str, **more: Any) -> Any:
        """The answer to a settlement of 1,000.00 there."""
        self._stays += 1
        desk = self.desk(institution)
        return desk.settle(desk.discharged(P1, f"A{self._stays}", charges=BILL, **more))

    def moves(self) -> list[dict[str, int]]:
        """What each settlement moved."""
        events = [fact.event for fact in self.parts.ledger.events()]
        return [e.moves for e in events if e.TOPIC == "settlement.counters-moved.v1"]

    def discrepancies(self) -> tuple[object, ...]:
        """What verification finds."""
        return verify_ledger(self.parts.ledger, self.parts.laws).discrepancies


def test_a_cap_for_each_tier_has_a_total_of_its_own(tmp_path: Path) -> None:
    """1,200 a year in second-tier hospitals, 900 in third-tier ones: neither uses up the other."""
    hospitals = Hospitals(tmp_path, CAP_BY_TIER)

    assert hospitals.paid(SECOND_TIER) == 800_00
    assert hospitals.paid(THIRD_TIER) == 800_00
    assert hospitals.paid(OTHER_SECOND_TIER) == 400_00
    assert hospitals.paid(THIRD_TIER) == 100_00

    assert hospitals.moves() == [
        {"admissions": 1, "admissions@level_2": 1, "basic.paid@level_2": 800_00},
        {"admissions": 1, "admissions@level_3": 1, "basic.paid@level_3": 800_00},
        {"admissions": 1, "admissions@level_2": 1, "basic.paid@level_2": 400_00},
        {"admissions": 1, "admissions@level_3": 1, "basic.paid@level_3": 100_00},
    ]
    assert hospitals.discrepancies() == ()


def test_a_reversal_restores_the_total_of_its_own_tier(tmp_path: Path) -> None:
    """The third-tier stay is undone: its 800 are free again, the second tier's are not."""
    hospitals = Hospitals(tmp_path, CAP_BY_TIER)
    assert hospitals.paid(SECOND_TIER) == 800_00
    undone = hospitals.settled(THIRD_TIER).json()["stay_id"]
    path = f"/v1/stays/{undone}/settlement/reversal"
    assert hospitals.desk(THIRD_TIER).write(path, {"reason": "更正"}).status_code == 200

    assert hospitals.paid(THIRD_TIER) == 800_00
    assert hospitals.paid(SECOND_TIER) == 400_00
    assert hospitals.discrepancies() == ()


def test_a_stay_counts_by_tier_and_in_all(tmp_path: Path) -> None:
    """300 off the first stay in a tier, 100 off later ones, whatever happened in the other."""
    hospitals = Hospitals(tmp_path, DEDUCTIBLE_BY_TIER)

    planned = {"emergency": False}
    stays = (SECOND_TIER, THIRD_TIER, OTHER_SECOND_TIER, THIRD_TIER)
    paid = [hospitals.paid(where, circumstances=planned) for where in stays]
    assert paid == [700_00, 700_00, 900_00, 900_00]
    assert hospitals.discrepancies() == ()


def test_a_stay_that_was_not_counted_by_tier_leaves_the_number_unknown(tmp_path: Path) -> None:
    """Nobody said what tier the first hospital has: whether the next stay is the first in its
    tier is unknown, and not "yes". In the next year it is."""
    hospitals = Hospitals(tmp_path, DEDUCTIBLE_BY_TIER)
    rows = ("H9,无等级医院（虚构）,500112,,县级,公立,定点,2015-01-01,",)
    head = "机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期"
    content = "\n".join((head, *rows)).encode()
    imported = hospitals.desk("H9").write("/v1/institutions?name=i.csv", content=content)
    assert imported.status_code == 200
    assert hospitals.paid("H9", circumstances={"emergency": True}) == 1_000_00

    refused = hospitals.settled(SECOND_TIER, circumstances={"emergency": False})

    assert refused.json()["type"] == "urn:yizhan:problem:fact-not-stated"
    assert "本年度同级医院第几次住院" in refused.json()["detail"]
    next_year = {"admission": "2024-03-01", "discharge": "2024-03-10"}
    planned = {"emergency": False}
    assert hospitals.paid(SECOND_TIER, circumstances=planned, **next_year) == 700_00


def test_the_year_so_far_counts_bill_and_payments(tmp_path: Path) -> None:
    """50% while the year's bills and payments before the stay are at most 1,000; then 80%."""
    hospitals = Hospitals(tmp_path, YEAR_SO_FAR)

    assert hospitals.paid(SECOND_TIER) == 500_00
    assert hospitals.paid(THIRD_TIER) == 800_00
    assert hospitals.paid(SECOND_TIER, admission="2024-03-01", discharge="2024-03-10") == 500_00
    assert hospitals.moves()[1] == {
        "admissions": 1,
        "admissions@level_3": 1,
        "sum.basic": 800_00,
        "sum.total": 1_000_00,
    }
    assert hospitals.discrepancies() == ()


def test_a_total_kept_apart_needs_the_fact_it_is_kept_by(tmp_path: Path) -> None:
    """1,500 for each disease: not declared, the stay is refused by name; `none` is one of them."""
    hospitals = Hospitals(tmp_path, CAP_BY_DISEASE)

    refused = hospitals.settled(SECOND_TIER)
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:yizhan:problem:fact-not-stated",
    )
    assert "病种" in refused.json()["detail"]
    assert hospitals.paid(SECOND_TIER, circumstances={"disease": "肺结核"}) == 1_000_00
    assert hospitals.paid(SECOND_TIER, circumstances={"disease": "无"}) == 1_000_00
    assert hospitals.paid(SECOND_TIER, circumstances={"disease": "肺结核"}) == 500_00
    assert hospitals.moves()[1]["basic.paid@none"] == 1_000_00
    assert hospitals.discrepancies() == ()


def test_a_replay_keeps_totals_apart_as_the_other_policy_does(tmp_path: Path) -> None:
    """One total for all tiers instead of one for each: the second stay finds 900 − 800 left, the
    third 1,200 − 900."""
    hospitals = Hospitals(tmp_path, CAP_BY_TIER)
    for where in (SECOND_TIER, THIRD_TIER, SECOND_TIER):
        hospitals.settled(where)
    together = CAP_BY_TIER.replace("each: tier", "each: none")
    recorded = settlements_recorded(hospitals.parts.ledger.events())

    same = replay_ledger(recorded, book_of(policy_text(layer_text(CAP_BY_TIER))), Scope())
    other = replay_ledger(recorded, book_of(policy_text(layer_text(together))), Scope())

    assert [s.after_fen["basic"] for s in same.stays] == [800_00, 800_00, 400_00]
    assert [s.is_changed for s in same.stays] == [False, False, False]
    assert [s.after_fen["basic"] for s in other.stays] == [800_00, 100_00, 300_00]
