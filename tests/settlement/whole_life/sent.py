"""What hospitals send in the runs (随机命令的内容): bills, lines, small numbers that meet."""

from dataclasses import replace
from fractions import Fraction
from math import floor

from hypothesis import strategies as st

from contracts.vocabulary import CatalogueClass
from settlement.law.fee_lines import FeeLine
from tests.settlement.whole_life.model_fees import Amounts, Batch

BATCH_NUMBERS = st.sampled_from(["1", "2", "3", "4", "5"])
LINE_NUMBERS = st.sampled_from(["L1", "L2", "L3", "L4", "L5", "L6"])
PICKS = st.integers(0, 99)
"""Which of those there are, round and round."""

REFERRALS = st.sampled_from([True, False, False, None])
DAYS_AGO = st.sampled_from([0, 1, 20, 60, 60, 130, 200, -1])
LENGTHS = st.sampled_from([0, 0, 0, 0, 1, 5, 30, 100, -1])
FEN = st.one_of(st.integers(0, 12), st.sampled_from([20, 90])).map(lambda n: n * 500_00 + n)


def _amounts(total: int, kind: str, wrong: int) -> Amounts:
    out, over, first = total // 10, total // 20, total // 7
    in_scope = total - out - over - first
    class_b = (total - out) // 3
    every = {
        "total": total,
        "in_scope": in_scope + wrong,
        "first_self_pay": first,
        "over_limit": over,
        "out_of_catalog": out,
        "class_a": total - out - class_b,
        "class_b": class_b,
        "class_c": out,
    }
    if kind == "total":
        return {"total": total}
    if kind == "scoped":
        return {"total": total, "in_scope": in_scope + wrong * (total + 1)}
    return every


AMOUNTS = st.builds(
    _amounts,
    FEN,
    st.sampled_from(["full", "full", "full", "scoped", "total"]),
    st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1]),
).map(lambda amounts: Batch(amounts=amounts))


def _line(number: str, quantity: str, price: str, kind: int, off: int) -> FeeLine:
    line = FeeLine(
        number=number,
        item_code="X1",
        catalogue_class=(CatalogueClass.A, CatalogueClass.B, CatalogueClass.C)[kind % 3],
        quantity=quantity,
        unit_price_yuan=price,
        amount_fen=0,
        price_limit_yuan=(None, "3", "900.5")[kind // 3 % 3],
        self_pay_share=(None, "0.1", "0.155")[kind // 9],
    )
    return replace(line, amount_fen=priced(line) + off)


def priced(line: FeeLine) -> int:
    """The price times the quantity, in fen."""
    exact = Fraction(line.unit_price_yuan) * Fraction(line.quantity) * 100
    return floor(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)


LINES = st.builds(
    _line,
    LINE_NUMBERS,
    st.sampled_from(["1", "2", "3", "1.5"]),
    st.sampled_from(["3.35", "33.335", "1000", "4321.01"]),
    st.integers(0, 26),
    st.sampled_from([0, 0, 0, 0, 1, 2]),
)
BATCHES_OF_LINES = st.lists(LINES, min_size=1, max_size=3).map(
    lambda lines: Batch(lines=tuple(lines))
)


def given_back(line: FeeLine, number: str, quantity: str, off: int) -> FeeLine:
    """A line that takes so many of another back; all of it where no quantity is said."""
    back = replace(line, number=number, gives_back=line.number)
    if not quantity:
        whole = f"-{line.quantity.removeprefix('-')}"
        return replace(back, quantity=whole, amount_fen=off - abs(line.amount_fen))
    back = replace(back, quantity=f"-{quantity}")
    return replace(back, amount_fen=priced(back) + off)
