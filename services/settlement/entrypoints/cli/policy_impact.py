"""`yizhan policy impact A B --facts FILE` (测算影响): who gains and who loses."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from settlement.adapters.cohort_csv import COLUMNS_HELP, Cohort, CohortFaulty, read_cohort
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.application.impact.tally import Tally
from settlement.application.measure_impact import MOST_SHOWN, measure_impact
from settlement.entrypoints.cli.impact_text import impact_as_json, print_impact
from settlement.entrypoints.cli.policy_named import HOW_TO_NAME, NOT_FOUND, policy_named
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.statement_table import wide_console
from settlement.law.policy import Policy

BATCH_SHOWN = 2_000
"""Progress is told about so many claims at a time where somebody watches."""


def impact(
    before: Annotated[str, typer.Argument(metavar="A", help=f"原来的：{HOW_TO_NAME}")],
    after: Annotated[str, typer.Argument(metavar="B", help="改后的：写法相同")],
    facts: Annotated[
        Path,
        typer.Option("--facts", help="人群数据（CSV），一行一笔费用", exists=True, dir_okay=False),
    ],
    most: Annotated[int, typer.Option(min=0, help="列出个人受损最大的若干笔")] = MOST_SHOWN,
    policies: Annotated[
        Path | None, typer.Option("--policies", help="政策目录（默认：随附政策）", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，金额为整数分")] = False,
) -> None:
    book = policies or SHIPPED_POLICIES
    try:
        one, other = policy_named(before, book), policy_named(after, book)
        cohort = read_cohort(facts.read_bytes())
    except NOT_FOUND as wrong:
        refuse(f"不能测算：{wrong}")
    except CohortFaulty as wrong:
        refuse(f"不能测算：{facts} 有错误：\n{wrong}")
    except OSError as wrong:
        refuse(f"不能测算：{facts} 无法打开（{wrong.strerror}）")
    _require_used(cohort, one, other)
    found = _measured(cohort, one, other, most=most)
    if as_json:
        typer.echo(json.dumps(impact_as_json(found), ensure_ascii=False, indent=2))
    else:
        print_impact(found, wide_console())


impact.__doc__ = f"""测算影响：同一批费用按两份政策各结算一遍，列出各方差额、受益与受损的人。

{COLUMNS_HELP}

样例：services/settlement/samples/cohort.csv。
"""


def _require_used(cohort: Cohort, before: Policy, after: Policy) -> None:
    """A column that neither policy looks at was meant for another, or is misspelt."""
    layers = {x.id for p in (before, after) for x in p.layers if x.elsewhere}
    asked = {ask.id for p in (before, after) for ask in p.asks}
    unused = [f"外部结算.{name}" for name in sorted(cohort.elsewhere - layers)]
    unused += [f"申报.{name}" for name in sorted(cohort.declared - asked)]
    if unused:
        refuse(f"不能测算：两份政策都用不到列 {'、'.join(unused)}；改正列名，或删去")


def _measured(cohort: Cohort, before: Policy, after: Policy, *, most: int) -> Tally:
    """The impact, with progress on standard error where it is a terminal."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        return measure_impact(cohort.claims, before=before, after=after, most=most)
    columns = (TextColumn("正在结算"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task("", total=len(cohort.claims))
        return measure_impact(
            cohort.claims,
            before=before,
            after=after,
            most=most,
            on_progress=lambda done: progress.update(task, completed=done),
            batch=max(BATCH_SHOWN, len(cohort.claims) // 50),
        )
