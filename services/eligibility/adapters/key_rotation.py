"""Another master key (更换主密钥): wrapped keys and look-up hashes made anew, then exchanged.

They are made in tables of their own, portion by portion, while the old ones stay in use: whoever
is killed goes on where the last portion ended. One transaction exchanges the tables.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Executable, delete, exists, func, select, text, update
from sqlalchemy.schema import CreateTable

from eligibility.adapters.personal_data_vault import about_person, certificate_hash
from eligibility.adapters.sealing import MasterKeys, seal, unseal
from eligibility.adapters.staged_rosters import about_roster
from eligibility.adapters.vault_journal import ErasureUnfinished, empty_journal
from eligibility.adapters.vault_tables import (
    CERTIFICATES_INDEX,
    CERTIFICATES_NEXT_INDEX,
    CHECK_OF_NEXT,
    CHECK_OF_REPLACED,
    KEY_CHECK,
    certificates_next,
    check_of,
    has_key_of,
    is_key_of,
    key_checks,
    person_keys,
    person_keys_next,
    require_key,
    staged_rosters,
    unfound_ids,
)
from eligibility.adapters.vault_tables import certificates as certificate_rows
from eligibility.domain.certificate import Certificate
from eventlog.engines import begin_writing, insert_or, lock_tables
from eventlog.log_errors import LogBusy

_TRIES: Final = 10
_MOMENT_MILLISECONDS: Final = 1000
_LOCK_NOT_HAD: Final = ("55P03", "40P01")
"""Not had in time; taken back since two waited for each other."""


class RotationOfAnotherKey(Exception):
    """A replacement by another new key was begun and not finished (另一次更换未完成)."""


class _TablesRead(Exception):
    """Somebody reads what is to be exchanged, for longer than others can wait."""


class SqlKeyRotation:
    """The port `KeyRotation`, on the vault's database."""

    def __init__(self, *, engine: Engine, old: MasterKeys, new: MasterKeys) -> None:
        self._engine = engine
        self._old = old
        self._new = new
        self._looked_through = ""
        self._tries = 0

    def begin(self) -> None:
        """Note the new key, or know it again. Raises `RotationOfAnotherKey`, `WrongMasterKey`."""
        with begin_writing(self._engine) as connection:
            require_key(connection, self._old)
            note = insert_or(connection, key_checks)
            note = note.values(name=CHECK_OF_NEXT, value=check_of(self._new))
            connection.execute(note.on_conflict_do_nothing())
            query = select(key_checks.c.value).where(key_checks.c.name == CHECK_OF_NEXT)
            if connection.execute(query).scalar_one() != check_of(self._new):
                message = (
                    "此前已开始更换为另一新密钥，尚未完成；请以那一新密钥继续 (another new key)"
                )
                raise RotationOfAnotherKey(message)

    def counts(self) -> tuple[int, int]:
        """How many people are done, and how many there are."""
        with self._engine.connect() as connection:
            done, every = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (person_keys_next, person_keys)
            )
        return done, every

    def missing(self, size: int) -> list[UUID]:
        """Some people who are not done yet."""
        with self._engine.connect() as connection:
            found = _missing(connection, size, after=self._looked_through)
            # Whoever came up meanwhile may stand before those who were looked at.
            found = found or _missing(connection, size)
        self._looked_through = found[-1] if found else ""
        return [UUID(each) for each in found]

    def renew(self, certificates: Mapping[UUID, Sequence[Certificate]]) -> None:
        """Wrap these people's keys anew, and hash their certificates anew, in one transaction."""
        with begin_writing(self._engine) as connection:
            require_key(connection, self._old)
            ids = [each.hex for each in certificates]
            # Read here again: somebody may have been erased meanwhile, and stays so.
            query = select(person_keys.c.person_id, person_keys.c.wrapped_key)
            rows = connection.execute(query.where(person_keys.c.person_id.in_(ids))).all()
            connection.execute(
                delete(certificates_next).where(certificates_next.c.person_id.in_(ids))
            )
            for row_id, wrapped in rows:
                person_id = UUID(row_id)
                key = unseal(wrapped, key=self._old.wrap, about=about_person(person_id))
                again = seal(key, key=self._new.wrap, about=about_person(person_id))
                row = insert_or(connection, person_keys_next)
                row = row.values(person_id=row_id, wrapped_key=again)
                connection.execute(row.on_conflict_do_nothing())
                self._hash_anew(connection, person_id, certificates[person_id])

    def take_into_use(self) -> bool:
        """Exchange the tables, unless somebody is missing; the old key opens nothing after it.

        False as well where somebody reads them for long. Raises `LogBusy` when that goes on.
        """
        try:
            with begin_writing(self._engine) as connection:
                require_key(connection, self._old)
                if _missing(connection, 1):
                    return False
                _note_unfound(connection)
                self._reseal_rosters(connection)
                self._note_exchange(connection)
                # The last: nobody looks anything up while the tables are had alone.
                _have_alone(connection)
                _exchange(connection)
        except _TablesRead as error:
            self._tries += 1
            if self._tries < _TRIES:
                return False
            message = (
                "个人信息库正被长时间读取，主密钥尚未更换；"
                "请稍后再次运行，从中断处继续 (vault in use, run again)"
            )
            raise LogBusy(message) from error
        return True

    def is_in_use(self) -> bool:
        """Whether the vault belongs to the new key by now."""
        return is_key_of(self._engine, self._new)

    def clean(self) -> None:
        """What the old key opens leaves the journal too, at the latest with its last reader."""
        with suppress(ErasureUnfinished):
            empty_journal(self._engine)

    def unfound(self) -> list[UUID]:
        """Whom some certificate found no more when the last key was replaced."""
        with self._engine.connect() as connection:
            found = connection.execute(select(unfound_ids.c.person_id)).scalars()
            return [UUID(each) for each in found]

    def find_again(self, certificates: Mapping[UUID, Sequence[Certificate]]) -> None:
        """Let certificates find such ids again, unless they find somebody else by now.

        Raises `WrongMasterKey`.
        """
        with begin_writing(self._engine) as connection:
            require_key(connection, self._new)
            for person_id, known in certificates.items():
                is_erased = not has_key_of(connection, person_id)
                found = 0 if is_erased else self._let_find(connection, person_id, known)
                # Where all were there already, the one that is missing may yet be saved: by a
                # process that claimed it under the old key. The next start looks again.
                if is_erased or found:
                    connection.execute(
                        delete(unfound_ids).where(unfound_ids.c.person_id == person_id.hex)
                    )

    def _let_find(
        self, connection: Connection, person_id: UUID, known: Iterable[Certificate]
    ) -> int:
        added = 0
        for each in known:
            row = insert_or(connection, certificate_rows).values(
                certificate_hash=certificate_hash(each, self._new), person_id=person_id.hex
            )
            row = row.on_conflict_do_nothing().returning(certificate_rows.c.person_id)
            added += len(connection.execute(row).all())
        return added

    def _hash_anew(
        self, connection: Connection, person_id: UUID, known: Iterable[Certificate]
    ) -> None:
        query = select(certificate_rows.c.certificate_hash)
        query = query.where(certificate_rows.c.person_id == person_id.hex)
        finds = set(connection.execute(query).scalars())
        for each in known:
            # One that finds nobody, or somebody else, is not made to.
            if certificate_hash(each, self._old) in finds:
                hashed = certificate_hash(each, self._new)
                row = insert_or(connection, certificates_next).values(
                    certificate_hash=hashed, person_id=person_id.hex
                )
                connection.execute(row.on_conflict_do_nothing())

    def _reseal_rosters(self, connection: Connection) -> None:
        query = select(staged_rosters.c.roster_id, staged_rosters.c.sealed)
        for row_id, sealed in connection.execute(query).all():
            about = about_roster(UUID(row_id))
            plain = unseal(sealed, key=self._old.staging, about=about)
            again = seal(plain, key=self._new.staging, about=about)
            connection.execute(
                update(staged_rosters)
                .where(staged_rosters.c.roster_id == row_id)
                .values(sealed=again)
            )

    def _note_exchange(self, connection: Connection) -> None:
        notes = {KEY_CHECK: check_of(self._new), CHECK_OF_REPLACED: check_of(self._old)}
        for name, value in notes.items():
            note = insert_or(connection, key_checks).values(name=name, value=value)
            connection.execute(
                note.on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )
        connection.execute(delete(key_checks).where(key_checks.c.name == CHECK_OF_NEXT))


