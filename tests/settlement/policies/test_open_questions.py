"""What texts leave open, a document must answer: nothing is answered in secret."""

import pytest

from tests.settlement.policies.drafts import HEAD, RIGHT, errors_of, layer


def only(text: str) -> str:
    """The one error there is."""
    (message,) = errors_of(text)
    return message


def test_a_cap_says_whether_it_limits_the_cost_or_the_payment() -> None:
    """“限额内”: of the cost, or of what is paid?"""
    body = "base: in_scope - basic\nrate: 60%\ncaps: [{per: year, amount: 5000}]"

    assert only(RIGHT + layer(body)) == "没有写封顶的是什么"
    assert errors_of(RIGHT + layer(body.replace("per: year,", "per: year, of: cost,"))) == []


def test_a_trigger_says_whether_reaching_it_is_enough() -> None:
    """Exactly 5,000: is that over 5,000?"""
    body = "base: in_scope - basic\ndeductible: {per: year, amount: 5000, kind: trigger}\nrate: 60%"

    assert only(RIGHT + layer(body)) == "没有写正好达到门槛算不算"
    assert errors_of(RIGHT + layer(body.replace("trigger}", "trigger, passed: at}"))) == []


def test_passed_is_said_of_triggers_alone() -> None:
    """A deductible is taken off: there is nothing to pass."""
    body = "base: in_scope - basic\ndeductible: {per: year, amount: 5000, passed: at}\nrate: 60%"

    assert only(RIGHT + layer(body)) == "passed 只用于门槛"


@pytest.mark.parametrize(
    "fact", ["tier: 三级", "level: 省级", "place: 省外", "care: 住院", "disease: 肺结核"]
)
@pytest.mark.parametrize(
    "rule",
    [
        "deductible: {per: year, amount: AMOUNT}\nrate: 60%",
        "deductible: {per: stay, amount: 300, limit: {per: year, amount: AMOUNT}}\nrate: 60%",
        "rate: 60%\ncaps: [{per: year, of: payment, amount: AMOUNT}]",
        "rate: 60%\ncaps: [{per: year, of: cost, amount: AMOUNT}]",
    ],
)
def test_a_yearly_limit_by_hospital_says_how_several_hospitals_add_up(rule: str, fact: str) -> None:
    """Province first, county later: does the county's limit count what the province took?"""
    amount = f"{{choose: [{{when: {{{fact}}}, value: 6000}}, {{otherwise: 3000}}]}}"
    body = "base: in_scope - basic\n" + rule.replace("AMOUNT", amount)

    assert only(RIGHT + layer(body)) == "全年的数随各次不同，没有写一年内有几种时怎样累计"
    for each in ("none", fact.split(":", maxsplit=1)[0]):
        said = body.replace(f"amount: {amount}", f"each: {each}, amount: {amount}")
        assert errors_of(RIGHT + layer(said)) == []


def test_a_yearly_limit_by_identity_needs_no_such_answer() -> None:
    """A person's identity is no hospital."""
    body = (
        "base: in_scope - basic\nrate: 60%\ncaps: [{per: year, of: payment, amount: "
        "{choose: [{when: {identity: 低保对象}, value: 6000}, {otherwise: 3000}]}}]"
    )

    assert errors_of(RIGHT + layer(body)) == []


def test_only_some_facts_may_count_apart() -> None:
    """Age is no drawer to count in."""
    body = (
        "base: in_scope - basic\nrate: 60%\ncaps: [{per: year, of: payment, each: age, amount: 1}]"
    )

    assert only(RIGHT + layer(body)) == "不能按“age”分别累计"


def test_a_fixed_amount_says_whose_the_rest_is() -> None:
    """22,000 fixed, 20,000 spent: the hospital's, or nobody's?"""
    body = "base: {fixed: 22000}\nrate: 70%"

    assert only(RIGHT + layer(body)) == "定额多于账单余额时，没有写结余归谁"
    assert errors_of(RIGHT + layer(body + "\nsurplus: hospital")) == []
    assert errors_of(RIGHT + layer(body + "\nsurplus: none")) == []
    assert errors_of(RIGHT + layer(body + "\npays: cash")) == []


