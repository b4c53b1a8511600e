"""A save is all or nothing; the register stands beside the events; serials are never reused."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from eventlog.log import (
    EventLog,
    EventNotReadable,
    EventNotStorable,
    RequestAlreadyAccepted,
    VersionConflict,
)
from eventlog.requests import Answer
from tests.eventlog.log_addresses import open_at
from tests.eventlog.savings_box import Box, request


class Jar(Box):
    """Not a box."""

    TOPIC = "test.jar"

    class Created(Box.Created):
        TOPIC = "test.jar-created.v1"

    class CoinAdded(Box.CoinAdded):
        TOPIC = "test.jar-coin-added.v1"

    class Described(Box.Described):
        TOPIC = "test.jar-described.v1"


def test_a_saved_aggregate_is_found_again(log: EventLog) -> None:
    """What was saved is loaded with its state and version; what was not is None."""
    box = Box.open("li")
    box.add_coin(1_00)
    box.add_coin(50)
    log.save(box)

    again = log.find(box.id, Box)

    assert again is not None
    assert (again.owner, again.total_fen, again.version) == ("li", 1_50, 3)
    assert log.has(box.id)
    assert log.find(uuid4()) is None
    assert not log.has(uuid4())


def test_many_are_found_at_once_each_with_its_own_events(log: EventLog) -> None:
    """Six hundred of different lengths, more than one statement takes; a stranger is left out."""
    boxes = [Box.open(f"owner {number}") for number in range(600)]
    for number, box in enumerate(boxes):
        for _ in range(number % 3):
            box.add_coin(number)
    log.save_portions([boxes])

    found = log.find_many([uuid4(), *(box.id for box in boxes)], Box)

    assert len(found) == 600
    assert [found[box.id].total_fen for box in boxes] == [n * (n % 3) for n in range(600)]
    assert [found[box.id].version for box in boxes] == [1 + n % 3 for n in range(600)]


def test_who_changed_since_a_position_is_named_once(log: EventLog) -> None:
    """Two events after the position, one aggregate; who has none after it is not named."""
    quiet, busy = Box.open("quiet"), Box.open("busy")
    log.save(quiet, busy)
    position = log.last_position()
    busy.add_coin(1)
    busy.add_coin(2)
    log.save(busy)

    assert log.changed_since(position) == [busy.id]
    assert log.changed_since(log.last_position()) == []


def test_an_id_of_another_kind_is_refused_by_name(log: EventLog) -> None:
    """Looking for one kind of aggregate never returns another."""
    log.save(box := Box.open("li"))

    with pytest.raises(EventNotReadable, match="not a Jar"):
        log.find(box.id, Jar)


def test_positions_count_from_one_without_gaps(log: EventLog) -> None:
    """Events are read in the order of their saves, from any position on, in portions."""
    first, second = Box.open("first"), Box.open("second")
    log.save(first, second)
    with pytest.raises(VersionConflict):
        log.save(Box.open("first"))
    first.add_coin(1)
    log.save(first)

    logged = log.read(after=0)

    assert [entry.position for entry in logged] == [1, 2, 3]
    assert [type(entry.event).__name__ for entry in logged] == ["Created", "Created", "CoinAdded"]
    assert [entry.position for entry in log.read(after=1, limit=1)] == [2]
    assert log.read(after=3) == []
    assert log.last_position() == 3


def test_two_writers_of_one_version_meet_a_conflict_and_nothing_is_half_saved(
    log: EventLog,
) -> None:
    """Of two saves of the same version the second is refused, with everything saved beside it."""
    log.save(Box.open("shared"))
    mine, yours = log.find(Box.create_id("shared"), Box), log.find(Box.create_id("shared"), Box)
    assert mine is not None
    assert yours is not None
    mine.add_coin(1)
    yours.add_coin(1)
    log.save(mine)

    with pytest.raises(VersionConflict):
        log.save(Box.open("beside"), yours, accepted=request("k1"))

    assert log.find(Box.create_id("beside")) is None
    assert log.find_request(request("k1").key) is None
    assert log.last_position() == 2


def test_portions_are_saved_together_and_unseen_until_the_last(log: EventLog) -> None:
    """While later portions are made, a reader sees none; afterwards all stand in their order."""
    first, second = Box.open("first"), Box.open("second")
    seen = []

    def portions() -> Iterator[list[Box]]:
        yield [first]
        seen.append(log.find(first.id))
        yield [second]
        seen.append(log.last_position())

    log.save_portions(portions())

    assert seen == [None, 0]
    assert [entry.event.originator_id for entry in log.read(after=0)] == [first.id, second.id]


def test_a_portion_that_cannot_be_made_takes_back_those_before_it(log: EventLog) -> None:
    """Whatever goes wrong on the way, nothing was saved; the log can be written again."""
    log.save(known := Box.open("known"))

    def broken() -> Iterator[list[Box]]:
        yield [Box.open("first")]
        message = "the list moved on"
        raise LookupError(message)

    with pytest.raises(LookupError, match="moved on"):
        log.save_portions(broken())
    with pytest.raises(VersionConflict):
        log.save_portions([[Box.open("second")], [Box.open("known")]])
    known.add_coin(1)
    log.save(known)

    assert log.last_position() == 2


def test_an_unstorable_event_stores_nothing(log: EventLog) -> None:
    """One event that would not come back equal keeps the whole save out."""
    good, bad = Box.open("good"), Box.open("bad")
    bad.add_coin(1.5)  # type: ignore[arg-type]  # the mistake under test

    with pytest.raises(EventNotStorable):
        log.save(good, bad)

    assert log.last_position() == 0


def test_the_accepted_request_is_stored_with_its_events(log: EventLog) -> None:
    """The register's row is committed with the events, bytes as given."""
    log.save(Box.open("li"), accepted=request("k1", n=7))

    found = log.find_request(request("k1").key)

    assert found == request("k1", n=7)
    assert found is not None
    assert found.answer == Answer(status=201, body=b'{"n":7}')


