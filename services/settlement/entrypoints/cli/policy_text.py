"""A policy as people read it (政策的读法): layers, rows, conditions and evidence in Chinese."""

from collections.abc import Iterator
from datetime import date

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import EvidenceStatus
from settlement.entrypoints.statement_table import base_in_words
from settlement.law.evidence import Evidence
from settlement.law.exact import Ratio, format_yuan
from settlement.law.facts import CODES, Condition, FactKind, Test
from settlement.law.numbers import (
    Adjustment,
    Derived,
    Missing,
    Number,
    Picked,
    Rule,
    ShareOf,
    Stated,
    Unit,
    Unlimited,
)
from settlement.law.policy import (
    BandsFrom,
    CapOf,
    Layer,
    Part,
    Period,
    Policy,
    StayDate,
    ThresholdKind,
    assumptions_of,
)

_MARKS = {
    EvidenceStatus.STATED: "",
    EvidenceStatus.INFERRED: "[cyan]推定[/]",
    EvidenceStatus.ASSUMED: "[yellow]假定[/]",
}
_MISSING = "[red]缺失[/]"
_PERIODS = {Period.STAY: "每次", Period.YEAR: "每年"}
_DAYS = {
    StayDate.ADMISSION: "入院日",
    StayDate.DISCHARGE: "出院日",
    StayDate.SETTLEMENT: "结算日",
}
_ASSUMED = {"region": "地区", "in_force": "施行期", "dates": "日期规则", "rounding": "取整"}

Row = tuple[str, str, Stated | str, Evidence]
"""Item, situation, value (or words), evidence (依据)."""


def print_policy(policy: Policy, target: Console) -> None:
    """The whole policy, layer by layer."""
    fictional = "（虚构）" if policy.fictional else ""
    target.print(f"\n[bold]{escape(policy.label)}[/]{fictional}  {escape(policy.title)}")
    year = policy.benefit_year
    target.print(
        f"施行 {policy.in_force_from} 至 {policy.in_force_to or '今'}；"
        f"按{_DAYS[policy.version_chosen_by]}选版本，按{_DAYS[policy.person_asked_as_of]}认身份，"
        f"年度自 {year.begins_month:02d}-{year.begins_day:02d} 起、按{_DAYS[year.chosen_by]}归入",
        highlight=False,
    )
    for name, evidence in _assumed_throughout(policy).items():
        note = escape(evidence.note or "")
        target.print(f"  {_MARKS[evidence.status]} {_ASSUMED[name]}：{note}", highlight=False)
    for rule in policy.not_entered:
        target.print(f"  [red]未录入[/] {escape(rule)}", highlight=False)
    names = {layer.id: layer.name for layer in policy.layers}
    for at, layer in enumerate(policy.layers, start=1):
        notes: dict[str, str] = {}
        target.print(_layer_table(at, layer, names, notes))
        for note, mark in notes.items():
            target.print(f"  {mark} {escape(note)}", highlight=False)
    target.print("出处：")
    for source in policy.sources:
        line = "　".join(filter(None, (source.title, source.publisher, source.date, source.url)))
        target.print(f"  {escape(f'[{source.id}]')} {escape(line)}", highlight=False)


def _assumed_throughout(policy: Policy) -> dict[str, Evidence]:
    """What the document assumes for every bill; the rounding that layers share among it."""
    found = dict(assumptions_of(policy))
    shared = (layer.rounding for layer in policy.layers)
    found |= {r.name: r.evidence for r in shared if r.name in _ASSUMED and not r.evidence.is_stated}
    return found


