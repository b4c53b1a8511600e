"""An event comes back equal from its bytes, or it is never stored."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.domain import Aggregate
from hypothesis import given
from hypothesis import strategies as st

from eventlog.codec import TypedMapper, event_codec
from eventlog.log_errors import EventNotReadable, EventNotStorable, TextNotStorable
from tests.eventlog.savings_box import Box, Colour, Part

ROOT = Path(__file__).parents[2]
AT = datetime(2023, 7, 1, 4, 30, tzinfo=UTC)
ID = UUID("00000000-0000-4000-8000-000000000001")

instants = st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.replace(fold=0))
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


def mappings(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Dicts in the order of their keys: their order is not kept (where it counts, use a tuple)."""
    return st.dictionaries(texts, values, max_size=3).map(lambda made: dict(sorted(made.items())))


parts = st.builds(
    Part, label=texts, fen=st.integers(), on=st.none() | st.dates(), at=st.none() | instants
)
events = st.builds(
    Box.Described,
    originator_id=st.uuids(),
    originator_version=st.integers(min_value=1, max_value=10**6),
    timestamp=instants,
    text=texts,
    count=st.integers(),
    is_open=st.booleans(),
    on=st.dates(),
    at=instants,
    other_id=st.uuids(),
    colour=st.sampled_from(Colour),
    secret=st.binary(),
    names=st.lists(texts).map(tuple),
    parts=st.lists(parts, max_size=3).map(tuple),
    fen_by_name=mappings(st.integers()),
    notes=mappings(texts),
    maybe=st.none() | parts,
    maybe_on=st.none() | st.dates(),
    part_by_name=mappings(parts),
)


def described(**changes: Any) -> Box.Described:
    fields: dict[str, Any] = {
        "text": "一站",
        "count": 3,
        "is_open": True,
        "on": date(2023, 7, 1),
        "at": AT,
        "other_id": ID,
        "colour": Colour.RED,
        "secret": b"\x00\xff",
        "names": ("b", "a"),
        "parts": (Part("p", 1_50, date(2023, 1, 1), AT),),
        "fen_by_name": {"b": 2, "a": 1},
        "notes": {},
        "maybe": None,
        "maybe_on": None,
        "part_by_name": {},
    }
    return Box.Described(originator_id=ID, originator_version=2, timestamp=AT, **(fields | changes))


@given(event=events)
def test_every_event_comes_back_equal_and_of_the_same_types(event: Box.Described) -> None:
    """Whatever values an event holds, its bytes give back an equal event with equal types."""
    mapper = TypedMapper()

    again = mapper.to_domain_event(mapper.to_stored_event(event))

    assert again == event
    assert repr(again) == repr(event)


def test_bytes_are_canonical_json() -> None:
    """An event has one byte form: JSON with sorted keys, dates and instants in ISO 8601."""
    stored = TypedMapper().to_stored_event(described())

    assert stored.topic == "test.box-described.v1"
    assert stored.state.decode() == (
        '{"at":"2023-07-01T04:30:00Z","colour":"red","count":3,'
        '"fen_by_name":{"a":1,"b":2},"is_open":true,"maybe":null,"maybe_on":null,'
        '"names":["b","a"],"notes":{},"on":"2023-07-01",'
        '"other_id":"00000000-0000-4000-8000-000000000001",'
        '"part_by_name":{},"parts":[{"at":"2023-07-01T04:30:00Z","fen":150,"label":"p",'
        '"on":"2023-01-01"}],"secret":"AP8=","text":"一站","timestamp":"2023-07-01T04:30:00Z"}'
    )


@given(name=texts, data=texts)
def test_dicts_that_poison_the_stock_transcoder_are_ordinary_dicts(name: str, data: str) -> None:
    """A dict of exactly `_type_` and `_data_` (which the stock codec never loads again) loads."""
    event = described(notes={"_type_": name, "_data_": data})
    mapper = TypedMapper()

    again = mapper.to_domain_event(mapper.to_stored_event(event))

    assert isinstance(again, Box.Described)
    assert again.notes == {"_type_": name, "_data_": data}


