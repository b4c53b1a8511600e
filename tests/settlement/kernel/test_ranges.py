"""The proof of 64 bits, step by step (取值范围): it may say too much, never too little."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.kernel.cascade import compile_policy
from settlement.kernel.overflow import Overflow, Range, argument_range, find_overflows
from settlement.kernel.resolving import NO_LIMIT, largest, most_digits, resolve_number
from settlement.kernel.shape import Shape
from settlement.law.exact import parse_percent
from settlement.law.facts import Facts
from settlement.law.numbers import Number
from settlement.law.policy import numbers_of
from tests.settlement.policies.drafts import RIGHT, layer, policy_of

BILL = 100_000_000_00
"""¥100 million in fen."""
FAR = 10**30
"""So far outside 64 bits that what is added to it is told in the finding."""
LAST = 2**63 - 1


def _overflows(*steps: str, counters: tuple[str, ...] = ()) -> list[Overflow]:
    """What is found in a function of these steps: an amount of the bill, an amount decided
    elsewhere, a condition, and the counters."""
    shape = Shape(
        source="",
        amounts=("total",),
        counters=counters,
        elsewhere=("fund",),
        conditions=("second",),
        numbers=(),
        outputs=(),
    )
    lines = [f"def settle_stay({', '.join(shape.arguments)}):", *steps, "return bill_total"]
    return find_overflows(Shape(**{**vars(shape), "source": "\n    ".join(lines)}))


def _range(expression: str, *before: str, counters: tuple[str, ...] = ()) -> Range:
    """The range of an expression, as the findings tell it."""
    high = _overflows(*before, f"probe = ({expression}) + {FAR}", counters=counters)[-1].most - FAR
    low = FAR - _overflows(*before, f"probe = ({expression}) - {FAR}", counters=counters)[-1].most
    return Range(low, high)


@pytest.mark.parametrize(
    ("expression", "least", "most"),
    [
        ("7", 7, 7),
        ("bill_total", 0, BILL),
        ("fund_elsewhere", 0, BILL),
        ("year_basic_paid", 0, BILL * 1000),
        ("second_applies", 0, 1),
        ("bill_total + 5", 5, BILL + 5),
        ("(bill_total + 3) + (fund_elsewhere + 4)", 7, 2 * BILL + 7),
        ("bill_total - 5", -5, BILL - 5),
        ("(bill_total + 3) - (fund_elsewhere + 4)", -BILL - 1, BILL - 1),
        ("-bill_total", -BILL, 0),
        ("-(bill_total + 3)", -BILL - 3, -3),
        ("bill_total * 3", 0, 3 * BILL),
        ("(bill_total - 2) * (second_applies - 3)", -3 * BILL + 6, 6),
        ("(bill_total + 9) // 10", 0, BILL // 10),
        ("(bill_total - 9) // 10", -1, BILL // 10 - 1),
        ("bill_total // 1", 0, BILL),
        ("100 // (second_applies + 1)", 50, 100),
        ("(0 - 100) // (second_applies + 1)", -100, -50),
        ("bill_total % 100", 0, 99),
        ("bill_total % 1", 0, 0),
        ("bill_total % (second_applies + 7)", 0, 7),
        ("min(bill_total, 300)", 0, 300),
        ("min(bill_total + 400, 300)", 300, 300),
        ("max(bill_total - 10, 300)", 300, BILL - 10),
        ("max(0, bill_total - 10)", 0, BILL - 10),
        ("5 if bill_total > 0 else 3", 3, 5),
        ("3 if bill_total > 0 else 5", 3, 5),
        ("bill_total - 9 if bill_total * 2 > 0 else fund_elsewhere + 9", -9, BILL + 9),
        ("bill_total > 3", 0, 1),
        ("bill_total > 3 and fund_elsewhere > 3", 0, 1),
    ],
)
def test_an_expression_has_the_range_of_its_values(expression: str, least: int, most: int) -> None:
    """From the smallest to the largest, neither wider nor narrower."""
    assert _range(expression, counters=("basic.paid",)) == Range(least, most)


_EDGES = st.integers(-40, 40)


def _expressions() -> st.SearchStrategy[str]:
    names = st.sampled_from(["a", "b", "c"]) | st.integers(0, 9).map(str)
    return st.recursive(
        names,
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
            st.builds("({} {} {})".format, inner, st.sampled_from(["//", "%"]), st.integers(1, 9)),
            st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
            st.builds("({} if {} > {} else {})".format, inner, inner, inner, inner),
            st.builds("(-{})".format, inner),
            st.builds("({} > {} or {} == {})".format, inner, inner, inner, inner),
        ),
        max_leaves=8,
    )


@settings(max_examples=60)
@given(expression=_expressions(), edges=st.tuples(*[st.tuples(_EDGES, _EDGES)] * 3))
def test_no_value_leaves_the_range_of_its_expression(
    expression: str, edges: tuple[tuple[int, int], ...]
) -> None:
    """Whatever the operators: both ends and the middle of every variable."""
    known = {name: sorted(ends) for name, ends in zip("abc", edges, strict=True)}
    held = [f"{n} = min(bill_total, {high - low}) {low:+d}" for n, (low, high) in known.items()]
    found = _range(expression, *held)

    for values in product(*((low, (low + high) // 2, high) for low, high in known.values())):
        value = eval(expression, {}, dict(zip("abc", values, strict=True)))  # noqa: S307 - ours
        assert found.least <= value <= found.most


@pytest.mark.parametrize(
    ("steps", "least", "most"),
    [
        (("x = 5", "x = 7"), 7, 7),
        (("x = 5", "x += bill_total"), 5, BILL + 5),
        (("x = 5", "x -= bill_total"), 5 - BILL, 5),
        (("x = bill_total - 5",), -5, BILL - 5),
        (("x = 5", "if bill_total > 3:\n        x = 9"), 5, 9),
        (("x = 5", "if bill_total > 3:\n        x = 2"), 2, 5),
        (("x = 5", "if bill_total > 3:\n        x = 9\n        x = 7"), 5, 7),
        (("x_eligible = 3", "x_band_1 = bill_total", "x = x_band_1"), 0, 3),
        (("x_eligible = bill_total", "x_band_12 = 8", "x = x_band_12"), 8, 8),
        (("x_paid = bill_total - 5", "x = x_paid"), 0, BILL - 5),
        (("left = bill_total - 5", "x = left"), 0, BILL - 5),
        (("x_paid = 3 - 9", "x = x_paid"), 0, 0),
    ],
)
def test_a_variable_has_the_range_of_what_was_put_into_it(
    steps: tuple[str, ...], least: int, most: int
) -> None:
    """Both ways through a condition; what the writer never lets below zero is not below zero, and
    a band is a piece of what is eligible."""
    assert _range("x", *steps) == Range(least, most)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("for x in bill_total:\n        x = 1", "for x in bill_total:\n    x = 1"),
        ("while bill_total:\n        x = 1", "while bill_total:\n    x = 1"),
        ("x, y = (1, 2)", "x, y = (1, 2)"),
        ("x = y = 1", "x = y = 1"),
        (
            "if bill_total:\n        x = 1\n    else:\n        x = 2",
            "if bill_total:\n    x = 1\nelse:\n    x = 2",
        ),
        ("x = not bill_total", "not bill_total"),
        ("x = abs(bill_total)", "abs"),
        ("x = bill_total / 2", "Div()"),
        ("x = bill_total ** 2", "Pow()"),
        ("x = bill_total // bill_total", "FloorDiv()"),
        ("x = bill_total // (second_applies - 1)", "FloorDiv()"),
        ("x = bill_total % bill_total", "Mod()"),
        ("x = bill_total % (second_applies - 1)", "Mod()"),
    ],
)
def test_what_the_proof_does_not_know_is_no_proof(step: str, told: str) -> None:
    """It names what it does not know, and a divisor that may be zero is such a thing."""
    with pytest.raises((NotImplementedError, KeyError)) as refused:
        _overflows(step)

    assert refused.value.args == (told,)


def test_64_bits_end_where_they_end() -> None:
    """2^63 − 1 either way is inside, one more is outside; −2^63 counts as outside."""
    assert _overflows(f"x = bill_total - bill_total % 1 * {LAST}") == []
    assert _overflows(f"x = second_applies * {LAST}") == []
    assert _overflows(f"x = second_applies * {LAST} + 1") == [
        Overflow(f"x = second_applies * {LAST} + 1", ("second_applies",), LAST + 1)
    ]
    assert _overflows(f"x = -second_applies * {LAST}") == []
    assert _overflows(f"x = -second_applies * {LAST} - 1") == [
        Overflow(f"x = -second_applies * {LAST} - 1", ("second_applies",), LAST + 1)
    ]


def test_a_step_past_64_bits_is_told_once_and_then_has_all_of_them() -> None:
    """What is made of it is told only where it leaves again; a constant stays what it is."""
    step = f"x = bill_total * {10**12}"
    found = _overflows(step, "y = x", "z = x - 1", f"w = bill_total // {FAR}")

    assert [(o.step, o.most) for o in found] == [
        (step, BILL * 10**12),
        ("z = x - 1", LAST + 1),
        (f"w = bill_total // {FAR}", FAR),
    ]
    assert _range("x", step) == Range(-LAST, LAST)


def test_the_arguments_in_a_step_are_named_and_its_variables_are_not() -> None:
    """In alphabetical order, each once: they lead to the number in the document."""
    found = _overflows("x = bill_total", "y = x + fund_elsewhere * bill_total * bill_total")

    assert {o.arguments for o in found} == {("bill_total", "fund_elsewhere")}


@pytest.mark.parametrize(
    ("paid", "found"),
    [
        ("bill_total", []),
        ("bill_total - 5", []),
        ("bill_total + 1", [Overflow("year_sum_second += second_paid", (), (BILL + 1) * 1000)]),
    ],
)
def test_a_years_sum_is_proven_for_amounts_up_to_a_bill(paid: str, found: list[Overflow]) -> None:
    """A thousand bills a year: what may be more than a bill is told. Other counters are held by
    caps and by what is left of the bill."""
    step = f"second_paid = {paid}"

    assert _overflows(step, counters=("sum.second", "basic.paid")) == found
    assert _overflows(step, counters=("sum.second_paid", "second.paid", "second")) == []


PARAMETERS = """
parameters:
  income: {name: 收入, amount: 1000.01, source: text}
  share: {name: 比例, ratio: 55%, source: text}
  line:
    name: 线
    source: text
    amount: {choose: [{when: {tier: 三级}, value: 900}, {otherwise: unlimited}]}
  unknown: {name: 未知, source: text, amount: {missing: 没有公布}}
