"""How differences are carried: by fund, what was left first, and the patient's part of each way."""

from datetime import date

import pytest

from contracts.vocabulary import EvidenceStatus, InstitutionId
from settlement.domain.adjustment import Adjustment, Cause, Change
from settlement.domain.carrying import Amounts, CorrectionUnstated, changes_between
from settlement.domain.record import Actor
from settlement.domain.settlement import OutsideEntry, Share
from settlement.law.corrections import Corrections, Overpaid, Switch, Underpaid
from settlement.law.evidence import Evidence

BASIC, RELIEF = "990100-basic", "990100-medical_assistance"
STATED = Evidence(EvidenceStatus.STATED, source="text")
TO_PATIENT = Switch(Underpaid.TO_PATIENT, STATED)
FROM_PATIENT = Switch(Overpaid.FROM_PATIENT, STATED)
LEAVE = Switch(Overpaid.LEAVE, STATED)
THROUGH = Switch(Underpaid.THROUGH_HOSPITAL, STATED)


def amounts(basic: int, relief: int = 0, *, hospital: int = 0, cash: int = 0) -> Amounts:
    """A bill of 1,000.00: two funds, the hospital itself, and cash beside it."""
    owed = OutsideEntry("allowance", "cash", "medical_assistance", RELIEF, cash)
    return Amounts(
        shares=(
            Share("basic", "basic", BASIC, basic),
            Share("relief", "medical_assistance", RELIEF, relief),
            Share("waiver", "hospital", None, hospital),
        ),
        outside=(owed,) if cash else (),
        patient_fen=1_000_00 - basic - relief - hospital,
    )


def found(
    before: Amounts,
    after: Amounts,
    corrections: Corrections | None,
    *,
    earlier: tuple[Adjustment, ...] = (),
) -> list[tuple[str, int, str]]:
    """Layer (or the patient), difference and way of each."""
    changes = changes_between(before, after, earlier=earlier, corrections=corrections)
    return [(c.layer or c.kind, c.delta_fen, c.way) for c in changes]


def left(delta_fen: int) -> Adjustment:
    """An earlier adjustment that left a difference of the basic fund."""
    changes = (
        Change("share", "basic", "basic", BASIC, delta_fen, "left", "overpaid"),
        Change("patient", None, "patient", None, -delta_fen, "left"),
    )
    by = Actor("cashier-1", InstitutionId("H1"))
    return Adjustment(1, Cause("reversal", "n-1"), changes, date(2026, 3, 2), by)


def test_at_its_own_desk_everything_goes_through_the_hospital_but_a_funds_cash() -> None:
    """Whatever the law says of others; cash of a fund never passed a hospital."""
    before = amounts(500_00, 100_00, hospital=50_00, cash=300_00)
    assert found(before, amounts(400_00, 150_00, hospital=60_00), None) == [
        ("basic", -100_00, "hospital"),
        ("relief", 50_00, "hospital"),
        ("waiver", 10_00, "hospital"),
        ("allowance", -300_00, "patient"),
        ("patient", 40_00, "hospital"),
    ]


def test_each_fund_goes_its_own_way_and_the_patients_part_with_it() -> None:
    """One fund makes good with the patient, the other leaves what it paid too much."""
    said = Corrections(TO_PATIENT, LEAVE)
    assert found(amounts(500_00, 200_00), amounts(600_00, 170_00), said) == [
        ("basic", 100_00, "patient"),
        ("relief", -30_00, "left"),
        ("patient", -100_00, "patient"),
        ("patient", 30_00, "left"),
    ]


def test_layers_of_one_fund_are_taken_together() -> None:
    """One layer more and another less: the fund owes 20.00 more in all, and goes one way."""
    before = Amounts((Share("a", "basic", BASIC, 10), Share("b", "basic", BASIC, 90)), (), 900)
    after = Amounts((Share("a", "basic", BASIC, 100), Share("b", "basic", BASIC, 20)), (), 880)
    assert found(before, after, Corrections(TO_PATIENT, LEAVE)) == [
        ("a", 90, "patient"),
        ("b", -70, "patient"),
        ("patient", -20, "patient"),
    ]


def test_what_the_hospital_bears_is_its_own_business() -> None:
    """It pays the patient itself, or leaves it; nothing goes past it."""
    before, after = amounts(500_00), amounts(500_00, hospital=80_00)
    assert found(before, after, Corrections(TO_PATIENT, FROM_PATIENT)) == [
        ("waiver", 80_00, "hospital"),
        ("patient", -80_00, "hospital"),
    ]
    assert found(after, before, Corrections(TO_PATIENT, LEAVE)) == [
        ("waiver", -80_00, "left"),
        ("patient", 80_00, "left"),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (450_00, [("basic", 50_00, "left"), ("patient", -50_00, "left")]),
        (
            560_00,
            [
                ("basic", 100_00, "left"),
                ("basic", 60_00, "patient"),
                ("patient", -60_00, "patient"),
                ("patient", -100_00, "left"),
            ],
        ),
        (390_00, [("basic", -10_00, "left"), ("patient", 10_00, "left")]),
    ],
)
def test_what_was_left_is_used_up_before_anybody_pays_on_top(
    now: int, expected: list[tuple[str, int, str]]
) -> None:
    """100.00 paid too much and never reclaimed: they count first when more is due."""
    said = Corrections(TO_PATIENT, LEAVE)
    assert found(amounts(400_00), amounts(now), said, earlier=(left(-100_00),)) == expected


def test_what_was_left_is_used_up_at_its_own_desk_too() -> None:
    """The desk pays 50.00 of 150.00: 100.00 are with the patient already."""
    assert found(amounts(400_00), amounts(550_00), None, earlier=(left(-100_00),)) == [
        ("basic", 100_00, "left"),
        ("basic", 50_00, "hospital"),
        ("patient", -50_00, "hospital"),
        ("patient", -100_00, "left"),
    ]


@pytest.mark.parametrize(
    ("said", "now", "missing"),
    [
        (Corrections(), 600_00, "underpaid"),
        (Corrections(underpaid=THROUGH), 400_00, "overpaid"),
        (Corrections(overpaid=LEAVE), 600_00, "underpaid"),
    ],
)
def test_a_switch_that_is_needed_and_missing_is_named(
    said: Corrections, now: int, missing: str
) -> None:
    """There is no default; and where nothing differs, nobody asks."""
    with pytest.raises(CorrectionUnstated, match=missing):
        found(amounts(500_00), amounts(now), said)
    assert found(amounts(500_00), amounts(500_00), Corrections()) == []
