"""The editor's schema, documents as an editor reads them, and where the two meet."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from settlement.entrypoints.policy_schema.cases import case_file_schema
from settlement.entrypoints.policy_schema.document import policy_document_schema

POLICY = json.loads(json.dumps(policy_document_schema()))
CASES = json.loads(json.dumps(case_file_schema()))
POLICY_VALIDATOR, CASES_VALIDATOR = Draft202012Validator(POLICY), Draft202012Validator(CASES)


class EditorLoader(yaml.SafeLoader):
    """YAML as editors read it (1.2): days stay text, and only true and false are yes and no."""


EditorLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
EditorLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf")
)


def as_editors_read(text: str) -> Any:
    """The document with the types an editor gives its values."""
    return yaml.load(text, Loader=EditorLoader)  # noqa: S506 - a safe loader, with fewer types


def complaints(validator: Any, document: Any) -> list[str]:
    """What the schema finds wrong, with the place."""
    return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(document)]


@dataclass(frozen=True)
class Meeting:
    """A mapping of a valid document, what the schema calls it, and the keys it may have.

    `others` are keys of other ways to write the same thing, which the reader tries too.
    """

    place: tuple[str | int, ...]
    name: str
    keys: frozenset[str]
    others: frozenset[str]
    needs: frozenset[str]
    is_closed: bool


def meets(
    schema: Mapping[str, Any],
    document: Any,
    place: tuple[str | int, ...] = (),
    others: frozenset[str] = frozenset(),
) -> Iterator[Meeting]:
    """Every mapping of a valid document, with what the schema says of it."""
    if "$ref" in schema:
        yield from meets(referred(schema), document, place, others)
    elif "anyOf" in schema and "properties" not in schema:
        fits = (s for s in schema["anyOf"] if CASES_VALIDATOR.evolve(schema=s).is_valid(document))
        yield from meets(next(fits), document, place, others | _alternatives(schema))
    elif isinstance(document, dict):
        known, rest = schema.get("properties", {}), schema["additionalProperties"]
        closed = rest is False
        needs = frozenset(schema.get("required", ()))
        yield Meeting(place, schema["description"], frozenset(known), others, needs, closed)
        for key, value in document.items():
            if isinstance(known.get(key, rest), dict):
                yield from meets(known.get(key, rest), value, (*place, key))
    elif isinstance(document, list):
        for at, member in enumerate(document):
            yield from meets(schema["items"], member, (*place, at))


def referred(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference stands for."""
    found: Mapping[str, Any] = CASES["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return found


def _alternatives(schema: Mapping[str, Any]) -> frozenset[str]:
    """The keys of every way to write a thing."""
    if "$ref" in schema:
        return _alternatives(referred(schema))
    inner = frozenset().union(*map(_alternatives, schema.get("anyOf", [])))
    return inner | frozenset(schema.get("properties", {}))
