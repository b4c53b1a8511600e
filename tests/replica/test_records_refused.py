"""Records that are not as agreed stand as dead letters, whoever finds out: reader or database."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eligibility.entrypoints.publish import PeopleFeed
from kafka_edge.listener import Received, RecordRefused, Span
from kafka_edge.listener_watch import ListenerWatch
from kafka_edge.telling import on_screen
from settlement.application.answer_from_replica import PersonKept
from settlement.entrypoints import listen
from settlement.entrypoints.listen import PeopleTopic
from settlement.read_models.people_replica import NotKept, PartitionRead
from tests.replica.town import TOPIC, Town, town_on

BOTH_STORES = pytest.mark.parametrize("store", ["sqlite", "postgres"])


@pytest.fixture(name="town")
def _town(store: str, tmp_path: Path) -> Iterator[Town]:
    """Three people, of whom nothing is told yet."""
    with town_on(store, tmp_path) as town:
        town.enrol(1, 2, 3)
        yield town


def values(town: Town) -> list[bytes]:
    """What is to be told of the three."""
    return [each.value for each in PeopleFeed(town.office.eligibility).page(0).messages]


def _too_large(said: Any) -> None:
    said["data"]["records"][0]["version"] = 2**63


def _below_nothing(said: Any) -> None:
    said["data"]["position"] = -1


def _nul(said: Any) -> None:
    said["data"]["records"][0]["person_id"] += "\0"


def _no_zone(said: Any) -> None:
    said["data"]["records"][0]["learned_at"] = "2023-07-01T09:00:00"


def _elsewhere(said: Any) -> None:
    said["source"] = "/elsewhere"


def _other_type(said: Any) -> None:
    said["type"] = "eligibility.person-forgotten.v1"


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(
    "spoil", [_too_large, _below_nothing, _nul, _no_zone, _elsewhere, _other_type]
)
def test_what_is_not_as_agreed_is_refused_where_it_stands(
    town: Town, spoil: Callable[[Any], None]
) -> None:
    """The one before it is taken, the one after it is not."""
    told, replica = values(town), town.parts.replica.people
    said = json.loads(told[1])
    spoil(said)
    told[1] = json.dumps(said).encode()
    with pytest.raises(RecordRefused, match="不合约定"):
        town.take(told)
    assert replica.count() == 1
    assert list(replica.refusals()) == [(0, 1)]


@BOTH_STORES
def test_what_the_database_refuses_is_refused_where_it_stands(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the reader found nothing: everything before it is taken, and nothing of it is told."""
    told, replica = values(town), town.parts.replica.people
    # As if the agreement had let a number pass.
    read = listen._people_told

    def passed(record: Received) -> list[PersonKept]:
        found = read(record)
        return [replace(each, version=2**63) for each in found] if record.offset == 1 else found

    monkeypatch.setattr(listen, "_people_told", passed)
    with pytest.raises(RecordRefused, match="无法保存") as refused:
        town.take(told)
    assert refused.value.offset == 1
    assert replica.count() == 1
    assert list(replica.refusals()) == [(0, 1)]
    assert PeopleTopic(replica).next_offset(TOPIC, 0) == 1
    monkeypatch.undo()
    records = [Received(at, value) for at, value in enumerate(told)]
    PeopleTopic(replica).take(TOPIC, 0, records[1:], Span(1, 3))
    assert (replica.count(), replica.refusals()) == (3, {})


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_no_error_tells_what_was_to_be_kept(town: Town) -> None:
    """Neither the database's nor the listener's line."""
    ((_, kept),) = [(0, listen._people_told(Received(0, values(town)[0])))]
    spoilt = [replace(each, version=2**63) for each in kept]
    with pytest.raises(NotKept) as wrong:
        town.parts.replica.people.take(PartitionRead(TOPIC, 0, 0, 1), [(0, spoilt)])
    assert kept[0].person_id not in f"{wrong.value}{wrong.value.__cause__}"
    lines: list[str] = []
    watch = ListenerWatch("t", on_screen(lines.append))
    watch.failed(ValueError(kept[0].person_id), again_after_seconds=1)
    assert lines == ["ValueError；1 秒后再试"]
