"""Settings (配置), from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from eventlog.database_address import read_database_url
from http_edge.identity.identity_settings import LOCAL_IDENTITY, IdentitySettings, read_identity
from http_edge.operating_settings import (
    OperatingSettings,
    OperatingSettingUnusable,
    read_operating,
)
from settlement.law.regions import ShardRegions

LONGEST_REPLICA_HOURS = 72
"""Shorter than what `read_models/touched_settlements.py` keeps of changes that it has taken."""


@dataclass(frozen=True)
class Settings:
    """Where settlement keeps its data and finds its neighbours.

    YIZHAN_DATA: directory of the ledgers (default `var`); YIZHAN_POLICIES: directory of the
    policy files (default: those shipped); YIZHAN_ELIGIBILITY_URL: where eligibility answers;
    YIZHAN_DRAFTS: `yes` where bills may be settled by policies nobody published (training);
    YIZHAN_DATABASE_URL: the PostgreSQL database that takes the place of the directory, or
    YIZHAN_DATABASE_URL_FILE: a file that holds it (a secret); YIZHAN_SETTLEMENT_SCHEMA: the schema
    in it (default `settlement`); `identity`: whose tokens are trusted;
    `operating`: the bounds of a worker (`http_edge/operating_settings.py`).
    YIZHAN_ELIGIBILITY_SECONDS: how long a question about a person may take (default 3);
    YIZHAN_REPLICA_HOURS: how long ago the replica of eligibility may have been complete to answer
    while eligibility is down, 0 (never) to 72 (default 24).
    Of a shard
    (`adapters/shard_file.py`), `shard` is which regions are its own, `ledger_folder` the directory
    of its ledger, where that is not `data`, and `source` what Kafka knows its events by.
    """

    data: Path
    policies: Path | None
    eligibility_url: str
    drafts: bool = False
    database: str | None = field(default=None, repr=False)
    schema: str = "settlement"
    identity: IdentitySettings = LOCAL_IDENTITY
    operating: OperatingSettings = field(default_factory=OperatingSettings)
    eligibility_seconds: float = 3.0
    replica_hours: int = 24
    shard: ShardRegions | None = None
    ledger_folder: Path | None = None
    source: str = "/yizhan/settlement"

    @property
    def folder(self) -> Path:
        """Where the ledger is, unless it is in a database."""
        return self.ledger_folder or self.data

    @classmethod
    def from_environment(cls) -> "Settings":
        """As the environment says. Raises IdentityUnusable, OperatingSettingUnusable."""
        policies = os.environ.get("YIZHAN_POLICIES")
        return cls(
            data=Path(os.environ.get("YIZHAN_DATA") or "var"),
            policies=Path(policies) if policies else None,
            eligibility_url=os.environ.get("YIZHAN_ELIGIBILITY_URL") or "http://127.0.0.1:8001",
            drafts=os.environ.get("YIZHAN_DRAFTS") == "yes",
            database=read_database_url(os.environ),
            schema=os.environ.get("YIZHAN_SETTLEMENT_SCHEMA") or "settlement",
            identity=read_identity(os.environ),
            operating=read_operating(os.environ),
            eligibility_seconds=_number("YIZHAN_ELIGIBILITY_SECONDS", 3.0, 0.1, 60.0),
            replica_hours=int(_number("YIZHAN_REPLICA_HOURS", 24, 0, LONGEST_REPLICA_HOURS)),
        )


def _number(name: str, otherwise: float, least: float, most: float) -> float:
    text = os.environ.get(name, "")
    try:
        number = float(text) if text else otherwise
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        message = f"{name} 须为 {least:g} 至 {most:g} 之间的数 (a number)"
        raise OperatingSettingUnusable(message)
    return number
