"""Names that could meet, totals that could mix, numbers that could run away: checking tells."""

import pytest

from settlement.kernel.cascade import compile_policy
from settlement.kernel.report import deposit
from settlement.kernel.resolving import NumberUnfit, resolve_number
from settlement.law.exact import Ratio
from settlement.law.facts import Facts
from settlement.law.numbers import Number
from tests.settlement.policies.drafts import HEAD, RIGHT, errors_of, faults_of, layer, policy_of

ENDLESS = """
base: in_scope - basic
first_self_pay: {value: 5%, adjust: [{for_each: days, plus: 0.7%}]}
rate: 60%
"""


def only(text: str) -> str:
    """The one error there is."""
    (message,) = errors_of(text)
    return message


def test_a_counter_and_a_layer_s_own_variable_never_meet() -> None:
    """Layer `year_basic` has a room, and so would a counter called basic.room."""
    capped = (
        "base: in_scope\nrate: 60%\ncaps: [{per: year, of: payment, amount: 9, counter: COUNTER}]"
    )
    text = HEAD + layer(capped.replace("COUNTER", "basic.room"), layer_id="year_basic")

    assert "写成了同一个变量 year_basic_room" in only(text)
    assert errors_of(text.replace("basic.room", "other.paid")) == []


def test_a_picked_number_and_a_layer_never_meet() -> None:
    """`p_x_deductible` is what layer p_x deducts, and what layer x picks by amount."""
    first = layer("base: in_scope\ndeductible: 300\nrate: 60%", layer_id="p_x")
    by = "deductible: {by: total, rows: [{up_to: 100, then: 5}, {then: 7}]}"
    second = layer(f"base: in_scope - p_x\n{by}\nrate: 60%", layer_id="x")

    assert "写成了同一个变量 p_x_deductible" in only(HEAD + first + second)


def test_a_measure_does_not_use_up_a_cap() -> None:
    """What nobody pays counts towards nobody's limit."""
    cap = "caps: [{per: year, of: payment, amount: 1000, counter: shared.paid}]"
    pays = layer(f"base: in_scope - basic\nrate: 60%\n{cap}")
    measures = f"  - id: m\n    payer: none\n    base: in_scope\n    rate: 60%\n    {cap}\n"

    assert "由只测算的层和支付的层共用" in only(RIGHT + pays + measures)


def test_a_payment_counts_towards_totals_that_somebody_keeps() -> None:
    """A misspelt counter would leave the cap uncharged."""
    text = RIGHT + layer("base: in_scope - basic\nrate: 60%\ncounts_toward: [basik.paid]")

    assert only(text) == "没有一层用累计器“basik.paid”"


def test_a_share_that_grows_with_a_fact_has_an_end() -> None:
    """0.7 % for each day passes the whole after five months; nobody waits for that at a desk."""
    assert "second.first_self_pay 逐个累加而没有上限" in errors_of(RIGHT + layer(ENDLESS))
    held = ENDLESS.replace("plus: 0.7%}]}", "plus: 0.7%}], at_most: 50%}")
    assert errors_of(RIGHT + layer(held)) == []


def test_a_share_above_the_whole_refuses_by_name() -> None:
    """A text in a ledger may still say so: the bill stops, and nothing is paid from below zero."""
    cascade = compile_policy(policy_of(RIGHT + layer(ENDLESS)))

    assert cascade.resolve(Facts(days=100)).numbers["second.first_self_pay"].value == Ratio(75, 2)
    with pytest.raises(NumberUnfit, match=r"second\.first_self_pay.*超过 100%"):
        cascade.resolve(Facts(days=200))


def test_a_table_too_large_to_try_is_bounded_all_the_same() -> None:
    """Fifteen identities of 10 points each could pass the whole: say at_most."""
    words = "".join(f"    - {{when: {{identity: local_{at}}}, plus: 10%}}\n" for at in range(16))
    body = f"base: in_scope - basic\nrate:\n  value: 50%\n  adjust:\n{words}"

    named = "identities:\n" + "".join(f"  local_{at}: 第{at}类\n" for at in range(16))

    told = [f for f in faults_of(RIGHT + layer(body) + named) if "情形太多" in f.message]
    assert [(f.path, f.remedy, f.is_warning) for f in told] == [
        (("layers", 1), "减少一张表里的情形，或拆成几层", True),
        (("layers", 1, "rate"), "写 at_most，或减少这张表里的情形", False),
    ]
    assert told[1].message == "second.rate 情形太多，不能证明不超过 100%"
    assert errors_of(RIGHT + layer(body + "  at_most: 90%") + named) == []


