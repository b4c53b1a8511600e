"""A bill is explained in sums that re-add, with what each rests on (逐步说明)."""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from settlement.application.explain_bill import BillExplained, explain_bill
from settlement.entrypoints.cli.explain_text import explanation_as_json, print_explanation
from settlement.law.bill import Charges, amount_label
from settlement.law.facts import Facts
from settlement.law.policy import Policy
from tests.settlement.policies.drafts import HEAD, RIGHT, layer, policy_of
from tests.settlement.policies.printed_sums import (
    DoesNotAddUp,
    PrintedStep,
    Reader,
    in_fen,
    read_steps,
    require,
)
from tests.support.bill_generator import MadeUpStay, make_person, seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import REFUSALS, compile_tree, elsewhere_for, years_of
from tests.support.yearly_totals import YearlyTotals


def printed(found: BillExplained) -> str:
    """What a person reads."""
    target = io.StringIO()
    print_explanation(found, Console(file=target, width=400), title="试")
    return target.getvalue()


def explained(text: str, charges: Charges, **given: Any) -> BillExplained:
    """A bill under the policy in the text."""
    facts = given.pop("facts", Facts())
    whole = {"counters": {}, "elsewhere": {}, **given}
    return explain_bill(policy_of(text), charges=charges, facts=facts, **whole)


# --- every amount re-adds, from the printed figures alone -----------------------------------------


