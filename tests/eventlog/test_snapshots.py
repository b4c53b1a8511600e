"""A long aggregate is loaded from where it stood last, and is what its events give."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.log import EventLog, VersionConflict
from eventlog.snapshots import Snapshot, SnapshotPlan
from tests.eventlog.log_addresses import (
    behind_the_log,
    lift_the_guard,
    new_address,
    open_at,
)
from tests.eventlog.savings_box import Box

BOX = Box.create_id("甲")


@dataclass(frozen=True, kw_only=True)
class BoxSnapshot(Snapshot):
    """A box as it stood."""

    TOPIC: ClassVar[str] = "test.box-snapshot.v2"

    owner: str
    total_fen: int


@dataclass(frozen=True, kw_only=True)
class OlderSnapshot(Snapshot):
    """What a box was when nobody knew whose it is."""

    TOPIC: ClassVar[str] = "test.box-snapshot.v1"

    total_fen: int


class Story:
    """A log whose boxes get a snapshot every ten events."""

    def __init__(self, address: str, kind: type[Snapshot] = BoxSnapshot) -> None:
        self.address = address
        self.log = self.open(kind)

    def open(self, kind: type[Snapshot]) -> EventLog:
        """The log as a process with this class has it."""
        return open_at(self.address, SnapshotPlan({Box: kind}, every=10))

    def add(self, *coins_fen: int) -> Box:
        """Put coins in, one save each."""
        box = self.log.find(BOX, Box) or Box.open("甲")
        for fen in coins_fen:
            box.add_coin(fen)
            self.log.save(box)
        return box

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Something done behind the log's back."""
        return behind_the_log(self.address, statement, *values)

    def versions(self) -> list[object]:
        """The versions that snapshots are of."""
        return [row[0] for row in self.sql("SELECT originator_version FROM snapshots")]


@pytest.fixture
def story(address: str) -> Iterator[Story]:
    """Nothing has happened."""
    story = Story(address)
    yield story
    story.log.close()


def test_every_ten_events_the_last_snapshot_gives_way_to_another(story: Story) -> None:
    """Nine events have none, ten have one of version 10, nineteen still, twenty one of 20."""
    seen = []
    for coins in (8, 1, 9, 1):
        story.add(*[1] * coins)
        seen.append(story.versions())
    assert seen == [[], [10], [10], [20]]


def test_a_save_that_passes_the_mark_snapshots_what_it_leaves(story: Story) -> None:
    """Fifteen events at once: the snapshot is of version 15, and 23 gives another."""
    box = Box.open("甲")
    for _ in range(14):
        box.add_coin(1)
    story.log.save(box)
    assert story.versions() == [15]
    story.add(*[1] * 8)
    assert story.versions() == [20]


@given(coins=st.lists(st.integers(-5, 99), max_size=35))
def test_loaded_from_a_snapshot_it_is_what_its_events_give(
    coins: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every attribute, and what is saved next goes on from there."""
    story = Story(new_address("sqlite", tmp_path_factory.mktemp("log")))
    story.add(*coins, 7)
    from_events = open_at(story.address).find(BOX, Box)
    loaded = story.log.find(BOX, Box)

    assert loaded is not None
    assert from_events is not None
    assert vars(loaded) == vars(from_events)
    loaded.add_coin(1)
    story.log.save(loaded)
    again = open_at(story.address).find(BOX, Box)
    assert again is not None
    assert again.total_fen == sum(coins) + 8


def test_events_before_the_snapshot_are_not_read(story: Story) -> None:
    """A snapshot that says otherwise is believed: that is what makes loading short, and why
    `wrong_snapshots` is there."""
    story.add(*[1] * 12)
    state = story.sql("SELECT state FROM snapshots")[0][0]
    assert isinstance(state, bytes)
    story.sql("UPDATE snapshots SET state = ?", state.replace(b'"total_fen":9', b'"total_fen":90'))

    found = story.log.find(BOX, Box)

    assert found is not None
    assert found.total_fen == 90 + 3
    assert list(story.log.wrong_snapshots()) == [BOX]
    story.log.forget_snapshot(BOX)
    assert list(story.log.wrong_snapshots()) == []
    mended = story.log.find(BOX, Box)
    assert mended is not None
    assert mended.total_fen == 12


def test_a_snapshot_of_a_version_that_is_not_there_is_wrong(story: Story) -> None:
    """It claims to be ahead of the events."""
    story.add(*[1] * 9)
    assert list(story.log.wrong_snapshots()) == []
    story.sql("UPDATE snapshots SET originator_version = 11")
    assert list(story.log.wrong_snapshots()) == [BOX]


def test_a_snapshot_of_events_that_were_cut_out_is_wrong(story: Story) -> None:
    """There is a snapshot and no event at all."""
    story.add(*[1] * 9)
    lift_the_guard(story.address)
    story.sql("DELETE FROM stored_events")
    assert list(story.log.wrong_snapshots()) == [BOX]


def test_what_an_older_class_wrote_is_passed_over(address: str) -> None:
    """Its topic is another: the box is loaded from its events, and is not called wrong."""
    story = Story(address, OlderSnapshot)
    story.add(*[1] * 12)
    now = story.open(BoxSnapshot)

    box = now.find(BOX, Box)

    assert box is not None
    assert (box.owner, box.total_fen) == ("甲", 12)
    assert list(now.wrong_snapshots()) == []


def test_bytes_that_cannot_be_read_are_passed_over_and_called_wrong(story: Story) -> None:
    """The disk lost some."""
    story.add(*[1] * 12)
    story.sql("UPDATE snapshots SET state = ?", b'{"total_fen":')
    box = story.log.find(BOX, Box)
    assert box is not None
    assert box.total_fen == 12
    assert list(story.log.wrong_snapshots()) == [BOX]


def test_whoever_is_overtaken_leaves_no_snapshot(story: Story) -> None:
    """The tenth event of one is refused; the other's eighth stands."""
    story.add(*[1] * 6)
    slower = story.log.find(BOX, Box)
    assert slower is not None
    story.add(5)
    for _ in range(3):
        slower.add_coin(1)

    with pytest.raises(VersionConflict):
        story.log.save(slower)

    assert story.versions() == []


def test_a_log_without_a_plan_keeps_none(address: str, log: EventLog) -> None:
    """A hundred coins, loaded from all of them."""
    box = Box.open("甲")
    for _ in range(100):
        box.add_coin(2)
    log.save(box)

    found = log.find(BOX, Box)

    assert found is not None
    assert found.total_fen == 200
    assert behind_the_log(address, "SELECT count(*) FROM snapshots") == [(0,)]


@pytest.mark.parametrize("kind", [BoxSnapshot, OlderSnapshot])
def test_loaded_together_each_is_what_it_is_alone(story: Story, kind: type[Snapshot]) -> None:
    """With a snapshot, with one of another class, without any, and one that is not there."""
    story.add(*[1] * 12)
    young = Box.open("乙")
    story.log.save(young)
    with story.open(kind) as log:
        nobody = Box.create_id("丙")

        found = log.find_together({young.id: Box, nobody: Box, BOX: Box})

        assert set(found) == {young.id, BOX}
        for each, box in found.items():
            alone = log.find(each, Box)
            assert alone is not None
            assert (vars(box), box.version) == (vars(alone), alone.version)
        assert log.find_together({}) == {}
