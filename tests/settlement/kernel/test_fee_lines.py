"""A bill's parts derived from its lines: each line by hand, and for any lines what always holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import CatalogueClass
from settlement.domain.fee_refusals import GivenBackTooMuch
from settlement.domain.fees import FeeBatch, Fees, lines_left, total_of
from settlement.kernel.fee_lines import (
    LineParts,
    charges_of,
    parts_of,
    require_price_times_quantity,
    whole_line,
)
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine, FeeLineFaulty, plain_decimal

A, B, C = CatalogueClass


def one(quantity: str, price: str, fen: int, **more: str) -> FeeLine:
    """A line of class B."""
    return FeeLine("1", "X", B, quantity, price, fen, **more)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (one("2", "10", 20_00), LineParts(20_00, 0, 0, 0)),
        (one("2", "10", 20_00, self_pay_share="0.1"), LineParts(18_00, 2_00, 0, 0)),
        # 0.05 yuan: 10% of 5 fen is half a fen, which goes up.
        (one("1", "0.05", 5, self_pay_share="0.1"), LineParts(4, 1, 0, 0)),
        (one("1", "0.04", 4, self_pay_share="0.1"), LineParts(4, 0, 0, 0)),
        # 3 x 30.00 lie under the limit; the share is taken of that, not of the whole.
        (
            one("3", "33.335", 100_01, price_limit_yuan="30", self_pay_share="0.1"),
            LineParts(81_00, 9_00, 10_01, 0),
        ),
        # The limit times the quantity, 1.005 yuan, is rounded as the hospital rounds its own.
        (one("3", "0.335", 1_01, price_limit_yuan="0.335"), LineParts(1_01, 0, 0, 0)),
        (one("1", "20", 20_00, price_limit_yuan="30"), LineParts(20_00, 0, 0, 0)),
        (one("1", "20", 20_00, price_limit_yuan="0"), LineParts(0, 0, 20_00, 0)),
        (one("1", "20", 20_00, self_pay_share="1"), LineParts(0, 20_00, 0, 0)),
    ],
)
def test_the_parts_of_a_line_come_out_to_the_fen(line: FeeLine, parts: LineParts) -> None:
    """Over the limit first, the share of the rest next, in scope what is left."""
    line.check()
    require_price_times_quantity(line)
    assert parts_of(whole_line(line)) == parts


def test_class_c_is_out_of_the_catalogue_in_full() -> None:
    """Whatever limit or share stands beside it."""
    line = replace(one("1", "20", 20_00, price_limit_yuan="5", self_pay_share="0.5"))
    assert parts_of(whole_line(replace(line, catalogue_class=C))) == LineParts(0, 0, 0, 20_00)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (one("3", "0.335", 1_03), "相差超过 1 分"),
        (one("0", "1", 0), "数量不能为 0"),
        (one("-1", "1", -1_00), "冲账行"),
        (one("1", "1", 1_00, gives_back="9"), "冲账行"),
        (one("1", "1", -1_00), "正负号不一致"),
        (one("1", "-1", 1_00), "不能为负数"),
        (one("1", "1", 1_00, self_pay_share="1.01"), "应在 0 与 1 之间"),
        (one("1.00001", "1", 1_00), "最多 4 位小数"),
        (one("一", "1", 1_00), "数量“一”"),
    ],
)
def test_a_line_that_contradicts_itself_is_refused(line: FeeLine, why: str) -> None:
    """The refusal names the line and what is wrong with it."""
    with pytest.raises(FeeLineFaulty, match=why):
        _refuse(line)


def _refuse(line: FeeLine) -> None:
    line.check()
    require_price_times_quantity(line)


@pytest.mark.parametrize("fen", [1_00, 1_01])
def test_a_line_may_be_rounded_either_way(fen: int) -> None:
    """1.005 yuan: hospitals round once, up or down; two fen away is a mistake."""
    require_price_times_quantity(one("3", "0.335", fen))


def test_a_decimal_has_one_spelling() -> None:
    """So that the same line is stored alike however it was written."""
    written = ["1.50", "01", "-0", "0.0", "-1.10", "x"]
    assert [plain_decimal(text) for text in written] == ["1.5", "1", "0", "0", "-1.1", "x"]


# --- what always holds ------------------------------------------------------------------------


@st.composite
def lines(draw: st.DrawFn) -> tuple[FeeLine, ...]:
    """Lines as hospitals make them: the amount is the price times the quantity, rounded."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        quantity, price = draw(st.integers(1, 99_999)), draw(st.integers(0, 99_999_999))
        limit = draw(st.none() | st.integers(0, 99_999_999))
        share = draw(st.none() | st.integers(0, 10_000))
        found.append(
            FeeLine(
                number=str(number),
                item_code="X",
                catalogue_class=draw(st.sampled_from(CatalogueClass)),
                quantity=_decimal(quantity, 4),
                unit_price_yuan=_decimal(price, 6),
                amount_fen=(quantity * price * 2 + 10**8) // (2 * 10**8),
                price_limit_yuan=None if limit is None else _decimal(limit, 6),
                self_pay_share=None if share is None else _decimal(share, 4),
                item_class=draw(st.sampled_from(["drug", "bed"])),
            )
        )
    return tuple(found)


