"""The shards of this installation (分片), each with settings of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from contracts.vocabulary import RegionCode
from settlement.adapters.shard_file import Shard, ShardsFaulty, owners_of, read_shards
from settlement.law.regions import ShardRegions
from settlement.settings import Settings

SHARDS_VARIABLE: Final = "YIZHAN_SHARDS"
SERVED_VARIABLE: Final = "YIZHAN_SHARDS_SERVED"
SHARD_VARIABLE: Final = "YIZHAN_SHARD"
"""Which shard a command is about, where it was not told."""


@dataclass(frozen=True)
class Ledgers:
    """Every shard by name, which of them this process serves, and whose each region is."""

    shards: Mapping[str, Shard]
    owners: Mapping[RegionCode, str]
    served: tuple[str, ...]

    def settings_of(self, name: str, settings: Settings) -> Settings:
        """The settings of one shard, out of those of the service."""
        shard = self.shards[name]
        return replace(
            settings,
            database=shard.database or settings.database,
            schema=shard.schema or settings.schema,
            shard=ShardRegions(shard.name, self.owners),
            ledger_folder=settings.data / shard.folder,
            source=shard.source,
        )


def read_ledgers(settings: Settings, environment: Mapping[str, str] = os.environ) -> Ledgers | None:
    """The shards that the environment names; None where one ledger is for everything.

    Raises ShardsFaulty.
    """
    file = environment.get(SHARDS_VARIABLE)
    if not file:
        return None
    shards = {shard.name: shard for shard in read_shards(Path(file), environment)}
    ledgers = Ledgers(shards, owners_of(list(shards.values())), _served(shards, environment))
    _require_places(ledgers, settings)
    return ledgers


def _served(shards: Mapping[str, Shard], environment: Mapping[str, str]) -> tuple[str, ...]:
    asked = environment.get(SERVED_VARIABLE, "")
    names = tuple(filter(None, (name.strip() for name in asked.split(","))))
    unknown = [name for name in names if name not in shards]
    if unknown:
        message = f"{SERVED_VARIABLE} 中没有分片 {'、'.join(unknown)}；有：{'、'.join(shards)}"
        raise ShardsFaulty(message)
    return names or tuple(shards)


def _require_places(ledgers: Ledgers, settings: Settings) -> None:
    """No two ledgers in one schema, by whichever way they name it."""
    places: dict[tuple[str, str], str] = {}
    for name in ledgers.shards:
        own = ledgers.settings_of(name, settings)
        if own.database is None:
            continue
        other = places.setdefault((own.database, own.schema), name)
        if other != name:
            raise ShardsFaulty(
                f"分片 {other} 与 {name} 在同一个 schema（{own.schema}）；须各用一个"
            )
