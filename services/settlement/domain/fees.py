"""The fees of a stay (住院费用): the batches that stand, what is left of their lines, the total.

A batch states amounts, or lines from which its amounts follow. What is deleted or replaced no
longer stands; its number is not used again. Methods that begin with `decide` may refuse, the
others never do: they serve the events.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from settlement.domain.fee_refusals import (
    FeeBatchUnknown,
    FeeLineDiffers,
    FeeLineGivenBack,
    FeeLineRepeated,
    FeeLineUnknown,
    GivenBackTooMuch,
)
from settlement.domain.stay_refusals import FeeBatchRepeated, NothingChanged
from settlement.kernel.fee_lines import (
    LineLeft,
    LineParts,
    charges_of,
    parts_moved,
    require_price_times_quantity,
    whole_line,
)
from settlement.law.bill import BillDoesNotAddUp, Charges, amount_label
from settlement.law.fee_lines import FeeLine

Move = tuple[LineLeft | None, LineLeft]
"""What a new line does: what was left of a line before it, and what is after it."""


@dataclass(frozen=True)
class LineStated:
    """What the hospital states of the parts of a line (医院申报的分项), in fen; None: nothing."""

    line_number: str
    in_scope_fen: int | None = None
    first_self_pay_fen: int | None = None
    over_limit_fen: int | None = None
    out_of_catalog_fen: int | None = None


@dataclass(frozen=True)
class FeeBatch:
    """A batch that stands (费用批次); `charges` as they were recorded."""

    number: str
    charges: Charges
    lines: tuple[FeeLine, ...] = ()


@dataclass(frozen=True)
class Fees:
    """All of a stay's fees (住院费用); `charges` is None where no batch stands."""

    batches: tuple[FeeBatch, ...] = ()
    charges: Charges | None = None
    numbers_used: tuple[str, ...] = ()

    # --- what events change -------------------------------------------------------------------

    def with_batch(self, batch: FeeBatch, *, charges: Charges) -> "Fees":
        """One more batch."""
        return Fees((*self.batches, batch), charges, (*self.numbers_used, batch.number))

    def without_batch(self, number: str, *, charges: Charges | None) -> "Fees":
        """The batch no longer stands; its number stays used."""
        left = tuple(b for b in self.batches if b.number != number)
        return replace(self, batches=left, charges=charges)

    def with_line(self, line: FeeLine, *, charges: Charges | None) -> "Fees":
        """A line reads otherwise, in its place."""
        return self._with_lines(line.number, (line,), charges)

    def without_line(self, number: str, *, charges: Charges | None) -> "Fees":
        """The line no longer stands, nor does a batch without lines."""
        return self._with_lines(number, (), charges)

    def _with_lines(
        self, number: str, lines: tuple[FeeLine, ...], charges: Charges | None
    ) -> "Fees":
        batches = []
        for batch in self.batches:
            at = next((at for at, x in enumerate(batch.lines) if x.number == number), None)
            if at is None:
                batches.append(batch)
                continue
            kept = (*batch.lines[:at], *lines, *batch.lines[at + 1 :])
            batches += [replace(batch, lines=kept)] if kept else []
        return replace(self, batches=tuple(batches), charges=charges)

    # --- decisions ----------------------------------------------------------------------------

    def decide_batch(
        self,
        number: str,
        *,
        charges: Charges | None,
        lines: tuple[FeeLine, ...],
        stated: tuple[LineStated, ...] = (),
    ) -> FeeBatch:
        """A new batch, of amounts or of lines; with lines, amounts are only held against them.

        Raises FeeBatchRepeated, FeeLineFaulty, FeeLineRepeated, FeeLineUnknown, GivenBackTooMuch,
        FeeLineDiffers, BillDoesNotAddUp, BillTooLarge.
        """
        if number in self.numbers_used:
            raise FeeBatchRepeated(f"费用批次 {number} 已经记过；补记费用请用新的批次号")
        if not lines:
            if charges is None:
                raise BillDoesNotAddUp(f"费用批次 {number} 既没有金额，也没有明细")
            charges.check()
            derived = charges
        else:
            derived = self._derived(lines, stated)
            if charges is not None:
                _require_batch_as_stated(number, stated=charges, derived=derived)
        (self.charges.plus(derived) if self.charges else derived).check()
        return FeeBatch(number, derived, lines)

    def decide_without_batch(self, number: str) -> Charges | None:
        """The total without a batch. Raises FeeBatchUnknown, FeeLineGivenBack."""
        batch = next((b for b in self.batches if b.number == number), None)
        if batch is None:
            raise FeeBatchUnknown(f"没有费用批次 {number}，或已删除；请核对批次号")
        others = tuple(b for b in self.batches if b.number != number)
        _require_not_given_back({line.number for line in batch.lines}, others)
        return total_of(others)

    def decide_line(
        self, line: FeeLine, stated: tuple[LineStated, ...] = ()
    ) -> tuple[FeeLine, Charges | None]:
        """The line as it stands, and the total where it reads otherwise.

        Raises FeeLineUnknown, FeeLineGivenBack, FeeLineFaulty, FeeLineDiffers, NothingChanged,
        BillDoesNotAddUp, BillTooLarge.
        """
        standing = self._standing(line.number)
        if standing.gives_back is not None or line.gives_back is not None:
            raise FeeLineGivenBack(f"费用明细 {line.number} 是冲账行；请删除后重新上传，不能更正")
        if standing == line:
            raise NothingChanged(f"费用明细 {line.number} 与已记的相同，没有可更正的内容")
        _require_not_given_back({line.number}, self.batches)
        line.check()
        require_price_times_quantity(line)
        for one in stated:
            _require_line_as_stated(one, parts_moved(None, whole_line(line)))
        charges = total_of(self.with_line(line, charges=None).batches)
        if charges:
            charges.check()
        return standing, charges

    def decide_without_line(self, number: str) -> tuple[FeeLine, Charges | None]:
        """The line as it stands, and the total without it.

        Raises FeeLineUnknown, FeeLineGivenBack.
        """
        standing = self._standing(number)
        _require_not_given_back({number}, self.batches)
        return standing, total_of(self.without_line(number, charges=None).batches)

    def _standing(self, number: str) -> FeeLine:
        for batch in self.batches:
            for line in batch.lines:
                if line.number == number:
                    return line
        raise FeeLineUnknown(f"没有费用明细 {number}，或已删除；请核对明细号")

    def _derived(self, lines: tuple[FeeLine, ...], stated: tuple[LineStated, ...]) -> Charges:
        of_items = {line.item_class is None for line in lines}
        if len(of_items) > 1:
            raise BillDoesNotAddUp("同一批明细要么每行都写项目类别，要么都不写")
        numbers = {line.number for batch in self.batches for line in batch.lines}
        left, moves = lines_left(self.batches), dict[str, Move]()
        for line in lines:
            if line.number in numbers:
                raise FeeLineRepeated(f"费用明细号 {line.number} 已经用过；每行请用不同的明细号")
            numbers.add(line.number)
            moves[line.number] = move = _decide_move(line, left)
            left[move[1].line.number] = move[1]
        for one in stated:
            if one.line_number in moves:
                _require_line_as_stated(one, parts_moved(*moves[one.line_number]))
        return charges_of(moves.values())


