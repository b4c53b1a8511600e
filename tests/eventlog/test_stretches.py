"""Reading a stretch of the log for some kinds of event: nothing of the others but their names."""

from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from eventlog.log import EventLog, EventNotReadable
from tests.eventlog.savings_box import Box


def test_only_what_was_asked_for_is_read_and_the_stretch_is_told_whole(log: EventLog) -> None:
    """In order, by position; where the stretch ends says how far it was looked, not what was
    found last, so that nothing is met twice or passed over. Behind the end there is nothing."""
    boxes = [Box.open("li"), Box.open("wang")]
    for fen, box in enumerate(boxes, start=1):
        box.add_coin(fen)
        log.save(box)
    boxes[0].add_coin(3)
    log.save(boxes[0])

    coins = log.read_kinds(0, 4, [Box.CoinAdded])
    assert [(each.position, each.event) for each in coins.events] == [
        (each.position, each.event) for each in log.read(0) if each.position in (2, 4)
    ]
    assert coins.reached == 4
    rest = log.read_kinds(coins.reached, 4, [Box.CoinAdded, Box.Described])
    assert ([each.position for each in rest.events], rest.reached) == ([5], 5)
    opened = log.read_kinds(3, 4, [Box.Created])
    assert (opened.events, opened.reached) == ([], 5)
    assert log.read_kinds(5, 4, [Box.CoinAdded]).reached == 5

    whose, reached = log.read_whose(0, 3, [Box.Created, Box.CoinAdded])
    first, second = (box.id for box in boxes)
    assert (whose, reached) == ([(1, first), (2, first), (3, second)], 3)


def test_a_kind_that_nobody_knows_stops_it(log: EventLog) -> None:
    """It might be one that is waited for, of a newer release: it is never passed over."""
    log.save(Box.open("li"))
    log.recorder.insert_events([StoredEvent(uuid4(), 1, "test.of-a-newer-release.v1", b"{}")])
    assert log.read_kinds(0, 1, [Box.Created]).reached == 1
    for read in (log.read_kinds, log.read_whose):
        with pytest.raises(EventNotReadable, match=r"of-a-newer-release"):
            read(0, 2, [Box.Created])