def amounts_of_bill(amounts: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Amounts of the bill and the year's sums, by the names that are printed for them."""
    found = {_in_words(name): fen for name, fen in amounts.items()}
    found |= {f"本年此前累计{_in_words(name)}": before.get(f"sum.{name}", 0) for name in amounts}
    found["本年此前累计个人负担"] = before.get("sum.patient", 0)
    return found


def _in_words(name: str) -> str:
    return f"项目类别 {name[5:]}" if name.startswith("item.") else amount_label(name)


def check_printed(
    policy: Policy, amounts: Mapping[str, int], before: Mapping[str, int], text: str
) -> int:
    """Work every step out again; how many pay. Raises DoesNotAddUp."""
    steps = read_steps(text)
    names = [(x, p) for x in policy.layers for p in (x.parts or (x,))]
    require(len(steps) == len(names), "steps")
    known = amounts_of_bill(amounts, before)
    known |= {f"本年此前累计{x.name}": before.get(f"sum.{x.id}", 0) for x in policy.layers}
    reader = Reader(amounts["total"], known)
    left_to_patient = amounts["total"]
    for layer_read in policy.layers:
        mine = [s for s, (x, _) in zip(steps, names, strict=True) if x is layer_read]
        parts = [p for x, p in names if x is layer_read]
        for step in mine:
            reader.check(step, mine)
            if step.pays_bill and layer_read.payer != "patient":
                left_to_patient -= step.amount
        reader.amounts |= what_layers_gave(layer_read, parts, mine)
    patient = text.split("\n个人负担：")[1].split(" ＝ ")[1].split(" 元", maxsplit=1)[0]
    require(in_fen(patient) == left_to_patient, "patient")
    return sum(step.amount > 0 for step in steps)


def what_layers_gave(layer_read: Any, parts: list[Any], steps: list[PrintedStep]) -> dict[str, int]:
    """What later layers may name of this one, read off its printed lines."""
    found = {layer_read.name: sum(step.amount for step in steps)}
    for what, word in _WHATS.items():
        found[f"{layer_read.name}的{word}"] = sum(figure(step, what) for step in steps)
        for part, step in zip(parts, steps, strict=True):
            if part is not layer_read and part.id != layer_read.id:
                found[f"{layer_read.name}·{part.name}"] = step.amount
                found[f"{layer_read.name}·{part.name}的{word}"] = figure(step, what)
    return found


_WHATS = {
    "base": "基数",
    "deductible": "起付线",
    "first": "先行自付",
    "eligible": "可报费用",
    "computed": "应付",
    "over_cap": "超封顶",
}


def figure(step: PrintedStep, what: str) -> int:
    """One figure of a printed step: what it looked at, took off, computed …"""
    base = (step.results("限额以内的费用") or step.results("看的费用") or [0])[0]
    first = (step.results("先自付不超过整笔") or _exactly(step, "先自付") or [0])[0]
    is_before = bool(step.results("先自付以后"))
    eligible = base - (first if is_before else 0)
    off = 0
    for line in step.lines:
        if line.label in ("扣后", "过了门槛，不扣", "没有过门槛，全部不计"):
            off = line.named("起付线")
    eligible -= off
    computed = sum(line.named("算得") for line in step.lines if line.label == "应付")
    return {
        "base": base,
        "deductible": off,
        "first": first,
        "eligible": eligible,
        "computed": computed,
        "over_cap": computed - step.amount,
    }[what]


def _exactly(step: PrintedStep, label: str) -> list[int]:
    return [line.result for line in step.lines if line.label == label]


def explanations(policies: int) -> Iterator[tuple[Policy, MadeUpStay, dict[str, int], str]]:
    """Printed explanations of made-up stays under made-up policies over the whole language."""
    for seed in range(policies):
        chance = seeded(seed)
        cascade, totals = compile_tree(policy_tree(chance)), YearlyTotals()
        for stay in make_person(chance, elsewhere=cascade.shape.elsewhere, full=True):
            years = years_of(cascade, stay)
            before = totals.before(years)
            try:
                found = explain_bill(
                    cascade.policy,
                    charges=stay.charges,
                    facts=stay.product_facts,
                    counters=before,
                    elsewhere=elsewhere_for(cascade, stay),
                )
            except REFUSALS:
                continue
            totals.keep(years, found.counters_after)
            yield cascade.policy, stay, before, printed(found)


def test_every_amount_re_adds_from_the_printed_figures_alone() -> None:
    """Policies over the whole language, persons with several stays: every line of every step."""
    paying = sum(
        check_printed(policy, stay.amounts, before, text)
        for policy, stay, before, text in explanations(160)
    )
    assert paying > 150


_FIGURE = re.compile(r"(?<![\d.])\d+\.\d{2}(?!\d)")


def sums_in(text: str) -> Iterator[tuple[int, str]]:
    """Every printed sum and where it begins."""
    for line in re.finditer(r"^   \d+\. .*$", text, flags=re.MULTILINE):
        yield line.start(), line[0]


def held_nothing(line: str, figure: str) -> bool:
    """Whether a figure is a limit that was not met, so that one fen more changes nothing: in a sum
    that came to zero, the greater of two, or a threshold that is only compared."""
    result = line.rsplit(" ＝ ", maxsplit=1)[-1]
    is_limit = "取小" in line or "取大" in line or result == "0.00" or "×0%" in line
    return (is_limit and (figure != result or result == "0.00")) or " 起付线：" in line


def test_no_printed_figure_is_idle() -> None:
    """Whichever figure of a sum is one fen off, something no longer adds up."""
    noticed = unnoticed = 0
    for policy, stay, before, text in explanations(24):
        for start, line in sums_in(text):
            for place in _FIGURE.finditer(line):
                more = in_fen(place[0]) + 1
                wrong = line[: place.start()] + f"{more // 100}.{more % 100:02d}"
                wrong += line[place.end() :]
                try:
                    altered = text[:start] + wrong + text[start + len(line) :]
                    check_printed(policy, stay.amounts, before, altered)
                except DoesNotAddUp:
                    noticed += 1
                else:
                    assert held_nothing(line, place[0]), line
                    unnoticed += 1
    assert noticed > 800
    assert unnoticed < noticed / 40


def figures_of(formula: str) -> list[str]:
    """Amounts and ratios in order, leaving out what it is rounded to."""
    return re.findall(r"[\d.]+%|\d+\.\d+", re.sub(r" to (0\.01|0\.10|1\.00) ", " ", formula))


def test_the_english_line_has_the_figures_of_the_chinese_one() -> None:
    """Line by line the same amounts and ratios in the same order."""
    lines = 0
    for _, _, _, text in explanations(30):
        for chinese, english in pairwise(text.splitlines()):
            if re.match(r"   \d+\. ", chinese):
                assert figures_of(english.split(": ", 1)[1]) == figures_of(
                    chinese.split("：", 1)[1]
                )
                lines += 1
    assert lines > 300


# --- what a person reads --------------------------------------------------------------------------


BILL = Charges(52_000_00, in_scope_fen=50_000_00)


def sums(found: BillExplained) -> list[str]:
    """The Chinese sums of all steps, without their numbers."""
    return [
        line.split(". ", 1)[1]
        for line in printed(found).splitlines()
        if re.match(r"   \d+\. ", line)
    ]


def test_a_simple_payment_is_four_sums() -> None:
    """50,000 in scope, 300 off, 70%."""
    assert sums(explained(RIGHT, BILL)) == [
        "看的费用：政策范围内费用 50000.00 ＝ 50000.00",
        "起付线：300.00",
        "扣起付线：本次费用 50000.00、应扣 300.00，取小 ＝ 300.00",
        "扣后：本次费用 50000.00 − 起付线 300.00 ＝ 49700.00",
        "乘比例：49700.00×70% ＝ 34790.00，四舍五入到分 ＝ 34790.00",
        "应付：算得 34790.00、账单尚未支付 52000.00，取小 ＝ 34790.00",
    ]


def test_every_line_stands_in_english_too() -> None:
    """Below the Chinese one."""
    text = printed(explained(RIGHT, BILL))
    assert "      Looks at: cost in scope 50000.00 = 50000.00" in text
    assert (
        "      Times the rate: 49700.00×70% = 34790.00, rounded half up to 0.01 = 34790.00" in text
    )
    assert "Patient: total 52000.00 − 34790.00 = 17210.00" in text


@pytest.mark.parametrize(
    ("old", "new", "given", "told"),
    [
        (
            "deductible: 300",
            "deductible: {per: year, amount: 1200}",
            {"counters": {"basic.base": 700_00}},
            "本年尚未扣的起付线：起付线 1200.00 − 本年此前累计 700.00 ＝ 500.00",
        ),
        (
            "deductible: 300",
            "deductible: {per: year, amount: 60000, kind: trigger, passed: at}",
            {"counters": {"basic.base": 10_000_00}},
            "过了门槛，不扣：本次费用 50000.00 − 起付线 0.00 ＝ 50000.00",
        ),
        (
            "deductible: 300",
            "deductible: {per: year, amount: 60000, kind: trigger}",
            {"counters": {"basic.base": 10_000_00}},
            "没有过门槛，全部不计：本次费用 50000.00 − 起付线 50000.00 ＝ 0.00",
        ),
        (
            "deductible: 300",
            "deductible: {share: 10%, of: total, at_most: 2000}",
            {},
            "上下限以内：上列 5200.00、限额 2000.00，取小 ＝ 2000.00",
        ),
        (
            "deductible: 300",
            "deductible: {per: stay, amount: 300, limit: {per: year, amount: 400}}",
            {"counters": {"basic.deducted": 250_00}},
            "起付线年度合计上限的余额：限额 400.00 − 本年已用 250.00 ＝ 150.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    first_self_pay: 10%\n    factor: 95%",
            {},
            "乘比例：49700.00×70%×(100%−10%)×95% ＝ 29745.45，四舍五入到分 ＝ 29745.45",
        ),
        (
            "rate: 70%",
            "bands: {measured_from: zero, rows: [{up_to: 20000, rate: 60%}, {rate: 70%}]}",
            {},
            "乘比例：19700.00×60% ＋ 30000.00×70% ＝ 32820.00，四舍五入到分 ＝ 32820.00",
        ),
        (
            "rate: 70%",
            "bands: {measured_from: zero, rows: [{up_to: 20000, rate: 60%}, {rate: 70%}]}",
            {},
            "分段：从 300.00 到 50000.00，界 20000.00 ＝ 49700.00",
        ),
        (
            "rate: 70%",
            "rate: {by: total, rows: [{up_to: 60000, then: 50%}, {then: 70%}]}",
            {},
            "选数所看的金额（第 1 行）：总费用 52000.00 ＝ 52000.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    caps: [{per: year, of: payment, amount: 40000}]",
            {"counters": {"basic.paid": 15_000_00}},
            "支付限额 1：限额 40000.00 − 本年已用 15000.00 ＝ 25000.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    caps: [{per: year, of: payment, amount: 40000}]",
            {"counters": {"basic.paid": 45_000_00}},
            "支付限额 1：限额 40000.00 − 本年已用 45000.00（不足 0 按 0 计） ＝ 0.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    caps: [{per: stay, of: cost, amount: 20000}]",
            {},
            "限额以内的费用：上列 50000.00、费用限额余额 20000.00，取小 ＝ 20000.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    not_below: total\n    not_above: in_scope",
            {},
            "不低于保底：上列 34790.00、限额 52000.00，取大 ＝ 52000.00",
        ),
        (
            "rate: 70%",
            "rate: 70%\n    minus: total - in_scope",
            {},
            "减去已付：取整后 34790.00 − 其中 2000.00 ＝ 32790.00",
        ),
    ],
)
def test_every_construct_has_a_sum_of_its_own(
    old: str, new: str, given: dict[str, Any], told: str
) -> None:
    """What is taken off, held, picked and topped up, in figures."""
    assert old in RIGHT
    assert told in sums(explained(RIGHT.replace(old, new), BILL, **given))


def test_a_fixed_price_tells_its_surplus() -> None:
    """3,000 yuan for a case that cost 2,000: 1,000 are owed beyond the bill."""
    text = HEAD + layer(
        "name: 定额\nbase: {fixed: 3000}\nrate: 100%\nsurplus: hospital", layer_id="fixed"
    )
    found = explained(text, Charges(2_000_00))
    assert sums(found)[-2:] == [
        "限额以内的应付：算得 3000.00 ＝ 3000.00",
        "账外归医院的结余：上列 3000.00 − 其中 2000.00 ＝ 1000.00",
    ]
    assert "账外结余 surplus to the hospital：fixed 1000.00 元" in printed(found)


def test_a_layer_decided_elsewhere_is_within_its_limit() -> None:
    """Amount and limit; and one that may come later is pending."""
    decided = (
        "name: 大病\ndecided_elsewhere: {by: 平台, at_most: in_scope - basic, may_come_later: 是}"
    )
    text = RIGHT + layer(decided)
    assert sums(explained(text, BILL, elsewhere={"second": 1_000_00}))[-2:] == [
        "外部结算不得超过：政策范围内费用 50000.00 − 基本医疗保险 34790.00 ＝ 15210.00",
        "外部结算的金额：1000.00",
    ]
    assert "② 大病　待定（由平台决定）" in printed(explained(text, BILL))


def test_what_a_sum_rests_on_stands_below_it() -> None:
    """Status, document and place; what is not stated is listed again at the end with its note."""
    text = RIGHT.replace(
        "rate: 70%", "rate: {value: 70%, status: assumed, note: 借自邻县, place: 第九条}"
    )
    lines = printed(explained(text, BILL)).splitlines()
    at = next(n for n, line in enumerate(lines) if "乘比例" in line)
    assert lines[at + 2] == "      依据 rests on：比例 70%（假定 assumed [1] 第九条）"
    assert "※ 假定 assumed：基本医疗保险 比例 70%：借自邻县" in lines
    assert "出处 source [1] 测试文件" in lines


def test_a_layer_that_is_not_for_this_person_says_so() -> None:
    """It came to nothing, and why is the condition it rests on."""
    second = layer(
        "name: 大病\napplies: {when: {tier: 三级}, status: assumed, note: 推想}\n"
        "base: in_scope\nrate: 60%"
    )
    text = printed(explained(RIGHT + second, BILL, facts=Facts(tier="level_2")))
    assert "② 大病　不适用，0.00 元" in text
    assert "   依据 rests on：适用对象 不符合（假定 assumed [1]）" in text


def test_reported_shares_are_told_and_not_paid() -> None:
    """34,790 of 52,000 are 66.90%, short of 80%."""
    text = (
        "reported: [{id: ratio, name: 实际补偿比, share: basic, of: total, target: 80%}]\n" + RIGHT
    )
    said = (
        "只报告 reported：实际补偿比 34790.00 ÷ 52000.00 ＝ 66.90%，目标 target 80%：未达到 not met"
    )
    assert said in printed(explained(text, BILL))


def test_programs_get_every_line_in_fen() -> None:
    """The topic, the figures with their names and signs, the result, the words."""
    found = explanation_as_json(explained(RIGHT, BILL))
    (step,) = found["steps"]
    share = next(line for line in step["lines"] if line["topic"] == "share")
    assert (share["rated"], share["exact"], share["rounding"], share["result_fen"]) == (
        [{"fen": 49_700_00, "ratio": "70%", "band": 0}],
        "34790.00",
        "half_up/1",
        34_790_00,
    )
    assert share["numbers"] == ["basic.rate"]
    assert (found["total_fen"], found["patient_fen"]) == (52_000_00, 17_210_00)
