"""Fees as lines: derived, held against what the hospital states, given back, corrected."""

from pathlib import Path
from typing import Any

import pytest

from tests.settlement.desk.test_changing_admission import (
    BILL,
    DISCHARGE,
    admitted,
    refused,
    said,
    verified,
)
from tests.support.fee_lines import BED, DRUG, DRUG_BACK, MEAL, line
from tests.support.settlement_desk import P1, Desk, open_parts

AMOUNTS = {"class_a_fen": 1, "class_b_fen": 1, "class_c_fen": 1, "out_of_catalog_fen": 1}


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def batch(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A batch of lines."""
    return {"batch_number": number, "lines": list(lines), **more}


def charges(desk: Desk, stay: str) -> dict[str, Any]:
    """What the fees come to, without what nobody stated."""
    found = desk.read(f"{stay}/fees").json()["charges"]
    return {k: v for k, v in (found or {}).items() if v not in (None, {})}


def test_a_bill_follows_from_its_lines(desk: Desk) -> None:
    """Every part and class of it, and the settlement is that of the same amounts."""
    stay = admitted(desk)
    shown = said(desk.write(f"{stay}/fees", batch("1", BED, DRUG, MEAL)))
    assert shown["charges"] == {
        "total_fen": 1_150_01,
        "in_scope_fen": 1_081_00,
        "first_self_pay_fen": 9_00,
        "over_limit_fen": 10_01,
        "out_of_catalog_fen": 50_00,
        "class_a_fen": 1_000_00,
        "class_b_fen": 100_01,
        "class_c_fen": 50_00,
        "item_classes_fen": {},
    }
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    of_lines = said(desk.write(f"{stay}/settlement", {}))
    assert of_lines["total_fen"] == 1_150_01
    assert verified(desk)


def test_what_the_hospital_states_must_come_out(desk: Desk) -> None:
    """Of a line and of the batch; the refusal names line, what was stated and what comes out."""
    stay = admitted(desk)
    wrong = batch("1", DRUG | {"first_self_pay_fen": 10_00})
    refused(
        desk.write(f"{stay}/fees", wrong),
        "fee-line-differs",
        "费用明细 L2 的先行自付申报为 1000 分，按明细算出为 900 分",
    )
    total = batch("1", DRUG, charges={"total_fen": 100_00})
    refused(desk.write(f"{stay}/fees", total), "fee-line-differs", "总费用申报为 10000 分")
    assert charges(desk, stay) == {}

    right = DRUG | {"first_self_pay_fen": 9_00, "over_limit_fen": 10_01, "in_scope_fen": 81_00}
    stated = {"total_fen": 100_01, "in_scope_fen": 81_00, "class_b_fen": 100_01}
    whole = stated | {"class_a_fen": 0, "class_c_fen": 0, "out_of_catalog_fen": 0}
    said(desk.write(f"{stay}/fees", batch("1", right, charges=whole)))
    assert charges(desk, stay)["in_scope_fen"] == 81_00


def test_a_line_is_given_back_at_most_to_what_is_left(desk: Desk) -> None:
    """In a later batch, part by part; the total is that of what is left."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", batch("1", BED, DRUG)))
    back = DRUG_BACK | {
        "first_self_pay_fen": -3_00,
        "over_limit_fen": -3_34,
        "in_scope_fen": -27_00,
    }
    said(desk.write(f"{stay}/fees", batch("2", back)))
    assert charges(desk, stay)["in_scope_fen"] == 1_054_00
    assert charges(desk, stay)["first_self_pay_fen"] == 6_00

    too_much = DRUG_BACK | {"line_number": "L5", "quantity": "-3", "amount_fen": -100_01}
    refused(desk.write(f"{stay}/fees", batch("3", too_much)), "given-back-too-much", "所余的 6667")
    dearer = DRUG_BACK | {"line_number": "L5", "unit_price_yuan": "33.34"}
    refused(desk.write(f"{stay}/fees", batch("3", dearer)), "fee-line-faulty", "unit_price_yuan")
    unknown = DRUG_BACK | {"line_number": "L5", "gives_back": "L9"}
    refused(desk.write(f"{stay}/fees", batch("3", unknown)), "fee-line-unknown", "L9")
    again = batch("3", DRUG_BACK)
    refused(desk.write(f"{stay}/fees", again), "fee-line-repeated", "L4 已经用过")
    rest = DRUG_BACK | {"line_number": "L5", "quantity": "-2", "amount_fen": -66_60}
    refused(desk.write(f"{stay}/fees", batch("3", rest)), "fee-line-faulty", "应为 -6667 分")

    said(desk.write(f"{stay}/fees", batch("3", rest | {"amount_fen": -66_67})))

    assert charges(desk, stay)["total_fen"] == 1_000_00
    assert charges(desk, stay)["class_b_fen"] == 0
    shown = desk.read(f"{stay}/fees").json()["batches"]
    assert [(x["line_number"], x["left_fen"]) for b in shown for x in b["lines"]] == [
        ("L1", 1_000_00),
        ("L2", 0),
        ("L4", 0),
        ("L5", 0),
    ]
    assert verified(desk)


