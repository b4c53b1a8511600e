"""Fee lines, deposits and the switches of corrections, to the last fen and the last word."""

from dataclasses import replace

import pytest

from contracts.vocabulary import CatalogueClass, EvidenceStatus
from settlement.kernel.deposit import NormalDepositNotStated, deposit_most_fen
from settlement.kernel.fee_lines import (
    LineLeft,
    LineParts,
    charges_of,
    parts_moved,
    parts_of,
    require_price_times_quantity,
    whole_line,
)
from settlement.kernel.report import DepositAllowed
from settlement.kernel.resolving import ResolvedNumber
from settlement.law.bill import Charges
from settlement.law.corrections import Corrections, Overpaid, Switch, Underpaid
from settlement.law.evidence import Evidence
from settlement.law.exact import Ratio
from settlement.law.fee_lines import FeeLine, FeeLineFaulty, plain_decimal

A, B, C = CatalogueClass


def line(quantity: str, price: str, fen: int, **more: str) -> FeeLine:
    """Line 7, of class B."""
    return FeeLine("7", "X", B, quantity, price, fen, **more)


def refusal(faulty: FeeLine) -> str:
    """What is said of it."""
    with pytest.raises(FeeLineFaulty) as refused:
        _accept(faulty)
    return str(refused.value)


def _accept(checked: FeeLine) -> None:
    checked.check()
    require_price_times_quantity(checked)


SIGNS = "费用明细 7：冲账行的数量为负数，并须写明原明细号；其他行数量为正数、不写原明细号"
NEGATIVE = "费用明细 7：单价与限价不能为负数"


@pytest.mark.parametrize(
    ("faulty", "said"),
    [
        (line("1", "-0.000001", 0), NEGATIVE),
        (line("1", "1", 1_00, price_limit_yuan="-0.000001"), NEGATIVE),
        (
            line("1", "1", 1_00, self_pay_share="1.000001"),
            "费用明细 7：先行自付比例 1.000001 应在 0 与 1 之间，如 0.1",
        ),
        (
            line("1", "1", 1_00, self_pay_share="-0.000001"),
            "费用明细 7：先行自付比例 -0.000001 应在 0 与 1 之间，如 0.1",
        ),
        (line("0", "1", 0), "费用明细 7：数量不能为 0"),
        (line("0", "1", 0, gives_back="3"), "费用明细 7：数量不能为 0"),
        (line("-1", "1", -1_00), SIGNS),
        (line("0.0001", "1", 0, gives_back="3"), SIGNS),
        (line("1", "1", -1), "费用明细 7：金额 -1 分与数量 1 的正负号不一致"),
        (
            line("-1", "1", 1, gives_back="3"),
            "费用明细 7：金额 1 分与数量 -1 的正负号不一致",
        ),
        (line("", "1", 1), "费用明细 7：数量“”应写成最多 4 位小数的数，如 1.5"),
        (line("1.00000", "1", 1), "费用明细 7：数量“1.00000”应写成最多 4 位小数的数，如 1.5"),
        (line("1", "1.", 1), "费用明细 7：单价“1.”应写成最多 6 位小数的数，如 1.5"),
        (
            line("1", "1234567890123", 1),
            "费用明细 7：单价“1234567890123”应写成最多 6 位小数的数，如 1.5",
        ),
        (
            line("1", "1", 1_00, price_limit_yuan="x"),
            "费用明细 7：限价“x”应写成最多 6 位小数的数，如 1.5",
        ),
        (
            line("1", "1", 1_00, self_pay_share="10%"),
            "费用明细 7：自付比例“10%”应写成最多 6 位小数的数，如 1.5",
        ),
        (
            line("3", "0.335", 1_03),
            "费用明细 7：金额 103 分与单价 0.335 元 × 数量 3（101 分）相差超过 1 分",
        ),
        (
            line("3", "0.335", 99),
            "费用明细 7：金额 99 分与单价 0.335 元 × 数量 3（101 分）相差超过 1 分",
        ),
        (
            line("-3", "0.335", -1_03, gives_back="3"),
            "费用明细 7：金额 -103 分与单价 0.335 元 × 数量 -3（-101 分）相差超过 1 分",
        ),
        (
            line("1", "0", 2),
            "费用明细 7：金额 2 分与单价 0 元 × 数量 1（0 分）相差超过 1 分",
        ),
    ],
)
def test_what_is_said_of_a_faulty_line(faulty: FeeLine, said: str) -> None:
    """Which line, what is wrong, and how it should be."""
    assert refusal(faulty) == said


