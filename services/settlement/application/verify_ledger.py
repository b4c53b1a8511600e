"""Verifying the ledger (验账): everything in it is computed again and must be the same.

Each settlement is recomputed from its own inputs under the policy text the ledger holds; its
inputs must agree with the stay's fees and dates and with the counters its predecessors left.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from settlement.application.law_library import LawLibrary, LawMissing
from settlement.application.ledger_history import SettlementRecorded, settlements_recorded
from settlement.application.ports import Ledger, LoggedFact
from settlement.application.prepare_settlement import compute
from settlement.application.replay_ledger import REFUSALS
from settlement.domain.benefit_year import BenefitYear, benefit_year_id
from settlement.domain.settlement import PayerStep, payer_steps, shares_of
from settlement.domain.stay import Stay
from settlement.kernel.settle import Outcome
from settlement.law.bill import Charges


@dataclass(frozen=True)
class Discrepancy:
    """Something that is not the same (不符): where, and what it is and should be."""

    stay: str
    settlement: str
    step: str
    what: str
    in_ledger: str
    recomputed: str


@dataclass(frozen=True)
class Verified:
    """The outcome of a verification (验账结果); no discrepancies means the ledger is right."""

    events: int
    settlements: int
    reversals: int
    discrepancies: tuple[Discrepancy, ...]


def verify_ledger(ledger: Ledger, laws: LawLibrary) -> Verified:
    """Compute everything again. Discrepancies come in ledger order."""
    events = list(ledger.events())
    settlements = settlements_recorded(events)
    stays = _StaysSeen(events)
    years = _YearsSeen(events)
    found = [
        discrepancy
        for settlement in settlements
        for discrepancy in _check(settlement, laws=laws, stays=stays, years=years)
    ]
    return Verified(
        events=len(events),
        settlements=len(settlements),
        reversals=sum(s.is_reversed for s in settlements),
        discrepancies=tuple(found),
    )


Difference = tuple[str, str, object, object]
"""Step, what, as in the ledger, as computed again."""


def _check(
    settlement: SettlementRecorded,
    *,
    laws: LawLibrary,
    stays: "_StaysSeen",
    years: "_YearsSeen",
) -> Iterator[Discrepancy]:
    differences = [
        *_input_differences(settlement, stays, years),
        *_outcome_differences(settlement, laws, years),
    ]
    for step, what, in_ledger, recomputed in differences:
        yield Discrepancy(
            stay=stays.numbers.get(settlement.stay_id, str(settlement.stay_id)),
            settlement=settlement.number,
            step=step,
            what=what,
            in_ledger=str(in_ledger),
            recomputed=str(recomputed),
        )


def _input_differences(
    settlement: SettlementRecorded, stays: "_StaysSeen", years: "_YearsSeen"
) -> Iterator[Difference]:
    for what, stored, known in stays.facts(settlement):
        if stored != known:
            yield "结算输入", what, stored, known
    inputs = settlement.inputs
    for counter, first_day in inputs.counter_years.items():
        stated = inputs.counters_before.get(counter, 0)
        before = years.before(settlement, counter, first_day)
        if stated != before:
            yield "结算输入", f"年度累计 {counter}", stated, before


def _outcome_differences(
    settlement: SettlementRecorded, laws: LawLibrary, years: "_YearsSeen"
) -> Iterator[Difference]:
    inputs = settlement.inputs
    try:
        outcome, explained, _ = compute(laws.cascade_of(inputs), inputs)
    except (LawMissing, *REFUSALS) as refusal:
        yield "重新计算", "指纹", inputs.fingerprint, refusal
        return
    steps = payer_steps(explained)
    for stored, again in zip(settlement.steps, steps, strict=False):
        yield from _step_differences(stored, again)
    if len(settlement.steps) != len(steps):
        yield "各支付方", "步数", len(settlement.steps), len(steps)
    if settlement.shares != shares_of(steps):
        yield "结算完成", "各支付方份额", settlement.shares, shares_of(steps)
    if settlement.patient_fen != outcome.patient_fen:
        yield "结算完成", "个人应付", settlement.patient_fen, outcome.patient_fen
    for counter, stored_move, moved in years.moves(settlement, outcome):
        if stored_move != moved:
            yield "年度累计", counter, stored_move, moved


def _step_differences(stored: PayerStep, again: PayerStep) -> Iterator[Difference]:
    for field in fields(PayerStep):
        before, after = getattr(stored, field.name), getattr(again, field.name)
        if before != after:
            yield stored.name, field.name, before, after


class _StaysSeen:
    """What the stays' own events say, up to each settlement."""

    def __init__(self, events: list[LoggedFact]):
        self.numbers: dict[UUID, str] = {}
        self.admissions: dict[UUID, date] = {}
        self.discharges: dict[UUID, date] = {}
        self.charges: dict[UUID, Charges] = {}
        for logged in events:
            event = logged.event
            if isinstance(event, Stay.Created):
                self.numbers[event.originator_id] = event.hospital_stay_number
                self.admissions[event.originator_id] = event.admission
            elif isinstance(event, Stay.FeesRecorded):
                known = self.charges.get(event.originator_id)
                self.charges[event.originator_id] = (
                    known.plus(event.charges) if known else event.charges
                )
            elif isinstance(event, Stay.Discharged):
                self.discharges[event.originator_id] = event.discharge

    def facts(self, settlement: SettlementRecorded) -> Iterator[tuple[str, Any, Any]]:
        stay, inputs = settlement.stay_id, settlement.inputs
        yield "入院日期", inputs.admission, self.admissions.get(stay)
        yield "出院日期", inputs.discharge, self.discharges.get(stay)
        yield "费用", inputs.charges, self.charges.get(stay)


class _YearsSeen:
    """The counters as the benefit years' events move them, before each settlement."""

    def __init__(self, events: list[LoggedFact]):
        self._before: dict[tuple[str, UUID], dict[str, int]] = {}
        self._moves: dict[tuple[str, UUID], dict[str, int]] = {}
        running: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for logged in events:
            event = logged.event
            if isinstance(event, BenefitYear.CountersMoved):
                place = event.number, event.originator_id
                self._before[place] = dict(running[event.originator_id])
                self._moves[place] = event.moves
            elif not isinstance(event, BenefitYear.CountersRestored):
                continue
            sign = 1 if isinstance(event, BenefitYear.CountersMoved) else -1
            for name, amount in event.moves.items():
                running[event.originator_id][name] += sign * amount

    def before(self, settlement: SettlementRecorded, counter: str, first_day: date) -> int:
        place = settlement.number, _year_id(settlement, first_day)
        return self._before.get(place, {}).get(counter, 0)

    def moves(
        self, settlement: SettlementRecorded, outcome: Outcome
    ) -> Iterator[tuple[str, int | None, int]]:
        inputs = settlement.inputs
        for counter, first_day in inputs.counter_years.items():
            stored = self._moves.get((settlement.number, _year_id(settlement, first_day)), {})
            moved = outcome.counters[counter] - inputs.counters_before[counter]
            yield counter, stored.get(counter), moved


def _year_id(settlement: SettlementRecorded, first_day: date) -> UUID:
    used = settlement.inputs.eligibility
    return benefit_year_id(
        person_id=used.person_id,
        region=used.enrolment.region,
        scheme=used.enrolment.scheme,
        first_day=first_day,
    )
