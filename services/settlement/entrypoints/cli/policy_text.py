"""A policy as people read it (政策的读法): layers, rows, conditions and evidence in Chinese."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import EvidenceStatus
from settlement.entrypoints.cli.policy_rows import WHOLE_DOCUMENT, LayerRows, Row
from settlement.entrypoints.policy_words import (
    DAYS,
    OVERPAID_WAYS,
    PARTS_DATES,
    UNDERPAID_WAYS,
    PolicyNames,
    claim_in_words,
    condition_in_words,
    year_in_words,
)
from settlement.law.corrections import Corrections
from settlement.law.evidence import Evidence
from settlement.law.facts import FactKind
from settlement.law.people import People
from settlement.law.policy import (
    IfLower,
    Layer,
    LayerKind,
    Policy,
    Reported,
    assumptions_of,
)

MARKS = {
    EvidenceStatus.STATED: "",
    EvidenceStatus.INFERRED: "[cyan]推定[/]",
    EvidenceStatus.ASSUMED: "[yellow]假定[/]",
}
_MISSING = "[red]缺失[/]"
_ASSUMED = {
    "region": "地区",
    "in_force": "施行期",
    "dates": "日期规则",
    "rounding": "取整",
    "people": "身份认定",
}
_NO_FUND = {
    LayerKind.MEASURE: "不支付",
    LayerKind.PATIENT: "不由基金支付",
}
_KINDS_OF_ASKS = {FactKind.YES_NO: "是或否", FactKind.NUMBER: "数目", FactKind.WORD: "选一项"}
_IF_LOWER = {IfLower.COLLECT_BACK: "多付的追回", IfLower.LEAVE: "已付的不追回"}


def print_policy(policy: Policy, target: Console) -> None:
    """The whole policy, layer by layer."""
    fictional = "（虚构）" if policy.fictional else ""
    target.print(f"\n[bold]{escape(policy.label)}[/]{fictional}  {escape(policy.title)}")
    names = PolicyNames.of(policy)
    for line in _head(policy):
        target.print(escape(line), highlight=False)
    for name, evidence in _assumed_throughout(policy).items():
        note = escape(evidence.note or "")
        target.print(f"  {MARKS[evidence.status]} {_ASSUMED[name]}：{note}", highlight=False)
    for rule in policy.not_entered:
        target.print(f"  [red]未录入[/] {escape(rule)}", highlight=False)
    rows = LayerRows(names, policy.benefit_year)
    _print_table("文件一级的数与规则", _document_rows(policy, rows), target)
    for at, layer in enumerate(policy.layers, start=1):
        _print_table(_layer_title(at, layer), rows.of(layer), target)
    target.print("出处：")
    for source in policy.sources:
        line = "　".join(filter(None, (source.title, source.publisher, source.date, source.url)))
        target.print(f"  {escape(f'[{source.id}]')} {escape(line)}", highlight=False)


def _head(policy: Policy) -> Iterator[str]:
    """When the document holds, and by which days."""
    published = f"，{policy.published} 公布" if policy.published else ""
    yield (
        f"施行 {policy.in_force_from} 至 {policy.in_force_to or '今'}{published}；"
        f"按{DAYS[policy.version_chosen_by]}选版本，按{DAYS[policy.person_asked_as_of]}认身份，"
        f"年度{year_in_words(policy.benefit_year)}"
    )
    if policy.claim_by:
        yield f"申报期限：{claim_in_words(policy.claim_by)}"
    if policy.if_lower:
        yield f"追溯施行而待遇降低时：{_IF_LOWER[policy.if_lower]}"


def _assumed_throughout(policy: Policy) -> dict[str, Evidence]:
    """What the document assumes for every bill; the rounding that layers share among it."""
    found = {name: e for name, e in assumptions_of(policy) if name in _ASSUMED}
    shared = [layer.rounding for layer in policy.layers if layer.rounding.name == WHOLE_DOCUMENT]
    found |= {r.name: r.evidence for r in shared if not r.evidence.is_stated}
    return found


def _document_rows(policy: Policy, rows: LayerRows) -> Iterator[Row]:
    """Parameters, what bills must declare, how identities count, deposits, what is reported."""
    for parameter in policy.parameters:
        yield from rows.rule(f"参数 {parameter.label}", parameter.number)
    for ask in policy.asks:
        words = f"（{'、'.join(ask.words)}）" if ask.words else ""
        yield Row("另须申报", ask.label, _KINDS_OF_ASKS.get(ask.kind, "") + words)
    for own in policy.identities:
        yield Row("地方身份", own.label, own.id)
    yield from _people(policy.people, rows.names)
    if policy.deposit:
        if policy.deposit.share_of_normal:
            yield from rows.rule("押金占平常的比例", policy.deposit.share_of_normal)
        if policy.deposit.amount:
            yield from rows.rule("押金", policy.deposit.amount)
    yield from _corrections(policy.corrections or Corrections())
    if policy.stays_in_parts:
        words = PARTS_DATES[policy.stays_in_parts.dates]
        yield Row("分段结算", "中途结算的各段", words, policy.stays_in_parts.evidence)
    for reported in policy.reported:
        yield from _reported(reported, rows)


def _corrections(corrections: Corrections) -> Iterator[Row]:
    for item, switch, ways in (
        ("更正补差", corrections.underpaid, UNDERPAID_WAYS),
        ("更正追回", corrections.overpaid, OVERPAID_WAYS),
    ):
        if switch:
            yield Row(item, "差额在别的医院", ways[switch.says], switch.evidence)


def _people(people: People, names: PolicyNames) -> Iterator[Row]:
    if people.precedence:
        ranked = names.ranked(people.precedence)
        yield Row("身份先后", "兼有几种的", f"只按排在最前的一种：{ranked}", people.evidence)
    for kept in people.keeps:
        until = f"至 {kept.until}" if kept.until else f"{kept.months} 个月内"
        yield Row(
            "身份结束后", _identities(kept.identities, names), f"{until}仍算", people.evidence
        )
    for back in people.reaches_back:
        words = f"以前 {back.months} 个月内也算"
        yield Row("身份认定", _identities(back.identities, names), words, people.evidence)


def _identities(codes: frozenset[str], names: PolicyNames) -> str:
    return "、".join(sorted(map(names.identity, codes)))


def _reported(reported: Reported, rows: LayerRows) -> Iterator[Row]:
    words = rows.names.expression(reported.amount)
    if reported.of:
        words = f"（{words}）占（{rows.names.expression(reported.of)}）的比例"
    situation = condition_in_words(reported.condition)
    item = f"只报告 {reported.label}"
    yield Row(item, situation, words, reported.evidence)
    if reported.target:
        yield from rows.rule(f"{item}的目标", reported.target)


def _layer_title(at: int, layer: Layer) -> str:
    pool = f"统筹区 {layer.pool}" if layer.pool else _NO_FUND.get(layer.kind, "由医院承担")
    article = f"，{layer.article}" if layer.article else ""
    return f"{at}. {layer.name}（{layer.payer.label}，{pool}，{layer.rounding.label}{article}）"


def _print_table(title: str, rows: Iterator[Row], target: Console) -> None:
    """One table, if it has rows; notes that rows share are printed once below it."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("项目", "情形", "数值", "标记", "依据"):
        table.add_column(column, overflow="fold")
    notes: dict[str, str] = {}
    for row in rows:
        evidence = row.evidence
        mark = _MISSING if row.is_missing else MARKS[evidence.status] if evidence else ""
        said = escape(_said_where(evidence, notes)) if evidence else ""
        table.add_row(escape(row.item), escape(row.situation), escape(row.value), mark, said)
    if not table.row_count:
        return
    target.print(f"[bold]{escape(title)}[/]", highlight=False)
    target.print(table)
    for note, mark in notes.items():
        target.print(f"  {mark} {escape(note)}", highlight=False)


def _said_where(evidence: Evidence, notes: dict[str, str]) -> str:
    note = evidence.note
    mark = notes.setdefault(note, f"注{len(notes) + 1}") if note else None
    return " ".join(w for w in (f"[{evidence.source}]", evidence.place, mark) if w)
