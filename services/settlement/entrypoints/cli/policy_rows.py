"""The rules of a layer as rows (一层的各行): item, situation, value in words, evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

from settlement.application.comparing.naming import (
    KIND_LABELS,
    cap_item,
    deductible_item,
    part_prefix,
)
from settlement.entrypoints.policy_words import (
    DAYS,
    PolicyNames,
    adjustment_in_words,
    condition_in_words,
    counter_in_words,
    value_in_words,
    year_in_words,
)
from settlement.law.evidence import Evidence
from settlement.law.numbers import Missing, Number, Picked, Rule, ShareOf
from settlement.law.policy import (
    Bearer,
    BenefitYear,
    Cap,
    Deductible,
    FirstTaken,
    Layer,
    LayerKind,
    Part,
    Passed,
    ThresholdKind,
)

WHOLE_DOCUMENT = "rounding"
"""The name of the rounding that the whole document shares, told once at its head."""


@dataclass(frozen=True)
class Row:
    """One line of a table (一行). `is_missing` where nobody knows the value."""

    item: str
    situation: str
    value: str
    evidence: Evidence | None = None
    is_missing: bool = False


@dataclass(frozen=True)
class LayerRows:
    """Reads a layer aloud, row by row; `year` is the document's benefit year."""

    names: PolicyNames
    year: BenefitYear

    def of(self, layer: Layer) -> Iterator[Row]:
        """Every rule of the layer, in the order the arithmetic meets them."""
        yield from self._whole(layer)
        if layer.elsewhere:
            limit = self.names.expression(layer.elsewhere.at_most)
            words = f"由{layer.elsewhere.decided_by}决定，不超过 {limit}"
            later = "；可以后补，未定时记为待定" if layer.elsewhere.may_come_later else ""
            yield Row("外部结算", "", words + later, layer.elsewhere.evidence)
        if layer.deductible:
            yield from self._deductible(layer, layer.deductible)
        for part in layer.parts:
            yield from self._part(layer, part)
        for cap in layer.caps:
            yield from self._cap(layer, cap)
        if layer.surplus_to_hospital:
            yield Row("结余归医院", "", "限额以内费用没有用到的，在账单以外付给医院")
        if layer.counts_toward is not None:
            yield Row("另计入的额度", "", "、".join(layer.counts_toward) or "不计入别的额度")
        if layer.borne_by:
            yield self._bearer(layer.borne_by)

    def _whole(self, layer: Layer) -> Iterator[Row]:
        """Whom the layer is for, which fund pays, how and when it is asked."""
        if layer.kind is LayerKind.CASH:
            yield Row("支付方式", "", KIND_LABELS[layer.kind])
        if layer.pool and not layer.pool_evidence.is_stated:
            yield Row("统筹区", "", layer.pool, layer.pool_evidence)
        if layer.rounding.name != WHOLE_DOCUMENT:
            yield Row("取整", "", layer.rounding.label, layer.rounding.evidence)
        if not layer.condition.is_always:
            yield Row("适用", condition_in_words(layer.condition), "", layer.condition_evidence)
        if layer.person_asked_as_of:
            yield Row("认身份的日期", "", DAYS[layer.person_asked_as_of])
        if layer.precedence is not None:
            yield Row("身份先后", "", self.names.ranked(layer.precedence) or "不分先后")
        if layer.benefit_year != self.year:
            yield Row("待遇年度", "", year_in_words(layer.benefit_year))

    def _deductible(self, layer: Layer, rule: Deductible) -> Iterator[Row]:
        item = deductible_item(rule)
        yield from self.rule(item, rule.amount)
        if rule.kind is ThresholdKind.TRIGGER:
            words = "达到即进入" if rule.passed is Passed.AT else "超过才进入"
            yield Row(f"{item}的界", "", words)
        if rule.counter and (rule.counter.key_fact or rule.counter.name != f"{layer.id}.base"):
            yield Row(f"{item}累计", "", counter_in_words(rule.counter))
        if rule.limit:
            yield from self.rule("起付线年度合计上限", rule.limit.amount)
            if rule.limit.counter.key_fact:
                yield Row("起付线年度合计累计", "", counter_in_words(rule.limit.counter))
        if len(layer.parts) > 1:
            order = [p.name for i in rule.taken_from for p in layer.parts if p.id == i]
            yield Row("起付线先扣", "", " → ".join(order), rule.order_evidence)

    def _part(self, layer: Layer, part: Part) -> Iterator[Row]:
        before = part_prefix(layer, part)
        if part.fixed:
            yield from self.rule(f"{before}定额", part.fixed)
        else:
            base = self.names.expression(part.base)
            yield Row(f"{before}口径", "", base, part.base_evidence)
        if part.rounding != layer.rounding:
            yield Row(f"{before}取整", "", part.rounding.label, part.rounding.evidence)
        if part.first_self_pay:
            yield from self.rule(f"{before}先自付", part.first_self_pay)
            if part.first_taken is FirstTaken.BEFORE:
                yield Row(f"{before}先自付的先后", "", "在起付线以前扣")
        yield from self._bands(before, part)
        if part.factor:
            yield from self.rule(f"{before}系数", part.factor)
        if part.minus:
            minus = self.names.expression(part.minus)
            yield Row(f"{before}补足：减去", "", minus, part.minus_evidence)
        for item, guard in (("保底", part.not_below), ("不超过", part.not_above)):
            if guard:
                words = self.names.expression(guard.amount)
                yield Row(f"{before}{item}", "", words, guard.evidence)

    def _bands(self, before: str, part: Part) -> Iterator[Row]:
        if len(part.bands) == 1:
            yield from self.rule(f"{before}比例", part.bands[0].rate)
            return
        start = "从 0 起量" if part.bands_from == "zero" else "从起付线以上起量"
        for at, band in enumerate(part.bands, start=1):
            if band.up_to:
                yield from self.rule(f"{before}第 {at} 段至（{start}）", band.up_to)
            yield from self.rule(f"{before}第 {at} 段比例", band.rate)

    def _cap(self, layer: Layer, cap: Cap) -> Iterator[Row]:
        item = cap_item(cap)
        yield from self.rule(item, cap.amount)
        own = f"{layer.id}.{ {'payment': 'paid'}.get(cap.of.value, cap.of.value) }"
        if cap.counter and (cap.counter.key_fact or cap.counter.name != own):
            yield Row(f"{item}累计", "", counter_in_words(cap.counter))

    @staticmethod
    def _bearer(bearer: Bearer) -> Row:
        pool = f"，统筹区 {bearer.pool}" if bearer.pool else ""
        when = f"，{bearer.when}" if bearer.when else ""
        return Row("最终承担", "", f"{bearer.payer.label}{pool}{when}", bearer.evidence)

    def rule(self, item: str, rule: Rule) -> Iterator[Row]:
        """A number with its rows, one picked by an amount, or a share of one."""
        if isinstance(rule, Number):
            yield from self._number(item, rule)
        elif isinstance(rule, Picked):
            by = self.names.expression(rule.by)
            yield Row(item, "", f"按{by}的大小选", rule.by_evidence)
            for at, row in enumerate(rule.rows, start=1):
                if row.edge:
                    edge = "至（含）" if row.is_inclusive else "不到"
                    yield from self._number(f"{item}第 {at} 行{edge}", row.edge)
                yield from self._number(f"{item}第 {at} 行", row.then)
        else:
            yield from self._share(item, rule)

    def _share(self, item: str, rule: ShareOf) -> Iterator[Row]:
        of = self.names.expression(rule.of)
        yield Row(item, "", f"{of}的一部分", rule.of_evidence)
        yield from self._number(f"{item}所占比例", rule.share)
        for word, bound in (("不低于", rule.at_least), ("不高于", rule.at_most)):
            if bound:
                yield from self._number(f"{item}{word}", bound)

    def _number(self, item: str, number: Number) -> Iterator[Row]:
        unit = number.unit
        for choice in number.choices:
            situation = condition_in_words(choice.condition)
            if choice.condition.is_always and len(number.choices) > 1:
                situation = "其余"
            words = self.names.value(choice.value, unit)
            is_missing = isinstance(choice.value, Missing)
            yield Row(item, situation, words, choice.evidence, is_missing)
        for change in number.adjustments:
            what = condition_in_words(change.condition)
            yield Row(f"{item}调整", what, adjustment_in_words(change, unit), change.evidence)
        for word, bound in (("下限", number.at_least), ("上限", number.at_most)):
            if bound:
                yield Row(f"{item}{word}", "", value_in_words(bound.value, unit), bound.evidence)
