"""Verifying what funds paid (验拨付): payments and their withdrawals, decided again."""

from collections.abc import Iterator
from uuid import UUID

from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.stays import RECORDED, booked_day
from settlement.domain.fund_payments import FundPayment, FundPaymentRefusal

PaymentEvent = FundPayment.Created | FundPayment.Recorded | FundPayment.Withdrawn


class PaymentsAgain:
    """Every payment by fund and bank reference."""

    def __init__(self, institutions: InstitutionsAgain):
        """Nothing is paid yet."""
        self._institutions = institutions
        self._known: dict[UUID, FundPayment] = {}
        self._empty: dict[UUID, FundPayment.Created] = {}

    def take(self, event: PaymentEvent) -> Iterator[Finding]:
        """A bank reference, a payment under it, or its withdrawal."""
        if isinstance(event, FundPayment.Created):
            opened = FundPayment.open(
                fund_id=event.fund_id, bank_reference=event.bank_reference, at=event.timestamp
            )
            (expected,) = opened.collect_events()
            yield from event_findings(_step(opened), event, expected)
            self._known.setdefault(event.originator_id, opened)
            self._empty[event.originator_id] = event
            return
        payment = self._known.get(event.originator_id)
        if payment is None:
            yield Finding("基金拨付", event.payment.bank_reference, RECORDED, "没有首次登记")
            return
        if isinstance(event, FundPayment.Recorded):
            yield from self._recorded(payment, event)
        else:
            yield from _withdrawn(payment, event)
        for expected in payment.collect_events():
            yield from event_findings(_step(payment), event, expected)

    def left_over(self) -> Iterator[Finding]:
        """Bank references under which nothing was ever recorded: no entry point does that."""
        for opened in self._empty.values():
            yield Finding(f"基金拨付 {opened.fund_id} {opened.bank_reference}", "登记", None, "有")

    def _recorded(self, known: FundPayment, event: FundPayment.Recorded) -> Iterator[Finding]:
        step, paid = _step(known), event.payment
        opened = self._empty.pop(event.originator_id, None)
        if opened:
            yield from value_findings(step, "首次登记时刻", opened.timestamp, event.timestamp)
        yield from value_findings(step, "基金", paid.fund_id, known.fund_id)
        yield from value_findings(step, "银行流水号", paid.bank_reference, known.bank_reference)
        yield from value_findings(step, "记账日期", paid.booked_on, booked_day(event.timestamp))
        institution = self._institutions.used(paid.institution_id, paid.paid_on)
        if isinstance(institution, str):
            yield Finding(step, "机构", paid.institution_id, institution)
        try:
            known.record(paid, by=event.by, at=event.timestamp)
        except FundPaymentRefusal as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            event.apply(known)


def _withdrawn(known: FundPayment, event: FundPayment.Withdrawn) -> Iterator[Finding]:
    step = _step(known)
    yield from value_findings(step, "记账日期", event.booked_on, booked_day(event.timestamp))
    try:
        known.withdraw(
            reason=event.reason, booked_on=event.booked_on, by=event.by, at=event.timestamp
        )
    except FundPaymentRefusal as refusal:
        yield Finding(step, "撤回", RECORDED, refusal)
        event.apply(known)


def _step(known: FundPayment) -> str:
    return f"基金拨付 {known.fund_id} {known.bank_reference}"
