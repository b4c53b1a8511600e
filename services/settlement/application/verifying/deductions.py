"""Verifying provider deductions (验违规扣减): imposed and withdrawn, decided again by the stay.

What an adjustment or a reversal must have released of them is owed by it (`dues`).
"""

from collections.abc import Iterator

from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.stays import RECORDED, StaysAgain, booked_day
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import StayRefusal

DeductionEvent = Stay.ProviderDeductionImposed | Stay.ProviderDeductionWithdrawn
DEDUCTION_STEPS: dict[type, str] = {
    Stay.ProviderDeductionImposed: "违规扣减",
    Stay.ProviderDeductionWithdrawn: "撤回扣减",
}
"""What offices decide about deductions, and what users read for it."""

DEDUCTION_EVENTS = tuple(DEDUCTION_STEPS)


class DeductionsAgain:
    """Every deduction and every withdrawal of one, decided again."""

    def __init__(self, stays: StaysAgain, institutions: InstitutionsAgain):
        """None yet."""
        self._stays = stays
        self._institutions = institutions

    def take(self, event: DeductionEvent) -> Iterator[Finding]:
        """An event of `DEDUCTION_EVENTS`."""
        step, stay = DEDUCTION_STEPS[type(event)], self._stays.find(event.originator_id)
        if stay is None:
            yield Finding(step, "住院", RECORDED, "没有入院登记")
            return
        try:
            booked_on = _decide(stay, event)
        except StayRefusal as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            event.apply(stay)
            return
        for expected in stay.collect_events():
            yield from event_findings(step, event, expected)
        if self._institutions.is_known(event.by.institution_id):
            yield Finding(step, "经办机构", event.by.institution_id, "医疗机构不能自行扣减或撤回")
        yield from value_findings(step, "记账日期", booked_on, booked_day(event.timestamp))


def _decide(stay: Stay, event: DeductionEvent) -> object:
    """The decision, from what the event says; the day it is booked on."""
    imposed = event.imposed
    if isinstance(event, Stay.ProviderDeductionWithdrawn):
        stay.withdraw_deduction(
            number=event.number,
            deduction=imposed.deduction,
            reason=event.reason,
            booked_on=event.booked_on,
            by=event.by,
            at=event.timestamp,
        )
        return event.booked_on
    stay.impose_deduction(
        number=event.number,
        fund_id=imposed.fund_id,
        amount_fen=imposed.amount_fen,
        reason=imposed.reason,
        document=imposed.document,
        booked_on=imposed.booked_on,
        by=event.by,
        at=event.timestamp,
    )
    return imposed.booked_on
