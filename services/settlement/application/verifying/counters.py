"""Verifying counters and order (验年度累计与次序): as settlements and reversals must move them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.vocabulary import PersonId
from settlement.application.prepare_settlement import Prepared
from settlement.application.verifying.comparing import Finding
from settlement.application.verifying.dues import Dues
from settlement.domain.benefit_year import BenefitYear, NotCounted, benefit_year_id
from settlement.domain.record import EligibilityUsed, SettlementInputs
from settlement.domain.settlement_order import (
    NotInOrder,
    SettlementOrder,
    settlement_order_id,
)
from settlement.domain.yearly_counters import moves_of, together, totals_before


class CountersAgain:
    """Every benefit year and every person's order, moved again settlement by settlement."""

    def __init__(self, dues: Dues):
        """No year and no order yet."""
        self._dues = dues
        self._years: dict[UUID, BenefitYear] = {}
        self._orders: dict[UUID, SettlementOrder] = {}
        self._unknown: set[str] = set()

    def before(self, inputs: SettlementInputs) -> dict[str, int]:
        """What the counters of a settlement stand at."""
        years = inputs.counter_years
        stored = {day: self._totals(inputs.eligibility, day) for day in years.values()}
        return totals_before(years, stored)

    def _totals(self, used: EligibilityUsed, first_day: date) -> dict[str, int]:
        years = (self._years.get(_year_id(used, each, first_day)) for each in used.records)
        return together(year.counters for year in years if year)

    def settled(
        self,
        number: str,
        *,
        stay_id: UUID,
        inputs: SettlementInputs,
        prepared: Prepared | None,
        at: datetime,
    ) -> None:
        """A settlement takes its place and moves its years.

        Where nothing could be computed, the moves in the log are taken as they are.
        """
        if prepared is None:
            self._unknown.add(number)
        used = inputs.eligibility
        for first_day in sorted(set(inputs.counter_years.values())):
            year = self._year(used, first_day, at)
            after = prepared.outcome.counters if prepared else {}
            moves = moves_of(inputs, after, first_day)
            year.move(number=number, stay_id=stay_id, moves=moves, at=at)
            self._dues.owe(year.collect_events())
        for record in used.records:
            order = self._order(used, record, at)
            order.take(number=number, stay_id=stay_id, at=at)
            self._dues.owe(order.collect_events())

    def undone(
        self, number: str, *, stay_id: UUID, inputs: SettlementInputs, at: datetime
    ) -> Iterator[Finding]:
        """A reversal takes its settlement out of the order and its moves back."""
        used = inputs.eligibility
        for record in used.records:
            order = self._order(used, record, at)
            try:
                order.undo(number=number, stay_id=stay_id, at=at)
            except NotInOrder as refusal:
                yield Finding("结算次序", "撤销", number, refusal)
            self._dues.owe(order.collect_events())
        for first_day in sorted(set(inputs.counter_years.values())):
            year = self._year(used, first_day, at)
            with suppress(NotCounted):  # its own missing move was found already
                year.restore(number=number, stay_id=stay_id, at=at)
            self._dues.owe(year.collect_events())

    def adjusted(self, was: SettlementInputs, now: SettlementInputs) -> None:
        """A settlement was adjusted, and orders and years with it: what that wrote is owed."""
        used = was.eligibility
        for record in used.records:
            with suppress(KeyError):  # an order that is not there was found already
                self._dues.owe(self.order(used, record).collect_events())
        for first_day in sorted({*was.counter_years.values(), *now.counter_years.values()}):
            with suppress(KeyError):  # as above
                self._dues.owe(self.year(used, first_day).collect_events())

    def order(self, used: EligibilityUsed, person_id: PersonId) -> SettlementOrder:
        """The order of one id, as the log has told it so far. Raises KeyError."""
        enrolment = used.enrolment
        order_id = settlement_order_id(
            person_id=person_id, region=enrolment.region, scheme=enrolment.scheme
        )
        return self._orders[order_id]

    def year(self, used: EligibilityUsed, first_day: date) -> BenefitYear:
        """The benefit year of the answer's own id, as told so far. Raises KeyError."""
        return self._years[_year_id(used, used.person_id, first_day)]

    def year_or_new(self, used: EligibilityUsed, first_day: date, at: datetime) -> BenefitYear:
        """The benefit year of the answer's own id, or one that begins with what is decided now."""
        return self._year(used, first_day, at)

    def totals_kept(
        self, used: EligibilityUsed, person_id: PersonId, first_day: date, numbers: Iterable[str]
    ) -> dict[str, int]:
        """What these settlements moved in the benefit year of one id."""
        year = self._years.get(_year_id(used, person_id, first_day))
        return year.moved_by(numbers) if year else {}

    def take(self, event: Any) -> Iterator[Finding]:
        """An event of a year or an order."""
        due = self._dues.expected(event)
        if due is None:
            yield from self._dues.take(event)
            self._go_on_with(event)
        elif isinstance(event, BenefitYear.CountersMoved) and event.number in self._unknown:
            event.apply(self._years[event.originator_id])
            yield from self._dues.take(event, unless="moves")
        else:
            yield from self._dues.take(event)

    def _go_on_with(self, event: Any) -> None:
        """What nobody owed stands in the log all the same, and later settlements rest on it."""
        held = self._years.get(event.originator_id) or self._orders.get(event.originator_id)
        if held is not None and not isinstance(
            event, (BenefitYear.Created, SettlementOrder.Created)
        ):
            with suppress(KeyError):
                event.apply(held)

    def _year(self, used: EligibilityUsed, first_day: date, at: datetime) -> BenefitYear:
        year_id = _year_id(used, used.person_id, first_day)
        if year_id not in self._years:
            self._years[year_id] = BenefitYear.open(
                person_id=used.person_id,
                region=used.enrolment.region,
                scheme=used.enrolment.scheme,
                first_day=first_day,
                at=at,
            )
        return self._years[year_id]

    def _order(self, used: EligibilityUsed, person_id: PersonId, at: datetime) -> SettlementOrder:
        enrolment = used.enrolment
        order_id = settlement_order_id(
            person_id=person_id, region=enrolment.region, scheme=enrolment.scheme
        )
        if order_id not in self._orders:
            self._orders[order_id] = SettlementOrder.begin(
                person_id=person_id,
                region=enrolment.region,
                scheme=enrolment.scheme,
                at=at,
            )
        return self._orders[order_id]


def _year_id(used: EligibilityUsed, person_id: PersonId, first_day: date) -> UUID:
    return benefit_year_id(
        person_id=person_id,
        region=used.enrolment.region,
        scheme=used.enrolment.scheme,
        first_day=first_day,
    )
