"""Every event version ever stored still loads, from the very bytes that were stored.

A sample is history. An event that gains a field, which has a value of its own where it was not
stored, gets one more sample (`topic~2.json`). An event that has to change otherwise becomes a new
topic, and the class of the old topic stays for as long as a ledger somewhere holds it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from eventlog.codec import TypedMapper
from standalone.generate_schemas import stored_event_classes
from tests.contracts.record_examples import (
    EXAMPLES,
    event_samples,
    is_todays_form,
    next_sample,
    stored_sample,
    write_missing,
)
from tests.contracts.scripted_day import ScriptedDay

SAMPLES = sorted((EXAMPLES / "events").iterdir())
CLASSES = stored_event_classes()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_loads_and_says_the_same(sample: Path) -> None:
    """The topic finds its class, the bytes fit it, and written again nothing is lost."""
    stored = stored_sample(sample)

    event = TypedMapper().to_domain_event(stored)

    assert type(event) is CLASSES[stored.topic]
    again = TypedMapper().to_stored_event(event)
    assert _within(json.loads(stored.state), json.loads(again.state))


def _within(old: Any, new: Any) -> bool:
    """Whether everything that was said is said again; new fields may stand beside it."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(k in new and _within(old[k], new[k]) for k in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_within, old, new))
    return bool(old == new)


def test_every_event_class_of_both_services_has_a_sample_in_todays_form() -> None:
    """A new event, and one with a new field, needs one: python -m tests.contracts.record_examples.

    Written again, it gives the same bytes.
    """
    todays = {stored_sample(path).topic for path in SAMPLES if is_todays_form(path)}
    assert todays == set(CLASSES)
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


def test_an_event_with_a_new_field_gets_one_more_sample(tmp_path: Path) -> None:
    """The first sample lacks a field of today's: the next is beside it, and then it is enough."""
    name = "events/settlement.patient-discharged.v1.json"
    today = max((EXAMPLES / "events").glob("settlement.patient-discharged.v1*.json"))
    older = json.loads(today.read_bytes())
    del older["circumstances"]["disease"]
    kept = tmp_path / name
    kept.parent.mkdir()
    kept.write_text(json.dumps(older, ensure_ascii=False, sort_keys=True), encoding="utf-8")

    second = next_sample(name, tmp_path)

    assert second == "events/settlement.patient-discharged.v1~2.json"
    (tmp_path / second).write_bytes(today.read_bytes())
    assert next_sample(name, tmp_path) == second
