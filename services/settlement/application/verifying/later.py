"""Verifying adjustments (验更正): each follows from a reversal, from an amount that came late or
from a revision that was issued, and each of those has all of its.

What must have been adjusted is found as it was then, from the stays, years and orders that the log
has told so far; the events in the log are held against that.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import PersonId
from settlement.application.decide_revision import computed_as_proposed
from settlement.application.law_library import LawLibrary
from settlement.application.rederive_later import (
    Later,
    Rederived,
    adjust_later,
    every_settlement_of,
    rederive_later,
)
from settlement.application.remake_settlement import complete_layer
from settlement.application.verifying.comparing import Finding
from settlement.application.verifying.counters import CountersAgain
from settlement.application.verifying.dues import Dues
from settlement.application.verifying.stays import RECORDED, StaysAgain
from settlement.domain.adjustment import Cause, CauseKind
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.record import EligibilityUsed
from settlement.domain.revised_parts import RevisionPart
from settlement.domain.revision import Revision
from settlement.domain.settlement import Settlement
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import NotSettled

REDERIVED, REMADE = "撤销后重算", "按后到金额重算"


class LaterAgain:
    """What every reversal and every late amount must have adjusted, found again."""

    def __init__(self, *, stays: StaysAgain, counters: CountersAgain, laws: LawLibrary, dues: Dues):
        """Nothing was undone yet."""
        self._stays = stays
        self._counters = counters
        self._laws = laws
        self._dues = dues
        self._rederived: tuple[Rederived, ...] = ()

    def order(self, used: EligibilityUsed, person_id: PersonId) -> SettlementOrder:
        """As told so far."""
        return self._counters.order(used, person_id)

    def year(self, used: EligibilityUsed, first_day: date) -> BenefitYear:
        """As told so far."""
        return self._counters.year(used, first_day)

    def year_or_new(self, used: EligibilityUsed, first_day: date, at: datetime) -> BenefitYear:
        """As told so far, or new."""
        return self._counters.year_or_new(used, first_day, at)

    def totals_kept(
        self, used: EligibilityUsed, person_id: PersonId, first_day: date, numbers: Iterable[str]
    ) -> dict[str, int]:
        """As told so far."""
        return self._counters.totals_kept(used, person_id, first_day, numbers)

    def stay(self, stay_id: UUID) -> Stay | None:
        """As told so far."""
        return self._stays.find(stay_id)

    def look(self, undone: Settlement, event: Stay.SettlementReversed) -> Iterator[Finding]:
        """Find what rests on a settlement, while it still counts."""
        self._rederived = ()
        try:
            self._rederived = rederive_later(
                undone, moves={}, person=self, laws=self._laws, by=event.by
            )
        except Exception as refusal:
            # A ledger that was tampered with may break anything: that is the finding.
            yield Finding(REDERIVED, "其后的结算", RECORDED, refusal)

    def adjust(self, undone: Settlement, event: Stay.SettlementReversed) -> Iterator[Finding]:
        """What was found must be written down after the reversal."""
        rederived, self._rederived = self._rederived, ()
        try:
            adjust_later(
                rederived,
                cause=Cause(CauseKind.REVERSAL.value, undone.number),
                person=self,
                booked_on=event.booked_on,
                by=event.by,
                at=event.timestamp,
            )
        except Exception as refusal:
            # As above: a year without the moves, a day before the settlement's.
            yield Finding(REDERIVED, "更正", RECORDED, refusal)
        self._owe(rederived)

    def remake(
        self,
        later: Later,
        *,
        layer: str,
        amount_fen: int,
        cause: Cause,
        event: Stay.LateAmountDelivered | Stay.DiscretionApproved,
    ) -> Iterator[Finding]:
        """What an amount that came late adjusts must be written down after it."""
        rederived: tuple[Rederived, ...] = ()
        try:
            rederived = complete_layer(
                later,
                layer=layer,
                amount_fen=amount_fen,
                cause=cause,
                person=self,
                laws=self._laws,
                booked_on=event.booked_on,
                by=event.by,
                at=event.timestamp,
            )
        except Exception as refusal:
            # As above.
            yield Finding(REMADE, "更正", RECORDED, refusal)
        self._owe(rederived)

    def everything_of(self, stay_id: UUID) -> tuple[Later, ...]:
        """All settlements that count of the person of a stay. Raises NotSettled, LaterUnknown."""
        stay = self._stays.find(stay_id)
        settlement = stay.current_settlement if stay else None
        if settlement is None:
            raise NotSettled(f"住院 {self._stays.number_of(stay_id)} 没有结算")
        return tuple(every_settlement_of(settlement.inputs.eligibility, self))

    def revise(self, part: RevisionPart, cause: Cause, event: Revision.PersonIssued) -> None:
        """What a person's part of a revision adjusts must be written down after it. Raises
        whatever stops it: a ledger that was tampered with may break anything."""
        rederived = computed_as_proposed(
            part, self.everything_of(part.lines[0].stay_id), person=self, laws=self._laws
        )
        adjust_later(
            rederived,
            cause=cause,
            person=self,
            booked_on=event.booked_on,
            by=event.by,
            at=event.timestamp,
        )
        self._owe(rederived)

    def _owe(self, rederived: tuple[Rederived, ...]) -> None:
        for each in rederived:
            self._dues.owe(each.later.stay.collect_events())
            self._counters.adjusted(each.later.settlement.inputs, each.prepared.inputs)

    def take(
        self, event: Stay.SettlementAdjusted | Stay.ProviderDeductionReleased
    ) -> Iterator[Finding]:
        """An adjustment in the log, or what was released of a deduction."""
        is_owed = self._dues.expected(event) is not None
        yield from self._dues.take(event)
        stay = self._stays.find(event.originator_id)
        if stay is not None and not is_owed:
            # Nobody knows why, but what comes later rests on it.
            with suppress(IndexError):
                event.apply(stay)
