"""Settling a stay (出院结算): the bill, the law and the counters meet, and are kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from settlement.application.as_loaded import unless_overtaken
from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Clock, Eligibility, Ledger
from settlement.application.prepare_settlement import Prepared, prepare_settlement
from settlement.application.retrying import when_overtaken
from settlement.domain.deposits import Tender
from settlement.domain.law_text import LawText, law_text_id
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.settlement import payer_steps
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import PersonalShareChanged
from settlement.domain.yearly_counters import moves_of
from settlement.law.book import PolicyBook
from settlement.law.exact import format_yuan

SETTLEMENT_SERIES = "settlement/{}"
"""The name of a series of settlement numbers, by region and year."""


@dataclass(frozen=True)
class SettleStay:
    """The command; `elsewhere_fen` are amounts decided by other systems, by layer id.

    `expected_personal_fen` is what the cashier was shown; another result is refused. `tender` is
    how the patient pays, where the hospital says so.
    """

    stay_id: UUID
    elsewhere_fen: dict[str, int]
    expected_personal_fen: int | None
    settled_on: date
    by: Actor
    at: datetime
    tender: Tender | None = None


@dataclass(frozen=True)
class Settled:
    """A settlement that was stored (结算结果)."""

    stay: Stay
    number: str
    prepared: Prepared


def settle_stay(
    command: SettleStay,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
    clock: Clock,
    accept: Accept,
) -> Settled:
    """Settle a stay. Raises what `prepare_settlement` and `Stay.record_tender` raise, and
    PersonalShareChanged."""

    def decide() -> Settled:
        # Each time as of then: what overtook it may have known more of the person.
        now = replace(command, at=clock())
        stay = own_stay(ledger, now.stay_id, now.by)
        return settle(stay, now, ledger=ledger, eligibility=eligibility, book=book, accept=accept)

    return when_overtaken(decide)


def settle(
    stay: Stay,
    command: SettleStay,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
    accept: Callable[[Settled], object],
) -> Settled:
    """Settle this stay and save everything it touches, or nothing."""
    prepared = prepare_settlement(
        stay,
        elsewhere_fen=command.elsewhere_fen,
        settled_on=command.settled_on,
        by=command.by,
        at=command.at,
        ledger=ledger,
        eligibility=eligibility,
        book=book,
    )
    inputs = prepared.inputs
    with unless_overtaken(ledger, stay, *prepared.orders):
        require_expected(prepared, command.expected_personal_fen)
        number = new_settlement_number(ledger, inputs)
        stay.settle(
            number=number,
            inputs=inputs,
            steps=payer_steps(prepared.steps),
            assumed=tuple(dict.fromkeys(f"{n.name}={n.value}" for n in prepared.assumed)),
            patient_fen=prepared.patient_fen,
            by=command.by,
            at=command.at,
            beside=prepared.beside,
        )
        if command.tender is not None:
            stay.record_tender(tender=command.tender, by=command.by, at=command.at)
    for year in prepared.years:
        moves = moves_of(inputs, prepared.outcome.counters, year.first_day)
        year.move(number=number, stay_id=stay.id, moves=moves, at=command.at)
    for order in prepared.orders:
        order.take(number=number, stay_id=stay.id, at=command.at)
    settled = Settled(stay=stay, number=number, prepared=prepared)
    law = _law(ledger, prepared, command.at)
    ledger.save(stay, *prepared.years, *prepared.orders, *law, receipt=accept(settled))
    return settled


def new_settlement_number(ledger: Ledger, inputs: SettlementInputs) -> str:
    """A settlement number (结算单号): region, year and a serial that is never used again."""
    series = f"{inputs.eligibility.enrolment.region}-{inputs.settled_on.year}"
    return f"{series}-{ledger.next_serial(SETTLEMENT_SERIES.format(series)):07d}"


def require_expected(prepared: Prepared, expected_fen: int | None) -> None:
    """What the caller was shown must be what comes out. Raises PersonalShareChanged."""
    if expected_fen is not None and expected_fen != prepared.patient_fen:
        raise PersonalShareChanged(
            f"个人应付现为 {format_yuan(prepared.patient_fen)} 元，"
            f"与预览的 {format_yuan(expected_fen)} 元相差 "
            f"{format_yuan(prepared.patient_fen - expected_fen)} 元；请重新预览后确认"
        )


def _law(ledger: Ledger, prepared: Prepared, at: datetime) -> list[LawText]:
    """The policy's text, unless the ledger holds it already."""
    policy = prepared.policy
    if ledger.has(law_text_id(policy.fingerprint)):
        return []
    return [LawText.adopt(policy, at=at)]
