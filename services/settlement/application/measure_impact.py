"""Measuring what another policy would do to a cohort (测算影响): every claim settled under both.

Nothing is stored. Each person's claims are settled in order with the year's totals carried along,
whole persons at a time, so that a cohort of any length needs the memory of one batch.
"""

from collections.abc import Callable, Iterable, Sequence

from settlement.application.impact.by_columns import fits_columns, settle_by_columns
from settlement.application.impact.cohort import Claim, in_batches
from settlement.application.impact.one_by_one import settle_one_by_one
from settlement.application.impact.settled import Refused, Settled
from settlement.application.impact.tally import Tally
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.law.policy import Policy

__all__ = ["Claim", "Tally", "measure_impact"]

BATCH = 100_000
"""About so many claims are settled at a time."""

LEAST_FOR_COLUMNS = 20_000
"""With fewer claims, compiling the policy takes longer than settling them one by one."""

MOST_SHOWN = 100
"""So many of the patients who lose most are kept."""


def measure_impact(
    claims: Iterable[Claim],
    *,
    before: Policy,
    after: Policy,
    most: int = MOST_SHOWN,
    on_progress: Callable[[int], None] = lambda _: None,
    batch: int = BATCH,
    least_for_columns: int = LEAST_FOR_COLUMNS,
) -> Tally:
    """Settle a cohort under two policies and add up the differences.

    A person's claims stand together, in the order they are settled. A claim that one of the
    policies refuses is counted by name and compared under neither; so are the later ones of the
    person's year, since nobody knows its totals. `on_progress` is told how many claims are done.
    Raises UnknownName.
    """
    tally = Tally(before, after, most)
    cascades = compile_policy(before), compile_policy(after)
    for part in in_batches(claims, batch):
        by_columns = len(part) >= least_for_columns
        settled = [_settle(cascade, part, by_columns=by_columns) for cascade in cascades]
        tally.add(part, settled[0], settled[1])
        on_progress(tally.claims)
    return tally


def _settle(
    cascade: Cascade, claims: Sequence[Claim], *, by_columns: bool
) -> list[Settled | Refused]:
    if by_columns and fits_columns(cascade.policy):
        return settle_by_columns(cascade, claims)
    return settle_one_by_one(cascade, claims)
