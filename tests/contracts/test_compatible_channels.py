"""Old readers read new events and new readers old ones, or the check says what to do instead."""

import copy
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.channels import CHANNELS, ELIGIBILITY
from standalone import released_channels
from standalone.asyncapi import asyncapi_of
from standalone.compatible_channels import incompatibilities
from standalone.released_channels import RELEASED, faults

RELEASE: dict[str, Any] = asyncapi_of(ELIGIBILITY)
MARK = "eligibility.mark-changed.v1"
Edit = Callable[[dict[str, Any]], Any]


def schemas(described: dict[str, Any]) -> dict[str, Any]:
    """The schemas of a description."""
    found: dict[str, Any] = described["components"]["schemas"]
    return found


def without_the_envelopes_schema(described: dict[str, Any]) -> None:
    """`dataschema` is no longer said."""
    envelope = schemas(described)["MarkChangedInEnvelope"]
    envelope["required"].remove("dataschema")
    del envelope["properties"]["dataschema"]


def as_text(described: dict[str, Any]) -> None:
    """A number becomes a text."""
    schemas(described)["MarkChanged"]["properties"]["version"]["type"] = "string"


def with_one_more_needed(described: dict[str, Any]) -> None:
    """A field that older events do not have."""
    mark = schemas(described)["MarkChanged"]
    mark["properties"]["office"] = {"type": "string"}
    mark["required"].append("office")


REFUSED: list[tuple[str, Edit, str]] = [
    (
        "a field taken away",
        lambda d: schemas(d)["MarkChanged"]["properties"].pop("last_day"),
        f"{MARK}.data.last_day 被去掉了",
    ),
    ("of the envelope", without_the_envelopes_schema, f"{MARK}.dataschema 被去掉了"),
    ("a type changed", as_text, f"{MARK}.data.version 的 type 由 integer 改成了 string"),
    ("a required field", with_one_more_needed, f"{MARK}.data.office 是新增的必填字段"),
    (
        "no longer required",
        lambda d: schemas(d)["MarkChanged"]["required"].remove("first_day"),
        f"{MARK}.data.first_day 由必填改成了可缺省",
    ),
    (
        "an enum member removed",
        lambda d: schemas(d)["MarkChanged"]["properties"]["kind"]["enum"].pop(),
        f"{MARK}.data.kind 取消了取值 ['disease_listing']",
    ),
    (
        "an enum member added",
        lambda d: schemas(d)["MarkChanged"]["properties"]["kind"]["enum"].append("allergy"),
        f"{MARK}.data.kind 增加了取值 ['allergy']",
    ),
    (
        "null no longer taken",
        lambda d: schemas(d)["MarkChanged"]["properties"]["last_day"]["anyOf"].pop(),
        f"{MARK}.data.last_day 可取的类型由 2 种改成了 1 种",
    ),
    (
        "another key",
        lambda d: d["components"]["messages"]["MarkChanged"]["bindings"]["kafka"].update(key={}),
        f"事件 {MARK} 的键变了",
    ),
    (
        "an event gone",
        lambda d: d["components"]["messages"].pop("MarkChanged"),
        f"事件 {MARK} 没有了",
    ),
    (
        "another topic",
        lambda d: d["channels"]["events"].update(address="changes"),
        "主题 yizhan.eligibility.events.v1 改成了 changes",
    ),
    (
        "fewer partitions",
        lambda d: d["channels"]["events"]["bindings"]["kafka"].update(partitions=6),
        "主题 yizhan.eligibility.events.v1 的分区数变了",
    ),
]


