"""What `yizhan migrate` does for settlement (建表与升级): its tables on a server."""

from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import LogBusy
from eventlog.migrating import DatabaseUnsuited
from settlement.bootstrap import make_tables
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment


def migrate_tables() -> str:
    """What was done, in one line; what cannot be done is refused."""
    settings = settings_from_environment()
    if not settings.database:
        refuse("没有指明数据库：请设 YIZHAN_DATABASE_URL；数据目录（SQLite）里的表自动建立")
    try:
        make_tables(settings)
    except (DatabaseAddressInvalid, DatabaseUnsuited, LogBusy) as wrong:
        refuse(str(wrong))
    return f"结算：数据库模式 {settings.schema} 已是本版本"
