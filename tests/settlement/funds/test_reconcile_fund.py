"""Our lines against a payer's own list: every difference is named, and the arithmetic closes."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.application.reconcile_fund import (
    Difference,
    DifferenceKind,
    PayerRow,
    Reconciliation,
    as_payer_rows,
    reconcile,
)
from settlement.domain.fund_statement import OwedLine
from tests.settlement.funds.fund_stories import HOSPITAL_A, HOSPITAL_B, owed_line

ROW_NUMBERS = iter(range(2, 10**9))


def payer_row(
    amount_fen: int,
    *,
    number: str | None = None,
    stay_number: str | None = None,
    institution_id: str = HOSPITAL_A,
    row: int | None = None,
) -> PayerRow:
    """One row of the payer's list."""
    return PayerRow(
        row=row or next(ROW_NUMBERS),
        institution_id=institution_id,
        settlement_number=number,
        hospital_stay_number=stay_number,
        invoice_number=None,
        amount_fen=amount_fen,
        settled_on=date(2023, 7, 3),
    )


def said(found: Reconciliation) -> list[tuple[str, str | None, int]]:
    """Each difference as kind, settlement number, fen."""
    return [
        (d.kind.value, d.named_by.settlement_number, d.difference_fen) for d in found.differences
    ]


def test_lists_that_say_the_same_agree() -> None:
    """Settlement by settlement, in any order."""
    ours = [owed_line(100_00, number="N1"), owed_line(70_00, number="N2")]
    theirs = [payer_row(70_00, number="N2"), payer_row(100_00, number="N1")]

    found = reconcile(ours, theirs)

    assert found == Reconciliation(
        ours_fen=170_00, theirs_fen=170_00, our_lines=2, their_rows=2, differences=()
    )
    assert found.agrees


def test_each_kind_of_difference_is_named() -> None:
    """One missing there, one missing here, one amount, one duplicate; 52.34 − 100 + 30 + 0.01."""
    ours = [
        owed_line(100_00, number="N1"),
        owed_line(70_00, number="N2"),
        owed_line(52_34, number="N3"),
        owed_line(9_99, number="N5"),
    ]
    n2, n3, n3_again = (
        payer_row(70_01, number="N2"),
        payer_row(52_34, number="N3"),
        payer_row(52_34, number="N3"),
    )
    n4, n5 = payer_row(30_00, number="N4"), payer_row(9_99, number="N5")

    found = reconcile(ours, [n2, n3, n3_again, n4, n5])

    assert found.differences == (
        Difference(DifferenceKind.MISSING_THERE, (ours[0],), (), -100_00),
        Difference(DifferenceKind.AMOUNT, (ours[1],), (n2,), 1),
        Difference(DifferenceKind.DUPLICATE, (), (n3_again,), 52_34),
        Difference(DifferenceKind.MISSING_HERE, (), (n4,), 30_00),
    )
    assert found.difference_fen == -17_65
    assert not found.agrees


def test_equal_totals_do_not_hide_differences() -> None:
    """One fen more here and one fen less there: the totals agree, the lists do not."""
    ours = [owed_line(100_00, number="N1"), owed_line(70_00, number="N2")]
    theirs = [payer_row(100_01, number="N1"), payer_row(69_99, number="N2")]

    found = reconcile(ours, theirs)

    assert said(found) == [("amount", "N1", 1), ("amount", "N2", -1)]
    assert (found.difference_fen, found.agrees) == (0, False)


def test_two_equal_amounts_are_two_amounts() -> None:
    """Two settlements of 100.00, one of which the payer lists: the other one is missing."""
    ours = [owed_line(100_00, number="N1"), owed_line(100_00, number="N2")]

    found = reconcile(ours, [payer_row(100_00, number="N2")])

    assert said(found) == [("missing_there", "N1", -100_00)]


def test_a_surplus_is_reconciled_with_the_settlement_it_belongs_to() -> None:
    """80.00 and a surplus of 10.00: one row of 90.00 agrees, a row of 80.00 is 10.00 short."""
    ours = [owed_line(80_00, number="N1"), owed_line(10_00, number="N1", is_surplus=True)]

    assert reconcile(ours, [payer_row(90_00, number="N1")]).agrees
    short = reconcile(ours, [payer_row(80_00, number="N1")])
    assert said(short) == [("missing_there", "N1", -10_00)]
    assert short.differences[0].ours == (ours[1],)


