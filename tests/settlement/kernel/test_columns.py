"""Columns against bills settled one by one (列式结算)."""

import subprocess
import sys
from random import Random

import numpy as np
import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, load_policy
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.columns import (
    Columns,
    ColumnsMalformed,
    default_outputs,
    resolve_rows,
    settle_columns,
)
from settlement.kernel.settle import (
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    Inputs,
    NumberMissing,
    settle_bill,
)
from settlement.kernel.shape import ELSEWHERE_REFUSED
from settlement.law.bill import AmountNotStated
from settlement.law.facts import FactNotStated, Facts
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import MadeUpStay, make_year, seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree, elsewhere_for

_LARGEST_FEN = 2_000_000_00
_SHIPPED = ["500112/resident/2023-01-01.v1", "360783/resident/2020-01-01.v1"]
_MADE_UP = [155, 161, 95, 29]


def _ints(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def _columns_of(
    cascade: Cascade, years: list[list[MadeUpStay]], openings: list[dict[str, int]]
) -> Columns:
    stays = [s for year in years for s in year]
    elsewhere = [elsewhere_for(cascade, s) for s in stays]
    return Columns(
        amounts={n: _ints([s.amounts[n] for s in stays]) for n in stays[0].amounts},
        row=np.arange(len(stays), dtype=np.int64),
        table=resolve_rows(cascade, [s.product_facts for s in stays]),
        group_starts=_ints([0, *np.cumsum([len(year) for year in years])]),
        elsewhere={n: _ints([e.get(n, 0) for e in elsewhere]) for n in cascade.shape.elsewhere},
        opening={n: _ints([o[n] for o in openings]) for n in cascade.shape.counters},
    )


def _settled_one_by_one(
    cascade: Cascade, years: list[list[MadeUpStay]], openings: list[dict[str, int]]
) -> dict[str, list[int]]:
    """Every output of every stay; a refused one has its reason, zeros, and unmoved counters."""
    found: dict[str, list[int]] = {name: [] for name in cascade.shape.outputs}
    for year, opening in zip(years, openings, strict=True):
        counters = dict(opening)
        for stay in year:
            inputs = Inputs(
                stay.charges, stay.product_facts, counters, elsewhere_for(cascade, stay)
            )
            try:
                outcome = settle_bill(cascade, inputs)
            except (NumberMissing, ElsewhereAmountTooLarge) as refusal:
                values = {f"year_{n.replace('.', '_')}": fen for n, fen in counters.items()}
                values["refused"] = _code_of(cascade, refusal)
                outputs = {name: values.get(name, 0) for name in cascade.shape.outputs}
            else:
                counters = {n: outcome.counters[n] for n in cascade.shape.counters}
                outputs = dict(outcome.values)
            for name, column in found.items():
                column.append(outputs[name])
    return found


def _code_of(cascade: Cascade, refusal: NumberMissing | ElsewhereAmountTooLarge) -> int:
    if isinstance(refusal, NumberMissing):
        return [s.number.name for s in cascade.shape.numbers].index(refusal.name)
    return ELSEWHERE_REFUSED + cascade.shape.elsewhere.index(refusal.layer_id)


def _years(cascade: Cascade, chance: Random, count: int) -> list[list[MadeUpStay]]:
    wanted = cascade.shape.elsewhere
    return [
        make_year(chance, elsewhere=wanted, largest_fen=_LARGEST_FEN, full=True)
        for _ in range(count)
    ]


def _compare(cascade: Cascade, chance: Random, people: int) -> int:
    years = _years(cascade, chance, people)
    openings = [
        {n: chance.choice((0, 5_000_00, 25_000_00)) for n in cascade.shape.counters} for _ in years
    ]
    one_by_one = _settled_one_by_one(cascade, years, openings)
    together = settle_columns(
        cascade, _columns_of(cascade, years, openings), outputs=cascade.shape.outputs
    )
    for name, column in one_by_one.items():
        assert together[name].dtype == np.int64
        assert together[name].tolist() == column, name
    return len(one_by_one["patient"])


@pytest.mark.parametrize("name", _SHIPPED)
def test_shipped_policies_pay_the_same_over_columns(name: str) -> None:
    """Every output of more than 4,000 stays, several a year, with counters from before."""
    cascade = compile_policy(load_policy(SHIPPED_POLICIES / f"{name}.yaml", SHIPPED_POLICIES))
    assert _compare(cascade, seeded(name), people=2_000) > 4_000


@pytest.mark.parametrize("seed", _MADE_UP)
def test_made_up_policies_pay_the_same_over_columns(seed: int) -> None:
    """Every output of more than 4,000 stays under policies over the whole language."""
    chance = seeded(seed)
    assert _compare(compile_tree(policy_tree(chance)), chance, people=2_000) > 4_000


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
