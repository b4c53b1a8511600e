"""The vault's own database (个人信息库表): apart from the events, so that a key can be deleted."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, String, Table, select
from sqlalchemy.schema import CreateTable

from eligibility.adapters.sealing import MasterKeys, keyed_hash
from eventlog.engines import begin_writing, insert_or

KEY_CHECK: Final = "yizhan vault"

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

# While the master key is replaced, both of these are made again beside those in use.
person_keys_next = Table(
    "person_keys_next",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

certificates_next = Table(
    "certificates_next",
    metadata,
    Column("certificate_hash", LargeBinary, primary_key=True),
    Column("person_id", String(32), nullable=False),
)

# Whom not every certificate found any more when the master key was replaced: ids that were nobody's
# yet, people who got a certificate just then.
unfound_ids = Table("unfound_ids", metadata, Column("person_id", String(32), primary_key=True))

key_checks = Table(
    "key_checks",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

CHECK_OF_NEXT: Final = "yizhan vault next"
CHECK_OF_REPLACED: Final = "yizhan vault replaced"
CERTIFICATES_INDEX: Final = (
    "CREATE INDEX IF NOT EXISTS certificates_person_id ON certificates (person_id)"
)

CERTIFICATES_NEXT_INDEX: Final = (
    "CREATE INDEX IF NOT EXISTS certificates_next_person_id ON certificates_next (person_id)"
)


class WrongMasterKey(Exception):
    """The vault belongs to another master key (主密钥不符)."""


def check_of(keys: MasterKeys) -> bytes:
    """What the vault notes of a master key, to know it again."""
    return keyed_hash(KEY_CHECK, key=keys.lookup)


def create_vault(engine: Engine, keys: MasterKeys) -> None:
    """Create the tables in a file and note which master key belongs to them; harmless when they are
    there. Raises `WrongMasterKey`.
    """
    with begin_writing(engine) as connection:
        for statement in _create_statements():
            connection.exec_driver_sql(statement)
        _note_key(connection, keys)


def note_key(engine: Engine, keys: MasterKeys) -> None:
    """Note which master key belongs to a vault whose tables are there; harmless when it is noted.

    Raises `WrongMasterKey`.
    """
    with begin_writing(engine) as connection:
        _note_key(connection, keys)


def has_key(engine: Engine) -> bool:
    """Whether the vault belongs to any key yet."""
    with engine.connect() as connection:
        return KEY_CHECK in _noted(connection)


def is_key_of(engine: Engine, keys: MasterKeys) -> bool:
    """Whether a vault that is there belongs to these keys."""
    with engine.connect() as connection:
        return _noted(connection).get(KEY_CHECK) == check_of(keys)


def has_key_of(connection: Connection, person_id: UUID) -> bool:
    """Whether a person is not erased, nor will be before this transaction under the lock ends."""
    query = select(person_keys.c.person_id).where(person_keys.c.person_id == person_id.hex)
    return connection.execute(query).first() is not None


def require_key(connection: Connection, keys: MasterKeys) -> None:
    """Let the keys pass that the vault belongs to. Raises `WrongMasterKey` saying what to do."""
    noted, check = _noted(connection), check_of(keys)
    if noted.get(KEY_CHECK) == check:
        return
    if noted.get(CHECK_OF_REPLACED) == check:
        message = "主密钥已更换，此为旧密钥；请换用新的主密钥重新启动 (master key was replaced)"
    elif noted.get(CHECK_OF_NEXT) == check:
        message = (
            "主密钥更换尚未完成，此为新密钥；请仍以原主密钥启动，"
            "或再次运行 yizhan keys rotate 完成更换 (rotation unfinished)"
        )
    else:
        message = "主密钥与个人信息库不符；请找回原来的主密钥 (wrong master key)"
    raise WrongMasterKey(message)


def _note_key(connection: Connection, keys: MasterKeys) -> None:
    # Before anything is encrypted with a key that does not belong here.
    note = insert_or(connection, key_checks).values(name=KEY_CHECK, value=check_of(keys))
    connection.execute(note.on_conflict_do_nothing())
    require_key(connection, keys)


def _noted(connection: Connection) -> dict[str, bytes]:
    rows = connection.execute(select(key_checks.c.name, key_checks.c.value))
    return {row.name: row.value for row in rows}


def _create_statements() -> Sequence[str]:
    tables = [str(CreateTable(table, if_not_exists=True)) for table in metadata.tables.values()]
    return [
        *tables,
        CERTIFICATES_INDEX,
        CERTIFICATES_NEXT_INDEX,
        *(
            f"CREATE INDEX IF NOT EXISTS difference_details_{side} ON difference_details ({side})"
            for side in ("left_person", "right_person")
        ),
    ]
