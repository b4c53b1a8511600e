"""Every message has an example that is valid and says nothing that the message does not know."""

import json

import pytest
from pydantic import BaseModel

from standalone.generate_schemas import message_models
from tests.contracts.record_examples import EXAMPLES

MODELS: dict[str, type[BaseModel]] = {
    f"{module}/{model.__name__}.json": model
    for module, models in message_models().items()
    for model in models
}


def test_every_message_has_an_example_and_every_example_a_message() -> None:
    """A new message needs one: python -m tests.contracts.record_examples."""
    there = {
        path.relative_to(EXAMPLES).as_posix()
        for path in EXAMPLES.rglob("*")
        if path.is_file() and path.parent.name != "events"
    }
    assert there == set(MODELS)
    assert len(MODELS) > 40


@pytest.mark.parametrize("name", sorted(MODELS))
def test_an_example_is_a_valid_message(name: str) -> None:
    """It validates, and what is read from it is exactly what it says."""
    example = (EXAMPLES / name).read_bytes()
    message = MODELS[name].model_validate_json(example)
    assert message.model_dump(mode="json", exclude_unset=True) == json.loads(example)


TOLD_TO_EVERYBODY = (
    "cloud_events_v1/",
    "eligibility_events_v1/",
    "eligibility_people_v1/",
    "settlement_events_v1/",
)


@pytest.mark.parametrize("name", sorted(n for n in MODELS if not n.startswith(TOLD_TO_EVERYBODY)))
def test_a_message_refuses_a_field_it_does_not_know(name: str) -> None:
    """A misspelt field is never silently dropped."""
    example = json.loads((EXAMPLES / name).read_bytes())
    with pytest.raises(ValueError, match="extra_forbidden"):
        MODELS[name].model_validate(example | {"no_such_field": 1})


@pytest.mark.parametrize("name", sorted(n for n in MODELS if n.startswith(TOLD_TO_EVERYBODY)))
def test_who_reads_a_public_event_passes_over_what_came_later(name: str) -> None:
    """A field of a later release changes nothing of what is read."""
    example = json.loads((EXAMPLES / name).read_bytes())
    read = MODELS[name].model_validate(example | {"of_a_later_release": 1})
    assert read == MODELS[name].model_validate(example)


def test_the_examples_name_nobody() -> None:
    """Certificate numbers in the examples belong to a region that does not exist."""
    lookup = json.loads((EXAMPLES / "eligibility_v1/PersonLookup.json").read_bytes())
    assert lookup["certificate_number"] == "990001196803150014"
    others = [path for path in EXAMPLES.rglob("*.json") if path.name != "PersonLookup.json"]
    for path in others:
        text = path.read_text(encoding="utf-8")
        assert lookup["certificate_number"] not in text, path
        # The one message that tells a name, for paper.
        assert ("样例甲" in text) == (path.name == "PersonOnPaper.json"), path
