"""Reading the layers of a document (读各层保障)."""

import re

from contracts.vocabulary import Payer, RegionCode
from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.facts import ALWAYS, Condition
from settlement.law.policy import (
    Band,
    BandsFrom,
    BenefitYear,
    Elsewhere,
    Expression,
    Layer,
    Number,
    Part,
    Rounding,
    Unit,
    parse_expression,
)
from settlement.law.reading_evidence import read_evidence
from settlement.law.reading_limits import LimitReader
from settlement.law.reading_numbers import read_condition, read_number
from settlement.law.reading_words import read_benefit_year, read_choice, read_rounding

_REGION = re.compile(r"[0-9]{6}")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_NOWHERE = Expression(())


class LayerReader:
    """Reads one layer, inheriting the document's year, rounding and evidence."""

    def __init__(
        self,
        node: Node,
        *,
        evidence: Evidence,
        source_ids: frozenset[str],
        year: BenefitYear,
        rounding: Rounding,
    ):
        """Stand at one layer of the document."""
        self.node = node
        self.year = year
        self.rounding = rounding
        self.id = self._id(node)
        self.source_ids = source_ids
        self.evidence = read_evidence(node, evidence, source_ids)

    def layer(self) -> Layer:
        """The layer as far as it can be read."""
        node = self.node
        payer = self._payer()
        pool, pool_evidence = self._pool(payer)
        condition, condition_evidence = self._applies()
        own_rounding = node.get("rounding")
        elsewhere = self._elsewhere()
        parts = () if elsewhere else self._parts()
        limits = LimitReader(
            node, layer_id=self.id, evidence=self.evidence, source_ids=self.source_ids
        )
        deductible = None if elsewhere else limits.deductible(parts)
        caps = () if elsewhere else limits.caps()
        limits.check_counted(deductible, parts, caps)
        layer = Layer(
            id=self.id,
            name=node.optional_text("name") or payer.label,
            payer=payer,
            pool=pool,
            pool_evidence=pool_evidence,
            article=node.optional_text("article"),
            condition=condition,
            condition_evidence=condition_evidence,
            parts=parts,
            deductible=deductible,
            caps=caps,
            rounding=self._rounding(own_rounding) if own_rounding else self.rounding,
            benefit_year=read_benefit_year(node, self.year),
            elsewhere=elsewhere,
        )
        node.close()
        return layer

    def _pool(self, payer: Payer) -> tuple[RegionCode | None, Evidence]:
        """The pooling region, `"500000"` or with evidence of its own; the hospital has none."""
        node = self.node.get("pool")
        code, evidence = node, self.evidence
        if node and node.is_mapping:
            code = node.need("code", "写六位代码，加引号")
            evidence = self._evidence(node)
            node.close()
        if node is None and payer is not Payer.HOSPITAL and "pool" not in self.node.keys:
            self.node.fault("缺少 pool", "写这一层基金的统筹区六位代码")
        if code is None:
            return None, evidence
        if not _REGION.fullmatch(code.text()):
            code.unreadable("统筹区应为六位代码", '如 pool: "500000"')
        return (None if payer is Payer.HOSPITAL else RegionCode(code.text())), evidence

    def _applies(self) -> tuple[Condition, Evidence]:
        """Whom the layer is for: `when` and `unless`, and evidence of their own."""
        node = self.node.get("applies")
        if node is None:
            return ALWAYS, self.evidence
        condition = read_condition(node)
        if condition.is_always:
            node.fault("适用条件是空的", "写 when 或 unless；人人适用就删去 applies")
        evidence = self._evidence(node)
        node.close()
        return condition, evidence

    def _rounding(self, node: Node) -> Rounding:
        return read_rounding(
            node,
            name=f"{self.id}.rounding",
            inherited=self.evidence,
            source_ids=self.source_ids,
        )

    def _evidence(self, node: Node) -> Evidence:
        return read_evidence(node, self.evidence, self.source_ids)

    def _id(self, node: Node) -> str:
        found = node.need("id", "给这一层一个英文名，如 basic")
        text = found.text() if found else "unnamed"
        if not _ID.fullmatch(text):
            (found or node).fault(f"“{text}”不能作 id", "小写字母开头，只用小写字母、数字和下划线")
            return "unnamed"
        return text

    def _payer(self) -> Payer:
        node = self.node.need("payer", "写支付方")
        text = node.text() if node else ""
        for payer in Payer:
            if text in (payer.value, payer.label):
                return payer
        if node:
            node.fault(f"不认识的支付方“{text}”", "可用：" + "、".join(p.label for p in Payer))
        return Payer.BASIC

    def _elsewhere(self) -> Elsewhere | None:
        node = self.node.get("decided_elsewhere")
        if node is None:
            return None
        decided_by = node.need("by", "写由哪个系统结算")
        at_most = node.need("at_most", "写金额不得超过什么，如 total")
        evidence = self._evidence(node)
        node.close()
        return Elsewhere(
            decided_by=decided_by.text() if decided_by else "",
            at_most=self._expression(at_most) if at_most else _NOWHERE,
            evidence=evidence,
        )

    def _expression(self, node: Node) -> Expression:
        try:
            return parse_expression(node.text())
        except ValueError as wrong:
            node.unreadable(str(wrong), "如 in_scope - basic")
            return _NOWHERE

    def _expression_of(self, node: Node | None) -> tuple[Expression, Evidence]:
        """An expression as it stands, or as `amount` beside evidence of its own."""
        evidence = self.evidence
        if node and node.is_mapping:
            evidence = self._evidence(node)
            amount = node.need("amount", "写口径，如 in_scope - basic")
            node.close()
            node = amount
        return self._expression(node) if node else _NOWHERE, evidence

    def _parts(self) -> tuple[Part, ...]:
        listed = self.node.get("parts")
        if listed is None:
            return (self._part(self.node, self.id, self.id),)
        parts: list[Part] = []
        for node in listed.items():
            part_id = self._id(node)
            if any(p.id == part_id for p in parts):
                node.fault(f"分项“{part_id}”重复", "每个分项的 id 不能相同")
            parts.append(self._part(node, part_id, f"{self.id}.{part_id}"))
            node.close()
        if not parts:
            listed.fault("没有任何分项", "至少写一个分项，或不写 parts")
        return tuple(parts)

    def _part(self, node: Node, part_id: str, name: str) -> Part:
        base, base_evidence = self._expression_of(
            node.need("base", "写这一层看哪些费用，如 in_scope - basic")
        )
        first, less = node.get("first_self_pay"), node.get("minus")
        minus, minus_evidence = self._expression_of(less)
        bands_from, bands = self._bands(node, name)
        return Part(
            id=part_id,
            name=node.optional_text("name") or part_id,
            base=base,
            base_evidence=base_evidence,
            first_self_pay=self._number(first, f"{name}.first_self_pay", Unit.RATIO)
            if first
            else None,
            bands=bands,
            bands_from=bands_from,
            minus=minus if less else None,
            minus_evidence=minus_evidence,
        )

    def _number(self, node: Node, name: str, unit: Unit) -> Number:
        return read_number(
            node,
            name=name,
            unit=unit,
            inherited=self.evidence,
            source_ids=self.source_ids,
        )

    def _bands(self, node: Node, name: str) -> tuple[BandsFrom, tuple[Band, ...]]:
        rate, bands = node.get("rate"), node.get("bands")
        if (rate is None) == (bands is None):
            node.fault("rate 与 bands 必须写且只写一个", "单一比例写 rate，分段写 bands")
            return BandsFrom.ZERO, ()
        if rate is not None:
            return BandsFrom.ZERO, (Band(None, self._number(rate, f"{name}.rate", Unit.RATIO)),)
        assert bands is not None  # noqa: S101 - exactly one of the two
        measured = read_choice(bands, "measured_from", BandsFrom)
        rows = bands.need("rows", "从低到高列出各段")
        found: list[Band] = []
        for at, row in enumerate(rows.items() if rows else (), start=1):
            up_to, band_rate = row.get("up_to"), row.need("rate", "写这一段的比例")
            if band_rate is None:
                continue
            found.append(
                Band(
                    up_to=self._number(up_to, f"{name}.band_{at}.up_to", Unit.AMOUNT)
                    if up_to
                    else None,
                    rate=self._number(band_rate, f"{name}.band_{at}.rate", Unit.RATIO),
                )
            )
            row.close()
        bands.close()
        if not found or found[-1].up_to is not None or any(b.up_to is None for b in found[:-1]):
            bands.fault("分段不完整", "除最后一段外都写 up_to，最后一段不写")
        return measured, tuple(found)
