"""What a fact may say, which days a change touches, and what is shown of a certificate."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.vocabulary import (
    CertificateType,
    DataOwner,
    FactKind,
    MarkKind,
    Scheme,
    WithdrawalReason,
)
from eligibility.domain.certificate import Certificate
from eligibility.domain.days import Days
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    Enrolment,
    Fact,
    Household,
    Identity,
    Mark,
)
from eligibility.domain.impossible_facts import FactImpossible
from eligibility.domain.person import Person
from eligibility.domain.statements import owner_in, source_of
from tests.eligibility.conftest import number

AT = datetime(2023, 7, 1, tzinfo=UTC)
JANUARY, JUNE, DECEMBER = date(2023, 1, 1), date(2023, 6, 30), date(2023, 12, 31)


def person() -> Person:
    return Person.register(person_id=UUID(int=1), sealed=b"sealed", at=AT)


def low_income(last: date | None, after: BenefitsAfterEnd | None = None) -> Identity:
    return Identity("subsistence_allowance", JANUARY, last, after)


def enrolled(plan: str, *, waiting_to: date | None = None, from_birth: bool = False) -> Enrolment:
    return Enrolment(
        "500112",
        Scheme.RESIDENT,
        plan,
        JANUARY,
        DECEMBER,
        from_birth=from_birth,
        waiting_to=waiting_to,
    )


def days_changed(*facts: Fact) -> Days:
    """The days that the last of these statements touches."""
    someone = person()
    for fact in facts:
        assert someone.state(fact, source="test", at=AT)
    change = someone.change_at(someone.version)
    assert change is not None
    return change.days


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        (Identity("orphan", JUNE, JANUARY), "结束日期早于开始日期"),
        (low_income(None, BenefitsAfterEnd(None)), "身份未结束"),
        (low_income(JUNE, BenefitsAfterEnd(JUNE)), "须晚于身份结束日期"),
        (enrolled("一档", waiting_to=date(2024, 1, 1)), "等待期须在参保起止日期之内"),
        (enrolled("一档", waiting_to=JUNE, from_birth=True), "没有等待期"),
        (Household(DataOwner.POVERTY_OFFICE, number(1), JANUARY, None), "户编号不得为公民身份号码"),
        (
            Mark(MarkKind.CHRONIC, "500112", "M1", "样例", None, -1, None, JANUARY, None),
            "限额不得为负",
        ),
        (Disability(5, JANUARY, None), "1 至 4 级"),
    ],
)
def test_a_fact_that_contradicts_itself_is_refused_with_what_to_correct(
    fact: Fact, says: str
) -> None:
    """Nothing is recorded of it, and no number is repeated."""
    someone = person()

    with pytest.raises(FactImpossible, match=says) as refused:
        someone.state(fact, source="test", at=AT)

    assert someone.version == 1
    assert number(1)[:6] not in str(refused.value)


def test_a_change_touches_the_days_that_became_different() -> None:
    """A new fact its own days; an end the days behind it; another plan all days of both."""
    assert days_changed(low_income(None)) == Days(JANUARY, None)
    assert days_changed(low_income(None), low_income(JUNE)) == Days(date(2023, 7, 1), None)
    assert days_changed(low_income(DECEMBER), low_income(JUNE)) == Days(date(2023, 7, 1), DECEMBER)
    assert days_changed(low_income(JUNE), low_income(None)) == Days(date(2023, 7, 1), None)
    assert days_changed(enrolled("一档"), enrolled("二档")) == Days(JANUARY, DECEMBER)
    assert days_changed(Death(JUNE), Death(DECEMBER)) == Days(JUNE, date(2023, 12, 30))


def test_benefits_that_go_on_are_days_that_a_change_touches() -> None:
    """An identity that ended in June and whose benefits go on reaches as far as they do."""
    ended = low_income(JUNE, BenefitsAfterEnd(DECEMBER))

    assert days_changed(ended) == Days(JANUARY, DECEMBER)
    assert days_changed(low_income(JUNE), low_income(JUNE, BenefitsAfterEnd(None))) == Days(
        JANUARY, None
    )


def test_a_withdrawal_touches_all_days_of_what_never_was() -> None:
    """And the change names the kind of fact and the version from which answers say so."""
    someone = person()
    someone.state(low_income(JUNE), source="test", at=AT)
    reason = WithdrawalReason.NEVER_GRANTED
    someone.withdraw(low_income(JUNE), reason=reason, source="test", at=AT)

    change = someone.change_at(3)

    assert change is not None
    assert (change.kind, change.days, change.version) == (
        FactKind.IDENTITY,
        Days(JANUARY, JUNE),
        3,
    )
    assert someone.change_at(1) is None


def test_a_source_names_its_owner_and_its_document() -> None:
    """Sources from before owners were told name none."""
    source = source_of(DataOwner.CIVIL_AFFAIRS, "roster:7")

    assert source == "civil_affairs/roster:7"
    assert owner_in(source) is DataOwner.CIVIL_AFFAIRS
    assert [owner_in(old) for old in ("roster:7", "elsewhere/roster:7", "")] == [None] * 3


@pytest.mark.parametrize(
    ("kind", "plain", "masked"),
    [
        (CertificateType.RESIDENT_ID, "990001197001010015", "990001********0015"),
        (CertificateType.PASSPORT, "E12345678", "E1*****78"),
        (CertificateType.HOUSEHOLD_REGISTER, "1234", "1**4"),
    ],
)
def test_a_certificate_is_shown_with_its_middle_hidden(
    kind: CertificateType, plain: str, masked: str
) -> None:
    """Six and four of a long number; of a short one half stays hidden at least."""
    assert Certificate(kind, plain).masked == masked