@pytest.mark.parametrize(
    "right",
    [
        line("1", "0", 0),
        line("1", "0", 1),
        line("1", "1", 1_00, price_limit_yuan="0", self_pay_share="0"),
        line("1", "1", 1_00, self_pay_share="1"),
        line("0.0001", "123456789012", 1234567890),
        line("-1", "1", -1_00, gives_back="3"),
        line("-0.0001", "0.01", 0, gives_back="3"),
        line("1", "1", 1_01),
        line("1", "1", 99),
    ],
)
def test_a_line_at_the_edge_is_right(right: FeeLine) -> None:
    """One fen beside the product, nothing to pay, a share of all or none."""
    _accept(right)


def test_a_line_is_exact_to_the_digit() -> None:
    """Quantities in ten-thousandths, prices in millionths of a yuan, shares in millionths."""
    exact = line("-1.5", "0.000001", 0, price_limit_yuan="12.3", self_pay_share="0.1")
    assert exact.quantity_exact == -15_000
    assert exact.unit_price_exact == 1
    assert exact.price_limit_exact == 12_300_000
    assert (exact.share.units, exact.share.digits) == (100_000, 6)
    assert line("1", "1", 0).price_limit_exact is None
    assert (line("1", "1", 0).share.units, line("1", "1", 0).share.digits) == (0, 6)


def test_a_decimal_is_spelt_in_one_way() -> None:
    """Zeros at both ends go; zero has no sign; what is no decimal stays."""
    spelt = {
        "1": "1",
        "-1": "-1",
        "001.100": "1.1",
        "-0.10": "-0.1",
        "-0.000": "0",
        "10": "10",
        "100.0": "100",
        "0.5": "0.5",
        "1.": "1.",
        "+1": "+1",
        "": "",
    }
    assert {text: plain_decimal(text) for text in spelt} == spelt


def test_over_the_limit_the_share_and_what_is_left() -> None:
    """Two at 10.00 of which 8.00 are paid for; 25% of those 16.00 first."""
    both = line("2", "10", 20_00, price_limit_yuan="8", self_pay_share="0.25")
    assert parts_of(whole_line(both)) == LineParts(12_00, 4_00, 4_00, 0)
    assert whole_line(both) == LineLeft(both, 20_000, 20_00)
    assert parts_of(LineLeft(both, 10_000, 10_00)) == LineParts(6_00, 2_00, 2_00, 0)


def test_what_moved_is_the_difference() -> None:
    """From nothing, to nothing, and from two to one."""
    two = line("2", "10", 20_00, price_limit_yuan="8", self_pay_share="0.25")
    one = LineLeft(two, 10_000, 10_00)
    assert parts_moved(None, whole_line(two)) == LineParts(12_00, 4_00, 4_00, 0)
    assert parts_moved(whole_line(two), None) == LineParts(-12_00, -4_00, -4_00, 0)
    assert parts_moved(whole_line(two), one) == LineParts(-6_00, -2_00, -2_00, 0)
    assert parts_moved(None, None) == LineParts(0, 0, 0, 0)


