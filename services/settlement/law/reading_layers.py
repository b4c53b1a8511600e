"""Reading the layers of a document (读各层保障)."""

import re

from contracts.vocabulary import Payer, RegionCode
from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.facts import ALWAYS
from settlement.law.policy import (
    Band,
    BandsFrom,
    BenefitYear,
    Cap,
    CapOf,
    Deductible,
    Elsewhere,
    Expression,
    Layer,
    Number,
    Part,
    Period,
    Rounding,
    ThresholdKind,
    Unit,
    parse_expression,
)
from settlement.law.reading_numbers import read_condition, read_evidence, read_number
from settlement.law.reading_words import read_benefit_year, read_choice, read_rounding

_REGION = re.compile(r"[0-9]{6}")
_ID = re.compile(r"[a-z][a-z0-9_]*")
# Counters become variables of the written function, so their names are held as tightly as ids.
_COUNTER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
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
        pool = node.get("pool")
        if pool is None and payer is not Payer.HOSPITAL:
            node.fault("缺少 pool", "写这一层基金的统筹区六位代码")
        if pool and not _REGION.fullmatch(pool.text()):
            pool.fault("统筹区应为六位代码", '如 pool: "500000"')
        applies = node.get("applies")
        own_rounding = node.get("rounding")
        elsewhere = self._elsewhere()
        parts = () if elsewhere else self._parts()
        layer = Layer(
            id=self.id,
            name=node.optional_text("name") or payer.label,
            payer=payer,
            pool=RegionCode(pool.text()) if pool and payer is not Payer.HOSPITAL else None,
            article=node.optional_text("article"),
            condition=read_condition(applies) if applies else ALWAYS,
            parts=parts,
            deductible=None if elsewhere else self._deductible(parts),
            caps=() if elsewhere else self._caps(),
            rounding=read_rounding(own_rounding) if own_rounding else self.rounding,
            benefit_year=read_benefit_year(node, self.year),
            elsewhere=elsewhere,
        )
        if applies:
            applies.close()
        node.close()
        return layer

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
            node.fault(f"不认识的支付方“{text}”", "可用：" + "、".join(Payer))
        return Payer.BASIC

    def _elsewhere(self) -> Elsewhere | None:
        node = self.node.get("decided_elsewhere")
        if node is None:
            return None
        decided_by = node.need("by", "写由哪个系统结算")
        at_most = node.need("at_most", "写金额不得超过什么，如 total")
        node.close()
        return Elsewhere(
            decided_by=decided_by.text() if decided_by else "",
            at_most=self._expression(at_most) if at_most else _NOWHERE,
        )

    def _expression(self, node: Node) -> Expression:
        try:
            return parse_expression(node.text())
        except ValueError as wrong:
            node.fault(str(wrong), "如 in_scope - basic")
            return _NOWHERE

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
        base = node.need("base", "写这一层看哪些费用，如 in_scope - basic")
        base_evidence = self.evidence
        if base and base.is_mapping:
            base_evidence = read_evidence(base, self.evidence, self.source_ids)
            amount = base.need("amount", "写口径，如 in_scope - basic")
            base.close()
            base = amount
        first = node.get("first_self_pay")
        minus = node.get("minus")
        bands_from, bands = self._bands(node, name)
        return Part(
            id=part_id,
            name=node.optional_text("name") or part_id,
            base=self._expression(base) if base else _NOWHERE,
            base_evidence=base_evidence,
            first_self_pay=self._number(first, f"{name}.first_self_pay", Unit.RATIO)
            if first
            else None,
            bands=bands,
            bands_from=bands_from,
            minus=self._expression(minus) if minus else None,
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

    def _deductible(self, parts: tuple[Part, ...]) -> Deductible | None:
        node = self.node.get("deductible")
        order = self.node.get("deductible_taken_from")
        taken_from = tuple(n.text() for n in order.items()) if order else ()
        ids = [p.id for p in parts]
        for name in taken_from:
            if name not in ids and order:
                order.fault(f"分项“{name}”不存在", "可用：" + "、".join(ids))
        if node is None:
            if order:
                order.fault("没有起付线却写了扣除顺序", "删去这一行，或写 deductible")
            return None
        if len(parts) > 1 and not taken_from:
            self.node.fault(
                "几个分项共用起付线，没有写先从哪个分项扣",
                "用 deductible_taken_from 列出先后",
            )
        period, kind, amount = Period.STAY, ThresholdKind.DEDUCTED, node
        if node.is_mapping and node.get("amount"):
            period = read_choice(node, "per", Period)
            if node.get("kind"):
                kind = read_choice(node, "kind", ThresholdKind)
            amount = node.need("amount", "写金额") or node
        counter = None
        if period is Period.YEAR:
            counter = self._counter(node) or f"{self.id}.base"
        number = self._number(amount, f"{self.id}.deductible", Unit.AMOUNT)
        if amount is not node:
            node.get("counter")
            node.get("kind")
            node.close()
        return Deductible(number, period, kind, taken_from or tuple(ids), counter)

    @staticmethod
    def _counter(node: Node) -> str | None:
        found = node.get("counter")
        if found is None or _COUNTER.fullmatch(found.text()):
            return found.text() if found else None
        found.fault(f"“{found.text()}”不能作累计器的名称", "写成 层.名称，如 assistance.paid")
        return None

    def _caps(self) -> tuple[Cap, ...]:
        listed = self.node.get("caps")
        caps = []
        for at, node in enumerate(listed.items() if listed else (), start=1):
            amount = node.need("amount", "写封顶金额；不封顶写 unlimited")
            period = read_choice(node, "per", Period)
            of = read_choice(node, "of", CapOf) if node.get("of") else CapOf.PAYMENT
            counter = self._counter(node)
            if period is Period.YEAR and counter is None:
                counter = f"{self.id}.{'paid' if of is CapOf.PAYMENT else 'cost'}"
            node.close()
            if amount is None:
                continue
            caps.append(
                Cap(
                    amount=self._number(amount, f"{self.id}.cap_{at}", Unit.AMOUNT),
                    period=period,
                    of=of,
                    counter=counter if period is Period.YEAR else None,
                )
            )
        return tuple(caps)
