"""What `yizhan migrate` does for settlement (建表与升级): its tables on a server, by shard."""

from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import EventLogMissing, LogBusy
from eventlog.migrating import DatabaseUnsuited
from settlement.entrypoints.cli.ledger_place import settings_of_each
from settlement.entrypoints.cli.refusing import refuse
from settlement.storage import make_tables


def migrate_tables() -> str:
    """What was done, a line a ledger; what cannot be done is refused, after all others were."""
    every = [(name, own) for name, own in settings_of_each() if own.database]
    if not every:
        refuse("没有指明数据库：请设 YIZHAN_DATABASE_URL；数据目录（SQLite）里的表自动建立")
    done, failed = [], []
    for name, settings in every:
        of_shard = f"分片 {name}，" if name else ""
        try:
            make_tables(settings)
        except (DatabaseAddressInvalid, DatabaseUnsuited, EventLogMissing, LogBusy) as wrong:
            failed.append(f"{of_shard}{wrong}")
        else:
            done.append(f"结算：{of_shard}数据库模式 {settings.schema} 已是本版本")
    if failed:
        refuse("\n".join((*done, *failed)))
    return "\n".join(done)