def lines_left(batches: Iterable[FeeBatch]) -> dict[str, LineLeft]:
    """What is left of each line that charges (明细余额), by its number."""
    standing = [line for batch in batches for line in batch.lines]
    left = {line.number: whole_line(line) for line in standing if line.gives_back is None}
    for line in standing:
        if line.gives_back is not None and (before := left.get(line.gives_back)):
            left[line.gives_back] = _less(before, line)
    return left


def total_of(batches: tuple[FeeBatch, ...]) -> Charges | None:
    """What batches come to: those of amounts as stated, those of lines from what is left of them.

    Raises BillDoesNotAddUp where they state different parts.
    """
    every = [batch.charges for batch in batches if not batch.lines]
    if any(batch.lines for batch in batches):
        every.append(charges_of((None, left) for left in lines_left(batches).values()))
    total: Charges | None = None
    for charges in every:
        total = total.plus(charges) if total else charges
    return total


def _decide_move(line: FeeLine, left: dict[str, LineLeft]) -> Move:
    line.check()
    if line.gives_back is None:
        require_price_times_quantity(line)
        return None, whole_line(line)
    before = left.get(line.gives_back)
    if before is None:
        raise FeeLineUnknown(
            f"费用明细 {line.number} 冲的是 {line.gives_back}，而现有费用中没有可冲的这一行；"
            "请核对原明细号"
        )
    _require_same_item(line, before.line)
    after = _less(before, line)
    if after.quantity_exact < 0 or after.amount_fen < 0:
        raise GivenBackTooMuch(
            f"费用明细 {line.number} 冲回 {line.quantity}、{line.amount_fen} 分，多于原明细 "
            f"{line.gives_back} 所余的 {before.amount_fen} 分；请按所余的数量与金额冲"
        )
    if after.quantity_exact:
        require_price_times_quantity(line)
    elif after.amount_fen:
        raise line.faulty(
            f"数量已全部冲完，金额应为 {-before.amount_fen} 分，而不是 {line.amount_fen} 分"
        )
    return before, after


def _less(before: LineLeft, line: FeeLine) -> LineLeft:
    """What is left of a line after another took back from it; that one's figures are negative."""
    return LineLeft(
        before.line,
        before.quantity_exact + line.quantity_exact,
        before.amount_fen + line.amount_fen,
    )


def _require_same_item(line: FeeLine, original: FeeLine) -> None:
    as_if = replace(
        original,
        number=line.number,
        quantity=line.quantity,
        amount_fen=line.amount_fen,
        gives_back=line.gives_back,
    )
    for field in fields(FeeLine):
        here, there = getattr(line, field.name), getattr(as_if, field.name)
        if here != there:
            raise line.faulty(
                f"冲账行的 {field.name} 为 {here}，与原明细 {original.number} 的 {there} 不同"
            )


def _require_not_given_back(numbers: set[str], batches: Iterable[FeeBatch]) -> None:
    for batch in batches:
        for line in batch.lines:
            if line.gives_back in numbers:
                raise FeeLineGivenBack(
                    f"费用明细 {line.gives_back} 已由 {line.number}（批次 {batch.number}）冲账；"
                    "请先删除冲账行"
                )


def _require_line_as_stated(stated: LineStated, moved: LineParts) -> None:
    for name, fen in moved._asdict().items():
        said = getattr(stated, name)
        if said is not None and said != fen:
            raise FeeLineDiffers(
                f"费用明细 {stated.line_number} 的{amount_label(name.removesuffix('_fen'))}"
                f"申报为 {said} 分，按明细算出为 {fen} 分；请核对目录等级、限价与自付比例"
            )


def _require_batch_as_stated(number: str, *, stated: Charges, derived: Charges) -> None:
    came_out = derived.amounts()
    for name, fen in stated.amounts().items():
        if came_out.get(name, 0) != fen:
            raise FeeLineDiffers(
                f"费用批次 {number} 的{amount_label(name)}申报为 {fen} 分，"
                f"按各行明细算出为 {came_out.get(name, 0)} 分；请核对"
            )
