"""Who a person is to others (本人信息): the personal data and certificates of all their records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.vocabulary import CertificateType
from eligibility.application.certificates_of import certificates_of
from eligibility.application.ports import PersonKeys
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.one_person import OnePerson


@dataclass(frozen=True)
class KnownAs:
    """By record, the canonical one first, as far as their keys are there (已知信息).

    Of each record's certificates the resident number is the first.
    """

    data: Mapping[UUID, PersonalData] = field(repr=False)
    certificates: Mapping[UUID, Sequence[Certificate]] = field(repr=False)

    @property
    def every_certificate(self) -> frozenset[Certificate]:
        """Those of all records."""
        return frozenset(each for known in self.certificates.values() for each in known)


def known_as(one: OnePerson, keys: PersonKeys) -> KnownAs:
    """Open what all records know of a person; nothing once they are erased."""
    data: dict[UUID, PersonalData] = {}
    certificates: dict[UUID, Sequence[Certificate]] = {}
    for record in one.members:
        opened = keys.open(record.id, record.sealed[-1][1])
        if opened is not None:
            data[record.id] = opened
            certificates[record.id] = sorted(
                certificates_of(record, keys),
                key=lambda each: each.type is not CertificateType.RESIDENT_ID,
            )
    return KnownAs(data, certificates)
