"""Masking (脱敏): the one place where a number or a name is made showable."""

from typing import Final

_LONG: Final = 16
_KEPT_OF_LONG: Final = (6, 4)
_HIDDEN: Final = "*"


def mask_number(number: str) -> str:
    """A certificate number with the first six and the last four characters (保留前六后四).

    Of a number of fewer than sixteen characters (passports, registers) a quarter at each end.
    """
    first, last = _KEPT_OF_LONG if len(number) >= _LONG else (len(number) // 4,) * 2
    kept_last = number[-last:] if last else ""
    return number[:first] + _HIDDEN * (len(number) - first - last) + kept_last


def mask_name(name: str) -> str:
    """A name with its first character (张*、张**); of a name of one character nothing."""
    if len(name) <= 1:
        return _HIDDEN * len(name)
    return name[0] + _HIDDEN * (len(name) - 1)
