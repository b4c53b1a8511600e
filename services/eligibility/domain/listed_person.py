"""People as two offices list them, and where the lists differ (名册比对的差异)."""

from dataclasses import dataclass, field
from datetime import date

from contracts.vocabulary import CertificateType, DifferenceKind
from eligibility.domain.certificate import Certificate


@dataclass(frozen=True)
class ListedPerson:
    """One line of a list (名册中的一行): a person, the village, and one kind that it says, in the
    words users read.

    `certificate` is the number in the form it is looked up by, None where the list has none; of
    what type it is, is part of who somebody is. The days are those that the list says it holds.
    """

    certificate: str | None = field(repr=False)
    name: str = field(repr=False)
    birth: date | None = field(repr=False)
    village: str | None
    kind: str | None
    certificate_type: CertificateType = CertificateType.RESIDENT_ID
    township: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class ListedSide:
    """What one list says of the person of a difference (一方的说法).

    `kinds` are all kinds it says of the person, in one text.
    """

    certificate_type: CertificateType
    certificate: str = field(repr=False)
    name: str = field(repr=False)
    birth: date | None = field(repr=False)
    kinds: str | None

    @property
    def certificate_masked(self) -> str:
        """The number as it may be shown (前六后四)."""
        return Certificate(self.certificate_type, self.certificate).masked

    @property
    def name_masked(self) -> str:
        """The name as it may be shown: its first character; of two names, of each."""
        names = self.name.split("／")
        return "／".join(name[:1] + "*" * (len(name) - 1) for name in names)


@dataclass(frozen=True)
class Difference:
    """One difference (一条差异): what the left list says, and what the right one does; None where
    the person is not on it. Of a person whose number differs both numbers are given.
    """

    what: DifferenceKind
    township: str | None
    village: str | None
    left: ListedSide | None
    right: ListedSide | None
    disease: str | None = None
    """The disease (病种) that a difference of marks is about."""
