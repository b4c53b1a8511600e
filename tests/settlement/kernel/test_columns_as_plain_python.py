"""Columns walked without the compiler: the texts are plain Python and give what one bill gives.

The compiler is left out (njit does nothing); test_columns.py shows the same with everything
compiled.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from settlement.kernel import columns as columns_module
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.columns import (
    Columns,
    ColumnsMalformed,
    Integers,
    default_outputs,
    resolve_rows,
    settle_columns,
    write_walk,
)
from settlement.kernel.settle import (
    BILL_REFUSALS,
    ElsewhereAmountMissing,
    ElsewhereAmountUnexpected,
    Inputs,
    settle_bill,
)
from settlement.law.bill import AmountNotStated, Charges
from settlement.law.facts import FactNotStated, Facts
from settlement.law.reading import read_policy
from tests.settlement.kernel.kept_texts import stories_in
from tests.settlement.kernel.made_up import document
from tests.settlement.kernel.test_what_a_settlement_says import KEPT, facts_of, told
from tests.settlement.policies.drafts import WHOLE_LANGUAGE, layer, tree_of
from tests.support.settling import compile_tree

WHOLE = compile_policy(read_policy(tree_of(WHOLE_LANGUAGE)))


pytestmark = pytest.mark.usefixtures("without_the_compiler")


def _integers(*values: int) -> Integers:
    return np.array(values, np.int64)


def _stories() -> list[tuple[Facts, dict[str, int], dict[str, int], dict[str, int]]]:
    """Facts, amounts, totals before and amounts elsewhere of the stories of one document that
    state enough to be looked up."""
    found = []
    for story in stories_in(KEPT):
        one = told(story.done)
        facts = facts_of(one.facts)
        if one.text != WHOLE_LANGUAGE or "class_a" not in one.charges.amounts():
            continue
        try:
            applied = WHOLE.resolve(facts).applied
        except FactNotStated:
            continue
        amounts = {"item.tcm": 0} | one.charges.amounts()
        if set(one.elsewhere) <= applied & {"fund_elsewhere"}:
            found.append((facts, amounts, dict(one.before), dict(one.elsewhere)))
    return found


def _columns(
    cascade: Cascade, stories: list[tuple[Facts, dict[str, int], dict[str, int], dict[str, int]]]
) -> Columns:
    """The stories as claims, each of a person of its own."""
    plain = [c for c in cascade.shape.counters if c not in dict(cascade.shape.keyed)]
    return Columns(
        amounts={
            name: _integers(*(amounts[name] for _, amounts, _, _ in stories))
            for name in cascade.shape.amounts
        },
        row=np.arange(len(stories), dtype=np.int64),
        table=resolve_rows(cascade, [facts for facts, _, _, _ in stories]),
        group_starts=np.arange(len(stories) + 1, dtype=np.int64),
        elsewhere={
            name: _integers(*(elsewhere.get(name, 0) for _, _, _, elsewhere in stories))
            for name in cascade.shape.elsewhere
        },
        opening={
            name: _integers(*(before.get(name, 0) for _, _, before, _ in stories)) for name in plain
        },
    )


def _charges(amounts: dict[str, int]) -> Charges:
    names = [name for name in amounts if "." not in name and name != "out_of_scope"]
    items = {k.removeprefix("item."): v for k, v in amounts.items() if k.startswith("item.")}
    return Charges(**{f"{n}_fen": amounts[n] for n in names}, item_classes_fen=items)


def test_the_stories_come_to_the_same_over_columns() -> None:
    """Every output of every claim, refused ones among them."""
    stories = [
        (facts, amounts, {k: v for k, v in before.items() if "@" not in k}, elsewhere)
        for facts, amounts, before, elsewhere in _stories()
    ]
    assert len(stories) > 10
    found = settle_columns(WHOLE, _columns(WHOLE, stories), outputs=WHOLE.shape.outputs)

    for at, (facts, amounts, before, elsewhere) in enumerate(stories):
        inputs = Inputs(_charges(amounts), facts, before, elsewhere)
        try:
            values = settle_bill(WHOLE, inputs).values
        except BILL_REFUSALS:
            assert found["refused"][at] >= 0
            assert found["patient"][at] == 0
        else:
            assert {n: int(found[n][at]) for n in found} == {n: values[n] for n in found}


def test_the_walk_is_given_whole_numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No amount and no total is ever a float, also where every float would still be exact."""
    given: list[Integers] = []
    monkeypatch.setattr(columns_module, "compile_walk", lambda *_: lambda *all_: given.extend(all_))

    settle_columns(WHOLE, _columns(WHOLE, _stories()[:1]))

    assert len(WHOLE.shape.keyed) > 0
    assert {array.dtype for array in given} == {np.dtype(np.int64)}


