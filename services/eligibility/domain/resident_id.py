"""Resident identity numbers (公民身份号码), GB 11643-1999.

Eighteen characters: six of the region, eight of the birth date, three of the sequence (odd for
men), one check character. Cards issued before 1999 carry fifteen digits, without the century
and the check character.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import mul

OLD_LENGTH = 15
# GB 11643, 4.1: weights 2^(17-i) mod 11, and the check character for each remainder
# (ISO 7064, MOD 11-2).
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_BODY_LENGTH = len(_WEIGHTS)


class Sex(StrEnum):
    """Sex as the number tells it (性别)."""

    MALE = "male"
    FEMALE = "female"


class InvalidResidentId(Exception):
    """The number is no resident identity number; the message says why and never repeats it."""


@dataclass(frozen=True)
class ResidentId:
    """A valid number in its eighteen-character form (公民身份号码)."""

    number: str = field(repr=False)

    @property
    def birth_date(self) -> date:
        """The birth date in the number (出生日期)."""
        return _birth_date(self.number)

    @property
    def sex(self) -> Sex:
        """The sex in the number (性别)."""
        return Sex.MALE if int(self.number[16]) % 2 else Sex.FEMALE


def parse_resident_id(text: str) -> ResidentId:
    """Check a number and bring it to eighteen characters. Raises `InvalidResidentId`."""
    number = _upgrade(text) if len(text) == OLD_LENGTH else text
    if len(number) != _BODY_LENGTH + 1:
        message = "公民身份号码须为 18 位或 15 位 (18 or 15 characters)"
        raise InvalidResidentId(message)
    body, check = number[:_BODY_LENGTH], number[_BODY_LENGTH]
    _require_digits(body)
    _birth_date(number)
    if check != check_character(body):
        message = "公民身份号码的校验码不正确 (check character)"
        raise InvalidResidentId(message)
    return ResidentId(number)


def check_character(body: str) -> str:
    """The check character (校验码) of the first seventeen digits."""
    total = sum(map(mul, _WEIGHTS, map(int, body)))
    return _CHECK_CHARACTERS[total % 11]


def _upgrade(old: str) -> str:
    # Fifteen-digit numbers were given to people born before 2000 (GB 11643-1989).
    _require_digits(old)
    body = f"{old[:6]}19{old[6:]}"
    return body + check_character(body)


def _require_digits(text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        message = "公民身份号码只能由数字组成，末位可为 X (digits)"
        raise InvalidResidentId(message)


def _birth_date(number: str) -> date:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        message = "公民身份号码中的出生日期不存在 (birth date)"
        raise InvalidResidentId(message) from None
