"""A policy read from its file and from the ledger's canonical text is one and the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from settlement.adapters.policy_files import (
    SHIPPED_POLICIES,
    PolicyFileFaulty,
    find_policy_files,
    load_book,
    read_document,
)
from settlement.law import facts
from settlement.law.facts import Condition, FactNotStated, Facts
from settlement.law.reading import read_policy
from tests.support.policy_generator import policy_trees

THIRD_TIER_REFERRED = Condition(
    when=(facts.Test("tier", frozenset({"level_3"})), facts.Test("referral", frozenset({"yes"})))
)


@pytest.mark.parametrize(
    "file", find_policy_files(SHIPPED_POLICIES), ids=lambda f: f"{f.parent.parent.name}-{f.stem}"
)
def test_a_shipped_policy_reads_the_same_from_the_ledger(file: Path) -> None:
    """Keys come back sorted; nothing of the policy depends on their order."""
    policy = read_policy(read_document(file, SHIPPED_POLICIES).tree)
    again = read_policy(json.loads(policy.canonical_text))
    assert again.fingerprint == policy.fingerprint
    assert again.layers == policy.layers
    assert again.benefit_year == policy.benefit_year
    assert {s.id: s for s in again.sources} == {s.id: s for s in policy.sources}


@settings(max_examples=200)
@given(tree=policy_trees())
def test_a_made_up_policy_reads_the_same_from_the_ledger(tree: Any) -> None:
    """Over the whole language."""
    policy = read_policy(tree)
    again = read_policy(json.loads(policy.canonical_text))
    assert (again.fingerprint, again.layers) == (policy.fingerprint, policy.layers)


def test_a_test_that_fails_decides_whatever_else_nobody_stated() -> None:
    """A second-tier hospital is not a referred third-tier one, stated or not, in either order."""
    other_order = Condition(when=THIRD_TIER_REFERRED.when[::-1])
    second = Facts(tier="level_2", referral=None)
    assert not THIRD_TIER_REFERRED.holds(second)
    assert not other_order.holds(second)


def test_a_fact_that_would_decide_and_nobody_stated_is_asked_for() -> None:
    """A third-tier hospital: whether the person was referred matters now."""
    with pytest.raises(FactNotStated, match="referral"):
        THIRD_TIER_REFERRED.holds(Facts(tier="level_3", referral=None))
    excluded = Condition(unless=(facts.Test("emergency", frozenset({"yes"})),))
    with pytest.raises(FactNotStated, match="emergency"):
        excluded.holds(Facts())


def test_a_book_with_an_error_is_not_loaded(tmp_path: Path) -> None:
    """What `policy check` calls an error never reaches a settlement: a rate above 100%."""
    source = SHIPPED_POLICIES / "500112/resident/2023-01-01.v1.yaml"
    target = tmp_path / "500112/resident" / source.name
    target.parent.mkdir(parents=True)
    text = source.read_text(encoding="utf-8").replace("value: 60%}", "value: 160%}")
    target.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileFaulty, match="100%"):
        load_book(tmp_path)
