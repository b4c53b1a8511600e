"""Reading what a layer takes off and where it ends (读起付线与封顶线)."""

import re

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.policy import (
    Cap,
    CapOf,
    Deductible,
    Number,
    Part,
    Period,
    ThresholdKind,
    Unit,
)
from settlement.law.reading_evidence import read_evidence
from settlement.law.reading_numbers import read_number
from settlement.law.reading_words import read_choice

# Counters become variables of the written function, so their names are held as tightly as ids.
_COUNTER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class LimitReader:
    """Reads the deductible and the caps of one layer."""

    def __init__(
        self, node: Node, *, layer_id: str, evidence: Evidence, source_ids: frozenset[str]
    ):
        """Stand at the layer, with what it says of all its numbers."""
        self.node = node
        self.layer_id = layer_id
        self.evidence = evidence
        self.source_ids = source_ids

    def _taken_from(self, parts: tuple[Part, ...]) -> tuple[tuple[str, ...], Evidence]:
        """The parts a deductible eats, first things first: a list, or `order` with evidence."""
        node = self.node.get("deductible_taken_from")
        order, evidence = node, self.evidence
        if node and node.is_mapping:
            order = node.need("order", "从先到后列出分项")
            evidence = self._evidence(node)
            node.close()
        names = tuple(n.text() for n in order.items()) if order else ()
        ids = [p.id for p in parts]
        for name in dict.fromkeys(names) if order else ():
            if name not in ids and order:
                order.fault(f"分项“{name}”不存在", "可用：" + "、".join(ids))
            if names.count(name) > 1 and order:
                order.fault(f"分项“{name}”写了两次", "每个分项只列一次")
        return names, evidence

    def deductible(self, parts: tuple[Part, ...]) -> Deductible | None:
        """The deductible, and the parts it is taken from (起付线)."""
        node = self.node.get("deductible")
        taken_from, order_evidence = self._taken_from(parts)
        ids = [p.id for p in parts]
        if node is None:
            if taken_from:
                self.node.fault(
                    "没有起付线却写了扣除顺序", "删去 deductible_taken_from，或写 deductible"
                )
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
        number = self._number(amount, f"{self.layer_id}.deductible", Unit.AMOUNT)
        counter = None
        if amount is not node:
            counter = self._counter(node, period, f"{self.layer_id}.base")
            node.get("kind")
            node.close()
        return Deductible(
            amount=number,
            period=period,
            kind=kind,
            taken_from=taken_from or tuple(ids),
            order_evidence=order_evidence,
            counter=counter,
        )

    @staticmethod
    def _counter(node: Node, period: Period, usual: str) -> str | None:
        """The counter of a yearly rule; what runs over one stay counts nothing."""
        found = node.get("counter")
        if period is Period.STAY:
            if found:
                found.fault("按次计算的规则没有累计器", "删去 counter，或写 per: year")
            return None
        if found is None or _COUNTER.fullmatch(found.text()):
            return found.text() if found else usual
        found.fault(f"“{found.text()}”不能作累计器的名称", "写成 层.名称，如 assistance.paid")
        return usual

    def check_counted(
        self, deductible: Deductible | None, parts: tuple[Part, ...], caps: tuple[Cap, ...]
    ) -> None:
        """One counter cannot count the cost of some parts and the cost of all of them."""
        if deductible is None or set(deductible.taken_from) == {p.id for p in parts}:
            return
        costs = {cap.counter for cap in caps if cap.of is CapOf.COST}
        if deductible.counter and deductible.counter in costs:
            self.node.fault(
                f"累计器“{deductible.counter}”由起付线和费用封顶共用，起付线却只看其中几个分项",
                "给其中一个写另外的 counter",
            )

    def caps(self) -> tuple[Cap, ...]:
        """The caps in the order they are written (封顶线)."""
        listed = self.node.get("caps")
        caps = []
        for at, node in enumerate(listed.items() if listed else (), start=1):
            amount = node.need("amount", "写封顶金额；不封顶写 unlimited")
            period = read_choice(node, "per", Period)
            of = read_choice(node, "of", CapOf) if node.get("of") else CapOf.PAYMENT
            usual = f"{self.layer_id}.{'paid' if of is CapOf.PAYMENT else 'cost'}"
            counter = self._counter(node, period, usual)
            node.close()
            if amount is None:
                continue
            caps.append(
                Cap(
                    amount=self._number(amount, f"{self.layer_id}.cap_{at}", Unit.AMOUNT),
                    period=period,
                    of=of,
                    counter=counter,
                )
            )
        return tuple(caps)

    def _number(self, node: Node, name: str, unit: Unit) -> Number:
        return read_number(
            node,
            name=name,
            unit=unit,
            inherited=self.evidence,
            source_ids=self.source_ids,
        )

    def _evidence(self, node: Node) -> Evidence:
        return read_evidence(node, self.evidence, self.source_ids)
