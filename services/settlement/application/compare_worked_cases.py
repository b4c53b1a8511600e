"""Comparing a worked case with what the rules give (核对算例), exactly or as its source rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from settlement.application.worked_cases import PATIENT, REIMBURSED, Expected, StatedAmount
from settlement.kernel.settle import NumberMissing, Outcome
from settlement.law.bill import AmountNotStated
from settlement.law.book import StayDates
from settlement.law.exact import format_yuan
from settlement.law.facts import FactNotStated
from settlement.law.policy import Policy, parse_expression

_UNSTATED = "（算例没有写）"
_UNKNOWN = "本政策没有"
_SETTLED = "照常结算"
_ALL_STAYS = 0


@dataclass(frozen=True)
class Compared:
    """One stated value beside the computed one (对照), as users read them.

    `stay` counts from 1; 0 stands for all stays of the case together.
    """

    stay: int
    what: str
    stated: str
    computed: str
    agrees: bool

    def __str__(self) -> str:
        """Both values, for a list of misses."""
        where = f"第 {self.stay} 次住院" if self.stay else "各次合计"
        return f"{where} {self.what}：应为 {self.stated}，实为 {self.computed}"


def check_in_force(policy: Policy, dates: StayDates, at: int) -> list[Compared]:
    """A stay outside the version's dates proves nothing about it."""
    day = dates.on(policy.version_chosen_by)
    if policy.in_force_from <= day <= (policy.in_force_to or date.max):
        return []
    return [Compared(at, "施行期", "在本版施行期内", f"{day} 不在施行期内", agrees=False)]


def compare_outcome(
    policy: Policy, expected: Expected, outcome: Outcome, at: int
) -> list[Compared]:
    """Every layer, stated parts, the patient: one line each."""
    if expected.refused is not None:
        return [Compared(at, "拒绝", expected.refused, _SETTLED, agrees=False)]
    computed = _amounts(policy, outcome)
    required = [*(layer.id for layer in policy.layers), PATIENT]
    stated = dict(expected.layers)
    if expected.patient:
        stated[PATIENT] = expected.patient
    if expected.reimbursed:
        stated[REIMBURSED] = expected.reimbursed
    labels = _labels(policy)
    names = [*required, *(name for name in stated if name not in required)]
    return [_line(at, _label(labels, name), stated.get(name), computed.get(name)) for name in names]


def compare_refusal(expected: Expected, refusal: Exception, at: int) -> list[Compared]:
    """A refusal beside the one that was expected, if any."""
    name = refused_name(refusal)
    if expected.refused == name:
        return [Compared(at, "拒绝", name, name, agrees=True)]
    stated = expected.refused or _SETTLED
    return [Compared(at, "拒绝", stated, f"{name}（{refusal}）", agrees=False)]


def compare_together(
    policy: Policy, stated: Mapping[str, StatedAmount], outcomes: Sequence[Outcome | Exception]
) -> list[Compared]:
    """Sums over all stays of a case."""
    labels, sums = _labels(policy), _sums(policy, outcomes)
    return [
        _line(_ALL_STAYS, _label(labels, name), said, _added_up(name, sums))
        for name, said in stated.items()
    ]


def compare_source(
    policy: Policy, said: Mapping[str, StatedAmount], outcomes: Sequence[Outcome | Exception]
) -> list[Compared]:
    """What a source got wrong (来源之误): agrees when the rules indeed give something else."""
    labels, sums = _labels(policy), _sums(policy, outcomes)
    refusals = [refused_name(o) for o in outcomes if isinstance(o, Exception)]
    found = []
    for name, amount in said.items():
        what, given = _label(labels, name), _added_up(name, sums)
        if refusals:
            refused = f"拒绝（{'、'.join(refusals)}）"
            found.append(Compared(_ALL_STAYS, what, str(amount), refused, agrees=True))
        elif given is None:
            found.append(Compared(_ALL_STAYS, what, str(amount), _UNKNOWN, agrees=False))
        elif amount.fits(given):
            told = "与来源相符，不是来源之误；请写进 expect"
            found.append(Compared(_ALL_STAYS, what, f"不同于 {amount}", told, agrees=False))
        else:
            found.append(Compared(_ALL_STAYS, what, str(amount), format_yuan(given), agrees=True))
    return found


def refused_name(refusal: Exception) -> str:
    """What a settlement stopped at: the number, the amount, the fact, or the kind of refusal."""
    if isinstance(refusal, NumberMissing):
        return refusal.name
    if isinstance(refusal, AmountNotStated):
        return refusal.amount
    if isinstance(refusal, FactNotStated):
        return refusal.fact
    return type(refusal).__name__


def _labels(policy: Policy) -> dict[str, str]:
    """What users read for each name a case may state."""
    found = {PATIENT: "个人", REIMBURSED: "合计报销"}
    for layer in policy.layers:
        found[layer.id] = layer.name
        if len(layer.parts) > 1:
            found |= {f"{layer.id}.{p.id}": f"{layer.name}·{p.name}" for p in layer.parts}
    return found


def _amounts(policy: Policy, outcome: Outcome) -> dict[str, int]:
    """What one stay came to, by the names a case may state."""
    found: dict[str, int] = {}
    for layer in policy.layers:
        found[layer.id] = outcome.paid_fen(layer)
        if len(layer.parts) > 1:
            for part in layer.parts:
                found[f"{layer.id}.{part.id}"] = outcome.values[f"{layer.id}__{part.id}_paid"]
    found[PATIENT] = outcome.patient_fen
    found[REIMBURSED] = sum(outcome.paid_fen(layer) for layer in policy.layers)
    return found


def _sums(policy: Policy, outcomes: Sequence[Outcome | Exception]) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        if not isinstance(outcome, Exception):
            for name, fen in _amounts(policy, outcome).items():
                found[name] = found.get(name, 0) + fen
    return found


def _label(labels: Mapping[str, str], name: str) -> str:
    return labels.get(name, name if " " in name else f"层 {name}")


def _added_up(names: str, sums: Mapping[str, int]) -> int | None:
    """The sum that `within + outside` stands for; None when the policy lacks a name in it."""
    try:
        terms = parse_expression(names).terms
        return sum(term.sign * sums[term.name] for term in terms)
    except (KeyError, ValueError):
        return None


def _line(at: int, what: str, stated: StatedAmount | None, computed_fen: int | None) -> Compared:
    return Compared(
        at,
        what,
        _UNSTATED if stated is None else str(stated),
        _UNKNOWN if computed_fen is None else format_yuan(computed_fen),
        agrees=stated is not None and computed_fen is not None and stated.fits(computed_fen),
    )