def test_a_batch_is_deleted_or_replaced_and_its_number_not_used_again(desk: Desk) -> None:
    """What others gave back of it stands in the way, and is named."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", batch("1", BED, DRUG)))
    said(desk.write(f"{stay}/fees", batch("2", DRUG_BACK)))
    refused(
        desk.write(f"{stay}/fees/deletion", {"batch_number": "1"}),
        "fee-line-given-back",
        "L2 已由 L4（批次 2）冲账",
    )
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "2"}))
    assert charges(desk, stay)["total_fen"] == 1_100_01

    # A line may keep its number in the batch that takes the place of the old one.
    shown = said(desk.write(f"{stay}/fees", batch("1a", BED, MEAL, replaces="1")))

    assert shown["batches"] == ["1a"]
    assert shown["charges"]["total_fen"] == 1_050_00
    refused(desk.write(f"{stay}/fees", batch("1", DRUG)), "fee-batch-repeated", "请用新的批次号")
    refused(
        desk.write(f"{stay}/fees", batch("3", DRUG, replaces="1")), "fee-batch-unknown", "批次 1"
    )
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "1a"}))
    assert charges(desk, stay) == {}
    assert verified(desk)


def test_single_lines_are_corrected_and_deleted(desk: Desk) -> None:
    """The original stands in the history; a line that was given back waits for that to be gone."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", batch("1", BED, DRUG, MEAL)))
    nine = BED | {"quantity": "9", "amount_fen": 900_00}
    shown = said(desk.write(f"{stay}/fees/lines/correction", {"line": nine}))
    assert shown["charges"]["total_fen"] == 1_050_01
    refused(desk.write(f"{stay}/fees/lines/correction", {"line": nine}), "nothing-changed", "L1")
    wrong = {"line": nine | {"quantity": "8", "amount_fen": 800_00, "in_scope_fen": 1}}
    refused(desk.write(f"{stay}/fees/lines/correction", wrong), "fee-line-differs", "申报为 1 分")

    shown = said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L3"}))

    assert shown["charges"]["class_c_fen"] == 0
    said(desk.write(f"{stay}/fees", batch("2", DRUG_BACK)))
    for path, body in (
        ("correction", {"line": DRUG | {"self_pay_share": "0.2"}}),
        ("deletion", {"line_number": "L2"}),
    ):
        answer = desk.write(f"{stay}/fees/lines/{path}", body)
        refused(answer, "fee-line-given-back", "请先删除冲账行")
    said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L4"}))
    assert desk.read(stay).json()["batches"] == ["1"]
    said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L2"}))
    refused(
        desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L2"}), "fee-line-unknown", "L2"
    )
    assert charges(desk, stay)["total_fen"] == 900_00
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    refused(
        desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L1"}),
        "already-discharged",
        "取消出院",
    )
    assert verified(desk)


def test_lines_and_amounts_stand_together_where_they_state_the_same_parts(desk: Desk) -> None:
    """A batch of fewer parts beside lines is refused: what it did not say is not zero."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", batch("1", BED)))
    refused(
        desk.write(f"{stay}/fees", {"batch_number": "2", "charges": BILL}),
        "fees-do-not-add-up",
        "各批费用提供的分项不一致",
    )
    same = {
        **AMOUNTS,
        "total_fen": 3,
        "in_scope_fen": 1,
        "first_self_pay_fen": 1,
        "over_limit_fen": 0,
    }
    said(desk.write(f"{stay}/fees", {"batch_number": "2", "charges": same}))
    said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L1"}))
    assert charges(desk, stay) == same


def test_item_classes_are_told_of_every_line_or_of_none(desk: Desk) -> None:
    """Summed from what of each line is in scope."""
    stay = admitted(desk)
    drug, bed = DRUG | {"item_class": "drug"}, BED | {"item_class": "bed"}
    refused(desk.write(f"{stay}/fees", batch("1", drug, BED)), "fees-do-not-add-up", "项目类别")
    said(desk.write(f"{stay}/fees", batch("1", drug, bed)))
    assert charges(desk, stay)["item_classes_fen"] == {"bed": 1_000_00, "drug": 81_00}
    refused(desk.write(f"{stay}/fees", batch("2", MEAL)), "fees-do-not-add-up", "不一致")


def test_an_empty_batch_and_numbers_that_are_no_decimals_are_refused(desk: Desk) -> None:
    """Neither amounts nor lines; a share in per cent; a number of JSON."""
    stay = admitted(desk)
    refused(desk.write(f"{stay}/fees", {"batch_number": "1"}), "fees-do-not-add-up", "没有金额")
    for wrong in ({"self_pay_share": "10%"}, {"quantity": 3}, {"quantity": "1e3"}):
        assert desk.write(f"{stay}/fees", batch("1", DRUG | wrong)).status_code == 422


def test_a_whole_stay_may_come_with_lines(desk: Desk) -> None:
    """In one call, with how the patient left."""
    whole = {
        "person_id": P1,
        "hospital_stay_number": "ZY-9",
        "admission_date": "2023-03-01",
        "batches": [batch("1", BED, DRUG), batch("2", line("M1", "0.5", "1", 50), DRUG_BACK)],
        **DISCHARGE,
    }
    shown = said(desk.write("/v1/settlements", whole))
    assert shown["total_fen"] == 1_067_17
    assert desk.read(f"/v1/stays/{shown['stay_id']}").json()["departure"] == "by_order"
    assert verified(desk)
