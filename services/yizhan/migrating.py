"""`yizhan migrate` (建表与升级): the tables of every service on a server, each made by its own.

A service offers what does so through the entry-point group `yizhan.migrations`: it returns what it
did in one line, or refuses by ending the command.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer

GROUP = "yizhan.migrations"
_REFUSED = 2


def migrate(
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="SERVICE...", help="只做这些服务：settlement、eligibility"),
    ] = None,
) -> None:
    """在 YIZHAN_DATABASE_URL 指明的 PostgreSQL 数据库里建立或升级各服务的表；可重复运行。"""
    migrate_offered(list(entry_points(group=GROUP)), services or [])


def migrate_offered(offered: list[EntryPoint], wanted: list[str]) -> None:
    """Run what is offered, or what is wanted of it, in the order of the names.

    A service that is not installed here is passed over, unless it is wanted.
    """
    by_name = {each.name: each for each in offered}
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        _refuse(f"没有服务 {'、'.join(unknown)}；有：{'、'.join(sorted(by_name))}")
    done = 0
    for name in sorted(wanted or by_name):
        try:
            make_tables = by_name[name].load()
        except ModuleNotFoundError as missing:
            if wanted or missing.name != by_name[name].module.partition(".")[0]:
                _refuse(f"服务 {name} 未能载入：{missing}；请在项目目录运行 make setup 后再试")
            continue
        typer.echo(make_tables())
        done += 1
    if not done:
        _refuse("这里没有安装任何服务 (no service installed here)")


def _refuse(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(_REFUSED)
