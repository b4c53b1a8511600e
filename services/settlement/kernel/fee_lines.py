"""What a bill's parts are, derived from its lines (由明细推出各分项): exact, rounded once a part.

Of each line in fen:

- class C (丙类): all of it is out of the catalogue (fulamt_ownpay_amt);
- over the limit (overlmt_amt) = amount - limit x quantity, where that is above zero; the product
  is rounded half-up to the fen, as hospitals round a price times a quantity;
- first self-pay (preselfpay_amt) = share x (amount - over the limit), rounded half-up to the fen;
- in scope (inscp_scp_amt) = what is left, so that the four always add up to the amount.

Where something was given back (冲账), the parts are those of what is left of the line: the giving
back takes the difference, so that nothing is rounded twice and a line given back in full leaves
nothing.
"""

from collections.abc import Iterable
from typing import NamedTuple

from contracts.vocabulary import CatalogueClass
from settlement.law.bill import Charges
from settlement.law.fee_lines import QUANTITY_DIGITS, YUAN_DIGITS, FeeLine

_FEN_A_PRODUCT = 10 ** (QUANTITY_DIGITS + YUAN_DIGITS - 2)
"""A price times a quantity counts in parts of a fen: so many make one."""


class LineLeft(NamedTuple):
    """What is left of a line (明细余额): its quantity in ten-thousandths and its amount in fen."""

    line: FeeLine
    quantity_exact: int
    amount_fen: int


class LineParts(NamedTuple):
    """The parts of a line (明细分项), in fen; they add up to its amount."""

    in_scope_fen: int
    first_self_pay_fen: int
    over_limit_fen: int
    out_of_catalog_fen: int


def whole_line(line: FeeLine) -> LineLeft:
    """A line of which nothing was given back. Raises FeeLineFaulty."""
    return LineLeft(line, line.quantity_exact, line.amount_fen)


def parts_of(left: LineLeft) -> LineParts:
    """The parts of what is left of a line. Raises FeeLineFaulty."""
    line, amount_fen = left.line, left.amount_fen
    if line.catalogue_class is CatalogueClass.C:
        return LineParts(0, 0, 0, out_of_catalog_fen=amount_fen)
    over_fen = _over_limit(left)
    share = line.share
    first_fen = _half_up(share.units * (amount_fen - over_fen), int(10**share.digits))
    return LineParts(amount_fen - over_fen - first_fen, first_fen, over_fen, 0)


def parts_moved(before: LineLeft | None, after: LineLeft | None) -> LineParts:
    """What the parts of a line changed by, from one state of it to another."""
    old = parts_of(before) if before else LineParts(0, 0, 0, 0)
    new = parts_of(after) if after else LineParts(0, 0, 0, 0)
    return LineParts(*(later - earlier for earlier, later in zip(old, new, strict=True)))


def require_price_times_quantity(line: FeeLine) -> None:
    """The amount is price x quantity, within one fen: hospitals round a line once, and no source
    says how (half-up, down, or by pack). Raises FeeLineFaulty."""
    product = line.unit_price_exact * line.quantity_exact
    if abs(line.amount_fen * _FEN_A_PRODUCT - product) > _FEN_A_PRODUCT:
        is_negative = product < 0
        fen = _half_up(abs(product), _FEN_A_PRODUCT)
        raise line.faulty(
            f"金额 {line.amount_fen} 分与单价 {line.unit_price_yuan} 元 × 数量 {line.quantity}"
            f"（{-fen if is_negative else fen} 分）相差超过 1 分"
        )


def charges_of(moves: Iterable[tuple[LineLeft | None, LineLeft | None]]) -> Charges:
    """The amounts of a bill from what its lines are, or of a batch from what it moved each line
    from and to; of a batch that gives back more than it charges they are negative."""
    in_scope = first = over = outside = 0
    classes, items = dict.fromkeys(CatalogueClass, 0), dict[str, int]()
    for before, after in moves:
        named = after or before
        if named is None:
            continue
        moved = parts_moved(before, after)
        in_scope += moved.in_scope_fen
        first += moved.first_self_pay_fen
        over += moved.over_limit_fen
        outside += moved.out_of_catalog_fen
        classes[named.line.catalogue_class] += sum(moved)
        if named.line.item_class is not None:
            items.setdefault(named.line.item_class, 0)
            items[named.line.item_class] += moved.in_scope_fen
    return Charges(
        total_fen=in_scope + first + over + outside,
        in_scope_fen=in_scope,
        first_self_pay_fen=first,
        over_limit_fen=over,
        out_of_catalog_fen=outside,
        class_a_fen=classes[CatalogueClass.A],
        class_b_fen=classes[CatalogueClass.B],
        class_c_fen=classes[CatalogueClass.C],
        item_classes_fen=dict(sorted(items.items())),
    )


def _over_limit(left: LineLeft) -> int:
    limit = left.line.price_limit_exact
    if limit is None:
        return 0
    within_fen = _half_up(limit * left.quantity_exact, _FEN_A_PRODUCT)
    return max(0, left.amount_fen - within_fen)


def _half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator, rounded half-up; neither is negative."""
    return (2 * numerator + denominator) // (2 * denominator)
