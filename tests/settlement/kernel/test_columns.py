"""Columns against bills settled one by one (列式结算)."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import numpy as np
import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, find_policy_files, load_policy
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.columns import (
    Columns,
    ColumnsMalformed,
    default_outputs,
    resolve_rows,
    settle_columns,
)
from settlement.kernel.overflow import find_overflows
from settlement.kernel.settle import (
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    Inputs,
    NumberMissing,
    settle_bill,
)
from settlement.kernel.shape import ELSEWHERE_REFUSED, counter_variable
from settlement.law.bill import AmountNotStated
from settlement.law.facts import FactNotStated, Facts
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import MadeUpStay, make_year, seeded
from tests.support.fact_generator import asked_by
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree, elsewhere_for

_LARGEST_FEN = 2_000_000_00
_SHIPPED = find_policy_files(SHIPPED_POLICIES)
_SAMPLED = (
    "500112/resident/2023-01-01.v1",
    "360783/resident/2020-01-01.v1",
    "620724/rural_cooperative/2016-01-01.v1",
    "421022/resident/2018-01-01.v1",
    "230800/resident/2018-01-01.v1",
)
_MADE_UP = [103, 126, 138]


def _ints(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


Table = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Years = list[list[MadeUpStay]]


def _table_of(cascade: Cascade, years: Years) -> Table:
    return resolve_rows(cascade, [s.product_facts for year in years for s in year])


def _columns_of(
    cascade: Cascade, years: Years, table: Table, openings: list[dict[str, int]]
) -> Columns:
    stays = [s for year in years for s in year]
    elsewhere = [elsewhere_for(cascade, s) for s in stays]
    return Columns(
        amounts={n: _ints([s.amounts[n] for s in stays]) for n in stays[0].amounts},
        row=np.arange(len(stays), dtype=np.int64),
        table=table,
        group_starts=_ints([0, *np.cumsum([len(year) for year in years])]),
        elsewhere={n: _ints([e.get(n, 0) for e in elsewhere]) for n in cascade.shape.elsewhere},
        opening={n: _ints([o[n] for o in openings]) for n in _counted_together(cascade)},
    )


def _counted_together(cascade: Cascade) -> list[str]:
    apart = {name for name, _ in cascade.shape.keyed}
    return [name for name in cascade.shape.counters if name not in apart]


def _settled_one_by_one(
    cascade: Cascade, years: Years, table: Table, openings: list[dict[str, int]]
) -> dict[str, list[int]]:
    """Every output of every stay; a refused one has its reason, zeros, and unmoved counters."""
    found: dict[str, list[int]] = {name: [] for name in cascade.shape.outputs}
    rows = iter(table)
    for year, opening in zip(years, openings, strict=True):
        counters = dict(opening)
        for stay in year:
            row = next(rows)
            inputs = Inputs(
                stay.charges, stay.product_facts, counters, elsewhere_for(cascade, stay)
            )
            try:
                outcome = settle_bill(cascade, inputs)
            except (NumberMissing, ElsewhereAmountTooLarge) as refusal:
                values = _unmoved(cascade, stay, row, counters)
                values["refused"] = _code_of(cascade, refusal)
                outputs = {name: values.get(name, 0) for name in cascade.shape.outputs}
            else:
                counters = counters | dict(outcome.counters)
                outputs = dict(outcome.values)
            for name, column in found.items():
                column.append(outputs[name])
    return found


def _unmoved(
    cascade: Cascade, stay: MadeUpStay, row: Table, counters: Mapping[str, int]
) -> dict[str, int]:
    """The totals that a refused stay leaves; of one kept apart, that of this stay's value."""
    totals = {counter_variable(n): counters.get(n, 0) for n in _counted_together(cascade)}
    keys = row[len(row) - len(cascade.shape.keyed) :]
    for (name, fact), key in zip(cascade.shape.keyed, keys, strict=True):
        is_used = key >= 0
        totals[counter_variable(name)] = (
            counters.get(f"{name}@{stay.facts[fact]}", 0) if is_used else 0
        )
    return totals


def _code_of(cascade: Cascade, refusal: NumberMissing | ElsewhereAmountTooLarge) -> int:
    if isinstance(refusal, NumberMissing):
        return [s.number.name for s in cascade.shape.numbers].index(refusal.name)
    return ELSEWHERE_REFUSED + cascade.shape.elsewhere.index(refusal.layer_id)


