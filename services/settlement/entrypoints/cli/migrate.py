"""`yizhan migrate`: create or upgrade the tables on a server (建表与升级)."""

import typer

from eventlog.log import LogBusy
from eventlog.migrating import DatabaseUnsuited
from settlement.bootstrap import make_tables
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment


def migrate() -> None:
    """在 YIZHAN_DATABASE_URL 指明的 PostgreSQL 数据库里建立或升级结算服务的表；可重复运行。"""
    settings = settings_from_environment()
    if not settings.database:
        refuse("没有指明数据库：请设 YIZHAN_DATABASE_URL；数据目录（SQLite）里的表自动建立")
    try:
        make_tables(settings)
    except (DatabaseUnsuited, LogBusy) as wrong:
        refuse(str(wrong))
    typer.echo(f"数据库模式 {settings.schema} 已是本版本")
