"""The kernel against the independent oracle (对照算法)."""

import ast
import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, find_policy_files, load_policy
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.law.reading import read_policy
from tests.support import oracle, oracle_text, oracle_values
from tests.support.bill_generator import make_year, seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree, verdict_of_oracle, verdict_of_product

_SHIPPED = find_policy_files(SHIPPED_POLICIES)


def _settle_both_ways(cascade: Cascade, chance: Random, years: int) -> Counter[str]:
    """Settle years of stays both ways, stay by stay; what became of them, by kind of refusal."""
    seen: Counter[str] = Counter()
    for _ in range(years):
        counters: dict[str, int] = {}
        full = chance.random() < 0.6
        for stay in make_year(chance, elsewhere=cascade.shape.elsewhere, full=full):
            ours = verdict_of_product(cascade, stay, counters)
            theirs = verdict_of_oracle(cascade, stay, counters)
            assert ours == theirs, f"{cascade.policy.label}: {stay} after {counters}"
            seen[ours.refused[0] if ours.refused else "settled"] += 1
            counters = dict(ours.counters) if not ours.refused else counters
    return seen


@pytest.mark.parametrize("path", _SHIPPED, ids=[f"{p.parts[-3]}-{p.stem}" for p in _SHIPPED])
def test_every_shipped_policy_pays_what_the_oracle_reads_in_its_text(path: Path) -> None:
    """Same payments, deductibles, counters and refusals, over several stays a year."""
    text = load_policy(path, SHIPPED_POLICIES).canonical_text
    cascade = compile_policy(read_policy(json.loads(text)))
    assert _settle_both_ways(cascade, seeded(path.stem), years=150)["settled"] > 0


def test_two_thousand_generated_policies_pay_what_the_oracle_reads() -> None:
    """The whole language agrees, and every kind of refusal has been met many times."""
    seen: Counter[str] = Counter()
    for seed in range(2_000):
        chance = seeded(seed)
        seen += _settle_both_ways(compile_tree(policy_tree(chance)), chance, years=2)
    assert seen["settled"] > 5_000
    assert min(seen[k] for k in ("number", "amount", "fact", "elsewhere_too_large")) > 500


@pytest.mark.soak
def test_forty_thousand_generated_policies_pay_what_the_oracle_reads() -> None:
    """The same over many more policies."""
    for seed in range(10_000, 50_000):
        chance = seeded(seed)
        _settle_both_ways(compile_tree(policy_tree(chance)), chance, years=2)


def test_the_oracle_shares_no_code_with_what_it_checks() -> None:
    """Its modules import the standard library, each other, and the words of `contracts` only."""
    allowed = {"collections", "contracts", "dataclasses", "fractions", "json", "math", "typing"}
    siblings = {m.__name__ for m in (oracle, oracle_text, oracle_values)}
    for module in (oracle, oracle_text, oracle_values):
        assert module.__file__
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {a.name.split(".")[0] for a in node.names} <= allowed
            if isinstance(node, ast.ImportFrom):
                assert node.module in siblings or (node.module or "").split(".")[0] in allowed
