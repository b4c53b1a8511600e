"""How an event becomes bytes and comes back (事件编码): typed, canonical, refused if unfaithful.

The library's JSON transcoder can be poisoned: a dict of exactly `_type_` and `_data_` saves and
then never loads again; tuples come back as lists and integer keys as strings. Here each event
class gets a typed decoder once, and every event is read back and compared before it is stored.
Dicts come back in the order of their keys: where order counts, an event holds a tuple.
"""

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from threading import Lock
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder
from eventsourcing.utils import TopicError, resolve_topic

from eventlog.log_errors import EventNotReadable, EventNotStorable, TextNotStorable
from eventlog.snapshots import Snapshot

_ENVELOPE = ("originator_id", "originator_version")
# The escape of NUL in JSON, and not a backslash that is followed by these five characters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PLAIN_TYPES = (str, int, bool, bytes, date, UUID)

Restore = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class _Shape:
    """A field's type on the wire, and how a decoded value becomes the event's own."""

    wire_type: Any
    restore: Restore | None = None


class TypedMapper(Mapper[UUID]):
    """Maps events to stored events by the type hints of each event class.

    Raises `EventNotStorable` on writing and `EventNotReadable` on reading.
    """

    def __init__(self) -> None:
        super().__init__(transcoder=_NoTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Encode an event; refuse it unless decoding gives back an equal one."""
        event_class = type(domain_event)
        codec = event_codec(event_class)
        stored = StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=codec.topic,
            state=codec.encode(domain_event),
        )
        if self._read_back(stored, event_class) != domain_event:
            message = f"{event_class.__qualname__} does not come back equal from its own bytes"
            raise EventNotStorable(message)
        return stored

    def class_of(self, topic: str) -> type:
        """The event class of a stored topic. Raises `EventNotReadable`."""
        try:
            event_class: type = resolve_topic(topic)
        except TopicError as error:
            message = (
                f"no class is registered for topic {topic!r}; "
                "import the module that defines it before reading the log"
            )
            raise EventNotReadable(message) from error
        return event_class

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Decode a stored event strictly by the types of the class its topic names."""
        return self._decode(stored_event, self.class_of(stored_event.topic))

    def to_stored_snapshot(self, snapshot: Snapshot) -> StoredEvent:
        """Encode a snapshot by the type hints of its class. Raises `EventNotStorable`."""
        kind: type = type(snapshot)
        codec = event_codec(kind)
        return StoredEvent(
            originator_id=snapshot.originator_id,
            originator_version=snapshot.originator_version,
            topic=codec.topic,
            state=codec.encode(snapshot),
        )

    def to_snapshot(self, stored: StoredEvent, kind: type[Snapshot]) -> Snapshot | None:
        """Decode a snapshot; None where it was written by another class or cannot be read."""
        if stored.topic != kind.TOPIC:
            return None
        try:
            found: Any = self._decode(stored, kind)
        except EventNotReadable:
            return None
        return cast("Snapshot", found)

    def _read_back(self, stored: StoredEvent, event_class: type) -> DomainEventProtocol[UUID]:
        try:
            return self._decode(stored, event_class)
        except EventNotReadable as error:
            raise EventNotStorable(str(error)) from None

    def _decode(self, stored: StoredEvent, event_class: type) -> DomainEventProtocol[UUID]:
        try:
            fields = event_codec(event_class).decode(stored.state)
        except (msgspec.DecodeError, ValueError) as error:
            message = (
                f"{stored.topic} of {stored.originator_id} "
                f"version {stored.originator_version}: {error}"
            )
            raise EventNotReadable(message) from None
        fields["originator_id"] = stored.originator_id
        fields["originator_version"] = stored.originator_version
        # The class is not called: an event that was stored is a fact, and a check added to the
        # class later must not stop it from loading.
        event: DomainEventProtocol[UUID] = object.__new__(event_class)
        event.__dict__.update(fields)
        return event


class EventCodec:
    """Encoder and decoder of one event class (one canonical byte form: JSON, sorted keys)."""

    def __init__(self, event_class: type) -> None:
        self.topic = _own_topic(event_class)
        hints = get_type_hints(event_class)
        self._restores: dict[str, Restore] = {}
        struct_fields = []
        for field in dataclasses.fields(event_class):
            if field.name in _ENVELOPE:
                continue
            where = f"{event_class.__qualname__}.{field.name}"
            shape = _shape(hints[field.name], where=where)
            struct_fields.append(_struct_field(field, shape))
            if shape.restore is not None:
                self._restores[field.name] = shape.restore
        self._encoder = msgspec.json.Encoder(order="sorted")
        self._decoder = msgspec.json.Decoder(
            _struct(event_class.__qualname__, struct_fields), strict=True
        )

    def encode(self, event: DomainEventProtocol[UUID] | Snapshot) -> bytes:
        """The bytes of an event's own fields, without its aggregate's id and version."""
        fields = {name: value for name, value in vars(event).items() if name not in _ENVELOPE}
        try:
            state = self._encoder.encode(fields)
        except (TypeError, ValueError) as error:
            # The library's message may quote a value; the class and kind of error are enough.
            message = f"{type(event).__qualname__} cannot be encoded: {type(error).__name__}"
            raise EventNotStorable(message) from None
        if b"u0000" in state and _NUL.search(state):
            message = f"{type(event).__qualname__} holds a text with the character NUL"
            raise TextNotStorable(message)
        return state

    def decode(self, state: bytes) -> dict[str, Any]:
        """The fields of an event. Raises `msgspec.DecodeError` or `ValueError`."""
        fields = msgspec.structs.asdict(self._decoder.decode(state))
        for name, restore in self._restores.items():
            fields[name] = restore(fields[name])
        return fields


def event_codec(event_class: type) -> EventCodec:
    """The codec of an event class, built once. Raises `EventNotStorable` for a class with a float,
    a type outside the list, or no topic of its own."""
    found = _codecs.get(event_class)
    # Events share the structs of their parts, and making a decoder teaches msgspec their fields.
    # Where two threads do it at once, one decodes by what the other has half taught: the process
    # dies of a segmentation fault.
    if found is None:
        with _building:
            found = _codecs.get(event_class)
            if found is None:
                found = _codecs[event_class] = EventCodec(event_class)
    return found


_codecs: dict[type, EventCodec] = {}
_building = Lock()


class _NoTranscoder(Transcoder):
    """Stands where the library wants a transcoder; the typed mapper never calls it."""

    def encode(self, obj: Any) -> bytes:
        raise NotImplementedError(type(obj))

    def decode(self, data: bytes) -> Any:
        raise NotImplementedError(len(data))


def _own_topic(event_class: type) -> str:
    topic = getattr(event_class, "TOPIC", None)
    if not isinstance(topic, str) or ":" in topic:
        message = f"{event_class.__qualname__} states no TOPIC of its own: a folder renamed later "
        raise EventNotStorable(message + "would make its stored events unreadable")
    return topic


def _struct(name: str, fields: list[Any]) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        name.replace(".", "_"), fields, frozen=True, forbid_unknown_fields=True, kw_only=True
    )


