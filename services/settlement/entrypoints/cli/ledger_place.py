"""Where a command finds the ledger (账本所在); asking never creates one."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import EventLogMissing, LogBusy
from settlement.adapters.shard_file import ShardsFaulty
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.entrypoints.shards import SHARD_VARIABLE, Ledgers, read_ledgers
from settlement.settings import Settings
from settlement.storage import Storage, has_ledger, open_storage

ShardOption = Annotated[
    str | None, typer.Option("--shard", help=f"分片名称（默认取 {SHARD_VARIABLE}）")
]


def settings_on(data: Path | None, shard: str | None = None) -> Settings:
    """The settings of the ledger; a directory that is named goes before any database.

    Where there are several, one must be named, here or in the environment.
    """
    settings, ledgers = _found(data)
    name = shard or os.environ.get(SHARD_VARIABLE) or None
    if ledgers is None:
        if shard is not None:
            refuse(f"没有分片（没有设 YIZHAN_SHARDS），不能指明 --shard {shard}")
        return settings
    if name is None:
        named = "、".join(ledgers.shards)
        refuse(f"有多个分片：{named}；请用 --shard 或 {SHARD_VARIABLE} 指明一个")
    return _of(_known(name, ledgers), ledgers, settings, data)


def settings_of_service(data: Path | None) -> Settings:
    """The settings of the service, of whichever shards."""
    return _found(data)[0]


def settings_of_each(
    data: Path | None = None, shard: str | None = None
) -> list[tuple[str, Settings]]:
    """The settings of every ledger by its shard's name, or of the one that is named; one ledger
    for everything has the empty name."""
    settings, ledgers = _found(data)
    name = shard or os.environ.get(SHARD_VARIABLE) or None
    if ledgers is None or name is not None:
        return [(name if ledgers and name else "", settings_on(data, shard))]
    return [(each, _of(each, ledgers, settings, data)) for each in ledgers.shards]


def _found(data: Path | None) -> tuple[Settings, Ledgers | None]:
    settings = settings_from_environment()
    if data is not None:
        settings = replace(settings, data=data, database=None)
    try:
        return settings, read_ledgers(settings)
    except ShardsFaulty as wrong:
        refuse(str(wrong))


def _of(name: str, ledgers: Ledgers, settings: Settings, data: Path | None) -> Settings:
    own = ledgers.settings_of(name, settings)
    return own if data is None else replace(own, database=None)


def _known(name: str, ledgers: Ledgers) -> str:
    if name not in ledgers.shards:
        refuse(f"没有分片 {name}；有：{'、'.join(ledgers.shards)}")
    return name


def existing_ledger(data: Path | None, shard: str | None = None) -> Settings:
    """The settings, where a ledger is; a mistyped directory never becomes an empty one."""
    return require_ledger(settings_on(data, shard))


def require_ledger(settings: Settings) -> Settings:
    """The same settings, where a ledger is."""
    if not has_ledger(settings):
        refuse(f"{settings.folder} 里没有账本；用 --data 指明数据目录，或先运行 yizhan serve")
    return settings


def existing_place(data: Path | None, shard: str | None = None) -> Settings:
    """The settings, where a directory is: a mistyped one never becomes an empty ledger."""
    settings = settings_on(data, shard)
    if not settings.database and not settings.folder.is_dir():
        refuse(f"没有数据目录 {settings.folder}；请用 --data 或 YIZHAN_DATA 指明")
    return settings


def opened(settings: Settings) -> Storage:
    """The storage; one that is out of reach or was not migrated is refused."""
    try:
        return open_storage(settings)
    except (DatabaseAddressInvalid, EventLogMissing, LogBusy) as wrong:
        refuse(str(wrong))