def _compare(cascade: Cascade, chance: Random, people: int) -> Counter[str]:
    """Settle people's years both ways and compare every output; how many claims of which kind."""
    asked = asked_by(json.loads(cascade.policy.canonical_text))
    years = [
        make_year(
            chance,
            elsewhere=cascade.shape.elsewhere,
            largest_fen=_LARGEST_FEN,
            asked=asked,
            full=True,
        )
        for _ in range(people)
    ]
    openings = [
        {
            n: chance.choice((0, 1) if n.endswith(".times") else (0, 5_000_00, 25_000_00))
            for n in _counted_together(cascade)
        }
        for _ in years
    ]
    table = _table_of(cascade, years)
    one_by_one = _settled_one_by_one(cascade, years, table, openings)
    columns = _columns_of(cascade, years, table, openings)
    together = settle_columns(cascade, columns, outputs=cascade.shape.outputs)
    for name, column in one_by_one.items():
        assert together[name].dtype == np.int64
        assert together[name].tolist() == column, f"{cascade.policy.label}: {name}"
    settled = sum(code < 0 for code in one_by_one["refused"])
    apart = settled if cascade.shape.keyed else 0
    return Counter(claims=len(one_by_one["patient"]), settled=settled, apart=apart)


def _shipped(path: Path) -> Cascade:
    return compile_policy(load_policy(path, SHIPPED_POLICIES))


def test_shipped_policies_pay_the_same_over_columns() -> None:
    """Every output of more than 20,000 claims, several a year, with counters from before."""
    seen: Counter[str] = Counter()
    for name in _SAMPLED:
        cascade = _shipped(SHIPPED_POLICIES / f"{name}.yaml")
        seen += _compare(cascade, seeded(name), people=1_800)
    assert seen["claims"] > 20_000
    assert seen["settled"] > 5_000


