"""Running worked cases (跑算例): published bills and constructed ones, each layer to the fen.

A case may be several stays of one person: the year's counters flow from one to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from settlement.application.prepare_settlement import counter_years
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.settle import (
    BILL_REFUSALS,
    Inputs,
    NumberMissing,
    Outcome,
    settle_bill,
)
from settlement.law.bill import AmountNotStated, Charges
from settlement.law.book import StayDates
from settlement.law.exact import format_yuan
from settlement.law.facts import FactNotStated, Facts
from settlement.law.policy import BENEFIT_ADMISSIONS, Layer, Policy


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
class Expected:
    """What a stay should come to (应得结果), in fen: by layer or part, the patient, or a refusal.

    `refused` names the number, amount, fact or layer the settlement must stop at.
    """

    layers_fen: Mapping[str, int]
    patient_fen: int | None
    refused: str | None


@dataclass(frozen=True)
class CaseStay:
    """One stay of a case (一次住院)."""

    charges: Charges
    facts: Facts
    dates: StayDates
    elsewhere_fen: Mapping[str, int]
    expected: Expected


@dataclass(frozen=True)
class WorkedCase:
    """A worked case (算例). `counters_before` are the year's totals before its first stay."""

    name: str
    kind: CaseKind
    source: str
    url: str | None
    note: str | None
    counters_before: Mapping[str, int]
    stays: tuple[CaseStay, ...]


@dataclass(frozen=True)
class Compared:
    """One stated value beside the computed one (对照), as users read them."""

    stay: int
    what: str
    stated: str
    computed: str

    @property
    def agrees(self) -> bool:
        """Whether both are the same, to the fen."""
        return self.stated == self.computed


@dataclass(frozen=True)
class CaseResult:
    """A case with everything compared."""

    case: WorkedCase
    compared: tuple[Compared, ...]

    @property
    def passed(self) -> bool:
        """Whether everything agrees."""
        return all(c.agrees for c in self.compared)


def run_worked_case(policy: Policy, case: WorkedCase) -> CaseResult:
    """Settle the stays of a case in order and compare. Raises UnknownName."""
    cascade = compile_policy(policy)
    counters: dict[tuple[str, date], int] = {}
    compared: list[Compared] = []
    for at, stay in enumerate(case.stays, start=1):
        years = counter_years(policy, stay.dates)
        if at == 1:
            for name, before in case.counters_before.items():
                if name in years:
                    counters[name, years[name]] = before
                else:
                    compared.append(Compared(1, f"累计器 {name}", "存在", "本政策没有"))
        compared += _check_in_force(policy, stay, at)
        before_stay = {name: counters.get((name, day), 0) for name, day in years.items()}
        outcome = _settle(cascade, stay, before_stay)
        if isinstance(outcome, Exception):
            compared += _compare_refusal(stay.expected, outcome, at)
            continue
        counters |= {(name, years[name]): after for name, after in outcome.counters.items()}
        compared += _compare(policy, stay.expected, outcome, at)
    return CaseResult(case, tuple(compared))


def _settle(cascade: Cascade, stay: CaseStay, counters: Mapping[str, int]) -> Outcome | Exception:
    facts = stay.facts
    if facts.admission_number is None:
        facts = replace(facts, admission_number=counters.get(BENEFIT_ADMISSIONS, 0) + 1)
    try:
        stay.charges.check()
        return settle_bill(cascade, Inputs(stay.charges, facts, counters, stay.elsewhere_fen))
    except BILL_REFUSALS as refusal:
        return refusal


def _check_in_force(policy: Policy, stay: CaseStay, at: int) -> list[Compared]:
    day = stay.dates.on(policy.version_chosen_by)
    if policy.in_force_from <= day <= (policy.in_force_to or date.max):
        return []
    return [Compared(at, "施行期", "在本版施行期内", f"{day} 不在施行期内")]


def _compare(policy: Policy, expected: Expected, outcome: Outcome, at: int) -> list[Compared]:
    if expected.refused is not None:
        return [Compared(at, "拒绝", expected.refused, "照常结算")]
    stated = dict(expected.layers_fen)
    found = []
    for layer in policy.layers:
        fen = stated.pop(layer.id, None)
        what = layer.name
        found.append(Compared(at, what, _yuan(fen), format_yuan(outcome.paid_fen(layer))))
        within = [name for name in stated if name.startswith(f"{layer.id}.")]
        found += [_compare_part(layer, name, stated.pop(name), outcome, at) for name in within]
    found += [Compared(at, f"层 {n}", format_yuan(fen), "本政策没有") for n, fen in stated.items()]
    found.append(
        Compared(at, "个人", _yuan(expected.patient_fen), format_yuan(outcome.patient_fen))
    )
    return found


def _compare_part(layer: Layer, name: str, fen: int, outcome: Outcome, at: int) -> Compared:
    part_id = name.removeprefix(f"{layer.id}.")
    part = next((p for p in layer.parts if p.id == part_id and len(layer.parts) > 1), None)
    if part is None:
        return Compared(at, f"分项 {name}", format_yuan(fen), "本政策没有")
    paid = outcome.values[f"{layer.id}__{part_id}_paid"]
    return Compared(at, f"{layer.name}·{part.name}", format_yuan(fen), format_yuan(paid))


def _compare_refusal(expected: Expected, refusal: Exception, at: int) -> list[Compared]:
    name = refused_name(refusal)
    if expected.refused == name:
        return [Compared(at, "拒绝", name, name)]
    stated = expected.refused or "照常结算"
    return [Compared(at, "拒绝", stated, f"{name}（{refusal}）")]


def refused_name(refusal: Exception) -> str:
    """What a settlement stopped at: the number, the amount, the fact, or the kind of refusal."""
    if isinstance(refusal, NumberMissing):
        return refusal.name
    if isinstance(refusal, AmountNotStated):
        return refusal.amount
    if isinstance(refusal, FactNotStated):
        return refusal.fact
    return type(refusal).__name__


def _yuan(fen: int | None) -> str:
    return "（算例没有写）" if fen is None else format_yuan(fen)
