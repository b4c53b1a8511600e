"""What a step tells whatever the bill (说明的底稿): made once for each part of a layer.

A bill is explained in the time it takes to look at its figures; names, texts and evidence that no
bill changes wait here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from settlement.kernel.names import part_variable
from settlement.kernel.resolving import NumberUsed, number_used
from settlement.law.evidence import Evidence
from settlement.law.numbers import Rule
from settlement.law.policy import CapOf, Layer, Part

Figures = Callable[[Mapping[str, int]], tuple[int, ...]]

_OF_EVERY_PART = ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")


@dataclass(frozen=True, slots=True)
class Said:
    """What a part rests on in words, where no document states it; None where one does."""

    base: NumberUsed | None
    applies: NumberUsed | None
    applies_not: NumberUsed | None
    pool: NumberUsed | None
    borne_by: NumberUsed | None
    order: NumberUsed | None
    minus: NumberUsed | None
    not_below: NumberUsed | None
    not_above: NumberUsed | None
    rounding: NumberUsed | None

    @property
    def is_silent(self) -> bool:
        """Whether documents state everything that may have a say once money is looked at."""
        return not any((self.order, self.minus, self.not_below, self.not_above, self.rounding))


@dataclass(frozen=True, slots=True)
class Frame:
    """One part of a layer: where its figures are, and its texts."""

    layer: Layer
    part: Part
    head: tuple[str, str, str, str | None, str, str | None]
    figures: Figures
    uncapped: str | None
    bands: Figures | None
    target: str | None
    minus: str | None
    minus_text: str | None
    takes_first: bool
    not_below: str | None
    not_above: str | None
    surplus: str | None
    pays_bill: bool
    kind: str
    base_text: str
    rounding_code: str
    borne_by: str | None
    payment_caps: tuple[Rule, ...]
    has_cost_caps: bool
    said: Said
    is_silent: bool


def frames_of(layer: Layer) -> tuple[Frame, ...]:
    """The frames of a layer's parts; none where another system decides it."""
    return tuple(_frame(layer, part) for part in layer.parts)


def borne_by_text(layer: Layer) -> str | None:
    """Who bears a layer in the end, as users read it."""
    bearer = layer.borne_by
    if bearer is None:
        return None
    return "，".join(word for word in (bearer.payer.label, bearer.pool, bearer.when) if word)


def _frame(layer: Layer, part: Part) -> Frame:
    stem = part_variable(layer, part)
    is_only = len(layer.parts) == 1
    caps = [cap for cap in layer.caps if cap.of is CapOf.COST]
    is_held = bool(part.minus or part.not_below or part.not_above)
    count = len(part.bands)
    said = _said(layer, part, layer.id if is_only else f"{layer.id}.{part.id}")
    return Frame(
        layer=layer,
        part=part,
        head=(
            layer.id,
            part.id,
            layer.payer.value,
            layer.fund_id,
            layer.name if is_only else f"{layer.name}·{part.name}",
            layer.article,
        ),
        figures=itemgetter(*(f"{stem}_{name}" for name in _OF_EVERY_PART)),
        uncapped=f"{stem}_uncapped" if caps else None,
        bands=itemgetter(*(f"{stem}_band_{at}" for at in range(1, count + 1)))
        if count > 1
        else None,
        target=f"{stem}_target" if is_held else None,
        minus=f"{stem}_minus" if part.minus else None,
        minus_text=part.minus.text if part.minus else None,
        takes_first=part.takes_first,
        not_below=f"{stem}_not_below" if part.not_below else None,
        not_above=f"{stem}_not_above" if part.not_above else None,
        surplus=f"{layer.id}_surplus" if layer.surplus_to_hospital else None,
        pays_bill=layer.pays_bill,
        kind=layer.kind.value,
        base_text=part.base_text,
        rounding_code=part.rounding.code,
        borne_by=borne_by_text(layer),
        payment_caps=tuple(cap.amount for cap in layer.caps if cap.of is not CapOf.COST),
        has_cost_caps=bool(caps),
        said=said,
        is_silent=said.is_silent,
    )


def _said(layer: Layer, part: Part, own: str) -> Said:
    rule, bearer = layer.deductible, layer.borne_by
    below, above, condition = part.not_below, part.not_above, layer.condition_evidence
    is_for_some = not layer.condition.is_always
    return Said(
        base=_unless_stated(f"{own}.base", part.base_text, part.base_evidence),
        applies=_unless_stated(f"{layer.id}.applies", "适用", condition) if is_for_some else None,
        applies_not=_unless_stated(f"{layer.id}.applies", "不适用", condition)
        if is_for_some
        else None,
        pool=_unless_stated(f"{layer.id}.pool", layer.pool, layer.pool_evidence)
        if layer.pool
        else None,
        borne_by=_unless_stated(f"{layer.id}.borne_by", bearer.payer.label, bearer.evidence)
        if bearer
        else None,
        order=_unless_stated(
            f"{layer.id}.deductible_taken_from", "、".join(rule.taken_from), rule.order_evidence
        )
        if rule and len(layer.parts) > 1
        else None,
        minus=_unless_stated(f"{own}.minus", part.minus.text, part.minus_evidence)
        if part.minus
        else None,
        not_below=_unless_stated(f"{own}.not_below", below.amount.text, below.evidence)
        if below
        else None,
        not_above=_unless_stated(f"{own}.not_above", above.amount.text, above.evidence)
        if above
        else None,
        rounding=_unless_stated(part.rounding.name, part.rounding.label, part.rounding.evidence),
    )


def _unless_stated(name: str, text: str, evidence: Evidence) -> NumberUsed | None:
    return None if evidence.is_stated else number_used(name, text, evidence)
