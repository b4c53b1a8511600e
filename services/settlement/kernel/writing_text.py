"""The text of a policy's function while it is being written (成文): lines, numbers, results."""

from collections.abc import Iterator
from contextlib import contextmanager

from settlement.kernel.resolving import can_be_missing, most_digits
from settlement.kernel.shape import NumberSlot
from settlement.law.numbers import Number, Unit
from settlement.law.rounding import Rounding, RoundingMode


class Text:
    """Lines of the function, the numbers it takes in, and the variables it gives back."""

    def __init__(self) -> None:
        """Nothing written yet."""
        self.lines: list[str] = []
        self.slots: list[NumberSlot] = []
        self.outputs: list[str] = []
        self._depth = 0

    def line(self, text: str) -> None:
        """One line, as deep as the text stands now."""
        self.lines.append("    " * self._depth + text if text else "")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines under a head such as `if a > b:`."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def slot(self, number: Number, *, least_digits: int, reached: str) -> NumberSlot:
        """The number as an argument, refusing where `reached` holds and nobody knows it."""
        digits = max(least_digits, most_digits(number)) if number.unit is Unit.RATIO else 0
        found = NumberSlot(number, "n_" + number.name.replace(".", "_"), digits)
        self.slots.append(found)
        if can_be_missing(number):
            with self.block(f"if {found.argument} < 0:"):
                with self.block(f"if {reached} and refused < 0:"):
                    self.line(f"refused = {len(self.slots) - 1}")
                self.line(f"{found.argument} = 0")
        return found

    def rounded(self, target: str, numerator: str, *, digits: int, rounding: Rounding) -> None:
        """The one rounding of a step: `numerator` over ten to the power of `digits`."""
        quantum = rounding.quantum_fen
        whole = 10**digits * quantum
        times = f" * {quantum}" if quantum > 1 else ""
        if rounding.mode is RoundingMode.DOWN:
            self.line(f"{target} = {numerator} // {whole}{times}")
        elif rounding.mode is RoundingMode.UP:
            self.line(f"{target} = ({numerator} + {whole - 1}) // {whole}{times}")
        elif rounding.mode is RoundingMode.HALF_UP:
            self.line(f"{target} = ({numerator} * 2 + {whole}) // {2 * whole}{times}")
        else:
            self.line(f"exact = {numerator}")
            self.line(f"{target} = exact // {whole}")
            self.line(f"rest = exact - {target} * {whole}")
            is_up = f"rest * 2 > {whole} or (rest * 2 == {whole} and {target} % 2 == 1)"
            with self.block(f"if {is_up}:"):
                self.line(f"{target} += 1")
            if quantum > 1:
                self.line(f"{target} *= {quantum}")

    def rounded_within(
        self, target: str, numerator: str, *, digits: int, rounding: Rounding, within: str
    ) -> None:
        """The same, of a share of `within`: rounding up to 角 or 元 may not pass the whole."""
        self.rounded(target, numerator, digits=digits, rounding=rounding)
        if rounding.quantum_fen > 1 and rounding.mode is not RoundingMode.DOWN:
            self.line(f"{target} = min({target}, {within})")
