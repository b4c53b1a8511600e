"""Every figure and every word of a settlement: what each step looked at, took off and paid.

what_a_settlement_says.txt settles bills of made-up people under the document of the whole
language, sometimes with a rule of it changed. All amounts are fen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.explain import Step, assumed_numbers, explain
from settlement.kernel.report import deposit, report
from settlement.kernel.settle import BILL_REFUSALS, Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts, PersonOn
from settlement.law.reading import read_policy
from tests.settlement.kernel.kept_texts import Story, stories_in
from tests.settlement.policies.drafts import WHOLE_LANGUAGE, tree_of

KEPT = "what_a_settlement_says.txt"

_ALWAYS_THE_SAME = {"payer", "fund", "name", "article", "decided_by", "kind", "rounding", "base"}

PERSON = """
identities: [subsistence_allowance, local_two_categories]
tier: level_2
level: county
place: in_county
plan: 一档
referral: true
emergency: false
third_party_liability: false
surgery: true
diagnosis: C50.9
disease: 肺结核
care: inpatient
occasion: discharge
designations: [designated]
age: 66
admission_number: 1
same_tier_admission_number: 1
days: 10
admission_date: 2020-05-01
discharge_date: 2020-05-11
settlement_date: 2020-05-11
crosses_year: false
part: 1
transfer: none
late_claim: false
declared: {student: false, years_insured: 4, ward: 普通}
person_on: {discharge: {identities: [orphan], age: 66}}
"""
BILL = """
total_fen: 2000000
in_scope_fen: 1700000
class_a_fen: 800000
class_b_fen: 1000000
class_c_fen: 200000
first_self_pay_fen: 80000
over_limit_fen: 20000
item_classes_fen: {tcm: 100000, other: 1600000}
"""


@dataclass(frozen=True)
class Told:
    """A story as it is settled: the policy's text, what is stated of the stay, totals before."""

    text: str
    facts: Mapping[str, Any]
    charges: Charges
    before: Mapping[str, int]
    elsewhere: Mapping[str, int]


def told(done: str) -> Told:
    """Lines `# about`, `rule: old → new`, and what is not as usual of the `facts`, the `bill`, the
    totals `before` and the amounts decided `elsewhere`."""
    text = WHOLE_LANGUAGE
    given: dict[str, dict[str, Any]] = {"facts": {}, "bill": {}, "before": {}, "elsewhere": {}}
    for line in done.splitlines():
        key, _, rest = line.partition(": ")
        if key == "rule":
            old, _, new = (part.replace("⏎", "\n") for part in rest.partition(" → "))
            assert old in text, f"“{old}” is no longer in the document"
            text = text.replace(old, new, 1)
        elif not line.startswith("# "):
            given[key] |= yaml.safe_load(rest)
    return Told(
        text=text,
        facts=yaml.safe_load(PERSON) | given["facts"],
        charges=Charges(**{**yaml.safe_load(BILL), **given["bill"]}),
        before=given["before"],
        elsewhere=given["elsewhere"],
    )


def tell(done: str) -> str:
    """What comes of a story.

    One about 依据 tells the evidence of every number, and of steps that do not apply as well.
    """
    story = told(done)
    cascade = compile_policy(read_policy(tree_of(story.text)))
    inputs = Inputs(story.charges, facts_of(story.facts), story.before, story.elsewhere)
    return "\n".join(_settled(cascade, inputs, in_full="依据" in done))


def facts_of(stated: Mapping[str, Any]) -> Facts:
    """The facts as the product takes them."""
    sets = {name: frozenset(stated[name]) for name in ("identities", "designations")}
    others = {
        day: PersonOn(frozenset(who["identities"]), who["age"])
        for day, who in stated["person_on"].items()
    }
    return Facts(**{**stated, **sets, "person_on": others})


def _settled(cascade: Cascade, inputs: Inputs, *, in_full: bool) -> Iterator[str]:
    try:
        outcome = settle_bill(cascade, inputs)
    except BILL_REFUSALS as refused:
        yield f"拒绝 {type(refused).__name__}：{refused}"
        return
    policy = cascade.policy
    steps = explain(cascade, outcome)
    for step in steps:
        if step.applied or in_full:
            yield from _step(step, in_full=in_full)
    yield f"个人 {outcome.patient_fen}"
    yield from (f"账外 {tuple(each)}" for each in _rows(outcome))
    yield from (f"待定 {layer}" for layer in outcome.pending)
    yield "累计 " + "，".join(f"{k} {v}" for k, v in sorted(outcome.counters.items()))
    yield from (f"指标 {tuple(each)}" for each in report(policy, outcome, inputs.facts))
    allowed = deposit(policy, inputs.facts)
    yield f"押金 {allowed.share_of_normal} {allowed.amount}"
    yield "假定 " + "、".join(n.name for n in assumed_numbers(policy, steps))


def _rows(outcome: Outcome) -> Iterator[tuple[object, ...]]:
    for owed in outcome.outside:
        yield owed.layer, owed.kind, owed.payer, owed.fund, owed.amount_fen


def _step(step: Step, *, in_full: bool) -> Iterator[str]:
    silent = {"layer", "numbers", "bands"} | (set() if in_full else _ALWAYS_THE_SAME)
    figures = [
        f"{name}={value}"
        for name, value in step._asdict().items()
        if name not in silent and value not in (None, 0, "", False)
    ]
    bands = [f"{band.amount_fen}×{band.rate}" for band in step.bands if band.amount_fen]
    told = [*figures, *bands, f"rate={step.rate}", f"outside={step.outside_fen}"]
    yield f"{step.layer}：" + " ".join(told)
    if in_full:
        for number in step.numbers:
            yield "  据 " + " ".join(str(word) for word in number if word is not None)
    elif step.numbers:
        yield "  据 " + "、".join(f"{n.name}={n.value}" for n in step.numbers)


@pytest.mark.parametrize("story", stories_in(KEPT), ids=lambda story: story.number)
def test_a_settlement_says_what_is_kept(story: Story) -> None:
    """The same words and the same fen, in the same order."""
    assert tell(story.done) == story.said
