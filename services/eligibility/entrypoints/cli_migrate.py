"""What `yizhan migrate` does for eligibility (建表与升级): its tables on a server."""

import os
from typing import NoReturn

import typer

from eligibility.settings import SettingUnusable, read_settings
from eligibility.storage import make_tables
from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import LogBusy
from eventlog.migrating import DatabaseUnsuited
from http_edge.identity.identity_settings import IdentityUnusable

_REFUSED = 2
_CANNOT = (
    DatabaseAddressInvalid,
    DatabaseUnsuited,
    IdentityUnusable,
    LogBusy,
    OSError,
    SettingUnusable,
)


def migrate_tables() -> str:
    """What was done, in one line; what cannot be done is refused."""
    try:
        settings = read_settings(os.environ)
        if not settings.database:
            _refuse("没有指明数据库：请设 YIZHAN_DATABASE_URL；数据目录（SQLite）里的表自动建立")
        make_tables(settings)
    except _CANNOT as wrong:
        _refuse(str(wrong))
    return f"资格：数据库模式 {settings.schema} 已是本版本"


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(_REFUSED)
