"""Finding settlements (查找结算): by what people have in hand, page by page.

A hospital sees its own settlements only. Whoever acts for an institution that is not in the
directory of institutions is an office, and sees all of them; the guard before the routes lets
nobody act so without an office's role.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Protocol

from contracts.vocabulary import InstitutionId, PersonId
from settlement.application.ports import Ledger
from settlement.domain.institution import Institution, institution_uuid
from settlement.domain.record import Actor

LARGEST_PAGE = 500


class OthersSettlements(Exception):
    """A hospital asked for the settlements of another one (查看其他机构的结算)."""


class SearchInvalid(Exception):
    """What is searched for contradicts itself (查询条件不成立)."""


class SettlementStatus(StrEnum):
    """Whether a settlement counts (结算状态)."""

    SETTLED = "settled"
    REVERSED = "reversed"

    @property
    def label(self) -> str:
        """In Chinese."""
        return "已结算" if self is SettlementStatus.SETTLED else "已撤销"


@dataclass(frozen=True)
class FoundShare:
    """What one layer paid of the bill (支付份额), in fen; `fund` None: the hospital itself."""

    layer: str
    payer: str
    fund: str | None
    amount_fen: int


@dataclass(frozen=True)
class FoundSettlement:
    """One settlement as it is found (结算), amounts in fen.

    `position` is its place in the ledger, `policy` the label of the policy it followed.
    `benefit_year_from` is the first day of the benefit year (待遇年度) its admissions are counted
    in, None where none is recorded. The shares and the patient's part make up the total;
    allowances and surpluses beside the bill are not among them. A reversed settlement keeps its
    amounts, and `reversed_on` is the day its reversal was booked.
    """

    position: int
    number: str
    stay_id: str
    hospital_stay_number: str
    invoice_number: str | None
    person_id: PersonId
    institution_id: InstitutionId
    region: str
    scheme: str
    fingerprint: str
    policy: str | None
    admission: date
    discharge: date
    benefit_year_from: date | None
    booked_on: date
    total_fen: int
    patient_fen: int
    status: SettlementStatus
    used_assumed: bool
    reversed_on: date | None
    shares: tuple[FoundShare, ...]
    part: int | None = None
    goes_on: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is searched for (查询条件); None: whatever it is. All that is said must be met.

    `person_ids` are ids of one person or of several. Days are inclusive and are those of booking
    the settlement. `payer` is one that paid something of the bill.
    `benefit_years_from` are the first and the last day on which their benefit years may begin,
    `until` is the last position of the ledger to look at.
    """

    number: str | None = None
    hospital_stay_number: str | None = None
    invoice_number: str | None = None
    person_ids: tuple[PersonId, ...] | None = None
    institution_id: InstitutionId | None = None
    booked_from: date | None = None
    booked_to: date | None = None
    payer: str | None = None
    status: SettlementStatus | None = None
    used_assumed: bool | None = None
    benefit_years_from: tuple[date, date] | None = None
    until: int | None = None


@dataclass(frozen=True)
class FoundPage:
    """Some settlements in the ledger's order, and the cursor to go on from (查询结果)."""

    settlements: tuple[FoundSettlement, ...]
    next_after: int
    has_more: bool


class SettlementIndex(Protocol):
    """All settlements ever made, up to date whenever it is asked (结算索引)."""

    def catch_up(self) -> int:
        """Take in everything new; returns the position of the ledger reached."""

    def found(self, wanted: Wanted, *, after: int, limit: int) -> Sequence[FoundSettlement]:
        """Up to `limit` of them behind a position of the ledger, in its order."""

    def payers(self, wanted: Wanted) -> Sequence[str]:
        """The payers that paid something in any of them, each once."""


def within_sight(wanted: Wanted, *, by: Actor, ledger: Ledger) -> Wanted:
    """The search as far as the acting institution may look.

    Raises OthersSettlements, SearchInvalid.
    """
    first, last = wanted.booked_from, wanted.booked_to
    if first is not None and last is not None and last < first:
        raise SearchInvalid(f"起始记账日期 {first} 晚于截止日期 {last}；请核对")
    if ledger.find(institution_uuid(by.institution_id), Institution) is None:
        return wanted
    if wanted.institution_id not in (None, by.institution_id):
        raise OthersSettlements(
            f"机构 {by.institution_id} 只能查看本机构的结算；请去掉机构条件，或由经办机构查询"
        )
    return replace(wanted, institution_id=by.institution_id)


def find_settlements(
    wanted: Wanted, *, after: int, limit: int, index: SettlementIndex
) -> FoundPage:
    """The next page. Later settlements come behind it, whatever is settled meanwhile."""
    found = index.found(wanted, after=after, limit=limit + 1)
    page = tuple(found[:limit])
    return FoundPage(
        settlements=page,
        next_after=page[-1].position if page else after,
        has_more=len(found) > limit,
    )


def every_settlement(wanted: Wanted, *, index: SettlementIndex) -> Iterator[FoundSettlement]:
    """All of them, read a page at a time."""
    after, has_more = 0, True
    while has_more:
        page = find_settlements(wanted, after=after, limit=LARGEST_PAGE, index=index)
        yield from page.settlements
        after, has_more = page.next_after, page.has_more
