"""A settlement as the ledger keeps it (结算): inputs, payer steps, shares."""

from dataclasses import dataclass
from datetime import date

from settlement.domain.record import SettlementInputs
from settlement.kernel.explain import Step


@dataclass(frozen=True)
class PayerStep:
    """One payer step (一步支付) as stored; amounts in fen.

    paid_fen is computed_fen held under cap_left_fen and left_fen, what caps and the bill had left
    for this very step; base_fen is base_before_cap_fen held under cost_cap_left_fen.
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


@dataclass(frozen=True)
class Share:
    """What one layer owes the hospital (支付份额), in fen; `fund` None: the hospital itself."""

    layer: str
    payer: str
    fund: str | None
    amount_fen: int


@dataclass(frozen=True)
class Settlement:
    """A settlement as the stay remembers it (结算)."""

    number: str
    inputs: SettlementInputs
    steps: tuple[PayerStep, ...] = ()
    shares: tuple[Share, ...] = ()
    patient_fen: int = 0
    assumed: tuple[str, ...] = ()
    booked_on: date = date.min
    is_reversed: bool = False


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
        )
        for order, s in enumerate(steps, start=1)
    )


def shares_of(steps: tuple[PayerStep, ...]) -> tuple[Share, ...]:
    """What each layer pays in all: a list, since two payers with equal amounts both count."""
    layers = list(dict.fromkeys((s.layer, s.payer, s.fund) for s in steps))
    return tuple(
        Share(
            layer=layer,
            payer=payer,
            fund=fund,
            amount_fen=sum(s.paid_fen for s in steps if s.layer == layer),
        )
        for layer, payer, fund in layers
    )
