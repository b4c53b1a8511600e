"""Reading what a layer takes off and where it ends (读起付线与封顶线)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.facts import KEYS_OF_COUNTERS
from settlement.law.numbers import Rule, Unit
from settlement.law.policy import (
    EPISODE,
    TOGETHER,
    Cap,
    CapOf,
    Counter,
    Deductible,
    DeductionLimit,
    Part,
    Passed,
    Period,
    ThresholdKind,
)
from settlement.law.reading_evidence import Scope
from settlement.law.reading_rules import read_rule
from settlement.law.reading_words import read_choice

# Counters become variables of the written function, so their names are held as tightly as ids.
_COUNTER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_LONG_FORM = frozenset({"amount", "per", "kind", "passed", "limit"})
_USUAL = {CapOf.PAYMENT: "paid", CapOf.COST: "cost", CapOf.TIMES: "times"}


class LimitReader:
    """Reads the deductible and the caps of one layer."""

    def __init__(self, node: Node, *, layer_id: str, scope: Scope):
        """Stand at the layer, with what it says of all its numbers."""
        self.node = node
        self.layer_id = layer_id
        self.scope = scope

    def deductible(self, parts: tuple[Part, ...]) -> Deductible | None:
        """The deductible, and the parts it is taken from (起付线)."""
        node = self.node.get("deductible")
        taken_from, order_evidence = self._taken_from(parts)
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
        eaten = taken_from or tuple(p.id for p in parts)
        if not _LONG_FORM.isdisjoint(node.keys):
            return self._long_form(node, eaten, order_evidence)
        return Deductible(
            amount=self._amount(node, "deductible", self.scope),
            period=Period.STAY,
            kind=ThresholdKind.DEDUCTED,
            taken_from=eaten,
            order_evidence=order_evidence,
            counter=None,
        )

    def _long_form(
        self, node: Node, eaten: tuple[str, ...], order_evidence: Evidence
    ) -> Deductible | None:
        """`{per: year, amount: 12000, kind: trigger, passed: at, counter: …, limit: {…}}`."""
        period = read_choice(node, "per", Period)
        kind = ThresholdKind.DEDUCTED
        if node.get("kind"):
            kind = read_choice(node, "kind", ThresholdKind)
        passed = read_choice(node, "passed", Passed) if node.get("passed") else Passed.ABOVE
        if period is Period.EPISODE and kind is not ThresholdKind.DEDUCTED:
            node.fault("连续住院合计的只能是扣除的起付线", "删去 kind，或写 per: stay、per: year")
        if node.get("passed") and kind is not ThresholdKind.TRIGGER:
            node.fault("passed 只用于门槛", "删去 passed，或写 kind: trigger")
        amount = node.need("amount", "写金额")
        if amount is None:
            return None
        scope = self.scope.at(node)
        found = Deductible(
            amount=self._amount(amount, "deductible", scope),
            period=period,
            kind=kind,
            taken_from=eaten,
            order_evidence=order_evidence,
            counter=self._counter_of(node, period),
            passed=passed,
            limit=self._limit(node, period, kind, scope),
        )
        node.close()
        return found

    def _counter_of(self, node: Node, period: Period) -> Counter | None:
        """The counter of a deductible: over a year what it looks at, over an episode what was
        deducted, for each episode by itself."""
        if period is not Period.EPISODE:
            return self._counter(node, period, f"{self.layer_id}.base")
        each = node.get("each")
        if each:
            each.fault("连续住院合计的起付线不能另行分别累计", "删去 each")
        counter = self._counter(node, period, f"{self.layer_id}.deducted")
        return counter and replace(counter, each=EPISODE)

    def _limit(
        self, owner: Node, period: Period, kind: ThresholdKind, scope: Scope
    ) -> DeductionLimit | None:
        """The most that a year's deductions come to together."""
        node = owner.get("limit")
        if node is None:
            return None
        if period is not Period.STAY or kind is not ThresholdKind.DEDUCTED:
            node.fault("合计上限只用于每次扣除的起付线", "写 per: stay，不写 kind: trigger")
        amount = node.need("amount", "写年度合计最多扣多少")
        each_year = read_choice(node, "per", Period)
        if each_year is not Period.YEAR:
            node.fault("合计上限按年度计", "写 per: year")
        counter = self._counter(node, Period.YEAR, f"{self.layer_id}.deducted")
        inner = scope.at(node)
        node.close()
        if amount is None or counter is None:
            return None
        return DeductionLimit(self._amount(amount, "deductible.limit", inner), counter)

    def caps(self) -> tuple[Cap, ...]:
        """The caps in the order they are written (封顶线)."""
        listed = self.node.get("caps")
        found = listed.items() if listed else ()
        return tuple(self._each_cap(found))

    def _each_cap(self, nodes: Iterable[Node]) -> Iterator[Cap]:
        for at, node in enumerate(nodes, start=1):
            amount = node.need("amount", "写封顶金额；不封顶写 unlimited")
            period = read_choice(node, "per", Period)
            of = read_choice(node, "of", CapOf) if node.get("of") else CapOf.PAYMENT
            counter = self._counter(node, period, f"{self.layer_id}.{_USUAL[of]}")
            scope = self.scope.at(node)
            node.close()
            if period is Period.EPISODE:
                node.fault("封顶不能按连续住院合计", "写 per: stay 或 per: year")
            if of is CapOf.TIMES and period is not Period.YEAR:
                node.fault("次数按年度计", "写 per: year")
            if amount is not None:
                unit = Unit.COUNT if of is CapOf.TIMES else Unit.AMOUNT
                rule = read_rule(amount, name=f"{self.layer_id}.cap_{at}", unit=unit, scope=scope)
                yield Cap(amount=rule, period=period, of=of, counter=counter)

    def check_counted(
        self, deductible: Deductible | None, parts: tuple[Part, ...], caps: tuple[Cap, ...]
    ) -> None:
        """One counter cannot count the cost of some parts and the cost of all of them."""
        if deductible is None or deductible.period is not Period.YEAR or not deductible.counter:
            return
        counts_all = set(deductible.taken_from) == {p.id for p in parts}
        if counts_all and not any(p.takes_first for p in parts):
            return
        name = deductible.counter.name
        if any(cap.counter and cap.counter.name == name for cap in caps if cap.of is CapOf.COST):
            self.node.fault(
                f"累计器“{name}”由起付线和费用封顶共用，两处累计的费用却不同",
                "给其中一个写另外的 counter",
            )

    def _taken_from(self, parts: tuple[Part, ...]) -> tuple[tuple[str, ...], Evidence]:
        """The parts a deductible eats, first things first: a list, or `order` with evidence."""
        node = self.node.get("deductible_taken_from")
        order, evidence = node, self.scope.evidence
        if node and node.is_mapping:
            order = node.need("order", "从先到后列出分项")
            evidence = self.scope.evidence_at(node)
            node.close()
        names = tuple(n.text() for n in order.items()) if order else ()
        ids = [p.id for p in parts]
        for name in dict.fromkeys(names) if order else ():
            if name not in ids and order:
                order.fault(f"分项“{name}”不存在", "可用：" + "、".join(ids))
            if names.count(name) > 1 and order:
                order.fault(f"分项“{name}”写了两次", "每个分项只列一次")
        return names, evidence

    def _amount(self, node: Node, what: str, scope: Scope) -> Rule:
        return read_rule(node, name=f"{self.layer_id}.{what}", unit=Unit.AMOUNT, scope=scope)

    @staticmethod
    def _counter(node: Node, period: Period, usual: str) -> Counter | None:
        """The counter of a yearly rule; what runs over one stay counts nothing."""
        found, each = node.get("counter"), node.get("each")
        if period is Period.STAY:
            for written in (found, each):
                if written:
                    written.fault("按次计算的规则没有累计器", "删去这一行，或写 per: year")
            return None
        key = each.text() if each else None
        if each and key != TOGETHER and key not in KEYS_OF_COUNTERS:
            each.fault(
                f"不能按“{key}”分别累计",
                "可用：" + "、".join(sorted(KEYS_OF_COUNTERS)) + "；合并累计写 none",
            )
            key = None
        if found is None or _COUNTER.fullmatch(found.text()):
            return Counter(found.text() if found else usual, key)
        found.fault(f"“{found.text()}”不能作累计器的名称", "写成 层.名称，如 assistance.paid")
        return Counter(usual, key)
