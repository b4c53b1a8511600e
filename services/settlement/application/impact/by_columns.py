"""Settling a cohort as columns (列式结算): the same function, compiled, over whole arrays.

Only where all of a policy's yearly totals begin anew on one day: then a person's year is a group.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

import numpy as np

from settlement.application.impact.cohort import Claim, elsewhere_under, facts_under
from settlement.application.impact.settled import (
    AFTER_REFUSED,
    REFUSALS,
    Refused,
    Settled,
    WhyRefused,
    refused,
)
from settlement.kernel.cascade import Cascade, Resolution
from settlement.kernel.columns import Columns, Integers, resolve_rows, settle_columns
from settlement.kernel.settle import ElsewhereAmountMissing, ElsewhereAmountUnexpected
from settlement.kernel.shape import ELSEWHERE_REFUSED
from settlement.law.bill import AmountNotStated
from settlement.law.facts import Facts
from settlement.law.policy import Policy


def fits_columns(policy: Policy) -> bool:
    """Whether all yearly totals of the policy begin anew on the same day."""
    return all(layer.benefit_year == policy.benefit_year for layer in policy.layers)


@dataclass(frozen=True, slots=True)
class _Ready:
    """One claim that passed every look-up, on its way into the columns; `at` is its place."""

    at: int
    amounts: dict[str, int]
    facts: Facts
    elsewhere: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Group:
    """A person's year: the places of all its claims, and those that are ready to compute."""

    places: list[int]
    ready: list[_Ready]


def settle_by_columns(cascade: Cascade, claims: Sequence[Claim]) -> list[Settled | Refused]:
    """What becomes of each claim; the claims of a person stand together and in order."""
    found: list[Settled | Refused] = [AFTER_REFUSED] * len(claims)
    groups: list[_Group] = []
    for places in _years(cascade.policy, claims):
        ready = _ready(cascade, claims, places, found)
        if ready:
            groups.append(_Group(places, ready))
    if groups:
        _settle(cascade, groups, found)
    return found


def _years(policy: Policy, claims: Sequence[Claim]) -> Iterator[list[int]]:
    """The claims of one person and benefit year, by their places, in order."""
    year = policy.benefit_year
    for _, places in groupby(range(len(claims)), key=lambda at: claims[at].person):
        by_year: dict[date, list[int]] = defaultdict(list)
        for at in places:
            by_year[year.first_day(claims[at].dates.on(year.chosen_by))].append(at)
        yield from by_year.values()


def _ready(
    cascade: Cascade, claims: Sequence[Claim], group: list[int], found: list[Settled | Refused]
) -> list[_Ready]:
    """The claims up to the first that is refused before anything is computed."""
    ready: list[_Ready] = []
    of_tier: dict[str | None, int] = defaultdict(int)
    for number, at in enumerate(group, start=1):
        claim = claims[at]
        try:
            claim.charges.check()
            of_tier[claim.facts.tier] += 1
            facts = replace(
                facts_under(cascade.policy, claim),
                admission_number=number,
                same_tier_admission_number=of_tier[claim.facts.tier] if claim.facts.tier else None,
            )
            resolution = cascade.resolve(facts)
            given = elsewhere_under(cascade.policy, claim, resolution.applied)
            one = _Ready(at, claim.charges.amounts(), facts, given)
            _require(resolution, one)
        except REFUSALS as wrong:
            found[at] = refused(wrong)
            break
        ready.append(one)
    return ready


def _require(found: Resolution, one: _Ready) -> None:
    """What a bill that is settled alone must have, too."""
    for layer_id in one.elsewhere:
        if layer_id not in found.applied:
            raise ElsewhereAmountUnexpected(layer_id)
    for name, layer_name in found.needed_amounts:
        if name not in one.amounts:
            raise AmountNotStated(name, layer_name)
    for layer in found.needed_elsewhere:
        may_wait = layer.elsewhere and layer.elsewhere.may_come_later
        if layer.id not in one.elsewhere and not may_wait:
            raise ElsewhereAmountMissing(layer)


def _settle(cascade: Cascade, groups: list[_Group], found: list[Settled | Refused]) -> None:
    layers = cascade.policy.layers
    surplus = [f"{x.id}_surplus" if x.surplus_to_hospital else None for x in layers]
    paid = [f"{x.id}_paid" for x in layers]
    outputs = [*paid, *(name for name in surplus if name), "patient", "refused"]
    results = settle_columns(cascade, _columns(cascade, groups), outputs=outputs)
    rows = _rows(results, paid)
    beyond = _rows(results, surplus)
    patient, stopped = results["patient"].tolist(), results["refused"].tolist()
    at = 0
    for group in groups:
        for number, one in enumerate(group.ready):
            if stopped[at + number] >= 0:
                # Later claims of the year would rest on totals that nobody knows.
                for place in group.places[number + 1 :]:
                    found[place] = AFTER_REFUSED
                found[one.at] = _refusal(cascade, stopped[at + number])
                break
            found[one.at] = Settled(rows[at + number], beyond[at + number], patient[at + number])
        at += len(group.ready)


def _rows(results: Mapping[str, Integers], names: Sequence[str | None]) -> list[tuple[int, ...]]:
    """The named columns side by side; zero where there is none."""
    count = len(results["patient"])
    columns = [results[name].tolist() if name else [0] * count for name in names]
    return list(zip(*columns, strict=True))


def _columns(cascade: Cascade, groups: list[_Group]) -> Columns:
    shape, ready = cascade.shape, [one for group in groups for one in group.ready]
    starts = np.cumsum([0, *(len(group.ready) for group in groups)]).astype(np.int64)
    return Columns(
        amounts={
            name: np.array([one.amounts.get(name, 0) for one in ready], np.int64)
            for name in shape.amounts
        },
        row=np.arange(len(ready), dtype=np.int64),
        table=resolve_rows(cascade, [one.facts for one in ready]),
        group_starts=starts,
        elsewhere={
            layer: np.array([one.elsewhere.get(layer, 0) for one in ready], np.int64)
            for layer in shape.elsewhere
        },
    )


def _refusal(cascade: Cascade, stopped: int) -> Refused:
    if stopped >= ELSEWHERE_REFUSED:
        layer = cascade.shape.elsewhere[stopped - ELSEWHERE_REFUSED]
        return Refused(WhyRefused.ELSEWHERE_TOO_LARGE, layer)
    return Refused(WhyRefused.NUMBER, cascade.shape.numbers[stopped].number.name)
