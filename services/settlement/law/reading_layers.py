"""Reading the layers of a document (读各层保障)."""

import re

from contracts.vocabulary import Payer, RegionCode
from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.expressions import NOWHERE
from settlement.law.facts import ALWAYS, CODES, Condition
from settlement.law.policy import (
    TOGETHER,
    Bearer,
    BenefitYear,
    Elsewhere,
    Layer,
    LayerKind,
    Part,
    StayDate,
)
from settlement.law.reading_conditions import read_condition
from settlement.law.reading_evidence import Scope
from settlement.law.reading_limits import LimitReader
from settlement.law.reading_parts import PartReader
from settlement.law.reading_rules import read_expression
from settlement.law.reading_words import (
    read_benefit_year,
    read_choice,
    read_codes,
    read_flag,
    read_rounding,
)
from settlement.law.rounding import Rounding

_REGION = re.compile(r"[0-9]{6}")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_COUNTER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_KINDS = {Payer.NONE: LayerKind.MEASURE, Payer.PATIENT: LayerKind.PATIENT}


def read_id(node: Node) -> str:
    """The `id` here; what other places of the document call this."""
    found = node.need("id", "给它一个英文名，如 basic")
    text = found.text() if found else "unnamed"
    if not _ID.fullmatch(text):
        (found or node).fault(f"“{text}”不能作 id", "小写字母开头，只用小写字母、数字和下划线")
        return "unnamed"
    return text


def read_payer(node: Node | None) -> Payer:
    """A payer by code or label."""
    text = node.text() if node else ""
    for payer in Payer:
        if text in (payer.value, payer.label):
            return payer
    if node:
        node.fault(f"不认识的支付方“{text}”", "可用：" + "、".join(p.label for p in Payer))
    return Payer.BASIC


