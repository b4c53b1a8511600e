"""Where public events go (消息通道): topics on Apache Kafka, keys, and what order is promised.

**Key.** Every event about a person has the key `person_id`, without the region. Ids of people are
opaque and belong to one person in the whole country, so this keeps order per person within a
region, and across regions as well. No region stands in most events, and the one that could be put
there is the wrong one: the township of a notice is where somebody lived on that day, and who moves
would change the partition in the middle of a stay. Where a ledger is divided by pooling region
(统筹区), each part has a `source` of its own, and the key stays as it is.

**Order.** Events of one key and one source come in the order of their `position`. Between keys
nothing is promised; who needs the order of everything from a source sorts by `position`. Two
records found to be one person have two keys: the event that says so comes under the canonical
one's, and may overtake or follow events of the other. **Once.** The publisher writes events and its
own position in one transaction: readers with `isolation.level=read_committed` get each event once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, UnionType
from typing import Any, get_args

from pydantic import BaseModel

from contracts import (
    cloud_events_v1,
    eligibility_events_v1,
    eligibility_people_v1,
    settlement_events_v1,
)

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
DATA_SCHEMA = "urn:yizhan:schema:{module}:{name}"
"""How `dataschema` names contracts/schemas/MODULE/NAME.json, on whichever server it may stand."""

PARTITIONS = 12
"""Fixed from the first day: with another number, keys would move to other partitions."""

EVENTS_CONFIGURATION: Mapping[str, str] = MappingProxyType(
    {"cleanup.policy": "delete", "retention.ms": "-1"}
)
"""Events are kept for ever (-1): who comes later reads them from the beginning."""

POSITIONS_CONFIGURATION: Mapping[str, str] = MappingProxyType({"cleanup.policy": "compact"})
"""A position is the last record of its key, however long ago; a group's offsets would expire."""

PEOPLE_CONFIGURATION: Mapping[str, str] = MappingProxyType(
    {"cleanup.policy": "compact", "max.compaction.lag.ms": "86400000"}
)
"""The last event of each person says everything; what it replaces is gone within about a day."""


@dataclass(frozen=True)
class Channel:
    """One topic (主题): what is told on it, by whom, and under which key.

    `key_fields` says for each event which of its fields is the key. `source` is what CloudEvents
    calls the context in which an event happened: the log it comes from.
    """

    topic: str
    owner: str
    title: str
    about: str
    source: str
    envelope: type[BaseModel]
    key_fields: Mapping[type[BaseModel], str]
    configuration: Mapping[str, str] = field(default_factory=lambda: EVENTS_CONFIGURATION)

    @property
    def positions_topic(self) -> str:
        """Where the publisher of this source keeps how far it came; private, read by it alone."""
        return f"{self.source.strip('/').replace('/', '.')}.published"

    @property
    def transactional_id(self) -> str:
        """Under which name it writes: of two with the same, the later one fences the first."""
        return f"{self.source.strip('/').replace('/', '.')}.publisher"


def _messages(union: Any) -> tuple[type[BaseModel], ...]:
    """The messages of a public event, whatever they are gathered in."""
    found: list[type[BaseModel]] = []
    for each in get_args(union):
        if isinstance(each, type) and issubclass(each, BaseModel):
            found.append(each)
        elif isinstance(each, UnionType) or get_args(each):
            found += _messages(each)
    return tuple(found)


SETTLEMENT = Channel(
    topic="yizhan.settlement.events.v1",
    owner="settlement",
    title="结算公开事件 (public events of settlement)",
    about="入院、出院及其变更与撤销：谁、在哪家医院、哪一天；不含诊断与金额。",
    source="/yizhan/settlement",
    envelope=cloud_events_v1.SettlementCloudEvent,
    key_fields=dict.fromkeys(_messages(settlement_events_v1.PublicEvent), "person_id"),
)
ELIGIBILITY = Channel(
    topic="yizhan.eligibility.events.v1",
    owner="eligibility",
    title="资格公开事件 (public events of eligibility)",
    about="人员的身份、参保、病种、备案有变，归并与拆分，名单生效：哪一类、涉及哪些日期。",
    source="/yizhan/eligibility",
    envelope=cloud_events_v1.EligibilityCloudEvent,
    key_fields={
        **dict.fromkeys(_messages(eligibility_events_v1.PersonChange), "person_id"),
        # A list is about nobody in particular, and about everybody in it.
        eligibility_events_v1.RosterImported: "roster_id",
    },
)
PEOPLE = Channel(
    topic="yizhan.eligibility.people.v1",
    owner="eligibility-people",
    title="人员现况 (what settlement's replica is told of people)",
    about="每人的身份与参保现况，无姓名、证件号码与出生日期；只供结算服务的资格副本读取。",
    source="/yizhan/eligibility/people",
    envelope=cloud_events_v1.PeopleCloudEvent,
    key_fields={eligibility_people_v1.PersonKnown: "person_id"},
    configuration=PEOPLE_CONFIGURATION,
)
CHANNELS = (SETTLEMENT, ELIGIBILITY, PEOPLE)


def name_of(message: type[BaseModel]) -> str:
    """The name of an event with its version (事件名称): the CloudEvents `type`."""
    (name,) = get_args(message.model_fields["event"].annotation)
    return str(name)


def data_schema_of(message: type[BaseModel]) -> str:
    """The `dataschema` of an event."""
    module = message.__module__.rpartition(".")[2]
    return DATA_SCHEMA.format(module=module, name=message.__name__)
