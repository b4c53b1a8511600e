"""`yizhan policy diff A B` (比较两份政策): in terms of rules, not of lines."""

import json
from pathlib import Path
from typing import Annotated

import typer

from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.application.compare_policies import compare_policies
from settlement.entrypoints.cli.diff_text import comparison_as_json, print_comparison
from settlement.entrypoints.cli.policy_named import HOW_TO_NAME, NOT_FOUND, policy_named
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.statement_table import wide_console

BookOption = Annotated[
    Path | None, typer.Option("--policies", help="政策目录（默认：随附政策）", exists=True)
]


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=f"原来的：{HOW_TO_NAME}")],
    after: Annotated[str, typer.Argument(metavar="B", help="现在的：写法相同")],
    policies: BookOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """比较两份政策：哪一层增减、移动、改名，哪个数对谁由多少变为多少；规则有变化时退出码为 1。"""
    book = policies or SHIPPED_POLICIES
    try:
        found = compare_policies(before=policy_named(before, book), after=policy_named(after, book))
    except NOT_FOUND as wrong:
        refuse(f"不能比较：{wrong}")
    if as_json:
        typer.echo(json.dumps(comparison_as_json(found), ensure_ascii=False, indent=2))
    else:
        print_comparison(found, wide_console())
    raise typer.Exit(1 if found.has_other_rules else 0)
