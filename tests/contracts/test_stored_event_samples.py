"""Every event version ever stored still loads, from the very bytes that were stored.

A sample is history. An event that has to change becomes a new topic with a sample of its own, and
the class of the old topic stays for as long as a ledger somewhere holds it.
"""

from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from eventlog.codec import TypedMapper
from standalone.generate_schemas import stored_event_classes
from tests.contracts.record_examples import EXAMPLES, event_samples, write_missing
from tests.contracts.scripted_day import ScriptedDay

SAMPLES = sorted((EXAMPLES / "events").iterdir())
CLASSES = stored_event_classes()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_loads_and_gives_the_same_bytes(sample: Path) -> None:
    """The topic finds its class, the bytes fit it, and written again they are the same."""
    topic, state = sample.stem, sample.read_bytes().removesuffix(b"\n")
    stored = StoredEvent(UUID(int=7), 3, topic, state)

    event = TypedMapper().to_domain_event(stored)

    assert type(event) is CLASSES[topic]
    assert TypedMapper().to_stored_event(event) == stored


def test_every_event_class_of_both_services_has_a_sample() -> None:
    """A new event needs one: python -m tests.contracts.record_examples."""
    assert [path.name for path in SAMPLES] == [f"{topic}.json" for topic in CLASSES]
    assert {topic.partition(".")[0] for topic in CLASSES} == {"eligibility", "settlement"}
    assert len(CLASSES) >= 24


def test_a_day_like_this_stores_every_kind_of_event(tmp_path: Path) -> None:
    """The script that records samples reaches every event class, so none is written by hand."""
    day = ScriptedDay(tmp_path)
    day.run()
    assert {topic for topic, _ in day.stored()} == set(CLASSES)


def test_recording_never_touches_a_sample_that_is_there(tmp_path: Path) -> None:
    """What is missing is added; what was stored once stays to the byte."""
    kept = tmp_path / "events/some.topic.v1.json"
    kept.parent.mkdir()
    kept.write_bytes(b'{"as":"stored"}\n')
    made = event_samples([("some.topic.v1", b"{}"), ("other.topic.v1", b'{"n":1}')])

    assert write_missing(made, tmp_path) == ["events/other.topic.v1.json"]
    assert kept.read_bytes() == b'{"as":"stored"}\n'
    assert (tmp_path / "events/other.topic.v1.json").read_bytes() == b'{"n":1}\n'
