"""How the oracle finds a number (对照算法查表): rows, parameters, adjustments, as Fractions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.support.oracle_facts import View, holds, number_of

_INFINITE = Fraction(10**30)
_QUANTA = {"fen": 1, "分": 1, "jiao": 10, "角": 10, "yuan": 100, "元": 100}
_UNLIMITED = ("unlimited", "不设限")


@dataclass(frozen=True)
class Weighed:
    """A number in fen, as a share or as a count; None where nobody knows it.

    `doubtful`: something it rests on is not stated. `parameters`: those it is made of of which the
    same is true.
    """

    value: Fraction | None
    doubtful: bool = False
    parameters: frozenset[str] = frozenset()

    def __add__(self, other: "Weighed") -> "Weighed":
        """This value, resting on what the other rests on as well."""
        doubtful, names = self.doubtful or other.doubtful, self.parameters | other.parameters
        return Weighed(self.value, doubtful, names)

    def standing_at(self, value: Fraction | None) -> "Weighed":
        return Weighed(value, self.doubtful, self.parameters)


def status(node: Any, outer: str) -> str:
    """The status written here, or that of what it stands in."""
    return str(node.get("status") or outer) if isinstance(node, dict) else outer


def status_inside(around: Iterable[Any], outer: str) -> str:
    """The status that what stands in all of these, from the outside in, inherits."""
    for node in around:
        outer = status(node, outer)
    return outer


def weigh(node: Any, unit: str, outer: str, view: View) -> Weighed:
    """The number that these facts choose, adjusted and held; `outer` is the status around it.

    `unit` is `yuan`, `share` or `count`. Raises Refused for a fact nobody stated.
    """
    row, whole = _row(node, view.facts), status(node, outer)
    found = _plain(row, unit, status(row, whole), view)
    if found.value in (None, _INFINITE) or not isinstance(node, dict):
        return found
    for change in node.get("adjust") or []:
        if holds(change, view.facts):
            found = _adjusted(found, change, unit, whole, view)
    for key, keeps in (("at_least", max), ("at_most", min)):
        if node.get(key):
            held = _held(found, weigh(node[key], unit, whole, view), keeps)
            found = held
    return found


def _held(found: Weighed, limit: Weighed, keeps: Callable[..., Fraction]) -> Weighed:
    if found.value is None or limit.value is None:
        return limit.standing_at(None)
    kept = keeps(found.value, limit.value)
    return found if kept == found.value else (found + limit).standing_at(kept)


def rows_of(node: Any) -> list[Any]:
    """The rows of a number; one without a table is a single row."""
    if not isinstance(node, dict) or "choose" not in node:
        return [node]
    return node["choose"] if isinstance(node["choose"], list) else [node["choose"]]


def _row(node: Any, facts: Mapping[str, Any]) -> Any:
    """The first row that applies; a number without rows is its own."""
    if not isinstance(node, dict) or "choose" not in node:
        return node
    row: Any = next((r for r in rows_of(node) if "otherwise" in r or holds(r, facts)), {})
    return row.get("otherwise", row)


def _plain(row: Any, unit: str, said: str, view: View) -> Weighed:
    """What stands in a row: a value, or a parameter with what it is multiplied by."""
    doubtful = said != "stated"
    if isinstance(row, dict) and "of" in row:
        return _of_parameter(row, said, view) + Weighed(None, doubtful)
    text = row.get("value") if isinstance(row, dict) else row
    if text is None:
        return Weighed(None, doubtful)
    return Weighed(_INFINITE if text in _UNLIMITED else _read(text, unit), doubtful)


def _of_parameter(row: Mapping[str, Any], said: str, view: View) -> Weighed:
    name = str(row["of"])
    node = view.parameters[name]
    unit, key = ("yuan", "amount") if "amount" in node else ("share", "ratio")
    found = weigh(node[key], unit, status(node, view.status), view)
    itself = frozenset({name}) if found.doubtful else frozenset()
    used = Weighed(found.value, False, found.parameters | itself)
    if found.value is None:
        return used
    product = found.value * (_read(row["times"], "share") if "times" in row else 1)
    if "rounding" not in row:
        return used.standing_at(product)
    rounded = rounding_of(row["rounding"])(product)
    doubt = rounded != product and status(row["rounding"], said) != "stated"
    return (used + Weighed(None, doubt)).standing_at(Fraction(rounded))


def _read(text: str, unit: str) -> Fraction:
    if unit == "share":
        return Fraction(text.removesuffix("%")) / 100
    return Fraction(text) * (100 if unit == "yuan" else 1)


def _adjusted(
    found: Weighed, change: Mapping[str, Any], unit: str, outer: str, view: View
) -> Weighed:
    if found.value is None:
        return found
    value, times = found.value, _times(change, view)
    if "plus" in change:
        value += _read(change["plus"], unit) * times
    elif "minus" in change:
        value -= _read(change["minus"], unit) * times
    elif "on_rest" in change:
        value += (1 - value) * _read(change["on_rest"], "share")
    else:
        value *= _read(change["times"], "share")
    doubt = Weighed(None, status(change, outer) != "stated")
    return (found + doubt).standing_at(max(Fraction(0), value))


def _times(change: Mapping[str, Any], view: View) -> int:
    """How often an addition is made: once, or for each year, day, … beyond."""
    if "for_each" not in change:
        return 1
    counted = max(0, number_of(change["for_each"], view.facts) - int(change.get("beyond", 0)))
    return min(counted, int(change.get("at_most", counted)))


def rounding_of(node: Mapping[str, Any]) -> Callable[[Fraction], int]:
    """How an amount in fen is rounded: `mode`, to a multiple of `to`."""
    quantum, mode = _QUANTA[node["to"]], node["mode"]

    def rounded(amount: Fraction) -> int:
        steps = amount / quantum
        if mode == "down":
            return floor(steps) * quantum
        if mode == "up":
            return ceil(steps) * quantum
        if mode == "half_up":
            return floor(steps + Fraction(1, 2)) * quantum
        return round(steps) * quantum  # Fractions round half to even

    return rounded
