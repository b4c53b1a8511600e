"""Settings (配置), from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from eventlog.database_address import read_database_url
from http_edge.identity.identity_settings import LOCAL_IDENTITY, IdentitySettings, read_identity
from http_edge.operating_settings import OperatingSettings, read_operating


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
    """

    data: Path
    policies: Path | None
    eligibility_url: str
    drafts: bool = False
    database: str | None = field(default=None, repr=False)
    schema: str = "settlement"
    identity: IdentitySettings = LOCAL_IDENTITY
    operating: OperatingSettings = field(default_factory=OperatingSettings)

    @classmethod
    def from_environment(cls) -> "Settings":
        """As the environment says. Raises IdentityUnusable, OperatingSettingUnusable."""
        policies = os.environ.get("YIZHAN_POLICIES")
        return cls(
            data=Path(os.environ.get("YIZHAN_DATA", "var")),
            policies=Path(policies) if policies else None,
            eligibility_url=os.environ.get("YIZHAN_ELIGIBILITY_URL", "http://127.0.0.1:8001"),
            drafts=os.environ.get("YIZHAN_DRAFTS") == "yes",
            database=read_database_url(os.environ),
            schema=os.environ.get("YIZHAN_SETTLEMENT_SCHEMA", "settlement"),
            identity=read_identity(os.environ),
            operating=read_operating(os.environ),
        )
