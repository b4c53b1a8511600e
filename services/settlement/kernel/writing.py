"""Writing a policy's structure as one small function (编译): plain Python an auditor can read.

The function knows no number of the policy: numbers come in as integers, resolved for the stay.
The same text runs as ordinary Python for one bill and compiled by numba over columns, so there is
one arithmetic. Policies that differ only in numbers share the function.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from settlement.kernel.names import (
    PATIENT,
    UnknownName,
    amount_argument,
    bill_amounts_of,
    is_bill_amount,
    sum_variable,
    summed_names,
)
from settlement.kernel.shape import ELSEWHERE_REFUSED, Shape, counter_variable
from settlement.kernel.writing_layers import LayerWriter, expression_text
from settlement.kernel.writing_text import Text
from settlement.law.policy import Layer, LayerKind, Policy

__all__ = ["Shape", "write_policy"]

_ASSIGNED = re.compile(r" *(\w+) (?:-)?= ")
_OF_ALL = frozenset({"refused", "exact", "rest"})
"""Variables that every layer may set."""


def write_policy(policy: Policy) -> Shape:
    """The function of a policy.

    Raises UnknownName when an expression names nothing or two names become one variable.
    """
    counters = _counters(policy)
    named = [name for layer in policy.layers for name in bill_amounts_of(layer)]
    named += [name for name in summed_names(policy) if is_bill_amount(name)]
    amounts = tuple(dict.fromkeys(["total", *named]))
    elsewhere = tuple(x.id for x in policy.layers if x.elsewhere)
    text = _write_body(policy, elsewhere)
    moved = tuple(map(counter_variable, counters))
    outputs = (*text.outputs, *moved, PATIENT, "refused")
    text.line(f"return ({', '.join(outputs)},)")
    shape = Shape(
        source="",
        amounts=amounts,
        counters=counters,
        elsewhere=elsewhere,
        conditions=tuple(x.id for x in policy.layers if not x.condition.is_always),
        numbers=tuple(text.slots),
        outputs=outputs,
        keyed=_keyed(policy),
    )
    _require_distinct([*outputs, *(a for a in shape.arguments if a not in moved)])
    head = "def settle_stay(\n" + "".join(f"    {a},\n" for a in shape.arguments) + "):\n"
    body = "".join(f"    {line}\n" if line else "\n" for line in text.lines)
    return replace(shape, source=head + body)


def _write_body(policy: Policy, elsewhere: tuple[str, ...]) -> Text:
    text = Text()
    text.line("left = bill_total")
    text.line("refused = -1")
    written = dict.fromkeys(map(counter_variable, _counters(policy)), "")
    for at, layer in enumerate(policy.layers):
        text.line("")
        text.line(f"# {' '.join(layer.name.split())}")
        earlier = policy.layers[:at]
        begins = len(text.lines)
        if layer.elsewhere:
            _write_elsewhere(text, policy, layer, earlier, elsewhere.index(layer.id))
        else:
            LayerWriter(text, layer, earlier, policy.layers).write()
        _require_own(text.lines[begins:], layer, written)
        if layer.pays_bill:
            text.line(f"left -= {layer.id}_paid")
    own = [f"{x.id}_paid" for x in policy.layers if x.kind is LayerKind.PATIENT]
    text.line("")
    text.line(f"{PATIENT} = {' + '.join(['left', *own])}")
    for name in summed_names(policy):
        text.line(f"{sum_variable(name)} += {_summed(name)}")
    return text


def _counters(policy: Policy) -> tuple[str, ...]:
    own = [name for layer in policy.layers for name in layer.counters]
    return tuple(dict.fromkeys([*own, *policy.sum_counters]))


def _require_own(lines: list[str], layer: Layer, written: dict[str, str]) -> None:
    """What a layer writes, no other layer writes; totals of the year are only added to.

    Names become variables, and two names must never meet in one. Raises UnknownName.
    """
    matches = filter(None, map(_ASSIGNED.match, lines))
    found = [name for match in matches if (name := match[1]) not in _OF_ALL]
    for name in found:
        if written.get(name, layer.id) != layer.id:
            raise UnknownName(f"两个名称写成了同一个变量 {name}；请改动层、分项或计数器的 id")
    written |= dict.fromkeys(found, layer.id)


def _summed(name: str) -> str:
    if name == PATIENT:
        return PATIENT
    return amount_argument(name) if is_bill_amount(name) else f"{name}_paid"


def _keyed(policy: Policy) -> tuple[tuple[str, str], ...]:
    kept = [c for layer in policy.layers for c in layer.counters_kept]
    return tuple(dict.fromkeys((c.name, c.key_fact) for c in kept if c.key_fact))


def _write_elsewhere(
    text: Text, policy: Policy, layer: Layer, earlier: tuple[Layer, ...], index: int
) -> None:
    assert layer.elsewhere  # noqa: S101 - the caller has looked
    paid = f"{layer.id}_paid"
    text.line(f"{paid} = {layer.id}_elsewhere")
    if not layer.condition.is_always:
        text.line(f"{paid} = {paid} * {layer.id}_applies")
    limit = expression_text(layer.elsewhere.at_most, earlier, all_layers=policy.layers)
    most = f"max(0, {limit})"
    if layer.pays_bill:
        most = f"min(left, {most})"
    with text.block(f"if {paid} > {most}:"):
        with text.block("if refused < 0:"):
            # Numbered after all numbers, which are not all known yet while writing.
            text.line(f"refused = {ELSEWHERE_REFUSED + index}")
        text.line(f"{paid} = 0")
    for name in layer.counts_toward or ():
        text.line(f"{counter_variable(name)} += {paid}")
    text.outputs.append(paid)


def _require_distinct(variables: Iterable[str]) -> None:
    for name, times in Counter(variables).items():
        if times > 1:
            raise UnknownName(f"两个名称写成了同一个变量 {name}；请改动层、分项或计数器的 id")
