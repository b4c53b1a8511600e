"""Regions within regions (地区的上下级), and whose ledger they belong to.

The county itself, its prefecture, its province: the nearest that is named decides, in the book as
where ledgers are divided by pooling region (分片).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.vocabulary import RegionCode


def regions_above(region: RegionCode) -> tuple[RegionCode, ...]:
    """The county itself, its prefecture, its province."""
    return tuple(
        dict.fromkeys((region, RegionCode(region[:4] + "00"), RegionCode(region[:2] + "0000")))
    )


class RegionElsewhere(Exception):
    """The region is not this ledger's: what it would settle belongs into another one."""

    def __init__(self, region: RegionCode, shard: str, owner: str | None):
        """Name the region and whose it is; None where it is nobody's."""
        whose = f"属于分片 {owner}" if owner else "不属于任何分片"
        super().__init__(f"参保地 {region} {whose}，不在分片 {shard} 办理 (another shard's region)")


@dataclass(frozen=True)
class ShardRegions:
    """One shard and what belongs to whom (分片与地区)."""

    shard: str
    owners: Mapping[RegionCode, str]

    @property
    def code(self) -> RegionCode:
        """The lowest region of this shard: what sets its numbers apart from other shards'."""
        return min(region for region, owner in self.owners.items() if owner == self.shard)

    def require(self, region: RegionCode) -> None:
        """Refuse what belongs into another ledger. Raises RegionElsewhere."""
        owner = owner_of(region, self.owners)
        if owner != self.shard:
            raise RegionElsewhere(region, self.shard, owner)


def owner_of(region: RegionCode, owners: Mapping[RegionCode, str]) -> str | None:
    """The shard a region belongs to; None where nobody named it or what it is part of."""
    return next((owners[place] for place in regions_above(region) if place in owners), None)
