"""What is told on Kafka is as contracts/channels.py promises and as its description says."""

import json
import lzma
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from contracts import eligibility_events_v1, eligibility_people_v1, settlement_events_v1
from contracts.channels import (
    CHANNELS,
    ELIGIBILITY,
    PEOPLE,
    SETTLEMENT,
    Channel,
    name_of,
)
from kafka_edge.outgoing import outgoing
from standalone.asyncapi import asyncapi_of
from standalone.generate_schemas import SCHEMAS
from tests.contracts.record_examples import EXAMPLES

# As published by the AsyncAPI Initiative under Apache-2.0 (@asyncapi/specs), compressed.
STANDARD = Path(__file__).with_name("asyncapi-3.0.0.json.xz")


def examples_of(channel: Channel) -> list[BaseModel]:
    """The examples of the events that a channel carries."""
    kinds = channel.key_fields
    files = [EXAMPLES / k.__module__.rpartition(".")[2] / f"{k.__name__}.json" for k in kinds]
    return [k.model_validate_json(f.read_bytes()) for k, f in zip(kinds, files, strict=True)]


def with_schemas(described: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema of a description that a JSON Schema validator can read by itself."""
    return {"$ref": f"#/components/schemas/{name}", "components": described["components"]}


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.owner)
def test_the_description_is_asyncapi(channel: Channel) -> None:
    """The kept document is what the standard's own schema takes; a wrong one is not taken."""
    standard = json.loads(lzma.decompress(STANDARD.read_bytes()))
    valid = jsonschema.Draft7Validator(standard)
    described = json.loads((SCHEMAS / f"{channel.owner}.asyncapi.json").read_bytes())
    assert [each.message for each in valid.iter_errors(described)] == []
    assert list(valid.iter_errors(described | {"channels": {"events": {"adress": "x"}}})) != []


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.owner)
def test_every_event_in_its_envelope_is_as_described(channel: Channel) -> None:
    """Each example is sent, read back by the contract, and valid by the description."""
    described = asyncapi_of(channel)
    for event in examples_of(channel):
        value = outgoing(channel, event).value
        read = channel.envelope.model_validate_json(value)
        assert read.data == event  # type: ignore[attr-defined]  # both envelopes have it
        schema = with_schemas(described, f"{type(event).__name__}InEnvelope")
        jsonschema.Draft202012Validator(schema).validate(json.loads(value))


@pytest.mark.parametrize(
    ("channel", "module", "at_least"),
    [
        (SETTLEMENT, settlement_events_v1, 5),
        (ELIGIBILITY, eligibility_events_v1, 5),
        (PEOPLE, eligibility_people_v1, 1),
    ],
    ids=["settlement", "eligibility", "people"],
)
def test_a_channel_carries_every_public_event(
    channel: Channel, module: ModuleType, at_least: int
) -> None:
    """No event is promised to everybody and left out of the channel."""
    public = {m for m in vars(module).values() if isinstance(m, type) and _is_public_event(m)}
    assert len(public) >= at_least
    assert set(channel.key_fields) == public
    assert len({name_of(each) for each in public}) == len(public)


def _is_public_event(kind: type) -> bool:
    return (
        issubclass(kind, BaseModel)
        and "event" in kind.model_fields
        and not kind.__name__.startswith("_")
    )


def test_a_notice_in_its_envelope() -> None:
    """Every attribute written out: the id is source and position, the key the person's id."""
    event = settlement_events_v1.PatientAdmitted(
        position=56,
        person_id="p-1",
        township=None,
        institution_id="H1",
        day=date(2026, 2, 20),
        recorded_at=datetime(2026, 3, 2, 4, 0, 0, 65, tzinfo=UTC),
    )
    sent = outgoing(SETTLEMENT, event)
    assert (sent.position, sent.key) == (56, b"p-1")
    assert json.loads(sent.value) == {
        "specversion": "1.0",
        "id": "/yizhan/settlement/56",
        "source": "/yizhan/settlement",
        "type": "settlement.patient-admitted.v1",
        "time": "2026-03-02T04:00:00.000065Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:yizhan:schema:settlement_events_v1:PatientAdmitted",
        "partitionkey": "p-1",
        "data": {
            "position": 56,
            "person_id": "p-1",
            "township": None,
            "institution_id": "H1",
            "day": "2026-02-20",
            "recorded_at": "2026-03-02T04:00:00.000065Z",
            "event": "settlement.patient-admitted.v1",
        },
    }


def test_a_list_has_its_own_key_and_a_stranger_none() -> None:
    """A list that became true is keyed by the list; an event of the other service is refused."""
    listed = next(
        e for e in examples_of(ELIGIBILITY) if isinstance(e, eligibility_events_v1.RosterImported)
    )
    assert outgoing(ELIGIBILITY, listed).key.decode() == listed.roster_id
    with pytest.raises(KeyError):
        outgoing(SETTLEMENT, listed)
