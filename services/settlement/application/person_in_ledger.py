"""A person in the ledger (该参保人的账): orders, years and stays, each loaded once for a decision.

They are loaded one after another, so a refusal that rests on several of them may rest on what
somebody changed in between: `unless_moved` tells.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import PersonId
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import Ledger, Overtaken
from settlement.application.rederive_later import (
    CorrectionsUnstated,
    LaterNotRederivable,
    LaterUnknown,
)
from settlement.domain.benefit_year import BenefitYear, NotCounted, benefit_year_id
from settlement.domain.record import EligibilityUsed
from settlement.domain.settlement_order import NotInOrder, SettlementOrder, settlement_order_id
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import BookedBackwards

_MAY_HAVE_MOVED = (
    LaterNotRederivable,
    CorrectionsUnstated,
    LaterUnknown,
    NotInOrder,
    NotCounted,
    LedgerIncomplete,
    BookedBackwards,
)
"""Refusals that rest on several aggregates, which were loaded one after another."""


class PersonInLedger:
    """What the ledger keeps of a person; each aggregate is loaded once. Orders come first."""

    def __init__(self, ledger: Ledger, stay: Stay):
        """The person of this stay, which was just loaded."""
        self._ledger = ledger
        self._stay, self._stay_version = stay, stay.version
        self._orders: dict[UUID, SettlementOrder] = {}
        self._versions: dict[UUID, int] = {}
        self._years: dict[UUID, BenefitYear] = {}
        self._stays: dict[UUID, Stay | None] = {}

    def order(self, used: EligibilityUsed, person_id: PersonId) -> SettlementOrder:
        """The order of one id. Raises LedgerIncomplete."""
        order_id = settlement_order_id(
            person_id=person_id, region=used.enrolment.region, scheme=used.enrolment.scheme
        )
        if order_id not in self._orders:
            order = self._ledger.find(order_id, SettlementOrder)
            if order is None:
                raise LedgerIncomplete("账本缺少该参保人的结算次序；请先运行 yizhan verify")
            self._orders[order_id], self._versions[order_id] = order, order.version
        return self._orders[order_id]

    def year(self, used: EligibilityUsed, first_day: date) -> BenefitYear:
        """The benefit year of the answer's own id. Raises LedgerIncomplete."""
        year = self._kept(used, used.person_id, first_day)
        if year is None:
            raise LedgerIncomplete("账本缺少该参保人的待遇年度；请先运行 yizhan verify")
        return year

    def year_or_new(self, used: EligibilityUsed, first_day: date, at: datetime) -> BenefitYear:
        """The benefit year of the answer's own id, or one that nobody has saved."""
        found = self._kept(used, used.person_id, first_day) or BenefitYear.open(
            person_id=used.person_id,
            region=used.enrolment.region,
            scheme=used.enrolment.scheme,
            first_day=first_day,
            at=at,
        )
        self._years[found.id] = found
        return found

    def totals_kept(
        self, used: EligibilityUsed, person_id: PersonId, first_day: date, numbers: Iterable[str]
    ) -> dict[str, int]:
        """What these settlements moved in the benefit year of one id."""
        year = self._kept(used, person_id, first_day)
        return year.moved_by(numbers) if year else {}

    def _kept(
        self, used: EligibilityUsed, person_id: PersonId, first_day: date
    ) -> BenefitYear | None:
        year_id = benefit_year_id(
            person_id=person_id,
            region=used.enrolment.region,
            scheme=used.enrolment.scheme,
            first_day=first_day,
        )
        if year_id not in self._years:
            year = self._ledger.find(year_id, BenefitYear)
            if year is None:
                return None
            self._years[year_id] = year
        return self._years[year_id]

    def stay(self, stay_id: UUID) -> Stay | None:
        """A stay of any institution."""
        if stay_id not in self._stays:
            self._stays[stay_id] = self._ledger.find(stay_id, Stay)
        return self._stays[stay_id]

    @property
    def loaded(self) -> list[Stay | BenefitYear | SettlementOrder]:
        """Everything that was loaded; what was not written to is saved as nothing."""
        stays = [stay for stay in self._stays.values() if stay]
        return [*stays, *self._years.values(), *self._orders.values()]

    def is_as_loaded(self) -> bool:
        """Whether nobody changed the stay, settled or undid anything of the person meanwhile."""
        stay_now = self._ledger.find(self._stay.id, Stay)
        return (stay_now is not None and stay_now.version == self._stay_version) and all(
            (now := self._ledger.find(order_id, SettlementOrder)) is not None
            and now.version == version
            for order_id, version in self._versions.items()
        )


@contextmanager
def unless_moved(person: PersonInLedger) -> Iterator[None]:
    """Around a decision: where it is refused and somebody moved the stay or the person meanwhile,
    it is to be taken again.

    Raises Overtaken, LedgerIncomplete, and the refusal where nobody did.
    """
    try:
        yield
    except _MAY_HAVE_MOVED as refusal:
        if not person.is_as_loaded():
            raise Overtaken from refusal
        if isinstance(refusal, (LaterUnknown, NotInOrder, NotCounted)):
            raise LedgerIncomplete(f"{refusal}；请先运行 yizhan verify") from refusal
        raise
