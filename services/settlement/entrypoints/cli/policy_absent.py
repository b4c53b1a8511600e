"""What is told where a book has no policy (没有政策): what exists, with its dates."""

from collections.abc import Sequence
from datetime import date

from contracts.vocabulary import RegionCode, Scheme
from settlement.law.book import PolicyBook
from settlement.law.policy import Policy
from settlement.law.regions import regions_above

_ELSEWHERE = "自己的目录用 --policies 目录"


def absence(
    book: PolicyBook, region: RegionCode, *, schemes: Sequence[Scheme], day: date, is_shipped: bool
) -> str:
    """Why nothing is found for a place on a day; `schemes` are those that were asked about."""
    near = [p for p in book.policies if p.region in regions_above(region)]
    where = "随附政策" if is_shipped else "这个政策目录"
    if not near:
        places = sorted({f"{p.region} {p.region_name}" for p in book.policies})
        told = f"{where}里没有 {region} 及其上级地区的政策"
        told += f"；{_ELSEWHERE}" if is_shipped else ""
        return f"{told}\n现有：{'；'.join(places) or '没有任何政策'}"
    whose = f"{region} 的{schemes[0].label}" if len(schemes) == 1 else f"{region} "
    told = f"{whose}在 {day} 没有施行中的政策"
    return "\n".join((f"{told}；现有：", *(f"  {_with_dates(p)}" for p in near)))


def _with_dates(policy: Policy) -> str:
    until = f"至 {policy.in_force_to}" if policy.in_force_to else "起"
    return (
        f"{policy.region} {policy.region_name} {policy.scheme.label}"
        f" {policy.in_force_from} {until}（第 {policy.version} 版）"
    )