def _missing(connection: Connection, size: int, *, after: str = "") -> list[str]:
    done = exists().where(person_keys_next.c.person_id == person_keys.c.person_id)
    ids = person_keys.c.person_id
    query = select(ids).where(~done, ids > after).order_by(ids).limit(size)
    return list(connection.execute(query).scalars())


def _note_unfound(connection: Connection) -> None:
    # Also who has fewer than before: a certificate was claimed while the others were read.
    person = certificate_rows.c.person_id
    again = select(func.count()).where(certificates_next.c.person_id == person)
    lost = select(person).group_by(person).having(func.count() > again.scalar_subquery())
    row = insert_or(connection, unfound_ids).from_select(["person_id"], lost)
    connection.execute(row.on_conflict_do_nothing())


def _have_alone(connection: Connection) -> None:
    """Have the tables that are exchanged for this transaction alone, within a moment: whoever looks
    something up waits behind who waits for them. Raises `_TablesRead`."""
    if connection.dialect.name == "sqlite":
        return
    connection.execute(text(f"SET LOCAL lock_timeout = {_MOMENT_MILLISECONDS}"))
    try:
        lock_tables(connection, [each.name for pair in _PAIRS for each in pair], alone=True)
    except LogBusy as error:
        if getattr(error.__cause__, "sqlstate", None) in _LOCK_NOT_HAD:
            raise _TablesRead from error
        raise


_PAIRS = ((person_keys, person_keys_next), (certificate_rows, certificates_next))


def _exchange(connection: Connection) -> None:
    is_file = connection.dialect.name == "sqlite"
    for statement in _exchange_of_tables() if is_file else _exchange_on_server():
        connection.execute(statement)


def _exchange_of_tables() -> Iterator[Executable]:
    # SQLite's indexes keep their names: this one would stand for the table that comes into use.
    yield text("DROP INDEX certificates_next_person_id")
    for table, made in _PAIRS:
        # Pages of a dropped table are overwritten with zeros (secure_delete).
        yield text(f"DROP TABLE {table.name}")
        yield text(f"ALTER TABLE {made.name} RENAME TO {table.name}")
        yield CreateTable(made)
    yield text(CERTIFICATES_INDEX)
    yield text(CERTIFICATES_NEXT_INDEX)


def _exchange_on_server() -> Iterator[Executable]:
    """The names change places, and what was in use is emptied: what others may do stays so."""
    for table, made in _PAIRS:
        yield text(f"TRUNCATE {table.name}")
        yield from _change_names("TABLE", table.name, made.name)
        yield from _change_names("INDEX", f"{table.name}_pkey", f"{made.name}_pkey")
    # It took as long to make as the people are many; under another name it goes on.
    yield from _change_names("INDEX", "certificates_person_id", "certificates_next_person_id")


def _change_names(kind: str, one: str, other: str) -> Iterator[Executable]:
    for name, another in ((one, "changing_names"), (other, one), ("changing_names", other)):
        yield text(f"ALTER {kind} {name} RENAME TO {another}")