def test_the_charges_of_lines_of_every_class() -> None:
    """Each class and item class has its own sum; an item class counts what is in scope."""
    dear = line("2", "10", 20_00, price_limit_yuan="8", self_pay_share="0.25", item_class="drug")
    bed = replace(line("1", "30", 30_00, item_class="bed"), catalogue_class=A)
    outside = replace(line("1", "5", 5_00, item_class="bed"), catalogue_class=C)
    plain = replace(line("1", "7", 7_00), catalogue_class=A)
    whole = [(None, whole_line(each)) for each in (dear, bed, outside, plain)]

    assert charges_of([*whole, (None, None)]) == Charges(
        total_fen=62_00,
        in_scope_fen=49_00,
        first_self_pay_fen=4_00,
        over_limit_fen=4_00,
        out_of_catalog_fen=5_00,
        class_a_fen=37_00,
        class_b_fen=20_00,
        class_c_fen=5_00,
        item_classes_fen={"bed": 30_00, "drug": 12_00},
    )
    assert list(charges_of(whole).item_classes_fen) == ["bed", "drug"]
    back = charges_of([(whole_line(dear), None), (None, None), (None, whole_line(plain))])
    assert back == Charges(
        total_fen=-13_00,
        in_scope_fen=-5_00,
        first_self_pay_fen=-4_00,
        over_limit_fen=-4_00,
        out_of_catalog_fen=0,
        class_a_fen=7_00,
        class_b_fen=-20_00,
        class_c_fen=0,
        item_classes_fen={"drug": -12_00},
    )


def used(value: int | Ratio | None) -> ResolvedNumber:
    """A number as it came out for the stay; only its value counts here."""
    reason = "以上没有写" if value is None else None
    return ResolvedNumber(number=None, value=value, reason=reason, evidences=())  # type: ignore[arg-type]  # the number itself is not asked


def known(value: int | Ratio | str) -> int | Ratio | None:
    """None of a number that nobody knows."""
    return None if isinstance(value, str) else value


HALF = Ratio(5, 1)
UNKNOWN = "missing"


@pytest.mark.parametrize(
    ("share", "amount", "normal_fen", "most_fen"),
    [
        (None, None, 1_000_00, None),
        (None, 200_00, None, 200_00),
        (HALF, None, 999_99, 499_99),
        (HALF, 200_00, 300_00, 150_00),
        (HALF, 200_00, 900_00, 200_00),
        (Ratio(0, 1), None, None, 0),
        (Ratio(0, 1), 200_00, 900_00, 0),
        (Ratio(1, 1), None, 9, 0),
        (Ratio(1, 0), None, 7_01, 7_01),
        (HALF, 0, 10_00, 0),
        (UNKNOWN, UNKNOWN, None, None),
        (HALF, UNKNOWN, 10_00, 5_00),
        (UNKNOWN, 10_00, None, 10_00),
    ],
)
def test_the_most_a_deposit_may_come_to(
    share: Ratio | str | None,
    amount: int | str | None,
    normal_fen: int | None,
    most_fen: int | None,
) -> None:
    """The lower of both, rounded down; a number that is not known limits nothing."""
    allowed = DepositAllowed(
        share_of_normal=None if share is None else used(known(share)),
        amount=None if amount is None else used(known(amount)),
    )
    assert deposit_most_fen(allowed, normal_fen) == most_fen


def test_a_share_of_what_nobody_stated_is_refused() -> None:
    """It says of which share, and what to state."""
    allowed = DepositAllowed(share_of_normal=used(HALF), amount=None)
    with pytest.raises(NormalDepositNotStated) as refused:
        deposit_most_fen(allowed, None)
    assert str(refused.value) == "政策规定押金为普通押金的 50%；请写明本院对其他病人收多少"


def test_each_switch_of_corrections_by_its_name() -> None:
    """One may be there without the other."""
    said = Evidence(EvidenceStatus.STATED, "text", None, None)
    underpaid, overpaid = Switch(Underpaid.LEAVE, said), Switch(Overpaid.LEAVE, said)
    both = Corrections(underpaid, overpaid)
    assert both.switch("underpaid") is underpaid
    assert both.switch("overpaid") is overpaid
    assert Corrections(overpaid=overpaid).switch("underpaid") is None
