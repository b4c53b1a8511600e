"""The statement as a table (结算单表格), for people: who looked at what, and paid what."""

from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table

from contracts.settlement_v1 import StatementShown, StepShown
from contracts.vocabulary import EvidenceStatus
from settlement.law.bill import AMOUNT_LABELS, amount_label
from settlement.law.exact import format_yuan

_COLUMNS = ("支付方", "计算口径", "基数", "起付线", "比例", "限额余额", "支付", "依据")
_NUMBERS = {"基数", "起付线", "比例", "限额余额", "支付"}
_TAKEN = {"deductible": "起付线", "first_self_pay": "先行自付", "base": "基数"}
_STATUS = {"preview": "预结算", "settled": "已结算", "reversed": "已撤销"}


def print_statement(found: StatementShown, target: Console, *, title: str | None = None) -> None:
    """One statement in Chinese, amounts in yuan; everything assumed is listed below it."""
    heading = title or f"{found.institution_name or ''} 住院 {found.hospital_stay_number or ''}"
    target.print(f"\n[bold]{escape(heading)}[/]")
    target.print(
        f"{_STATUS[found.status]} {found.settlement_number or ''}  "
        f"入院 {found.admission_date}  出院 {found.discharge_date}  "
        f"政策：{escape(found.policy.label)}{'（虚构）' if found.policy.fictional else ''}"
    )
    target.print(_table(found))
    target.print(
        f"总费用 {format_yuan(found.total_fen)} ＝ 各基金 {format_yuan(found.funds_fen)} ＋ "
        f"医院 {format_yuan(found.hospital_fen)} ＋ "
        f"[bold]个人 {format_yuan(found.patient_fen)}[/] 元"
    )
    for number in found.assumed:
        status = EvidenceStatus(number.status).label
        note = f"：{number.note}" if number.note else ""
        target.print(
            f"  [yellow]※ {status}[/] {escape(f'{number.name} = {number.value}{note}')}",
            highlight=False,
        )


def _table(found: StatementShown) -> Table:
    layers = {s.layer: s.name for s in found.steps}
    table = Table()
    for column in _COLUMNS:
        justify: JustifyMethod = "right" if column in _NUMBERS else "left"
        table.add_column(column, justify=justify, overflow="fold")
    for step in found.steps:
        table.add_row(*_cells(step, layers))
    return table


def _cells(step: StepShown, layers: dict[str, str]) -> tuple[str, ...]:
    if not step.applied:
        return (step.name, "不适用", "—", "—", "—", "—", format_yuan(0), step.article or "")
    if step.decided_by:
        paid = format_yuan(step.paid_fen)
        return (step.name, f"由{step.decided_by}结算", "—", "—", "—", "—", paid, step.article or "")
    return (
        step.name,
        base_in_words(step.base, layers),
        format_yuan(step.base_fen),
        format_yuan(step.deductible_fen),
        _rates(step),
        format_yuan(step.cap_left_fen) if step.cap_left_fen is not None else "不设限",
        format_yuan(step.paid_fen),
        step.article or _sources(step),
    )


def _rates(step: StepShown) -> str:
    """The rates with the amounts they met, where there are several."""
    reached = [b for b in step.bands if b.amount_fen > 0]
    if len(reached) > 1:
        rates = "\n".join(f"{format_yuan(b.amount_fen)}×{b.rate}" for b in reached)
    else:
        rates = step.rate
    return f"先自付 {step.first_self_pay}，再 {rates}" if step.first_self_pay else rates


def _sources(step: StepShown) -> str:
    return "、".join(dict.fromkeys(n.source for n in step.numbers))


def base_in_words(base: str, names: dict[str, str]) -> str:
    """`in_scope - basic` as 政策范围内费用 − 居民基本医疗保险; `names` are the layers' by id."""
    return " ".join(_word(word, names) for word in base.split())


def _word(word: str, names: dict[str, str]) -> str:
    if word in {"-", "+"}:
        return {"-": "−", "+": "＋"}[word]
    if word in AMOUNT_LABELS or word.startswith("item."):
        return amount_label(word)
    layer, *rest = word.split(".")
    parts = [names.get(layer, layer), *(_TAKEN.get(name, name) for name in rest)]
    return "·".join(parts)
