"""Verifying amounts that came after a settlement (验后到金额): delivered, proposed, decided.

Each is decided again by the stay; the amount is computed again under the law of the settlement,
and what it must have adjusted is found by `LaterAgain`.
"""

from collections.abc import Iterator

from settlement.application.decide_discretion import decision_cause
from settlement.application.deliver_late_amount import late_cause
from settlement.application.law_library import LawLibrary
from settlement.application.rederive_later import Later
from settlement.application.remake_settlement import computed_with
from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.later import LaterAgain
from settlement.application.verifying.stays import (
    RECORDED,
    StaysAgain,
    actor_findings,
    booked_day,
)
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import StayRefusal

LateEvent = (
    Stay.LateAmountDelivered
    | Stay.DiscretionProposed
    | Stay.DiscretionApproved
    | Stay.DiscretionRejected
)
LATE_STEPS: dict[type, str] = {
    Stay.LateAmountDelivered: "后到金额",
    Stay.DiscretionProposed: "提议裁定",
    Stay.DiscretionApproved: "批准裁定",
    Stay.DiscretionRejected: "退回裁定",
}
"""What brings amounts after a settlement, and what users read for it."""

LATE_EVENTS = tuple(LATE_STEPS)


class LateAgain:
    """Every amount that came late, decided again."""

    def __init__(
        self,
        *,
        stays: StaysAgain,
        institutions: InstitutionsAgain,
        laws: LawLibrary,
        later: LaterAgain,
    ):
        """None came yet."""
        self._stays = stays
        self._institutions = institutions
        self._laws = laws
        self._later = later

    def take(self, event: LateEvent) -> Iterator[Finding]:
        """An event of `LATE_EVENTS`."""
        step, stay = LATE_STEPS[type(event)], self._stays.find(event.originator_id)
        if stay is None:
            yield Finding(step, "住院", RECORDED, "没有入院登记")
            return
        try:
            following = self._decide(step, stay, event)
        except StayRefusal as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            event.apply(stay)
            return
        for expected in stay.collect_events():
            yield from event_findings(step, event, expected)
        if self._institutions.is_known(event.by.institution_id):
            # Offices may act on any stay, hospitals on their own.
            yield from actor_findings(step, event.by, stay)
        yield from following

    def _decide(self, step: str, stay: Stay, event: LateEvent) -> Iterator[Finding]:
        """Decide it; what is found beside the event itself comes when it is asked for."""
        by, at = event.by, event.timestamp
        match event:
            case Stay.LateAmountDelivered():
                settlement = stay.deliver_late_amount(
                    layer=event.layer,
                    amount_fen=event.amount_fen,
                    reference=event.reference,
                    booked_on=event.booked_on,
                    by=by,
                    at=at,
                )
                later, cause = Later(stay, settlement), late_cause(settlement, event.reference)
                return self._remade(
                    step,
                    event,
                    self._later.remake(
                        later,
                        layer=event.layer,
                        amount_fen=event.amount_fen,
                        cause=cause,
                        event=event,
                    ),
                )
            case Stay.DiscretionProposed():
                return self._proposed(step, stay, event)
            case Stay.DiscretionApproved():
                settlement, proposed = stay.approve_discretion(
                    proposal=event.proposed.proposal, booked_on=event.booked_on, by=by, at=at
                )
                return self._remade(
                    step,
                    event,
                    self._later.remake(
                        Later(stay, settlement),
                        layer=proposed.layer,
                        amount_fen=proposed.amount_fen,
                        cause=decision_cause(proposed),
                        event=event,
                    ),
                )
            case Stay.DiscretionRejected():
                stay.reject_discretion(
                    proposal=event.proposed.proposal, reason=event.reason, by=by, at=at
                )
                return iter(())

    def _remade(
        self,
        step: str,
        event: Stay.LateAmountDelivered | Stay.DiscretionApproved,
        adjusted: Iterator[Finding],
    ) -> Iterator[Finding]:
        day = booked_day(event.timestamp)
        yield from value_findings(step, "记账日期", event.booked_on, day)
        yield from adjusted

    def _proposed(self, step: str, stay: Stay, event: Stay.DiscretionProposed) -> Iterator[Finding]:
        """A proposal was checked as if it were approved at once."""
        said = event.proposed
        settlement, proposed = stay.propose_discretion(
            layer=said.layer,
            amount_fen=said.amount_fen,
            reason=said.reason,
            by=event.by,
            at=event.timestamp,
        )
        try:
            computed_with(
                settlement, layer=proposed.layer, amount_fen=proposed.amount_fen, laws=self._laws
            )
        except Exception as refusal:
            # A law or inputs that were tampered with may break anything: that is the finding.
            return iter((Finding(step, "金额", proposed.amount_fen, refusal),))
        return iter(())
