"""Settling millions of claims at once (列式结算): the same function, compiled, over columns.

The text that settles one bill is compiled by numba as it stands, and a small loop written for its
shape walks the claims: group by group, keeping the year's counters in local variables. Everything
is int64; there is no float anywhere. numba is imported only when something is compiled.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from settlement.kernel.cascade import Cascade
from settlement.kernel.names import (
    amount_argument,
    bill_amounts_of,
    is_bill_amount,
    summed_names,
)
from settlement.kernel.resolving import can_be_missing
from settlement.kernel.settle import ElsewhereAmountMissing, ElsewhereAmountUnexpected
from settlement.kernel.shape import Shape, counter_variable
from settlement.law.bill import AmountNotStated
from settlement.law.facts import Facts

Integers: TypeAlias = NDArray[np.int64]


class ColumnsMalformed(ValueError):
    """Columns whose types, lengths, rows or groups do not fit together."""


@dataclass(frozen=True)
class Columns:
    """Claims as columns (列式费用单), n of them, in the order they are settled.

    `amounts` holds an array (n,) of fen for each amount of the bill, by name, and `elsewhere` one
    for each layer another system decides, by layer id (0 where the layer does not apply). `row`
    (n,) is each claim's row of `table`, the resolved numbers of `resolve_rows`. Claims of one
    person × benefit year stand together: group g is claims `group_starts[g]` up to
    `group_starts[g + 1]`, so that `group_starts` (groups + 1,) begins with 0 and ends with n.
    `opening` holds an array (groups,) of fen for each counter with a total from before, by name;
    absent counters begin at zero, and so do those that count each value of a fact apart. All
    arrays are int64.
    """

    amounts: Mapping[str, Integers]
    row: Integers
    table: Integers
    group_starts: Integers
    elsewhere: Mapping[str, Integers] = field(default_factory=dict)
    opening: Mapping[str, Integers] = field(default_factory=dict)


def resolve_rows(cascade: Cascade, facts: Sequence[Facts]) -> Integers:
    """The numbers of a policy for each set of facts: conditions as 0 or 1, then numbers, then for
    each counter that counts values apart which of them it is (-1: none).

    Shape (facts, conditions + numbers + keyed counters). Policies whose functions have the same
    text may share one table where they have no such counters. Raises FactNotStated.
    """
    shape = cascade.shape
    table = np.zeros((len(facts), _width(shape)), np.int64)
    keyed = [shape.counters.index(name) for name, _ in shape.keyed]
    known: list[dict[str, int]] = [{} for _ in keyed]
    plain = len(shape.conditions) + len(shape.numbers)
    for at, one in enumerate(facts):
        found = cascade.resolve(one)
        table[at, :plain] = found.arguments
        for column, counter in enumerate(keyed):
            name = found.names_of(one)[counter]
            values = known[column]
            table[at, plain + column] = values.setdefault(name, len(values)) if name else -1
    return table


def default_outputs(cascade: Cascade) -> tuple[str, ...]:
    """What each layer paid, the patient's share, and the refusal, as `Shape.outputs` names them."""
    return (*(f"{x.id}_paid" for x in cascade.policy.layers), "patient", "refused")


def settle_columns(
    cascade: Cascade, columns: Columns, *, outputs: Iterable[str] | None = None
) -> dict[str, Integers]:
    """Settle every claim; an array (n,) for each chosen output of `Shape.outputs`.

    A claim that refuses has its reason in `refused` (see Shape), zero in every amount, and leaves
    the year's counters as they were, just as a bill that is refused alone.
    Raises AmountNotStated, ElsewhereAmountMissing, ElsewhereAmountUnexpected, ColumnsMalformed.
    """
    shape = cascade.shape
    chosen = tuple(outputs) if outputs is not None else default_outputs(cascade)
    count = len(columns.row)
    _check_groups(shape, columns, count)
    bills = _bill_columns(cascade, columns, count)
    others = _elsewhere_columns(cascade, columns, count)
    opened = tuple(name for name in shape.counters if name in columns.opening)
    if any(name in columns.opening for name, _ in shape.keyed):
        raise ColumnsMalformed("分别累计的累计器不能带入年初累计额")
    groups = len(columns.group_starts) - 1
    opening = [_column(f"opening.{n}", columns.opening[n], groups) for n in opened]
    apart = [
        np.zeros(1 + max(0, _most_keys(shape, columns, at)), np.int64)
        for at in range(len(shape.keyed))
    ]
    results = [np.empty(count, np.int64) for _ in chosen]
    walk = compile_walk(
        shape.source, write_walk(shape, outputs=chosen, opened=opened), _refuses(shape)
    )
    walk(
        columns.group_starts,
        columns.table,
        columns.row,
        *bills,
        *others,
        *opening,
        *apart,
        *results,
    )
    return dict(zip(chosen, results, strict=True))


