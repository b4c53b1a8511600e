"""Whatever is done to a policy's text, checking it ends in findings and never in a crash."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.adapters.case_files import load_cases
from settlement.adapters.plain_yaml import NotPlain, read_plain_text
from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, find_policy_files
from settlement.application.check_policies import Draft, check_policies
from settlement.application.run_worked_cases import WorkedCase
from settlement.law.document import Tree

TEXTS = [file.read_text(encoding="utf-8") for file in find_policy_files(SHIPPED_POLICIES)]
CASE_TEXTS = [f.read_text(encoding="utf-8") for f in SHIPPED_POLICIES.rglob("*.cases.yaml")]
PIECES = [
    "0", "-1", "1e400", "9" * 30, "0.9", "100%", "101%", "0.123456789%", "unlimited", "missing",
    "null", "~", "", "[]", "{}", "[[]]", "{a: b}", "*x", "&x 1", "!!int 3", "<<", "'", '"', ":",
    "- ", "\t", "\x00", "²", "٣", "999999", "in_scope - in_scope", "basic", "total",
    "otherwise: 1%", "choose: []", "when: {}", "when: {age: {from: 9, to: 1}}", "inferred",
    "0001-01-01", "9999-12-31", "2021-02-29", "02-29", "parts: []",
    "bands: {measured_from: zero, rows: []}",
]  # fmt: skip
WORDS = st.sampled_from(PIECES) | st.text(max_size=12)


@st.composite
def mutated(draw: st.DrawFn, texts: list[str]) -> str:
    """A shipped text with some lines dropped, doubled, swapped, re-indented or overwritten."""
    lines = draw(st.sampled_from(texts)).splitlines()
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
            case 2:
                lines[at] = draw(st.sampled_from(["", "  ", "      "])) + lines[at].strip()
            case 3:
                key, colon, _ = lines[at].partition(":")
                lines[at] = f"{key}{colon} {draw(WORDS)}"
            case 4:
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(WORDS) + lines[at][cut:]
            case 5:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                words = lines[at].split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(WORDS)
                lines[at] = " ".join(words)
        if not lines:
            return ""
    return "\n".join(lines)


def _read(text: str) -> "Tree | NotPlain":
    try:
        return read_plain_text(text, {})
    except NotPlain as refused:
        return refused


def _check(tree: Tree) -> None:
    found = check_policies([Draft(tree, ("500112", "resident", "2023-01-01.v1.yaml"))])
    assert all(f.fault.message and f.fault.remedy for f in found)


@settings(max_examples=400, deadline=None)
@given(text=mutated(TEXTS))
def test_a_mutated_policy_is_checked_without_a_crash(text: str) -> None:
    """Every outcome is a refusal to read or a list of findings, each with a remedy."""
    tree = _read(text)

    if isinstance(tree, NotPlain):
        assert tree.message
        assert tree.remedy
    else:
        _check(tree)


TREES: st.SearchStrategy[Tree] = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["layers", "id", "base", "rate", "bands", "rows", "up_to", "choose", "when",
                 "value", "caps", "amount", "per", "parts", "deductible", "adjust", "plus", "times",
                 "note", "sources", "title", "evidence", "status", "region", "code", "dates",
                 "in_force"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(tree=TREES)
def test_any_tree_of_texts_is_checked_without_a_crash(tree: Tree) -> None:
    """Shapes nobody would write are findings too."""
    _check(tree)


def _replaced(draw: st.DrawFn, tree: Tree) -> Tree:
    """The tree with something else in one of its places."""
    if isinstance(tree, str) or not tree or draw(st.integers(0, 9)) == 0:
        return draw(TREES)
    if isinstance(tree, Mapping):
        key = draw(st.sampled_from(sorted(tree)))
        return {**tree, key: _replaced(draw, tree[key])}
    at = draw(st.integers(0, len(tree) - 1))
    return [*tree[:at], _replaced(draw, tree[at]), *tree[at + 1 :]]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_policy_with_something_else_in_one_place_is_checked_without_a_crash(
    data: st.DataObject,
) -> None:
    """The rest of the document stays right, so the meaning is checked as well."""
    tree = read_plain_text(data.draw(st.sampled_from(TEXTS)), {})

    _check(data.draw(st.composite(lambda draw: _replaced(draw, tree))()))


def _load(file: Path) -> list[WorkedCase] | PolicyFileFaulty:
    try:
        return load_cases(file)
    except PolicyFileFaulty as refused:
        return refused


@settings(max_examples=200, deadline=None)
@given(text=mutated(CASE_TEXTS))
def test_a_mutated_file_of_cases_is_read_without_a_crash(text: str) -> None:
    """Worked cases are read, or refused with file, line and remedy."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mutated.cases.yaml"
        file.write_text(text, encoding="utf-8", errors="replace")
        found = _load(file)

    if isinstance(found, PolicyFileFaulty):
        assert all(note.startswith(f"{file}:") for note in found.notes)
    else:
        assert all(case.stays for case in found)
