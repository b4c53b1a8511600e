"""Yuan, percentages and their rounding, by written-out examples (精确数)."""

import pytest

from contracts.vocabulary import EvidenceStatus
from settlement.law.evidence import Evidence
from settlement.law.exact import (
    NotExact,
    Ratio,
    format_yuan,
    parse_percent,
    parse_yuan,
    reduced,
)
from settlement.law.rounding import Rounding, RoundingMode


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("1", 1_00),
        ("0.5", 50),
        ("0.05", 5),
        ("8450.50", 8450_50),
        ("007", 7_00),
        ("999999999999999", 999999999999999_00),
    ],
)
def test_yuan_are_read_to_the_fen(text: str, fen: int) -> None:
    """One decimal is a jiao, two are fen."""
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.", ".5", "1.234", "1e3", "1,000", "1 ", "１", "1" * 16, "70%", "1\n"],
)
def test_what_is_not_yuan_says_how_to_write_it(text: str) -> None:
    """Signs, exponents, separators and a third decimal are refused with an example."""
    with pytest.raises(NotExact) as refused:
        parse_yuan(text)
    said = str(refused.value)
    assert said.startswith(f"金额“{text}”应写成以元为单位、最多两位小数的数，如 8450.50")


@pytest.mark.parametrize(
    ("text", "units", "digits"),
    [
        ("0%", 0, 0),
        ("100%", 1, 0),
        ("70%", 7, 1),
        ("62.5%", 625, 3),
        ("0.25%", 25, 4),
        ("12.50%", 125, 3),
        ("999999999.99999999%", 99999999999999999, 10),
    ],
)
def test_percentages_are_exact_ratios(text: str, units: int, digits: int) -> None:
    """62.5% is 625 over 1000, with no digit too many."""
    assert parse_percent(text) == Ratio(units, digits)


@pytest.mark.parametrize(
    "text", ["", "70", "0.7", "-1%", "70 %", "70％", ".5%", "1.%", "1" * 10 + "%"]
)
def test_what_is_no_percentage_says_how_to_write_it(text: str) -> None:
    """The sign is never guessed."""
    with pytest.raises(NotExact) as refused:
        parse_percent(text)
    assert str(refused.value) == f"比例“{text}”应写成百分数，如 70% 或 62.5%"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(0, 0), "0%"),
        (Ratio(1, 0), "100%"),
        (Ratio(7, 1), "70%"),
        (Ratio(70, 2), "70%"),
        (Ratio(5, 2), "5%"),
        (Ratio(625, 3), "62.5%"),
        (Ratio(6250, 4), "62.5%"),
        (Ratio(7000, 4), "70%"),
        (Ratio(25, 4), "0.25%"),
        (Ratio(1005, 4), "10.05%"),
        (Ratio(12, 0), "1200%"),
    ],
)
def test_ratios_are_told_as_percentages(ratio: Ratio, text: str) -> None:
    """As somebody would write them, with the decimals that are needed."""
    assert str(ratio) == text


def test_ratios_are_reckoned_exactly() -> None:
    """Points are added and taken off, not below zero; factors multiply."""
    assert Ratio(6, 1).plus(Ratio(5, 2)) == Ratio(65, 2)
    assert Ratio(5, 2).plus(Ratio(95, 2)) == Ratio(1, 0)
    assert Ratio(6, 1).minus(Ratio(5, 2)) == Ratio(55, 2)
    assert Ratio(5, 2).minus(Ratio(6, 1)) == Ratio(0, 0)
    assert Ratio(6, 1).minus(Ratio(6, 1)) == Ratio(0, 0)
    assert Ratio(9, 1).times(Ratio(95, 2)) == Ratio(855, 3)
    assert Ratio(5, 1).times(Ratio(2, 1)) == Ratio(1, 1)