def _struct_field(field: "dataclasses.Field[Any]", shape: _Shape) -> Any:
    # A default lets a field be added to an event class later: what was stored before has none.
    if field.default is not dataclasses.MISSING:
        return field.name, shape.wire_type, field.default
    if field.default_factory is not dataclasses.MISSING:
        factory = msgspec.field(default_factory=field.default_factory)
        return field.name, shape.wire_type, factory
    return field.name, shape.wire_type


def _shape(hint: Any, *, where: str) -> _Shape:
    if isinstance(hint, NewType):
        return _shape(hint.__supertype__, where=where)
    if hint is datetime:
        return _Shape(datetime, _utc)
    if hint in _PLAIN_TYPES or (isinstance(hint, type) and issubclass(hint, Enum)):
        return _Shape(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_shape(hint, where=where)
    return _generic_shape(hint, where=where)


def _generic_shape(hint: Any, *, where: str) -> _Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _Shape(hint)
    if origin in (Union, UnionType):
        return _optional_shape(hint, arguments, where=where)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 -- tuple[T, ...]
        return _tuple_shape(_shape(arguments[0], where=where))
    if origin is dict and _shape(arguments[0], where=where).wire_type is str:
        return _dict_shape(_shape(arguments[1], where=where))
    message = f"{where} has the type {hint}, which events may not hold (money is integer fen)"
    raise EventNotStorable(message)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is not UTC and value.utcoffset() != timedelta(0):
        message = "an instant is not in UTC"
        raise ValueError(message)
    return value


def _optional_shape(hint: Any, arguments: tuple[Any, ...], *, where: str) -> _Shape:
    others = [argument for argument in arguments if argument is not NoneType]
    if len(others) != 1 or len(arguments) == 1:
        message = f"{where} has the type {hint}: only `T | None` is one type to decode"
        raise EventNotStorable(message)
    inner = _shape(others[0], where=where)
    restore = inner.restore
    if restore is None:
        return _Shape(inner.wire_type | None)
    return _Shape(inner.wire_type | None, lambda value: None if value is None else restore(value))


def _tuple_shape(inner: _Shape) -> _Shape:
    restore = inner.restore
    if restore is None:
        return _Shape(tuple[inner.wire_type, ...])  # type: ignore[name-defined]  # built at run time
    return _Shape(
        tuple[inner.wire_type, ...],  # type: ignore[name-defined]  # built at run time
        lambda values: tuple(restore(value) for value in values),
    )


def _dict_shape(inner: _Shape) -> _Shape:
    restore = inner.restore
    if restore is None:
        return _Shape(dict[str, inner.wire_type])  # type: ignore[name-defined]  # built at run time
    return _Shape(
        dict[str, inner.wire_type],  # type: ignore[name-defined]  # built at run time
        lambda values: {key: restore(value) for key, value in values.items()},
    )


def _dataclass_shape(cls: type, *, where: str) -> _Shape:
    # One struct for each class: two of one name cannot stand in one schema.
    known = _dataclass_shapes.get(cls)
    if known is None:
        known = _dataclass_shapes[cls] = _new_dataclass_shape(cls, where=where)
    return known


_dataclass_shapes: dict[type, _Shape] = {}


def _new_dataclass_shape(cls: type, *, where: str) -> _Shape:
    # msgspec decodes a dataclass by itself but drops fields it does not know; a struct refuses.
    hints = get_type_hints(cls)
    shapes = {
        field.name: _shape(hints[field.name], where=f"{where}.{field.name}")
        for field in dataclasses.fields(cls)
    }
    fields = [_struct_field(field, shapes[field.name]) for field in dataclasses.fields(cls)]
    restores = {name: shape.restore for name, shape in shapes.items() if shape.restore}
    as_dict = msgspec.structs.asdict

    def restore(struct: Any) -> Any:
        values = as_dict(struct)
        for name, restore_part in restores.items():
            values[name] = restore_part(values[name])
        value: Any = object.__new__(cls)
        value.__dict__.update(values)
        return value

    return _Shape(_struct(cls.__qualname__, fields), restore)