def test_a_settlement_and_its_reversal_match_apart() -> None:
    """The payer has the settlement and not yet the reversal."""
    ours = [owed_line(100_00, number="N1"), owed_line(-100_00, number="N1")]

    found = reconcile(ours, [payer_row(100_00, number="N1")])

    assert said(found) == [("missing_there", "N1", 100_00)]
    assert reconcile(ours, [payer_row(-100_00, number="N1"), payer_row(100_00, number="N1")]).agrees


def test_layers_of_one_settlement_may_be_added_up_or_split_by_the_payer() -> None:
    """60.00 and 40.00 here are 100.00 there, or 60.00 and 40.00."""
    ours = [
        owed_line(60_00, number="N1", layer="basic"),
        owed_line(40_00, number="N1", layer="basic_top_up"),
    ]

    assert reconcile(ours, [payer_row(100_00, number="N1")]).agrees
    assert reconcile(ours, [payer_row(40_00, number="N1"), payer_row(60_00, number="N1")]).agrees
    assert said(reconcile(ours, [payer_row(60_00, number="N1")])) == [
        ("missing_there", "N1", -40_00)
    ]


def test_a_doubled_row_is_a_duplicate_whether_layers_are_added_up_or_not() -> None:
    """The whole settlement listed twice, and one of two equal layers listed three times."""
    ours = [
        owed_line(50_00, number="N1", layer="basic"),
        owed_line(50_00, number="N1", layer="basic_top_up"),
    ]
    whole = [payer_row(100_00, number="N1") for _ in range(2)]
    split = [payer_row(50_00, number="N1") for _ in range(3)]

    assert said(reconcile(ours, whole)) == [("duplicate", "N1", 100_00)]
    assert said(reconcile(ours, split)) == [("duplicate", "N1", 50_00)]
    assert said(reconcile([], whole)) == [
        ("missing_here", "N1", 100_00),
        ("duplicate", "N1", 100_00),
    ]


def test_a_payer_with_numbers_of_its_own_is_matched_by_the_stay_number() -> None:
    """Neither its settlement number nor an empty one is ours; hospital and stay number are."""
    ours = [
        owed_line(100_00, number="N1", stay_number="ZY1"),
        owed_line(70_00, number="N2", stay_number="ZY2"),
    ]
    theirs = [
        payer_row(100_00, number="SETL-77", stay_number="ZY1"),
        payer_row(70_05, number=None, stay_number="ZY2"),
    ]

    assert said(reconcile(ours, theirs)) == [("amount", "N2", 5)]


def test_a_stay_settled_again_after_a_reversal_is_matched_by_amounts_then_by_order() -> None:
    """Two settlements of one stay: 100.00 answers to 100.00, and 280.00 to what is left."""
    ours = [
        owed_line(100_00, number="N1", stay_number="ZY1"),
        owed_line(-100_00, number="N1", stay_number="ZY1"),
        owed_line(280_00, number="N2", stay_number="ZY1"),
    ]
    theirs = [
        payer_row(270_00, number="S9", stay_number="ZY1"),
        payer_row(100_00, number="S8", stay_number="ZY1"),
        payer_row(-100_00, number="S8", stay_number="ZY1"),
        payer_row(100_00, number="S8", stay_number="ZY1"),
    ]

    assert said(reconcile(ours, theirs)) == [("amount", "N2", -10_00), ("duplicate", "S8", 100_00)]


def test_the_same_number_at_another_hospital_is_another_settlement() -> None:
    """What is owed to one hospital and listed for another is two differences, not a match."""
    found = reconcile(
        [owed_line(100_00, number="N1")],
        [payer_row(100_00, number="N1", institution_id=HOSPITAL_B)],
    )

    assert said(found) == [("missing_there", "N1", -100_00), ("missing_here", "N1", 100_00)]


