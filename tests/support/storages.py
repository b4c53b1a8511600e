"""Where a story's ledger is kept (存储): in files, or on a PostgreSQL server."""

from pathlib import Path

from settlement.settings import Settings
from settlement.storage import Storage, make_tables, open_storage
from tests.real_parts.postgres_server import database_of_this_process, fresh_schema

NOBODY = "http://127.0.0.1:9"
"""Where eligibility is not."""


def settings_on(kind: str, folder: Path) -> Settings:
    """Settings for an empty store: `sqlite` in the folder, `postgres` in a schema of its own."""
    if kind == "sqlite":
        return Settings(data=folder, policies=None, eligibility_url=NOBODY)
    settings = Settings(
        data=folder,
        policies=None,
        eligibility_url=NOBODY,
        database=database_of_this_process(),
        schema=fresh_schema(),
    )
    make_tables(settings)
    return settings


def new_storage(kind: str, folder: Path) -> Storage:
    """An empty store."""
    return open_storage(settings_on(kind, folder))
