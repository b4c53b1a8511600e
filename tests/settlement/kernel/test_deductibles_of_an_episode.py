"""A deductible of stays that hang together: one by one, in columns and by the letter."""

import json
from random import Random
from typing import Any

import numpy as np
import pytest

from settlement.kernel.cascade import compile_policy
from settlement.kernel.columns import Columns, resolve_rows, settle_columns
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.reading import read_with_faults
from tests.settlement.kernel.made_up import document
from tests.support.oracle import Claim, settle_by_the_letter
from tests.support.settling import compile_tree

_AMOUNT = {"choose": [{"when": {"tier": "level_3"}, "value": "800"}, {"otherwise": "300"}]}
_ONCE = {"per": "episode", "amount": _AMOUNT}


def _bands(start: str) -> dict[str, Any]:
    rows = [{"up_to": "1000", "rate": "50%"}, {"rate": "80%"}]
    return {"measured_from": start, "rows": rows}


def _layer(layer_id: str, **more: Any) -> dict[str, Any]:
    return {"id": layer_id, "base": "total", "deductible": _ONCE, **more}


_DOCUMENTS = {
    "rate": document(_layer("basic", rate="70%")),
    "bands from zero": document(_layer("basic", bands=_bands("zero"))),
    "bands from the deductible": document(_layer("basic", bands=_bands("deductible"))),
    "two layers": document(
        _layer("basic", rate="50%"),
        {"id": "more", "base": "total - basic", "rate": "20%", "deductible": "100"},
        _layer("last", rate="10%"),
    ),
}


def _claims(chance: Random) -> list[tuple[int, str, str | None]]:
    """Fen, tier and episode of a year's stays."""
    return [
        (chance.randrange(0, 3_000_00), chance.choice(("level_2", "level_3")), chance.choice("ab"))
        for _ in range(12)
    ]


@pytest.mark.usefixtures("without_the_compiler")
def test_each_way_of_settling_finds_the_same() -> None:
    """Twelve bills of two episodes, under every document: payments and what is left to deduct."""
    for name, tree in _DOCUMENTS.items():
        cascade, text = compile_tree(tree), json.dumps(tree)
        claims = _claims(Random(name))  # noqa: S311 - made-up bills
        kept: dict[str, int] = {}
        paid = []
        for fen, tier, episode in claims:
            facts = Facts(tier=tier, episode=episode, care="inpatient")
            outcome = settle_bill(cascade, Inputs(Charges(fen), facts, kept, {}))
            stated = {"tier": tier, "episode": episode, "care": "inpatient"}
            letter = settle_by_the_letter(text, Claim({"total": fen}, stated, dict(kept)))
            assert letter.patient == outcome.patient_fen, name
            moved = {n: at for n, at in outcome.counters.items() if "@" in n and "adm" not in n}
            assert {n: letter.counters.get(n, 0) for n in moved} == moved
            kept |= moved
            paid.append(outcome.patient_fen)
        everyone = [Facts(tier=t, episode=e, care="inpatient") for _, t, e in claims]
        columns = Columns(
            amounts={"total": np.array([fen for fen, _, _ in claims], np.int64)},
            row=np.arange(len(claims), dtype=np.int64),
            table=resolve_rows(cascade, everyone),
            group_starts=np.array([0, len(claims)], np.int64),
        )
        assert settle_columns(cascade, columns)["patient"].tolist() == paid
        assert any(total == 800_00 for total in kept.values())


def test_a_stay_that_hangs_together_with_none_counts_nothing() -> None:
    """It bears the deductible by itself, as if it were one a stay."""
    cascade = compile_tree(_DOCUMENTS["rate"])
    facts = Facts(tier="level_3", care="inpatient")

    outcome = settle_bill(cascade, Inputs(Charges(1_000_00), facts, {}, {}))

    assert outcome.patient_fen == 860_00
    assert not any(name.startswith("basic.") for name in outcome.counters)


def test_each_episode_is_resolved_with_the_same_numbers() -> None:
    """The look-up is kept for all of them: which episode it is decides no number."""
    cascade = compile_policy(compile_tree(_DOCUMENTS["rate"]).policy)
    one, other = (Facts(tier="level_3", episode=e, care="inpatient") for e in "ab")
    assert cascade.resolve(one) is cascade.resolve(other)
    assert cascade.resolve(one).names_of(other) == ("basic.deducted@b",)


def test_what_cannot_be_of_an_episode_is_a_fault() -> None:
    """A trigger, a total kept apart otherwise, a yearly limit beside it, a cap."""
    wrong = [
        {"deductible": _ONCE | {"kind": "trigger"}},
        {"deductible": _ONCE | {"each": "tier"}},
        {"deductible": _ONCE | {"limit": {"per": "year", "amount": "900"}}},
        {"caps": [{"per": "episode", "of": "payment", "amount": "900"}]},
    ]
    for more in wrong:
        _, faults = read_with_faults(
            document({"id": "basic", "base": "total", "rate": "70%"} | more)
        )
        assert any("连续住院" in f.message or "合计上限" in f.message for f in faults), more
