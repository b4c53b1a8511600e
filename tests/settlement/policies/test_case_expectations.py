"""What a worked case may state of a stay besides its layers, and that all of it is compared."""

from pathlib import Path

import pytest

from tests.settlement.policies.case_texts import BILL, own_policy, run, written
from tests.settlement.policies.drafts import HEAD

WHOLE = (
    HEAD.replace(
        "evidence:",
        """\
asks:
  ward: {name: 病房, kind: word, words: [普通, 特需]}
people:
  keeps: [{identity: 低保对象, months: 12}]
reported:
  - {id: share, name: 实际补偿比, share: basic, of: total, target: 60%}
  - {id: own, name: 个人自付, amount: in_scope - basic}
  - {id: of_nothing, name: 没有分母, share: basic, of: allowance}
  - {id: of_the_poor, name: 低保对象, amount: patient, applies: {when: {identity: 低保对象}}}
evidence:""",
    )
    + """\
  - id: half
    payer: none
    base: in_scope
    rate: 50%
  - id: basic
    payer: basic
    pool: "990100"
    base: in_scope
    rate:
      choose:
        - {when: {ward: 特需}, value: 10%}
        - {when: {identity: 低保对象}, value: 80%}
        - otherwise: 70%
    rounding: {mode: half_up, to: yuan}
  - id: package
    payer: commercial_supplement
    pool: "990100"
    base: {fixed: 400}
    surplus: hospital
    rate: 100%
  - id: allowance
    payer: medical_assistance
    pool: "990100"
    pays: cash
    applies: {when: {days: {from: 3}}}
    base: {fixed: 50}
    rate: 100%
  - id: relief
    payer: civil_assistance
    pool: "990100"
    decided_elsewhere: {by: 民政局, at_most: total - basic - package, may_come_later: 是}
"""
)
ALL_STATED = """\
  facts: {ward: 普通}
  expect:
    layers: {basic: 700.00, package: 300.00, relief: 0.00}
    measures: {half: 500.00}
    outside: {package: 100.00}
    pending: [relief]
    reported: {share: {value: 70%, met: 是}, own: 300.00, of_nothing: 无}
    patient: 0.00
"""


def test_everything_a_stay_may_come_to_is_stated_and_compared(tmp_path: Path) -> None:
    """Layers, measures, what is owed outside the bill, what is pending, indicators, the patient."""
    result = run("policy", "test", written(tmp_path, own_policy(BILL + ALL_STATED, policy=WHOLE)))

    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    measures: {half: 500.00}\n", "", "（只测算）：应为 （算例没有写），实为 500.00"),
        ("half: 500.00}", "half: 500.00, basic: 1}", "（只测算）：应为 1.00，实为 本政策没有"),
        ("    outside: {package: 100.00}\n", "", "（账外）：应为 （算例没有写），实为 100.00"),
        ("{package: 100.00}", "{package: 99.99}", "（账外）：应为 99.99，实为 100.00"),
        ("100.00}\n", "100.00, basic: 0}\n", "基本医疗保险（账外）：应为 0.00，实为 本政策没有"),
        ("    pending: [relief]\n", "", "待定的层：应为 没有，实为 relief"),
        ("[relief]", "[relief, basic]", "待定的层：应为 basic、relief，实为 relief"),
        ("relief: 0.00", "half: 0.00", "民政救助：应为 （算例没有写），实为 0.00"),
        ("met: 是", "met: 否", "应为 70%，没有达到目标，实为 700.00 ÷ 1000.00，达到目标"),
        ("{value: 70%, met: 是}", "70.01%", "实际补偿比：应为 70.01%，实为 700.00 ÷ 1000.00"),
        ("{value: 70%, met: 是}", "700.00", "实际补偿比：应为 700.00，实为 700.00 ÷ 1000.00"),
        ("{value: 70%, met: 是}", "无", "实际补偿比：应为 没有值，实为 700.00 ÷ 1000.00"),
        ("{value: 70%, met: 是}", "{value: 70.5%, to: 1%}", "所写的数比它取整到的单位还细"),
        ("{value: 70%, met: 是}", "{value: 70%, to: 0%}", "取整到的单位不对"),
        ("{value: 70%, met: 是}", "{value: 70％}", "70％"),
        ("own: 300.00", "own: 300.01", "个人自付：应为 300.01，实为 300.00"),
        ("own: 300.00", "own: 30%", "个人自付：应为 30%，实为 300.00"),
        ("own: 300.00", "unknown: 1", "指标 unknown：应为 1.00，实为 没有报告"),
        ("own: 300.00", "of_the_poor: 1", "指标 of_the_poor：应为 1.00，实为 没有报告"),
        ("of_nothing: 无", "of_nothing: 0%", "没有分母：应为 0%，实为 700.00 ÷ 0.00"),
        ("ward: 普通", "ward: 国际", "“国际”不可用"),
        ("ward: 普通", "days: 2", "“days”由日期得出"),
        ("facts: {ward: 普通}", "facts: {}", "拒绝：应为 照常结算，实为 ward"),
    ],
)  # fmt: skip
def test_whatever_else_a_stay_comes_to_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    """Nothing that is owed, measured or pending may be left out, nothing wrong stated."""
    assert old in ALL_STATED
    text = own_policy(BILL + ALL_STATED.replace(old, new, 1), policy=WHOLE)

    result = run("policy", "test", written(tmp_path, text))

    assert result.exit_code == 1
    assert told in result.output


