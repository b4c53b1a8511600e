"""Finding a settlement by its number (按结算单号查找), and all that was ever issued under it."""

from typing import Any
from uuid import UUID

from settlement.application.ports import Ledger
from settlement.domain.record import Actor
from settlement.domain.settlement import Settlement
from settlement.domain.statement_code import StatementIssued
from settlement.domain.stay import Stay


class SettlementUnknown(Exception):
    """No settlement with this number at the caller's institution."""


def history_of_issued(ledger: Ledger, stay_id: UUID, number: str) -> list[StatementIssued]:
    """Every form a settlement had after it was completed, in order; the last one counts.

    Read event by event: what changes a settlement under its number, whatever kind of event it
    is, makes another form.
    """
    stay: Any = None
    settled_by: Actor | None = None
    found: list[StatementIssued] = []
    for event in ledger.history(stay_id):
        stay = event.mutate(stay)
        if isinstance(event, Stay.SettlementCompleted) and event.number == number:
            settled_by = event.by
        if settled_by is not None:
            form = _issued(stay, _with_number(stay, number), settled_by)
            if found[-1:] != [form]:
                found.append(form)
    return found


def _with_number(stay: Stay, number: str) -> Settlement:
    return next(each for each in stay.settlements if each.number == number)


def _issued(stay: Stay, settlement: Settlement, settled_by: Actor) -> StatementIssued:
    return StatementIssued(
        institution_id=stay.institution_id,
        hospital_stay_number=stay.hospital_stay_number,
        # Of then: under a cancelled stay number somebody else may have been admitted since.
        invoice_number=settlement.invoice_number,
        person_id=settlement.inputs.eligibility.person_id,
        settled_by=settled_by,
        settlement=settlement,
    )
