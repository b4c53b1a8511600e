"""A settlement as the ledger keeps it (结算): inputs, payer steps, shares."""

from dataclasses import dataclass
from datetime import date

from settlement.domain.adjustment import Adjustment
from settlement.domain.record import SettlementInputs
from settlement.kernel.explain import Step
from settlement.kernel.report import Told, report
from settlement.kernel.settle import Outcome
from settlement.law.facts import Facts
from settlement.law.policy import LayerKind, Policy


@dataclass(frozen=True)
class PayerStep:
    """One payer step (一步支付) as stored; amounts in fen.

    paid_fen is computed_fen held under cap_left_fen and left_fen, what caps and the bill had left
    for this very step; base_fen is base_before_cap_fen held under cost_cap_left_fen.

    `kind` is "payment" (支付), "measure" (只测算, pays nothing), "patient" (个人先付) or "cash" (现
    金补助, outside the bill: `outside_fen`). `surplus_fen` is what a fixed price owes the hospital
    beside the bill, `borne_by` who bears the step in the end, `pending` that another system is
    still to send its amount.
    """

    order: int
    layer: str
    part: str
    name: str
    payer: str
    fund: str | None
    applied: bool
    left_fen: int
    base_before_cap_fen: int
    cost_cap_left_fen: int | None
    base_fen: int
    deductible_fen: int
    rate: str
    already_paid_fen: int
    cap_left_fen: int | None
    computed_fen: int
    paid_fen: int
    article: str | None
    kind: str = "payment"
    factor: str | None = None
    not_below_fen: int | None = None
    not_above_fen: int | None = None
    surplus_fen: int = 0
    outside_fen: int = 0
    borne_by: str | None = None
    pending: bool = False


@dataclass(frozen=True)
class Share:
    """What one layer owes the hospital (支付份额), in fen; `fund` None: the hospital itself."""

    layer: str
    payer: str
    fund: str | None
    amount_fen: int


CASH, SURPLUS = "cash", "surplus"


@dataclass(frozen=True)
class OutsideEntry:
    """What a layer owes beside the bill (账外), in fen; `fund` None: the hospital itself.

    `kind` is "cash" (现金补助, owed to the patient) or "surplus" (定额结余, owed to the hospital).
    """

    layer: str
    kind: str
    payer: str
    fund: str | None
    amount_fen: int


@dataclass(frozen=True)
class ReportedValue:
    """A value that is computed and reported, never paid (只报告的指标).

    An amount in fen, or a share as numerator and denominator in fen; a share of nothing has no
    value. `met` says whether it reaches `target`, `missing` names the amount of the bill that
    nobody stated.
    """

    id: str
    name: str
    amount_fen: int | None
    numerator_fen: int | None
    denominator_fen: int | None
    target: str | None
    met: bool | None
    missing: str | None = None


@dataclass(frozen=True)
class Beside:
    """What a settlement says beside its payers and the patient (支付以外的结果).

    `pending` are the layers whose amounts another system is still to send.
    """

    outside: tuple[OutsideEntry, ...] = ()
    reported: tuple[ReportedValue, ...] = ()
    pending: tuple[str, ...] = ()


NOTHING_BESIDE = Beside()


@dataclass(frozen=True)
class Settlement:
    """A settlement as the stay remembers it (结算): as its last adjustment left it."""

    number: str
    inputs: SettlementInputs
    steps: tuple[PayerStep, ...] = ()
    shares: tuple[Share, ...] = ()
    patient_fen: int = 0
    assumed: tuple[str, ...] = ()
    booked_on: date = date.min
    is_reversed: bool = False
    outside: tuple[OutsideEntry, ...] = ()
    reported: tuple[ReportedValue, ...] = ()
    pending: tuple[str, ...] = ()
    invoice_number: str | None = None
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def last_booked_on(self) -> date:
        """The day on which it was last booked: settled, or adjusted."""
        return self.adjustments[-1].booked_on if self.adjustments else self.booked_on


def beside_of(policy: Policy, outcome: Outcome, facts: Facts) -> Beside:
    """What the kernel tells beside the steps, as stored. Raises FactNotStated."""
    return Beside(
        outside=tuple(OutsideEntry(**vars(owed)) for owed in outcome.outside),
        reported=tuple(_reported(told) for told in report(policy, outcome, facts)),
        pending=outcome.pending,
    )


def _reported(told: Told) -> ReportedValue:
    is_share = told.denominator_fen is not None
    return ReportedValue(
        id=told.id,
        name=told.label,
        amount_fen=None if is_share else told.amount_fen,
        numerator_fen=told.amount_fen if is_share else None,
        denominator_fen=told.denominator_fen,
        target=told.target,
        met=told.is_met,
        missing=told.missing,
    )


def payer_steps(steps: tuple[Step, ...]) -> tuple[PayerStep, ...]:
    """The kernel's explanation, as stored."""
    return tuple(
        PayerStep(
            order=order,
            layer=s.layer,
            part=s.part,
            name=s.name,
            payer=s.payer,
            fund=s.fund,
            applied=s.applied,
            left_fen=s.left_fen,
            base_before_cap_fen=s.base_before_cap_fen,
            cost_cap_left_fen=s.cost_cap_left_fen,
            base_fen=s.base_fen,
            deductible_fen=s.deductible_fen,
            rate=s.rate,
            already_paid_fen=s.already_paid_fen,
            cap_left_fen=s.cap_left_fen,
            computed_fen=s.computed_fen,
            paid_fen=s.paid_fen,
            article=s.article,
            kind=s.kind,
            factor=s.factor,
            not_below_fen=s.not_below_fen,
            not_above_fen=s.not_above_fen,
            surplus_fen=s.surplus_fen,
            outside_fen=s.outside_fen,
            borne_by=s.borne_by,
            pending=s.pending,
        )
        for order, s in enumerate(steps, start=1)
    )


def shares_of(steps: tuple[PayerStep, ...]) -> tuple[Share, ...]:
    """What each layer pays in all: a list, since two payers with equal amounts both count.

    Layers that pay nothing of the bill, and those that the patient pays first, are no shares.
    """
    paying = [s for s in steps if s.kind == LayerKind.PAYMENT.value]
    layers = list(dict.fromkeys((s.layer, s.payer, s.fund) for s in paying))
    return tuple(
        Share(
            layer=layer,
            payer=payer,
            fund=fund,
            amount_fen=sum(s.paid_fen for s in paying if s.layer == layer),
        )
        for layer, payer, fund in layers
    )