def test_what_a_policy_asks_has_a_name_of_its_own() -> None:
    """`identities` is where the person's are kept: an answer would never be looked at."""
    text = RIGHT.replace("layers:", "asks:\n  identities: {name: 甲, kind: yes_no}\nlayers:")

    assert "“identities”不能作情形的名称" in errors_of(text)


def test_parameters_are_made_from_one_another_in_any_order() -> None:
    """The first is made from the last; a circle is told."""
    text = RIGHT.replace(
        "layers:",
        "parameters:\n  a: {amount: {of: z, times: 50%}}\n  z: {amount: 900}\nlayers:",
    ).replace("deductible: 300", "deductible: {of: a}")

    (number,) = (p.number for p in policy_of(text).parameters if p.id == "a")
    assert resolve_number(number, Facts()).value == 450_00
    assert errors_of(text) == []
    circle = text.replace("z: {amount: 900}", "z: {amount: {of: a}}")
    assert {"参数“a”绕回到自己", "参数“z”绕回到自己"} <= set(errors_of(circle))


def test_a_number_of_a_chain_of_parameters_names_each_once() -> None:
    """Ten links are ten names beside the number's own."""
    links = "".join(f"  a{at}: {{amount: {{of: a{at - 1}}}}}\n" for at in range(1, 10))
    text = RIGHT.replace("layers:", f"parameters:\n  a0: {{amount: 300}}\n{links}layers:")
    number = policy_of(text.replace("deductible: 300", "deductible: {of: a9}")).layers[0]

    assert number.deductible is not None
    assert isinstance(number.deductible.amount, Number)
    found = resolve_number(number.deductible.amount, Facts())
    assert [used.name for used in found.uses] == [
        "basic.deductible",
        *(f"parameter.a{at}" for at in reversed(range(10))),
    ]


def test_a_deposit_goes_by_the_identity_that_counts() -> None:
    """Of two identities only the first in the list counts, for a deposit too."""
    text = RIGHT.replace(
        "layers:",
        "people: {precedence: [特困人员, 低保对象]}\n"
        "deposit:\n  amount:\n    choose:\n"
        "      - {when: {identity: 低保对象}, value: 500}\n      - otherwise: 1000\nlayers:",
    )
    both = Facts(identities=frozenset({"extreme_hardship", "subsistence_allowance"}))

    found = deposit(policy_of(text), both).amount
    assert found is not None
    assert found.value == 1000_00


@pytest.mark.parametrize("word", ["base", "eligible", "computed", "over_cap"])
def test_a_part_is_not_called_what_a_layer_has(word: str) -> None:
    """`basic.base` would mean the part or the sum."""
    parts = (
        f"parts:\n  - {{id: {word}, base: class_a, rate: 60%}}\n"
        "  - {id: other, base: class_b, rate: 60%}"
    )

    assert f"分项的 id“{word}”另有用处，口径里分不清指哪一个" in errors_of(RIGHT + layer(parts))


def test_lateness_needs_a_last_day() -> None:
    """Without it every bill would be refused for a fact that nobody can state."""
    body = "base: in_scope - basic\nrate: 60%\napplies: {unless: {late_claim: 是}}"
    year = "benefit_year: {begins: 01-01, chosen_by: discharge}"

    assert only(RIGHT + layer(body)) == "问到是否逾期申报，却没有写申报期限"
    dated = (RIGHT + layer(body)).replace(
        year, f"{year}\n  claim_by: {{day: 03-31, years_after: 1}}"
    )
    assert errors_of(dated) == []
    assert "9000 年太久" in errors_of(dated.replace("years_after: 1", "years_after: 9000"))
