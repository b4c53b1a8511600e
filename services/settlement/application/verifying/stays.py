"""Verifying the stays (验住院): admission, fees and discharge, decided again from the events."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import DateInFuture, NotDischarged, StayRefusal
from settlement.law.bill import BillDoesNotAddUp, BillTooLarge
from settlement.law.fee_lines import FeeLineFaulty

ADMISSION = "入院登记"
STEPS: dict[Any, str] = {
    Stay.Created: ADMISSION,
    Stay.PartBegun: "分段开始",
    Stay.AdmissionChanged: "变更入院登记",
    Stay.AdmissionCancelled: "撤销入院登记",
    Stay.AdmittedAgain: "重新入院登记",
    Stay.FeesRecorded: "费用",
    Stay.FeeBatchDeleted: "删除费用批次",
    Stay.FeeLineCorrected: "更正费用明细",
    Stay.FeeLineDeleted: "删除费用明细",
    Stay.DepositPaid: "收押金",
    Stay.DepositRefunded: "退押金",
    Stay.Discharged: "出院登记",
    Stay.InterimClosed: "中途结算",
    Stay.DischargeUndone: "取消出院",
    Stay.TenderRecorded: "支付方式",
}
"""What happens to a stay beside its settlements, and what users read for it."""

STAY_EVENTS = tuple(STEPS)
_REFUSALS = (StayRefusal, BillDoesNotAddUp, BillTooLarge, FeeLineFaulty)
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

    def stay_of(self, stay_id: UUID, _: type[Stay], /) -> Stay | None:
        """As a ledger finds it."""
        return self.find(stay_id)

    def number_of(self, stay_id: UUID) -> str:
        """The hospital's number of a stay, or its id where nobody was admitted."""
        stay = self._known.get(stay_id)
        return stay.hospital_stay_number if stay else str(stay_id)

    def take(self, event: Any) -> Iterator[Finding]:
        """What happens beside the settlements: an event of `STAY_EVENTS`."""
        if isinstance(event, Stay.PartBegun):
            yield from self._part_begun(event)
            return
        if isinstance(event, Stay.Created):
            yield from self._admitted(event)
            return
        stay = self._known.get(event.originator_id)
        step = STEPS[type(event)]
        if stay is None:
            yield Finding(step, "住院", RECORDED, "没有入院登记")
            return
        settled_at = stay.modified_on
        try:
            self._decide(stay, event)
        except _REFUSALS as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            # What the log holds goes on; batches that do not add up leave the charges alone.
            with suppress(BillDoesNotAddUp):
                event.apply(stay)
        for expected in stay.collect_events():
            yield from event_findings(step, event, expected)
        yield from actor_findings(step, event.by, stay)
        if isinstance(event, Stay.TenderRecorded):
            # Said with the settlement, in one transaction.
            yield from value_findings(step, "时刻", event.timestamp, settled_at)
        if isinstance(event, Stay.AdmissionChanged | Stay.AdmittedAgain) and stay.part == 1:
            yield from self._institution_findings(step, stay, event.admission)

    def _admitted(self, event: Stay.Created) -> Iterator[Finding]:
        try:
            stay = _admit(event, today=booked_day(event.timestamp))
        except DateInFuture as refusal:
            yield Finding(ADMISSION, "入院日期", event.admission, refusal)
            stay = _admit(event, today=event.admission)
        for expected in stay.collect_events():
            yield from event_findings(ADMISSION, event, expected)
        yield from actor_findings(ADMISSION, event.by, stay)
        yield from self._institution_findings(ADMISSION, stay, event.admission)
        self._known.setdefault(event.originator_id, stay)

    def _part_begun(self, event: Stay.PartBegun) -> Iterator[Finding]:
        """The part after one that was closed, which it must name."""
        step, former = STEPS[Stay.PartBegun], self._known.get(event.continues)
        try:
            if former is None:
                raise NotDischarged("没有前一段")
            stay = former.part_after(by=event.by, at=event.timestamp)
        except NotDischarged as refusal:
            yield Finding(step, "前一段", event.continues, refusal)
            stay = _admit(event, today=event.admission)
            stay.collect_events()
            event.apply(stay)
        for expected in stay.collect_events():
            yield from event_findings(step, event, expected)
        yield from actor_findings(step, event.by, stay)
        self._known.setdefault(event.originator_id, stay)

    def _decide(self, stay: Stay, event: Any) -> None:
        """The decision that an event came from; of later parts it follows from the former."""
        if isinstance(event, Stay.AdmissionCancelled) and stay.part > 1:
            stay.withdraw_part(reason=event.reason, by=event.by, at=event.timestamp)
        elif isinstance(event, Stay.AdmittedAgain) and stay.continues in self._known:
            former = self._known[stay.continues]
            stay.begin_again_after(former, by=event.by, at=event.timestamp)
        else:
            _decide(stay, event)

    def left_over(self) -> Iterator[Finding]:
        """At the end every part that goes on has one after it, and no other part has."""
        for stay in self._known.values():
            following = self._known.get(stay.next_part_id)
            stands = following is not None and not following.is_cancelled
            if stay.goes_on and not stay.is_cancelled and not stands:
                number = stay.hospital_stay_number
                yield Finding("中途结算", f"住院 {number} 第 {stay.part + 1} 段", "没有", RECORDED)
            if stands and not stay.goes_on:
                number = stay.hospital_stay_number
                yield Finding("中途结算", f"住院 {number} 第 {stay.part + 1} 段", RECORDED, "没有")

    def _institution_findings(self, step: str, stay: Stay, day: date) -> Iterator[Finding]:
        institution = self._institutions.used(stay.institution_id, day)
        if isinstance(institution, str):
            yield Finding(step, "机构", stay.institution_id, institution)


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


