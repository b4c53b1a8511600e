"""Exact numbers (精确数): yuan and percentages as written, never through a binary float."""

import re
from dataclasses import dataclass

from contracts.vocabulary import Fen

_YUAN = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?")
_PERCENT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,8}))?%")


class NotExact(ValueError):
    """The text is not an exact amount or ratio; the message says what to write instead."""


@dataclass(frozen=True)
class Ratio:
    """An exact share (比例): `units` over ten to the power of `digits`; 70% is 7 over 10."""

    units: int
    digits: int

    def at_digits(self, digits: int) -> int:
        """The numerator over ten to the power of `digits`, which must not be fewer than ours."""
        if digits < self.digits:
            raise NotExact(f"{self} 不能用 {digits} 位小数精确表示")
        return self.units * int(10 ** (digits - self.digits))

    def plus(self, other: "Ratio") -> "Ratio":
        """The sum, exact (加百分点)."""
        digits = max(self.digits, other.digits)
        return reduced(self.at_digits(digits) + other.at_digits(digits), digits)

    def minus(self, other: "Ratio") -> "Ratio":
        """The difference, exact and not below zero (减百分点)."""
        digits = max(self.digits, other.digits)
        return reduced(max(0, self.at_digits(digits) - other.at_digits(digits)), digits)

    def times(self, other: "Ratio") -> "Ratio":
        """The product, exact (乘系数)."""
        return reduced(self.units * other.units, self.digits + other.digits)

    def is_above(self, other: "Ratio") -> bool:
        """Whether this share is greater than the other."""
        digits = max(self.digits, other.digits)
        return self.at_digits(digits) > other.at_digits(digits)

    def __str__(self) -> str:
        """As a percentage: 70%, 0.25%."""
        digits = max(self.digits, 2)
        whole, part = divmod(self.at_digits(digits), int(10 ** (digits - 2)))
        fraction = str(part).rjust(digits - 2, "0").rstrip("0")
        return f"{whole}.{fraction}%" if fraction else f"{whole}%"


def reduced(units: int, digits: int) -> Ratio:
    """The same ratio with the fewest digits."""
    while digits and units % 10 == 0:
        units, digits = units // 10, digits - 1
    return Ratio(units, digits)


def parse_yuan(text: str) -> Fen:
    """`"8450.50"` yuan as 845050 fen. Raises NotExact for signs, exponents or a third decimal."""
    match = _YUAN.fullmatch(text)
    if match is None:
        hint = "；50万写成 500000，不加逗号" if re.search(r"[万,，]", text) else ""
        raise NotExact(f"金额“{text}”应写成以元为单位、最多两位小数的数，如 8450.50{hint}")
    return Fen(int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")))


def parse_percent(text: str) -> Ratio:
    """`"62.5%"` as 625 over 1000. Raises NotExact when the percent sign is missing."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise NotExact(f"比例“{text}”应写成百分数，如 70% 或 62.5%")
    decimals = match[2] or ""
    return reduced(int(match[1] + decimals), 2 + len(decimals))


def format_yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals: 845050 is `8450.50`."""
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{yuan}.{fen:02d}"
