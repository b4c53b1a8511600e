"""A comparison is exact and complete (比较不漏不错): checked against made-up policies and bills."""

import copy
import json
from random import Random
from typing import Any

import pytest

from settlement.application.compare_policies import Change, ChangeKind, Comparison, compare_policies
from settlement.application.comparing.changes import Basis
from settlement.application.comparing.numbers import Rules
from settlement.application.comparing.worth import Worth
from settlement.entrypoints.cli.diff_text import comparison_as_json
from settlement.kernel.resolving import ResolvedNumber, resolve_number
from settlement.law.document import Tree, canonical_text
from settlement.law.exact import NotExact
from settlement.law.facts import Facts
from settlement.law.numbers import Missing, Number, Unlimited
from settlement.law.policy import Policy, numbers_of
from settlement.law.reading import read_with_faults
from tests.support.bill_generator import make_person, make_stay, seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree, verdict_of_product

RULES = Rules(
    basis_before=lambda e: Basis(e.status, e.source, e.place),
    basis_after=lambda e: Basis(e.status, e.source, e.place),
    precedence=(),
    is_same_amount=lambda one, other: one == other,
)


def readable(tree: Tree) -> Policy | None:
    """The policy of a document, if it is one."""
    policy, faults = read_with_faults(json.loads(canonical_text(tree)))
    return None if any(not f.is_warning for f in faults) else policy


def value_of(found: ResolvedNumber) -> Any:
    """A number in one situation, missing ones alike whatever the reason."""
    return "missing" if found.is_missing else found.value


def shown(worth: Worth) -> Any:
    """The same of what a comparison shows."""
    if isinstance(worth.value, Missing):
        return "missing"
    return None if isinstance(worth.value, Unlimited) else worth.value


def alike(chance: Random, one: Policy, other: Policy) -> list[tuple[Number, Number]]:
    """Numbers of both policies that measure the same, paired at random."""
    pairs = []
    mine, theirs = ([n for x in p.layers for n in numbers_of(x)] for p in (one, other))
    for number in mine:
        fitting = [n for n in theirs if n.unit is number.unit]
        if fitting:
            pairs.append((number, chance.choice(fitting)))
    return pairs


def check_rows(one: Number, other: Number, changed: list[Change], facts: Facts) -> bool:
    """Exactly one row tells a difference, with both values; none where there is no difference."""
    told = [c for c in changed if c.situation.holds(facts)]
    if any(c.before.value is None or c.after.value is None for c in told):
        return False  # goes on with a fact that counts: told as it is written
    try:
        values = [value_of(resolve_number(n, facts)) for n in (one, other)]
    except NotExact:
        return False
    if values[0] == values[1]:
        assert all(shown(c.before) == shown(c.after) for c in told)
        return False
    assert [(shown(c.before), shown(c.after)) for c in told] == [tuple(values)]
    return True


def test_for_everybody_exactly_one_row_tells_what_changed() -> None:
    """Whoever comes, the row that is for them says what they had and what they get."""
    told = 0
    for seed in range(16):
        chance = seeded(seed)
        one, other = readable(policy_tree(chance)), readable(policy_tree(chance))
        assert one
        assert other
        for pair in alike(chance, one, other):
            changed = [c for c in RULES.differences(*pair) if c.kind is ChangeKind.CHANGED]
            if any(not isinstance(c.before, Worth) for c in changed):
                continue  # too many situations: told as a whole
            for _ in range(8):
                facts = make_stay(chance, full=True).product_facts
                told += check_rows(*pair, changed, facts)
    assert told > 800


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    members = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = []
    for key, value in members if isinstance(tree, dict | list) else ():
        found += [(*path, key), *places(value, (*path, key))]
    return found


def standing_at(tree: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a place."""
    for key in path:
        tree = tree[key]
    return tree


def changed_somewhere(chance: Random, tree: Tree) -> Tree:
    """The document with one thing deleted, taken from elsewhere, or counted otherwise."""
    other: Any = copy.deepcopy(tree)
    known = places(tree)
    path = chance.choice(known)
    parent = standing_at(other, path[:-1])
    value = parent[path[-1]]
    how = chance.randrange(3)
    if how == 0:
        del parent[path[-1]]
    elif how == 1 or not (isinstance(value, str) and value[:1].isdigit()):
        like = [p for p in known if p[-1] == path[-1]]
        parent[path[-1]] = copy.deepcopy(standing_at(tree, chance.choice(like)))
    else:
        parent[path[-1]] = str((int(value[0]) + 1) % 10) + value[1:]
    return other


def settle_alike(chance: Random, one: Tree, other: Tree) -> bool:
    """Whether both documents settle made-up persons alike, to the last name that was assumed."""
    cascades = compile_tree(one), compile_tree(other)
    for _ in range(4):
        stays = make_person(chance, elsewhere=cascades[0].shape.elsewhere, full=True)
        for stay in stays:
            verdicts = [verdict_of_product(cascade, stay, {}) for cascade in cascades]
            if verdicts[0] != verdicts[1]:
                return False
    return True


def check_complete(chance: Random, one: Tree, other: Tree, found: Comparison) -> str:
    """Whatever differs is told; what is said not to differ settles alike."""
    if found.is_same_text:
        assert not found.changes
        return "same"
    assert found.changes or found.worded or found.written
    if found.is_only_worded:
        assert all(path.split(".")[-1] in {"note", "missing", "title"} for path in found.worded)
    if not found.has_other_rules:
        assert settle_alike(chance, one, other)
        return "alike"
    return "changed"


def test_nothing_is_passed_over() -> None:
    """One thing of a document is changed: it is told, or every bill is settled as before."""
    met: dict[str, int] = {}
    for seed in range(120):
        chance = seeded(seed)
        tree = policy_tree(chance)
        other = changed_somewhere(chance, tree)
        policies = readable(tree), readable(other)
        assert policies[0]
        if policies[1]:
            found = compare_policies(before=policies[0], after=policies[1])
            what = check_complete(chance, tree, other, found)
            met[what] = met.get(what, 0) + 1
    assert met["changed"] > 20
    assert met["alike"] > 0


def test_every_change_can_be_put_into_words() -> None:
    """Two policies that have nothing to do with one another: everything differs."""
    changes = 0
    for seed in range(8):
        one, other = readable(policy_tree(seeded(seed))), readable(policy_tree(seeded(seed + 999)))
        assert one
        assert other
        shown_changes = comparison_as_json(compare_policies(before=one, after=other))["changes"]
        assert all(c["item"] or c["kind"] in {"added", "removed"} for c in shown_changes)
        assert json.dumps(shown_changes)
        changes += len(shown_changes)
    assert changes > 150


def test_a_comparison_that_forgets_something_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above fails for a comparison that drops what changed for numbers."""

    monkeypatch.setattr(Rules, "differences", lambda *_: [])
    with pytest.raises(AssertionError):
        test_nothing_is_passed_over()
