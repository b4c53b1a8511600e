"""Finding a stay (查找住院)."""

from uuid import UUID

from contracts.vocabulary import InstitutionId
from settlement.application.ports import Ledger
from settlement.domain.institution import Institution, institution_uuid
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


class StayUnknown(Exception):
    """No such stay at the caller's institution."""


def own_stay(ledger: Ledger, stay_id: UUID, by: Actor) -> Stay:
    """A stay of the acting institution; another's is as unknown as one that never was."""
    stay = ledger.find(stay_id, Stay)
    if stay is None or stay.institution_id != by.institution_id:
        raise StayUnknown(f"机构 {by.institution_id} 没有住院 {stay_id}")
    return stay


def stay_in_sight(ledger: Ledger, stay_id: UUID, by: Actor) -> Stay:
    """A stay of the acting institution, or any where an office acts: whoever is not in the
    directory of institutions. That the code is an office's was asked at the door, where a code
    that is neither got no further.

    Raises StayUnknown.
    """
    if hospital_acting(ledger, by) is not None:
        return own_stay(ledger, stay_id, by)
    stay = ledger.find(stay_id, Stay)
    if stay is None:
        raise StayUnknown(f"没有住院 {stay_id}")
    return stay


def is_hospital(ledger: Ledger, institution_id: str) -> bool:
    """Whether an institution is in the directory of hospitals; any other is an office's code."""
    return ledger.find(institution_uuid(InstitutionId(institution_id)), Institution) is not None


def hospital_acting(ledger: Ledger, by: Actor) -> InstitutionId | None:
    """The hospital that acts; None where an office does: a code that was let in and is in no
    directory."""
    return by.institution_id if is_hospital(ledger, by.institution_id) else None
