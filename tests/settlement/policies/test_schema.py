"""The editor's schema says what the reader says: no key too few, none too many."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from settlement.adapters.case_files import policy_beside
from settlement.adapters.policy_files import (
    SHIPPED_POLICIES,
    book_of,
    find_policy_files,
    load_policy,
)
from settlement.adapters.reading_cases import read_case
from settlement.application.check_policies import Draft, check_policies
from settlement.entrypoints.cli import app
from settlement.law.document import Fault, Node
from settlement.law.reading import read_with_faults
from tests.settlement.policies.drafts import RIGHT, tree_of
from tests.settlement.policies.editor_schema import (
    CASES,
    CASES_VALIDATOR,
    POLICY,
    POLICY_VALIDATOR,
    as_editors_read,
    complaints,
    meets,
    referred,
)
from tests.settlement.policies.format_examples import Example, case_examples, examples

ROOTS = (SHIPPED_POLICIES, SHIPPED_POLICIES.parent / "samples" / "revised_policies")
FILES = [file for root in ROOTS for file in find_policy_files(root)]
DIMENSIONS = Path(__file__).parent / "dimensions"
CASE_FILES = [file for r in (*ROOTS, DIMENSIONS) for file in sorted(r.rglob("*.cases.yaml"))]


REFUSED_LATER = frozenset({"share"})
"""What the reader looks for in every number, to say where it does not belong."""

ENOUGH = 2
"""So often a misspelt key is tried in mappings of one kind."""


def test_the_schemas_are_schemas() -> None:
    """By the standard's own definition, 2020-12."""
    Draft202012Validator.check_schema(POLICY)
    Draft202012Validator.check_schema(CASES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(file.parts[-3:]))