"""


def _with(deductible: str = "300", rate: str = "70%", more: str = "") -> str:
    text = RIGHT.replace("deductible: 300", f"deductible: {deductible}")
    text = text.replace("rate: 70%", f"rate: {rate}")
    return text.replace("layers:", PARAMETERS.strip("\n") + "\nlayers:") + more


def _numbers(text: str) -> dict[str, Number]:
    return {n.name: n for layer_ in policy_of(text).layers for n in numbers_of(layer_)}


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("300", 300_00),
        ("{choose: [{when: {tier: 三级}, value: 900}, {otherwise: 500}]}", 900_00),
        ("{choose: [{when: {tier: 三级}, value: 500}, {otherwise: 900}]}", 900_00),
        ("{choose: [{when: {tier: 三级}, value: 900}]}", 900_00),
        ("{missing: 没有写}", 0),
        ("unlimited", 0),
        ("{value: 300, adjust: [{when: {place: 省外}, plus: 200}]}", 500_00),
        ("{value: 300, adjust: [{when: {place: 省外}, minus: 200}]}", 300_00),
        ("{value: 300, adjust: [{for_each: age, beyond: 60, at_most: 20, plus: 10}]}", 500_00),
        ("{value: 300, adjust: [{for_each: age, plus: 10}]}", 10_000_300_00),
        ("{value: 300, adjust: [{when: {place: 省外}, times: 150%}]}", 450_00),
        ("{value: 300.01, adjust: [{when: {place: 省外}, times: 150%}]}", 450_02),
        ("{value: 300, adjust: [{when: {place: 省外}, times: 50%}]}", 300_00),
        (
            "{value: 300, adjust: [{plus: 100, when: {age: 6}}, {times: 200%, when: {age: 7}}]}",
            800_00,
        ),
        ("{value: 300, at_least: 400}", 400_00),
        ("{value: 300, at_least: 200}", 300_00),
        ("{value: 300, at_most: 250}", 250_00),
        ("{value: 300, at_most: 350}", 300_00),
        ("{of: income}", 1000_01),
        ("{of: income, times: 50%}", 500_01),
        ("{of: income, times: 50%, rounding: {mode: up, to: yuan}}", 501_00),
        ("{of: income, times: 50%, rounding: {mode: half_up, to: jiao}}", 500_00),
        ("{of: income, times: 250%, rounding: {mode: down, to: yuan}}", 2500_00),
        ("{of: line}", 900_00),
        ("{of: unknown, times: 50%}", 0),
    ],
)
def test_no_amount_is_above_its_largest(written: str, fen: int) -> None:
    """Over every row and every adjustment that may or may not apply."""
    assert largest(_numbers(_with(deductible=written))["basic.deductible"]) == fen


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        ("70%", "70%"),
        ("{choose: [{when: {tier: 三级}, value: 55.5%}, {otherwise: 60%}]}", "60%"),
        ("{missing: 没有写}", "0%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, plus: 5.5%}]}", "65.5%"),
        ("{value: 60%, adjust: [{for_each: age, beyond: 60, at_most: 20, plus: 0.2%}]}", "64%"),
        ("{value: 60%, adjust: [{for_each: age, plus: 0.2%}]}", "200060%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, minus: 5%}]}", "60%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, times: 90%}]}", "60%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, times: 110%}]}", "66%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, on_rest: 20%}]}", "100%"),
        ("{value: 150%, adjust: [{when: {place: 省外}, on_rest: 20%}]}", "150%"),
        ("{value: 60%, adjust: [{when: {place: 省外}, plus: 50%}], at_most: 90%}", "90%"),
        ("{of: share}", "55%"),
        ("{of: share, times: 120%}", "66%"),
    ],
)
def test_no_ratio_is_above_its_largest(written: str, percent: str) -> None:
    """A share of the rest never makes more than the whole of it."""
    assert largest(_numbers(_with(rate=written))["basic.rate"]) == parse_percent(percent)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("100%", 0),
        ("70%", 1),
        ("{missing: 没有写}", 0),
        ("{choose: [{when: {tier: 三级}, value: 55.25%}, {otherwise: 60%}]}", 4),
        ("{of: share}", 2),
        ("{of: share, times: 12.5%}", 5),
        ("{value: 100%, adjust: [{when: {age: 6}, times: 95%}]}", 2),
        ("{value: 70%, adjust: [{when: {age: 6}, times: 95%}]}", 3),
        ("{value: 70%, adjust: [{when: {age: 6}, plus: 0.5%}]}", 3),
        ("{value: 70%, adjust: [{when: {age: 6}, minus: 0.25%}]}", 4),
        ("{value: 70%, adjust: [{when: {age: 6}, on_rest: 20%}]}", 2),
        ("{value: 70%, at_most: 90.5%}", 3),
        ("{value: 70%, at_least: 50.125%}", 5),
    ],
)
def test_no_ratio_needs_more_digits_than_it_is_given(written: str, digits: int) -> None:
    """Products add their digits, sums take the more of both."""
    assert most_digits(_numbers(_with(rate=written))["basic.rate"]) == digits


@pytest.mark.parametrize(
    ("number", "least", "most"),
    [
        ("basic.deductible", 0, 300_00),
        ("basic.rate", 0, 7 * 10**3),
        ("second.rate", -1, 5 * 10**3),
        ("second.deductible", -1, 0),
        ("second.cap_1", 0, NO_LIMIT),
        ("second.cap_2", 0, NO_LIMIT),
        ("second.cap_3", -1, 50_00),
    ],
)
def test_an_argument_has_the_range_of_its_number(number: str, least: int, most: int) -> None:
    """−1 stands for what nobody knows; without a limit it is larger than any counter."""
    second = """
