"""Reading the parts of a layer (读分项): bases, first self-pay, rates, what they are held to."""

from dataclasses import dataclass

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.expressions import NOWHERE, Expression
from settlement.law.numbers import Number, Rule, Unit
from settlement.law.policy import Band, BandsFrom, FirstTaken, Guard, Part
from settlement.law.reading_evidence import Scope
from settlement.law.reading_numbers import read_number
from settlement.law.reading_rules import read_expression_with_evidence, read_rule
from settlement.law.reading_words import read_choice, read_rounding
from settlement.law.rounding import Rounding


@dataclass(frozen=True)
class PartReader:
    """Reads one part, which for a layer without parts is the layer itself.

    `name` is the path of its numbers: `basic`, or `basic.class_a`.
    """

    node: Node
    name: str
    scope: Scope
    rounding: Rounding

    def part(self, part_id: str, *, is_own: bool) -> Part:
        """The part as far as it can be read; `is_own` where it stands in a list of parts."""
        node = self.node
        base, fixed, base_evidence = self._base()
        less = node.get("minus")
        minus, minus_evidence = read_expression_with_evidence(less, self.scope)
        bands_from, bands = self._bands()
        own_rounding = node.get("rounding") if is_own else None
        first = self._ratio("first_self_pay")
        taken = FirstTaken.AFTER
        if written := node.get("first_self_pay_taken"):
            taken = read_choice(node, "first_self_pay_taken", FirstTaken)
            if first is None:
                written.fault("没有 first_self_pay", "删去这一行，或写先自付的比例")
        return Part(
            id=part_id,
            name=node.optional_text("name") or part_id,
            base=base,
            base_evidence=base_evidence,
            fixed=fixed,
            first_self_pay=first,
            first_taken=taken,
            bands=bands,
            bands_from=bands_from,
            factor=self._ratio("factor"),
            minus=minus if less else None,
            minus_evidence=minus_evidence,
            not_below=self._guard("not_below"),
            not_above=self._guard("not_above"),
            rounding=read_rounding(own_rounding, name=f"{self.name}.rounding", scope=self.scope)
            if own_rounding
            else self.rounding,
        )

    def _base(self) -> tuple[Expression, Number | None, Evidence]:
        """An expression, or `{fixed: 1100}`, an amount that no bill decides."""
        node = self.node.need("base", "写这一层看哪些费用，如 in_scope - basic")
        fixed = node.get("fixed") if node and node.is_mapping else None
        if node is None or fixed is None:
            return (*_swapped(read_expression_with_evidence(node, self.scope)),)
        evidence = self.scope.evidence_at(node)
        number = read_number(
            fixed, name=f"{self.name}.fixed", unit=Unit.AMOUNT, scope=self.scope.at(node)
        )
        node.close()
        return NOWHERE, number, evidence

    def _ratio(self, key: str) -> Rule | None:
        node = self.node.get(key)
        if node is None:
            return None
        return read_rule(node, name=f"{self.name}.{key}", unit=Unit.RATIO, scope=self.scope)

    def _guard(self, key: str) -> Guard | None:
        node = self.node.get(key)
        return Guard(*read_expression_with_evidence(node, self.scope)) if node else None

    def _bands(self) -> tuple[BandsFrom, tuple[Band, ...]]:
        node = self.node
        rate, bands = self._ratio("rate"), node.get("bands")
        if (rate is None) == (bands is None):
            node.fault("rate 与 bands 必须写且只写一个", "单一比例写 rate，分段写 bands")
            return BandsFrom.ZERO, ()
        if rate is not None:
            return BandsFrom.ZERO, (Band(None, rate),)
        assert bands is not None  # noqa: S101 - exactly one of the two
        measured = read_choice(bands, "measured_from", BandsFrom)
        rows = bands.need("rows", "从低到高列出各段")
        found = [
            band
            for at, row in enumerate(rows.items() if rows else (), start=1)
            if (band := self._band(row, f"{self.name}.band_{at}"))
        ]
        bands.close()
        if not found or found[-1].up_to is not None or any(b.up_to is None for b in found[:-1]):
            bands.fault("分段不完整", "除最后一段外都写 up_to，最后一段不写")
        return measured, tuple(found)

    def _band(self, row: Node, name: str) -> Band | None:
        up_to, rate = row.get("up_to"), row.need("rate", "写这一段的比例")
        row.close()
        if rate is None:
            return None
        edge = (
            read_number(up_to, name=f"{name}.up_to", unit=Unit.AMOUNT, scope=self.scope)
            if up_to
            else None
        )
        number = read_number(rate, name=f"{name}.rate", unit=Unit.RATIO, scope=self.scope)
        return Band(up_to=edge, rate=number)


def _swapped(found: tuple[Expression, Evidence]) -> tuple[Expression, None, Evidence]:
    return found[0], None, found[1]
