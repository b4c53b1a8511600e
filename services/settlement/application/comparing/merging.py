"""Merging cells of a grid into few rows (合并情形): cells with one outcome become one row.

A grid has axes, each with values 0, 1, 2 …; a cell is one value of each axis. Cells that cannot
happen are simply not given. The rows never overlap and cover every cell.
"""

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

Outcome = TypeVar("Outcome")
Cell = tuple[int, ...]

_FEW_CELLS = 24
"""Up to so many cells every order of axes is tried; above it the most telling axis comes first."""


class Block(NamedTuple, Generic[Outcome]):
    """Cells with one outcome (一块): by axis, the values it covers; other axes do not matter."""

    limits: dict[int, frozenset[int]]
    outcome: Outcome


def merged(cells: Mapping[Cell, Outcome]) -> list[Block[Outcome]]:
    """Few blocks that cover the cells, in the order of the axes."""
    if not cells:
        return []
    width = len(next(iter(cells)))
    return _blocks(dict(cells), tuple(range(width)))


class _Slice(NamedTuple, Generic[Outcome]):
    """Values of one axis that make no difference, and the cells they leave."""

    values: frozenset[int]
    rest: dict[Cell, Outcome]


def _blocks(cells: dict[Cell, Outcome], axes: tuple[int, ...]) -> list[Block[Outcome]]:
    outcomes = iter(cells.values())
    first = next(outcomes)
    if all(outcome == first for outcome in outcomes):
        return [Block({}, first)]
    sliced: list[tuple[int, list[_Slice[Outcome]]]] = []
    for at in range(len(axes)):
        slices = _slices(cells, at)
        if len(slices) == 1:
            return _blocks(slices[0].rest, _without(axes, at))
        sliced.append((at, slices))
    if len(cells) > _FEW_CELLS:
        at, slices = min(sliced, key=lambda one: (len(one[1]), one[0]))
        return _joined(slices, axes, at)
    tried = [_joined(slices, axes, at) for at, slices in sliced]
    return min(tried, key=lambda blocks: (len(blocks), sum(len(b.limits) for b in blocks)))


def _joined(slices: list[_Slice[Outcome]], axes: tuple[int, ...], at: int) -> list[Block[Outcome]]:
    rest = _without(axes, at)
    return [
        Block({axes[at]: values, **block.limits}, block.outcome)
        for values, cells in slices
        for block in _blocks(cells, rest)
    ]


def _slices(cells: dict[Cell, Outcome], at: int) -> list[_Slice[Outcome]]:
    """The values of one axis, those that agree wherever both can happen together."""
    by_value: dict[int, dict[Cell, Outcome]] = {}
    for cell, outcome in cells.items():
        by_value.setdefault(cell[at], {})[cell[:at] + cell[at + 1 :]] = outcome
    found: list[_Slice[Outcome]] = []
    for value, rest in sorted(by_value.items()):
        for index, known in enumerate(found):
            if _agree(known.rest, rest):
                found[index] = _Slice(known.values | {value}, {**known.rest, **rest})
                break
        else:
            found.append(_Slice(frozenset({value}), rest))
    return found


def _agree(one: dict[Cell, Outcome], other: dict[Cell, Outcome]) -> bool:
    fewer, more = sorted((one, other), key=len)
    return all(more.get(cell, outcome) == outcome for cell, outcome in fewer.items())


def _without(axes: tuple[int, ...], at: int) -> tuple[int, ...]:
    return axes[:at] + axes[at + 1 :]
