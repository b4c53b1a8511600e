"""Fees as the model keeps them (费用): plain sums of lines in fractions, nothing from the product
but the shape of a line."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

from contracts.vocabulary import CatalogueClass
from settlement.law.fee_lines import FeeLine

Amounts = dict[str, int]
"""What a bill states, in fen, by the names that policies use."""

FULL = frozenset(
    {
        *("total", "in_scope", "first_self_pay", "over_limit", "out_of_catalog"),
        *("class_a", "class_b", "class_c"),
    }
)
"""What lines always state."""


@dataclass(frozen=True)
class Batch:
    """A batch that stands: of amounts, or of lines."""

    amounts: Amounts = field(default_factory=dict)
    lines: tuple[FeeLine, ...] = ()

    @property
    def states(self) -> frozenset[str]:
        """Which amounts it states."""
        return FULL if self.lines else frozenset(self.amounts)


Batches = dict[str, Batch]


def total_of(batches: Batches) -> Amounts | None:
    """What stands, added up; None where nothing does."""
    if not batches:
        return None
    total: Counter[str] = Counter(dict.fromkeys(next(iter(batches.values())).states, 0))
    for batch in batches.values():
        for name, fen in batch.amounts.items():
            total[name] += fen
    for line, quantity, amount in _left(lines_of(batches)).values():
        for name, fen in _parts(line, quantity, amount).items():
            total[name] += fen
    return dict(total)


def lines_of(batches: Batches) -> list[FeeLine]:
    """Every line that stands."""
    return [line for batch in batches.values() for line in batch.lines]


def _left(lines: Iterable[FeeLine]) -> dict[str, tuple[FeeLine, Fraction, int]]:
    """What is left of each line that charges: its quantity and its amount in fen."""
    standing = list(lines)
    left = {x.number: (x, Fraction(x.quantity), x.amount_fen) for x in standing if not x.gives_back}
    for line in standing:
        if line.gives_back:
            original, quantity, amount = left[line.gives_back]
            left[line.gives_back] = (
                original,
                quantity + Fraction(line.quantity),
                amount + line.amount_fen,
            )
    return left


def _parts(line: FeeLine, quantity: Fraction, amount: int) -> Amounts:
    """What a line adds to each amount, in fen; the four parts add up to it."""
    parts = dict.fromkeys(FULL, 0) | {"total": amount}
    if line.catalogue_class is CatalogueClass.C:
        return parts | {"out_of_catalog": amount, "class_c": amount}
    over = 0
    if line.price_limit_yuan is not None:
        over = max(0, amount - _half_up(Fraction(line.price_limit_yuan) * quantity * 100))
    first = _half_up(Fraction(line.self_pay_share or "0") * (amount - over))
    own = "class_a" if line.catalogue_class is CatalogueClass.A else "class_b"
    return parts | {
        "in_scope": amount - over - first,
        "first_self_pay": first,
        "over_limit": over,
        own: amount,
    }


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


# --- what is refused: the names of all reasons that are known at once --------------------------


def why_not_batch(
    kept: Batches, used: set[str], number: str, batch: Batch, stated: Mapping[str, int]
) -> set[str]:
    """Why a batch is not recorded; `stated` is what the hospital states of lines."""
    why = {"FeeBatchRepeated"} if number in used else set[str]()
    if batch.lines:
        faulty = _why_not_lines(lines_of(kept), batch.lines)
        why |= faulty
        if not faulty and stated and dict(stated) != _added_by(kept, number, batch, stated):
            why.add("FeeLineDiffers")
    elif not adds_up(batch.amounts):
        why.add("BillDoesNotAddUp")
    if any(other.states != batch.states for other in kept.values()):
        why.add("BillDoesNotAddUp")
    return why


def _added_by(kept: Batches, number: str, batch: Batch, names: Iterable[str]) -> Amounts:
    of_lines = {other: each for other, each in kept.items() if each.lines}
    before = total_of(of_lines) or {}
    after = total_of({**of_lines, f"new {number}": batch}) or {}
    return {name: after[name] - before.get(name, 0) for name in names}


def added_by(kept: Batches, batch: Batch) -> int | None:
    """What lines add to the total, in fen; None where they are refused."""
    if _why_not_lines(lines_of(kept), batch.lines):
        return None
    return _added_by(kept, "", batch, ["total"])["total"]


def adds_up(amounts: Amounts) -> bool:
    """Whether amounts that a hospital states fit together; what it does not state is unknown."""
    if any(fen < 0 for fen in amounts.values()):
        return False
    names = ("in_scope", "first_self_pay", "over_limit", "out_of_catalog")
    stated = sum(amounts.get(name, 0) for name in names)
    if frozenset(amounts) != FULL:
        return stated <= amounts["total"]
    classes = sum(amounts[name] for name in ("class_a", "class_b", "class_c"))
    return stated == classes == amounts["total"] and amounts["class_c"] == amounts["out_of_catalog"]


def _why_not_lines(standing: list[FeeLine], lines: Iterable[FeeLine]) -> set[str]:
    """Why lines are not recorded: the first one that is wrong says it."""
    numbers = {line.number for line in standing}
    so_far = list(standing)
    for line in lines:
        if line.number in numbers:
            return {"FeeLineRepeated"}
        numbers.add(line.number)
        if why := _why_not_line(_left(so_far), line):
            return why
        so_far.append(line)
    return set()


def _why_not_line(left: dict[str, tuple[FeeLine, Fraction, int]], line: FeeLine) -> set[str]:
    if not line.gives_back:
        return set() if is_price_times_quantity(line) else {"FeeLineFaulty"}
    if line.gives_back not in left:
        return {"FeeLineUnknown"}
    original, quantity, amount = left[line.gives_back]
    same = replace(
        original,
        number=line.number,
        quantity=line.quantity,
        amount_fen=line.amount_fen,
        gives_back=line.gives_back,
    )
    if line != same:
        return {"FeeLineFaulty"}
    quantity_left, amount_left = quantity + Fraction(line.quantity), amount + line.amount_fen
    if quantity_left < 0 or amount_left < 0:
        return {"GivenBackTooMuch"}
    if quantity_left == 0:
        return {"FeeLineFaulty"} if amount_left else set()
    return set() if is_price_times_quantity(line) else {"FeeLineFaulty"}


def is_price_times_quantity(line: FeeLine) -> bool:
    """Within a fen."""
    exact = Fraction(line.unit_price_yuan) * Fraction(line.quantity) * 100
    return abs(line.amount_fen - exact) <= 1


def why_not_without(gone: Iterable[str], *, among: Iterable[FeeLine]) -> set[str]:
    """Why lines with these numbers may not go or change: another gives some of one back."""
    numbers = set(gone)
    return {"FeeLineGivenBack"} if any(x.gives_back in numbers for x in among) else set()


def why_not_corrected(kept: Batches, line: FeeLine) -> set[str]:
    """Why a line is not to read so."""
    standing = next((x for x in lines_of(kept) if x.number == line.number), None)
    if standing is None:
        return {"FeeLineUnknown"}
    why = why_not_without([line.number], among=lines_of(kept))
    if standing.gives_back or line.gives_back:
        why.add("FeeLineGivenBack")
    if standing == line:
        why.add("NothingChanged")
    if not is_price_times_quantity(line):
        why.add("FeeLineFaulty")
    return why


def with_line(kept: Batches, number: str, line: FeeLine | None) -> Batches:
    """The batches where a line reads so, or is gone; a batch without lines is gone with it."""
    found: Batches = {}
    for name, batch in kept.items():
        if all(x.number != number for x in batch.lines):
            found[name] = batch
            continue
        lines = [line if x.number == number else x for x in batch.lines]
        if left := tuple(x for x in lines if x is not None):
            found[name] = Batch(lines=left)
    return found
