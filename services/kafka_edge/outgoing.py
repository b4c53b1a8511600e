"""Public events as records for Kafka (待发消息): CloudEvents 1.0, structured mode."""

import json
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from contracts.channels import Channel, data_schema_of


class PublicEvent(Protocol):
    """What every public event says of itself."""

    position: int
    event: str
    recorded_at: datetime


class Outgoing(NamedTuple):
    """A record to be sent (待发消息): where its event stands in the log, its key, its bytes."""

    position: int
    key: bytes
    value: bytes


def outgoing(channel: Channel, event: BaseModel) -> Outgoing:
    """An event of a channel in its envelope; the same event always gives the same bytes.

    Raises KeyError for an event that the channel does not carry.
    """
    said: PublicEvent = event  # type: ignore[assignment]  # every public event has these fields
    kind = type(event)
    return enveloped(
        channel,
        kind,
        said.event,
        position=said.position,
        key=getattr(event, channel.key_fields[kind]),
        instant=instant_said(said.recorded_at),
        # What `model_dump_json` asks for, without its dozen arguments.
        data=kind.__pydantic_serializer__.to_json(event).decode(),
    )


def enveloped(
    channel: Channel,
    kind: type[BaseModel],
    name: str,
    *,
    position: int,
    key: str,
    instant: str,
    data: str,
) -> Outgoing:
    """An event of a kind whose `data` is JSON already, in its envelope; `instant` as
    `instant_said` gives it."""
    # Put together as text: this is where a publisher spends its time.
    value = (
        f'{{"specversion":"1.0","id":"{channel.source}/{position}",'
        f'"source":"{channel.source}","type":"{name}","time":"{instant}",'
        f'"datacontenttype":"application/json","dataschema":"{_schema_of(kind)}",'
        f'"partitionkey":{_quoted(key)},"data":{data}}}'
    )
    return Outgoing(position, key.encode(), value.encode())


_quoted = json.JSONEncoder().encode


@lru_cache(maxsize=1_000)
def instant_said(recorded_at: datetime) -> str:
    """An instant in UTC, as messages say it. Remembered: what one list said has one instant."""
    return recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def _schema_of(message: type[BaseModel]) -> str:
    return data_schema_of(message)