def _decimal(units: int, digits: int) -> str:
    whole, part = divmod(abs(units), 10**digits)
    return plain_decimal(f"{'-' if units < 0 else ''}{whole}.{part:0{digits}d}")


@given(lines())
def test_the_parts_add_up_whatever_the_lines(some: tuple[FeeLine, ...]) -> None:
    """Nothing negative, and every split of the bill is a partition of it."""
    derived = charges_of((None, whole_line(line)) for line in some)
    derived.check()
    assert derived.total_fen == sum(line.amount_fen for line in some)


@given(lines(), st.integers(0, 8))
def test_two_batches_are_one_batch_of_all_lines(some: tuple[FeeLine, ...], at: int) -> None:
    """However the lines are cut into batches, the stay's total is the same."""
    cut = [part for part in (some[:at], some[at:]) if part]
    assert total_by_batches(cut) == charges_of((None, whole_line(line)) for line in some)


@given(lines(), st.data())
def test_what_is_given_back_bit_by_bit_is_never_too_much(
    some: tuple[FeeLine, ...], data: st.DataObject
) -> None:
    """After any give-backs, in batches of their own, the total is that of what is left; when all
    is back, nothing is left of any part."""
    batches: list[tuple[FeeLine, ...]] = [some]
    left = {line.number: (whole_line(line).quantity_exact, line.amount_fen) for line in some}
    for turn in range(data.draw(st.integers(0, 6))):
        line = data.draw(st.sampled_from(some))
        quantity, fen = left[line.number]
        back = data.draw(st.integers(0, quantity))
        taken_fen = fen if back == quantity else _rounded(line, back)
        if back == 0 or taken_fen > fen:
            continue
        left[line.number] = (quantity - back, fen - taken_fen)
        batches.append((given_back(line, f"back-{turn}", back, taken_fen),))
    expected = tuple(FeeBatch(str(n), Charges(0), batch) for n, batch in enumerate(batches))
    assert total_by_batches(batches) == total_of(expected)
    for line in some:
        if left[line.number][0]:
            quantity, fen = left[line.number]
            batches.append((given_back(line, f"last-{line.number}", quantity, fen),))
    nothing = total_by_batches(batches)
    assert set(nothing.amounts().values()) == {0}


def _rounded(line: FeeLine, quantity: int) -> int:
    return (quantity * line.unit_price_exact * 2 + 10**8) // (2 * 10**8)


def given_back(line: FeeLine, number: str, quantity: int, fen: int) -> FeeLine:
    """The line that takes so much of another back."""
    return replace(
        line,
        number=number,
        quantity=_decimal(-quantity, 4),
        amount_fen=-fen,
        gives_back=line.number,
    )


def total_by_batches(batches: list[tuple[FeeLine, ...]]) -> Charges:
    """The running total as a stay keeps it, batch after batch."""
    fees = Fees()
    for number, batch_lines in enumerate(batches):
        batch = fees.decide_batch(str(number), charges=None, lines=batch_lines)
        total = fees.charges.plus(batch.charges) if fees.charges else batch.charges
        fees = fees.with_batch(batch, charges=total)
    assert fees.charges is not None
    return fees.charges


def test_more_than_is_left_is_never_given_back() -> None:
    """Of three two are back already; two more are refused, and what is left is said."""
    line = one("3", "10", 30_00)
    first = given_back(line, "2", 2_0000, 20_00)
    with pytest.raises(GivenBackTooMuch, match="所余的 1000 分"):
        total_by_batches([(line,), (first,), (given_back(line, "3", 2_0000, 20_00),)])
    assert lines_left((FeeBatch("1", Charges(0), (line, first)),))["1"].amount_fen == 10_00