def test_a_top_up_says_whether_it_counts_towards_its_fund_s_cap() -> None:
    """The same fund pays assistance under a cap, and then the top-up."""
    capped = layer(
        "base: in_scope - basic\nrate: 60%\ncaps: [{per: year, of: payment, amount: 5000}]",
        payer="medical_assistance",
    )
    body = "base: in_scope\nrate: 90%\nminus: basic + second"
    top_up = layer(body, layer_id="third", payer="medical_assistance")

    assert only(RIGHT + capped + top_up) == "没有写补足的金额是否计入同一支付方的年度限额"
    for answer in ("none", "[second.paid]"):
        said = layer(
            f"{body}\ncounts_toward: {answer}", layer_id="third", payer="medical_assistance"
        )
        assert errors_of(RIGHT + capped + said) == []
    other = layer(body, layer_id="third", payer="fiscal_backstop")
    assert errors_of(RIGHT + capped + other) == []
    for cap in ("{per: stay, of: payment, amount: 5000}", "{per: year, of: cost, amount: 5000}"):
        uncounted = layer(
            f"base: in_scope - basic\nrate: 60%\ncaps: [{cap}]", payer="medical_assistance"
        )
        assert errors_of(RIGHT + uncounted + top_up) == []


def test_a_retroactive_policy_says_whether_lowered_benefits_are_collected_back() -> None:
    """Published in July, in force since January: what of the bills in between?"""
    late = RIGHT.replace("\ntitle:", "\npublished: 2020-07-14\ntitle:")

    assert only(late) == "公布日晚于施行日，没有写待遇降低时是否追回"
    assert (
        errors_of(late.replace("{from: 2020-01-01}", "{from: 2020-01-01, if_lower: leave}")) == []
    )
    early = RIGHT.replace("\ntitle:", "\npublished: 2019-12-01\ntitle:")
    assert errors_of(early) == []


@pytest.mark.parametrize(
    "base",
    [
        "in_scope - total",
        "out_of_scope - total",
        "first_self_pay - out_of_scope",
        "out_of_catalog + over_limit + first_self_pay - total",
    ],
)
def test_a_base_that_nothing_can_be_left_of_is_an_error(base: str) -> None:
    """What is taken off holds all that is added."""
    assert only(RIGHT + layer(f"base: {base}\nrate: 60%")) == f"口径“{base}”永远不会大于 0"


@pytest.mark.parametrize("base", ["total - in_scope", "total - basic", "class_c", "basic"])
def test_a_base_that_something_may_be_left_of_is_none(base: str) -> None:
    """Nothing is said of bases that can be above zero."""
    assert errors_of(RIGHT + layer(f"base: {base}\nrate: 60%")) == []


@pytest.mark.parametrize("word", ["sum", "year", "this", "total", "patient", "left"])
def test_a_layer_is_not_called_what_means_something_else(word: str) -> None:
    """Names in expressions must be told apart."""
    text = HEAD + layer("base: in_scope\nrate: 60%", layer_id=word)

    assert f"层的 id“{word}”另有用处，口径里分不清指哪一个" in errors_of(text)


def test_what_only_payments_do_is_refused_of_others() -> None:
    """A measure counts towards nothing, cash leaves no surplus, and the patient no fund."""
    measure = "payer: none\n    base: in_scope\n    rate: 60%\n    counts_toward: [basic.paid]\n"
    assert "只测算的层不支付，不计入限额" in errors_of(f"{RIGHT}  - id: m\n    {measure}")
    cash = layer("base: {fixed: 100}\nrate: 100%\npays: cash\nsurplus: hospital")
    assert only(RIGHT + cash) == "只有支付账单的层才有结余"
    own = "payer: patient\n    base: in_scope\n    rate: 10%\n"
    assert only(f"{RIGHT}  - id: m\n    {own}    pays: cash\n") == "只有基金或机构能发现金补助"
    assert only(f"{RIGHT}  - id: m\n    {own}    surplus: hospital\n") == "没有基金就没有结余"


def test_a_counter_counts_in_one_way() -> None:
    """One total is of payments or of costs, apart for each value or together."""
    one = "base: in_scope - basic\nrate: 60%\ncaps: [{per: year, of: payment, CAP, amount: 9000}]"
    first = layer(one.replace("CAP", "counter: shared.paid, each: tier"))
    second = one.replace("CAP", "counter: shared.paid").replace("- basic", "- basic - second")
    assert only(RIGHT + first + layer(second, layer_id="third")) == (
        "累计器“shared.paid”有的分别累计、有的合并累计"
    )
    costs = second.replace("of: payment", "of: cost").replace(", amount", ", each: tier, amount")
    assert only(RIGHT + first + layer(costs, layer_id="third")) == (
        "累计器“shared.paid”既累计支付又累计费用"
    )
    reserved = one.replace("CAP", "counter: sum.basic")
    assert only(RIGHT + layer(reserved)) == "累计器名“sum.basic”留给住院次数和本年累计"