def test_a_key_is_accepted_once(log: EventLog) -> None:
    """A second acceptance of one key is refused with its events; the first answer stays."""
    log.save(Box.open("first"), accepted=request("k1", n=1))

    with pytest.raises(RequestAlreadyAccepted):
        log.save(Box.open("second"), accepted=request("k1", n=2))

    assert not log.has(Box.create_id("second"))
    assert log.find_request(request("k1").key) == request("k1", n=1)


def test_a_repeated_request_hears_that_it_was_accepted_not_that_the_version_moved(
    log: EventLog,
) -> None:
    """When one request is sent twice at once, the loser is told to look the answer up."""
    log.save(Box.open("shared"))
    mine, yours = log.find(Box.create_id("shared"), Box), log.find(Box.create_id("shared"), Box)
    assert mine is not None
    assert yours is not None
    mine.add_coin(1)
    yours.add_coin(1)
    log.save(mine, accepted=request("k1"))

    with pytest.raises(RequestAlreadyAccepted):
        log.save(yours, accepted=request("k1"))


def test_a_refusal_is_replaced_by_later_refusals_and_by_acceptance_only_once(
    log: EventLog,
) -> None:
    """A refusal leaves a row and no event; an acceptance replaces it and is final."""
    key = request("k1").key
    log.record_refusal(request("k1", accepted=False, n=1))
    log.record_refusal(request("k1", accepted=False, n=2, body_hash="corrected"))
    assert log.find_request(key) == request("k1", accepted=False, n=2, body_hash="corrected")
    assert log.last_position() == 0

    log.save(Box.open("li"), accepted=request("k1", n=3))
    log.record_refusal(request("k1", accepted=False, n=4))

    assert log.find_request(key) == request("k1", n=3)


def test_a_request_may_be_accepted_without_events(log: EventLog) -> None:
    """An accepted request that changed nothing still keeps its answer."""
    log.save(accepted=request("k1"))

    assert log.find_request(request("k1").key) == request("k1")
    assert log.last_position() == 0


def test_save_takes_no_refusal_and_no_stray_arguments(log: EventLog) -> None:
    """Mistakes of the caller are errors, not rows."""
    with pytest.raises(ValueError, match="record_refusal"):
        log.save(accepted=request("k1", accepted=False))
    with pytest.raises(TypeError, match="acepted"):
        log.save(acepted=request("k1"))


def test_serials_count_per_series(address: str) -> None:
    """Each series counts 1, 2, 3 on its own, and goes on after reopening."""
    log = open_at(address)
    assert [log.next_serial("a"), log.next_serial("a"), log.next_serial("b")] == [1, 2, 1]
    log.close()

    assert open_at(address).next_serial("a") == 3
