"""Public events as records for Kafka (待发消息): CloudEvents 1.0, structured mode."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Protocol

from pydantic import BaseModel

from contracts.channels import Channel, data_schema_of


class PublicEvent(Protocol):
    """What every public event says of itself."""

    position: int
    event: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be sent (待发消息): where its event stands in the log, its key, its bytes."""

    position: int
    key: bytes
    value: bytes


def outgoing(channel: Channel, event: BaseModel) -> Outgoing:
    """An event of a channel in its envelope; the same event always gives the same bytes.

    Raises KeyError for an event that the channel does not carry.
    """
    said: PublicEvent = event  # type: ignore[assignment]  # every public event has these fields
    key: str = getattr(event, channel.key_fields[type(event)])
    instant = said.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    # Put together as text: the data is JSON already, and this is where a publisher spends its time.
    value = (
        f'{{"specversion":"1.0","id":"{channel.source}/{said.position}",'
        f'"source":"{channel.source}","type":"{said.event}","time":"{instant}",'
        f'"datacontenttype":"application/json","dataschema":"{_schema_of(type(event))}",'
        f'"partitionkey":{json.dumps(key)},"data":{event.model_dump_json()}}}'
    )
    return Outgoing(said.position, key.encode(), value.encode())


@cache
def _schema_of(message: type[BaseModel]) -> str:
    return data_schema_of(message)
