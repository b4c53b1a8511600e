"""Writing one layer that is computed here (写一层): base, deductible, parts, payment, counters."""

from dataclasses import dataclass

from settlement.kernel.names import part_variable, term_variable
from settlement.kernel.shape import counter_variable
from settlement.kernel.writing_rules import FEWEST_DIGITS, LEAST_DIGITS, RuleWriter, Value
from settlement.kernel.writing_text import Text
from settlement.law.expressions import Expression
from settlement.law.policy import (
    BandsFrom,
    Cap,
    CapOf,
    Deductible,
    Layer,
    Part,
    Passed,
    Period,
    ThresholdKind,
)


def expression_text(
    expression: Expression,
    earlier: tuple[Layer, ...],
    *,
    all_layers: tuple[Layer, ...],
    own: Layer | None = None,
) -> str:
    """An expression as the function writes it. Raises UnknownName."""
    terms = [
        (t.sign, term_variable(t.name, earlier, all_layers=all_layers, own=own))
        for t in expression.terms
    ]
    text = " ".join(f"{'-' if sign < 0 else '+'} {name}" for sign, name in terms)
    return text.removeprefix("+ ")


@dataclass(frozen=True)
class LayerWriter:
    """Writes one layer into the text; `earlier` are the layers its expressions may name."""

    text: Text
    layer: Layer
    earlier: tuple[Layer, ...]
    all_layers: tuple[Layer, ...]

    def write(self) -> None:
        """The whole layer, in the order the arithmetic goes."""
        self._bases()
        self._cost_caps()
        self._first_before()
        self._deductible()
        self._move_cost_counters()
        for part in self.layer.parts:
            self._part(part)
        self._payment()

    @property
    def rules(self) -> RuleWriter:
        """Writes rules that may look at the layer's own base."""
        return RuleWriter(
            self.text,
            self.layer.rounding,
            lambda e: expression_text(e, self.earlier, all_layers=self.all_layers, own=self.layer),
        )

    def stem(self, part: Part) -> str:
        """The stem of a part's variables."""
        return part_variable(self.layer, part)

    def total(self, what: str) -> str:
        """The sum of something over all parts."""
        return " + ".join(f"{self.stem(p)}_{what}" for p in self.layer.parts)

    def expression(self, expression: Expression) -> str:
        """An expression that names the bill and earlier layers."""
        return expression_text(expression, self.earlier, all_layers=self.all_layers)

    def counted(self, part: Part) -> str:
        """What the deductible looks at: the base, without first self-pay taken before it."""
        return f"{self.stem(part)}_{'counted' if part.takes_first else 'base'}"

    # --- what is looked at -----------------------------------------------------------------

    def _bases(self) -> None:
        for part in self.layer.parts:
            if part.fixed:
                looked_at = f"{self.layer.id}_applies > 0" if self._gate else "left >= 0"
                slot = self.text.slot(part.fixed, least_digits=0, reached=looked_at)
                self.text.line(f"{self.stem(part)}_base = {slot.argument}{self._gate}")
            else:
                base = self.expression(part.base)
                self.text.line(f"{self.stem(part)}_base = max(0, {base}){self._gate}")

    @property
    def _gate(self) -> str:
        return "" if self.layer.condition.is_always else f" * {self.layer.id}_applies"

    def _cost_caps(self) -> None:
        caps = [(at, c) for at, c in enumerate(self.layer.caps, start=1) if c.of is CapOf.COST]
        for part in self.layer.parts if caps else ():
            self.text.line(f"{self.stem(part)}_uncapped = {self.stem(part)}_base")
            self.text.outputs.append(f"{self.stem(part)}_uncapped")
        for at, cap in caps:
            left = self._cap_left(cap, at, f"{self.total('base')} > 0")
            room = f"{self.layer.id}_cost_room_{at}"
            self.text.line(f"{room} = {left}")
            for part in self.layer.parts:
                base = f"{self.stem(part)}_base"
                self.text.line(f"{base} = min({base}, {room})")
                self.text.line(f"{room} -= {base}")

    def _cap_left(self, cap: Cap, at: int, reached: str) -> str:
        rules = self.rules
        if cap.of is CapOf.COST:
            rules = RuleWriter(self.text, self.layer.rounding, self.expression)
        amount = rules.write(cap.amount, reached=reached).variable
        left = f"{self.layer.id}_cap_{at}_left"
        if cap.of is CapOf.TIMES and cap.counter:
            used_up = f"{counter_variable(cap.counter.name)} >= {amount}"
            self.text.line(f"{left} = 0 if {used_up} else {self.total('computed')}")
        elif cap.period is Period.YEAR and cap.counter:
            before = counter_variable(cap.counter.name)
            self.text.line(f"{left} = max(0, {amount} - {before})")
        else:
            self.text.line(f"{left} = {amount}")
        self.text.outputs.append(left)
        return left

    # --- what is taken off -----------------------------------------------------------------

    def _first_before(self) -> None:
        for part in self.layer.parts:
            if part.takes_first and part.first_self_pay:
                stem = self.stem(part)
                first = self.rules.write(part.first_self_pay, reached=f"{stem}_base > 0")
                self.text.rounded_within(
                    f"{stem}_first_self_pay",
                    f"{stem}_base * {first.variable}",
                    digits=first.digits,
                    rounding=part.rounding,
                    within=f"{stem}_base",
                )
                self.text.line(f"{stem}_counted = {stem}_base - {stem}_first_self_pay")

    def _deductible(self) -> None:
        rule = self.layer.deductible
        if rule is None:
            for part in self.layer.parts:
                self.text.line(f"{self.stem(part)}_deductible = 0")
        else:
            self._threshold(rule)
            if rule.kind is ThresholdKind.TRIGGER:
                self._trigger(rule)
            else:
                self._taken_off(rule)
        if len(self.layer.parts) > 1:
            self.text.line(f"{self.layer.id}_deductible = {self.total('deductible')}")

    def _looked_at(self, rule: Deductible) -> str:
        eaten = [p for p in self.layer.parts if p.id in rule.taken_from]
        return " + ".join(self.counted(p) for p in eaten)

    def _threshold(self, rule: Deductible) -> None:
        threshold, before = f"{self.layer.id}_threshold", f"{self.layer.id}_before"
        decided = self._looked_at(rule)
        if rule.kind is ThresholdKind.TRIGGER:
            decided = " + ".join(self.counted(p) for p in self.layer.parts)
        amount = self.rules.write(rule.amount, reached=f"{decided} > 0")
        self.text.line(f"{threshold} = {amount.variable}")
        year = counter_variable(rule.counter.name) if rule.counter else "0"
        self.text.line(f"{before} = {year}")
        self.text.outputs += [threshold, before]

    def _trigger(self, rule: Deductible) -> None:
        sign = ">" if rule.passed is Passed.ABOVE else ">="
        passed = (
            f"{self.layer.id}_before + {self._looked_at(rule)} {sign} {self.layer.id}_threshold"
        )
        for part in self.layer.parts:
            stem = self.stem(part)
            self.text.line(f"{stem}_deductible = 0 if {passed} else {self.counted(part)}")

    def _taken_off(self, rule: Deductible) -> None:
        room = f"{self.layer.id}_to_deduct"
        self.text.line(f"{room} = max(0, {self.layer.id}_threshold - {self.layer.id}_before)")
        if rule.limit:
            reached = f"{room} > 0 and {self._looked_at(rule)} > 0"
            most = self.rules.write(rule.limit.amount, reached=reached).variable
            left, year = f"{self.layer.id}_limit_left", counter_variable(rule.limit.counter.name)
            self.text.line(f"{left} = max(0, {most} - {year})")
            self.text.line(f"{room} = min({room}, {left})")
            self.text.outputs.append(left)
        parts = {p.id: p for p in self.layer.parts}
        for name in rule.taken_from:
            stem = self.stem(parts[name])
            self.text.line(f"{stem}_deductible = min({self.counted(parts[name])}, {room})")
            self.text.line(f"{room} -= {stem}_deductible")
        for name, part in parts.items():
            if name not in rule.taken_from:
                self.text.line(f"{self.stem(part)}_deductible = 0")

    def _move_cost_counters(self) -> None:
        """Cost caps count all that is looked at, the deductible the parts it is taken from."""
        rule, moved = self.layer.deductible, {}
        if rule and rule.counter:
            is_taken = rule.period is Period.EPISODE
            taken = self.total("deductible")
            moved[rule.counter.name] = taken if is_taken else self._looked_at(rule)
        if rule and rule.limit:
            moved[rule.limit.counter.name] = self.total("deductible")
        for cap in self.layer.caps:
            if cap.of is CapOf.COST and cap.counter:
                moved[cap.counter.name] = self.total("base")
        self._move(moved)

    def _move(self, amounts: dict[str, str]) -> None:
        """Each counter moves once a layer, after everything that reads it."""
        for name, amount in amounts.items():
            self.text.line(f"{counter_variable(name)} += {amount}")

    # --- what it comes to ------------------------------------------------------------------

    def _part(self, part: Part) -> None:
        text, stem = self.text, self.stem(part)
        eligible = f"{stem}_eligible"
        text.line(f"{eligible} = {self.counted(part)} - {stem}_deductible")
        is_composed = part.first_self_pay is not None and not part.takes_first
        is_long = part.factor is not None or (is_composed and len(part.bands) > 1)
        least = FEWEST_DIGITS if is_long else LEAST_DIGITS
        keep, keep_digits = "", 0
        if is_composed and part.first_self_pay:
            first = self.rules.write(
                part.first_self_pay, reached=f"{eligible} > 0", least_digits=least
            )
            keep_digits = first.digits
            keep = f" * ({10**keep_digits} - {first.variable})"
            text.rounded_within(
                f"{stem}_first_self_pay",
                f"{eligible} * {first.variable}",
                digits=keep_digits,
                rounding=part.rounding,
                within=eligible,
            )
        elif not part.takes_first:
            text.line(f"{stem}_first_self_pay = 0")
        share, digits = self._bands(part, stem, least)
        if part.factor:
            factor = self.rules.write(part.factor, reached=f"{eligible} > 0", least_digits=least)
            keep += f" * {factor.variable}"
            keep_digits += factor.digits
        text.rounded_within(
            f"{stem}_computed",
            f"{share}{keep}",
            digits=digits + keep_digits,
            rounding=part.rounding,
            within=eligible,
        )
        self._held(part, stem)
        text.outputs += [
            f"{stem}_{what}"
            for what in ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
        ]

    def _held(self, part: Part, stem: str) -> None:
        """A top-up leaves off what was paid; then a floor, then a ceiling."""
        text, computed = self.text, f"{stem}_computed"
        if part.minus or part.not_below or part.not_above:
            text.line(f"{stem}_target = {computed}")
            text.outputs.append(f"{stem}_target")
        if part.minus:
            text.line(f"{stem}_minus = max(0, {self.expression(part.minus)})")
            text.line(f"{computed} = max(0, {computed} - {stem}_minus)")
            text.outputs.append(f"{stem}_minus")
        if part.not_below:
            text.line(f"{stem}_not_below = max(0, {self.expression(part.not_below.amount)})")
            with text.block(f"if {stem}_base > 0:"):
                text.line(f"{computed} = max({computed}, {stem}_not_below)")
            text.outputs.append(f"{stem}_not_below")
        if part.not_above:
            text.line(f"{stem}_not_above = max(0, {self.expression(part.not_above.amount)})")
            text.line(f"{computed} = min({computed}, {stem}_not_above)")
            text.outputs.append(f"{stem}_not_above")

    def _bands(self, part: Part, stem: str, least_digits: int) -> tuple[str, int]:
        """The sum of band × rate, and the digits of its denominator."""
        text = self.text
        if len(part.bands) == 1:
            rate = self.rules.write(
                part.bands[0].rate, reached=f"{stem}_eligible > 0", least_digits=least_digits
            )
            return f"{stem}_eligible * {rate.variable}", rate.digits
        at, end = f"{stem}_at", f"{stem}_end"
        rule = self.layer.deductible
        if rule is None:
            text.line(f"{at} = 0")
        elif rule.period is Period.EPISODE:
            # Earlier stays of the episode were paid in bands of their own.
            is_gross = part.bands_from is BandsFrom.ZERO
            text.line(f"{at} = {f'{stem}_deductible' if is_gross else 0}")
        elif part.bands_from is BandsFrom.ZERO:
            text.line(f"{at} = {self.layer.id}_before + {stem}_deductible")
        else:
            text.line(f"{at} = max(0, {self.layer.id}_before - {self.layer.id}_threshold)")
        text.line(f"{end} = {at} + {stem}_eligible")
        rates: list[tuple[str, Value]] = []
        for number, band in enumerate(part.bands, start=1):
            inside = f"{stem}_band_{number}"
            if band.up_to:
                edge = text.slot(band.up_to, least_digits=0, reached=f"{end} > {at}").argument
                text.line(f"{inside} = max(0, min({end}, {edge}) - {at})")
                text.line(f"{at} = max({at}, min({end}, {edge}))")
            else:
                text.line(f"{inside} = {end} - {at}")
            rate = self.rules.write(band.rate, reached=f"{inside} > 0", least_digits=least_digits)
            rates.append((inside, rate))
            text.outputs.append(inside)
        digits = max(rate.digits for _, rate in rates)
        terms = [f"{inside} * {_scaled(rate, digits)}" for inside, rate in rates]
        return "(" + " + ".join(terms) + ")", digits

    # --- what is paid ----------------------------------------------------------------------

    def _payment(self) -> None:
        text, layer = self.text, self.layer
        computed = f"{self.total('computed')} > 0"
        caps = [
            self._cap_left(cap, at, computed)
            for at, cap in enumerate(layer.caps, start=1)
            if cap.of is not CapOf.COST
        ]
        limits = ["left", *caps] if layer.pays_bill else caps
        room = f"{layer.id}_room"
        if limits:
            text.line(f"{room} = {_least(limits)}")
        for part in layer.parts:
            stem = self.stem(part)
            if limits:
                text.line(f"{stem}_paid = min({stem}_computed, {room})")
                text.line(f"{room} -= {stem}_paid")
            else:
                text.line(f"{stem}_paid = {stem}_computed")
        paid = f"{layer.id}_paid"
        if len(layer.parts) > 1:
            text.line(f"{layer.id}_first_self_pay = {self.total('first_self_pay')}")
            text.line(f"{paid} = {self.total('paid')}")
            text.outputs += [
                f"{layer.id}_{what}" for what in ("deductible", "first_self_pay", "paid")
            ]
        owed = paid
        if layer.surplus_to_hospital:
            allowed = _least([self.total("computed"), *caps])
            text.line(f"{layer.id}_surplus = {allowed} - {paid}")
            text.outputs.append(f"{layer.id}_surplus")
            owed = f"{paid} + {layer.id}_surplus"
        self._move_payment_counters(owed)

    def _move_payment_counters(self, owed: str) -> None:
        moved: dict[str, str] = {}
        for cap in self.layer.caps:
            if cap.of is CapOf.PAYMENT and cap.counter:
                moved[cap.counter.name] = owed
            elif cap.of is CapOf.TIMES and cap.counter:
                moved[cap.counter.name] = f"1 if {owed} > 0 else 0"
        for name in self.layer.counts_toward or ():
            moved.setdefault(name, owed)
        self._move(moved)


def _scaled(rate: Value, digits: int) -> str:
    factor = 10 ** (digits - rate.digits)
    return rate.variable if factor == 1 else f"{rate.variable} * {factor}"


def _least(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"min({', '.join(terms)})"