def test_a_persons_year_carries_its_totals_from_stay_to_stay() -> None:
    """Each tier counts apart, a refused stay moves nothing, the next person begins at zero."""
    (facts, amounts, _, _), *_ = _stories()
    poor = replace(facts, declared={"student": False, "years_insured": 4, "ward": "普通"})
    other = replace(facts, identities=frozenset(), tier="level_3")
    birth = replace(facts, care="maternity")
    people = [poor, other, poor, birth, birth, other, poor]
    table = resolve_rows(WHOLE, [poor, other, birth])
    row = _integers(0, 1, 0, 2, 2, 1, 0)
    large = {name: fen * 11 for name, fen in amounts.items()}
    bills = [amounts, large, amounts, amounts, amounts, amounts, large]
    columns = Columns(
        amounts={n: _integers(*(bill[n] for bill in bills)) for n in WHOLE.shape.amounts},
        row=row,
        table=table,
        group_starts=_integers(0, 5, 5, 7),
        elsewhere={"fund_elsewhere": _integers(0, 0, 10**12, 0, 0, 0, 0)},
    )

    found = settle_columns(WHOLE, columns, outputs=WHOLE.shape.outputs)

    counters: dict[str, int] = {}
    for at, (person, bill) in enumerate(zip(people, bills, strict=True)):
        if at == 5:
            counters = {}
        elsewhere = {"fund_elsewhere": 10**12} if at == 2 else {}
        try:
            outcome = settle_bill(WHOLE, Inputs(_charges(bill), person, counters, elsewhere))
        except BILL_REFUSALS:
            assert at == 2
            assert found["refused"][at] == 1_000_000
            assert found["year_basic_paid"][at] == counters["basic.paid"]
            assert found["basic_paid"][at] == 0
            continue
        counters = {**counters, **outcome.counters}
        assert {n: int(found[n][at]) for n in found} == {n: outcome.values[n] for n in found}


def _capped(name: str, each: str, amount: str) -> dict[str, Any]:
    cap = {"per": "year", "of": "payment", "amount": amount, "each": each}
    applies = {"unless": {"emergency": "是"}}
    return {"id": name, "base": "total", "rate": "30%", "caps": [cap], "applies": applies}


def test_two_layers_count_apart_by_two_facts() -> None:
    """350 a tier and 400 a place, used up stay by stay; an emergency counts nowhere."""
    layers = _capped("by_tier", "tier", "350"), _capped("by_place", "place", "400")
    cascade = compile_tree(document(*layers))
    kinds = [
        Facts(tier="level_2", place="in_county", emergency=False),
        Facts(tier="level_3", place="in_county", emergency=False),
        Facts(tier="level_2", place="in_city", emergency=False),
        Facts(tier="level_3", place="in_city", emergency=False),
        Facts(emergency=True),
    ]
    row = _integers(0, 1, 4, 2, 3, 0, 3)
    columns = Columns(
        amounts={"total": np.full(7, 1000_00, np.int64)},
        row=row,
        table=resolve_rows(cascade, kinds),
        group_starts=_integers(0, 7),
    )

    found = settle_columns(cascade, columns, outputs=("by_tier_paid", "by_place_paid"))

    assert found["by_tier_paid"].tolist() == [300_00, 300_00, 0, 50_00, 50_00, 0, 0]
    assert found["by_place_paid"].tolist() == [300_00, 100_00, 0, 300_00, 100_00, 0, 0]


def _counted_apart(name: str, each: str) -> dict[str, Any]:
    """One fen a year for each value of a fact, whoever it is."""
    return {key: x for key, x in _capped(name, each, "0.01").items() if key != "applies"}


