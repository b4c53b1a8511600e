"""The vault's own database (个人信息库表): apart from the events, so that a key can be deleted."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateTable

from eligibility.adapters.sealing import MasterKeys, keyed_hash
from eventlog.sqlite_engine import begin_writing

_KEY_CHECK: Final = "yizhan vault"

metadata = MetaData()

person_keys = Table(
    "person_keys",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("certificate_hash", LargeBinary, primary_key=True),
    Column("person_id", String(32), nullable=False, index=True),
)

staged_rosters = Table(
    "staged_rosters",
    metadata,
    Column("roster_id", String(32), primary_key=True),
    Column("staged_at", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

difference_details = Table(
    "difference_details",
    metadata,
    Column("difference_id", String(32), primary_key=True),
    Column("book_id", String(32), nullable=False),
    # Each side under the key of its own person: erasing one leaves the other readable.
    Column("left_person", String(32), index=True),
    Column("left_sealed", LargeBinary),
    Column("right_person", String(32), index=True),
    Column("right_sealed", LargeBinary),
)
"""Who the differences of compared lists are about (差异所涉人员)."""

_key_checks = Table(
    "key_checks",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)


class WrongMasterKey(Exception):
    """The vault was made with another master key (主密钥不符)."""


def create_vault(engine: Engine, keys: MasterKeys) -> None:
    """Create the tables and note which master key belongs to them; harmless when they are there.

    Raises `WrongMasterKey` before anything is encrypted with a key that does not belong here.
    """
    check = keyed_hash(_KEY_CHECK, key=keys.lookup)
    with begin_writing(engine) as connection:
        for statement in _create_statements():
            connection.exec_driver_sql(statement)
        note = insert(_key_checks).values(name=_KEY_CHECK, value=check)
        connection.execute(note.on_conflict_do_nothing())
        noted = connection.execute(select(_key_checks.c.value)).scalar_one()
    if noted != check:
        message = "主密钥与个人信息库不符；请找回原来的主密钥 (wrong master key)"
        raise WrongMasterKey(message)


def _create_statements() -> Sequence[str]:
    tables = [str(CreateTable(table, if_not_exists=True)) for table in metadata.tables.values()]
    return [
        *tables,
        "CREATE INDEX IF NOT EXISTS certificates_person_id ON certificates (person_id)",
        *(
            f"CREATE INDEX IF NOT EXISTS difference_details_{side} ON difference_details ({side})"
            for side in ("left_person", "right_person")
        ),
    ]
