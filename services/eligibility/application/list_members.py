"""Who belongs to a household, village or township on a day (成员查询)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from contracts.vocabulary import DataOwner
from eligibility.application.ports import PersonReads, ReadBy, Store
from eligibility.domain.days import Window
from eligibility.domain.facts import Household, Residence
from eligibility.domain.one_person import OnePerson


@dataclass(frozen=True)
class OfHousehold:
    """A household by its number in an owner's register (家庭户)."""

    register_owner: DataOwner
    number: str


@dataclass(frozen=True)
class OfVillage:
    """A village by its code of twelve digits (村、社区)."""

    code: str


@dataclass(frozen=True)
class OfTownship:
    """A township by its code of nine digits (乡镇、街道)."""

    code: str


Group: TypeAlias = OfHousehold | OfVillage | OfTownship


class PlacedPeople(Protocol):
    """Who was ever stated to be of a group (曾登记的成员), whatever became of it."""

    def after(self, group: Group, person_id: UUID | None, limit: int) -> Sequence[UUID]:
        """Up to `limit` ids behind one, in order, up to date."""

    def among(self, group: Group, person_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Those of a few ids that were, in order."""


@dataclass(frozen=True)
class Members:
    """Some who belong, each with all ids of the person, the canonical one first (成员)."""

    people: tuple[tuple[UUID, ...], ...]
    next_after: UUID | None
    has_more: bool


class ListMembers:
    """Answers for a day and an instant, a page at a time; every reading is recorded."""

    def __init__(self, *, placed: PlacedPeople, store: Store, reads: PersonReads) -> None:
        self._placed = placed
        self._store = store
        self._reads = reads

    def __call__(
        self,
        group: Group,
        *,
        on: date,
        known_at: datetime,
        after: UUID | None,
        limit: int,
        by: ReadBy,
    ) -> Members:
        """Those who belong on the day `on`, as known at `known_at` (UTC).

        Looks at up to `limit` people: a page may hold fewer, and none, and yet not be the last.
        """
        candidates = self._placed.after(group, after, limit + 1)
        page = candidates[:limit]
        people = self._store.find_ones(page)
        found = [
            ids
            for each in page
            if each in people and (ids := self._belongs(people[each], group, on, known_at))
        ]
        self._reads.record([each for ids in found for each in ids], by=by)
        return Members(
            people=tuple(found),
            next_after=page[-1] if page else after,
            has_more=len(candidates) > limit,
        )

    def _belongs(
        self, one: OnePerson, group: Group, on: date, known_at: datetime
    ) -> tuple[UUID, ...]:
        """The person's ids, or none where they do not belong or are listed under another id."""
        known, day = one.known(known_at), Window(on, on)
        households = [each.fact for each in known.facts_within(Household, day)]
        residences = [each.fact for each in known.facts_within(Residence, day)]
        if not _is_of(group, households, residences):
            return ()
        ids = known.person_ids
        # Stated of several records of one person, the group finds each: the first of them answers.
        if len(ids) > 1 and self._placed.among(group, ids)[0] != one.id:
            return ()
        return ids


def _is_of(group: Group, households: list[Household], residences: list[Residence]) -> bool:
    if isinstance(group, OfHousehold):
        return any((h.register_owner, h.number) == _pair(group) for h in households)
    if not residences:
        return False
    lives = max(residences, key=lambda each: each.valid_from)
    return group.code == (lives.village if isinstance(group, OfVillage) else lives.township)


def _pair(group: OfHousehold) -> tuple[DataOwner, str]:
    return group.register_owner, group.number