def write_walk(shape: Shape, *, outputs: Sequence[str], opened: Sequence[str]) -> str:
    """The loop over claims for one shape, as text: plain Python like the function it calls.

    Raises ColumnsMalformed for an output the shape does not have.
    """
    for name in outputs:
        if name not in shape.outputs:
            raise ColumnsMalformed(f"没有“{name}”这一项结果；可用：{'、'.join(shape.outputs)}")
    counters = [counter_variable(name) for name in shape.counters]
    apart = [counter_variable(name) for name, _ in shape.keyed]
    plain = [name for name in counters if name not in apart]
    bills = [amount_argument(name) for name in shape.amounts]
    others = [f"{layer}_elsewhere" for layer in shape.elsewhere]
    opening = [f"opening_{counter_variable(name)}" for name in opened]
    known = len(shape.conditions) + len(shape.numbers)
    arguments = [
        *(f"{name}[claim]" for name in bills),
        *counters,
        *(f"{name}[claim]" for name in others),
        *(f"table[at, {k}]" for k in range(known)),
    ]
    totals = [f"all_{name}" for name in apart]
    arrays = [*bills, *others, *opening, *totals, *(f"out_{name}" for name in outputs)]
    place = {name: at for at, name in enumerate(shape.outputs)}
    begin = [
        f"{name} = opening_{name}[group]" if f"opening_{name}" in opening else f"{name} = 0"
        for name in plain
    ]
    load: list[str] = []
    store: list[str] = []
    for at, name in enumerate(apart, start=known):
        begin.append(f"all_{name}[:] = 0")
        load += [
            f"key_{name} = table[at, {at}]",
            f"{name} = all_{name}[key_{name}] if key_{name} >= 0 else 0",
        ]
        store += [f"if key_{name} >= 0:", f"    all_{name}[key_{name}] = settled[{place[name]}]"]
    move = [*(f"{name} = settled[{place[name]}]" for name in plain), *store]
    keep = [f"out_{name}[claim] = settled[{place[name]}]" for name in outputs]
    refuse = [f"out_{name}[claim] = {_when_refused(name, counters, place)}" for name in outputs]
    return "\n".join(
        [
            f"def walk({', '.join(['group_starts', 'table', 'row', *arrays])}):",
            "    for group in range(group_starts.shape[0] - 1):",
            *(f"        {line}" for line in begin),
            "        first, end = group_starts[group], group_starts[group + 1]",
            "        for claim in range(unsigned(first), unsigned(end)):",
            "            at = unsigned(row[claim])",
            *(f"            {line}" for line in load),
            f"            settled = settle_stay({', '.join(arguments)})",
            f"            if MAY_REFUSE and settled[{place['refused']}] >= 0:",
            *(f"                {line}" for line in refuse),
            "                continue",
            *(f"            {line}" for line in (*move, *keep)),
            "",
        ]
    )


def _when_refused(name: str, counters: Sequence[str], place: Mapping[str, int]) -> str:
    if name == "refused":
        return f"settled[{place[name]}]"
    return name if name in counters else "0"


@lru_cache(maxsize=256)
def compile_walk(source: str, walk: str, may_refuse: bool) -> Callable[..., None]:  # noqa: FBT001 - hashable key of the cache
    """Both texts, compiled once for each pair of them."""
    from numba import njit  # noqa: PLC0415 - importing numba takes longer than settling a day's bills

    whole_times = njit(error_model="numpy", forceinline=True)(_whole_times)
    # Rows are known not to be negative: unsigned, they are not counted from the end.
    scope: dict[str, Any] = {
        "MAY_REFUSE": may_refuse,
        "unsigned": np.uint64,
        _whole_times.__name__: whole_times,
    }
    # Wrap-around and zero division cannot happen: checking a policy bounds every product, and
    # every divisor is a power of ten. `forceinline` lets unused outputs disappear.
    tree = ast.fix_missing_locations(_Unsigned().visit(ast.parse(source)))
    exec(compile(tree, "<policy>", "exec"), scope)  # noqa: S102 - our own writer's text, built from checked identifiers
    scope["settle_stay"] = njit(error_model="numpy", forceinline=True)(scope["settle_stay"])
    exec(compile(walk, "<walk>", "exec"), scope)  # noqa: S102 - text of the same making
    compiled: Callable[..., None] = njit(error_model="numpy", nogil=True)(scope["walk"])
    return compiled


