"""Settling one bill (结算一张费用单): look-ups first, then the one function, then a result.

Refuses by name when the bill, the facts or the policy lack something the layers reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.kernel.cascade import Cascade, Resolution
from settlement.kernel.names import amount_argument
from settlement.kernel.resolving import ResolvedNumber
from settlement.kernel.writing import ELSEWHERE_REFUSED, counter_variable
from settlement.law.bill import AmountNotStated, BillDoesNotAddUp, BillTooLarge, Charges
from settlement.law.facts import FactNotStated, Facts
from settlement.law.policy import BENEFIT_ADMISSIONS, Layer, Policy


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
        self.layer_id = layer.id
        decided_by = layer.elsewhere.decided_by if layer.elsewhere else ""
        super().__init__(
            f"“{layer.name}”（{layer.id}）由{decided_by}结算，请在 decided_elsewhere 中提供金额"
        )


class ElsewhereAmountTooLarge(Exception):
    """A layer decided elsewhere claims more than the rest of the bill allows."""

    def __init__(self, layer: Layer, amount_fen: int):
        """Name the layer, the amount and what it was checked against."""
        self.layer_id = layer.id
        limit = layer.elsewhere.at_most if layer.elsewhere else ""
        super().__init__(
            f"“{layer.name}”（{layer.id}）传入 {amount_fen} 分，超过 {limit} 或尚未支付的费用"
        )


class ElsewhereAmountUnexpected(Exception):
    """An amount was given for a layer that this policy computes itself, does not have, or does
    not apply to this stay."""

    def __init__(self, layer_id: str):
        """Name the layer."""
        self.layer_id = layer_id
        super().__init__(f"“{layer_id}”不是这次住院由外部结算的层，请去掉这个金额")


BILL_REFUSALS = (
    AmountNotStated,
    BillDoesNotAddUp,
    BillTooLarge,
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    FactNotStated,
    NumberMissing,
)
"""Everything a bill may be refused for under one policy (拒绝结算的原因)."""


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
    shape, charges = cascade.shape, inputs.charges
    found = cascade.resolve(inputs.facts)
    amounts = charges.amounts()
    _require_inputs(cascade, found, amounts, inputs.elsewhere)
    result = cascade.settle_stay(
        *(amounts.get(name, 0) for name in shape.amounts),
        *(inputs.counters.get(name, 0) for name in shape.counters),
        *(inputs.elsewhere.get(name, 0) for name in shape.elsewhere),
        *found.arguments,
    )
    values = dict(zip(shape.outputs, result, strict=True))
    if values["refused"] >= 0:
        raise _refusal(cascade, inputs, found, values["refused"])
    moved = {name: values[counter_variable(name)] for name in shape.counters}
    moved[BENEFIT_ADMISSIONS] = inputs.counters.get(BENEFIT_ADMISSIONS, 0) + 1
    values |= {amount_argument(name): amounts[name] for name in shape.amounts if name in amounts}
    return Outcome(
        values=values,
        resolved=found.numbers,
        applied=found.applied,
        counters=moved,
        patient_fen=values["patient"],
    )


def _require_inputs(
    cascade: Cascade, found: Resolution, amounts: Mapping[str, int], elsewhere: Mapping[str, int]
) -> None:
    for layer_id in elsewhere:
        # An amount somebody paid is never dropped in silence.
        if layer_id not in cascade.shape.elsewhere or layer_id not in found.applied:
            raise ElsewhereAmountUnexpected(layer_id)
    for name, layer_name in found.needed_amounts:
        if name not in amounts:
            raise AmountNotStated(name, layer_name)
    for layer in found.needed_elsewhere:
        if layer.id not in elsewhere:
            raise ElsewhereAmountMissing(layer)


def _refusal(cascade: Cascade, inputs: Inputs, found: Resolution, refused: int) -> Exception:
    if refused >= ELSEWHERE_REFUSED:
        layer = cascade.policy.layer(cascade.shape.elsewhere[refused - ELSEWHERE_REFUSED])
        return ElsewhereAmountTooLarge(layer, inputs.elsewhere[layer.id])
    number = cascade.shape.numbers[refused].number
    return NumberMissing(cascade.policy, number.name, found.numbers[number.name].reason or "")
