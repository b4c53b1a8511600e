"""One window (窗口): a process with its own open ledger, which carries requests out for real."""

import json
from dataclasses import dataclass
from typing import Any

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once, body_hash
from http_edge.problems import refusal_of
from settlement.adapters.event_ledger import EventLedger
from settlement.adapters.snapshots import SNAPSHOTS
from settlement.application.find_stay import own_stay
from settlement.application.law_library import LawLibrary
from settlement.application.ports import Clock, Overtaken, Receipt
from settlement.application.prepare_settlement import prepare_settlement
from settlement.domain.stay import Stay, stay_id_of
from settlement.entrypoints.http.problem_table import PROBLEMS
from tests.eventlog.log_addresses import open_at
from tests.settlement.at_once.asked import Asked
from tests.settlement.at_once.carrying_out import Counter, actor_of, asked_stay_id, carry_out
from tests.settlement.at_once.fitting import Standing
from tests.settlement.whole_life.real_desk import shown
from tests.settlement.whole_life.two_regions import TWO_IDS, book, people_known


class Vanished(Exception):
    """The client is gone before anything was decided."""


@dataclass(frozen=True)
class Said:
    """What was answered to a request, and whether it had been answered before."""

    status: int
    body: bytes
    is_again: bool

    @property
    def is_done(self) -> bool:
        """Whether it was accepted."""
        return self.status == Window.DONE

    @property
    def problem(self) -> str:
        """Which refusal it is, by the last word of its problem type."""
        return str(json.loads(self.body)["type"]).rpartition(":")[2]


class CountingLedger(EventLedger):
    """A ledger that counts how often somebody else was first."""

    overtaken = 0

    def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Everything or nothing, as ever."""
        try:
            super().save(*aggregates, receipt=receipt)
        except Overtaken:
            self.overtaken += 1
            raise


class Window:
    """Carries requests out on a ledger."""

    DONE = 200

    def __init__(self, ledger: CountingLedger, *, is_one_person: bool) -> None:
        """On an open ledger; `is_one_person` tells of the two ids."""
        self.ledger = ledger
        people = people_known()
        self._counter = Counter(ledger, LawLibrary(ledger), people, book())
        first, second = TWO_IDS
        people.same = {first: (second,), second: (first,)} if is_one_person else {}

    @classmethod
    def on(cls, address: str, *, is_one_person: bool) -> "Window":
        """On the log at an address."""
        return cls(CountingLedger(open_at(address, SNAPSHOTS)), is_one_person=is_one_person)

    @property
    def laws(self) -> LawLibrary:
        """The law the ledger holds."""
        return self._counter.laws

    def standing(self, asked: Asked) -> list[Standing]:
        """How each part of the stay stands, or that there is none."""
        found: list[Standing] = []
        hospital = InstitutionId(asked.hospital)
        while True:
            part = len(found) + 1
            stay = self.ledger.find(stay_id_of(hospital, asked.stay, part), Stay)
            if stay is None:
                return found or [Standing(1)]
            found.append(_standing(stay))

    def answer(self, asked: Asked, clock: Clock, *, vanishes: bool = False) -> Said:
        """Carry a request out or say again what was answered. Raises Vanished, and what is no
        outcome yet (Overtaken, LogBusy)."""
        key = RequestKey(asked.institution, asked.operation, asked.key)

        def do(body_hash: str) -> Answer:
            made: list[Answer] = []

            def accept(result: Any) -> RegisteredRequest:
                if vanishes:
                    raise Vanished
                made.append(Answer(self.DONE, shown(result)))
                return RegisteredRequest(key, body_hash, accepted=True, answer=made[-1])

            carry_out(asked, self._counter, clock=clock, accept=accept)
            return made[-1]

        content = json.dumps(
            [asked.stay, asked.part, asked.operator, dict(asked.body)], default=str
        )
        answer, is_again = answer_once(
            self.ledger.log,
            key=key,
            hashed=body_hash(content.encode()),
            do=do,
            refuse=lambda error: refusal_of(error, PROBLEMS),
        )
        return Said(answer.status, answer.body, is_again)

    def previewed(self, asked: Asked, clock: Clock) -> dict[str, Any]:
        """What a cashier is shown, and how much the patient then pays from the deposit."""
        by, at = actor_of(asked), clock()
        try:
            stay = own_stay(self.ledger, asked_stay_id(asked), by)
            found = prepare_settlement(
                stay,
                elsewhere_fen=asked.body["elsewhere"],
                settled_on=at.date(),
                by=by,
                at=at,
                ledger=self.ledger,
                eligibility=self._counter.people,
                book=self._counter.book,
            ).patient_fen
        except tuple(PROBLEMS):
            return {}
        deposit = min(found, stay.deposit.held_fen)
        return {"expected": found, "tender": {"deposit_fen": deposit, "cash_fen": found - deposit}}


def _standing(stay: Stay) -> Standing:
    settlement = stay.current_settlement
    imposed = stay.deductions.of(settlement.number) if settlement else ()
    shares = settlement.shares if settlement else ()
    status = stay.status
    if status == "admitted" and not (stay.charges or stay.deposit.held_fen):
        status = "empty"
    if status == "discharged" and stay.goes_on:
        status = "closed"
    return Standing(
        stay.part,
        stay.admission,
        status,
        lines=tuple(line.number for batch in stay.fees.batches for line in batch.lines),
        awaits=settlement is not None and bool(settlement.pending),
        proposals=len(stay.proposals),
        settlement=settlement and settlement.number,
        fund=next((s.fund for s in shares if s.fund and s.amount_fen), "none"),
        deductions=imposed[-1].imposed.deduction if imposed else 0,
    )
