"""Who differences are about (差异所涉人员), each side sealed under the key of its own person.

People of a list whom nobody registered yet get an id and a key too, so that erasing them later
reaches what lists said of them. A difference's id is made from those ids and not from a number:
once a person is erased, nothing leads from the number to the difference.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Engine, or_, select

from contracts.vocabulary import CertificateType
from eligibility.adapters.personal_data_vault import SqlPersonalDataVault, UnwrappedKeys
from eligibility.adapters.vault_tables import difference_details as details
from eligibility.application.difference_ports import DifferencePeople
from eligibility.domain.certificate import Certificate
from eligibility.domain.listed_person import Difference, ListedSide
from eventlog.engines import begin_writing, insert_or

_PORTION = 400
_LEFT, _RIGHT = "left", "right"


class _Side(msgspec.Struct, frozen=True, array_like=True):
    certificate_type: CertificateType
    certificate: str
    name: str
    birth: date | None
    kinds: str | None


_decoder = msgspec.msgpack.Decoder(_Side)


class SqlDifferenceVault:
    """The port `DifferenceVault`, in the vault's database."""

    def __init__(self, *, engine: Engine, vault: SqlPersonalDataVault) -> None:
        self._engine = engine
        self._vault = vault

    def keep(self, book_id: UUID, differences: Sequence[Difference]) -> list[UUID]:
        """Seal what the lists say, in place of what they said before; gives each one's id."""
        people = self._reserve(differences)
        keys = self._vault.keys_of(people.values())
        ids, rows = [], []
        for each in differences:
            left, right = (_person(side, people) for side in (each.left, each.right))
            ids.append(_difference_id(book_id, each, left, right))
            rows.append(
                {
                    "difference_id": ids[-1].hex,
                    "book_id": book_id.hex,
                    **_sealed(_LEFT, ids[-1], each.left, left, keys),
                    **_sealed(_RIGHT, ids[-1], each.right, right, keys),
                }
            )
        if rows:
            said = insert_or(self._engine, details)
            replaced = {
                column.name: said.excluded[column.name]
                for column in details.columns
                if not column.primary_key
            }
            with begin_writing(self._engine) as connection:
                key = [details.c.difference_id]
                connection.execute(
                    said.on_conflict_do_update(index_elements=key, set_=replaced), rows
                )
        return ids

    def about(self, book_id: UUID, certificates: Iterable[Certificate]) -> set[UUID]:
        """The book's differences that are about these people."""
        known = self._vault.find_many(list(certificates))
        people = sorted(each.hex for each in known if each is not None)
        columns = details.c
        found: set[UUID] = set()
        with self._engine.connect() as connection:
            for portion in _portions(people):
                query = select(columns.difference_id).where(
                    columns.book_id == book_id.hex,
                    or_(columns.left_person.in_(portion), columns.right_person.in_(portion)),
                )
                found |= {UUID(each) for each in connection.execute(query).scalars()}
        return found

    def open(self, difference_ids: Sequence[UUID]) -> Mapping[UUID, DifferencePeople]:
        """Who these differences are about; a side whose key is erased is None."""
        rows = self._rows(difference_ids)
        keys = self._vault.keys_of(
            person for row in rows.values() for person in _people_of(row) if person is not None
        )
        return {key: _opened(key, row, keys) for key, row in rows.items()}

    def seal_notes(self, notes: Mapping[UUID, str]) -> Mapping[UUID, bytes]:
        """The words of answers, sealed under the key of the first person they are about."""
        owners, keys = self._note_keys(notes)
        sealed = {
            key: keys.seal_bytes(owners[key], note.encode(), place=_place(key, "note"))
            for key, note in notes.items()
            if key in owners
        }
        return {key: each for key, each in sealed.items() if each is not None}

    def open_notes(self, sealed: Mapping[UUID, bytes]) -> Mapping[UUID, str]:
        """The words again, as far as their keys are there."""
        owners, keys = self._note_keys(sealed)
        opened = {
            key: keys.open_bytes(owners[key], each, place=_place(key, "note"))
            for key, each in sealed.items()
            if key in owners
        }
        return {key: each.decode() for key, each in opened.items() if each is not None}

    def _note_keys(self, ids: Iterable[UUID]) -> tuple[dict[UUID, UUID], UnwrappedKeys]:
        rows = self._rows(list(ids))
        owners = {key: left or right for key, (left, right) in _both(rows).items()}
        known = {key: person for key, person in owners.items() if person is not None}
        return known, self._vault.keys_of(known.values())

    def _reserve(self, differences: Sequence[Difference]) -> dict[Certificate, UUID]:
        sides = (side for each in differences for side in (each.left, each.right))
        wanted = list(dict.fromkeys(_certificate(side) for side in sides if side is not None))
        return dict(zip(wanted, self._vault.reserve(wanted), strict=True))

    def _rows(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        found = {}
        with self._engine.connect() as connection:
            for portion in _portions([each.hex for each in ids]):
                query = select(details).where(details.c.difference_id.in_(portion))
                found.update({UUID(row.difference_id): row for row in connection.execute(query)})
        return found


def _both(rows: Mapping[UUID, Any]) -> dict[UUID, tuple[UUID | None, UUID | None]]:
    return {key: _people_of(row) for key, row in rows.items()}


def _people_of(row: Any) -> tuple[UUID | None, UUID | None]:
    left, right = row.left_person, row.right_person
    return (UUID(left) if left else None, UUID(right) if right else None)


def _opened(key: UUID, row: Any, keys: UnwrappedKeys) -> DifferencePeople:
    left, right = _people_of(row)
    people = tuple(dict.fromkeys(each for each in (left, right) if each is not None))
    return DifferencePeople(
        person_ids=people,
        left=_side(_LEFT, key, left, row.left_sealed, keys),
        right=_side(_RIGHT, key, right, row.right_sealed, keys),
    )


def _side(
    which: str, key: UUID, person: UUID | None, sealed: bytes | None, keys: UnwrappedKeys
) -> ListedSide | None:
    if person is None or sealed is None:
        return None
    plain = keys.open_bytes(person, sealed, place=_place(key, which))
    if plain is None:
        return None
    side = _decoder.decode(plain)
    return ListedSide(side.certificate_type, side.certificate, side.name, side.birth, side.kinds)


def _sealed(
    which: str, key: UUID, side: ListedSide | None, person: UUID | None, keys: UnwrappedKeys
) -> dict[str, Any]:
    if side is None or person is None:
        return {f"{which}_person": None, f"{which}_sealed": None}
    plain = _Side(side.certificate_type, side.certificate, side.name, side.birth, side.kinds)
    sealed = keys.seal_bytes(person, msgspec.msgpack.encode(plain), place=_place(key, which))
    return {f"{which}_person": person.hex, f"{which}_sealed": sealed}


def _difference_id(book_id: UUID, each: Difference, left: UUID | None, right: UUID | None) -> UUID:
    people = (str(person) if person is not None else "" for person in (left, right))
    return uuid5(book_id, "\0".join((each.what.value, *people, each.disease or "")))


def _person(side: ListedSide | None, people: Mapping[Certificate, UUID]) -> UUID | None:
    return None if side is None else people[_certificate(side)]


def _certificate(side: ListedSide) -> Certificate:
    return Certificate(side.certificate_type, side.certificate)


def _place(key: UUID, which: str) -> bytes:
    return b"difference:" + key.bytes + which.encode()


def _portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    # A database takes a limited number of values in one statement.
    for start in range(0, len(values), _PORTION):
        yield values[start : start + _PORTION]