def _layer_table(at: int, layer: Layer, names: dict[str, str], notes: dict[str, str]) -> Table:
    """One layer; notes that rows share are gathered, to be printed once below it."""
    pool = f"统筹区 {layer.pool}" if layer.pool else "由医院承担"
    article = f"，{layer.article}" if layer.article else ""
    title = f"{at}. {layer.name}（{layer.payer.label}，{pool}，{layer.rounding.label}{article}）"
    table = Table(
        title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for column in ("项目", "情形", "数值", "标记", "依据"):
        table.add_column(column, overflow="fold")
    for item, situation, value, evidence in _rows(layer, names):
        words = value if isinstance(value, str) else value_in_words(value)
        mark = _MISSING if isinstance(value, Missing) else _MARKS[evidence.status]
        said = escape(_said_where(evidence, notes))
        table.add_row(escape(item), escape(situation), escape(words), mark, said)
    return table


def _said_where(evidence: Evidence, notes: dict[str, str]) -> str:
    note = evidence.note
    mark = notes.setdefault(note, f"注{len(notes) + 1}") if note else None
    return " ".join(w for w in (f"[{evidence.source}]", evidence.place, mark) if w)


def _rows(layer: Layer, names: dict[str, str]) -> Iterator[Row]:
    if layer.pool and not layer.pool_evidence.is_stated:
        yield "统筹区", "", layer.pool, layer.pool_evidence
    if layer.rounding.name not in _ASSUMED:
        yield "取整", "", layer.rounding.label, layer.rounding.evidence
    if not layer.condition.is_always:
        yield "适用", condition_in_words(layer.condition), "", layer.condition_evidence
    if layer.elsewhere:
        limit = base_in_words(str(layer.elsewhere.at_most), names)
        words = f"由{layer.elsewhere.decided_by}决定，不超过 {limit}"
        yield "外部结算", "", words, layer.elsewhere.evidence
    if layer.deductible:
        kind = "门槛" if layer.deductible.kind is ThresholdKind.TRIGGER else "起付线"
        yield from _number_rows(
            f"{_PERIODS[layer.deductible.period]}{kind}", layer.deductible.amount
        )
    if layer.deductible and len(layer.parts) > 1:
        order = [p.name for i in layer.deductible.taken_from for p in layer.parts if p.id == i]
        yield "起付线先扣", "", " → ".join(order), layer.deductible.order_evidence
    for part in layer.parts:
        yield from _part_rows(part, names, is_only=len(layer.parts) == 1)
    for cap in layer.caps:
        what = "支付封顶" if cap.of is CapOf.PAYMENT else "费用封顶"
        yield from _number_rows(f"{_PERIODS[cap.period]}{what}", cap.amount)


def _part_rows(part: Part, names: dict[str, str], *, is_only: bool) -> Iterator[Row]:
    before = "" if is_only else f"{part.name}·"
    yield f"{before}口径", "", base_in_words(str(part.base), names), part.base_evidence
    if part.first_self_pay:
        yield from _number_rows(f"{before}先自付", part.first_self_pay)
    if len(part.bands) == 1:
        yield from _number_rows(f"{before}比例", part.bands[0].rate)
    else:
        start = "从 0 起量" if part.bands_from is BandsFrom.ZERO else "从起付线以上起量"
        for at, band in enumerate(part.bands, start=1):
            if band.up_to:
                yield from _number_rows(f"{before}第 {at} 段至（{start}）", band.up_to)
            yield from _number_rows(f"{before}第 {at} 段比例", band.rate)
    if part.minus:
        minus = base_in_words(str(part.minus), names)
        yield f"{before}补足：减去", "", minus, part.minus_evidence


def _number_rows(item: str, rule: Rule) -> Iterator[Row]:
    """The rows of a number, of one picked by an amount, or of a share of an amount."""
    if isinstance(rule, Picked):
        yield from _picked_rows(item, rule)
    elif isinstance(rule, ShareOf):
        yield from _share_rows(item, rule)
    else:
        yield from _looked_up_rows(item, rule)


def _picked_rows(item: str, rule: Picked) -> Iterator[Row]:
    yield f"{item}按金额选", "", str(rule.by), rule.by_evidence
    for at, row in enumerate(rule.rows, start=1):
        if row.edge:
            sign = "至（含）" if row.is_inclusive else "至（不含）"
            yield from _number_rows(f"{item}第 {at} 行{sign}", row.edge)
        yield from _number_rows(f"{item}第 {at} 行", row.then)


def _share_rows(item: str, rule: ShareOf) -> Iterator[Row]:
    yield f"{item}按金额的比例", "", str(rule.of), rule.of_evidence
    bounds = (("比例", rule.share), ("下限", rule.at_least), ("上限", rule.at_most))
    for what, number in bounds:
        if number:
            yield from _looked_up_rows(f"{item}{what}", number)


def _looked_up_rows(item: str, rule: Number) -> Iterator[Row]:
    for choice in rule.choices:
        situation = condition_in_words(choice.condition)
        if choice.condition.is_always and len(rule.choices) > 1:
            situation = "其余"
        yield item, situation, _value_of(rule, choice.value), choice.evidence
    for change in rule.adjustments:
        what = condition_in_words(change.condition)
        yield f"{item}调整", what, _adjustment_in_words(change), change.evidence
    for bound, word in ((rule.at_least, "下限"), (rule.at_most, "上限")):
        if bound:
            yield f"{item}{word}", "", value_in_words(bound.value), bound.evidence


def _value_of(number: Number, value: Stated) -> str | Stated:
    return f"{value} 次" if number.unit is Unit.COUNT and isinstance(value, int) else value


def value_in_words(value: Stated) -> str:
    """A number as people read it: yuan, a percentage, no limit, or why it is missing."""
    if isinstance(value, Missing):
        return value.reason
    if isinstance(value, Unlimited):
        return "不设限"
    if isinstance(value, Derived):
        times = f"的 {value.times}" if value.times else ""
        rounded = f"，{value.rounding.label}" if value.rounding else ""
        return f"{value.parameter.name}{times}{rounded}"
    return str(value) if isinstance(value, Ratio) else f"{format_yuan(value)} 元"


def _adjustment_in_words(change: Adjustment) -> str:
    if change.times is not None:
        return f"乘以 {change.times}"
    if change.on_rest is not None:
        return f"余下的再加 {change.on_rest}"
    step = change.plus if change.plus is not None else change.minus
    sign = "加" if change.plus is not None else "减"
    words = f"{step}（百分点）" if isinstance(step, Ratio) else f"{format_yuan(step or 0)} 元"
    if change.per is None:
        return f"{sign} {words}"
    beyond = f"超过 {change.per.beyond} 的部分" if change.per.beyond else ""
    most = f"，最多计 {change.per.at_most}" if change.per.at_most is not None else ""
    return f"{change.per.label}{beyond}每 1{most}：{sign} {words}"


def condition_in_words(condition: Condition) -> str:
    """A condition as people read it."""
    when = "；".join(_test_in_words(t) for t in condition.when)
    unless = "；".join(_test_in_words(t) for t in condition.unless)
    return "；".join(filter(None, (when, f"除外：{unless}" if unless else "")))


def _test_in_words(test: Test) -> str:
    label = test.label
    if test.least is not None or test.most is not None:
        least, most = (_end(test, end) for end in (test.least, test.most))
        if test.least == test.most:
            return f"{label} {least}"
        return f"{label} {least and least + ' 起'}{most and '至 ' + most}"
    if test.kind is FactKind.YES_NO:
        return f"{label}：{'、'.join('是' if v == 'yes' else '否' for v in sorted(test.values))}"
    known = CODES.get(test.fact, {})
    order = list(known)
    codes = sorted(test.values, key=lambda c: (order.index(c) if c in known else len(order), c))
    return f"{label}：{'、'.join(known.get(c, c) for c in codes)}"


def _end(test: Test, end: int | None) -> str:
    if end is None:
        return ""
    return str(date.fromordinal(end)) if test.kind is FactKind.DATE else str(end)
