"""Deposits (押金) of the shipped policies, and 常德's table once somebody finds its threshold."""

from collections.abc import Mapping

import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, load_policy, read_document
from settlement.kernel.cascade import compile_policy
from settlement.kernel.report import deposit
from settlement.kernel.settle import Inputs, NumberMissing, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import FactNotStated, Facts
from settlement.law.policy import Policy
from settlement.law.reading import read_policy

POOR, ALLOWANCE, EXITED = "poverty_registered", "subsistence_allowance", "poverty_exited"
DESIGNATED = frozenset({"designated"})


def shipped(file: str) -> Policy:
    """A policy of the book, by its file."""
    return load_policy(SHIPPED_POLICIES / file, SHIPPED_POLICIES)


def share_asked(policy: Policy, *identities: str, **facts: object) -> str:
    """What part of the usual deposit the hospital may ask of this person."""
    asked = Facts(identities=frozenset(identities), **facts)  # type: ignore[arg-type]  # named facts
    found = deposit(policy, asked)
    assert found.amount is None
    assert found.share_of_normal
    return found.share_of_normal.text


def test_jimo_asks_a_fifth_of_the_minimum_allowance_and_nothing_of_the_registered_poor() -> None:
    """“减免 80%” leaves 20 %; who is both pays nothing first; other hospitals ask as usual."""
    jimo = shipped("370282/resident/2017-03-02.v1.yaml")

    assert share_asked(jimo, ALLOWANCE, designations=DESIGNATED) == "20%"
    assert share_asked(jimo, POOR) == "0%"
    assert share_asked(jimo, ALLOWANCE, POOR, designations=DESIGNATED) == "0%"
    assert share_asked(jimo, ALLOWANCE) == "100%"
    assert share_asked(jimo) == "100%"


def test_the_guidance_of_2016_asks_nothing_inside_the_county() -> None:
    """Only there, and only of the poor; an unknown place is not taken for either."""
    nation = shipped("990301/rural_cooperative/2016-06-21.v1.yaml")

    assert share_asked(nation, POOR, place="in_county") == "0%"
    assert share_asked(nation, POOR, place="in_city") == "100%"
    assert share_asked(nation) == "100%"
    with pytest.raises(FactNotStated, match="就医地"):
        share_asked(nation, POOR)


def test_a_town_of_shandong_asks_nothing_of_the_poor() -> None:
    """先诊疗后结算."""
    town = shipped("990302/rural_cooperative/2016-01-01.v1.yaml")

    assert share_asked(town, POOR) == "0%"
    assert share_asked(town) == "100%"


def test_who_was_lifted_out_of_poverty_keeps_paying_after_treatment() -> None:
    """四个不摘 keeps the service for those who left the list, inside the county."""
    county = shipped("990304/resident/2020-01-01.v1.yaml")

    for identity in (POOR, EXITED):
        inside = share_asked(county, identity, place="in_county", designations=DESIGNATED)
        outside = share_asked(county, identity, place="in_province", designations=DESIGNATED)
        assert (inside, outside) == ("0%", "100%")


def test_beipiao_asks_nothing_of_poor_patients_with_a_major_disease() -> None:
    """Both are asked, and a designated hospital."""
    beipiao = shipped("211381/rural_cooperative/2016-01-01.v1.yaml")

    major: dict[str, bool | int | str] = {"major_disease": True}
    minor: dict[str, bool | int | str] = {"major_disease": False}
    assert share_asked(beipiao, POOR, designations=DESIGNATED, declared=major) == "0%"
    assert share_asked(beipiao, POOR, designations=DESIGNATED, declared=minor) == "100%"
    assert share_asked(beipiao, POOR, declared=major) == "100%"
    assert share_asked(beipiao, declared=major) == "100%"


def critical_of_changde(policy: Policy, burden_fen: int, **facts: object) -> int:
    """What critical-illness insurance pays on a burden left by basic insurance."""
    outcome = settle_bill(
        compile_policy(policy),
        Inputs(
            charges=Charges(total_fen=burden_fen + 1_00, in_scope_fen=burden_fen + 1_00),
            facts=Facts(**facts),  # type: ignore[arg-type]  # named facts
            counters={},
            elsewhere={"basic": 1_00},
        ),
    )
    return outcome.paid_fen(policy.layer("critical"))


def test_changde_pays_by_its_table_as_soon_as_its_threshold_is_known() -> None:
    """10,000 in place of the missing threshold: 18,000 + 35,000 + 8,000 on 90,000 above it, five
    points more for the poor, and 95 % of the whole without a referral."""
    file = SHIPPED_POLICIES / "430700/resident/2019-01-01.v1.yaml"
    tree = read_document(file, SHIPPED_POLICIES).tree
    assert isinstance(tree, Mapping)
    unknown = read_policy(tree)
    with pytest.raises(NumberMissing, match="起付线"):
        critical_of_changde(unknown, 100_000_00, place="in_county")

    line = {"name": "大病保险起付线", "amount": "10000"}
    known = read_policy({**tree, "parameters": {"critical_line": line}})
    abroad = {"place": "out_of_province"}
    poor = {"identities": frozenset({POOR})}
    paid = [
        critical_of_changde(known, 100_000_00, place="in_county"),
        critical_of_changde(known, 100_000_00, referral=True, **abroad),
        critical_of_changde(known, 100_000_00, referral=False, **abroad),
        critical_of_changde(known, 100_000_00, referral=False, **abroad, **poor),
        critical_of_changde(known, 210_000_00, place="in_county"),
    ]

    assert paid == [61_000_00, 61_000_00, 57_950_00, 62_225_00, 154_000_00]
