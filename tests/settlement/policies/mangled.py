"""Ways to spoil a document (弄坏的文档): as text, line by line, and as a tree, place by place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from hypothesis import strategies as st

from settlement.law.document import Path as TreePath
from settlement.law.document import Tree

PIECES = [
    "0", "-1", "1e400", "9" * 30, "9" * 5000, "0.9", "0.001", "100%", "101%", "0.123456789%",
    "1%" + "0" * 50, "unlimited", "missing", "null", "~", "", "[]", "{}", "[[]]", "{a: b}",
    "[" * 60, "{a: " * 60, "*x", "&x 1", "&x [*x]", "!!int 3", "!!python/none x", "<<", "'", '"',
    ":", "- ", "? x", "|", ">-", "%YAML 1.2", "---", "...", "\t", "\x00", "\u202e", "\ufeff",
    "²", "٣", "𝟙𝟚", "１００％", "é", "e\u0301", "㌔", "\U0001f600", "999999", "是", "无",
    "in_scope - in_scope", "basic", "total", "year.patient", "year.basic", "this.base",
    "basic.over_cap", "basic.class_a.base", "patient", "item.", "item.x", "total +", "- total",
    "otherwise: 1%", "choose: []", "when: {}", "when: {age: {from: 9, to: 1}}", "inferred",
    "0001-01-01", "9999-12-31", "2021-02-29", "02-29", "parts: []", "none", "none.none",
    "bands: {measured_from: zero, rows: []}", "{of: income}", "{of: income, times: 33.33%}",
    "{by: total, rows: []}", "{by: total, rows: [{then: 1%}]}", "{share: 20%, of: total}",
    "{fixed: 1}", "{use: ../../etc/passwd}", "{use: a.b}", "cash", "hospital", "tier", "patient",
]  # fmt: skip
"""What is put in the place of something right."""

WORDS = st.sampled_from(PIECES) | st.text(max_size=12)

AWKWARD: list[Tree] = [
    "", "null", "x", "-1", "1e400", "9" * 5000, "0.001", "0.000000001%", "999999999999%", "100%",
    "unlimited", "none", "是", "٣", "１００％", "e\u0301\u202e", "total - total", "year.total",
    "this.base", "0001-01-01", "9999-12-31", [], {}, [[]], [{}], ["x", "x"], {"x": "y"}, {"": ""},
    {"choose": []}, {"choose": [{"otherwise": "1"}, {"otherwise": "2"}]}, {"missing": "不知道"},
    {"value": {"value": "1"}}, {"of": "income"}, {"of": "income", "times": "33.3333%"},
    {"by": "total", "rows": []}, {"by": "total", "rows": [{"then": "1"}, {"then": "2"}]},
    {"share": "20%", "of": "total"}, {"fixed": "1"}, {"amount": "total"},
    {"when": {"age": {"from": "9", "to": "1"}}, "value": "1"}, {"rate": "1%"}, {"id": "x"},
]  # fmt: skip
"""Values of the wrong kind, or of the right kind and out of bounds, for any place of a tree."""


@st.composite
def mangled_text(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """A text with some lines dropped, doubled, swapped, re-indented or overwritten."""
    lines = draw(st.sampled_from(texts)).splitlines()
    for _ in range(draw(st.integers(1, 5))):
        _spoil_a_line(draw, lines)
        if not lines:
            return ""
    return "\n".join(lines)


def _spoil_a_line(draw: st.DrawFn, lines: list[str]) -> None:
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


def places_of(tree: Tree, place: TreePath = ()) -> Iterator[TreePath]:
    """Every place of a tree, the whole first."""
    yield place
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from places_of(value, (*place, key))
    elif not isinstance(tree, str):
        for at, value in enumerate(tree):
            yield from places_of(value, (*place, at))


Branch: TypeAlias = "dict[str, Tree] | list[Tree]"


def with_value(tree: Tree, place: TreePath, value: Tree) -> Tree:
    """The tree with another value in one place."""
    if not place:
        return value
    branch = _copy(tree)
    step, rest = place[0], place[1:]
    branch[step] = with_value(branch[step], rest, value)  # type: ignore[index]
    return branch


def without(tree: Tree, place: TreePath) -> Tree:
    """The tree without one key or member; the whole tree cannot go."""
    branch = _copy(tree)
    if len(place) == 1:
        del branch[place[0]]  # type: ignore[arg-type]
    elif place:
        branch[place[0]] = without(branch[place[0]], place[1:])  # type: ignore[index]
    return branch


def value_at(tree: Tree, place: TreePath) -> Tree:
    """What stands in a place."""
    for step in place:
        tree = tree[step]  # type: ignore[index]
    return tree


def _copy(tree: Tree) -> Branch:
    return dict(tree) if isinstance(tree, Mapping) else list(tree)


@st.composite
def mangled_tree(draw: st.DrawFn, trees: Sequence[Tree]) -> Tree:
    """A tree with keys dropped, renamed, swapped, moved or given something else."""
    tree = draw(st.sampled_from(trees))
    for _ in range(draw(st.integers(1, 3))):
        if isinstance(tree, str) or not tree:
            return tree
        places = list(places_of(tree))[1:]
        place, other = draw(st.sampled_from(places)), draw(st.sampled_from(places))
        match draw(st.integers(0, 4)):
            case 0:
                tree = without(tree, place)
            case 1:
                tree = with_value(tree, place, draw(st.sampled_from(AWKWARD) | ANY_TREE))
            case 2:
                tree = with_value(tree, place, value_at(tree, other))
            case 3:
                tree = with_value(tree, place, nested(value_at(tree, place), draw))
            case _:
                tree = _renamed(tree, place, draw)
    return tree


def nested(tree: Tree, draw: st.DrawFn) -> Tree:
    """The value inside a few layers of lists or keys."""
    for _ in range(draw(st.sampled_from([1, 2, 50]))):
        tree = [tree] if draw(st.booleans()) else {draw(st.sampled_from(KEYS)): tree}
    return tree


def _renamed(tree: Tree, place: TreePath, draw: st.DrawFn) -> Tree:
    *above, key = place
    if isinstance(key, int):
        return without(tree, place)
    owner = value_at(tree, tuple(above))
    assert isinstance(owner, Mapping)
    name = draw(st.sampled_from(KEYS) | st.text(max_size=6))
    renamed = {(name if k == key else k): v for k, v in owner.items()}
    return with_value(tree, tuple(above), renamed)


KEYS = [
    "layers", "id", "base", "rate", "bands", "rows", "up_to", "below", "then", "by", "choose",
    "when", "unless", "otherwise", "value", "of", "times", "caps", "amount", "per", "each",
    "counter", "limit", "parts", "deductible", "adjust", "plus", "minus", "on_rest", "for_each",
    "beyond", "at_most", "at_least", "share", "fixed", "factor", "surplus", "pays", "payer", "pool",
    "not_below", "not_above", "counts_toward", "borne_by", "decided_elsewhere", "may_come_later",
    "parameters", "income", "asks", "kind", "words", "people", "precedence", "keeps", "until",
    "months", "reaches_back", "deposit", "reported", "target", "applies", "note", "missing",
    "sources", "title", "evidence", "status", "source", "region", "code", "dates", "in_force",
    "if_lower", "claim_by", "corrections", "underpaid", "overpaid", "way",
    "rounding", "mode", "to", "from", "first_self_pay", "use", "cases",
]  # fmt: skip
"""Keys of the language, to be found where they do not belong."""

ANY_TREE: st.SearchStrategy[Tree] = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=25,
)
"""Shapes nobody would write."""
