"""What a bill states, what follows from it, and how its contradictions are told (费用单)."""

from dataclasses import replace

import pytest

from settlement.law.bill import (
    AmountNotStated,
    BillDoesNotAddUp,
    BillTooLarge,
    Charges,
    amount_label,
)

WHOLE = Charges(
    1000_00,
    in_scope_fen=700_00,
    first_self_pay_fen=100_00,
    over_limit_fen=50_00,
    out_of_catalog_fen=150_00,
    class_a_fen=500_00,
    class_b_fen=350_00,
    class_c_fen=150_00,
    item_classes_fen={"tcm": 200_00, "other": 500_00},
)


def test_a_bill_that_adds_up_names_all_its_amounts() -> None:
    """What is out of scope follows; item classes are named after `item.`."""
    WHOLE.check()

    assert WHOLE.amounts() == {
        "total": 1000_00,
        "in_scope": 700_00,
        "out_of_scope": 300_00,
        "first_self_pay": 100_00,
        "over_limit": 50_00,
        "out_of_catalog": 150_00,
        "class_a": 500_00,
        "class_b": 350_00,
        "class_c": 150_00,
        "item.tcm": 200_00,
        "item.other": 500_00,
    }


def test_what_nobody_stated_is_not_zero() -> None:
    """A bill of a total names a total; class C stands for what no catalogue holds."""
    assert Charges(1000_00).amounts() == {"total": 1000_00}
    assert replace(WHOLE, out_of_catalog_fen=None).amounts()["out_of_catalog"] == 150_00


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"over_limit_fen": -1}, "超限价自费为负数（-1 分）"),
        ({"item_classes_fen": {"tcm": -5}}, "项目类别 tcm 的费用为负数（-5 分）"),
        ({"class_b_fen": None}, "甲、乙、丙类费用应当同时提供"),
        (
            {"class_b_fen": 349_99},
            "甲类＋乙类＋丙类为 99999 分，应为 100000 分，相差 -1 分",
        ),
        (
            {"class_a_fen": 499_99, "class_c_fen": 150_01},
            "目录外全自费与丙类费用不一致",
        ),
        (
            {"item_classes_fen": {"tcm": 200_00, "other": 500_01}},
            "项目类别费用之和为 70001 分，应为 70000 分，相差 1 分",
        ),
        ({"in_scope_fen": None}, "提供项目类别费用时应当同时提供政策范围内费用"),
        (
            {"first_self_pay_fen": 99_99},
            "范围内＋先行自付＋超限价＋全自费为 99999 分，应为 100000 分，相差 -1 分",
        ),
        (
            {"first_self_pay_fen": 99_99, "out_of_catalog_fen": None},
            "范围内＋先行自付＋超限价＋全自费为 99999 分，应为 100000 分，相差 -1 分",
        ),
        (
            {"class_a_fen": 0, "class_b_fen": 999_99, "class_c_fen": 0},
            "甲类＋乙类＋丙类为 99999 分，应为 100000 分，相差 -1 分",
        ),
        (
            {"first_self_pay_fen": None, "in_scope_fen": 800_01, "item_classes_fen": {}},
            "各部分之和 100001 分大于总费用 100000 分",
        ),
    ],
)
def test_a_contradiction_is_told_with_its_difference(changes: dict[str, object], said: str) -> None:
    """Which parts, what they come to, what they should come to."""
    with pytest.raises(BillDoesNotAddUp) as refused:
        replace(WHOLE, **changes).check()  # type: ignore[arg-type]
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "changes",
    [
        {"over_limit_fen": 0, "in_scope_fen": 750_00, "item_classes_fen": {}},
        {"first_self_pay_fen": None},
        {"first_self_pay_fen": None, "in_scope_fen": 800_00, "item_classes_fen": {}},
        {"out_of_catalog_fen": None},
        {"class_a_fen": None, "class_b_fen": None, "class_c_fen": None},
        {"item_classes_fen": {}},
    ],
)
def test_a_bill_may_state_less(changes: dict[str, object]) -> None:
    """What is stated must not contradict, and need not be everything."""
    replace(WHOLE, **changes).check()  # type: ignore[arg-type]


def test_a_bill_may_reach_the_size_the_arithmetic_is_proven_for() -> None:
    """¥100 million is settled, a fen more is not."""
    Charges(100_000_000_00).check()
    with pytest.raises(BillTooLarge) as refused:
        Charges(100_000_000_01).check()
    assert str(refused.value) == "总费用 10000000001 分超过可结算的上限 10000000000 分"


def test_batches_of_one_stay_are_added_part_by_part() -> None:
    """Item classes of either batch are there; what neither stated is still not stated."""
    first = Charges(100_00, in_scope_fen=80_00, item_classes_fen={"tcm": 30_00, "bed": 50_00})
    second = Charges(40_00, in_scope_fen=30_00, item_classes_fen={"tcm": 10_00, "other": 20_00})

    assert first.plus(second) == Charges(
        140_00,
        in_scope_fen=110_00,
        item_classes_fen={"bed": 50_00, "other": 20_00, "tcm": 40_00},
    )
    assert list(first.plus(second).item_classes_fen) == ["bed", "other", "tcm"]


def test_batches_that_state_different_parts_are_not_added() -> None:
    """The parts that one of them lacks are named."""
    with pytest.raises(BillDoesNotAddUp) as refused:
        Charges(100_00, in_scope_fen=80_00).plus(
            Charges(40_00, class_a_fen=30_00, class_b_fen=10_00, class_c_fen=0)
        )
    assert str(refused.value) == (
        "各批费用提供的分项不一致：甲类费用、乙类费用、丙类费用、政策范围内费用"
    )


def test_a_layer_says_which_amount_it_misses() -> None:
    """In words and by the name the policy uses."""
    missing = AmountNotStated("item.tcm", "中医优惠")

    assert (missing.amount, missing.layer) == ("item.tcm", "中医优惠")
    assert str(missing) == (
        "“中医优惠”需要“项目类别 tcm 的费用”（item.tcm），而费用单没有提供；请补充后再结算"
    )
    assert amount_label("in_scope") == "政策范围内费用"


def test_what_a_bill_states_tells_bills_apart() -> None:
    """Item classes count as one thing, whatever they are."""
    assert Charges(1, item_classes_fen={"tcm": 1}).granularity == {"total", "items"}
    assert Charges(1, in_scope_fen=0).granularity == {"total", "in_scope"}
