"""Groups that nothing stands against are written by one statement, and come to the same."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, LiteralString, cast
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

import eventlog.postgres_groups
from eventlog.log_errors import RequestAlreadyAccepted, VersionConflict
from eventlog.postgres_groups import (
    _STORED,
    _UNDISPUTED,
    _VERSIONS,
    REGISTERED,
    Save,
    write_group,
)
from eventlog.postgres_recorder import _TOGETHER
from tests.eventlog.log_addresses import connected, new_address
from tests.eventlog.savings_box import request

AGGREGATES = [UUID(int=n) for n in range(1, 5)]
EVERYTHING = (
    "SELECT * FROM stored_events ORDER BY notification_id",
    "SELECT * FROM request_register ORDER BY 1, 2, 3",
    "SELECT * FROM snapshots ORDER BY 1",
)


def stored(of: UUID, version: int, state: str) -> StoredEvent:
    """An event or a snapshot of a kind that nobody reads."""
    return StoredEvent(of, version, "test.kind.v1", state.encode())


# Of each aggregate how many events, and how far from where it stands; nearly always right.
part = st.tuples(
    st.sampled_from(AGGREGATES), st.integers(1, 2), st.sampled_from([0, 0, 0, 0, -1, 1])
)
asked = st.one_of(st.none(), st.tuples(st.sampled_from("abcdefgh"), st.booleans()))
save = st.tuples(st.lists(part, max_size=2, unique_by=lambda each: each[0]), asked, st.booleans())
groups = st.lists(st.lists(save, min_size=1, max_size=3), min_size=1, max_size=6)


def saves_of(group: Sequence[Any], versions: dict[UUID, int]) -> list[Save]:
    """A group's saves, on aggregates that stand at these versions."""
    made = []
    for parts, asks, takes in group:
        events = [
            stored(of, versions.get(of, 0) + 1 + at + off, f"{of.int} {at}")
            for of, count, off in parts
            for at in range(count)
            if versions.get(of, 0) + 1 + at + off > 0
        ]
        snapshots = [stored(of, versions.get(of, 0) + 1, "{}") for of, *_ in parts if takes]
        row = request(asks[0], accepted=asks[1]) if asks else None
        made.append(Save(tuple(events), row, tuple(snapshots)))
    return made


def versions_in(connection: Connection[Any]) -> dict[UUID, int]:
    """Where each aggregate stands."""
    statement = "SELECT originator_id, max(originator_version) FROM stored_events GROUP BY 1"
    return dict(connection.execute(statement).fetchall())


def everything_in(connection: Connection[Any]) -> list[list[Any]]:
    """All rows of all tables."""
    return [connection.execute(each).fetchall() for each in EVERYTHING]


def told(outcomes: Sequence[Any]) -> list[Any]:
    """Positions, or the kind of error."""
    return [type(each) if isinstance(each, Exception) else list(each) for each in outcomes]


@given(groups)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_saved_both_ways_come_to_the_same(
    tmp_path: Path, sequence: list[list[Any]]
) -> None:
    """Outcome by outcome and row by row, with conflicts, repetitions and snapshots among them."""
    with (
        connected(new_address("postgres", tmp_path)) as usual,
        connected(new_address("postgres", tmp_path)) as one_by_one,
    ):
        for group in sequence:
            saves = saves_of(group, versions_in(usual))
            outcomes = write_group(usual, saves)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(eventlog.postgres_groups, "_going_on", lambda _saves: None)
                assert told(outcomes) == told(write_group(one_by_one, saves))
            assert everything_in(usual) == everything_in(one_by_one)


def test_what_nothing_stands_against_is_not_judged_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement sees and writes; only where one of a group is in dispute is each looked at."""
    looked: list[int] = []
    look = eventlog.postgres_groups._look

    def counted(connection: Connection[Any], saves: Sequence[Save], **how: Any) -> Any:
        looked.append(len(saves))
        return look(connection, saves, **how)

    monkeypatch.setattr(eventlog.postgres_groups, "_look", counted)
    first, second, third, _ = AGGREGATES
    with connected(new_address("postgres", tmp_path)) as connection:
        plain = [
            Save((stored(first, 1, "a"), stored(second, 1, "b"), stored(first, 2, "c"))),
            Save((stored(third, 1, "d"),), request("k"), (stored(third, 1, "{}"),)),
            Save(request=request("r", accepted=False)),
        ]
        assert told(write_group(connection, plain)) == [[1, 2, 3], [4], []]
        assert told(write_group(connection, [Save((stored(first, 3, "e"),))])) == [[5]]
        assert looked == []

        stale = [Save((stored(first, 3, "f"),)), Save((stored(second, 2, "g"),))]
        assert told(write_group(connection, stale)) == [VersionConflict, [6]]
        ahead = [Save((stored(first, 5, "h"),))]
        assert told(write_group(connection, ahead)) == [VersionConflict]
        twice = [Save((stored(first, 4, "i"),), request("k"))]
        assert told(write_group(connection, twice)) == [RequestAlreadyAccepted]
        refused_before = [Save((stored(first, 4, "j"),), request("r"))]
        assert told(write_group(connection, refused_before)) == [[7]]
        same = [Save((stored(first, 5, "k"),)), Save((stored(first, 6, "l"),))]
        assert told(write_group(connection, same)) == [[8], [9]]
        assert looked == [2, 1, 1, 1, 2]


@pytest.mark.parametrize("statement", [REGISTERED, _VERSIONS, _STORED, _UNDISPUTED, _TOGETHER])
def test_no_plan_reads_a_whole_table(tmp_path: Path, statement: str) -> None:
    """Nor one that was made while the tables were empty and is kept when they are large."""
    numbers = itertools.count(1)
    numbered = re.sub("%b", lambda _: f"${next(numbers)}", statement)
    with connected(new_address("postgres", tmp_path)) as connection:
        asked = cast("LiteralString", f"EXPLAIN (GENERIC_PLAN) {numbered}")
        plan = [line for (line,) in connection.execute(asked).fetchall()]
    assert any("Index" in line for line in plan)
    assert not [line for line in plan if "Seq Scan" in line]