@pytest.mark.parametrize(
    ("edit", "told"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_what_a_reader_could_not_read_is_refused(edit: Edit, told: str) -> None:
    """One change each to what was released, and the one sentence that names it with the remedy."""
    today = copy.deepcopy(RELEASE)
    edit(today)
    (fault,) = incompatibilities(RELEASE, today)
    assert fault.startswith(told)
    assert "；" in fault


def test_what_every_reader_can_read_is_taken() -> None:
    """A field that may be missing, a new event, other words: nobody is disturbed."""
    today = copy.deepcopy(RELEASE)
    mark = schemas(today)["MarkChanged"]
    mark["properties"]["office"] = {"type": "string", "default": ""}
    mark["description"] = "Said better."
    messages = today["components"]["messages"]
    messages["Later"] = {**messages["MarkChanged"], "name": "eligibility.later.v1"}
    assert incompatibilities(RELEASE, today) == []


def test_today_is_compatible_with_what_was_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `make check` asks; without the released description nothing is vouched for."""
    for channel in CHANNELS:
        assert faults(f"{channel.owner}.asyncapi.json", asyncapi_of(channel)) == []
    monkeypatch.setattr(released_channels, "RELEASED", RELEASED / "nowhere")
    (fault,) = faults("eligibility.asyncapi.json", RELEASE)
    assert "缺少" in fault


# --- any two schemas ------------------------------------------------------------------------------

NAMES = ("a", "b", "c")
plain = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"enum": ["x", "y"]},
        {"enum": ["x", "y", "z"]},
        {"type": "array", "items": {"type": "integer"}},
        {"type": "array", "items": {"type": "string"}},
    ]
)


@st.composite
def objects(draw: st.DrawFn, depth: int = 1) -> dict[str, Any]:
    """An object with some fields, required or not, of which one may be an object again."""
    fields = plain if depth == 0 else st.one_of(plain, objects(depth - 1))
    properties = draw(st.dictionaries(st.sampled_from(NAMES), fields))
    needed = [name for name in properties if draw(st.booleans())]
    return {"type": "object", "properties": properties, "required": needed}


def described(payload: dict[str, Any]) -> dict[str, Any]:
    """A channel with one event."""
    message = {"name": "e.v1", "contentType": "c", "bindings": {}, "payload": payload}
    return {
        "channels": {"events": {"address": "t", "bindings": {"kafka": {"partitions": 1}}}},
        "components": {"messages": {"E": message}},
    }


def documents(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What may be written by a schema of those above."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*map(documents, schema["anyOf"]))
    if schema["type"] == "array":
        return st.lists(documents(schema["items"]), max_size=2)
    if schema["type"] == "object":
        made = {name: documents(each) for name, each in schema["properties"].items()}
        needed = {name: made.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(needed, optional=made)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "string": st.just("s"),
        "integer": st.just(7),
        "null": st.none(),
    }
    return simple[schema["type"]]


def read_by(schema: dict[str, Any], document: Any) -> Any:
    """What a reader who knows a schema keeps of a document: the fields it knows."""
    if schema.get("type") != "object":
        return document
    known = schema["properties"]
    return {name: read_by(known[name], v) for name, v in document.items() if name in known}


@given(old=objects(), change=st.data())
def test_what_is_taken_is_read_both_ways(old: dict[str, Any], change: st.DataObject) -> None:
    """Whatever two schemas the check lets pass: each one's documents are valid by the other, and
    what readers of both know is read alike."""
    new = copy.deepcopy(old)
    for _ in range(change.draw(st.integers(1, 2))):
        edit = change.draw(st.sampled_from(["add", "drop", "retype", "need", "need not"]))
        name = change.draw(st.sampled_from(NAMES))
        if edit in ("add", "retype"):
            new["properties"].setdefault(name, change.draw(st.one_of(plain, objects(0))))
        if edit == "retype":
            new["properties"][name] = change.draw(st.one_of(plain, objects(0)))
        if edit == "drop":
            new["properties"].pop(name, None)
        needed = set(new["required"]) - ({name} if edit in ("drop", "need not") else set())
        needed |= {name} if edit == "need" and name in new["properties"] else set()
        new["required"] = sorted(needed)
    if incompatibilities(described(old), described(new)):
        return
    for writer, reader in ((old, new), (new, old)):
        written = change.draw(documents(writer))
        jsonschema.Draft202012Validator(reader).validate(written)
        both = read_by(old, read_by(new, written))
        assert read_by(reader, written).items() >= both.items()
