"""What decided a step, at the edges (所用参数): the words and figures of single steps.

what_a_settlement_says.txt keeps whole settlements; here each story is about one step. All amounts
are fen.
"""

import pytest

from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.explain import BandUsed, Step, assumed_numbers, explain
from settlement.kernel.report import Told, report
from settlement.kernel.resolving import NumberUnfit
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import AmountNotStated, Charges
from settlement.law.facts import FactNotStated, Facts, PersonOn
from settlement.law.reading import read_policy
from tests.settlement.kernel.test_what_a_settlement_says import facts_of, told
from tests.settlement.policies.drafts import RIGHT, WHOLE_LANGUAGE, policy_of, tree_of

FUND = '    payer: charity\n    pool: "990100"\n'
FUND_ASSUMED = """
    payer: charity
    pool: {code: "990100", status: assumed, note: 假定}
    article: 第三条
    borne_by: {payer: 财政兜底, pool: "990000", when: 次年, status: assumed, note: 假定}
"""
FOR_WHOM = "occasion: [出院结算, application]}"
ONE_FEN = """
total_fen: 1
in_scope_fen: 1
class_a_fen: 0
class_b_fen: 1
class_c_fen: 0
first_self_pay_fen: 0
over_limit_fen: 0
item_classes_fen: {tcm: 1, other: 0}
"""


def _rule(old: str, new: str) -> str:
    return f"rule: {old} → {new}".replace("\n", "⏎")


def _bill(text: str) -> str:
    return "bill: {" + text.strip().replace("\n", ", ") + "}"


def _settled(*done: str) -> tuple[Cascade, Outcome]:
    story = told("\n".join(done))
    cascade = compile_policy(read_policy(tree_of(story.text)))
    inputs = Inputs(story.charges, facts_of(story.facts), story.before, story.elsewhere)
    return cascade, settle_bill(cascade, inputs)


def _step(part: str, *done: str) -> Step:
    return next(step for step in explain(*_settled(*done)) if step.part == part)


def _numbers(part: str, *done: str) -> dict[str, str]:
    return {used.name: used.value for used in _step(part, *done).numbers}


