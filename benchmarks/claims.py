"""Made-up claims under a policy of four layers, the same in every run (测量用的费用)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from settlement.adapters.policy_files import load_policy
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.columns import Columns, Integers, resolve_rows
from settlement.law.facts import Facts

_POLICY = Path(__file__).with_name("four_layers.yaml")

KINDS = (
    Facts(identities=frozenset({"subsistence_margin"}), tier="level_2"),
    Facts(identities=frozenset({"subsistence_allowance"}), tier="level_2"),
    Facts(tier="level_2"),
)
"""Three kinds of people; a claim's `row` is the kind of its person."""


@dataclass(frozen=True)
class Claims:
    """Claims in columns: fen, the kind of person, and where each person's year begins."""

    total: Integers
    in_scope: Integers
    kind: Integers
    group_starts: Integers

    def as_columns(self, cascade: Cascade) -> Columns:
        """As the kernel takes them."""
        return Columns(
            amounts={"total": self.total, "in_scope": self.in_scope},
            row=self.kind,
            table=resolve_rows(cascade, KINDS),
            group_starts=self.group_starts,
        )


def four_layers() -> Cascade:
    """Basic, critical, assistance and tilt, with counters over the year."""
    return compile_policy(load_policy(_POLICY, _POLICY.parent))


def make_claims(count: int) -> Claims:
    """One to five stays a year for each person; median bill 8,000 yuan, a long tail."""
    chance = np.random.default_rng(2023)
    total = np.minimum(np.exp(chance.normal(np.log(8_000_00), 1.0, count)), 500_000_00)
    total = total.astype(np.int64)
    ends = np.cumsum(chance.integers(1, 6, count))
    starts = np.concatenate([[0], ends[ends < count], [count]]).astype(np.int64)
    kinds = chance.integers(0, len(KINDS), len(starts) - 1)
    return Claims(
        total=total,
        in_scope=total * chance.integers(60, 100, count) // 100,
        kind=np.repeat(kinds, np.diff(starts)).astype(np.int64),
        group_starts=starts,
    )
