"""Touched settlements as messages (受更正影响的结算)."""

from contracts import settlement_corrections_v1 as message
from settlement.application.list_touched import ChangeSeen, Touched, TouchedPage
from settlement.domain.answers_compared import (
    AgeDiffers,
    AnswerDiffers,
    EnrolmentDiffers,
    Held,
    IdentityDiffers,
    RecordsDiffer,
)
from settlement.domain.record import EnrolmentUsed


def show_touched(page: TouchedPage) -> message.TouchedSettlementsShown:
    """A page of them."""
    return message.TouchedSettlementsShown(
        touched=tuple(_touched(each) for each in page.touched),
        next_after=page.next_after,
        has_more=page.has_more,
    )


def _touched(found: Touched) -> message.TouchedSettlementShown:
    inputs = found.settlement.inputs
    return message.TouchedSettlementShown(
        settlement_number=found.settlement.number,
        stay_id=str(found.stay.id),
        institution_id=found.stay.institution_id,
        hospital_stay_number=found.stay.hospital_stay_number,
        person_id=found.stay.person_id,
        admission_date=inputs.admission,
        discharge_date=inputs.discharge,
        settled_on=inputs.settled_on,
        changes=tuple(_change(change) for change in found.changes),
        differences=tuple(_difference(each) for each in found.differences),
    )


def _change(seen: ChangeSeen) -> message.ChangeShown:
    return message.ChangeShown(
        kind=seen.kind,
        days=message.DaysShown(first_day=seen.first_day, last_day=seen.last_day),
        recorded_at=seen.recorded_at,
    )


def _difference(found: AnswerDiffers) -> message.DifferenceShown:
    match found:
        case IdentityDiffers():
            return message.IdentityDiffersShown(
                on=found.on,
                identity=found.identity,
                was=_held(found.was),
                now=_held(found.now),
            )
        case EnrolmentDiffers():
            return message.EnrolmentDiffersShown(
                on=found.on,
                was=_enrolment(found.was),
                now=_enrolment(found.now) if found.now else None,
                why=found.why,
            )
        case AgeDiffers():
            return message.AgeDiffersShown(on=found.on, was=found.was, now=found.now)
        case RecordsDiffer():
            return message.RecordsDifferShown(on=found.on, was=found.was, now=found.now)


def _held(held: Held | None) -> message.IdentityHeld | None:
    if held is None:
        return None
    return message.IdentityHeld(
        first_day=held.days.first,
        last_day=held.days.last,
        benefits_go_on=held.benefits_go_on is not None,
        benefits_until=held.benefits_go_on.until if held.benefits_go_on else None,
    )


def _enrolment(used: EnrolmentUsed) -> message.EnrolmentSelected:
    return message.EnrolmentSelected(
        region=used.region,
        scheme=used.scheme,
        plan=used.plan,
        days=message.DaysShown(first_day=used.valid_from, last_day=used.valid_to),
        waiting_to=used.waiting_to,
    )