@pytest.mark.parametrize(
    ("field_name", "value"),
    [
        ("count", 1.0),
        ("count", True),
        ("count", "1"),
        ("count", None),
        ("is_open", 1),
        ("text", b"bytes"),
        ("text", "\ud800"),
        ("names", ["a list", "not a tuple"]),
        ("fen_by_name", {1: 1}),
        ("fen_by_name", {"a": 1.5}),
        ("on", AT),
        ("at", datetime(2023, 7, 1, 4, 30)),  # noqa: DTZ001 -- the naive instant under test
        ("at", AT.astimezone(timezone(timedelta(hours=8)))),
        ("colour", "blue"),
        ("maybe", {"label": "a dict, not a Part", "fen": 1}),
        ("parts", (Part("p", True),)),
        ("parts", (Part("p", 1, None, datetime(2023, 7, 1)),)),  # noqa: DTZ001 -- likewise
    ],
)
def test_a_value_that_would_not_come_back_equal_is_refused(field_name: str, value: object) -> None:
    """A value of another type than the event class states is refused before it is stored."""
    with pytest.raises(EventNotStorable):
        TypedMapper().to_stored_event(described(**{field_name: value}))


def test_an_attribute_that_the_class_does_not_state_is_refused() -> None:
    """A stray attribute on an event is not silently dropped."""
    event = described()
    object.__setattr__(event, "stray", 1)

    with pytest.raises(EventNotStorable, match="stray"):
        TypedMapper().to_stored_event(event)


@dataclass(frozen=True)
class Rate:
    """A nested float."""

    share: float


class Odd(Aggregate):
    """Event classes that may not be stored."""

    TOPIC = "test.odd"

    class Created(Aggregate.Created):
        TOPIC = "test.odd-opened.v1"

    class WithFloat(Aggregate.Event):
        TOPIC = "test.odd-float.v1"
        rate: float

    class WithNestedFloat(Aggregate.Event):
        TOPIC = "test.odd-nested-float.v1"
        rates: tuple[Rate, ...]

    class WithAny(Aggregate.Event):
        TOPIC = "test.odd-any.v1"
        value: Any

    class WithList(Aggregate.Event):
        TOPIC = "test.odd-list.v1"
        values: list[int]

    class WithUnion(Aggregate.Event):
        TOPIC = "test.odd-union.v1"
        value: int | str


@pytest.mark.parametrize(
    ("event_class", "fields"),
    [
        (Odd.WithFloat, {"rate": 1}),
        (Odd.WithNestedFloat, {"rates": ()}),
        (Odd.WithAny, {"value": 1}),
        (Odd.WithList, {"values": []}),
        (Odd.WithUnion, {"value": 1}),
    ],
)
def test_an_event_class_with_a_float_or_an_open_type_is_refused(
    event_class: type[Aggregate.Event], fields: dict[str, object]
) -> None:
    """The class itself is refused by the type it states, whatever value it holds."""
    event = event_class(originator_id=ID, originator_version=1, timestamp=AT, **fields)

    with pytest.raises(EventNotStorable, match=event_class.__name__):
        TypedMapper().to_stored_event(event)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "a\0"},
        {"names": ("a", "\\\0")},
        {"notes": {"\0": "a"}},
        {"parts": (Part("\\\\\0", 1_50),)},
    ],
)
def test_a_text_with_nul_is_refused_by_the_name_of_its_event(fields: dict[str, object]) -> None:
    """Wherever it is, also behind backslashes: no column of text on a server takes it."""
    with pytest.raises(TextNotStorable, match=r"^Box\.Described holds a text with"):
        TypedMapper().to_stored_event(described(**fields))


