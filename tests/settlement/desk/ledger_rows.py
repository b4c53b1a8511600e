"""A ledger as rows that may be changed, and every change there is to make to a stored event.

This is what someone with the database file can do: change a value, take an event out or put one
in a second time, and number everything anew so that no gap shows.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from eventlog.codec import TypedMapper
from settlement.application.ports import LoggedFact

MAPS = {
    "counter_years",
    "counters_before",
    "elsewhere_fen",
    "item_classes_fen",
    "moves",
}
"""Fields that are maps: keys may be taken out of them and put in."""

_INSTEAD_OF_NULL: dict[str, Any] = {
    "age": 57,
    "charges_after": {"item_classes_fen": {}, "total_fen": 1},
    "departure": "other",
    "diagnosis": {"code": "K36.x00", "system": "ICD-10", "version": "医保版 2.0"},
    "emergency": True,
    "episode": {"stay_id": "00000000-0000-4000-8000-000000000007", "admission": "2023-02-27"},
    "former_institution": {
        "designations": [],
        "institution_id": "H42000000001",
        "level": None,
        "name": "样例",
        "region": "420106",
        "tier": "level_3",
    },
    "identities_from": "2020-01-01",
    "identities_to": "2030-12-31",
    "level": "county",
    "met": True,
    "number": 1,
    "part": {"number": 1, "goes_on": True, "stay_admission": "2023-02-27"},
    "referral": True,
    "scheme": "resident",
    "surgery": True,
    "third_party_liability": True,
    "tier": "level_2",
    "transferred_from": {"institution_id": "H42000000001", "hospital_stay_number": "Z1"},
    "valid_to": "2030-12-31",
    "yes_no": True,
}
_OTHERS = {
    "advance": ("full", "partial"),
    "full": ("advance", "partial"),
    "partial": ("advance", "full"),
    "resident": ("employee",),
    "A": ("B", "C"),
    "B": ("A", "C"),
    "C": ("A", "B"),
    "by_order": ("death",),
    "cash": ("card",),
    "mobile": ("cash",),
}

State = dict[str, Any]
Within = tuple[str | int, ...]


@dataclass(frozen=True)
class Row:
    """One stored event, as the database keeps it."""

    stream: UUID
    version: int
    topic: str
    state: bytes

    @property
    def kind(self) -> str:
        """The topic, short."""
        return self.topic.removeprefix("settlement.").removesuffix(".v1")


class LedgerOfRows:
    """A ledger in the order of its rows."""

    def __init__(self, rows: list[Row]):
        self.rows = rows

    def next_serial(self, series: str) -> int:
        """Nothing is settled here."""
        raise NotImplementedError(series)

    def save(self, *aggregates: Any, receipt: object = None) -> None:
        """Nothing is stored here."""
        raise NotImplementedError(aggregates, receipt)

    def history(self, aggregate_id: UUID) -> Iterator[Any]:
        """The events of one aggregate in order."""
        yield from (_event(row) for row in self.rows if row.stream == aggregate_id)

    def events(self, *, after: int = 0) -> Iterator[LoggedFact]:
        """Every event in order, or those after a position."""
        for position, row in enumerate(self.rows[after:], start=after + 1):
            yield LoggedFact(position, _event(row))

    def wrong_snapshots(self) -> Iterator[UUID]:
        """None: rows are all there is."""
        yield from ()

    def find(self, aggregate_id: UUID, kind: type[Any]) -> Any:
        """The aggregate, from its rows."""
        aggregate: Any = None
        for event in self.history(aggregate_id):
            aggregate = event.mutate(aggregate)
        assert aggregate is None or isinstance(aggregate, kind)
        return aggregate

    def find_together(self, wanted: Mapping[UUID, type[Any]]) -> dict[UUID, Any]:
        """Those that are there, one after another."""
        found = {of: self.find(of, kind) for of, kind in wanted.items()}
        return {of: aggregate for of, aggregate in found.items() if aggregate is not None}

    def has(self, aggregate_id: UUID) -> bool:
        """Whether anything happened to it."""
        return any(True for _ in self.history(aggregate_id))


@lru_cache(maxsize=4096)
def _event(row: Row) -> Any:
    stored = StoredEvent(row.stream, row.version, row.topic, row.state)
    return TypedMapper().to_domain_event(stored)


def rows_of(path: Path) -> list[Row]:
    """The rows of a ledger's file."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
            " ORDER BY rowid"
        ).fetchall()
    return [
        Row(UUID(stream), version, topic, bytes(state)) for stream, version, topic, state in found
    ]


def renumbered(rows: list[Row]) -> list[Row]:
    """The rows with versions anew in each stream, so that nothing seems to be missing."""
    versions: dict[UUID, int] = {}
    found = []
    for row in rows:
        versions[row.stream] = versions.get(row.stream, 0) + 1
        found.append(replace(row, version=versions[row.stream]))
    return found


def changed(row: Row, **values: Any) -> Row:
    """The row with values at the top of its state put in."""
    return replace(row, state=_encoded({**json.loads(row.state), **values}))


def state_of(row: Row) -> State:
    """What the event holds."""
    found: State = json.loads(row.state)
    return found


def changes(row: Row) -> Iterator[tuple[str, Row]]:
    """Every single change of a value in an event, with the field it is made in."""
    state = state_of(row)
    for path, value in _changed(state, ()):
        yield _field(path), replace(row, state=_encoded(_with(state, path, value)))


_GONE = object()


def _changed(value: Any, path: Within) -> Iterator[tuple[Within, Any]]:
    """Paths into a state with what to put there."""
    if isinstance(value, dict):
        is_map = bool(path) and path[-1] in MAPS
        for key, part in value.items():
            yield from _changed(part, (*path, key))
            if is_map:
                yield (*path, key), _GONE
        if is_map:
            yield path, {**value, "zzz": next(iter(value.values()), 1)}
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _changed(part, (*path, at))
            yield path, value[:at] + value[at + 1 :]
            yield path, [*value[: at + 1], *value[at:]]
    else:
        for other in _others(value, str(path[-1])):
            yield path, other


def _others(value: Any, name: str) -> list[Any]:
    """Other values of the same kind."""
    if value is None:
        return [1 if name.endswith("_fen") else _INSTEAD_OF_NULL.get(name, "改动")]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if value in _OTHERS:
        return list(_OTHERS[value])
    return _other_texts(value)


def _other_texts(text: str) -> list[str]:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day = date.fromisoformat(text)
        return [str(day + timedelta(days=days)) for days in (1, -1, 400, -400)]
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", text):
        instant = datetime.fromisoformat(text)
        steps = (timedelta(microseconds=1), timedelta(days=400))
        return [
            (instant + sign * step).isoformat().replace("+00:00", "Z")
            for step in steps
            for sign in (1, -1)
        ]
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return ["00000000-0000-4000-8000-00000000ffff"]
    if re.fullmatch(r"\d{6}", text):
        return [f"{int(text) + 1}"]
    return [text + "x"]


def _with(state: Any, path: Within, value: Any) -> Any:
    if not path:
        return value
    copied = state.copy()
    if len(path) == 1 and value is _GONE:
        del copied[path[0]]
    else:
        copied[path[0]] = _with(state[path[0]], path[1:], value)
    return copied


def _encoded(state: State) -> bytes:
    return json.dumps(state, ensure_ascii=False, sort_keys=True).encode()


def _field(path: Within) -> str:
    """The field without the keys of maps and the places in lists."""
    named: list[str] = []
    for part, before in zip(path, ("", *path), strict=False):
        if isinstance(part, str) and before not in MAPS:
            named.append(part)
    return ".".join(named)