def test_every_shipped_policy_is_valid(file: Path) -> None:
    """As an editor reads it, before shared numbers are put in place."""
    assert complaints(POLICY_VALIDATOR, as_editors_read(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("file", CASE_FILES, ids=lambda file: "-".join(file.parts[-3:]))
def test_every_shipped_case_is_valid(file: Path) -> None:
    """Beside a policy, or with one of its own."""
    assert complaints(CASES_VALIDATOR, as_editors_read(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_every_example_of_the_guide_is_valid(example: Example) -> None:
    """What the guide shows, editors accept."""
    assert complaints(POLICY_VALIDATOR, example.make(as_editors_read)) == []


@pytest.mark.parametrize("block", case_examples())
def test_the_cases_of_the_guide_are_valid(block: str) -> None:
    """The same for worked cases."""
    assert complaints(CASES_VALIDATOR, as_editors_read(block)) == []


def _every_policy() -> Iterator[tuple[Any, Any]]:
    """The same valid document twice: as an editor reads it, and as the product does."""
    for as_edited, as_text in _documents():
        if "'use':" not in str(as_text) and POLICY_VALIDATOR.is_valid(as_edited):
            yield as_edited, as_text


def _documents() -> Iterator[tuple[Any, Any]]:
    for file in FILES:
        # What all of them share is put in place by the adapter; the guide shows it written out.
        text = re.sub(r"(?m)^corrections: \{use: .*\n", "", file.read_text(encoding="utf-8"))
        yield as_editors_read(text), tree_of(text)
    for example in examples():
        yield example.make(as_editors_read), example.make(tree_of)


@pytest.fixture
def keys_asked(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str | int, ...], set[str]]:
    """The keys that reading has looked for, by place; cleared by the test before each document."""
    asked: dict[tuple[str | int, ...], set[str]] = defaultdict(set)
    close = Node.close

    def noting(node: Node) -> None:
        asked[node.path] |= node._used
        close(node)

    monkeypatch.setattr(Node, "close", noting)
    return asked


@dataclass
class Compared:
    """By kind of mapping: the keys the schema lists, and those the reader looked for."""

    listed: dict[str, list[str]]
    looked_for: dict[str, list[str]]


def compare(
    schema: Mapping[str, Any],
    documents: Iterable[tuple[Any, Callable[[], object]]],
    asked: dict[tuple[str | int, ...], set[str]],
) -> Compared:
    """What schema and reader know of every mapping in these documents."""
    listed: dict[str, frozenset[str]] = {}
    looked_for: dict[str, set[str]] = defaultdict(set)
    for document, read in documents:
        asked.clear()
        read()
        for met in meets(schema, document):
            if met.place in asked and met.is_closed:
                listed[met.name] = met.keys
                tried = (met.others | REFUSED_LATER) - met.keys
                looked_for[met.name] |= asked[met.place] - tried
    return Compared(
        {name: sorted(keys) for name, keys in listed.items()},
        {name: sorted(keys) for name, keys in looked_for.items()},
    )


def test_the_reader_and_the_schema_know_the_same_keys(
    keys_asked: dict[tuple[str | int, ...], set[str]],
) -> None:
    """For every kind of mapping, over every policy and example: the keys the reader looks for.

    A key that is added to the reader and not to the schema, or taken out of one of them, fails.
    """
    documents = [(edited, partial(read_with_faults, text)) for edited, text in _every_policy()]
    found = compare(POLICY, documents, keys_asked)

    assert found.looked_for == found.listed
    assert sorted(_closed_mappings(POLICY) - found.listed.keys() - {"引用共用文件里的数"}) == []


def _read_cases(file: Path) -> None:
    """The cases of one file, under what its policy asks."""
    tree = tree_of(file.read_text(encoding="utf-8"))
    faults: list[Fault] = []
    if isinstance(tree, Mapping):
        policy, cases = read_with_faults(tree["policy"])[0], Node(tree["cases"], ("cases",), faults)
    else:
        policy, cases = load_policy(policy_beside(file), book_of(file)), Node(tree, (), faults)
    for node in cases.items():
        read_case(node, policy.asks if policy else ())


def test_cases_have_the_keys_their_reader_knows(
    keys_asked: dict[tuple[str | int, ...], set[str]],
) -> None:
    """The same for files of worked cases."""
    documents = [
        (as_editors_read(file.read_text(encoding="utf-8")), partial(_read_cases, file))
        for file in CASE_FILES
    ]
    valid = [(edited, read) for edited, read in documents if CASES_VALIDATOR.is_valid(edited)]
    found = compare(CASES, valid, keys_asked)
    # The policy that a file carries is read here as if it stood alone.
    own = _closed_mappings(CASES) - _closed_mappings(POLICY) - {"自带政策的算例"}

    assert {name: found.looked_for[name] for name in own} == {
        name: found.listed[name] for name in own
    }


def _closed_mappings(schema: Any) -> set[str]:
    """The names of everything in the schema that has a fixed list of keys."""
    if isinstance(schema, list):
        return set().union(*map(_closed_mappings, schema))
    if not isinstance(schema, dict):
        return set()
    found = {schema["description"]} if schema.get("additionalProperties") is False else set()
    return found.union(*map(_closed_mappings, schema.values()))


def test_a_misspelt_key_is_wrong_in_the_editor_too() -> None:
    """Wherever the reader says that it does not know a key, so does the schema."""
    tried: Counter[str] = Counter()
    for as_edited, as_text in _every_policy():
        for met in meets(POLICY, as_edited):
            if not met.is_closed or tried[met.name] == ENOUGH:
                continue
            tried[met.name] += 1
            wrong_edited, wrong_text = (
                _with_key(document, met.place, "misspelt") for document in (as_edited, as_text)
            )
            assert not POLICY_VALIDATOR.is_valid(wrong_edited), met
            assert any(not f.is_warning for f in read_with_faults(wrong_text)[1]), met
    assert len(tried) > 30


def test_what_must_be_there_must_be_there_in_both() -> None:
    """A key left out is missed by the editor and by the reader, or by neither."""
    tried: set[tuple[str, str]] = set()
    for as_edited, as_text in _every_policy():
        for met in meets(POLICY, as_edited):
            for key in met.keys & _at(as_text, met.place).keys():
                if (met.name, key) in tried:
                    continue
                tried.add((met.name, key))
                place = (*met.place, key)
                text = _without_key(as_text, place)
                found = read_with_faults(text)[1]
                if key in met.needs:
                    found += [f.fault for f in check_policies([Draft(text)])]
                    assert any(not f.is_warning for f in found), (met.name, key)
                elif any((f.path, f.message) == (met.place, f"缺少“{key}”") for f in found):
                    edited = _without_key(as_edited, place)
                    assert not POLICY_VALIDATOR.is_valid(edited), (met.name, key)
    assert len(tried) > 100


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def _without_key(document: Any, place: tuple[str | int, ...]) -> Any:
    """A copy of the document without what stands at a place."""
    first, *rest = place
    if not rest:
        return {key: value for key, value in document.items() if key != first}
    changed = _without_key(document[first], tuple(rest))
    if isinstance(document, list):
        return [changed if at == first else member for at, member in enumerate(document)]
    return {**document, first: changed}


def _with_key(document: Any, place: tuple[str | int, ...], key: str) -> Any:
    """A copy of the document with one more key at a place."""
    if not place:
        return {**document, key: "1"}
    first, *rest = place
    changed = _with_key(document[first], tuple(rest), key)
    if isinstance(document, list):
        return [changed if at == first else member for at, member in enumerate(document)]
    return {**document, first: changed}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("rate: 70%", "rate: 0.7"),
        ("rate: 70%", "rate: 70"),
        ("rate: 70%", "rte: 70%"),
        ("deductible: 300", "deductible: -5"),
        ("deductible: 300", "deductible: {amount: 300}"),
        ("payer: basic", "payer: nobody"),
        ("base: in_scope", "base: in_scope * 2"),
        ("base: in_scope", "base: 5000"),
        ("mode: half_up", "mode: half"),
        ("version: 1", "version: 0"),
        ('region: "990102"', "region: 99010"),
        ("from: 2020-01-01", "from: 2020"),
        ("scheme: resident", "scheme: 居民"),
    ],
)
def test_wrong_values_are_wrong_in_both(right: str, wrong: str) -> None:
    """Editor and reader agree about what a value may be."""
    assert right in RIGHT
    text = RIGHT.replace(right, wrong)

    assert POLICY_VALIDATOR.is_valid(as_editors_read(RIGHT))
    assert not POLICY_VALIDATOR.is_valid(as_editors_read(text))
    assert any(not f.is_warning for f in read_with_faults(tree_of(text))[1])


def test_every_key_is_explained_in_chinese() -> None:
    """What an editor shows when the pointer rests on a key."""
    for schema in (POLICY, CASES):
        unexplained = [
            key for key, about in _properties(schema) if not re.search("[一-龥]", about or "")
        ]
        assert unexplained == []


def _properties(schema: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(schema, list):
        for member in schema:
            yield from _properties(member)
    elif isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            about = referred(value) if "$ref" in value else {}
            yield key, value.get("description") or about.get("description")
        for member in schema.values():
            yield from _properties(member)


def run(*words: object) -> Result:
    """`yizhan policy` with these words."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["policy", *map(str, words)])


def test_the_command_writes_what_is_generated(tmp_path: Path) -> None:
    """The files in the repository and those on an author's machine are the same schemas."""
    result = run("schema", tmp_path)

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == (
        "在政策文件第一行写：# yaml-language-server: $schema=../../policy.schema.json"
    )
    written = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in tmp_path.iterdir()}
    assert written == {"policy.schema.json": POLICY, "cases.schema.json": CASES}
