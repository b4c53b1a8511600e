"""The account of a person, household, village or township (一户一档).

Every settlement that counts: what it cost, what each payer paid and what was left, summed up by
benefit year and by payer. Whose ids are one person's, and who belongs to a household, village or
township on a day, eligibility says; it is asked in the actor's name. Stays that are not settled
yet, and what is owed beside a bill, are in no sum.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Protocol

from contracts.vocabulary import PersonId
from settlement.application.find_settlements import (
    FoundSettlement,
    SettlementIndex,
    SettlementStatus,
    Wanted,
    every_settlement,
    within_sight,
)
from settlement.application.ports import Eligibility, Ledger
from settlement.domain.record import Actor

MEMBERS_A_PAGE = 500


class GroupKind(StrEnum):
    """Whose account is summed up (汇总范围)."""

    HOUSEHOLD = "household"
    VILLAGE = "village"
    TOWNSHIP = "township"


@dataclass(frozen=True)
class Group:
    """A household by its number in a register, a village or a township by its code (户、村、乡镇).

    `register_owner` is the office whose register numbers the household; None: the poverty office.
    """

    kind: GroupKind
    code: str
    register_owner: str | None = None


@dataclass(frozen=True)
class MembersPage:
    """Some who belong, each with all ids of the person, the canonical one first (成员)."""

    people: tuple[tuple[PersonId, ...], ...]
    next_after: str | None
    has_more: bool


class Members(Protocol):
    """Who belongs to a household, village or township (成员查询)."""

    def members(
        self,
        group: Group,
        *,
        on: date,
        known_at: datetime,
        by: Actor,
        after: str | None,
        limit: int,
    ) -> MembersPage:
        """Those of a day, as known at an instant; `by` is recorded as the reader of each.

        Raises EligibilityUnreachable.
        """


@dataclass(frozen=True)
class Sums:
    """Settlements added up, in fen: total = payers + patient (合计).

    `stays` counts admissions: several settlements of one stay in parts are one.
    """

    settlements: int
    stays: int
    total_fen: int
    payers_fen: dict[str, int]
    patient_fen: int

    @classmethod
    def of(cls, settlements: Iterable[FoundSettlement]) -> "Sums":
        """Those of some settlements; payers that paid nothing are left out."""
        count = total_fen = patient_fen = 0
        stays: set[tuple[str, str]] = set()
        payers_fen: dict[str, int] = {}
        for each in settlements:
            count += 1
            stays.add((each.institution_id, each.hospital_stay_number))
            total_fen += each.total_fen
            patient_fen += each.patient_fen
            for share in each.shares:
                payers_fen[share.payer] = payers_fen.get(share.payer, 0) + share.amount_fen
        paid = {payer: fen for payer, fen in sorted(payers_fen.items()) if fen}
        return cls(count, len(stays), total_fen, paid, patient_fen)

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        payers = sorted(self.payers_fen.keys() | other.payers_fen.keys())
        return Sums(
            settlements=self.settlements + other.settlements,
            stays=self.stays + other.stays,
            total_fen=self.total_fen + other.total_fen,
            payers_fen={p: self.payers_fen.get(p, 0) + other.payers_fen.get(p, 0) for p in payers},
            patient_fen=self.patient_fen + other.patient_fen,
        )


NOTHING = Sums(0, 0, 0, {}, 0)


@dataclass(frozen=True)
class PersonAccount:
    """What happened to a person, under all their ids, by benefit year (个人账)."""

    person_id: PersonId
    records: tuple[PersonId, ...]
    known_at: datetime
    settlements: tuple[FoundSettlement, ...]

    @property
    def years(self) -> tuple[tuple[date | None, Sums], ...]:
        """The sums of each benefit year by its first day; None: of no known year, and last."""

        def first_day(found: FoundSettlement) -> date:
            return found.benefit_year_from or date.max

        ordered = sorted(self.settlements, key=first_day)
        return tuple(
            (None if day == date.max else day, Sums.of(of_year))
            for day, of_year in groupby(ordered, key=first_day)
        )

    @property
    def total(self) -> Sums:
        """The sums of everything."""
        return Sums.of(self.settlements)


@dataclass(frozen=True)
class MemberAccount:
    """The sums of one person of a group (成员账)."""

    person_id: PersonId
    records: tuple[PersonId, ...]
    sums: Sums


@dataclass(frozen=True)
class GroupAccount:
    """The sums of a group (户账、村账、乡镇账): `members` belong, `people` have settlements."""

    members: int
    people: tuple[MemberAccount, ...]

    @property
    def total(self) -> Sums:
        """The sums of all of them."""
        total = NOTHING
        for each in self.people:
            total = total.plus(each.sums)
        return total


@dataclass(frozen=True)
class AskAccount:
    """Who asks, as of which instant and business day; `year`: benefit years that begin in it."""

    by: Actor
    at: datetime
    on: date
    year: int | None = None

    @property
    def wanted(self) -> Wanted:
        """The settlements that count."""
        year = self.year
        years = (date(year, 1, 1), date(year, 12, 31)) if year is not None else None
        return Wanted(status=SettlementStatus.SETTLED, benefit_years_from=years)


def person_account(
    person_id: PersonId,
    asked: AskAccount,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    index: SettlementIndex,
) -> PersonAccount:
    """Everything of one person. Raises PersonUnknown, EligibilityUnreachable."""
    wanted = within_sight(asked.wanted, by=asked.by, ledger=ledger)
    answer = eligibility.entitlements(person_id, on=asked.on, known_at=asked.at, by=asked.by)
    records = (person_id, *answer.other_records)
    found = every_settlement(replace(wanted, person_ids=records), index=index)
    return PersonAccount(person_id, records, asked.at, tuple(found))


def group_account(
    group: Group,
    asked: AskAccount,
    *,
    ledger: Ledger,
    members: Members,
    index: SettlementIndex,
) -> GroupAccount:
    """The sums of everybody who belongs on the day. Raises EligibilityUnreachable."""
    wanted = within_sight(asked.wanted, by=asked.by, ledger=ledger)
    # Ledger and membership as of one moment, however long this takes.
    wanted = replace(wanted, until=index.catch_up())
    count = 0
    people: list[MemberAccount] = []
    for page in _pages(group, asked, members):
        count += len(page)
        people += _members_with_settlements(page, wanted, index)
    return GroupAccount(count, tuple(people))


def _pages(
    group: Group, asked: AskAccount, members: Members
) -> Iterator[Sequence[tuple[PersonId, ...]]]:
    after, has_more = None, True
    while has_more:
        page = members.members(
            group,
            on=asked.on,
            known_at=asked.at,
            by=asked.by,
            after=after,
            limit=MEMBERS_A_PAGE,
        )
        yield page.people
        after, has_more = page.next_after, page.has_more


def _members_with_settlements(
    people: Sequence[tuple[PersonId, ...]], wanted: Wanted, index: SettlementIndex
) -> Iterator[MemberAccount]:
    whose = {record: ids for ids in people for record in ids}
    found: dict[tuple[PersonId, ...], list[FoundSettlement]] = {}
    if whose:
        for each in every_settlement(replace(wanted, person_ids=tuple(whose)), index=index):
            found.setdefault(whose[each.person_id], []).append(each)
    for ids in people:
        if ids in found:
            yield MemberAccount(ids[0], ids, Sums.of(found[ids]))
