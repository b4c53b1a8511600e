"""An index of settlements and a list of corrections for ledgers in memory."""

from collections.abc import Sequence
from datetime import date

from contracts.vocabulary import InstitutionId
from settlement.application.find_settlements import (
    FoundSettlement,
    SettlementStatus,
    Wanted,
)
from settlement.application.ledger_history import SettlementRecorded, settlements_recorded
from settlement.application.list_touched import Candidate
from settlement.application.ports import Ledger


class IndexOfLedger:
    """Implements the port `SettlementIndex` by reading the whole ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Reads whenever it is asked."""
        self._ledger = ledger

    def catch_up(self) -> int:
        """Nothing is kept."""
        return 0

    def found(self, wanted: Wanted, *, after: int, limit: int) -> Sequence[FoundSettlement]:
        """By number, person, institution and status alone."""
        every = map(_found, settlements_recorded(self._ledger.events()))
        met = (
            each
            for each in every
            if each.position > after
            and wanted.number in (None, each.number)
            and wanted.institution_id in (None, each.institution_id)
            and wanted.status in (None, each.status)
            and (wanted.person_ids is None or each.person_id in wanted.person_ids)
        )
        return tuple(met)[:limit]

    def payers(self, wanted: Wanted) -> Sequence[str]:
        """Nobody asks here."""
        raise NotImplementedError(wanted)


class NothingTouched:
    """Implements the port `TouchedSettlements`: nobody corrected anything."""

    def candidates(
        self, *, after: int, limit: int, institution_id: InstitutionId | None
    ) -> tuple[Candidate, ...]:
        """None."""
        del after, limit, institution_id
        return ()


def _found(recorded: SettlementRecorded) -> FoundSettlement:
    inputs, completed = recorded.inputs, recorded.completed
    assert completed is not None
    return FoundSettlement(
        position=recorded.position,
        number=recorded.number,
        stay_id=str(recorded.stay_id),
        hospital_stay_number=completed.hospital_stay_number,
        invoice_number=None,
        person_id=completed.person_id,
        institution_id=completed.institution_id,
        region=completed.region,
        scheme=completed.scheme,
        fingerprint=inputs.fingerprint,
        policy=None,
        admission=inputs.admission,
        discharge=inputs.discharge,
        benefit_year_from=min(inputs.counter_years.values(), default=date.min),
        booked_on=completed.booked_on,
        total_fen=completed.total_fen,
        patient_fen=recorded.patient_fen,
        status=SettlementStatus.REVERSED if recorded.is_reversed else SettlementStatus.SETTLED,
        used_assumed=False,
        reversed_on=None,
        shares=(),
    )
