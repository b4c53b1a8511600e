"""Worked cases as values (算例): a bill, what it should come to, and who says so.

A case may be several stays of one person. Amounts are in fen; a source that rounds (“11 万元”)
states what it rounds to, and the case is held to exactly that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from settlement.law.bill import Charges
from settlement.law.book import StayDates
from settlement.law.exact import Ratio, format_yuan
from settlement.law.facts import Facts
from settlement.law.people import HeldIdentity
from settlement.law.policy import Policy
from settlement.law.rounding import RoundingMode

PATIENT = "patient"
"""Name of what is left to the patient (个人), beside the layers' names."""
REIMBURSED = "reimbursed"
"""Name of everything the patient does not bear (合计报销): total minus patient."""


class CaseKind(StrEnum):
    """Whether somebody published the bill (公布) or it was made from the rules (推算)."""

    PUBLISHED = "published"
    CONSTRUCTED = "constructed"

    @property
    def label(self) -> str:
        """As users read it."""
        if self is CaseKind.PUBLISHED:
            return "公布的账单"
        return "依规则推算，无公布账单"


@dataclass(frozen=True)
class StatedAmount:
    """An amount as somebody stated it (所载金额), in fen, rounded to `to_fen`.

    `to_fen` is 1 where the amount is stated to the fen; 1_000_00 for “11.0 万”.
    """

    fen: int
    to_fen: int = 1
    mode: RoundingMode = RoundingMode.HALF_UP

    def fits(self, computed_fen: int) -> bool:
        """Whether the computed amount, rounded as the source rounds, is the stated one."""
        whole, rest = divmod(computed_fen, self.to_fen)
        if self.mode is RoundingMode.HALF_UP:
            whole += 2 * rest >= self.to_fen
        return whole * self.to_fen == self.fen

    def __str__(self) -> str:
        """As users read it, in yuan."""
        if self.to_fen == 1:
            return format_yuan(self.fen)
        how = "取整" if self.mode is RoundingMode.HALF_UP else "只取"
        return f"{format_yuan(self.fen)}（原文{how}到 {format_yuan(self.to_fen)} 元）"


@dataclass(frozen=True)
class StatedShare:
    """A share as somebody stated it (所载比例): exact, or rounded half up to `to`."""

    share: Ratio
    to: Ratio | None = None

    def fits(self, part_fen: int, whole_fen: int) -> bool:
        """Whether part over whole, rounded as the source rounds, is the stated share."""
        if self.to is None:
            return part_fen * int(10**self.share.digits) == self.share.units * whole_fen
        of_unit = whole_fen * self.to.units
        steps, rest = divmod(part_fen * int(10**self.to.digits), of_unit)
        steps += 2 * rest >= of_unit
        return self.share.units * int(10**self.to.digits) == (
            steps * self.to.units * int(10**self.share.digits)
        )

    def __str__(self) -> str:
        """As users read it."""
        return f"{self.share}（原文取整到 {self.to}）" if self.to else str(self.share)


@dataclass(frozen=True)
class StatedIndicator:
    """A reported value as stated (所载指标): an amount, a share, or None where it has no value.

    `is_met` says whether its target is reached, where the case states that too.
    """

    value: StatedAmount | StatedShare | None
    is_met: bool | None = None


@dataclass(frozen=True)
class Expected:
    """What a stay should come to (应得结果).

    `layers` holds what layers or parts take of the bill, `measures` what layers that pay nothing
    come to, `outside` cash and surpluses beside the bill, `pending` the layers still undecided,
    `reported` indicators by id. `refused` names the number, amount, fact or layer the settlement
    must stop at instead.
    """

    layers: Mapping[str, StatedAmount] = field(default_factory=dict)
    measures: Mapping[str, StatedAmount] = field(default_factory=dict)
    outside: Mapping[str, StatedAmount] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    reported: Mapping[str, StatedIndicator] = field(default_factory=dict)
    patient: StatedAmount | None = None
    reimbursed: StatedAmount | None = None
    refused: str | None = None


@dataclass(frozen=True)
class CaseStay:
    """One stay of a case (一次住院).

    `held` are the person's identities with their days, where the case states them instead of
    those of the day that counts.
    """

    charges: Charges
    facts: Facts
    dates: StayDates
    elsewhere_fen: Mapping[str, int]
    expected: Expected
    held: tuple[HeldIdentity, ...] = ()


@dataclass(frozen=True)
class WorkedCase:
    """A worked case (算例). `counters_before` are the year's totals before its first stay.

    `id` names the published bill it comes from (账单编号); several cases share one where the
    source works out several results. `together` are sums over all stays. `source_says` is what
    the source prints and the rules do not give (来源之误): by layer, `patient` or `reimbursed`,
    summed over the stays; `note` says why.
    """

    name: str
    kind: CaseKind
    source: str
    url: str | None
    note: str | None
    counters_before: Mapping[str, int]
    stays: tuple[CaseStay, ...]
    id: str | None = None
    together: Mapping[str, StatedAmount] = field(default_factory=dict)
    source_says: Mapping[str, StatedAmount] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseFile:
    """A file of worked cases (算例文件); `policy` where it carries one of its own."""

    policy: Policy | None
    cases: tuple[WorkedCase, ...]
