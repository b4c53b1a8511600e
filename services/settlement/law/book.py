"""The book (政策册): which version of which region's policy is in force for a stay.

Two questions with two time axes: what was in force on a day (施行), and what did we know on a day
(知悉). A version becomes known on the day it is published here and is never edited afterwards, so
an answer about the past stays the same whatever is published later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import RegionCode, Scheme
from settlement.law.policy import Policy, StayDate
from settlement.law.regions import RegionElsewhere, ShardRegions, regions_above


class RegionUnknown(Exception):
    """No policy of this region or of one it belongs to is in the book."""

    def __init__(self, region: RegionCode, known_on: date | None = None):
        """Name the region, and the day whose knowledge was asked for."""
        super().__init__(f"{_as_known(known_on)}没有 {region} 及其上级地区的政策；先写好并公布")


class NoPolicyInForce(Exception):
    """The region is known, but nothing is in force on the day that counts."""

    def __init__(
        self, region: RegionCode, scheme: Scheme, day: date | None, known_on: date | None = None
    ):
        """Name the region, the scheme, the day unless the scheme has no policy at all, and the
        day whose knowledge was asked for."""
        when = f"在 {day} " if day else ""
        super().__init__(f"{_as_known(known_on)}{region} 的{scheme.label}{when}没有施行中的政策")


BOOK_REFUSALS = (NoPolicyInForce, RegionElsewhere, RegionUnknown)
"""Why a book may have no policy for a stay."""


@dataclass(frozen=True)
class StayDates:
    """The dates of a stay (住院日期), Asia/Shanghai. `settlement` is the day it is settled."""

    admission: date
    discharge: date
    settlement: date

    def on(self, which: StayDate) -> date:
        """The date a rule goes by."""
        chosen: date = getattr(self, which.value)
        return chosen


@dataclass(frozen=True)
class Publication:
    """One line of a book's register (公布登记): a version that is never edited again.

    `known_on` is the day it became known here (知悉日), Asia/Shanghai.
    """

    region: RegionCode
    scheme: Scheme
    in_force_from: date
    version: int
    fingerprint: str
    known_on: date

    @property
    def address(self) -> tuple[str, str, str]:
        """The path of its file below the book."""
        return address_of(
            self.region, self.scheme, in_force_from=self.in_force_from, version=self.version
        )


def address_of(
    region: RegionCode, scheme: Scheme, *, in_force_from: date, version: int
) -> tuple[str, str, str]:
    """Where a version's file stands below its book: region, scheme, `from.vN.yaml`."""
    return region, scheme.value, f"{in_force_from}.v{version}.yaml"


class PolicyBook:
    """Every policy known, by region and scheme (政策册)."""

    def __init__(
        self,
        policies: Iterable[Policy],
        published: Iterable[Publication] = (),
        *,
        known_on: date | None = None,
        shard: ShardRegions | None = None,
    ):
        """Keep the policies; of two versions from the same day the higher number wins.

        A version that `published` does not list is a draft (草稿), which no past day knew.
        `known_on` is the day whose knowledge this book holds, for its messages. Bills of regions
        that are not the `shard`'s are settled by another ledger, and not by this book.
        """
        self._all = tuple(policies)
        self._published = {p.fingerprint: p for p in published}
        self._known_on = known_on
        self.shard = shard
        self._by_place: dict[tuple[RegionCode, Scheme], list[Policy]] = {}
        given: dict[tuple[RegionCode, Scheme], list[Policy]] = {}
        for policy in self._all:
            given.setdefault((policy.region, policy.scheme), []).append(policy)
        for place, versions in given.items():
            # A version replaces the lower ones of its day for good, also where it ends earlier.
            ordered = sorted(versions, key=lambda p: (p.in_force_from, p.version))
            latest = {policy.in_force_from: policy for policy in ordered}
            self._by_place[place] = list(latest.values())

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Those that no other replaces, by region, scheme and date."""
        places: Mapping[tuple[RegionCode, Scheme], list[Policy]] = self._by_place
        return tuple(p for place in sorted(places) for p in places[place])

    @property
    def replaced(self) -> tuple[Policy, ...]:
        """Versions that a higher one of their day replaced (已被替换), in the order given."""
        standing = {id(policy) for policy in self.policies}
        return tuple(p for p in self._all if id(p) not in standing)

    def publication(self, policy: Policy) -> Publication | None:
        """When and as what a version was published; None for a draft."""
        return self._published.get(policy.fingerprint)

    def as_known_on(self, day: date) -> "PolicyBook":
        """The book as it was believed on a day: what was published by then, and no drafts."""
        then = {f: p for f, p in self._published.items() if p.known_on <= day}
        known = (p for p in self._all if p.fingerprint in then)
        return PolicyBook(known, then.values(), known_on=day, shard=self.shard)

    def of_shard(self, shard: ShardRegions | None) -> "PolicyBook":
        """The same book for the bills of one ledger."""
        return PolicyBook(self._all, self._published.values(), known_on=self._known_on, shard=shard)

    def in_force(
        self,
        *,
        region: RegionCode,
        scheme: Scheme,
        dates: StayDates,
        known_on: date | None = None,
    ) -> Policy:
        """The one version that settles this stay, as the book stands or stood on `known_on`.

        Raises RegionUnknown, RegionElsewhere, NoPolicyInForce.
        """
        if known_on is not None:
            return self.as_known_on(known_on).in_force(region=region, scheme=scheme, dates=dates)
        versions = self.versions(region=region, scheme=scheme)
        for policy in reversed(versions):
            day = dates.on(policy.version_chosen_by)
            if policy.in_force_from <= day <= (policy.in_force_to or date.max):
                return policy
        day = dates.on(versions[-1].version_chosen_by)
        raise NoPolicyInForce(region, scheme, day, self._known_on)

    def versions(self, *, region: RegionCode, scheme: Scheme) -> list[Policy]:
        """The versions of the nearest region that has any, oldest first.

        Raises RegionUnknown when there is none for the county, its prefecture or its province,
        RegionElsewhere where another ledger settles its bills, and NoPolicyInForce when there are
        some, but of other schemes.
        """
        if self.shard is not None:
            self.shard.require(region)
        for place in regions_above(region):
            if (place, scheme) in self._by_place:
                return self._by_place[place, scheme]
        known = {place for place, _ in self._by_place}
        if known.isdisjoint(regions_above(region)):
            raise RegionUnknown(region, self._known_on)
        raise NoPolicyInForce(region, scheme, None, self._known_on)

    def on(
        self, *, region: RegionCode, scheme: Scheme, day: date, known_on: date | None = None
    ) -> Policy:
        """The version in force on one day, as the book stands or stood on `known_on`.

        Raises RegionUnknown, NoPolicyInForce.
        """
        return self.in_force(
            region=region, scheme=scheme, dates=StayDates(day, day, day), known_on=known_on
        )


def _as_known(day: date | None) -> str:
    return f"按 {day} 所知，" if day else ""
