"""No step of a policy that passed the check can leave 64 bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import LARGEST_BILL_FEN
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.kernel.cascade import compile_policy
from settlement.kernel.names import amount_argument
from settlement.kernel.overflow import argument_range, find_overflows
from settlement.kernel.shape import Shape
from tests.settlement.policies.drafts import RIGHT, errors_of, layer, policy_of

SHAPES = [compile_policy(policy) for policy in load_book(SHIPPED_POLICIES).policies]


def test_ninety_percent_of_sixty_percent_is_proven() -> None:
    """0.9 × 0.6 composed exactly, on ¥100 million, stays within 64 bits."""
    text = RIGHT + layer("base: in_scope - basic\nfirst_self_pay: 10%\nrate: 60%")

    assert errors_of(text) == []


@pytest.mark.parametrize(
    "body",
    [
        "first_self_pay: 10.12345678%\nrate: 60%",
        "first_self_pay: 10%\nrate: 60.12345678%",
        "rate: {value: 60.12345678%, adjust: [{when: {place: 省外}, times: 95.12%}]}",
        "rate: {value: 60%, adjust: [{when: {place: 省外}, times: 95.12345678%}]}",
        "rate: 60%\nrounding: {mode: half_even, to: yuan}\nfirst_self_pay: 0.12345678%",
    ],
)
def test_rates_too_fine_for_64_bits_are_refused(body: str) -> None:
    """Eight decimals composed with another rate leave 64 bits long before ¥100 million."""
    found = errors_of(RIGHT + layer(f"base: in_scope - basic\n{body}"))

    assert any("超出 64 位整数" in message for message in found)


def test_a_very_large_deductible_is_no_danger() -> None:
    """Amounts are compared and subtracted, never multiplied with one another."""
    assert errors_of(RIGHT.replace("deductible: 300", "deductible: 999999999999999")) == []


def test_the_step_and_the_number_are_named() -> None:
    """The finding shows the step, how large it may become, and points at the number."""
    policy = policy_of(
        RIGHT + layer("base: in_scope - basic\nfirst_self_pay: 10%\nrate: 60.12345678%")
    )

    found = find_overflows(compile_policy(policy).shape)

    assert any("second_computed = " in o.step for o in found)
    assert any("n_second_rate" in o.arguments for o in found)
    assert all(o.most > 2**63 for o in found)


def test_a_rate_of_eight_decimals_alone_is_refused_and_six_are_proven() -> None:
    """10^10 fen × 10^10 × 2 is past 2^63; two decimals fewer are not."""
    assert any(
        "超出 64 位整数" in m for m in errors_of(RIGHT.replace("rate: 70%", "rate: 70.12345678%"))
    )
    assert errors_of(RIGHT.replace("rate: 70%", "rate: 70.123456%")) == []


def _arguments(shape: Shape, draw: st.DrawFn) -> dict[str, int]:
    """Arguments up to the largest that is proven, the extremes most often."""
    ranges = {name: argument_range(shape, name) for name in shape.arguments}
    return {
        name: draw(st.sampled_from([0, 1, known.most - 1, known.most]) | st.integers(0, known.most))
        for name, known in ranges.items()
    }


@settings(max_examples=150)
@given(data=st.data())
def test_at_the_largest_amounts_64_bits_give_what_exact_integers_give(data: st.DataObject) -> None:
    """The written function over numpy's 64-bit integers, any overflow an error, equals itself
    over Python's unbounded integers, for every shipped policy."""
    cascade = data.draw(st.sampled_from(SHAPES))
    arguments = data.draw(st.composite(lambda draw: _arguments(cascade.shape, draw))())
    values = [arguments[name] for name in cascade.shape.arguments]

    with np.errstate(over="raise"):
        narrow = cascade.settle_stay(*(np.int64(v) for v in values))

    assert [int(v) for v in narrow] == list(cascade.settle_stay(*values))


def test_what_the_proof_refuses_does_overflow() -> None:
    """The refused policy really goes wrong in 64 bits at ¥100 million: the watch above can fail."""
    policy = policy_of(
        RIGHT + layer("base: in_scope\nfirst_self_pay: 10.12345678%\nrate: 60.12345678%")
    )
    cascade = compile_policy(policy)
    arguments = {amount_argument(a): int(LARGEST_BILL_FEN) for a in cascade.shape.amounts}
    arguments |= {s.argument: 5 * 10 ** (s.digits - 1) for s in cascade.shape.numbers if s.digits}
    values = [np.int64(arguments.get(name, 0)) for name in cascade.shape.arguments]

    with np.errstate(over="raise"), pytest.raises((FloatingPointError, OverflowError)):
        cascade.settle_stay(*values)
