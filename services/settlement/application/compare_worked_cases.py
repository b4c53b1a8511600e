"""Comparing a worked case with what the rules give (核对算例), exactly or as its source rounds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from settlement.application.worked_cases import (
    PATIENT,
    REIMBURSED,
    Expected,
    StatedAmount,
    StatedIndicator,
)
from settlement.kernel.report import Told
from settlement.kernel.resolving import NumberUnfit
from settlement.kernel.settle import (
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    NumberMissing,
    Outcome,
)
from settlement.law.bill import AmountNotStated, BillDoesNotAddUp, BillTooLarge
from settlement.law.book import StayDates
from settlement.law.exact import format_yuan
from settlement.law.expressions import parse_expression
from settlement.law.facts import FactNotStated
from settlement.law.policy import Layer, LayerKind, Policy

_UNSTATED = "（算例没有写）"
_UNKNOWN = "本政策没有"
_SETTLED = "照常结算"
_ALL_STAYS = 0
_FEN = re.compile(r"(-?\d+) 分")

REFUSED_WORDS: Mapping[type[Exception], str] = {
    BillDoesNotAddUp: "费用不平",
    BillTooLarge: "费用过大",
    ElsewhereAmountMissing: "缺少外部结算金额",
    ElsewhereAmountTooLarge: "外部结算金额过大",
    ElsewhereAmountUnexpected: "多余的外部结算金额",
}
"""Refusals that name nothing (拒绝的原因), as people read them and as a case may state them."""
_REFUSED_BY_NAME = {kind.__name__: said for kind, said in REFUSED_WORDS.items()}

_BILL = frozenset({LayerKind.PAYMENT, LayerKind.PATIENT})


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
    """Every layer, stated parts, what stands outside the bill, what is pending, the patient."""
    if expected.refused is not None:
        return [Compared(at, "拒绝", expected.refused, _SETTLED, agrees=False)]
    labels = _labels(policy)
    found = _compare_layers(policy, expected, outcome, at)
    for kind, stated, computed in (
        ("只测算", expected.measures, _measures(policy, outcome)),
        ("账外", expected.outside, _outside(policy, outcome)),
    ):
        names = [*computed, *(name for name in stated if name not in computed)]
        found += [
            _line(at, f"{_label(labels, n)}（{kind}）", stated.get(n), computed.get(n))
            for n in names
            if kind == "只测算" or n in stated or computed[n]
        ]
    found += _compare_pending(expected, outcome, at)
    found.append(_line(at, labels[PATIENT], expected.patient, outcome.patient_fen))
    if expected.reimbursed:
        paid_fen = _amounts(policy, outcome)[REIMBURSED]
        found.append(_line(at, labels[REIMBURSED], expected.reimbursed, paid_fen))
    return found


def _compare_layers(
    policy: Policy, expected: Expected, outcome: Outcome, at: int
) -> list[Compared]:
    """What layers and parts take of the bill; every layer that may take something is stated."""
    labels, computed = _labels(policy), _of_the_bill(policy, outcome)
    required = [x.id for x in policy.layers if x.kind in _BILL]
    names = [*required, *(name for name in expected.layers if name not in required)]
    return [_line(at, _label(labels, n), expected.layers.get(n), computed.get(n)) for n in names]


def _compare_pending(expected: Expected, outcome: Outcome, at: int) -> list[Compared]:
    if expected.pending == frozenset(outcome.pending):
        return []
    stated, found = (
        "、".join(sorted(names)) or "没有" for names in (expected.pending, outcome.pending)
    )
    return [Compared(at, "待定的层", stated, found, agrees=False)]


def compare_reported(expected: Expected, told: Sequence[Told], at: int) -> list[Compared]:
    """The indicators a case states; those it does not state are not compared."""
    found = {one.id: one for one in told}
    return [
        _compare_indicator(stated, found.get(name), name, at)
        for name, stated in expected.reported.items()
    ]


def _compare_indicator(stated: StatedIndicator, told: Told | None, name: str, at: int) -> Compared:
    if told is None:
        return Compared(at, f"指标 {name}", str(stated.value), "没有报告", agrees=False)
    agrees = _fits(stated, told) and stated.is_met in (None, told.is_met)
    met = {True: "，达到目标", False: "，没有达到目标", None: ""}
    wanted = "没有值" if stated.value is None else str(stated.value)
    return Compared(
        at,
        told.label,
        wanted + met[stated.is_met],
        _told_value(told) + met[told.is_met if stated.is_met is not None else None],
        agrees=agrees,
    )


def _fits(stated: StatedIndicator, told: Told) -> bool:
    amount_fen, whole_fen = told.amount_fen, told.denominator_fen
    if stated.value is None:
        return amount_fen is None or whole_fen == 0
    if amount_fen is None:
        return False
    if isinstance(stated.value, StatedAmount):
        return whole_fen is None and stated.value.fits(amount_fen)
    return whole_fen is not None and whole_fen > 0 and stated.value.fits(amount_fen, whole_fen)


def _told_value(told: Told) -> str:
    if told.missing:
        return f"没有值（账单没有 {told.missing}）"
    amount = format_yuan(told.amount_fen or 0)
    if told.denominator_fen is None:
        return amount
    return f"{amount} ÷ {format_yuan(told.denominator_fen)}"


def compare_refusal(expected: Expected, refusal: Exception, at: int) -> list[Compared]:
    """A refusal beside the one that was expected, if any."""
    name, said = refused_name(refusal), REFUSED_WORDS.get(type(refusal))
    if expected.refused and expected.refused in (name, said):
        return [Compared(at, "拒绝", name, name, agrees=True)]
    stated = _REFUSED_BY_NAME.get(expected.refused or "", expected.refused) or _SETTLED
    return [Compared(at, "拒绝", stated, f"{said or name}（{in_yuan(refusal)}）", agrees=False)]


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
            refused = f"拒绝（{'、'.join(_REFUSED_BY_NAME.get(n, n) for n in refusals)}）"
            found.append(Compared(_ALL_STAYS, what, str(amount), refused, agrees=True))
        elif given is None:
            found.append(Compared(_ALL_STAYS, what, str(amount), _UNKNOWN, agrees=False))
        elif amount.fits(given):
            told = "与来源相符，不是来源之误；请写进 expect"
            found.append(Compared(_ALL_STAYS, what, f"不同于 {amount}", told, agrees=False))
        else:
            found.append(Compared(_ALL_STAYS, what, str(amount), format_yuan(given), agrees=True))
    return found


def in_yuan(refusal: Exception) -> str:
    """What a refusal says, with its amounts in yuan as a file of cases has them."""
    return _FEN.sub(lambda found: f"{format_yuan(int(found[1]))} 元", str(refusal))


def refused_name(refusal: Exception) -> str:
    """What a settlement stopped at: the number, the amount, the fact, or the kind of refusal."""
    if isinstance(refusal, NumberMissing | NumberUnfit):
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
    """What one stay came to, by every name that a sum over stays may have."""
    found = _of_the_bill(policy, outcome)
    found |= {x.id: outcome.paid_fen(x) for x in policy.layers if x.kind not in _BILL}
    found[PATIENT] = outcome.patient_fen
    paid = (outcome.paid_fen(x) for x in policy.layers if x.kind is LayerKind.PAYMENT)
    found[REIMBURSED] = sum(paid)
    return found


def _of_the_bill(policy: Policy, outcome: Outcome) -> dict[str, int]:
    """What layers and parts take of the bill: nothing, where they only measure or pay cash."""
    found: dict[str, int] = {}
    for layer in policy.layers:
        takes = layer.kind in _BILL
        found[layer.id] = outcome.paid_fen(layer) if takes else 0
        if len(layer.parts) > 1 and takes:
            for part in layer.parts:
                found[f"{layer.id}.{part.id}"] = outcome.values[f"{layer.id}__{part.id}_paid"]
    return found


def _measures(policy: Policy, outcome: Outcome) -> dict[str, int]:
    return {x.id: outcome.paid_fen(x) for x in policy.layers if x.kind is LayerKind.MEASURE}


def _outside(policy: Policy, outcome: Outcome) -> dict[str, int]:
    """What each layer that may owe something outside the bill owes."""
    may_owe = (x for x in policy.layers if _may_owe_outside(x))
    owed = {x.layer: x.amount_fen for x in outcome.outside}
    return {layer.id: owed.get(layer.id, 0) for layer in may_owe}


def _may_owe_outside(layer: Layer) -> bool:
    return layer.kind is LayerKind.CASH or layer.surplus_to_hospital


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
        return sum(term.sign * sums[term.name] for term in parse_expression(names).terms)
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