def test_ratios_compare_whatever_their_digits() -> None:
    """70% is above 69.9% and not above 70.00%."""
    assert Ratio(7, 1).is_above(Ratio(699, 3))
    assert not Ratio(699, 3).is_above(Ratio(7, 1))
    assert not Ratio(7, 1).is_above(Ratio(7000, 4))


def test_a_ratio_is_taken_at_as_many_digits_as_it_has_or_more() -> None:
    """62.5% is 6250 over ten thousand and cannot be told in hundredths."""
    assert Ratio(625, 3).at_digits(4) == 6250
    assert Ratio(625, 3).at_digits(3) == 625
    with pytest.raises(NotExact) as refused:
        Ratio(625, 3).at_digits(2)
    assert str(refused.value) == "62.5% 不能用 2 位小数精确表示"


def test_a_ratio_is_kept_with_the_fewest_digits() -> None:
    """Zero keeps none, whole numbers keep their noughts."""
    assert reduced(6250, 4) == Ratio(625, 3)
    assert reduced(0, 4) == Ratio(0, 0)
    assert reduced(10, 0) == Ratio(10, 0)
    assert reduced(10, 1) == Ratio(1, 0)


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (50, "0.50"), (8450_50, "8450.50"), (-5, "-0.05"), (-1_00, "-1.00")],
)
def test_fen_are_told_as_yuan(fen: int, text: str) -> None:
    """Always with two decimals; what is below zero says so in front."""
    assert format_yuan(fen) == text


_EVIDENCE = Evidence(EvidenceStatus.STATED, source="text")

# mode, quantum, then what 3.5, 4.5, 4.4, 4.6 and 4 quanta come to, in quanta.
_ROUNDED = [
    (RoundingMode.HALF_UP, [4, 5, 4, 5, 4], "四舍五入"),
    (RoundingMode.HALF_EVEN, [4, 4, 4, 5, 4], "四舍六入五成双"),
    (RoundingMode.DOWN, [3, 4, 4, 4, 4], "舍去"),
    (RoundingMode.UP, [4, 5, 5, 5, 4], "进一"),
]


@pytest.mark.parametrize(("quantum", "unit"), [(1, "分"), (10, "角"), (100, "元")])
@pytest.mark.parametrize(("mode", "rounded", "label"), _ROUNDED)
def test_products_are_rounded_the_way_the_policy_names(
    mode: RoundingMode, rounded: list[int], label: str, quantum: int, unit: str
) -> None:
    """Ties differ in the modes, and so does everything that is not a tie in two of them."""
    rule = Rounding(mode, quantum, "rounding", _EVIDENCE)

    found = [rule.rounded(tenths * quantum, 10) for tenths in (35, 45, 44, 46, 40)]

    assert found == [steps * quantum for steps in rounded]
    assert rule.label == f"{label}到{unit}"
    assert rule.code == f"{mode.value}/{quantum}"


def test_rounding_up_takes_the_least_rest_for_a_step() -> None:
    """One in three of a fen, and one in a million of a yuan."""
    to_fen = Rounding(RoundingMode.UP, 1, "rounding", _EVIDENCE)
    to_yuan = Rounding(RoundingMode.UP, 100, "rounding", _EVIDENCE)

    assert [to_fen.rounded(n, 3) for n in (0, 1, 2, 3, 4)] == [0, 1, 1, 1, 2]
    assert [to_yuan.rounded(n, 10**4) for n in (0, 1, 10**6, 10**6 + 1)] == [0, 100, 100, 200]


@pytest.mark.parametrize("text", ["50万", "1,000", "1，000"])
def test_who_writes_commas_is_told_to_leave_them_out(text: str) -> None:
    """And what 50万 is in figures."""
    with pytest.raises(NotExact) as refused:
        parse_yuan(text)

    assert str(refused.value).endswith("，如 8450.50；50万写成 500000，不加逗号")


def test_who_writes_no_commas_is_not_told_of_them() -> None:
    """A sign is another mistake."""
    with pytest.raises(NotExact, match=r"如 8450\.50$"):
        parse_yuan("-1")
