"""Where a command finds the ledger (账本所在); asking never creates one."""

from dataclasses import replace
from pathlib import Path

from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import EventLogMissing, LogBusy
from settlement.bootstrap import Storage, has_ledger, open_storage
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.settings import Settings


def settings_on(data: Path | None) -> Settings:
    """The settings; a directory that is named goes before any database."""
    settings = settings_from_environment()
    return settings if data is None else replace(settings, data=data, database=None)


def existing_ledger(data: Path | None) -> Settings:
    """The settings, where a ledger is; a mistyped directory never becomes an empty one."""
    settings = settings_on(data)
    if not has_ledger(settings):
        refuse(f"{settings.data} 里没有账本；用 --data 指明数据目录，或先运行 yizhan serve")
    return settings


def existing_place(data: Path | None) -> Settings:
    """The settings, where a directory is: a mistyped one never becomes an empty ledger."""
    settings = settings_on(data)
    if not settings.database and not settings.data.is_dir():
        refuse(f"没有数据目录 {settings.data}；请用 --data 或 YIZHAN_DATA 指明")
    return settings


def opened(settings: Settings) -> Storage:
    """The storage; one that is out of reach or was not migrated is refused."""
    try:
        return open_storage(settings)
    except (DatabaseAddressInvalid, EventLogMissing, LogBusy) as wrong:
        refuse(str(wrong))
