"""Show a person's card (人员卡片), and who has read the person's facts (查阅记录)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.vocabulary import CertificateType
from eligibility.application.certificates_of import certificates_of
from eligibility.application.find_person import require_one
from eligibility.application.ports import PersonalDataVault, PersonReads, ReadBy, Store
from eligibility.domain.certificate import Certificate
from eligibility.domain.one_person import OnePerson
from eligibility.domain.resident_id import ResidentId, Sex


@dataclass(frozen=True)
class PersonCard:
    """The certificate of a person, masked (证件脱敏); None once the person was erased.

    `person_ids` are all records of the person, the canonical one first; `others` are certificates
    added since to the record that was asked for.
    """

    person_id: UUID
    person_ids: tuple[UUID, ...]
    certificate_type: CertificateType | None
    certificate_masked: str | None
    others: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class PaperHeading:
    """Who a paper is made out to (票据抬头); all None once the person was erased.

    `sex` is that of the resident number, None where the person has none.
    """

    person_id: UUID
    name: str | None = field(default=None, repr=False)
    sex: Sex | None = None
    certificate: Certificate | None = None


class ShowPerson:
    """Shows enough to see that it is the right person; a name on paper alone."""

    def __init__(self, *, vault: PersonalDataVault, store: Store, reads: PersonReads) -> None:
        self._vault = vault
        self._store = store
        self._reads = reads

    def card(self, person_id: UUID, *, by: ReadBy) -> PersonCard:
        """The card of a person. Raises `UnknownPerson`."""
        one = self._require(person_id)
        person_ids = one.known().person_ids
        self._reads.record(person_ids, by=by)
        keys = self._vault.keys_of([person_id])
        data = keys.open(person_id, one.record.sealed[-1][1])
        if data is None:
            return PersonCard(person_id, person_ids, None, None)
        opened = (
            keys.open_certificate(person_id, sealed) for sealed in one.record.more_certificates
        )
        return PersonCard(
            person_id,
            person_ids,
            data.certificate.type,
            data.certificate.masked,
            tuple(each for each in opened if each is not None),
        )

    def on_paper(self, person_id: UUID, *, by: ReadBy) -> PaperHeading:
        """What stands on a paper made out to a person. Raises `UnknownPerson`."""
        one = self._require(person_id)
        self._reads.record(one.known().person_ids, by=by)
        keys = self._vault.keys_of([person_id])
        data = keys.open(person_id, one.record.sealed[-1][1])
        if data is None:
            return PaperHeading(person_id)
        resident = (
            ResidentId(each.number)
            for each in certificates_of(one.record, keys)
            if each.type is CertificateType.RESIDENT_ID
        )
        number = next(resident, None)
        return PaperHeading(person_id, data.name, number.sex if number else None, data.certificate)

    def reads(self, person_id: UUID) -> Sequence[ReadBy]:
        """The latest readings of a person's facts, the latest first. Raises `UnknownPerson`."""
        self._require(person_id)
        return self._reads.latest(person_id)

    def _require(self, person_id: UUID) -> OnePerson:
        return require_one(self._store, person_id)