def _width(shape: Shape) -> int:
    return len(shape.conditions) + len(shape.numbers) + len(shape.keyed)


def _most_keys(shape: Shape, columns: Columns, at: int) -> int:
    """The highest value of a fact that one of the keyed counters counts apart, in the table."""
    column = columns.table[:, len(shape.conditions) + len(shape.numbers) + at]
    return int(column.max()) if len(column) else 0


def _whole_times(amount: Any, divisor: Any) -> Any:
    """How often a divisor goes into an amount that is not negative: no sign to look at."""
    return np.int64(np.uint64(amount) // np.uint64(divisor))


class _Unsigned(ast.NodeTransformer):
    """Divides without signs: what the function rounds is never negative (it begins as a base held
    at zero, times shares that are not negative)."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """A floor division becomes a call that is compiled in place."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.FloorDiv):
            return node
        called = ast.Name(_whole_times.__name__, ast.Load())
        return ast.Call(func=called, args=[node.left, node.right], keywords=[])


def _refuses(shape: Shape) -> bool:
    return bool(shape.elsewhere) or any(can_be_missing(s.number) for s in shape.numbers)


def _column(name: str, column: Integers, count: int) -> Integers:
    if column.dtype != np.int64 or column.shape != (count,):
        raise ColumnsMalformed(
            f"列 {name} 应为 int64、长度 {count}，现为 {column.dtype}、{column.shape}"
        )
    return np.ascontiguousarray(column)


def _check_groups(shape: Shape, columns: Columns, count: int) -> None:
    _column("row", columns.row, count)
    width = _width(shape)
    table, starts = columns.table, columns.group_starts
    if table.dtype != np.int64 or table.ndim != 2 or table.shape[1] != width:  # noqa: PLR2004 - rows and columns
        raise ColumnsMalformed(
            f"参数表应为 int64、每行 {width} 列，现为 {table.dtype}、{table.shape}"
        )
    if count and not 0 <= int(columns.row.min()) <= int(columns.row.max()) < len(table):
        raise ColumnsMalformed(f"row 应指向参数表的 {len(table)} 行之一")
    if len(starts) == 0 or starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
        raise ColumnsMalformed(f"group_starts 应从 0 起、不减、到 {count} 止")
    _column("group_starts", starts, len(starts))


def _bill_columns(cascade: Cascade, columns: Columns, count: int) -> list[Integers]:
    nothing = np.zeros(count, np.int64)
    for layer in cascade.policy.layers:
        for name in bill_amounts_of(layer):
            if name not in columns.amounts and _applies(cascade, columns, layer.id).any():
                raise AmountNotStated(name, layer.name)
    for name in summed_names(cascade.policy):
        if is_bill_amount(name) and name not in columns.amounts:
            raise AmountNotStated(name, "本年累计")
    if "total" not in columns.amounts:
        raise ColumnsMalformed("缺少总费用 total")
    stated = {name: _column(name, c, count) for name, c in columns.amounts.items()}
    return [stated.get(name, nothing) for name in cascade.shape.amounts]


def _elsewhere_columns(cascade: Cascade, columns: Columns, count: int) -> list[Integers]:
    shape = cascade.shape
    for layer_id, column in columns.elsewhere.items():
        if layer_id not in shape.elsewhere:
            raise ElsewhereAmountUnexpected(layer_id)
        outside = _column(layer_id, column, count)[~_applies(cascade, columns, layer_id)]
        if outside.any():
            raise ElsewhereAmountUnexpected(layer_id)
    for layer_id in shape.elsewhere:
        decided = cascade.policy.layer(layer_id).elsewhere
        may_wait = decided and decided.may_come_later
        is_given = layer_id in columns.elsewhere or may_wait
        if not is_given and _applies(cascade, columns, layer_id).any():
            raise ElsewhereAmountMissing(cascade.policy.layer(layer_id))
    nothing = np.zeros(count, np.int64)
    return [
        np.ascontiguousarray(columns.elsewhere.get(layer_id, nothing))
        for layer_id in shape.elsewhere
    ]


def _applies(cascade: Cascade, columns: Columns, layer_id: str) -> NDArray[np.bool_]:
    """Whether a layer applies, claim by claim."""
    conditions = cascade.shape.conditions
    if layer_id not in conditions:
        return np.ones(len(columns.row), np.bool_)
    applies: NDArray[np.bool_] = columns.table[columns.row, conditions.index(layer_id)] == 1
    return applies
