"""How the differences of an adjustment are carried (差额的走向), and what was really booked.

A fund's differences in one adjustment are taken together: its sum says whether it had paid too
little or too much. A difference that was left earlier is used up first by one in the other
direction, so that nobody pays on top of what was never reclaimed. The patient's part of each way
is what balances it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from contracts.vocabulary import Payer
from settlement.domain.adjustment import Adjustment, Change, ChangeKind, Way
from settlement.domain.settlement import OutsideEntry, Settlement, Share
from settlement.law.corrections import (
    IF_LOWER,
    OVERPAID,
    UNDERPAID,
    Corrections,
    Overpaid,
    Underpaid,
)


class CorrectionUnstated(Exception):
    """A difference arose, and the policy does not say how it is carried; the message is the name
    of the missing switch."""


class _Item(NamedTuple):
    """What a difference is of."""

    kind: str
    layer: str
    payer: str
    fund: str | None


@dataclass(frozen=True)
class Amounts:
    """What a settlement says everybody owes of it (结算金额), in fen."""

    shares: tuple[Share, ...]
    outside: tuple[OutsideEntry, ...]
    patient_fen: int

    @staticmethod
    def of(settlement: Settlement) -> "Amounts":
        """As the settlement stands."""
        return Amounts(settlement.shares, settlement.outside, settlement.patient_fen)


def changes_between(
    before: Amounts,
    after: Amounts,
    *,
    earlier: tuple[Adjustment, ...],
    corrections: Corrections | None,
    leaves_lower: bool = False,
) -> tuple[Change, ...]:
    """Every difference with its way. `corrections` is None at the stay's own desk, which pays
    back or collects by itself, whatever the law says of others. `leaves_lower`: what a version
    published late gives less is left, and no switch is asked.

    Raises CorrectionUnstated.
    """
    deltas = _deltas(before, after)
    changes = list(_used_up(deltas, earlier))
    for change in changes:
        deltas[_item(change)] -= change.delta_fen
    by_fund: Counter[str | None] = Counter()
    for item, delta_fen in deltas.items():
        by_fund[item.fund] += delta_fen
    for item, delta_fen in deltas.items():
        if delta_fen:
            switch = OVERPAID if by_fund[item.fund] < 0 else UNDERPAID
            if leaves_lower and switch == OVERPAID:
                changes.append(_change(item, delta_fen, Way.LEFT, IF_LOWER))
            else:
                changes.append(_carried(item, delta_fen, switch, corrections))
    return (*changes, *_of_patient(changes))


def through_hospital(settlement: Settlement) -> Amounts:
    """What the hospital really booked of a settlement, its adjustments among it."""
    aside: Counter[_Item] = Counter()
    patient_fen = settlement.patient_fen
    for change in _changes(settlement.adjustments):
        if change.kind == ChangeKind.PATIENT.value:
            patient_fen -= change.delta_fen if change.way != Way.HOSPITAL.value else 0
        elif change.way == Way.LEFT.value or _is_direct_share(change):
            aside[_item(change)] += change.delta_fen
    shares = [
        replace(share, amount_fen=share.amount_fen - aside.pop(_of_share(share), 0))
        for share in settlement.shares
    ]
    outside = [
        replace(owed, amount_fen=owed.amount_fen - aside.pop(_of_outside(owed), 0))
        for owed in settlement.outside
    ]
    # What is not among the figures any more, and was left, was booked all the same: an allowance
    # that came to nothing, or a layer that another version does not have.
    for item, left_fen in aside.items():
        if left_fen and item.kind == ChangeKind.SHARE.value:
            shares.append(Share(item.layer, item.payer, item.fund, -left_fen))
        elif left_fen:
            outside.append(OutsideEntry(item.layer, item.kind, item.payer, item.fund, -left_fen))
    return Amounts(tuple(shares), tuple(outside), patient_fen)


def directly(settlement: Settlement) -> tuple[Change, ...]:
    """Every share that went directly between a fund and the patient, one after another."""
    return tuple(c for c in _changes(settlement.adjustments) if _is_direct_share(c))


def _is_direct_share(change: Change) -> bool:
    return change.kind == ChangeKind.SHARE.value and change.way == Way.PATIENT.value


def _deltas(before: Amounts, after: Amounts) -> dict[_Item, int]:
    """The differences by what they are of, in the order of the settlement."""
    found: dict[_Item, int] = {}
    for amounts, sign in ((after, 1), (before, -1)):
        for share in amounts.shares:
            item = _of_share(share)
            found[item] = found.get(item, 0) + sign * share.amount_fen
        for owed in amounts.outside:
            item = _of_outside(owed)
            found[item] = found.get(item, 0) + sign * owed.amount_fen
    return {item: delta_fen for item, delta_fen in found.items() if delta_fen}


def _used_up(deltas: dict[_Item, int], earlier: tuple[Adjustment, ...]) -> Iterator[Change]:
    """What differences that were left earlier take up of these."""
    left: Counter[_Item] = Counter()
    for change in _changes(earlier):
        if change.way == Way.LEFT.value and change.kind != ChangeKind.PATIENT.value:
            left[_item(change)] += change.delta_fen
    for item, delta_fen in deltas.items():
        if delta_fen * left[item] < 0:
            used_fen = min(abs(delta_fen), abs(left[item])) * (1 if delta_fen > 0 else -1)
            yield _change(item, used_fen, Way.LEFT, None)


def _carried(item: _Item, delta_fen: int, switch: str, corrections: Corrections | None) -> Change:
    if corrections is None:
        return _change(item, delta_fen, _at_own_desk(item), None)
    said = corrections.switch(switch)
    if said is None:
        raise CorrectionUnstated(switch)
    if said.says in (Underpaid.LEAVE, Overpaid.LEAVE):
        way = Way.LEFT
    elif said.says in (Underpaid.TO_PATIENT, Overpaid.FROM_PATIENT):
        way = _directly(item)
    else:
        way = _at_own_desk(item)
    return _change(item, delta_fen, way, switch)


def _at_own_desk(item: _Item) -> Way:
    # A fund's cash allowance is owed to the patient from the first and never passes a hospital.
    is_cash_of_fund = item.kind == ChangeKind.CASH.value and item.fund is not None
    return Way.PATIENT if is_cash_of_fund else Way.HOSPITAL


def _directly(item: _Item) -> Way:
    # What the hospital itself bears, and a fixed price's surplus, are the hospital's own business.
    is_hospitals = item.fund is None or item.kind == ChangeKind.SURPLUS.value
    return Way.HOSPITAL if is_hospitals else Way.PATIENT


def _of_patient(changes: Iterable[Change]) -> Iterator[Change]:
    """The patient's part of each way: what the shares of that way leave to the patient."""
    by_way: Counter[str] = Counter()
    for change in changes:
        if change.kind == ChangeKind.SHARE.value:
            by_way[change.way] -= change.delta_fen
    for way in Way:
        if by_way[way.value]:
            yield Change(
                kind=ChangeKind.PATIENT.value,
                layer=None,
                payer=Payer.PATIENT.value,
                fund=None,
                delta_fen=by_way[way.value],
                way=way.value,
            )


def _changes(adjustments: Iterable[Adjustment]) -> Iterator[Change]:
    for adjustment in adjustments:
        yield from adjustment.changes


def _change(item: _Item, delta_fen: int, way: Way, switch: str | None) -> Change:
    return Change(item.kind, item.layer, item.payer, item.fund, delta_fen, way.value, switch)


def _item(change: Change) -> _Item:
    return _Item(change.kind, change.layer or "", change.payer, change.fund)


def _of_share(share: Share) -> _Item:
    return _Item(ChangeKind.SHARE.value, share.layer, share.payer, share.fund)


def _of_outside(owed: OutsideEntry) -> _Item:
    return _Item(owed.kind, owed.layer, owed.payer, owed.fund)
