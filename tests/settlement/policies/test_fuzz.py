"""Whatever is done to a document, checking it ends in findings and never in a crash.

What finds no error computes: a bill under it is settled to the fen, or refused by name.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.adapters.case_files import load_cases
from settlement.adapters.plain_yaml import NotPlain, read_plain_text
from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, find_policy_files
from settlement.application.check_policies import Draft, check_policies
from settlement.application.worked_cases import WorkedCase
from settlement.entrypoints.policy_schema.document import policy_document_schema
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.settle import BILL_REFUSALS, Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.document import Path as TreePath
from settlement.law.document import Tree
from settlement.law.facts import Facts
from settlement.law.reading import read_policy
from tests.settlement.policies.drafts import RIGHT, WHOLE_LANGUAGE, faults_of, tree_of
from tests.settlement.policies.mangled import (
    ANY_TREE,
    AWKWARD,
    mangled_text,
    mangled_tree,
    places_of,
    with_value,
    without,
)

SHIPPED = [file.read_text(encoding="utf-8") for file in find_policy_files(SHIPPED_POLICIES)]
CASE_TEXTS = [f.read_text(encoding="utf-8") for f in sorted(SHIPPED_POLICIES.rglob("*.cases.yaml"))]
# The documents that use most of the language come up as often as all others together.
TEXTS = [*SHIPPED, *[RIGHT, WHOLE_LANGUAGE] * (len(SHIPPED) // 2)]
WHOLE = tree_of(WHOLE_LANGUAGE)

quick = settings(max_examples=120)
long = settings(max_examples=4_000)


def _schema_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {})
        yield from chain.from_iterable(map(_schema_keys, schema.values()))
    elif isinstance(schema, list):
        yield from chain.from_iterable(map(_schema_keys, schema))


def test_the_document_that_is_spoilt_uses_every_key_of_the_language() -> None:
    """`use` needs a file beside it, and `cases` are not part of the law."""
    known = set(_schema_keys(json.loads(json.dumps(policy_document_schema()))))

    assert known - {"use", "cases"} <= {step for place in places_of(WHOLE) for step in place}
    assert [f.message for f in faults_of(WHOLE_LANGUAGE)] == [
        "缺少参数 assistance.rate.row_2.then：以上没有写"
    ]


def _check(tree: Tree) -> None:
    found = check_policies([Draft(tree, ("500112", "resident", "2023-01-01.v1.yaml"))])

    assert all(f.fault.message and f.fault.remedy for f in found)
    # Where the document stands is wrong for nearly all of them and says nothing of what it says.
    if all(f.fault.is_warning or f.fault.message.startswith("路径 ") for f in found):
        _settles(tree)


BILL = Charges(
    9000_00,
    in_scope_fen=8000_00,
    class_a_fen=5000_00,
    class_b_fen=3500_00,
    class_c_fen=500_00,
    first_self_pay_fen=300_00,
    over_limit_fen=200_00,
    item_classes_fen={"tcm": 1000_00, "other": 7000_00},
)
PEOPLE = (
    Facts(),
    Facts(
        identities=frozenset({"subsistence_allowance", "local_two_categories"}),
        tier="level_2",
        level="county",
        place="in_county",
        plan="一档",
        referral=True,
        emergency=False,
        third_party_liability=False,
        surgery=True,
        diagnosis="C50.9",
        disease="肺结核",
        care="inpatient",
        occasion="discharge",
        designations=frozenset({"designated"}),
        age=66,
        admission_number=2,
        same_tier_admission_number=2,
        days=10,
        crosses_year=False,
        late_claim=False,
        declared={"student": True, "years_insured": 4, "ward": "特需"},
    ),
)


def _settles(tree: Tree) -> None:
    cascade = compile_policy(read_policy(tree))
    for facts in PEOPLE:
        settled = _outcome(cascade, facts)
        if isinstance(settled, Outcome):
            assert 0 <= settled.patient_fen <= BILL.total_fen
            assert all(isinstance(value, int) for value in settled.values.values())
        else:
            assert str(settled)


def _outcome(cascade: Cascade, facts: Facts) -> Outcome | Exception:
    try:
        return settle_bill(cascade, Inputs(BILL, facts, {}, {}))
    except BILL_REFUSALS as refused:
        return refused


def _check_text(text: str) -> None:
    tree = _read(text)
    if isinstance(tree, NotPlain):
        assert tree.line >= 1
        assert tree.message
        assert tree.remedy
    else:
        _check(tree)


def _read(text: str) -> "Tree | NotPlain":
    try:
        return read_plain_text(text, {})
    except NotPlain as refused:
        return refused


def _check_cases(text: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mutated.cases.yaml"
        file.write_text(text, encoding="utf-8", errors="replace")
        found = _load(file)
    if isinstance(found, PolicyFileFaulty):
        assert found.notes
        assert all(note.startswith(f"{file}:") for note in found.notes)
    else:
        assert all(case.stays for case in found)


def _load(file: Path) -> list[WorkedCase] | PolicyFileFaulty:
    try:
        return load_cases(file)
    except PolicyFileFaulty as refused:
        return refused


@quick
@given(text=mangled_text(TEXTS))
def test_a_mangled_text_is_checked_without_a_crash(text: str) -> None:
    """Every outcome is a refusal to read or a list of findings, each with a remedy."""
    _check_text(text)


@quick
@given(text=st.text(max_size=200) | st.binary(max_size=100).map(lambda b: b.decode("latin-1")))
def test_any_text_at_all_is_checked_without_a_crash(text: str) -> None:
    """It need not even look like a document."""
    _check_text(text)


@quick
@given(tree=ANY_TREE)
def test_any_tree_of_texts_is_checked_without_a_crash(tree: Tree) -> None:
    """Shapes nobody would write are findings too."""
    _check(tree)


@quick
@given(tree=mangled_tree([tree_of(text) for text in TEXTS]))
def test_a_tree_mangled_in_places_is_checked_without_a_crash(tree: Tree) -> None:
    """The rest of the document stays right, so the meaning is checked as well."""
    _check(tree)


@quick
@given(text=mangled_text(CASE_TEXTS))
def test_a_mangled_file_of_cases_is_read_without_a_crash(text: str) -> None:
    """Worked cases are read, or refused with file, line and remedy."""
    _check_cases(text)


def _spoilt_at(place: TreePath, *, turned: int) -> Iterator[Tree]:
    """The whole language with every awkward value in one place, and without it."""
    for step in range(len(AWKWARD)):
        yield with_value(WHOLE, place, AWKWARD[(turned + step) % len(AWKWARD)])
    if place:
        yield without(WHOLE, place)


def test_a_wrong_value_under_any_key_is_found_without_a_crash() -> None:
    """Each key, under each key it stands under, gets one value that does not belong there."""
    keys = {tuple(s for s in place if isinstance(s, str))[-2:]: place for place in places_of(WHOLE)}

    for at, place in enumerate(keys.values()):
        # Turned from place to place, so that neighbours get different values.
        _check(next(_spoilt_at(place, turned=at)))


@pytest.mark.soak
def test_every_wrong_value_at_every_place_is_found_without_a_crash() -> None:
    """All of them: some twenty thousand documents."""
    for place in places_of(WHOLE):
        for tree in _spoilt_at(place, turned=0):
            _check(tree)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("check", "documents"),
    [
        (_check_text, mangled_text(TEXTS)),
        (_check, mangled_tree([tree_of(text) for text in TEXTS])),
        (_check, ANY_TREE),
        (_check_cases, mangled_text(CASE_TEXTS)),
    ],
    ids=["texts", "trees", "any trees", "cases"],
)
def test_tens_of_thousands_of_mangled_documents(
    check: Any, documents: st.SearchStrategy[Any]
) -> None:
    """The same properties for as long as a night allows."""
    long(given(documents)(check))()
