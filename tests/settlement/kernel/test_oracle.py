"""The kernel against the independent oracle (对照算法)."""

import ast
import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, find_policy_files, load_policy
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.checking import check_policy
from settlement.law.reading import read_policy
from tests.support import oracle, oracle_facts, oracle_layer, oracle_text, oracle_values
from tests.support.bill_generator import make_person, seeded
from tests.support.fact_generator import asked_by
from tests.support.policy_generator import policy_tree
from tests.support.settling import (
    Verdict,
    compile_tree,
    verdict_of_oracle,
    verdict_of_product,
    years_of,
)
from tests.support.yearly_totals import YearlyTotals

_SHIPPED = find_policy_files(SHIPPED_POLICIES)


def _settle_both_ways(versions: list[Cascade], chance: Random, people: int) -> Counter[str]:
    """Settle people's stays both ways, stay by stay; what became of them, by kind of refusal.

    A later version follows from a person's second stay on, in the middle of a year or not; each
    side keeps the totals of the benefit years that it read in the text.
    """
    seen: Counter[str] = Counter()
    elsewhere = sorted({name for v in versions for name in v.shape.elsewhere})
    asked = asked_by(*(json.loads(v.policy.canonical_text) for v in versions))
    for _ in range(people):
        seen["pairs"] += 1
        ours_before, theirs_before = YearlyTotals(), YearlyTotals()
        full = chance.random() < 0.6
        stays = make_person(chance, elsewhere=elsewhere, asked=asked, full=full)
        for at, stay in enumerate(stays):
            cascade = versions[min(at, len(versions) - 1)]
            text = cascade.policy.canonical_text
            our_years = years_of(cascade, stay)
            their_years = oracle_text.years_of(json.loads(text), stay.dates)
            ours = verdict_of_product(cascade, stay, ours_before.before(our_years))
            theirs = verdict_of_oracle(cascade, stay, theirs_before.before(their_years))
            assert ours == theirs, f"{cascade.policy.label}: {stay}"
            seen[ours.refused[0] if ours.refused else "settled"] += 1
            if not ours.refused:
                ours_before.keep(our_years, ours.counters)
                theirs_before.keep(their_years, theirs.counters)
                seen += _found_in(ours)
    return seen


def _found_in(verdict: Verdict) -> Counter[str]:
    """What a settled stay gives occasion to compare."""
    found = {
        "paid": any(verdict.paid.values()),
        "assumed": bool(verdict.assumed),
        "of a parameter": any(name.startswith("parameter.") for name in verdict.assumed),
        "by an amount": any(name.endswith(".by") for name in verdict.assumed),
        "cash": any(entry[1] == "cash" for entry in verdict.outside),
        "surplus": any(entry[1] == "surplus" for entry in verdict.outside),
        "pending": bool(verdict.pending),
        "reported": any(told.share for told in verdict.reported.values()),
        "kept apart": any("@" in c for c in verdict.counters if not c.startswith("admissions")),
        "over the year": any(c.startswith("sum.") for c in verdict.counters),
        "counted": any(c.endswith(".times") for c in verdict.counters),
        "limited": any(c.endswith(".deducted") for c in verdict.counters),
    }
    return Counter(name for name, has in found.items() if has)


def _versions(chance: Random) -> list[Cascade]:
    """A policy, and one time in three another that follows it; they may share counters."""
    several = 2 if chance.randrange(3) == 0 else 1
    return [compile_tree(policy_tree(chance)) for _ in range(several)]


@pytest.mark.parametrize("path", _SHIPPED, ids=[f"{p.parts[-3]}-{p.stem}" for p in _SHIPPED])
def test_every_shipped_policy_pays_what_the_oracle_reads_in_its_text(path: Path) -> None:
    """Same payments, deductibles, counters, assumptions and refusals, over several stays."""
    text = load_policy(path, SHIPPED_POLICIES).canonical_text
    cascade = compile_policy(read_policy(json.loads(text)))
    assert _settle_both_ways([cascade], seeded(path.stem), people=80)["settled"] > 0


def _generated(policies: range, people: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in policies:
        chance = seeded(seed)
        seen += _settle_both_ways(_versions(chance), chance, people=people)
    return seen


def test_generated_policies_pass_what_checking_asks() -> None:
    """Nothing is wrong with them but rows nobody can reach and shares too fine for huge bills."""
    harmless = ("永远用不到", "超出 64 位整数")
    for seed in range(40):
        faults = check_policy(compile_tree(policy_tree(seeded(seed))).policy)
        wrong = [f.message for f in faults if not f.is_warning]
        assert [text for text in wrong if not any(word in text for word in harmless)] == []


def test_five_thousand_generated_people_and_policies_get_what_the_oracle_reads() -> None:
    """The whole language agrees, and everything it can say has been met many times."""
    seen = _generated(range(1_700), people=3)
    assert seen["pairs"] >= 5_000
    assert seen["settled"] > 5_000
    assert min(seen["paid"], seen["assumed"]) > 3_000
    assert min(seen[k] for k in ("number", "amount", "fact", "elsewhere_too_large")) > 500
    new = ("of a parameter", "by an amount", "cash", "surplus", "pending", "reported")
    new += ("kept apart", "over the year", "counted", "limited")
    assert min(seen[k] for k in new) > 80, seen


@pytest.mark.soak
def test_a_hundred_thousand_generated_people_and_policies_get_what_the_oracle_reads() -> None:
    """The same over many more policies."""
    assert _generated(range(10_000, 45_000), people=3)["pairs"] >= 100_000


def test_the_oracle_shares_no_code_with_what_it_checks() -> None:
    """Its modules import the standard library, each other, and the words of `contracts` only."""
    allowed = {"collections", "contracts", "dataclasses", "datetime", "fractions", "json", "math"}
    allowed |= {"functools", "typing"}
    modules = (oracle, oracle_facts, oracle_layer, oracle_text, oracle_values)
    siblings = {m.__name__ for m in modules}
    for module in modules:
        assert module.__file__
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {a.name.split(".")[0] for a in node.names} <= allowed
            if isinstance(node, ast.ImportFrom):
                assert node.module in siblings or (node.module or "").split(".")[0] in allowed
