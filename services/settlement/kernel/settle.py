"""Settling one bill (结算一张费用单): look-ups first, then the one function, then a result.

Refuses by name when the bill, the facts or the policy lack something the layers reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.kernel.cascade import Cascade, Resolution
from settlement.kernel.names import amount_argument
from settlement.kernel.resolving import NumberUnfit, ResolvedNumber
from settlement.kernel.shape import ELSEWHERE_REFUSED
from settlement.law.bill import AmountNotStated, BillDoesNotAddUp, BillTooLarge, Charges
from settlement.law.facts import FactNotStated, Facts
from settlement.law.policy import BENEFIT_ADMISSIONS, KEY_OF_COUNTER, Layer, LayerKind, Policy


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
    NumberUnfit,
)
"""Everything a bill may be refused for under one policy (拒绝结算的原因)."""


@dataclass(frozen=True)
class Inputs:
    """Everything a settlement is computed from (结算输入).

    `counters` are the person's yearly totals before the stay, in fen (`admissions` and `….times`
    are counts), under the names the ledger keeps, such as `basic.paid@level_3`; absent ones are
    zero. `elsewhere` are amounts decided by other systems, by layer id, in fen.
    """

    charges: Charges
    facts: Facts
    counters: Mapping[str, int]
    elsewhere: Mapping[str, int]


@dataclass(frozen=True)
class Outside:
    """What is owed outside the bill (账外款), in fen: cash for the patient, or the surplus of a
    fixed price for the hospital."""

    layer: str
    kind: str
    payer: str
    fund: str | None
    amount_fen: int


@dataclass(frozen=True)
class Outcome:
    """What came out (结算结果): every value of the arithmetic by name, in fen.

    `counters` are the yearly totals after the stay, of all counters it may have moved. `applied`
    are the layers whose conditions held, `pending` those among them whose amount is still to be
    decided. Payers + patient = total, always; the hospital's own layers are among the payers,
    layers of the patient's own are not. What is paid `outside` the bill is no part of this.
    """

    values: Mapping[str, int]
    resolved: Mapping[str, ResolvedNumber]
    applied: frozenset[str]
    counters: Mapping[str, int]
    patient_fen: int
    outside: tuple[Outside, ...] = ()
    pending: tuple[str, ...] = ()

    def paid_fen(self, layer: Layer) -> int:
        """What a layer comes to, in fen: what it pays, or what was only measured."""
        return self.values[f"{layer.id}_paid"]


def settle_bill(cascade: Cascade, inputs: Inputs) -> Outcome:
    """Settle one bill.

    Raises AmountNotStated, FactNotStated, NumberMissing, NumberUnfit, ElsewhereAmountMissing,
    ElsewhereAmountTooLarge, ElsewhereAmountUnexpected.
    """
    shape, facts = cascade.shape, inputs.facts
    found = cascade.resolve(facts)
    amounts = inputs.charges.amounts()
    _require_inputs(cascade, found, amounts, inputs.elsewhere)
    before, counters = inputs.counters, found.names_of(facts)
    result = cascade.settle_stay(
        *(amounts.get(name, 0) for name in shape.amounts),
        *(before.get(name, 0) if name else 0 for name in counters),
        *(inputs.elsewhere.get(name, 0) for name in shape.elsewhere),
        *found.arguments,
    )
    values = dict(zip(shape.outputs, result, strict=True))
    if values["refused"] >= 0:
        raise _refusal(cascade, inputs, found, values["refused"])
    after = result[shape.first_counter : shape.first_counter + len(shape.counters)]
    moved = {name: fen for name, fen in zip(counters, after, strict=True) if name}
    _count_admission(moved, before, facts.tier)
    values |= {amount_argument(name): fen for name, fen in amounts.items()}
    return Outcome(
        values=values,
        resolved=found.numbers,
        applied=found.applied,
        counters=moved,
        patient_fen=values["patient"],
        outside=_outside(cascade, values) if cascade.pays_outside else (),
        pending=tuple(x.id for x in found.needed_elsewhere if x.id not in inputs.elsewhere),
    )


def _count_admission(moved: dict[str, int], before: Mapping[str, int], tier: str | None) -> None:
    """The stay is one more of the year, and one more in hospitals of its tier."""
    moved[BENEFIT_ADMISSIONS] = before.get(BENEFIT_ADMISSIONS, 0) + 1
    if tier is not None:
        of_tier = f"{BENEFIT_ADMISSIONS}{KEY_OF_COUNTER}{tier}"
        moved[of_tier] = before.get(of_tier, 0) + 1


def _outside(cascade: Cascade, values: Mapping[str, int]) -> tuple[Outside, ...]:
    found = []
    for layer in cascade.policy.layers:
        owed = {}
        if layer.kind is LayerKind.CASH:
            owed["cash"] = values[f"{layer.id}_paid"]
        if layer.surplus_to_hospital:
            owed["surplus"] = values[f"{layer.id}_surplus"]
        found += [
            Outside(layer.id, kind, layer.payer.value, layer.fund_id, fen)
            for kind, fen in owed.items()
            if fen > 0
        ]
    return tuple(found)


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
        may_wait = layer.elsewhere and layer.elsewhere.may_come_later
        if layer.id not in elsewhere and not may_wait:
            raise ElsewhereAmountMissing(layer)


def _refusal(cascade: Cascade, inputs: Inputs, found: Resolution, refused: int) -> Exception:
    if refused >= ELSEWHERE_REFUSED:
        layer = cascade.policy.layer(cascade.shape.elsewhere[refused - ELSEWHERE_REFUSED])
        return ElsewhereAmountTooLarge(layer, inputs.elsewhere[layer.id])
    number = cascade.shape.numbers[refused].number
    return NumberMissing(cascade.policy, number.name, found.numbers[number.name].reason or "")
