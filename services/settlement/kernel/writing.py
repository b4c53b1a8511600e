"""Writing a policy's structure as one small function (编译): plain Python an auditor can read.

The function knows no number of the policy: numbers come in as integers, resolved for the stay.
The same text runs as ordinary Python for one bill and compiled by numba over columns, so there is
one arithmetic. Policies that differ only in numbers share the function.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from settlement.kernel.names import (
    UnknownName,
    amount_argument,
    bill_amounts_of,
    part_variable,
    term_variable,
)
from settlement.kernel.resolving import can_be_missing, most_digits
from settlement.law.policy import (
    BandsFrom,
    Cap,
    CapOf,
    Expression,
    Layer,
    Number,
    Part,
    Period,
    Policy,
    Rounding,
    RoundingMode,
    ThresholdKind,
    Unit,
)

LEAST_DIGITS = 4
"""Every ratio has at least four digits, so that policies with finer numbers share functions."""

ELSEWHERE_REFUSED = 1_000_000
"""`refused` from here on: the layer decided elsewhere, by index, whose amount is too large."""


@dataclass(frozen=True)
class NumberSlot:
    """A number's place among the arguments: `digits` of a ratio, 0 for an amount in fen."""

    number: Number
    argument: str
    digits: int


@dataclass(frozen=True)
class Shape:
    """The structure of a policy as a function: its text, and what goes in and comes out.

    Arguments in order: `amounts` of the bill, `counters` before the stay, amounts decided
    `elsewhere` (by layer id), 1 or 0 for each layer of `conditions`, then `numbers`. The result is
    a tuple in the order of `outputs`, which ends with the counters after the stay, the
    patient's share `patient`, and `refused` (-1, or the index of the number that is missing;
    from ELSEWHERE_REFUSED on, the index of the layer decided elsewhere that paid too much).
    """

    source: str
    amounts: tuple[str, ...]
    counters: tuple[str, ...]
    elsewhere: tuple[str, ...]
    conditions: tuple[str, ...]
    numbers: tuple[NumberSlot, ...]
    outputs: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments, in order."""
        return (
            *(amount_argument(a) for a in self.amounts),
            *(counter_variable(c) for c in self.counters),
            *(f"{layer}_elsewhere" for layer in self.elsewhere),
            *(f"{layer}_applies" for layer in self.conditions),
            *(slot.argument for slot in self.numbers),
        )


_COUNTER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def counter_variable(counter: str) -> str:
    """The variable of a counter. Raises UnknownName: the name becomes part of a program."""
    if not _COUNTER.fullmatch(counter):
        raise UnknownName(f"计数器“{counter}”应以小写字母开头，只用小写字母、数字、下划线和点")
    return "year_" + counter.replace(".", "_")


def write_policy(policy: Policy) -> Shape:
    """The function of a policy.

    Raises UnknownName when an expression names nothing or two names become one variable.
    """
    return _Writer(policy).shape()


def _require_distinct(variables: Iterable[str]) -> None:
    for name, times in Counter(variables).items():
        if times > 1:
            raise UnknownName(f"两个名称写成了同一个变量 {name}；请改动层、分项或计数器的 id")


class _Writer:
    def __init__(self, policy: Policy):
        self.layers = policy.layers
        self.lines: list[str] = []
        self.slots: list[NumberSlot] = []
        self.outputs: list[str] = []
        self.counters = tuple(dict.fromkeys(c for x in policy.layers for c in x.counters))
        named = [name for layer in policy.layers for name in bill_amounts_of(layer)]
        self.amounts = tuple(dict.fromkeys(["total", *named]))
        self.elsewhere = tuple(x.id for x in policy.layers if x.elsewhere)
        self.conditions = tuple(x.id for x in policy.layers if not x.condition.is_always)

    def shape(self) -> Shape:
        self.line("left = bill_total")
        self.line("refused = -1")
        for at, layer in enumerate(self.layers):
            self.line("")
            self.line(f"# {' '.join(layer.name.split())}")
            earlier = self.layers[:at]
            if layer.elsewhere:
                self.write_elsewhere(layer, layer.elsewhere.at_most, earlier)
            else:
                self.write_layer(layer, earlier)
            self.line(f"left -= {layer.id}_paid")
        self.line("")
        self.line("patient = left")
        moved = tuple(map(counter_variable, self.counters))
        outputs = (*self.outputs, *moved, "patient", "refused")
        self.line(f"return ({', '.join(outputs)},)")
        shape = Shape(
            source="",
            amounts=self.amounts,
            counters=self.counters,
            elsewhere=self.elsewhere,
            conditions=self.conditions,
            numbers=tuple(self.slots),
            outputs=outputs,
        )
        _require_distinct([*outputs, *(a for a in shape.arguments if a not in moved)])
        head = "def settle_stay(\n" + "".join(f"    {a},\n" for a in shape.arguments) + "):\n"
        body = "".join(f"    {line}\n" if line else "\n" for line in self.lines)
        return Shape(**{**shape.__dict__, "source": head + body})

    def line(self, text: str) -> None:
        self.lines.append(text)

    def slot(self, number: Number, extra: str = "") -> NumberSlot:
        digits = 0 if number.unit is Unit.AMOUNT else max(LEAST_DIGITS, most_digits(number))
        argument = "n_" + number.name.replace(".", "_") + extra
        found = NumberSlot(number, argument, digits)
        self.slots.append(found)
        return found

    def guard(self, slot: NumberSlot, reached: str) -> None:
        """A number nobody knows refuses as soon as an amount reaches it, and only then."""
        if not can_be_missing(slot.number):
            return
        self.line(f"if {slot.argument} < 0:")
        self.line(f"    if {reached} and refused < 0:")
        self.line(f"        refused = {len(self.slots) - 1}")
        self.line(f"    {slot.argument} = 0")

    def expression(self, expression: Expression, earlier: tuple[Layer, ...]) -> str:
        terms = [(t.sign, term_variable(t.name, earlier)) for t in expression.terms]
        text = " ".join(f"{'-' if sign < 0 else '+'} {name}" for sign, name in terms)
        return text.removeprefix("+ ")

    def write_elsewhere(
        self, layer: Layer, at_most: Expression, earlier: tuple[Layer, ...]
    ) -> None:
        paid = f"{layer.id}_paid"
        self.line(f"{paid} = {layer.id}_elsewhere")
        if not layer.condition.is_always:
            self.line(f"{paid} = {paid} * {layer.id}_applies")
        limit = self.expression(at_most, earlier)
        self.line(f"if {paid} > min(left, max(0, {limit})):")
        self.line("    if refused < 0:")
        # Numbered after all numbers, which are not all known yet while writing.
        self.line(f"        refused = {ELSEWHERE_REFUSED + self.elsewhere.index(layer.id)}")
        self.line(f"    {paid} = 0")
        self.outputs.append(paid)

    def write_layer(self, layer: Layer, earlier: tuple[Layer, ...]) -> None:
        for part in layer.parts:
            base = f"{part_variable(layer, part)}_base"
            gate = "" if layer.condition.is_always else f" * {layer.id}_applies"
            self.line(f"{base} = max(0, {self.expression(part.base, earlier)}){gate}")
        self.write_cost_caps(layer)
        self.write_deductible(layer)
        self.move_cost_counters(layer)
        for part in layer.parts:
            self.write_part(layer, part, earlier)
        self.write_payment(layer)

    def total_of(self, layer: Layer, what: str, only: tuple[str, ...] | None = None) -> str:
        parts = [p for p in layer.parts if only is None or p.id in only]
        return " + ".join(f"{part_variable(layer, p)}_{what}" for p in parts)

    def write_cap_left(self, layer: Layer, cap: Cap, at: int, reached: str) -> str:
        slot = self.slot(cap.amount)
        self.guard(slot, reached)
        left = f"{layer.id}_cap_{at}_left"
        if cap.period is Period.YEAR and cap.counter:
            self.line(f"{left} = max(0, {slot.argument} - {counter_variable(cap.counter)})")
        else:
            self.line(f"{left} = {slot.argument}")
        self.outputs.append(left)
        return left

    def write_cost_caps(self, layer: Layer) -> None:
        caps = [(at, c) for at, c in enumerate(layer.caps, start=1) if c.of is CapOf.COST]
        for part in layer.parts if caps else ():
            stem = part_variable(layer, part)
            self.line(f"{stem}_uncapped = {stem}_base")
            self.outputs.append(f"{stem}_uncapped")
        for at, cap in caps:
            self.write_cost_cap(layer, cap, at)

    def write_cost_cap(self, layer: Layer, cap: Cap, at: int) -> None:
        left = self.write_cap_left(layer, cap, at, f"{self.total_of(layer, 'base')} > 0")
        room = f"{layer.id}_cost_room_{at}"
        self.line(f"{room} = {left}")
        for part in layer.parts:
            base = f"{part_variable(layer, part)}_base"
            self.line(f"{base} = min({base}, {room})")
            self.line(f"{room} -= {base}")

    def write_deductible(self, layer: Layer) -> None:
        whole = f"{layer.id}_deductible"
        parts = {p.id: part_variable(layer, p) for p in layer.parts}
        deductible = layer.deductible
        if deductible is None:
            for stem in parts.values():
                self.line(f"{stem}_deductible = 0")
        else:
            slot = self.slot(deductible.amount)
            bases = self.total_of(layer, "base", deductible.taken_from)
            self.guard(slot, f"{bases} > 0")
            threshold, before = f"{layer.id}_threshold", f"{layer.id}_before"
            self.line(f"{threshold} = {slot.argument}")
            year = counter_variable(deductible.counter) if deductible.counter else "0"
            self.line(f"{before} = {year}")
            if deductible.kind is ThresholdKind.TRIGGER:
                passed = f"{before} + {bases} > {threshold}"
                for stem in parts.values():
                    self.line(f"{stem}_deductible = 0 if {passed} else {stem}_base")
            else:
                room = f"{layer.id}_to_deduct"
                self.line(f"{room} = max(0, {threshold} - {before})")
                for name in deductible.taken_from:
                    stem = parts[name]
                    self.line(f"{stem}_deductible = min({stem}_base, {room})")
                    self.line(f"{room} -= {stem}_deductible")
                for name, stem in parts.items():
                    if name not in deductible.taken_from:
                        self.line(f"{stem}_deductible = 0")
            self.outputs += [threshold, before]
        if len(parts) > 1:
            self.line(f"{whole} = {self.total_of(layer, 'deductible')}")

    def write_part(self, layer: Layer, part: Part, earlier: tuple[Layer, ...]) -> None:
        stem = part_variable(layer, part)
        eligible = f"{stem}_eligible"
        self.line(f"{eligible} = {stem}_base - {stem}_deductible")
        keep, keep_digits = "", 0
        if part.first_self_pay:
            slot = self.slot(part.first_self_pay)
            self.guard(slot, f"{eligible} > 0")
            keep_digits = slot.digits
            keep = f" * ({10**keep_digits} - {slot.argument})"
            self.write_rounded(
                f"{stem}_first_self_pay",
                f"{eligible} * {slot.argument}",
                keep_digits,
                layer.rounding,
                within=eligible,
            )
        else:
            self.line(f"{stem}_first_self_pay = 0")
        share, digits = self.write_bands(layer, part, stem)
        self.write_rounded(
            f"{stem}_computed",
            f"{share}{keep}",
            digits + keep_digits,
            layer.rounding,
            within=eligible,
        )
        if part.minus:
            self.line(f"{stem}_minus = max(0, {self.expression(part.minus, earlier)})")
            self.line(f"{stem}_target = {stem}_computed")
            self.line(f"{stem}_computed = max(0, {stem}_target - {stem}_minus)")
            self.outputs += [f"{stem}_minus", f"{stem}_target"]
        self.outputs += [
            f"{stem}_{what}"
            for what in ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
        ]

    def write_bands(self, layer: Layer, part: Part, stem: str) -> tuple[str, int]:
        """The sum of band × rate, and the digits of its denominator."""
        if len(part.bands) == 1:
            slot = self.slot(part.bands[0].rate)
            self.guard(slot, f"{stem}_eligible > 0")
            return f"{stem}_eligible * {slot.argument}", slot.digits
        digits = max(max(LEAST_DIGITS, most_digits(b.rate)) for b in part.bands)
        at, end = f"{stem}_at", f"{stem}_end"
        if layer.deductible is None:
            self.line(f"{at} = 0")
        elif part.bands_from is BandsFrom.ZERO:
            self.line(f"{at} = {layer.id}_before + {stem}_deductible")
        else:
            self.line(f"{at} = max(0, {layer.id}_before - {layer.id}_threshold)")
        self.line(f"{end} = {at} + {stem}_eligible")
        terms = []
        for number, band in enumerate(part.bands, start=1):
            inside = f"{stem}_band_{number}"
            if band.up_to:
                edge = self.slot(band.up_to)
                self.guard(edge, f"{end} > {at}")
                self.line(f"{inside} = max(0, min({end}, {edge.argument}) - {at})")
                self.line(f"{at} = max({at}, min({end}, {edge.argument}))")
            else:
                self.line(f"{inside} = {end} - {at}")
            rate = self.slot(band.rate)
            self.guard(rate, f"{inside} > 0")
            factor = 10 ** (digits - rate.digits)
            scaled = rate.argument if factor == 1 else f"{rate.argument} * {factor}"
            terms.append(f"{inside} * {scaled}")
            self.outputs.append(inside)
        return "(" + " + ".join(terms) + ")", digits

    def write_rounded(
        self, target: str, numerator: str, digits: int, rounding: Rounding, *, within: str
    ) -> None:
        """The one rounding of a step, as integers.

        Rounding up to 角 or 元 may pass the amount it is a share of: it is held `within` that.
        """
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
            self.line(f"if rest * 2 > {whole} or (rest * 2 == {whole} and {target} % 2 == 1):")
            self.line(f"    {target} += 1")
            if quantum > 1:
                self.line(f"{target} *= {quantum}")
        if quantum > 1 and rounding.mode is not RoundingMode.DOWN:
            self.line(f"{target} = min({target}, {within})")

    def write_payment(self, layer: Layer) -> None:
        computed = f"{self.total_of(layer, 'computed')} > 0"
        caps = [
            self.write_cap_left(layer, cap, at, computed)
            for at, cap in enumerate(layer.caps, start=1)
            if cap.of is CapOf.PAYMENT
        ]
        room = f"{layer.id}_room"
        limits = ", ".join(["left", *caps])
        self.line(f"{room} = min({limits})" if caps else f"{room} = left")
        for part in layer.parts:
            stem = part_variable(layer, part)
            self.line(f"{stem}_paid = min({stem}_computed, {room})")
            self.line(f"{room} -= {stem}_paid")
        paid = f"{layer.id}_paid"
        if len(layer.parts) > 1:
            self.line(f"{layer.id}_first_self_pay = {self.total_of(layer, 'first_self_pay')}")
            self.line(f"{paid} = {self.total_of(layer, 'paid')}")
            self.outputs += [f"{layer.id}_deductible", paid]
        self.move(dict.fromkeys((c.counter for c in layer.caps if c.of is CapOf.PAYMENT), paid))

    def move_cost_counters(self, layer: Layer) -> None:
        """Cost caps count all that is looked at, the deductible the parts it is taken from."""
        rule = layer.deductible
        cost = self.total_of(layer, "base")
        moved = {rule.counter: self.total_of(layer, "base", rule.taken_from)} if rule else {}
        self.move(moved | {c.counter: cost for c in layer.caps if c.of is CapOf.COST})

    def move(self, amounts: Mapping[str | None, str]) -> None:
        """Each counter moves once a layer, after everything that reads it."""
        for name, amount in amounts.items():
            if name:
                self.line(f"{counter_variable(name)} += {amount}")
