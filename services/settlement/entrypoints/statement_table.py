"""The statement as a table (结算单表格): who looked at what, took off what, and paid."""

import os
import sys

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.settlement_v1 import (
    DepositShown,
    NumberShown,
    ReplicaShown,
    ReportedShown,
    StatementShown,
    StepShown,
)
from contracts.vocabulary import EvidenceStatus
from settlement.entrypoints.adjustment_words import cause_in_words
from settlement.entrypoints.clock import SHANGHAI
from settlement.law.bill import AMOUNT_LABELS, amount_label
from settlement.law.exact import format_yuan
from settlement.law.facts import FACT_LABELS

PIPED_WIDTH = 110
"""Columns where the output is not a terminal: narrower would break amounts over lines."""

_COLUMNS = ("", "支付方", "计算口径", "基数", "起付线", "比例", "限额余额", "支付", "依据")
_NUMBERS = {"基数", "起付线", "比例", "限额余额", "支付"}
_STATUS = {"preview": "预结算", "settled": "已结算", "reversed": "已撤销"}
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_OF_LAYER = {
    "base": "基数",
    "computed": "计算额",
    "deductible": "起付线",
    "eligible": "起付线以上",
    "first_self_pay": "先行自付",
    "over_cap": "超封顶部分",
}
_OF_THE_BILL = ("payment", "patient")
_OWED = {"cash": "应付个人现金", "surplus": "应付医院定额结余"}
_WHOLE_DOCUMENT = {
    "region": "参保地",
    "in_force": "施行日期",
    "dates": "日期规则",
    "people": "身份认定",
    "rounding": "取整",
    "corrections.underpaid": "更正补差",
    "corrections.overpaid": "更正追回",
    "stays_in_parts": "分段结算",
}
_WAYS = {"hospital": "经医院", "patient": "基金与个人直接结清", "left": "不补不追"}


def wide_console() -> Console:
    """Where tables go: as wide as the terminal or COLUMNS, else wide enough for a statement."""
    is_known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if is_known else PIPED_WIDTH)


def print_statement(found: StatementShown, target: Console, *, title: str | None = None) -> None:
    """One statement in Chinese, amounts in yuan.

    What is owed beside the bill stands below its sum, then values that are only told; everything
    assumed is listed, and every rule that is known and was not applied.
    """
    heading = title or f"{found.institution_name or ''} 住院 {found.hospital_stay_number or ''}"
    number = f" {found.settlement_number}" if found.settlement_number else ""
    number += f" {found.part_label}" if found.part_label else ""
    begins, ends = ("起", "止") if found.part_label else ("入院", "出院")
    fictional = "（虚构）" if found.policy.fictional else ""
    target.print(f"\n[bold]{escape(heading)}[/]", highlight=False)
    target.print(
        f"{_STATUS[found.status]}{number}  {begins} {found.admission_date}  "
        f"{ends} {found.discharge_date}\n适用政策：{escape(found.policy.label)}{fictional}",
        highlight=False,
    )
    cited = _cited(found)
    target.print(_table(found, cited))
    target.print(
        f"总费用 {format_yuan(found.total_fen)} ＝ 各基金 {format_yuan(found.funds_fen)} ＋ "
        f"医院 {format_yuan(found.hospital_fen)} ＋ "
        f"[bold]个人 {format_yuan(found.patient_fen)}[/] 元"
    )
    for line in (*lines_beside(found), *lines_of_adjustments(found)):
        target.print(f"  {escape(line)}", highlight=False)
    titles = {source.id: source for source in found.policy.sources}
    for source_id, mark in cited.items():
        source = titles[source_id]
        said = "，".join(x for x in (source.publisher, source.date, source.url) if x)
        said = f"（{said}）" if said else ""
        target.print(f"  依据 {mark} {escape(source.title)}{escape(said)}", highlight=False)
    for (status, note), numbers in _by_note(found).items():
        said = "、".join(f"{_number_name(n)} {n.value}" for n in numbers)
        target.print(
            f"  [yellow]※ {EvidenceStatus(status).label}[/] {escape(said)}"
            + (f"：{escape(note)}" if note else ""),
            highlight=False,
        )
    for rule in found.policy.not_entered:
        target.print(f"  [yellow]※ 未录入[/] {escape(rule)}", highlight=False)


