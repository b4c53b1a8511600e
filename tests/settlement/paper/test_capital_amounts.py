"""Amounts in Chinese capitals: the examples of the rules, and every amount read back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from settlement.entrypoints.paper.capital_amounts import (
    LARGEST_CAPITAL_FEN,
    NoCapitals,
    capital_amount,
)

EXAMPLES = {
    # 《正确填写票据和结算凭证的基本规定》第四条 writes these out itself.
    1_409_50: "人民币壹仟肆佰零玖元伍角",
    6_007_14: "人民币陆仟零柒元壹角肆分",
    1_680_32: "人民币壹仟陆佰捌拾元零叁角贰分",
    107_000_53: "人民币壹拾万柒仟元零伍角叁分",
    16_409_02: "人民币壹万陆仟肆佰零玖元零贰分",
    325_04: "人民币叁佰贰拾伍元零肆分",
    # What follows from them.
    0: "人民币零元整",
    1: "人民币壹分",
    10: "人民币壹角",
    55: "人民币伍角伍分",
    1_00: "人民币壹元整",
    1_05: "人民币壹元零伍分",
    10_00: "人民币壹拾元整",
    10_50: "人民币壹拾元零伍角",
    100_05: "人民币壹佰元零伍分",
    1_001_00: "人民币壹仟零壹元整",
    5_625_20: "人民币伍仟陆佰贰拾伍元贰角",
    10_000_00: "人民币壹万元整",
    10_005_00: "人民币壹万零伍元整",
    10_500_00: "人民币壹万零伍佰元整",
    1_000_000_00: "人民币壹佰万元整",
    1_002_000_00: "人民币壹佰万贰仟元整",
    20_030_040_00: "人民币贰仟零叁万零肆拾元整",
    99_999_999_99: "人民币玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
    100_000_000_00: "人民币壹亿元整",
    100_000_005_00: "人民币壹亿零伍元整",
    100_005_000_00: "人民币壹亿零伍仟元整",
    123_400_567_00: "人民币壹亿贰仟叁佰肆拾万零伍佰陆拾柒元整",
}


@pytest.mark.parametrize(("amount_fen", "written"), EXAMPLES.items())
def test_amounts_as_the_rules_write_them(amount_fen: int, written: str) -> None:
    """Each character, and 整 where it belongs."""
    assert capital_amount(amount_fen) == written


def read_back(text: str) -> int:
    """Capitals read slowly from the left, as a cashier does: a digit, its place, its group."""
    yuan = group = digit = fen = 0
    for character in text.removeprefix("人民币").removesuffix("整"):
        if character in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
        elif character in "拾佰仟":
            group += digit * {"拾": 10, "佰": 100, "仟": 1000}[character]
            digit = 0
        elif character in "万亿":
            yuan += (group + digit) * {"万": 10_000, "亿": 100_000_000}[character]
            group = digit = 0
        elif character == "元":
            yuan += group + digit
            group = digit = 0
        else:
            fen += digit * {"角": 10, "分": 1}[character]
            digit = 0
    return yuan * 100 + fen


@given(st.one_of(st.integers(0, 100_000_000_00), st.integers(0, 100_000_00)))
@example(100_000_000_00)
@example(90_000_010_01)
def test_every_amount_reads_back(amount_fen: int) -> None:
    """Up to ¥100 million: what is written is that amount and no other, with 零 and 整 in order."""
    written = capital_amount(amount_fen)

    assert read_back(written) == amount_fen
    assert written.startswith("人民币")
    assert "零零" not in written
    assert not re.search(r"零[仟佰拾万亿角分整]", written)
    assert "零元" not in written or amount_fen == 0
    assert written.endswith("整") == (amount_fen % 100 == 0)


@given(st.integers(0, 99_999_999))
def test_a_gap_between_digits_is_one_zero(yuan: int) -> None:
    """A 0 before another digit is heard as 零, but for a 万 that ends in 0 before a thousand."""
    digits = str(yuan).zfill(8)
    upper = digits[:4].lstrip("0")
    lower = digits[4:] if upper else digits[4:].lstrip("0")
    heard = sum(len(re.findall(r"0+(?=[1-9])", group)) for group in (upper, lower))
    expected = heard if yuan else 1
    assert capital_amount(yuan * 100).count("零") == expected


@pytest.mark.parametrize("amount_fen", [-1, LARGEST_CAPITAL_FEN + 1])
def test_what_has_no_capitals_is_refused(amount_fen: int) -> None:
    """A negative amount would read like a positive one."""
    with pytest.raises(NoCapitals):
        capital_amount(amount_fen)