@pytest.mark.parametrize("text", ["\\u0000", "u0000", "\\\\u0000", "\1", "\\"])
def test_a_text_that_only_looks_like_nul_is_stored(text: str) -> None:
    """A backslash and five characters are a text like others."""
    event = described(text=text)
    mapper = TypedMapper()

    assert mapper.to_domain_event(mapper.to_stored_event(event)) == event


class Nameless(Aggregate):
    """An aggregate whose events state no topic."""

    class Created(Aggregate.Created):
        pass


def test_an_event_class_without_its_own_topic_is_refused() -> None:
    """Without a TOPIC the stored name would follow the module path."""
    event = Nameless.Created(
        originator_id=uuid4(), originator_version=1, timestamp=AT, originator_topic="t"
    )

    with pytest.raises(EventNotStorable, match="TOPIC"):
        TypedMapper().to_stored_event(event)


@pytest.mark.parametrize(
    "state",
    [
        b"{}",
        b'{"fen":"1","timestamp":"2023-07-01T04:30:00Z"}',
        b'{"fen":1.0,"timestamp":"2023-07-01T04:30:00Z"}',
        b'{"fen":1,"timestamp":"2023-07-01T04:30:00+08:00"}',
        b'{"fen":1,"more":2,"timestamp":"2023-07-01T04:30:00Z"}',
        b'{"fen":1',
    ],
)
def test_stored_bytes_of_another_shape_are_not_read(state: bytes) -> None:
    """Reading is as strict as writing: nothing is guessed, nothing dropped."""
    mapper = TypedMapper()
    coin = Box.CoinAdded(originator_id=ID, originator_version=2, timestamp=AT, fen=1)
    stored = mapper.to_stored_event(coin)
    object.__setattr__(stored, "state", state)

    with pytest.raises(EventNotReadable, match=r"test\.coin-added\.v1"):
        mapper.to_domain_event(stored)


def test_an_unknown_field_inside_a_nested_value_is_not_read() -> None:
    """A nested value that lost a field would otherwise lose it silently."""
    mapper = TypedMapper()
    stored = mapper.to_stored_event(described())
    state = stored.state.replace(b'"label":"p"', b'"label":"p","gone":1')
    object.__setattr__(stored, "state", state)

    with pytest.raises(EventNotReadable, match="gone"):
        mapper.to_domain_event(stored)


def test_an_unregistered_topic_is_named() -> None:
    """Reading events of a module nobody imported says which topic is unknown."""
    mapper = TypedMapper()
    stored = mapper.to_stored_event(described())
    object.__setattr__(stored, "topic", "test.never-defined.v1")

    with pytest.raises(EventNotReadable, match=r"test\.never-defined\.v1"):
        mapper.to_domain_event(stored)


class Later(Aggregate):
    """An event class that got a field with a default after events were stored."""

    TOPIC = "test.later"

    class Created(Aggregate.Created):
        TOPIC = "test.later-opened.v1"
        tags: tuple[str, ...] = field(default_factory=tuple)
        colour: Colour = Colour.GREEN


def test_a_field_added_with_a_default_reads_old_events() -> None:
    """What was stored before the field existed loads with the default."""
    mapper = TypedMapper()
    event = Later.Created(
        originator_id=ID, originator_version=1, timestamp=AT, originator_topic="test.later"
    )
    stored = mapper.to_stored_event(event)
    old = b'{"originator_topic":"test.later","timestamp":"2023-07-01T04:30:00Z"}'
    object.__setattr__(stored, "state", old)

    assert mapper.to_domain_event(stored) == event


def test_a_dataclass_that_an_event_holds_in_several_places_is_one_type_of_its_schema() -> None:
    """`Part` stands in a list, alone and in a dict; its schema names it once."""
    wire_type = event_codec(Box.Described)._decoder.type
    schema = msgspec.json.schema(wire_type)
    assert sorted(schema["$defs"]) == ["Box_Described", "Colour", "Part"]


def test_threads_may_read_for_the_first_time_at_once() -> None:
    """A server's first requests come together; what goes wrong ends the process."""
    command = [sys.executable, "-m", "tests.eventlog.read_at_once"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
