"""What a policy would change, as people read it (影响测算表), and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import Payer
from settlement.application.comparing.naming import KIND_LABELS
from settlement.application.impact.settled import Refused, Settled, WhyRefused
from settlement.application.impact.tally import (
    AFTER,
    BEFORE,
    ClaimChanged,
    Counted,
    Tally,
    Totals,
    layer_names,
)
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.exact import format_yuan
from settlement.law.facts import FACT_LABELS
from settlement.law.policy import LayerKind, Policy

_SIDES = {BEFORE: "原来", AFTER: "改后"}
_WHY = {
    WhyRefused.NUMBER: "政策缺少参数",
    WhyRefused.FACT: "缺少情形",
    WhyRefused.AMOUNT: "缺少费用分项",
    WhyRefused.ELSEWHERE_MISSING: "缺少外部结算金额",
    WhyRefused.ELSEWHERE_TOO_LARGE: "外部结算金额过大",
    WhyRefused.ELSEWHERE_UNEXPECTED: "多余的外部结算金额",
    WhyRefused.BILL: "费用不能结算",
    WhyRefused.AFTER_REFUSED: "本年前面有一笔被拒绝，累计额不明",
}


def print_impact(found: Tally, target: Console) -> None:
    """The whole report: how many, who pays, who loses most."""
    for word, policy in (("原来", found.before), ("改后", found.after)):
        fictional = "（虚构）" if policy.fictional else ""
        target.print(f"{word}：{escape(policy.label)}{fictional}", highlight=False)
    for line in _counts(found):
        target.print(escape(line), highlight=False)
    target.print("[bold]各方合计（元）[/]", highlight=False)
    target.print(_totals_table(found))
    _print_refused(found, target)
    worst = found.worst()
    if worst:
        target.print(f"[bold]个人受损最大的 {len(worst)} 笔（元）[/]", highlight=False)
        target.print(_worst_table(found, worst))


def impact_as_json(found: Tally) -> dict[str, Any]:
    """The same for programs; amounts are whole fen."""
    return {
        "before": _identified(found.before),
        "after": _identified(found.after),
        "claims": found.claims,
        "compared": found.compared,
        "changed": found.changed,
        "cost_fen": found.cost_fen,
        "payers_fen": _json_totals(found.payers),
        "patient_fen": _json_total(found.patient),
        "layers_fen": _json_totals(found.layers),
        "cash_fen": _json_totals(found.cash),
        "surplus_fen": _json_totals(found.surplus),
        "claims_by_patient": vars(found.patients_by_claim),
        "persons_by_patient": vars(found.patients_by_person),
        "outside_force": dict(found.outside_force),
        "refused": [
            {"policy": side, "why": refusal.why.value, "name": refusal.name, "claims": count}
            for (side, refusal), count in _refusals(found)
        ],
        "worst": [_worst_as_json(found, one) for one in found.worst()],
    }


def _counts(found: Tally) -> Iterator[str]:
    yield (
        f"共 {found.claims} 笔费用，两份政策都能结算的 {found.compared} 笔，"
        f"总费用 {format_yuan(found.cost_fen)} 元；其中金额有变化的 {found.changed} 笔"
    )
    for word, counted in (("笔", found.patients_by_claim), ("人", found.patients_by_person)):
        yield f"个人负担（扣除账外现金）按{word}：{_counted(counted, word)}"
    for side, count in found.outside_force.items():
        yield f"提示：{count} 笔的日期不在“{_SIDES[side]}”政策的施行期内，仍按它结算"


def _counted(counted: Counted, word: str) -> str:
    return (
        f"增加 {counted.losing} {word}，减少 {counted.gaining} {word}，不变 {counted.same} {word}"
    )


def _totals_table(found: Tally) -> Table:
    table = _table(("", "原来", "改后", "差额"), right=3)
    for payer in Payer:
        if payer.value in found.payers:
            _add(table, payer.label, found.payers[payer.value])
    _add(table, "个人负担", found.patient)
    whole = Totals(found.cost_fen, found.cost_fen)
    _add(table, "总费用", whole)
    for word, totals in (("账外现金", found.cash), ("账外结余", found.surplus)):
        for who, total in totals.items():
            _add(table, f"{word}·{Payer(who).label}", total)
    table.add_section()
    for layer_id, name, kind in layer_names(found.before, found.after):
        if layer_id in found.layers:
            mark = "" if kind is LayerKind.PAYMENT else f"·{KIND_LABELS[kind]}"
            _add(table, f"  层 {name}（{layer_id}{mark}）", found.layers[layer_id])
    return table


def _add(table: Table, name: str, total: Totals) -> None:
    table.add_row(
        escape(name),
        format_yuan(total.before_fen),
        format_yuan(total.after_fen),
        _signed(total.change_fen),
    )


def _signed(fen: int) -> str:
    return f"+{format_yuan(fen)}" if fen > 0 else format_yuan(fen)


def _refusals(found: Tally) -> list[tuple[tuple[str, Refused], int]]:
    return sorted(
        found.refused.items(), key=lambda one: (one[0][0] == AFTER, -one[1], one[0][1].name)
    )


def _print_refused(found: Tally, target: Console) -> None:
    if not found.refused:
        return
    target.print("[bold]被拒绝的费用（不计入合计）[/]", highlight=False)
    table = _table(("政策", "原因", "笔数"), right=1)
    for (side, refusal), count in _refusals(found):
        table.add_row(_SIDES[side], escape(refusal_in_words(refusal)), str(count))
    target.print(table)


def refusal_in_words(refusal: Refused) -> str:
    """Why claims were refused: 政策缺少参数 critical.rate."""
    name = refusal.name
    label = {WhyRefused.FACT: FACT_LABELS, WhyRefused.AMOUNT: AMOUNT_LABELS}.get(refusal.why, {})
    said = f"{label[name]}（{name}）" if name in label else name
    return f"{_WHY[refusal.why]} {said}".strip()


def _worst_table(found: Tally, worst: Iterable[ClaimChanged]) -> Table:
    """Both bills side by side, a row for each layer."""
    columns = ("单号", "人员", "出院", "总费用", "", "原来", "改后", "差额")
    table = _table(columns, right=5)
    for one in worst:
        claim = one.claim
        first = (
            claim.reference,
            claim.person,
            str(claim.dates.discharge),
            format_yuan(claim.charges.total_fen),
        )
        for name, total in _side_by_side(found, one):
            amounts = (total.before_fen, total.after_fen)
            cells = (*first, name, *map(format_yuan, amounts), _signed(total.change_fen))
            table.add_row(*map(escape, cells))
            first = ("", "", "", "")
        table.add_section()
    return table


def _side_by_side(found: Tally, one: ClaimChanged) -> Iterator[tuple[str, Totals]]:
    """Each layer's amounts before and after, then the patient's; layers of nothing left out."""
    was, now = _by_layer(found.before, one.before), _by_layer(found.after, one.after)
    for layer_id, name, kind in layer_names(found.before, found.after):
        total = Totals(was.get(layer_id, 0), now.get(layer_id, 0))
        if kind is not LayerKind.MEASURE and (total.before_fen or total.after_fen):
            yield name if kind is LayerKind.PAYMENT else f"{name}·{KIND_LABELS[kind]}", total
    yield "个人负担", Totals(one.before.patient_fen, one.after.patient_fen)


def _by_layer(policy: Policy, settled: Settled) -> dict[str, int]:
    ids = [layer.id for layer in policy.layers]
    return dict(zip(ids, settled.layers_fen, strict=True))


def _worst_as_json(found: Tally, one: ClaimChanged) -> dict[str, Any]:
    claim = one.claim
    return {
        "claim": claim.reference,
        "person": claim.person,
        "admission": str(claim.dates.admission),
        "discharge": str(claim.dates.discharge),
        "total_fen": claim.charges.total_fen,
        "patient_loss_fen": one.patient_loss_fen,
        "before": _bill_as_json(found.before, one.before, one.cash_before_fen),
        "after": _bill_as_json(found.after, one.after, one.cash_after_fen),
    }


def _bill_as_json(policy: Policy, settled: Settled, cash_fen: int) -> dict[str, Any]:
    return {
        "layers_fen": _by_layer(policy, settled),
        "patient_fen": settled.patient_fen,
        "cash_fen": cash_fen,
    }


def _identified(policy: Policy) -> dict[str, str]:
    return {"label": policy.label, "title": policy.title, "fingerprint": policy.fingerprint}


def _json_totals(totals: Mapping[str, Totals]) -> dict[str, dict[str, int]]:
    return {name: _json_total(total) for name, total in totals.items()}


def _json_total(total: Totals) -> dict[str, int]:
    return {"before": total.before_fen, "after": total.after_fen, "change": total.change_fen}


def _table(columns: tuple[str, ...], *, right: int) -> Table:
    """A table whose last so many columns are numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    for at, column in enumerate(columns):
        is_number = at >= len(columns) - right
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    return table
