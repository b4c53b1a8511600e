"""Certificates and the personal data behind them (证件与个人信息).

Neither is ever shown: their `repr` is empty, so that a log line or a traceback shows nothing.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from contracts.vocabulary import CertificateType
from eligibility.domain.masking import mask_number
from eligibility.domain.resident_id import InvalidResidentId, ResidentId, parse_resident_id

_SPACES = re.compile(r"\s+")
_OTHER_NUMBER = re.compile(r"[0-9A-Z一-鿿()\-/]{4,40}")


class InvalidCertificate(Exception):
    """A certificate number that cannot be right (证件号码不正确). Never repeats the number."""


@dataclass(frozen=True)
class Certificate:
    """A certificate in the one form it is looked up by (证件)."""

    type: CertificateType
    number: str = field(repr=False)

    @property
    def birth_date(self) -> date | None:
        """The birth date, where the number tells it."""
        if self.type is CertificateType.RESIDENT_ID:
            return ResidentId(self.number).birth_date
        return None

    @property
    def masked(self) -> str:
        """The number as it may be shown (证件脱敏)."""
        return mask_number(self.number)


@dataclass(frozen=True)
class PersonalData:
    """What only eligibility knows about a person (个人信息); stored encrypted and nowhere else."""

    certificate: Certificate = field(repr=False)
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)


def read_certificate(*, certificate_type: CertificateType, number: str) -> Certificate:
    """A certificate from what was typed: full-width characters, spaces and case do not matter.

    Raises `InvalidCertificate`.
    """
    typed = number if number.isascii() else unicodedata.normalize("NFKC", number)
    plain = _SPACES.sub("", typed).upper()
    if certificate_type is CertificateType.RESIDENT_ID:
        try:
            return Certificate(certificate_type, parse_resident_id(plain).number)
        except InvalidResidentId as error:
            raise InvalidCertificate(*error.args) from None
    if not _OTHER_NUMBER.fullmatch(plain):
        message = "证件号码须为 4 至 40 位数字、字母或汉字 (4–40 characters)"
        raise InvalidCertificate(message)
    return Certificate(certificate_type, plain)
