"""The book (政策册): which version of which region's policy is in force for a stay."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import RegionCode, Scheme
from settlement.law.policy import Policy, StayDate


class RegionUnknown(Exception):
    """No policy of this region or of one it belongs to is in the book."""

    def __init__(self, region: RegionCode):
        """Name the region."""
        super().__init__(f"没有 {region} 及其上级地区的政策；请先导入该地区的政策")


class NoPolicyInForce(Exception):
    """The region is known, but nothing is in force on the day that counts."""

    def __init__(self, region: RegionCode, scheme: Scheme, day: date | None):
        """Name the region, the scheme, and the day unless the scheme has no policy at all."""
        when = f"在 {day} " if day else ""
        super().__init__(f"{region} 的{scheme.label}{when}没有施行中的政策")


BOOK_REFUSALS = (NoPolicyInForce, RegionUnknown)
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


def regions_above(region: RegionCode) -> tuple[RegionCode, ...]:
    """The county itself, its prefecture, its province: the nearest with a book decides."""
    return tuple(
        dict.fromkeys((region, RegionCode(region[:4] + "00"), RegionCode(region[:2] + "0000")))
    )


class PolicyBook:
    """Every policy known, by region and scheme (政策册)."""

    def __init__(self, policies: Iterable[Policy]):
        """Keep the policies; of two versions from the same day the higher number wins."""
        self._by_place: dict[tuple[RegionCode, Scheme], list[Policy]] = {}
        given: dict[tuple[RegionCode, Scheme], list[Policy]] = {}
        for policy in policies:
            given.setdefault((policy.region, policy.scheme), []).append(policy)
        for place, versions in given.items():
            # A version replaces the lower ones of its day for good, also where it ends earlier.
            ordered = sorted(versions, key=lambda p: (p.in_force_from, p.version))
            latest = {policy.in_force_from: policy for policy in ordered}
            self._by_place[place] = list(latest.values())

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All of them, by region, scheme and date."""
        places: Mapping[tuple[RegionCode, Scheme], list[Policy]] = self._by_place
        return tuple(p for place in sorted(places) for p in places[place])

    def in_force(self, *, region: RegionCode, scheme: Scheme, dates: StayDates) -> Policy:
        """The one version that settles this stay. Raises RegionUnknown, NoPolicyInForce."""
        versions = self.versions(region=region, scheme=scheme)
        for policy in reversed(versions):
            day = dates.on(policy.version_chosen_by)
            if policy.in_force_from <= day <= (policy.in_force_to or date.max):
                return policy
        raise NoPolicyInForce(region, scheme, dates.on(versions[-1].version_chosen_by))

    def versions(self, *, region: RegionCode, scheme: Scheme) -> list[Policy]:
        """The versions of the nearest region that has any, oldest first.

        Raises RegionUnknown when there is none for the county, its prefecture or its province,
        and NoPolicyInForce when there are some, but of other schemes.
        """
        for place in regions_above(region):
            if (place, scheme) in self._by_place:
                return self._by_place[place, scheme]
        known = {place for place, _ in self._by_place}
        if known.isdisjoint(regions_above(region)):
            raise RegionUnknown(region)
        raise NoPolicyInForce(region, scheme, None)

    def on(self, *, region: RegionCode, scheme: Scheme, day: date) -> Policy:
        """The version in force on one day. Raises RegionUnknown, NoPolicyInForce."""
        return self.in_force(region=region, scheme=scheme, dates=StayDates(day, day, day))
