"""A policy is read aloud with every construct of the language (政策的读法)."""

from io import StringIO

import pytest
from rich.console import Console

from settlement.adapters.policy_files import SHIPPED_POLICIES, each_document
from settlement.entrypoints.cli.policy_text import print_policy
from settlement.law.reading import read_policy
from tests.settlement.policies.drafts import HEAD, policy_of

WHOLE = (
    """\
parameters:
  income: {name: 上年居民人均可支配收入, amount: 28753}
asks:
  student: {name: 在校学生, kind: yes_no}
  ward: {name: 病房, kind: word, words: [普通, 特需]}
people:
  precedence: [特困人员, 低保对象]
  keeps: [{identity: 脱贫人口, until: 2025-12-31}, {identity: 低保对象, months: 12}]
  reaches_back: [{identity: [低保对象], months: 6}]
deposit: {share_of_normal: 50%, amount: 2000}
reported:
  - {id: ratio, name: 实际补偿比, share: basic + second, of: total, target: 80%}
  - {id: own, name: 目录外自费, amount: total - in_scope}
"""
    + HEAD.replace("{from: 2020-01-01}", "{from: 2020-01-01, if_lower: leave}").replace(
        "chosen_by: discharge}", "chosen_by: discharge}\n  claim_by: {day: 03-31, years_after: 1}"
    )
    + """\
  - id: basic
    name: 基本医疗保险
    payer: basic
    pool: "990100"
    base: in_scope
    deductible:
      per: stay
      amount: {share: 20%, of: total, at_least: 2000, at_most: 10000}
      limit: {per: year, amount: 3000}
    first_self_pay: 10%
    first_self_pay_taken: before
    rate:
      by: this.base
      rows: [{up_to: 20000, then: 60%}, {below: 50000, then: 65%}, {then: 70%}]
    factor: {choose: [{when: {student: 是}, value: 100%}, {otherwise: 80%}]}
    not_below: in_scope
    not_above: total
    rounding: {mode: down, to: jiao}
    caps:
      - {per: year, of: payment, amount: {of: income, times: 600%}, each: level}
      - {per: year, of: times, amount: 3}
    counts_toward: none
  - id: second
    name: 大病保险
    payer: critical_illness
    pool: "990100"
    person_asked_as_of: discharge
    precedence: [低保对象]
    base: in_scope - basic - basic.over_cap
    deductible: {per: year, amount: 12000, kind: trigger, passed: at}
    rate: {value: 60%, adjust: [{plus: 1%, for_each: age, beyond: 40, at_most: 20}]}
    minus: year.total
    counts_toward: [basic.paid]
    borne_by: {payer: 财政兜底, pool: "990000", when: 次年预算}
  - id: fixed
    name: 单病种定额
    payer: basic
    pool: "990100"
    applies: {when: {disease: 白内障, care: 住院}}
    base: {fixed: 1100}
    rate: 100%
    surplus: hospital
  - {id: shadow, name: 测算, payer: 只测算, base: total, rate: 10%}
  - {id: own, name: 个人先付一成, payer: 个人先付, base: total, rate: 10%}
  - id: cash
    name: 护理补助
    payer: 民政救助
    pool: "990100"
    pays: cash
    base: total
    rate: {value: 5%, adjust: [{when: {admission_date: {from: 2020-07-01}}, on_rest: 20%}]}
    benefit_year: {begins: 07-01, chosen_by: admission}
  - id: later
    name: 依申请救助
    payer: 医疗救助
    pool: "990100"
    decided_elsewhere: {by: 民政局, at_most: total - basic, may_come_later: 是}
"""
)


def read_aloud(text: str) -> str:
    """What a person reads, with runs of blanks as one."""
    target = StringIO()
    print_policy(policy_of(text), Console(file=target, width=180))
    return "\n".join(" ".join(line.split()) for line in target.getvalue().splitlines())


@pytest.mark.parametrize(
    "words",
    [
        "申报期限：出院次年 03-31 以前",
        "追溯施行而待遇降低时：已付的不追回",
        "参数 上年居民人均可支配收入 28753.00 元",
        "另须申报 在校学生 是或否",
        "另须申报 病房 选一项（普通、特需）",
        "身份先后 兼有几种的 只按排在最前的一种：特困人员 → 低保对象",
        "身份结束后 脱贫人口 至 2025-12-31仍算",
        "身份结束后 低保对象 12 个月内仍算",
        "身份认定 低保对象 以前 6 个月内也算",
        "押金占平常的比例 50%",
        "押金 2000.00 元",
        "只报告 实际补偿比 （基本医疗保险 ＋ 大病保险）占（总费用）的比例",
        "只报告 实际补偿比的目标 80%",
        "只报告 目录外自费 总费用 − 政策范围内费用",
        "每次起付线 总费用的一部分",
        "每次起付线所占比例 20%",
        "每次起付线不低于 2000.00 元",
        "每次起付线不高于 10000.00 元",
        "起付线年度合计上限 3000.00 元",
        "先自付 10%",
        "先自付的先后 在起付线以前扣",
        "比例 按本层口径的大小选",
        "比例第 1 行至（含） 20000.00 元",
        "比例第 2 行不到 50000.00 元",
        "比例第 3 行 70%",
        "系数 在校学生：是 100%",
        "系数 其余 80%",
        "保底 政策范围内费用",
        "不超过 总费用",
        "取整 舍去到角",
        "每年支付封顶 上年居民人均可支配收入×600%",
        "每年支付封顶累计 basic.paid（按医院隶属层级分别累计）",
        "每年次数封顶 3 次",
        "另计入的额度 不计入别的额度",
        "认身份的日期 出院日",
        "身份先后 低保对象",
        "口径 政策范围内费用 − 基本医疗保险 − 基本医疗保险的超封顶",
        "每年门槛 12000.00 元",
        "每年门槛的界 达到即进入",
        "比例调整 加 1%（百分点），年龄超过 40 的部分每 1 计一次，至多 20",
        "补足：减去 本年此前累计总费用",
        "另计入的额度 basic.paid",
        "最终承担 财政兜底，统筹区 990000，次年预算",
        "适用 医疗类别：住院；病种：白内障",
        "定额 1100.00 元",
        "结余归医院 限额以内费用没有用到的，在账单以外付给医院",
        "4. 测算（只测算，不支付，四舍五入到分）",
        "5. 个人先付一成（个人先付，不由基金支付，四舍五入到分）",
        "支付方式 账外现金",
        "比例调整 入院日期 2020-07-01 起 余下部分再加 20%",
        "待遇年度 自 07-01 起、按入院日归入",
        "外部结算 由民政局决定，不超过 总费用 − 基本医疗保险；可以后补，未定时记为待定",
    ],
)
def test_every_construct_is_read_aloud(words: str) -> None:
    """One document that uses the whole language, and what people read of it."""
    said = read_aloud(WHOLE)
    assert any(words in line for line in said.splitlines()), said


def test_every_shipped_policy_can_be_read_aloud() -> None:
    """None of them holds anything that cannot be put into words."""
    for document in each_document(SHIPPED_POLICIES):
        target = StringIO()
        policy = read_policy(document.tree)
        print_policy(policy, Console(file=target, width=120))
        assert all(layer.name[:8] in target.getvalue() for layer in policy.layers)
