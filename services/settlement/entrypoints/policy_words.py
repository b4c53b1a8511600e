"""The words of a policy in Chinese (政策的用语): values, conditions, situations, bases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from settlement.law.bill import AMOUNT_LABELS
from settlement.law.corrections import Overpaid, Underpaid
from settlement.law.exact import Ratio, format_yuan
from settlement.law.expressions import OWN_BASE, YEAR, Expression
from settlement.law.facts import CODES, Condition, FactKind, Test
from settlement.law.numbers import Adjustment, Derived, Missing, Stated, Unit, Unlimited
from settlement.law.policy import EPISODE, BenefitYear, ClaimBy, Counter, Policy, StayDate
from settlement.law.stays_in_parts import PartsDates

DAYS = {
    StayDate.ADMISSION: "入院日",
    StayDate.DISCHARGE: "出院日",
    StayDate.SETTLEMENT: "结算日",
}
_OF_LAYER = {
    "deductible": "起付线",
    "first_self_pay": "先行自付",
    "base": "基数",
    "eligible": "可报费用",
    "computed": "应付",
    "over_cap": "超封顶",
}
_SIGNS = {True: " − ", False: " ＋ "}


@dataclass(frozen=True)
class PolicyNames:
    """What a policy calls its layers, parts and parameters (名称对照)."""

    layers: Mapping[str, str]
    parts: Mapping[str, str]
    parameters: Mapping[str, str]
    identities: Mapping[str, str]

    @classmethod
    def of(cls, policy: Policy) -> "PolicyNames":
        """The names of one policy."""
        return cls(
            layers={layer.id: layer.name for layer in policy.layers},
            parts={f"{x.id}.{p.id}": p.name for x in policy.layers for p in x.parts},
            parameters={p.number.name: p.label for p in policy.parameters},
            identities=CODES["identity"] | {own.id: own.label for own in policy.identities},
        )

    def expression(self, expression: Expression) -> str:
        """`in_scope - basic` as 政策范围内费用 − 居民基本医疗保险."""
        text = ""
        for term in expression.terms:
            name = self.amount(term.name)
            text += _SIGNS[term.sign < 0] + name if text or term.sign < 0 else name
        return text.strip() or "无"

    def amount(self, name: str) -> str:
        """One name of an expression."""
        if name in AMOUNT_LABELS:
            return AMOUNT_LABELS[name]
        if name == OWN_BASE:
            return "本层口径"
        if name.startswith(YEAR):
            return f"本年此前累计{self.amount(name.removeprefix(YEAR))}"
        if name == "patient":
            return "个人负担"
        if name.startswith("item."):
            return f"项目类别 {name.removeprefix('item.')}"
        head, *rest = name.split(".")
        known = self.layers.get(head, head)
        if rest and f"{head}.{rest[0]}" in self.parts and rest[0] != head:
            known, rest = f"{known}·{self.parts[f'{head}.{rest[0]}']}", rest[1:]
        return known + "".join(f"的{_OF_LAYER.get(what, what)}" for what in rest)

    def identity(self, code: str) -> str:
        """One identity by its label."""
        return self.identities.get(code, code)

    def ranked(self, codes: Iterable[str]) -> str:
        """Identities in order of precedence: 特困人员 → 低保对象."""
        return " → ".join(map(self.identity, codes))

    def derived(self, value: Derived) -> str:
        """How a value is made from a parameter: 上年收入×50%，进一到元."""
        text = self.parameters.get(value.parameter.name, value.parameter.name)
        if value.times:
            text += f"×{value.times}"
        return f"{text}，{value.rounding.label}" if value.rounding else text

    def value(self, value: Stated, unit: Unit) -> str:
        """A number as people read it: yuan, a percentage, no limit, or why it is missing."""
        if isinstance(value, Derived):
            return self.derived(value)
        return value_in_words(value, unit)


def value_in_words(value: int | Ratio | Missing | Unlimited, unit: Unit) -> str:
    """A number that is not made from another: yuan, a percentage, a count, no limit."""
    if isinstance(value, Missing):
        return value.reason
    if isinstance(value, Unlimited):
        return "不设限"
    if isinstance(value, Ratio):
        return str(value)
    return f"{value} 次" if unit is Unit.COUNT else f"{format_yuan(value)} 元"


def adjustment_in_words(change: Adjustment, unit: Unit) -> str:
    """加 5%（百分点）, 减 100.00 元, 乘以 95%, 余下部分加 20%."""
    for word, by in (("加", change.plus), ("减", change.minus)):
        if by is not None:
            points = "（百分点）" if isinstance(by, Ratio) else ""
            return f"{word} {value_in_words(by, unit)}{points}{_often(change)}"
    if change.on_rest is not None:
        return f"余下部分再加 {change.on_rest}"
    return f"乘以 {change.times}"


def _often(change: Adjustment) -> str:
    per = change.per
    if per is None:
        return ""
    beyond = f"超过 {per.beyond} 的部分" if per.beyond else ""
    most = f"，至多 {per.at_most}" if per.at_most is not None else ""
    return f"，{per.label}{beyond}每 1 计一次{most}"


def condition_in_words(condition: Condition) -> str:
    """A condition as people read it."""
    when = "；".join(test_in_words(t) for t in condition.when)
    unless = "；".join(test_in_words(t) for t in condition.unless)
    return "；".join(filter(None, (when, f"除外：{unless}" if unless else "")))


def test_in_words(test: Test) -> str:
    """身份：低保对象, 年龄 至 14, 入院日期 2020-01-01 起."""
    if test.least is not None or test.most is not None:
        return f"{test.label} {_range_in_words(test)}"
    return f"{test.label}：{'、'.join(words_of(test))}"


def words_of(test: Test) -> list[str]:
    """The values a test asks for, in the order of their list."""
    if test.kind is FactKind.YES_NO:
        return ["是" if v == "yes" else "否" for v in sorted(test.values)]
    known = test.codes
    order = list(known)
    codes = sorted(test.values, key=lambda c: (order.index(c) if c in known else len(order), c))
    return [known.get(c, _plain_word(test, c)) for c in codes]


def _plain_word(test: Test, word: str) -> str:
    return "无" if test.fact == "disease" and word == "none" else word


def _range_in_words(test: Test) -> str:
    least, most = _edge(test, test.least), _edge(test, test.most)
    if least == most:
        return least
    if not most:
        return f"{least} 起"
    return f"{least} 起至 {most}" if least else f"至 {most}"


def _edge(test: Test, edge: int | None) -> str:
    if edge is None:
        return ""
    return date.fromordinal(edge).isoformat() if test.kind is FactKind.DATE else str(edge)


def situation_in_words(condition: Condition) -> str:
    """A situation in as few words as tell it from others: 低保对象·二级."""
    when = [_briefly(test) for test in condition.when]
    unless = ["、".join(_briefly_listed(test)) for test in condition.unless]
    said = "·".join(when)
    if unless:
        said += f"（{'、'.join(unless)}除外）" if said else f"{'、'.join(unless)}以外"
    return said or "全部"


_SPEAK_FOR_THEMSELVES = {"identity", "tier", "level", "place", "care", "occasion", "plan"}


def _briefly(test: Test) -> str:
    if test.fact in _SPEAK_FOR_THEMSELVES:
        return "、".join(words_of(test))
    if test.kind is FactKind.YES_NO:
        label = test.label.removeprefix("是否")
        return label if test.values == {"yes"} else f"{label}：否"
    return test_in_words(test)


def _briefly_listed(test: Test) -> list[str]:
    return words_of(test) if test.fact in _SPEAK_FOR_THEMSELVES else [test_in_words(test)]


def year_in_words(year: BenefitYear) -> str:
    """自 01-01 起、按出院日归入."""
    return f"自 {year.begins_month:02d}-{year.begins_day:02d} 起、按{DAYS[year.chosen_by]}归入"


PARTS_DATES = {
    PartsDates.OF_PART: "各算一次住院，以本段首日为入院日",
    PartsDates.OF_STAY: "各算一次住院，以住院首日为入院日",
}
"""How parts of a stay are settled."""
UNDERPAID_WAYS: Mapping[str, str] = {
    Underpaid.THROUGH_HOSPITAL: "经原结算医院补给个人",
    Underpaid.TO_PATIENT: "由基金直接补给个人",
    Underpaid.LEAVE: "不补",
}
OVERPAID_WAYS: Mapping[str, str] = {
    Overpaid.THROUGH_HOSPITAL: "经原结算医院向个人追回",
    Overpaid.FROM_PATIENT: "由基金直接向个人追回",
    Overpaid.LEAVE: "不追回",
}
"""How a difference is carried, in words."""


def claim_in_words(rule: ClaimBy) -> str:
    """出院次年 03-31 以前."""
    years = {0: "当年", 1: "次年"}.get(rule.years_after, f"后第 {rule.years_after} 年")
    return f"出院{years} {rule.month:02d}-{rule.day:02d} 以前"


def counter_in_words(counter: Counter) -> str:
    """A yearly total by its name, and what it counts apart."""
    apart = counter.key_fact
    if apart == EPISODE:
        return f"{counter.name}（每次连续住院分别累计）"
    return f"{counter.name}（按{_fact_label(apart)}分别累计）" if apart else counter.name


def _fact_label(fact: str) -> str:
    return Test(fact).label
