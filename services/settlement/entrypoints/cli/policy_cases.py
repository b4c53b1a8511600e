"""`yizhan policy test` (跑算例): every case beside a policy or with one of its own, to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from settlement.adapters.case_files import find_case_files, load_readable_cases
from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, book_of
from settlement.application.run_worked_cases import CaseKind, CaseResult, run_worked_case
from settlement.entrypoints.statement_table import wide_console
from settlement.law.policy import Policy

_COLUMNS = ("结果", "政策", "算例", "依据", "不符之处")


@dataclass(frozen=True)
class _Ran:
    """A case that was run, and the policy it ran under."""

    policy: Policy
    result: CaseResult


def run_cases(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="政策文件或目录（默认：随附政策）", exists=True)
    ] = None,
) -> None:
    """跑算例：公布的账单与推算的账单，逐层核对到分；有不符时退出码为 1。"""
    ran: list[_Ran] = []
    notes: list[str] = []
    unread = 0
    for path in paths or [SHIPPED_POLICIES]:
        for file in find_case_files(path):
            try:
                found = load_readable_cases(file, book_of(file))
                results = [run_worked_case(found.policy, case) for case in found.cases]
            except (PolicyFileFaulty, ValueError) as wrong:
                notes.append(str(wrong))
                unread += 1
                continue
            ran += [_Ran(found.policy, result) for result in results]
            notes += found.notes
            unread += found.unread
    wide_console().print(_table(ran))
    for note in notes:
        typer.echo(note)
    failed = sum(not each.result.passed for each in ran)
    typer.echo(_total(ran, failed=failed, unread=unread))
    raise typer.Exit(1 if failed or unread or not ran else 0)


def _table(ran: Sequence[_Ran]) -> Table:
    table = Table(title="算例核对（元）")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for each in ran:
        table.add_row(*_row(each.policy, each.result))
    return table


def _row(policy: Policy, result: CaseResult) -> tuple[str, ...]:
    mark = "[green]✓[/]" if result.passed else "[red]✗[/]"
    label = f"{policy.region_name} {policy.in_force_from} v{policy.version}"
    misses = "\n".join(str(compared) for compared in result.compared if not compared.agrees)
    return (mark, escape(label), escape(result.case.name), escape(_kind(result)), escape(misses))


def _kind(result: CaseResult) -> str:
    """Published or constructed, by whom, and what the publisher got wrong."""
    case = result.case
    if case.kind is CaseKind.CONSTRUCTED:
        return case.kind.label
    errors = (f"来源有误：{e.what}作 {e.stated}，依规则 {e.computed}" for e in result.source_errors)
    return "\n".join((f"{case.kind.label}：{case.source}", *errors))


def _total(ran: Sequence[_Ran], *, failed: int, unread: int) -> str:
    published = [each.result for each in ran if each.result.case.kind is CaseKind.PUBLISHED]
    errors = sum(bool(result.source_errors) for result in published)
    wrong = f"，其中来源有误 {errors} 个" if errors else ""
    passed = sum(each.result.passed for each in ran)
    return (
        f"共 {len(ran)} 个算例（公布的账单 {len(published)} 个{wrong}）："
        f"{passed} 个相符，{failed} 个不符" + (f"，{unread} 处读不进" if unread else "")
    )