def test_rows_of_nothing_are_no_difference_unless_we_say_otherwise() -> None:
    """A payer may list what it paid nothing for; where we book an amount, it is the wrong one."""
    assert reconcile([], [payer_row(0, number="N1"), payer_row(0, number="N1")]).agrees
    assert said(reconcile([owed_line(5, number="N1")], [payer_row(0, number="N1")])) == [
        ("amount", "N1", -5)
    ]


def test_our_own_list_reconciles_with_our_lines() -> None:
    """Exported and held against itself, it agrees; layers became one row a settlement."""
    ours = [
        owed_line(60_00, number="N1", layer="basic"),
        owed_line(40_00, number="N1", layer="basic_top_up"),
        owed_line(-100_00, number="N1", layer="basic"),
    ]

    rows = as_payer_rows(ours)

    assert [(r.row, r.settlement_number, r.amount_fen) for r in rows] == [
        (2, "N1", 100_00),
        (3, "N1", -100_00),
    ]
    assert reconcile(ours, rows).agrees


# --- generated lists --------------------------------------------------------------------------

amounts = st.sampled_from([-300, -100, 100, 100, 200, 300])
numbers = st.sampled_from(["N1", "N2", "N3", "N4"])
stays = st.sampled_from(["ZY1", "ZY2"])
our_lines = st.builds(
    owed_line,
    amounts,
    number=numbers,
    stay_number=stays,
    institution_id=st.sampled_from([HOSPITAL_A, HOSPITAL_B]),
    layer=st.sampled_from(["basic", "basic_top_up"]),
)
their_rows = st.builds(
    payer_row,
    st.one_of(amounts, st.just(0)),
    number=st.one_of(numbers, st.sampled_from(["S8", "S9"])),
    stay_number=st.one_of(st.none(), stays),
    institution_id=st.sampled_from([HOSPITAL_A, HOSPITAL_B]),
)


@settings(max_examples=400)
@given(ours=st.lists(our_lines, max_size=10), theirs=st.lists(their_rows, max_size=10))
def test_the_differences_explain_the_totals_to_the_fen(
    ours: list[OwedLine], theirs: list[PayerRow]
) -> None:
    """Their total − ours = Σ differences; no row is named twice; each kind says what it means."""
    found = reconcile(ours, theirs)

    assert found.difference_fen == sum(r.amount_fen for r in theirs) - sum(
        o.amount_fen for o in ours
    )
    assert sum(d.difference_fen for d in found.differences) == found.difference_fen
    named = [row.row for d in found.differences for row in d.theirs]
    assert len(named) == len(set(named))
    for difference in found.differences:
        sides = bool(difference.ours), bool(difference.theirs)
        assert (
            sides
            == {
                DifferenceKind.MISSING_HERE: (False, True),
                DifferenceKind.MISSING_THERE: (True, False),
                DifferenceKind.AMOUNT: (True, True),
                DifferenceKind.DUPLICATE: (False, True),
            }[difference.kind]
        )
        assert difference.difference_fen != 0


@settings(max_examples=200)
@given(ours=st.lists(our_lines, max_size=8), data=st.data())
def test_one_mistake_in_a_faithful_list_is_found_as_that_mistake(
    ours: list[OwedLine], data: st.DataObject
) -> None:
    """A row left out, changed by a fen, or repeated is exactly the one difference."""
    rows = as_payer_rows(ours)
    assert reconcile(ours, rows).agrees
    if not rows:
        return
    n = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    row = rows[n]
    without = [*rows[:n], *rows[n + 1 :]]
    more_fen = row.amount_fen + (1 if row.amount_fen > 0 else -1)
    changed = payer_row(
        more_fen,
        number=row.settlement_number,
        stay_number=row.hospital_stay_number,
        institution_id=row.institution_id,
    )

    left_out = reconcile(ours, without)
    off_by_one = reconcile(ours, [*without, changed])
    doubled = reconcile(ours, [*rows, row])

    assert {d.kind for d in left_out.differences} == {DifferenceKind.MISSING_THERE}
    assert left_out.difference_fen == -row.amount_fen
    assert [d.kind for d in off_by_one.differences] == [DifferenceKind.AMOUNT]
    assert abs(off_by_one.difference_fen) == 1
    assert [d.kind for d in doubled.differences] == [DifferenceKind.DUPLICATE]
    assert doubled.difference_fen == row.amount_fen
