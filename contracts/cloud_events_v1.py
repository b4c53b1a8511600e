"""The envelope in which public events travel (事件信封): CloudEvents 1.0, structured mode.

A record on Kafka is one JSON document with everything that says what it is, so that it stays whole
when it is copied to a file, a log or a dead-letter place; its header `content-type` is
`application/cloudevents+json; charset=UTF-8`. Which topic, which key and in which order:
`contracts/channels.py`. Readers look at `type` first and pass over what is not for them.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts import eligibility_events_v1, eligibility_people_v1, settlement_events_v1


class Message(BaseModel):
    """A reader passes over attributes it does not know: a later release may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _CloudEvent(Message):
    """One public event (公开事件) with what CloudEvents says of each.

    `source` is whose log told it; `id` is source and position, the same whenever it is told again:
    who has recorded it has seen it. `type` is the name of the event with its version, `time` when
    it was recorded, `dataschema` the name of the schema of `data`, and `partitionkey` the key of
    the record: events of one key come in order.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    datacontenttype: Literal["application/json"]
    dataschema: str
    partitionkey: str


class SettlementCloudEvent(_CloudEvent):
    """A public event of settlement in its envelope (结算公开事件)."""

    data: settlement_events_v1.PublicEvent


class EligibilityCloudEvent(_CloudEvent):
    """A public event of eligibility in its envelope (资格公开事件)."""

    data: eligibility_events_v1.PublicEvent


class PeopleCloudEvent(_CloudEvent):
    """What settlement's replica is told of a person, in its envelope (人员现况)."""

    data: eligibility_people_v1.PersonKnown
