"""Which law settles a part of a stay (分段适用的政策): the policy says by whose first day.

The version that the part's own days find is asked first. Where it says that the day on which the
patient was admitted counts, the version of that day decides, and must say so too.
"""

from dataclasses import replace

from contracts.vocabulary import RegionCode, Scheme
from settlement.domain.chain import PartUsed
from settlement.law.book import PolicyBook, StayDates
from settlement.law.policy import Policy
from settlement.law.stays_in_parts import PartsDates


class PartsUnstated(Exception):
    """The policy does not say how stays are settled in parts, or two versions say it unlike."""


def part_in_force(
    book: PolicyBook,
    *,
    region: RegionCode,
    scheme: Scheme,
    dates: StayDates,
    part: PartUsed | None,
) -> Policy:
    """The version that settles a stay with these dates of its own, or a part of one.

    Raises RegionUnknown, NoPolicyInForce, PartsUnstated.
    """
    policy = book.in_force(region=region, scheme=scheme, dates=dates)
    if part is None:
        return policy
    says = dates_said(policy)
    if says is PartsDates.OF_PART:
        return policy
    whole = book.in_force(
        region=region, scheme=scheme, dates=replace(dates, admission=part.stay_admission)
    )
    require_says(whole, PartsDates.OF_STAY)
    return whole


def dates_said(policy: Policy) -> PartsDates:
    """By whose days a policy settles parts. Raises PartsUnstated."""
    if policy.stays_in_parts is None:
        raise PartsUnstated(
            f"政策“{policy.label}”没有写明中途结算怎样算（stays_in_parts），不能分段结算；"
            "请取消中途结算，或在政策中写明"
        )
    return policy.stays_in_parts.dates


def require_says(policy: Policy, wanted: PartsDates) -> None:
    """Raises PartsUnstated."""
    said = dates_said(policy)
    if said is not wanted:
        raise PartsUnstated(
            f"政策“{policy.label}”写的是 stays_in_parts.dates: {said}，"
            "与按本段日期找到的版本不一致；"
            "请在政策中写明跨版本的住院怎样分段"
        )
