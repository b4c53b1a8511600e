"""Institutions (机构): importing the reference data, and asking it."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.vocabulary import InstitutionId
from settlement.application.ports import FindsAggregates, Ledger, Receipt
from settlement.domain.institution import (
    Description,
    Institution,
    InstitutionUnknown,
    institution_uuid,
)
from settlement.domain.record import Actor, InstitutionUsed


@dataclass(frozen=True)
class InstitutionRow:
    """One row of an institutions file, read and checked."""

    institution_id: InstitutionId
    description: Description


def institution_on(
    ledger: FindsAggregates, institution_id: InstitutionId, day: date
) -> InstitutionUsed:
    """What the reference data said of an institution. Raises InstitutionUnknown."""
    found = ledger.find(institution_uuid(institution_id), Institution)
    if found is None:
        raise InstitutionUnknown(f"机构 {institution_id} 未登记；请先导入机构目录")
    return found.on(day)


def import_institutions(
    rows: list[InstitutionRow],
    *,
    source: str,
    ledger: Ledger,
    by: Actor,
    at: datetime,
    receipt: Receipt | None = None,
) -> int:
    """Take over a checked file, all rows at one instant; returns how many institutions it names.

    Importing the same file again changes nothing.
    """
    described: dict[InstitutionId, list[Description]] = {}
    for row in rows:
        described.setdefault(row.institution_id, []).append(row.description)
    institutions = []
    for institution_id, descriptions in described.items():
        known = ledger.find(institution_uuid(institution_id), Institution)
        institution = known or Institution.register(institution_id, at=at)
        ordered = tuple(sorted(descriptions, key=lambda d: d.valid_from))
        institution.describe(ordered, source=source, by=by, at=at)
        institutions.append(institution)
    ledger.save(*institutions, receipt=receipt)
    return len(institutions)