def _decide(stay: Stay, event: Any) -> None:
    """The decision that an event of `STAY_EVENTS` came from, from what the event says."""
    by, at, today = event.by, event.timestamp, booked_day(event.timestamp)
    match event:
        case Stay.AdmissionChanged():
            stay.change_admission(
                scheme=event.scheme,
                admission=event.admission,
                circumstances=event.circumstances,
                by=by,
                today=today,
                at=at,
            )
        case Stay.AdmissionCancelled():
            stay.cancel_admission(reason=event.reason, by=by, at=at)
        case Stay.AdmittedAgain():
            stay.admit_again(
                person_id=event.person_id,
                scheme=event.scheme,
                admission=event.admission,
                circumstances=event.circumstances,
                by=by,
                today=today,
                at=at,
            )
        case Stay.Discharged():
            stay.discharge_patient(
                discharge=event.discharge,
                invoice_number=event.invoice_number,
                circumstances=event.circumstances,
                by=by,
                today=today,
                at=at,
                departure=event.departure,
            )
        case Stay.InterimClosed():
            stay.close_interim(
                until=event.until,
                invoice_number=event.invoice_number,
                circumstances=event.circumstances,
                by=by,
                today=today,
                at=at,
            )
        case Stay.DischargeUndone():
            stay.undo_discharge(reason=event.reason, by=by, at=at)
        case Stay.TenderRecorded():
            stay.record_tender(tender=event.tender, by=by, at=at)
        case Stay.DepositPaid() | Stay.DepositRefunded():
            _decide_deposit(stay, event)
        case _:
            _decide_fees(stay, event)


def _decide_fees(stay: Stay, event: Any) -> None:
    by, at = event.by, event.timestamp
    match event:
        case Stay.FeesRecorded():
            stay.record_fees(
                batch_number=event.batch_number,
                # The amounts of lines follow from them, whatever the event says they are.
                charges=None if event.lines else event.charges,
                by=by,
                at=at,
                lines=event.lines,
                replaces=event.replaces,
            )
        case Stay.FeeBatchDeleted():
            stay.delete_fee_batch(batch_number=event.batch_number, by=by, at=at)
        case Stay.FeeLineCorrected():
            stay.correct_fee_line(line=event.line, by=by, at=at)
        case Stay.FeeLineDeleted():
            stay.delete_fee_line(line_number=event.line.number, by=by, at=at)


def _decide_deposit(stay: Stay, event: Stay.DepositPaid | Stay.DepositRefunded) -> None:
    if isinstance(event, Stay.DepositPaid):
        stay.pay_deposit(
            receipt_number=event.receipt_number,
            amount_fen=event.amount_fen,
            method=event.method,
            limit=event.limit,
            by=event.by,
            at=event.timestamp,
        )
        return
    stay.refund_deposit(
        receipt_number=event.receipt_number,
        amount_fen=event.amount_fen,
        method=event.method,
        by=event.by,
        at=event.timestamp,
    )