@pytest.mark.parametrize("facts", [("tier",), ("tier", "place")])
def test_there_is_a_total_for_each_value_that_counts_apart(facts: tuple[str, ...]) -> None:
    """Four values of each fact, one fen each, whatever the numbers beside them in the table."""
    cascade = compile_tree(document(*(_counted_apart(f"by_{fact}", fact) for fact in facts)))
    tiers = ("township", "level_1", "level_2", "level_3")
    places = ("in_county", "in_city", "in_province", "out_of_province")
    kinds = [Facts(tier=t, place=p) for t, p in zip(tiers, places, strict=True)]
    columns = Columns(
        amounts={"total": np.full(8, 1000_00, np.int64)},
        row=_integers(0, 1, 2, 3, 0, 1, 2, 3),
        table=resolve_rows(cascade, kinds),
        group_starts=_integers(0, 8),
    )

    found = settle_columns(cascade, columns, outputs=[f"by_{fact}_paid" for fact in facts])

    for fact in facts:
        assert found[f"by_{fact}_paid"].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_no_claims_and_no_facts_are_nothing() -> None:
    """Empty columns of a policy that counts values apart."""
    cascade = compile_tree(document(_counted_apart("by_tier", "tier")))
    nothing = np.zeros(0, np.int64)
    columns = Columns(
        amounts={"total": nothing},
        row=nothing,
        table=resolve_rows(cascade, []),
        group_starts=_integers(0),
    )

    assert settle_columns(cascade, columns, outputs=("by_tier_paid",))["by_tier_paid"].size == 0


JUST_BELOW_HALF = next(
    fen
    for fen in (49_999_999 * pow(70_123_457, -1, 10**8) % 10**8 + 98 * 10**8,)
    if fen * 70_123_457 % 10**8 == 49_999_999
)
"""Of nearly ¥100 million, 70.123457% is a hundred-millionth of a fen below half a fen."""


def test_nothing_is_lost_at_the_largest_amounts() -> None:
    """A double would round half a fen up; an amount that waits for another system is one of the
    integers as well."""
    fund = {
        "id": "fund",
        "decided_elsewhere": {"by": "互助会", "at_most": "total", "may_come_later": "是"},
    }
    basic = {"id": "basic", "base": "total - fund", "rate": "70.123457%"}
    cascade = compile_tree(document(fund, basic))
    columns = Columns(
        amounts={"total": _integers(JUST_BELOW_HALF, JUST_BELOW_HALF + 1)},
        row=_integers(0, 0),
        table=resolve_rows(cascade, [Facts()]),
        group_starts=_integers(0, 1, 2),
    )

    found = settle_columns(cascade, columns, outputs=("basic_paid",))

    whole, rest = divmod(JUST_BELOW_HALF * 70_123_457, 10**8)
    assert rest == 49_999_999
    assert found["basic_paid"].tolist() == [whole, whole + 1]


def test_the_table_tells_apart_what_counts_apart() -> None:
    """The last columns number the values of a keyed counter; -1 where no layer counts there."""
    (facts, _, _, _), *_ = _stories()
    rows = [
        facts,
        replace(facts, tier="level_3"),
        replace(facts, care="maternity"),
        replace(facts, tier="level_3", age=3),
    ]

    table = resolve_rows(WHOLE, rows)

    assert table.dtype == np.int64
    assert table[:, -1].tolist() == [0, 1, -1, 1]
    assert table[:, :-1].tolist() == [list(WHOLE.resolve(one).arguments) for one in rows]


def test_payments_the_patient_and_the_refusal_come_out_unless_others_are_chosen() -> None:
    """In the order of the layers."""
    assert default_outputs(WHOLE) == (
        "special_paid", "maternity_paid", "fund_elsewhere_paid", "basic_paid", "due_paid",
        "critical_paid", "assistance_paid", "allowance_paid", "top_up_paid", "patient", "refused",
    )  # fmt: skip
    columns = _columns(WHOLE, _stories()[:1])
    assert tuple(settle_columns(WHOLE, columns)) == default_outputs(WHOLE)
    assert tuple(settle_columns(WHOLE, columns, outputs=iter(["patient"]))) == ("patient",)


def _good() -> Columns:
    return _columns(WHOLE, _stories()[:2])