def lines_of_adjustments(found: StatementShown) -> list[str]:
    """What was adjusted since, why, and the way of every difference; the sums are those after."""
    lines = []
    for made in found.adjustments:
        said = "；".join(
            f"{change.name} {'+' if change.delta_fen > 0 else ''}"
            f"{format_yuan(change.delta_fen)}（{_WAYS[change.way]}）"
            for change in made.changes
        )
        why = cause_in_words(made.cause, made.cause_reference, made.cause_settlement)
        lines.append(f"更正 {made.adjustment} {made.booked_on} {why}：{said or '金额不变'}")
    return lines


def _number_name(number: NumberShown) -> str:
    """What a number is called that belongs to the whole document; its own name otherwise."""
    is_indicator = number.name.startswith("reported.")
    return "指标" if is_indicator else _WHOLE_DOCUMENT.get(number.name, number.name)


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
        by = escape(step.decided_by)
        decided = f"待{by}确定" if step.pending else f"由{by}结算"
        return (name, decided, "—", "—", "—", "—", _paid(step), escape(step.article or ""))
    return (
        name,
        escape(base_in_words(step.base, marks)),
        _base(step),
        format_yuan(step.deductible_fen),
        _rates(step, marks),
        _limits(step),
        _paid(step),
        escape(_said_where(step, cited)),
    )


def _base(step: StepShown) -> str:
    """What was looked at; where a cap on cost cut it, before and after."""
    if step.base_fen == step.base_before_cap_fen:
        return format_yuan(step.base_fen)
    return f"{format_yuan(step.base_before_cap_fen)}\n封顶后 {format_yuan(step.base_fen)}"


def _rates(step: StepShown, marks: dict[str, str]) -> str:
    """The rates, with the amounts they met where there are several, and what came after them."""
    reached = [b for b in step.bands if b.amount_fen > 0]
    lines = _shares(step)
    if not reached:
        return "\n".join(lines)
    after = [f"再×{step.factor}"] if step.factor else []
    if step.already_paid:
        after.append(f"− {format_yuan(step.already_paid_fen)} 已付")
    if after and lines == [step.rate]:
        lines = [f"×{step.rate}"]
    return "\n".join([*lines, *after, *_guards(step, marks)])


def _shares(step: StepShown) -> list[str]:
    """First self-pay and rates."""
    reached = [b for b in step.bands if b.amount_fen > 0]
    lines = [step.rate]
    if len(reached) > 1:
        lines = [f"{format_yuan(b.amount_fen)}×{b.rate}" for b in reached]
    if step.first_self_pay and reached:
        own = f"先自付{step.first_self_pay}"
        if step.first_is_before:
            own = f"{own}（起付线前）"
        lines = [own, *lines] if len(reached) > 1 else [own, f"再×{step.rate}"]
    return lines


def _guards(step: StepShown, marks: dict[str, str]) -> list[str]:
    """What the payment was raised to, or held under."""
    found = []
    for word, said, fen in (
        ("不低于", step.not_below, step.not_below_fen),
        ("不高于", step.not_above, step.not_above_fen),
    ):
        if said and fen is not None:
            found.append(f"{word} {format_yuan(fen)}（{base_in_words(said, marks)}）")
    return found


def _paid(step: StepShown) -> str:
    """What the step pays of the bill; what it comes to where it pays nothing of it."""
    amount = format_yuan(step.amount_fen)
    if step.kind == "measure":
        return f"（{amount}）"
    if step.kind == "cash":
        return f"账外 {amount}"
    paid = f"个人 {amount}" if step.kind == "patient" else amount
    return f"{paid}\n结余 {format_yuan(step.surplus_fen)}" if step.surplus_fen else paid


def _limits(step: StepShown) -> str:
    """What caps left for this step, and what the bill left where that decided."""
    lines = []
    if step.cost_cap_left_fen is not None:
        lines.append(f"费用 {format_yuan(step.cost_cap_left_fen)}")
    if step.cap_left_fen is not None:
        lines.append(format_yuan(step.cap_left_fen))
    held = [f for f in (step.computed_fen, step.cap_left_fen) if f is not None]
    if step.kind in _OF_THE_BILL and step.left_fen < min(held):
        lines.append(f"未付 {format_yuan(step.left_fen)}")
    return "\n".join(lines) or "不设限"


