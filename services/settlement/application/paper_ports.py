"""What printing a statement needs from outside (打印所需端口): where a number is, whose it is."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import CertificateType, PersonId
from settlement.domain.record import Actor


@dataclass(frozen=True)
class PersonOnPaper:
    """Who a paper is made out to (票据抬头), for as long as it is printed; never stored.

    None where eligibility does not know: all of them once the person was erased, `is_male` where
    there is no resident number.
    """

    name: str | None = field(default=None, repr=False)
    is_male: bool | None = None
    certificate_type: CertificateType | None = None
    certificate_masked: str | None = field(default=None, repr=False)


class PeopleOnPaper(Protocol):
    """Who somebody is, asked of eligibility when a paper is printed (票据抬头)."""

    def on_paper(self, person_id: PersonId, *, by: Actor) -> PersonOnPaper:
        """`by` is recorded there as the reader. Raises PersonUnknown, EligibilityUnreachable."""


class SettlementNumbers(Protocol):
    """Which stay a settlement number belongs to (结算单号索引)."""

    def stay_of(self, number: str) -> UUID | None:
        """The stay, or None where the number was never given."""
