"""Settling one bill (结算一张费用单): look-ups first, then the one function, then a result.

Refuses by name when the bill, the facts or the policy lack something the layers reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.kernel.cascade import Cascade
from settlement.kernel.names import amount_argument, bill_amounts_of
from settlement.kernel.resolving import ResolvedNumber, resolve_number
from settlement.kernel.writing import ELSEWHERE_REFUSED, counter_variable
from settlement.law.bill import AmountNotStated, Charges
from settlement.law.facts import Facts
from settlement.law.policy import BENEFIT_ADMISSIONS, Layer, Policy, numbers_of


class NumberMissing(Exception):
    """The settlement reaches a number nobody knows."""

    def __init__(self, policy: Policy, name: str, reason: str):
        """Name the number, the policy and why it is missing."""
        self.name = name
        super().__init__(f"政策“{policy.label}”缺少参数 {name}：{reason}；补全后再结算")


class ElsewhereAmountMissing(Exception):
    """A layer decided elsewhere came without its amount."""

    def __init__(self, layer: Layer):
        """Name the layer and who decides it."""
        decided_by = layer.elsewhere.decided_by if layer.elsewhere else ""
        super().__init__(
            f"“{layer.name}”（{layer.id}）由{decided_by}结算，请在 decided_elsewhere 中提供金额"
        )


class ElsewhereAmountTooLarge(Exception):
    """A layer decided elsewhere claims more than the rest of the bill allows."""

    def __init__(self, layer: Layer, amount_fen: int):
        """Name the layer, the amount and what it was checked against."""
        limit = layer.elsewhere.at_most if layer.elsewhere else ""
        super().__init__(
            f"“{layer.name}”（{layer.id}）传入 {amount_fen} 分，超过 {limit} 或尚未支付的费用"
        )


class ElsewhereAmountUnexpected(Exception):
    """An amount was given for a layer that this policy computes itself, or does not have."""

    def __init__(self, layer_id: str):
        """Name the layer."""
        super().__init__(f"政策中没有由外部结算的层“{layer_id}”，请去掉这个金额")


@dataclass(frozen=True)
class Inputs:
    """Everything a settlement is computed from (结算输入).

    `counters` are the person's yearly totals before the stay, in fen (and `admissions`, a count);
    absent ones are zero. `elsewhere` are amounts decided by other systems, by layer id, in fen.
    """

    charges: Charges
    facts: Facts
    counters: Mapping[str, int]
    elsewhere: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """What came out (结算结果): every value of the arithmetic by name, in fen.

    `counters` are the yearly totals after the stay. `applied` are the layers whose conditions
    held. Payers + patient = total, always; the hospital's own layers are among the payers.
    """

    values: Mapping[str, int]
    resolved: Mapping[str, ResolvedNumber]
    applied: frozenset[str]
    counters: Mapping[str, int]
    patient_fen: int

    def paid_fen(self, layer: Layer) -> int:
        """What a layer pays, in fen."""
        return self.values[f"{layer.id}_paid"]


def settle_bill(cascade: Cascade, inputs: Inputs) -> Outcome:
    """Settle one bill.

    Raises AmountNotStated, FactNotStated, NumberMissing, ElsewhereAmountMissing,
    ElsewhereAmountTooLarge, ElsewhereAmountUnexpected.
    """
    policy, shape = cascade.policy, cascade.shape
    for layer_id in inputs.elsewhere:
        if layer_id not in shape.elsewhere:
            raise ElsewhereAmountUnexpected(layer_id)
    applied = frozenset(x.id for x in policy.layers if x.condition.holds(inputs.facts))
    amounts = inputs.charges.amounts()
    resolved: dict[str, ResolvedNumber] = {}
    for layer in policy.layers:
        if layer.id in applied:
            _require_amounts(layer, amounts)
            _require_elsewhere(layer, inputs.elsewhere)
            for number in numbers_of(layer):
                resolved[number.name] = resolve_number(number, inputs.facts)
    result = cascade.settle_stay(
        *(amounts.get(name, 0) for name in shape.amounts),
        *(inputs.counters.get(name, 0) for name in shape.counters),
        *(inputs.elsewhere.get(name, 0) for name in shape.elsewhere),
        *(int(name in applied) for name in shape.conditions),
        *(
            resolved[s.number.name].at_digits(s.digits) if s.number.name in resolved else 0
            for s in shape.numbers
        ),
    )
    values = dict(zip(shape.outputs, result, strict=True))
    _refuse(cascade, inputs, resolved, values["refused"])
    moved = {name: values[counter_variable(name)] for name in shape.counters}
    moved[BENEFIT_ADMISSIONS] = inputs.counters.get(BENEFIT_ADMISSIONS, 0) + 1
    return Outcome(
        values={amount_argument(n): amounts[n] for n in shape.amounts if n in amounts} | values,
        resolved=resolved,
        applied=applied,
        counters=moved,
        patient_fen=values["patient"],
    )


def _require_amounts(layer: Layer, amounts: Mapping[str, int]) -> None:
    for name in bill_amounts_of(layer):
        if name not in amounts:
            raise AmountNotStated(name, layer.name)


def _require_elsewhere(layer: Layer, elsewhere: Mapping[str, int]) -> None:
    if layer.elsewhere and layer.id not in elsewhere:
        raise ElsewhereAmountMissing(layer)


def _refuse(
    cascade: Cascade, inputs: Inputs, resolved: Mapping[str, ResolvedNumber], refused: int
) -> None:
    if refused < 0:
        return
    if refused >= ELSEWHERE_REFUSED:
        layer = cascade.policy.layer(cascade.shape.elsewhere[refused - ELSEWHERE_REFUSED])
        raise ElsewhereAmountTooLarge(layer, inputs.elsewhere[layer.id])
    number = cascade.shape.numbers[refused].number
    raise NumberMissing(cascade.policy, number.name, resolved[number.name].reason or "")