@pytest.mark.soak
def test_every_shipped_policy_pays_the_same_over_columns() -> None:
    """Every output of a million claims and more, over all shipped policies."""
    people = 420_000 // len(_SHIPPED)
    seen: Counter[str] = Counter()
    for path in _SHIPPED:
        cascade = _shipped(path)
        for part in range(8):  # a list of everybody at once would not fit a small machine
            seen += _compare(cascade, seeded(f"{path.stem} {part}"), people=people // 8 + 1)
    assert seen["claims"] >= 1_000_000


def _made_up(seed: int) -> Cascade:
    return compile_tree(policy_tree(seeded(seed)))


@pytest.mark.parametrize("seed", _MADE_UP)
def test_made_up_policies_pay_the_same_over_columns(seed: int) -> None:
    """Every output of more than 2,000 claims under policies over the whole language."""
    cascade = _made_up(seed)
    seen = _compare(cascade, seeded(seed), people=1_000)
    assert seen["claims"] > 2_000
    assert seen["apart"] > 500


@pytest.mark.soak
def test_three_hundred_made_up_policies_pay_the_same_over_columns() -> None:
    """The same for every one whose steps are proven to stay within 64 bits."""
    seen: Counter[str] = Counter()
    for seed in range(1_000, 1_300):
        cascade = _made_up(seed)
        if not find_overflows(cascade.shape):
            seen += _compare(cascade, seeded(seed), people=200)
    assert min(seen["settled"], seen["apart"]) > 20_000


def _basic(**more: object) -> dict[str, object]:
    return {"id": "basic", "base": "in_scope", "rate": "50%", **more}


def _one_claim(cascade: Cascade, facts: Facts = Facts(), **more: object) -> Columns:  # noqa: B008 - frozen
    given: dict[str, object] = {
        "amounts": {"total": _ints([100_00]), "in_scope": _ints([80_00])},
        "row": _ints([0]),
        "table": resolve_rows(cascade, [facts]),
        "group_starts": _ints([0, 1]),
    }
    return Columns(**{**given, **more})  # type: ignore[arg-type]  # tests pass wrong things on purpose


def test_the_default_outputs_are_payments_the_patient_and_the_refusal() -> None:
    """Half of 80 yuan in scope is 40; the patient keeps 60 of 100; nothing is refused."""
    cascade = compile_tree(document(_basic()))
    assert default_outputs(cascade) == ("basic_paid", "patient", "refused")
    found = settle_columns(cascade, _one_claim(cascade))
    assert {name: column.tolist() for name, column in found.items()} == {
        "basic_paid": [40_00],
        "patient": [60_00],
        "refused": [-1],
    }


def test_counters_begin_anew_with_each_group() -> None:
    """A deductible of 100 a year: the second stay of a person has none, the next person has."""
    deductible = {"per": "year", "amount": "100"}
    cascade = compile_tree(document(_basic(deductible=deductible, rate="100%")))
    three = _ints([80_00, 80_00, 80_00])
    columns = _one_claim(
        cascade,
        amounts={"total": three, "in_scope": three},
        row=_ints([0, 0, 0]),
        group_starts=_ints([0, 2, 3]),
    )
    assert settle_columns(cascade, columns)["basic_paid"].tolist() == [0, 60_00, 0]


def test_an_amount_no_column_states_is_refused_by_name() -> None:
    """Just as one bill: the layer looks at in-scope cost, and nobody stated it."""
    cascade = compile_tree(document(_basic()))
    with pytest.raises(AmountNotStated, match="in_scope"):
        settle_columns(cascade, _one_claim(cascade, amounts={"total": _ints([100_00])}))


def test_an_amount_is_not_needed_where_its_layer_never_applies() -> None:
    """No claim goes to a hospital of level three, so its layer asks for nothing."""
    cascade = compile_tree(document(_basic(applies={"when": {"tier": "三级"}})))
    columns = _one_claim(cascade, Facts(tier="level_2"), amounts={"total": _ints([100_00])})
    assert settle_columns(cascade, columns)["patient"].tolist() == [100_00]


def test_a_fact_nobody_stated_is_refused_while_resolving() -> None:
    """The layer depends on the tier of the hospital."""
    cascade = compile_tree(document(_basic(applies={"when": {"tier": "三级"}})))
    with pytest.raises(FactNotStated, match="tier"):
        resolve_rows(cascade, [Facts()])


def test_amounts_decided_elsewhere_must_come_and_only_where_they_belong() -> None:
    """No column refuses, an unknown layer refuses, and so does one that does not apply."""
    when = {"when": {"tier": "三级"}}
    elsewhere = {"by": "外部", "at_most": "total"}
    cascade = compile_tree(document({"id": "x", "applies": when, "decided_elsewhere": elsewhere}))
    applying, other = Facts(tier="level_3"), Facts(tier="level_2")
    with pytest.raises(ElsewhereAmountMissing, match="x"):
        settle_columns(cascade, _one_claim(cascade, applying))
    with pytest.raises(ElsewhereAmountUnexpected, match="y"):
        settle_columns(cascade, _one_claim(cascade, other, elsewhere={"y": _ints([1])}))
    with pytest.raises(ElsewhereAmountUnexpected, match="x"):
        settle_columns(cascade, _one_claim(cascade, other, elsewhere={"x": _ints([1])}))
    found = settle_columns(cascade, _one_claim(cascade, applying, elsewhere={"x": _ints([1])}))
    assert found["patient"].tolist() == [99_99]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"row": _ints([7])}, "row"),
        ({"row": _ints([-1])}, "row"),
        ({"row": np.array([0.0])}, "int64"),
        ({"group_starts": _ints([0, 2])}, "group_starts"),
        ({"group_starts": _ints([0, 1, 0, 1])}, "group_starts"),
        ({"table": _ints([0]).reshape(1, 1)[:, :0]}, "参数表"),
        ({"amounts": {"total": np.array([100.0]), "in_scope": _ints([1])}}, "int64"),
        ({"amounts": {"total": _ints([1, 2]), "in_scope": _ints([1])}}, "长度 1"),
        ({"amounts": {"in_scope": _ints([1])}}, "total"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(
    wrong: dict[str, object], message: str
) -> None:
    """Never a wrong row, a float, or a claim outside every group."""
    cascade = compile_tree(document(_basic()))
    with pytest.raises(ColumnsMalformed, match=message):
        settle_columns(cascade, _one_claim(cascade, Facts(), **wrong))


def test_an_output_the_policy_does_not_have_is_refused() -> None:
    """The message lists the outputs there are."""
    cascade = compile_tree(document(_basic()))
    with pytest.raises(ColumnsMalformed, match="basic_paid"):
        settle_columns(cascade, _one_claim(cascade), outputs=["critical_paid"])


def test_settling_one_bill_never_loads_the_compiler() -> None:
    """numba takes longer to import than a day's discharges to settle."""
    modules = "settlement.kernel.settle, settlement.kernel.columns"
    code = f"import sys, {modules}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