@pytest.mark.parametrize(
    ("held", "paid"),
    [
        ("{identity: 低保对象, from: 2019-01-01}", 800),
        ("{identity: 低保对象, from: 2018-01-01, to: 2019-02-01}", 800),
        ("{identity: 低保对象, from: 2018-01-01, to: 2019-01-31}", 700),
        ("{identity: 低保对象, from: 2020-02-02}", 700),
    ],
)
def test_identities_may_be_stated_with_their_days(tmp_path: Path, held: str, paid: int) -> None:
    """The policy keeps an identity for twelve months after it ends; the stay is on 2020-02-01."""
    stated = ALL_STATED.replace("facts: {ward: 普通}", f"facts: {{ward: 普通}}\n  held: [{held}]")
    for old, new in (
        ("basic: 700.00, package: 300.00", f"basic: {paid}, package: {1000 - paid}"),
        ("{package: 100.00}", f"{{package: {paid - 600}}}"),
        ("own: 300.00", f"own: {1000 - paid}"),
        ("{value: 70%, met: 是}", f"{paid // 10}%"),
    ):
        stated = stated.replace(old, new)

    result = run("policy", "test", written(tmp_path, own_policy(BILL + stated, policy=WHOLE)))

    assert result.exit_code == 0


def test_an_identity_is_stated_in_one_place(tmp_path: Path) -> None:
    """With its days, or as of the day that counts; not both."""
    both = (
        "facts: {ward: 普通, identity: 低保对象}\n  held: [{identity: 低保对象, from: 2019-01-01}]"
    )
    text = own_policy(BILL + ALL_STATED.replace("facts: {ward: 普通}", both), policy=WHOLE)

    result = run("policy", "test", written(tmp_path, text))

    assert "身份写了两处" in result.output


def test_counters_of_the_year_are_stated_as_the_ledger_keeps_them(tmp_path: Path) -> None:
    """Totals kept apart for tiers, sums of the year, admissions: before the first stay."""
    policy = (
        HEAD
        + """\
  - id: basic
    payer: basic
    pool: "990100"
    base: total + year.total
    deductible:
      choose:
        - {when: {same_tier_admission_number: {to: 1}}, value: 500}
        - otherwise: 100
    rate: 50%
    caps:
      - per: year
        of: payment
        each: tier
        amount: {choose: [{when: {tier: 三级}, value: 1000}, {otherwise: 2000}]}
"""
    )
    stays = """\
  name: 三级两次、二级一次
  kind: constructed
  source: {text: 推算}
  counters_before: {basic.paid@level_3: 400, sum.total: 600, admissions: 2, admissions@level_3: 1}
  stays:
    - bill: {total: 1000}
      facts: {tier: 三级}
      dates: {admission: 2020-02-01, discharge: 2020-02-03}
      expect: {layers: {basic: 600.00}, patient: 400.00}
    - bill: {total: 1000}
      facts: {tier: 二级}
      dates: {admission: 2020-03-01, discharge: 2020-03-03}
      expect: {layers: {basic: 1000.00}, patient: 0.00}
"""
    file = written(tmp_path, own_policy(stays, policy=policy))

    assert run("policy", "test", file).exit_code == 0
