"""Verifying the stays (验住院): admission, fees and discharge, decided again from the events."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import DateInFuture, StayRefusal
from settlement.law.bill import BillDoesNotAddUp, BillTooLarge

ADMISSION, FEES, DISCHARGE = "入院登记", "费用", "出院登记"
RECORDED = "已记入账本"

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def booked_day(instant: datetime) -> date:
    """The day on which what happens at an instant is booked (记账日期), in Asia/Shanghai."""
    return instant.astimezone(_SHANGHAI).date()


class StaysAgain:
    """Every stay as its decisions make it; what they refuse and the log holds is a finding."""

    def __init__(self, institutions: InstitutionsAgain):
        """No stay yet."""
        self._institutions = institutions
        self._known: dict[UUID, Stay] = {}

    def find(self, stay_id: UUID) -> Stay | None:
        """The stay as the log has told it so far."""
        return self._known.get(stay_id)

    def number_of(self, stay_id: UUID) -> str:
        """The hospital's number of a stay, or its id where nobody was admitted."""
        stay = self._known.get(stay_id)
        return stay.hospital_stay_number if stay else str(stay_id)

    def take(self, event: Stay.Created | Stay.FeesRecorded | Stay.Discharged) -> Iterator[Finding]:
        """What happens before a settlement."""
        if isinstance(event, Stay.Created):
            yield from self._admitted(event)
            return
        stay = self._known.get(event.originator_id)
        step = FEES if isinstance(event, Stay.FeesRecorded) else DISCHARGE
        if stay is None:
            yield Finding(step, "住院", RECORDED, "没有入院登记")
            return
        try:
            _decide(stay, event)
        except (StayRefusal, BillDoesNotAddUp, BillTooLarge) as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            # What the log holds goes on; batches that do not add up leave the charges alone.
            with suppress(BillDoesNotAddUp):
                event.apply(stay)
        for expected in stay.collect_events():
            yield from event_findings(step, event, expected)
        yield from actor_findings(step, event.by, stay)

    def _admitted(self, event: Stay.Created) -> Iterator[Finding]:
        try:
            stay = _admit(event, today=booked_day(event.timestamp))
        except DateInFuture as refusal:
            yield Finding(ADMISSION, "入院日期", event.admission, refusal)
            stay = _admit(event, today=event.admission)
        for expected in stay.collect_events():
            yield from event_findings(ADMISSION, event, expected)
        yield from actor_findings(ADMISSION, event.by, stay)
        institution = self._institutions.used(event.institution_id, event.admission)
        if isinstance(institution, str):
            yield Finding(ADMISSION, "机构", event.institution_id, institution)
        self._known.setdefault(event.originator_id, stay)


def actor_findings(step: str, by: Actor, stay: Stay) -> Iterator[Finding]:
    """A stay is written to by its own institution alone."""
    yield from value_findings(step, "经办机构", by.institution_id, stay.institution_id)


def _admit(event: Stay.Created, *, today: date) -> Stay:
    return Stay.admit(
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        person_id=event.person_id,
        scheme=event.scheme,
        admission=event.admission,
        circumstances=event.circumstances,
        by=event.by,
        today=today,
        at=event.timestamp,
    )


def _decide(stay: Stay, event: Stay.FeesRecorded | Stay.Discharged) -> None:
    if isinstance(event, Stay.FeesRecorded):
        stay.record_fees(
            batch_number=event.batch_number,
            charges=event.charges,
            by=event.by,
            at=event.timestamp,
        )
        return
    stay.discharge_patient(
        discharge=event.discharge,
        invoice_number=event.invoice_number,
        circumstances=event.circumstances,
        by=event.by,
        today=booked_day(event.timestamp),
        at=event.timestamp,
    )
