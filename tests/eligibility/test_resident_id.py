"""Resident identity numbers are checked by GB 11643, and 15-digit ones brought to 18."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import CertificateType
from eligibility.domain.certificate import InvalidCertificate, read_certificate
from eligibility.domain.resident_id import (
    InvalidResidentId,
    Sex,
    check_character,
    parse_resident_id,
)

# The two examples printed in GB 11643-1999.
STANDARD_WOMAN = "11010519491231002X"
STANDARD_MAN = "440524188001010014"

bodies = st.builds(
    lambda region, birth, sequence: f"{region:06d}{birth:%Y%m%d}{sequence:03d}",
    st.integers(110000, 999999),
    st.dates(date(1880, 1, 1), date(2030, 1, 1)),
    st.integers(0, 999),
)


def test_the_examples_of_the_standard_are_right() -> None:
    """GB 11643-1999 prints 11010519491231002X (woman) and 440524188001010014 (man)."""
    woman, man = parse_resident_id(STANDARD_WOMAN), parse_resident_id(STANDARD_MAN)

    assert (woman.birth_date, woman.sex) == (date(1949, 12, 31), Sex.FEMALE)
    assert (man.birth_date, man.sex) == (date(1880, 1, 1), Sex.MALE)


def test_a_fifteen_digit_number_is_brought_to_eighteen() -> None:
    """The century 19 and the check character are added: 110105491231002 is the same woman."""
    assert parse_resident_id("110105491231002").number == STANDARD_WOMAN


@given(body=bodies, position=st.integers(0, 16), shift=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, position: int, shift: int) -> None:
    """Changing any one digit makes the number invalid; unchanged it is valid."""
    check = check_character(body)
    wrong_digit = str((int(body[position]) + shift) % 10)
    wrong = body[:position] + wrong_digit + body[position + 1 :]

    assert parse_resident_id(body + check).number == body + check
    with pytest.raises(InvalidResidentId):
        parse_resident_id(wrong + check)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("110105194912310021", "校验码"),
        ("11010519491231002x", "校验码"),
        ("11010519490231002X", "出生日期"),
        ("11010519491331002X", "出生日期"),
        ("1101051949123100X2", "数字"),
        ("11010519491231００2X", "数字"),
        ("1101054912310X2", "数字"),
        ("11010519491231002", "18 位或 15 位"),
        ("", "18 位或 15 位"),
    ],
)
def test_a_wrong_number_is_refused_by_reason_and_not_repeated(number: str, reason: str) -> None:
    """The reason is told in Chinese; the number itself never is."""
    with pytest.raises(InvalidResidentId, match=reason) as refused:
        parse_resident_id(number)

    assert not number or number not in str(refused.value)


@pytest.mark.parametrize(
    "typed",
    ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_what_people_type_is_brought_to_one_form(typed: str) -> None:
    """Small x, spaces and full-width characters name the same certificate."""
    certificate = read_certificate(certificate_type=CertificateType.RESIDENT_ID, number=typed)

    assert certificate.number == STANDARD_WOMAN
    assert STANDARD_WOMAN not in repr(certificate)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (CertificateType.PASSPORT, "e1234567"),
        (CertificateType.HOUSEHOLD_REGISTER, "渝北001234567"),
        (CertificateType.RESIDENCE_PERMIT, "810000199901010011"),
    ],
)
def test_other_certificates_have_no_check_character(kind: CertificateType, number: str) -> None:
    """Newborns, foreigners and people from Hong Kong, Macao and Taiwan are people too."""
    assert read_certificate(certificate_type=kind, number=number).number == number.upper()


@pytest.mark.parametrize("number", ["", "123", "a b;c", "x" * 41])
def test_a_certificate_needs_a_plausible_number(number: str) -> None:
    """Too short, too long or with other characters: refused."""
    with pytest.raises(InvalidCertificate):
        read_certificate(certificate_type=CertificateType.PASSPORT, number=number)
