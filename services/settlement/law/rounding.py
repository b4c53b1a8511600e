"""How a step is rounded (取整): once, to a quantum, in a way the policy names."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from settlement.law.evidence import Evidence


class RoundingMode(StrEnum):
    """How a step is rounded (取整方式); ties are what the modes differ in, or the direction."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"

    @property
    def label(self) -> str:
        """What users read."""
        return _ROUNDING_LABELS[self.value]


_ROUNDING_LABELS = {
    "half_up": "四舍五入",
    "half_even": "四舍六入五成双",
    "down": "舍去",
    "up": "进一",
}
_QUANTUM_LABELS = {1: "分", 10: "角", 100: "元"}


@dataclass(frozen=True)
class Rounding:
    """Rounding of a step (取整): to a quantum of 1 fen, 10 (角) or 100 (元).

    `name` is its path in the document: `rounding`, or `basic.rounding` for a layer's own.
    """

    mode: RoundingMode
    quantum_fen: int
    name: str
    evidence: Evidence

    @cached_property
    def code(self) -> str:
        """As stored beside a step: `half_up/1`."""
        return f"{self.mode.value}/{self.quantum_fen}"

    @property
    def label(self) -> str:
        """What users read: 四舍五入到分."""
        return f"{self.mode.label}到{_QUANTUM_LABELS[self.quantum_fen]}"

    def rounded(self, numerator: int, denominator: int) -> int:
        """numerator / denominator fen, rounded; neither is negative."""
        whole = denominator * self.quantum_fen
        steps, rest = divmod(numerator, whole)
        is_up = {
            RoundingMode.DOWN: False,
            RoundingMode.UP: rest > 0,
            RoundingMode.HALF_UP: rest * 2 >= whole,
            RoundingMode.HALF_EVEN: rest * 2 > whole or (rest * 2 == whole and steps % 2 == 1),
        }[self.mode]
        return (steps + is_up) * self.quantum_fen