base: in_scope - basic
rate: {choose: [{when: {tier: 三级}, missing: 没有写}, {otherwise: 50%}]}
deductible: {of: unknown, times: 50%}
caps:
  - {per: stay, of: payment, amount: {of: line}}
  - per: year
    of: payment
    amount: {choose: [{when: {tier: 三级}, value: 80000}, {otherwise: unlimited}]}
  - {per: year, of: cost, amount: {choose: [{when: {tier: 三级}, value: 50}]}}
"""
    shape = compile_policy(policy_of(_with(more=layer(second)))).shape
    arguments = {slot.number.name: slot.argument for slot in shape.numbers}

    assert argument_range(shape, arguments[number]) == Range(least, most)


@pytest.mark.parametrize(
    ("income", "is_told"), [("1000.00", False), ("1000.20", True), ("1000.01", True)]
)
def test_how_a_parameter_is_rounded_has_a_say_where_it_was(income: str, *, is_told: bool) -> None:
    """Half of it to whole yuan: 500, 500.10 up to 501, 500.005 up to 501."""
    half = "{of: income, times: 50%, rounding: {mode: up, to: yuan, status: assumed, note: 假定}}"
    text = _with(deductible=half).replace("amount: 1000.01", f"amount: {income}")
    found = resolve_number(_numbers(text)["basic.deductible"], Facts())

    assert ("假定" in [evidence.note for evidence in found.evidences]) is is_told
    assert found.value == (501_00 if is_told else 500_00)


@pytest.mark.parametrize(("bound", "is_told"), [("69.9%", False), ("70%", False), ("70.1%", True)])
def test_a_floor_has_a_say_where_it_raises(bound: str, *, is_told: bool) -> None:
    """A number just at its floor stands by itself."""
    floor = f"{{value: 70%, at_least: {{value: {bound}, status: assumed, note: 借自邻县}}}}"
    found = resolve_number(_numbers(_with(rate=floor))["basic.rate"], Facts())

    assert ("借自邻县" in [evidence.note for evidence in found.evidences]) is is_told


def test_a_layer_s_own_order_of_identities_goes_before_the_document_s() -> None:
    """Where it has none, the document's counts."""
    people = "people: {precedence: [特困人员, 低保对象]}\nlayers:"
    own = layer("base: in_scope - basic\nrate: 60%\nprecedence: [孤儿, 低保对象]")
    policy = policy_of(RIGHT.replace("layers:", people) + own)

    assert [policy.precedence_of(each) for each in policy.layers] == [
        ("extreme_hardship", "subsistence_allowance"),
        ("orphan", "subsistence_allowance"),
    ]