def _said_where(step: StepShown, cited: dict[str, str]) -> str:
    marks = "".join(dict.fromkeys(cited[n.source] for n in step.numbers))
    return " ".join(x for x in (step.article, marks) if x)


def lines_beside(found: StatementShown) -> list[str]:
    """What stands beside the bill, a sentence each: owed, still to come, borne, told, deposit."""
    lines = [
        f"账外 {owed.name}：{_OWED[owed.kind]} {format_yuan(owed.amount_fen)} 元"
        f"（{owed.payer_label}{f' {owed.fund}' if owed.fund else ''}）"
        for owed in found.outside
    ]
    lines += [f"待定 {layer.name}：等待{layer.decided_by}，暂记 0.00" for layer in found.pending]
    borne = {s.layer: (s.name, s.borne_by) for s in found.steps if s.borne_by and s.amount_fen}
    lines += [f"承担 {name.partition('·')[0]}：最终由{by}承担" for name, by in borne.values()]
    lines += [f"指标 {value.name}：{told_in_words(value)}" for value in found.reported]
    if found.deposit:
        lines += [f"押金 {said}" for said in _deposit_in_words(found.deposit)]
    if found.replica:
        lines.append(replica_in_words(found.replica))
    return lines


def replica_in_words(replica: ReplicaShown) -> str:
    """`资格 资格服务未应答，取自本地副本（完整至 2026-03-02 12:00:00，距结算 5 分钟）…`."""
    at = replica.complete_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    minutes = -(-replica.age_seconds // 60)
    return (
        f"资格 资格服务未应答，身份与参保取自本地副本（完整至 {at}，距结算 {minutes} 分钟）；"
        "恢复后逐笔复核"
    )


def told_in_words(value: ReportedShown) -> str:
    """`80.12%（40060.00 ÷ 50000.00），目标 80%：达到`."""
    if value.missing:
        return f"费用单没有提供{_missing_in_words(value.missing)}，无法计算"
    if value.denominator_fen is None or value.numerator_fen is None:
        return f"{format_yuan(value.amount_fen or 0)} 元"
    parts = f"{format_yuan(value.numerator_fen)} ÷ {format_yuan(value.denominator_fen)}"
    share = _percent(value.numerator_fen, value.denominator_fen)
    if value.target is None:
        return f"{share}（{parts}）"
    met = {True: "达到", False: "未达到", None: "无法判断"}[value.met]
    return f"{share}（{parts}），目标 {value.target}：{met}"


def _missing_in_words(name: str) -> str:
    is_amount = name in AMOUNT_LABELS or name.startswith("item.")
    return amount_label(name) if is_amount else f"“{FACT_LABELS.get(name, name)}”"


def _percent(numerator_fen: int, denominator_fen: int) -> str:
    """A share to two places, rounded down: never up to a target that it does not reach."""
    if denominator_fen <= 0:
        return "—"
    hundredths = numerator_fen * 10_000 // denominator_fen
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}%"


def _deposit_in_words(deposit: DepositShown) -> list[str]:
    lines = []
    if deposit.share_of_normal is not None:
        lines.append(f"按本院通常押金的 {deposit.share_of_normal} 收取")
    if deposit.amount_fen is not None:
        lines.append(f"{format_yuan(deposit.amount_fen)} 元")
    return lines


def base_in_words(base: str, marks: dict[str, str]) -> str:
    """`in_scope - basic` as 政策范围内费用 − ①."""
    return " ".join({"-": "−", "+": "＋"}.get(w) or _name_in_words(w, marks) for w in base.split())


def _name_in_words(name: str, marks: dict[str, str]) -> str:
    if name == "patient":
        return "个人负担"
    if name.startswith("year."):
        return f"本年此前的{_name_in_words(name.removeprefix('year.'), marks)}"
    layer, *rest = name.split(".")
    if layer in marks:
        return marks[layer] + "".join(_OF_LAYER.get(r, f".{r}") for r in rest)
    return AMOUNT_LABELS.get(name) or name
