"""Discharging a patient (出院登记)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import Departure
from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Ledger
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class DischargePatient:
    """The command."""

    stay_id: UUID
    discharge: date
    invoice_number: str | None
    circumstances: Circumstances
    by: Actor
    today: date
    at: datetime
    departure: Departure | None = None


def discharge_patient(command: DischargePatient, *, ledger: Ledger, accept: Accept) -> Stay:
    """Discharge. Raises StayUnknown and what `Stay.discharge_patient` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.discharge_patient(
        discharge=command.discharge,
        invoice_number=command.invoice_number,
        circumstances=command.circumstances,
        by=command.by,
        today=command.today,
        at=command.at,
        departure=command.departure,
    )
    ledger.save(stay, receipt=accept(stay))
    return stay
