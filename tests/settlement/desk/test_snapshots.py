"""A person with many settlements is loaded from a snapshot, and every answer is the same."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eventlog.log import open_event_log
from eventlog.snapshots import SnapshotPlan
from settlement.adapters import event_ledger
from settlement.adapters.snapshots import SNAPSHOTS
from settlement.application.verify_ledger import verify_ledger
from settlement.entrypoints.cli import app
from tests.settlement.desk.test_several_records import P1, Story

LEDGER = "settlement.sqlite"


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The fund pays 80%, at most 1,000.00 a year; every third event gives a snapshot."""
    monkeypatch.setattr(event_ledger, "SNAPSHOTS", SnapshotPlan(SNAPSHOTS.of, every=3))
    return Story(tmp_path)


def snapshots(folder: Path, statement: str = "SELECT topic FROM snapshots") -> list[Any]:
    """The first column of what is asked of the file."""
    with closing(sqlite3.connect(next(folder.rglob(LEDGER)))) as connection, connection:
        return [row[0] for row in connection.execute(statement)]


def test_settled_and_undone_from_snapshots(story: Story, tmp_path: Path) -> None:
    """800.00, 200.00, nothing; the first undone, the others take its place; settled again, it is
    the last: every amount is right, and each snapshot is what the events give."""
    first, second, third = (
        story.settle(P1, number).json()["stay_id"] for number in ("A1", "A2", "A3")
    )
    assert [story.now_paid(stay) for stay in (first, second, third)] == [800_00, 200_00, 0]
    story.undo(first)
    assert [story.now_paid(stay) for stay in (second, third)] == [800_00, 200_00]
    assert story.desk.settle(first).json()["steps"][0]["paid_fen"] == 0

    assert sorted(snapshots(tmp_path)) == [
        "settlement.benefit-year-snapshot.v1",
        "settlement.settlement-order-snapshot.v1",
    ]
    assert story.discrepancies() == ()


@pytest.mark.parametrize("kind", SNAPSHOTS.of, ids=lambda kind: kind.__name__)
def test_a_snapshot_has_everything_its_aggregate_has(
    kind: type, story: Story, tmp_path: Path
) -> None:
    """Whoever gives an aggregate another attribute is told to keep it."""
    for number in ("A1", "A2", "A3"):
        story.settle(P1, number)
    log = open_event_log(next(tmp_path.rglob(LEDGER)))
    streams = {each.event.originator_id for each in log.read(0) if kind.__name__ in str(each.event)}
    (from_events,) = (log.find(stream) for stream in streams if type(log.find(stream)) is kind)

    kept = SNAPSHOTS.of[kind].take(from_events)

    assert vars(kept.restore(kind)) == vars(from_events)


def test_verification_finds_a_snapshot_that_is_not_what_the_events_give(
    story: Story, tmp_path: Path
) -> None:
    """Somebody freed the cap in the snapshot alone; forgotten, it does no harm."""
    for number in ("A1", "A2", "A3"):
        story.settle(P1, number)
    freed = (
        "UPDATE snapshots SET state = CAST(replace(CAST(state AS TEXT), '100000', '1') AS BLOB)"
        " WHERE topic LIKE '%benefit-year%'"
    )
    snapshots(tmp_path, freed)
    ledger = story.desk.parts.ledger

    (found,) = verify_ledger(ledger, story.desk.parts.laws).discrepancies
    assert (found.step, found.in_ledger, found.recomputed) == ("快照", "有出入", "由事件重建的")

    data = next(tmp_path.rglob(LEDGER)).parent
    assert CliRunner().invoke(app, ["verify", "--data", str(data)]).exit_code == 1
    told = CliRunner().invoke(app, ["verify", "--forget-snapshots", "--data", str(data)])
    assert told.exit_code == 0, told.output
    assert "丢弃快照 1 份" in told.output
    assert story.discrepancies() == ()