def _documentary(*changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    text = WHOLE_LANGUAGE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return [(n.name, n.value, n.status) for n in assumed_numbers(policy_of(text), ())]


PEOPLE_ASSUMED = ("status: stated\n  source: letter\n  note: 见答复", "status: assumed\n  note: 借")


def test_what_the_whole_document_assumes_is_told_with_what_it_says() -> None:
    """Place, days in force, dates, people, indicators and their targets; nothing that is stated."""
    share = "target: 80%"
    assumed = "status: assumed, note: 假定, target: {value: 80%, status: inferred, note: 推得}"

    assert _documentary(PEOPLE_ASSUMED, (share, assumed)) == [
        ("region", "990102 测试县", "assumed"),
        ("in_force", "2020-01-01 至 2022-12-31", "inferred"),
        ("dates", "admission/01-01", "assumed"),
        ("people", "extreme_hardship、subsistence_allowance", "assumed"),
        ("reported.actual_ratio", "实际补偿比的口径", "assumed"),
        ("reported.actual_ratio.target", "实际补偿比的目标", "inferred"),
    ]


def test_rules_without_an_end_or_an_order_are_told_in_words() -> None:
    """In force until today; rules about people that order nobody; the second indicator."""
    found = _documentary(
        PEOPLE_ASSUMED,
        ("to: 2022-12-31, if_lower: leave, ", ""),
        ("  precedence: [特困人员, 低保对象]\n", ""),
        ("note: 不含目录外", "note: 假定, status: assumed"),
    )

    assert found[1] == ("in_force", "2020-01-01 至 今", "inferred")
    assert found[3:] == [
        ("people", "身份认定规则", "assumed"),
        ("reported.self_paid", "个人自付的口径", "assumed"),
    ]


@pytest.mark.parametrize("fen", [1, 100000])
def test_a_layer_decided_elsewhere_tells_what_it_rests_on(fen: int) -> None:
    """From the first fen: for whom it is, its limit, whose fund, who bears it."""
    done = (
        _rule(FUND, FUND_ASSUMED[1:]),
        _rule(FOR_WHOM, FOR_WHOM + ", status: assumed, note: 假定"),
    )
    step = _step("fund_elsewhere", *done, f"elsewhere: {{fund_elsewhere: {fen}}}")

    assert {used.name.partition(".")[2]: used.value for used in step.numbers} == {
        "applies": "适用",
        "decided_elsewhere": "≤ total - special",
        "pool": "990100",
        "borne_by": "财政兜底",
    }
    assert (step.article, step.borne_by) == ("第三条", "财政兜底，990000，次年")
    assert (step.kind, step.paid_fen, step.outside_fen) == ("payment", fen, 0)


def test_a_layer_decided_elsewhere_that_pays_nothing_rests_on_no_fund() -> None:
    """It came to nothing, or is not for this person; then only that is told."""
    done = (
        _rule(FUND, FUND_ASSUMED[1:]),
        _rule(FOR_WHOM, FOR_WHOM + ", status: assumed, note: 假定"),
    )
    nothing = _numbers("fund_elsewhere", *done, "elsewhere: {fund_elsewhere: 0}")
    nobody = _numbers("fund_elsewhere", *done, "facts: {identities: []}")

    assert nothing == {
        "fund_elsewhere.applies": "适用",
        "fund_elsewhere.decided_elsewhere": "≤ total - special",
    }
    assert nobody == {"fund_elsewhere.applies": "不适用"}


def test_cash_decided_elsewhere_takes_no_part_in_paying_the_bill() -> None:
    """It is told as paid outside."""
    done = _rule(FUND, f"{FUND}    pays: cash\n")
    step = _step("fund_elsewhere", done, "elsewhere: {fund_elsewhere: 700}")

    assert (step.kind, step.paid_fen, step.amount_fen, step.outside_fen) == ("cash", 0, 700, 700)


@pytest.mark.parametrize(("times", "left"), [(0, None), (1, 0)])
def test_a_cap_on_times_leaves_no_amount_until_it_leaves_nothing(
    times: int, left: int | None
) -> None:
    """One birth a year: before it there is no limit in fen, after it there is nothing."""
    births = f"before: {{maternity.times: {times}}}"

    assert _step("maternity", "facts: {care: maternity}", births).cap_left_fen == left


def test_a_cap_that_is_a_share_is_a_limit() -> None:
    """Half of the bill, at most 9000 yuan; what the first part takes is no longer there."""
    cap = _rule("amount: 100000}", "amount: {share: 50%, of: total, at_most: 9000}}")

    assert _step("class_a", cap).cap_left_fen == 900000
    assert _step("class_b", cap).cap_left_fen == 900000 - 487680


def test_a_part_that_does_not_apply_has_no_rates() -> None:
    """One band or several, looked up or picked: nothing was."""
    birth = "facts: {care: maternity, identities: []}"

    assert _step("class_a", birth).bands == (BandUsed(0, "—"),)
    assert _step("class_b", birth).bands == (BandUsed(0, "—"),) * 3
    assert _step("assistance", birth).bands == (BandUsed(0, "—"),)
    assert _step("class_b", birth).factor is None
    assert _step("class_b", birth).first_self_pay is None


def test_what_is_paid_by_oneself_after_the_deductible_takes_nothing_from_it() -> None:
    """All of it paid by oneself, and the deductible has looked at all of it."""
    done = _rule(
        "first_self_pay: 10%\n        first_self_pay_taken: before",
        "first_self_pay: 100%\n        first_self_pay_taken: after",
    )
    used_up = "before: {basic.deducted: 100000}"
    step = _step("class_b", done, used_up, "facts: {identities: []}")
    used = {number.name: number.value for number in step.numbers}

    assert (step.base_fen, step.deductible_fen, step.first_self_pay_fen) == (1000000, 0, 1000000)
    assert used["basic.deductible"] == "600.00"
    assert used["basic.class_b.first_self_pay"] == "100%"


def test_one_fen_after_everything_is_paid_still_rests_on_its_base() -> None:
    """It counts towards the year's totals."""
    used = _numbers("class_b", _bill(ONE_FEN), "elsewhere: {fund_elsewhere: 1}")

    assert used["basic.class_b.base"] == "class_b"


def test_one_fen_that_is_paid_rests_on_the_caps() -> None:
    """Each cap on payment held it."""
    step = _step("tcm", _bill(ONE_FEN), "facts: {identities: []}")
    used = {n.name: n.value for n in step.numbers}

    assert (step.computed_fen, step.paid_fen) == (1, 1)
    assert (used["basic.cap_1"], used["basic.cap_2"]) == ("100000.00", "不设限")


@pytest.mark.parametrize(("left", "is_told"), [(0, False), (1, True)])
def test_caps_on_cost_are_told_up_to_one_that_has_nothing_left(left: int, *, is_told: bool) -> None:
    """A fen that is left goes on to the next cap."""
    again = _rule(
        "    borne_by: {payer", "      - {per: stay, of: cost, amount: 90000}\n    borne_by: {payer"
    )
    spent = f'before: {{"basic.cost@level_2": {17252100 - left}}}'
    used = _numbers("class_a", again, spent, "facts: {identities: []}")

    assert used["basic.cap_3"] == "172521.00"
    assert ("basic.cap_4" in used) is is_told


NOT_COVERED = (
    "facts: {surgery: false}",
    "bill: {class_a_fen: 0, class_b_fen: 0, class_c_fen: 2000000}",
)
"""Nothing of classes A and B, no critical illness: the assistance has something to look at."""


def test_what_is_picked_by_and_shared_of_is_told_where_it_is_assumed() -> None:
    """The amount as it is written."""
    done = _rule(
        "of: total, at_least", "of: {amount: total, status: assumed, note: 假定}, at_least"
    )
    used = _numbers("assistance", done, *NOT_COVERED)

    assert used["assistance.rate.by"] == "this.base + year.in_scope"
    assert used["assistance.deductible.of"] == "total"


@pytest.mark.parametrize(("total_fen", "is_told"), [(2000010, True), (2000500, False)])
def test_a_share_that_is_no_whole_yuan_was_rounded(total_fen: int, *, is_told: bool) -> None:
    """A fifth of 20000.10 yuan is 4000.02, up to 4001; a fifth of 20005.00 is 4001."""
    up = _rule("rounding: {mode: half_up, to: fen", "rounding: {mode: up, to: yuan")
    all_of_it = _rule("value: 60%}, {otherwise: 50%}", "value: 100%}, {otherwise: 50%}")
    bill = f"bill: {{total_fen: {total_fen}, class_c_fen: {total_fen}}}"
    step = _step("assistance", up, all_of_it, *NOT_COVERED, bill)

    assert step.deductible_fen == 400100
    assert ("rounding" in {used.name for used in step.numbers}) is is_told


def test_an_indicator_names_what_nobody_stated() -> None:
    """A fact or an amount; what it was to be compared with is told all the same."""
    asked = _rule(
        "target: 80%, applies: {when: {identity: 低保对象}}",
        "applies: {when: {third_party_liability: 是}}",
    )
    share = _rule("share: basic + critical + assistance, of: total", "share: over_limit, of: total")
    (ratio, *_), fact = (
        [tuple(told) for told in _reported(*done)]
        for done in (
            (share, "bill: {over_limit_fen: null}"),
            (asked, "facts: {third_party_liability: null}"),
        )
    )

    assert ratio == ("actual_ratio", "实际补偿比", None, None, "80%", None, "over_limit")
    assert fact[0] == (
        "actual_ratio",
        "实际补偿比",
        None,
        None,
        None,
        None,
        "third_party_liability",
    )


def _reported(*done: str) -> tuple[Told, ...]:
    cascade, outcome = _settled(*done)
    return report(cascade.policy, outcome, facts_of(told("\n".join(done)).facts))


def test_amounts_that_no_layer_asks_for_need_not_be_stated() -> None:
    """A birth pays by a fixed price; what others would look at stays at nothing."""
    birth = "facts: {care: maternity, identities: [], surgery: false}"
    unknown = (
        "bill: {class_a_fen: null, class_b_fen: null, class_c_fen: null, item_classes_fen: {}}"
    )
    _, outcome = _settled(birth, unknown)

    assert outcome.values["maternity_paid"] == 110000
    assert outcome.values["basic__tcm_not_above"] == 0
    assert outcome.patient_fen == 2000000 - 110000


def test_a_document_that_only_pays_cash_owes_it_outside_the_bill() -> None:
    """Nothing else pays, and the patient bears the bill."""
    cash = RIGHT.replace("    rate: 70%", "    rate: 70%\n    pays: cash")
    outcome = settle_bill(
        compile_policy(policy_of(cash)),
        Inputs(Charges(200000, in_scope_fen=200000), Facts(), {}, {}),
    )

    assert [tuple(vars(owed).values()) for owed in outcome.outside] == [
        ("basic", "cash", "basic", "990100-basic", 119000)
    ]
    assert outcome.patient_fen == 200000


def test_a_years_total_needs_its_amount_on_every_bill() -> None:
    """Of whom the layers ask nothing, the year does."""
    with pytest.raises(AmountNotStated) as refused:
        _settled(
            _rule("this.base + year.in_scope", "this.base + year.over_limit"),
            "bill: {over_limit_fen: null}",
            "facts: {identities: []}",
        )

    assert str(refused.value) == (
        "“本年累计”需要“超限价自费”（over_limit），而费用单没有提供；请补充后再结算"
    )


def test_a_layer_needs_the_amounts_of_its_years() -> None:
    """Where it applies it is named."""
    with pytest.raises(AmountNotStated) as refused:
        _settled(
            _rule("this.base + year.in_scope", "this.base + year.over_limit"),
            "bill: {over_limit_fen: null}",
        )

    assert str(refused.value) == (
        "“医疗救助”需要“超限价自费”（over_limit），而费用单没有提供；请补充后再结算"
    )


def test_a_fact_that_is_counted_is_asked_for_by_its_name() -> None:
    """What the policy itself asks, as users read it there."""
    years = "{for_each: years_insured, beyond: 1, at_most: 20, plus: 0.2%}"
    with pytest.raises(FactNotStated) as refused:
        _settled(
            _rule("{for_each: age, beyond: 60, at_most: 20, plus: 0.2%}", years),
            "facts: {declared: {student: false, ward: 普通}, identities: []}",
        )

    assert str(refused.value) == "缺少“连续参保年数”（years_insured），无法判定适用的标准"


def test_an_amount_that_is_no_whole_fen_is_refused_by_name() -> None:
    """Half of 600.01 yuan, for a child of ten."""
    with pytest.raises(NumberUnfit) as refused:
        _settled(_rule("{otherwise: 600}", "{otherwise: 600.01}"), "facts: {age: 10}")

    assert str(refused.value) == (
        "参数 basic.deductible 不可用：600.01 元的 50% 不是整分；直接写出金额，或写明取整；"
        "请改正政策后再结算"
    )


ASKS = "asks:\n  student: {name: 在校学生, kind: yes_no}\nlayers:"
ROWS = "{choose: [{when: {%s}, value: 100}, {otherwise: 300}]}"


def _deductibles(text: str, *facts: Facts) -> list[str]:
    cascade = compile_policy(policy_of(text))
    return [cascade.resolve(one).numbers["basic.deductible"].text for one in facts]


def test_people_who_differ_in_what_was_declared_are_looked_up_apart() -> None:
    """A pupil and who is none, one after another under one policy."""
    text = RIGHT.replace("layers:", ASKS).replace(
        "deductible: 300", "deductible: " + ROWS % "student: 是"
    )
    pupil, other = Facts(declared={"student": True}), Facts(declared={"student": False})

    assert _deductibles(text, pupil, other, pupil) == ["100.00", "300.00", "100.00"]


def test_people_who_differ_on_another_day_are_looked_up_apart() -> None:
    """Six on admission; six or seven at discharge."""
    text = RIGHT.replace(
        "deductible: 300", "person_asked_as_of: discharge\n    deductible: " + ROWS % "age: {to: 6}"
    )
    six, seven = (
        Facts(age=6, person_on={"discharge": PersonOn(frozenset(), age)}) for age in (6, 7)
    )

    assert _deductibles(text, six, seven, six) == ["100.00", "300.00", "100.00"]
