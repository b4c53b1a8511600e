"""Transfers in the model (转院): which stay goes on another, and what hangs together by it."""

from collections.abc import Mapping, Sequence

from tests.settlement.whole_life.model_parts import first_of, next_of
from tests.settlement.whole_life.model_settlements import StayKey
from tests.settlement.whole_life.model_stays import Stay
from tests.settlement.whole_life.two_regions import HOSPITALS

_FROM_THE_LOWEST = ("township", "level_1", "level_2", "level_3")


class TransferUnfit(Exception):
    """The stay that another one is said to go on is not there, or did not end as a transfer."""


def came_from(
    stays: Mapping[StayKey, Stay], key: StayKey, records: Sequence[str]
) -> StayKey | None:
    """The last part of the stay that this one goes on; `records` are the person's ids. Raises
    TransferUnfit."""
    former = stays[key].came_from
    if former is None:
        return None
    while former in stays and stays[former].goes_on:
        former = next_of(former)
    found = stays.get(former)
    if found is None or found.is_cancelled or found.person not in records:
        raise TransferUnfit
    if found.discharge is None or found.departure != "transferred":
        raise TransferUnfit
    if found.discharge > stays[first_of(key)].admission:
        raise TransferUnfit
    return former


def episode_of(stays: Mapping[StayKey, Stay], key: StayKey, records: Sequence[str]) -> StayKey:
    """The first of all stays that hang together with this one. Raises TransferUnfit."""
    first, seen = first_of(key), set[StayKey]()
    while first not in seen:
        seen.add(first)
        former = came_from(stays, first, records)
        if former is None:
            return first
        first = first_of(former)
    raise TransferUnfit


def transfer_of(former: StayKey | None, key: StayKey) -> str:
    """How the law calls it, by the tiers of the two hospitals."""
    if former is None:
        return "none"
    before, now = (
        _FROM_THE_LOWEST.index(HOSPITALS[hospital].tier) for hospital, _ in (former, key)
    )
    if before == now:
        return "from_same"
    return "from_lower" if before < now else "from_higher"
