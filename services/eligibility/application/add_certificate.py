"""Add a certificate to a person (增加证件): the number a newborn gets later, a passport."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.vocabulary import CertificateType
from eligibility.application.certificates_of import certificates_of
from eligibility.application.find_person import PersonErased, require_one
from eligibility.application.ports import (
    ActsFor,
    PersonalDataVault,
    PersonKeys,
    Receipt,
    Store,
)
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.person import Person


class CertificateTaken(Exception):
    """The certificate finds somebody else (证件已属于其他人员)."""


class CertificateContradicts(Exception):
    """The number tells another birth date than the one that is known (出生日期不符)."""


@dataclass(frozen=True)
class AddedCertificate:
    """What became of it (增加证件结果); `added` is False if the person had it before."""

    person_id: UUID
    certificate_type: CertificateType
    added: bool
    recorded_at: datetime
    version: int


Accept = Callable[[AddedCertificate], Receipt]


class AddCertificate:
    """Lets one more certificate find a person."""

    def __init__(self, *, vault: PersonalDataVault, store: Store) -> None:
        self._vault = vault
        self._store = store

    def fingerprint(self, person_id: UUID, body: bytes) -> bytes:
        """What a request may be remembered by: a plain hash of a number is found by trying."""
        return self._vault.keys_of([person_id]).fingerprint(person_id, body)

    def __call__(
        self,
        person_id: UUID,
        certificate: Certificate,
        *,
        acting: ActsFor,
        at: datetime,
        accept: Accept | None = None,
    ) -> AddedCertificate:
        """Add a certificate to the record of this id.

        Raises `UnknownPerson`, `PersonErased`, `CertificateTaken`, `CertificateContradicts`.
        """
        one = require_one(self._store, person_id)
        record, version = one.record, one.version
        keys = self._vault.keys_of([person_id])
        data = keys.open(person_id, record.sealed[-1][1])
        if data is None:
            message = "该人员的个人信息已删除，不能再增加证件 (erased)"
            raise PersonErased(message)
        _refuse_contradiction(certificate, data)
        found = self._claim(certificate, person_id, one.known().person_ids)
        is_new = found == person_id and certificate not in certificates_of(record, keys)
        if is_new:
            _record(record, certificate, data, keys, acting, max(at, one.modified_on))
        pending = record.pending_events
        made = AddedCertificate(
            person_id, certificate.type, is_new, record.modified_on, version + len(pending)
        )
        self._store.save(record, receipt=accept(made) if accept is not None else None)
        return made

    def _claim(self, certificate: Certificate, person_id: UUID, person_ids: Sequence[UUID]) -> UUID:
        # Before the event: a process killed in between leaves a look-up that is right already,
        # and the request sent again finds it.
        found = self._vault.claim(certificate, person_id)
        if found in person_ids:
            return found
        if self._store.find_person(found) is None:
            message = (
                "此证件尚未登记，只在比对过的名单或未完成的导入中出现过："
                f"导入未完成的，请先完成再归并；只比对过的，请先执行 yizhan person erase {found}，"
                "再增加证件 (only compared, or reserved by an import)"
            )
            raise CertificateTaken(message)
        message = f"此证件已属于人员 {found}；确为同一人的，请归并两条记录 (merge them)"
        raise CertificateTaken(message)


def _record(
    record: Person,
    certificate: Certificate,
    data: PersonalData,
    keys: PersonKeys,
    acting: ActsFor,
    at: datetime,
) -> None:
    sealed = keys.seal_certificate(record.id, certificate)
    record.add_certificate(
        sealed, institution_id=acting.institution_id, operator=acting.operator, at=at
    )
    # A number that tells the birth date says what no list had said.
    if data.birth_date is None and certificate.birth_date is not None:
        stated = replace(data, birth_date=certificate.birth_date)
        record.state_personal_data(keys.seal(record.id, stated), at=at)


def _refuse_contradiction(certificate: Certificate, data: PersonalData) -> None:
    born = certificate.birth_date
    if born is not None and data.birth_date is not None and born != data.birth_date:
        message = (
            "证件号码中的出生日期与已登记的不同；请核对是否本人，"
            "登记有误的先用名册更正出生日期 (birth dates differ)"
        )
        raise CertificateContradicts(message)
