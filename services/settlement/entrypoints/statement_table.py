"""The statement as a table (结算单表格): who looked at what, took off what, and paid."""

import os
import sys

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.settlement_v1 import NumberShown, StatementShown, StepShown
from contracts.vocabulary import EvidenceStatus
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.exact import format_yuan

PIPED_WIDTH = 110
"""Columns where the output is not a terminal: narrower would break amounts over lines."""

_COLUMNS = ("", "支付方", "计算口径", "基数", "起付线", "比例", "限额余额", "支付", "依据")
_NUMBERS = {"基数", "起付线", "比例", "限额余额", "支付"}
_STATUS = {"preview": "预结算", "settled": "已结算", "reversed": "已撤销"}
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_OF_LAYER = {"deductible": "起付线", "first_self_pay": "先行自付", "base": "基数"}
_WHOLE_DOCUMENT = {
    "region": "参保地",
    "in_force": "施行日期",
    "dates": "日期规则",
    "rounding": "取整",
}


def wide_console() -> Console:
    """Where tables go: as wide as the terminal or COLUMNS, else wide enough for a statement."""
    is_known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if is_known else PIPED_WIDTH)


def print_statement(found: StatementShown, target: Console, *, title: str | None = None) -> None:
    """One statement in Chinese, amounts in yuan.

    Everything assumed is listed below it, and every rule that is known and was not applied.
    """
    heading = title or f"{found.institution_name or ''} 住院 {found.hospital_stay_number or ''}"
    number = f" {found.settlement_number}" if found.settlement_number else ""
    fictional = "（虚构）" if found.policy.fictional else ""
    target.print(f"\n[bold]{escape(heading)}[/]", highlight=False)
    target.print(
        f"{_STATUS[found.status]}{number}  入院 {found.admission_date}  "
        f"出院 {found.discharge_date}\n适用政策：{escape(found.policy.label)}{fictional}",
        highlight=False,
    )
    cited = _cited(found)
    target.print(_table(found, cited))
    target.print(
        f"总费用 {format_yuan(found.total_fen)} ＝ 各基金 {format_yuan(found.funds_fen)} ＋ "
        f"医院 {format_yuan(found.hospital_fen)} ＋ "
        f"[bold]个人 {format_yuan(found.patient_fen)}[/] 元"
    )
    titles = {source.id: source for source in found.policy.sources}
    for source_id, mark in cited.items():
        source = titles[source_id]
        said = "，".join(x for x in (source.publisher, source.date, source.url) if x)
        said = f"（{said}）" if said else ""
        target.print(f"  依据 {mark} {escape(source.title)}{escape(said)}", highlight=False)
    for (status, note), numbers in _by_note(found).items():
        said = "、".join(f"{_WHOLE_DOCUMENT.get(n.name, n.name)} {n.value}" for n in numbers)
        target.print(
            f"  [yellow]※ {EvidenceStatus(status).label}[/] {escape(said)}"
            + (f"：{escape(note)}" if note else ""),
            highlight=False,
        )
    for rule in found.policy.not_entered:
        target.print(f"  [yellow]※ 未录入[/] {escape(rule)}", highlight=False)


def _by_note(found: StatementShown) -> dict[tuple[str, str | None], list[NumberShown]]:
    """What is assumed or inferred, numbers with one reason together."""
    grouped: dict[tuple[str, str | None], list[NumberShown]] = {}
    for number in found.assumed:
        grouped.setdefault((number.status, number.note), []).append(number)
    return grouped


def _cited(found: StatementShown) -> dict[str, str]:
    """The sources that steps used, numbered in the order they are met."""
    met = dict.fromkeys(n.source for step in found.steps for n in step.numbers)
    return {source: f"[{number}]" for number, source in enumerate(met, start=1)}


def _table(found: StatementShown, cited: dict[str, str]) -> Table:
    marks: dict[str, str] = {}
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for column in _COLUMNS:
        right = column in _NUMBERS
        table.add_column(
            column, justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for step in found.steps:
        marks.setdefault(step.layer, _MARKS[len(marks) % len(_MARKS)])
        table.add_row(marks[step.layer], *_cells(step, marks, cited))
    return table


def _cells(step: StepShown, marks: dict[str, str], cited: dict[str, str]) -> tuple[str, ...]:
    name = escape(step.name)
    if not step.applied:
        return (name, "不适用", "—", "—", "—", "—", format_yuan(0), escape(step.article or ""))
    if step.decided_by:
        paid = format_yuan(step.paid_fen)
        decided = f"由{escape(step.decided_by)}结算"
        return (name, decided, "—", "—", "—", "—", paid, escape(step.article or ""))
    return (
        name,
        escape(base_in_words(step.base, marks)),
        _base(step),
        format_yuan(step.deductible_fen),
        _rates(step),
        _limits(step),
        format_yuan(step.paid_fen),
        escape(_said_where(step, cited)),
    )


def _base(step: StepShown) -> str:
    """What was looked at; where a cap on cost cut it, before and after."""
    if step.base_fen == step.base_before_cap_fen:
        return format_yuan(step.base_fen)
    return f"{format_yuan(step.base_before_cap_fen)}\n封顶后 {format_yuan(step.base_fen)}"


def _rates(step: StepShown) -> str:
    """The rates, with the amounts they met where there are several, less what was paid already."""
    reached = [b for b in step.bands if b.amount_fen > 0]
    if len(reached) > 1:
        lines = [f"{format_yuan(b.amount_fen)}×{b.rate}" for b in reached]
    else:
        lines = [step.rate]
    if step.first_self_pay and reached:
        lines = [f"先自付{step.first_self_pay}", f"再×{step.rate}"]
    if step.already_paid and reached:
        lines = [f"×{step.rate}"] if lines == [step.rate] else lines
        lines.append(f"− {format_yuan(step.already_paid_fen)} 已付")
    return "\n".join(lines)


def _limits(step: StepShown) -> str:
    """What caps left for this step, and what the bill left where that decided."""
    lines = []
    if step.cost_cap_left_fen is not None:
        lines.append(f"费用 {format_yuan(step.cost_cap_left_fen)}")
    if step.cap_left_fen is not None:
        lines.append(format_yuan(step.cap_left_fen))
    held = [f for f in (step.computed_fen, step.cap_left_fen) if f is not None]
    if step.left_fen < min(held):
        lines.append(f"未付 {format_yuan(step.left_fen)}")
    return "\n".join(lines) or "不设限"


def _said_where(step: StepShown, cited: dict[str, str]) -> str:
    marks = "".join(dict.fromkeys(cited[n.source] for n in step.numbers))
    return " ".join(x for x in (step.article, marks) if x)


def base_in_words(base: str, marks: dict[str, str]) -> str:
    """`in_scope - basic` as 政策范围内费用 − ①."""
    words = []
    for word in base.split():
        layer, *rest = word.split(".")
        known = marks.get(layer, "") and marks[layer] + "".join(
            _OF_LAYER.get(r, f".{r}") for r in rest
        )
        words.append({"-": "−", "+": "＋"}.get(word) or AMOUNT_LABELS.get(word) or known or word)
    return " ".join(words)