class LayerReader:
    """Reads one layer, inheriting the document's year, rounding and evidence."""

    def __init__(self, node: Node, *, scope: Scope, year: BenefitYear, rounding: Rounding):
        """Stand at one layer of the document."""
        self.node = node
        self.year = year
        self.id = read_id(node)
        self.scope = scope.at(node)
        own = node.get("rounding")
        self.rounding = (
            read_rounding(own, name=f"{self.id}.rounding", scope=self.scope) if own else rounding
        )

    def layer(self) -> Layer:
        """The layer as far as it can be read."""
        node = self.node
        payer = read_payer(node.need("payer", "写支付方"))
        pool, pool_evidence = self._pool(payer)
        condition, condition_evidence = self._applies()
        elsewhere = self._elsewhere()
        parts = () if elsewhere else self._parts()
        limits = LimitReader(node, layer_id=self.id, scope=self.scope)
        deductible = None if elsewhere else limits.deductible(parts)
        caps = () if elsewhere else limits.caps()
        limits.check_counted(deductible, parts, caps)
        as_of = node.get("person_asked_as_of")
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
            rounding=self.rounding,
            benefit_year=read_benefit_year(node, self.year),
            elsewhere=elsewhere,
            kind=self._kind(payer),
            surplus_to_hospital=self._surplus(payer),
            counts_toward=self._counts_toward(),
            borne_by=self._bearer(),
            person_asked_as_of=read_choice(node, "person_asked_as_of", StayDate) if as_of else None,
            precedence=self._precedence(),
        )
        node.close()
        return layer

    def _kind(self, payer: Payer) -> LayerKind:
        """What becomes of the amount: `payer` decides, and `pays: cash`."""
        kind = _KINDS.get(payer, LayerKind.PAYMENT)
        pays = self.node.get("pays")
        if pays is None or pays.text() in ("bill", "账单"):
            return kind
        if pays.text() not in ("cash", "现金"):
            pays.fault(f"“{pays.text()}”不可用", "支付账单写 bill，账外发给个人写 cash")
        elif not payer.has_fund:
            pays.fault("只有基金或机构能发现金补助", "改写 payer，或删去 pays")
        else:
            kind = LayerKind.CASH
        return kind

    def _surplus(self, payer: Payer) -> bool:
        node = self.node.get("surplus")
        if node is None or node.text() in ("none", "无"):
            return False
        if node.text() not in ("hospital", "医院"):
            node.fault(f"“{node.text()}”不可用", "结余归医院写 hospital，没有结余写 none")
        elif not payer.has_fund:
            node.fault("没有基金就没有结余", "删去 surplus")
        return True

    def _counts_toward(self) -> tuple[str, ...] | None:
        node = self.node.get("counts_toward")
        if node is None:
            return None
        names = [member.text() for member in node.items()]
        if names == [TOGETHER]:
            return ()
        for name in names:
            if not _COUNTER.fullmatch(name):
                node.fault(f"“{name}”不是累计器的名称", "写成 层.paid；不计入别的额度写 none")
        return tuple(dict.fromkeys(n for n in names if _COUNTER.fullmatch(n)))

    def _bearer(self) -> Bearer | None:
        node = self.node.get("borne_by")
        if node is None:
            return None
        payer = read_payer(node.need("payer", "写最终由谁承担"))
        pool, when = node.optional_text("pool"), node.optional_text("when")
        if pool and not _REGION.fullmatch(pool):
            node.fault("统筹区应为六位代码", '如 pool: "620000"')
            pool = None
        evidence = self.scope.evidence_at(node)
        node.close()
        return Bearer(payer, RegionCode(pool) if pool else None, when, evidence)

    def _precedence(self) -> tuple[str, ...] | None:
        node = self.node.get("precedence")
        if node is None:
            return None
        return tuple(read_codes(node, CODES["identity"], may_be_local=True))

    def _pool(self, payer: Payer) -> tuple[RegionCode | None, Evidence]:
        """The pooling region, `"500000"` or with evidence of its own, where a fund pays."""
        node = self.node.get("pool")
        code, evidence = node, self.scope.evidence
        if node and node.is_mapping:
            code = node.need("code", "写六位代码，加引号")
            evidence = self.scope.evidence_at(node)
            node.close()
        if node is None and payer.has_fund and "pool" not in self.node.keys:
            self.node.fault("缺少 pool", "写这一层基金的统筹区六位代码")
        if code is None:
            return None, evidence
        if not _REGION.fullmatch(code.text()):
            code.unreadable("统筹区应为六位代码", '如 pool: "500000"')
        return (RegionCode(code.text()) if payer.has_fund else None), evidence

    def _applies(self) -> tuple[Condition, Evidence]:
        """Whom the layer is for: `when` and `unless`, and evidence of their own."""
        node = self.node.get("applies")
        if node is None:
            return ALWAYS, self.scope.evidence
        condition = read_condition(node, self.scope)
        if condition.is_always:
            node.fault("适用条件是空的", "写 when 或 unless；人人适用就删去 applies")
        evidence = self.scope.evidence_at(node)
        node.close()
        return condition, evidence

    def _elsewhere(self) -> Elsewhere | None:
        node = self.node.get("decided_elsewhere")
        if node is None:
            return None
        decided_by = node.need("by", "写由哪个系统或谁审定")
        at_most = node.need("at_most", "写金额不得超过什么，如 total")
        later = node.get("may_come_later")
        evidence = self.scope.evidence_at(node)
        node.close()
        return Elsewhere(
            decided_by=decided_by.text() if decided_by else "",
            at_most=read_expression(at_most) if at_most else NOWHERE,
            evidence=evidence,
            may_come_later=bool(later and read_flag(later)),
        )

    def _parts(self) -> tuple[Part, ...]:
        listed = self.node.get("parts")
        if listed is None:
            whole = PartReader(self.node, self.id, self.scope, self.rounding)
            return (whole.part(self.id, is_own=False),)
        parts: list[Part] = []
        for node in listed.items():
            part_id = read_id(node)
            if any(p.id == part_id for p in parts):
                node.fault(f"分项“{part_id}”重复", "每个分项的 id 不能相同")
            reader = PartReader(node, f"{self.id}.{part_id}", self.scope, self.rounding)
            parts.append(reader.part(part_id, is_own=True))
            node.close()
        if not parts:
            listed.fault("没有任何分项", "至少写一个分项，或不写 parts")
        return tuple(parts)
