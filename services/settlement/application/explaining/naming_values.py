"""What the names of a policy's expressions came to (口径中各名称的金额), for one settlement."""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.application.explaining.lines import Figure
from settlement.kernel.names import PATIENT, amount_argument, is_bill_amount, part_variable
from settlement.kernel.settle import Outcome
from settlement.law.expressions import OWN_BASE, YEAR, Expression
from settlement.law.policy import SUM_COUNTER, Layer, Part, Policy

_OF_ALL_PARTS = frozenset(
    {"base", "deductible", "first_self_pay", "eligible", "computed", "over_cap"}
)
"""What may be named of a layer as a whole; any other word after its id is a part."""


@dataclass(frozen=True)
class Values:
    """A policy's outcome, and the yearly totals before it (结算结果与此前累计)."""

    policy: Policy
    outcome: Outcome
    counters: Mapping[str, int]

    def figures(self, expression: Expression, own: Layer | None = None) -> tuple[Figure, ...]:
        """Each name of an expression with its amount in fen; `own` is what `this.base` means."""
        return tuple(
            Figure(term.name, self.of(term.name, own), term.sign) for term in expression.terms
        )

    def of(self, name: str, own: Layer | None = None) -> int:
        """One name's amount in fen."""
        if is_bill_amount(name):
            return self.outcome.values[amount_argument(name)]
        if name.startswith(YEAR):
            return self.counters.get(SUM_COUNTER + name.removeprefix(YEAR), 0)
        if name == OWN_BASE and own is not None:
            return sum(self.part(own, part, "base") for part in own.parts)
        if name == PATIENT:
            return self.outcome.patient_fen
        head, *rest = name.split(".")
        return self._of_layer(self.policy.layer(head), rest)

    def part(self, layer: Layer, part: Part, what: str) -> int:
        """One value of a part: base, deductible, eligible, computed, paid …"""
        return self.outcome.values[f"{part_variable(layer, part)}_{what}"]

    def _of_layer(self, layer: Layer, rest: list[str]) -> int:
        if not rest:
            return self.outcome.paid_fen(layer)
        parts = list(layer.parts)
        if len(rest) > 1 or rest[0] not in _OF_ALL_PARTS:
            parts = [part for part in layer.parts if part.id == rest[0]]
            rest = rest[1:] or ["paid"]
        if rest[0] == "over_cap":
            return sum(self.part(layer, p, "computed") - self.part(layer, p, "paid") for p in parts)
        return sum(self.part(layer, part, rest[0]) for part in parts)