WIDTH = len(WHOLE.shape.conditions) + len(WHOLE.shape.numbers) + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"row": _integers(0)}, "group_starts 应从 0 起、不减、到 1 止"),
        ({"row": np.zeros(2, np.int32)}, "列 row 应为 int64、长度 2，现为 int32、(2,)"),
        ({"row": _integers(0, 2)}, "row 应指向参数表的 2 行之一"),
        ({"row": _integers(-1, 0)}, "row 应指向参数表的 2 行之一"),
        (
            {"table": np.zeros((2, 3), np.int64)},
            f"参数表应为 int64、每行 {WIDTH} 列，现为 int64、(2, 3)",
        ),
        (
            {"table": np.zeros((2, WIDTH), np.int32)},
            f"参数表应为 int64、每行 {WIDTH} 列，现为 int32、(2, {WIDTH})",
        ),
        (
            {"table": np.zeros(WIDTH, np.int64)},
            f"参数表应为 int64、每行 {WIDTH} 列，现为 int64、({WIDTH},)",
        ),
        ({"group_starts": _integers()}, "group_starts 应从 0 起、不减、到 2 止"),
        ({"group_starts": _integers(1, 2)}, "group_starts 应从 0 起、不减、到 2 止"),
        ({"group_starts": _integers(0, 1)}, "group_starts 应从 0 起、不减、到 2 止"),
        ({"group_starts": _integers(0, 2, 1, 2)}, "group_starts 应从 0 起、不减、到 2 止"),
        (
            {"group_starts": np.array([0, 2], np.int32)},
            "列 group_starts 应为 int64、长度 2，现为 int32、(2,)",
        ),
        (
            {"opening": {"basic.paid": _integers(0)}},
            "列 opening.basic.paid 应为 int64、长度 2，现为 int64、(1,)",
        ),
        ({"opening": {"basic.cost": _integers(0, 0)}}, "分别累计的累计器不能带入年初累计额"),
        (
            {"elsewhere": {"fund_elsewhere": _integers(0)}},
            "列 fund_elsewhere 应为 int64、长度 2，现为 int64、(1,)",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(changes: dict[str, Any], said: str) -> None:
    """Which column, what it should be, what it is."""
    with pytest.raises(ColumnsMalformed) as refused:
        settle_columns(WHOLE, replace(_good(), **changes))
    assert str(refused.value) == said


def test_an_output_that_the_function_does_not_have_is_refused() -> None:
    """With those it has."""
    with pytest.raises(ColumnsMalformed) as refused:
        settle_columns(WHOLE, _good(), outputs=["profit"])
    assert str(refused.value).startswith("没有“profit”这一项结果；可用：special_")
    assert str(refused.value).endswith("、patient、refused")


def test_columns_that_a_layer_needs_must_be_there() -> None:
    """By the layer that asks, by the year's total that is kept, and the total always."""
    good = _good()

    def without(name: str) -> Columns:
        return replace(good, amounts={k: v for k, v in good.amounts.items() if k != name})

    with pytest.raises(AmountNotStated) as by_layer:
        settle_columns(WHOLE, without("class_a"))
    assert (by_layer.value.amount, by_layer.value.layer) == ("class_a", "居民基本医疗保险")
    # Nobody is in the ward that looks at class C, so nothing of it need be stated.
    assert settle_columns(WHOLE, without("class_c"))["special_paid"].tolist() == [0, 0]


def test_the_total_must_be_there_even_if_no_layer_looks_at_it() -> None:
    """The patient's share is what is left of it."""
    scope = _plain(limit="in_scope")
    given = {"other": _integers(0, 0)}

    with pytest.raises(ColumnsMalformed) as refused:
        settle_columns(
            scope, _claims(scope, amounts={"in_scope": _integers(1, 2)}, elsewhere=given)
        )

    assert str(refused.value) == "缺少总费用 total"


HEAD = WHOLE_LANGUAGE[: WHOLE_LANGUAGE.index("layers:")] + "layers:\n"


def _plain(
    *, limit: str = "total", is_for_some: bool = False, by_the_year: bool = False
) -> Cascade:
    """A document of one layer of another system, and one that tops up by the year's total."""
    condition = "applies: {when: {referral: 是}}\n" if is_for_some else ""
    other = f"decided_elsewhere: {{by: 省平台, at_most: {limit}}}\n"
    text = HEAD + layer(condition + other, layer_id="other")
    if by_the_year:
        text += layer("base: total\nrate: 50%\nminus: year.in_scope\n", layer_id="top_up")
    return compile_policy(read_policy(tree_of(text)))


def _claims(cascade: Cascade, *, amounts: dict[str, Integers], **others: Any) -> Columns:
    people = [Facts(referral=True), Facts(referral=False)]
    return Columns(
        amounts=amounts,
        row=_integers(0, 1),
        table=resolve_rows(cascade, people),
        group_starts=_integers(0, 1, 2),
        **others,
    )


TOTAL = {"total": _integers(10, 20)}


def test_amounts_of_other_systems_are_given_where_their_layers_apply() -> None:
    """Missing, unexpected, larger than what is left: as with one bill."""
    everyone, some = _plain(), _plain(is_for_some=True)
    given = {"other": _integers(4, 0)}

    assert settle_columns(everyone, _claims(everyone, amounts=TOTAL, elsewhere=given))[
        "patient"
    ].tolist() == [6, 20]
    assert settle_columns(some, _claims(some, amounts=TOTAL, elsewhere=given))[
        "other_paid"
    ].tolist() == [4, 0]
    with pytest.raises(ElsewhereAmountMissing) as missing:
        settle_columns(everyone, _claims(everyone, amounts=TOTAL))
    assert missing.value.layer_id == "other"
    for unexpected in ({"other": _integers(0, 1)}, {"another": _integers(0, 0)}):
        with pytest.raises(ElsewhereAmountUnexpected):
            settle_columns(some, _claims(some, amounts=TOTAL, elsewhere=unexpected))
    refused = settle_columns(
        everyone, _claims(everyone, amounts=TOTAL, elsewhere={"other": _integers(11, 20)})
    )
    assert refused["refused"].tolist() == [1_000_000, -1]
    assert refused["patient"].tolist() == [0, 0]


def test_amounts_of_other_systems_may_come_later() -> None:
    """Nothing until they come."""
    later = _plain(limit="total, may_come_later: 是")

    found = settle_columns(later, _claims(later, amounts=TOTAL))

    assert found["other_paid"].tolist() == [0, 0]


def test_the_years_total_of_an_amount_needs_the_amount() -> None:
    """A layer looks at what the year came to before, so every stay must state it."""
    yearly = _plain(by_the_year=True)
    given = {"other": _integers(0, 0)}
    with pytest.raises(AmountNotStated) as missing:
        settle_columns(yearly, _claims(yearly, amounts=TOTAL, elsewhere=given))
    assert missing.value.amount == "in_scope"
    stated = TOTAL | {"in_scope": _integers(5, 5)}
    claims = replace(_claims(yearly, amounts=stated, elsewhere=given), group_starts=_integers(0, 2))
    assert settle_columns(yearly, claims)["top_up_paid"].tolist() == [5, 5]


def test_the_year_asks_for_its_amount_where_no_layer_does() -> None:
    """The layer is for emergencies only; the total is kept for everybody."""
    picked = {"by": "year.over_limit", "rows": [{"up_to": "100", "then": "10%"}, {"then": "20%"}]}
    basic = {
        "id": "basic",
        "base": "total",
        "rate": picked,
        "applies": {"when": {"emergency": "是"}},
    }
    cascade = compile_tree(document(basic))
    columns = Columns(
        amounts={"total": _integers(100)},
        row=_integers(0),
        table=resolve_rows(cascade, [Facts(emergency=False)]),
        group_starts=_integers(0, 1),
    )

    with pytest.raises(AmountNotStated) as missing:
        settle_columns(cascade, columns)
    assert str(missing.value) == (
        "“本年累计”需要“超限价自费”（over_limit），而费用单没有提供；请补充后再结算"
    )


def test_the_walk_is_a_text_that_can_be_read() -> None:
    """Group by group, the year's totals in variables, what was refused left as it was."""
    walk = write_walk(_plain().shape, outputs=["other_paid", "refused"], opened=())

    assert walk == (
        "def walk(group_starts, table, row, bill_total, other_elsewhere, "
        "out_other_paid, out_refused):\n"
        "    for group in range(group_starts.shape[0] - 1):\n"
        "        first, end = group_starts[group], group_starts[group + 1]\n"
        "        for claim in range(unsigned(first), unsigned(end)):\n"
        "            at = unsigned(row[claim])\n"
        "            settled = settle_stay(bill_total[claim], other_elsewhere[claim])\n"
        "            if MAY_REFUSE and settled[2] >= 0:\n"
        "                out_other_paid[claim] = 0\n"
        "                out_refused[claim] = settled[2]\n"
        "                continue\n"
        "            out_other_paid[claim] = settled[0]\n"
        "            out_refused[claim] = settled[2]\n"
    )
