"""One window (窗口): a process with its own open ledger, which carries requests out for real."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eventsourcing.domain import Aggregate

from contracts.vocabulary import CatalogueClass, DepositMethod, InstitutionId, PersonId
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once
from http_edge.problems import refusal_of
from settlement.adapters.event_ledger import EventLedger, open_ledger
from settlement.application.admit_patient import AdmitPatient, admit_patient
from settlement.application.cancel_admission import CancelAdmission, cancel_admission
from settlement.application.change_admission import ChangeAdmission, change_admission
from settlement.application.correct_fees import CorrectFeeLine, DeleteFeeBatch, correct_fees
from settlement.application.decide_discretion import (
    ApproveDiscretion,
    ProposeDiscretion,
    RejectDiscretion,
    approve_discretion,
    propose_discretion,
    reject_discretion,
)
from settlement.application.deliver_late_amount import DeliverLateAmount, deliver_late_amount
from settlement.application.discharge_patient import DischargePatient, discharge_patient
from settlement.application.find_stay import own_stay
from settlement.application.keep_deposit import (
    PayDeposit,
    RefundDeposit,
    pay_deposit,
    refund_deposit,
)
from settlement.application.law_library import LawLibrary
from settlement.application.ports import Accept, Overtaken, Receipt
from settlement.application.prepare_settlement import prepare_settlement
from settlement.application.record_fees import RecordFees, record_fees
from settlement.application.reverse_settlement import ReverseSettlement, reverse_settlement
from settlement.application.settle_stay import SettleStay, settle_stay
from settlement.application.settle_whole_stay import FeeBatch, SettleWholeStay, settle_whole_stay
from settlement.application.undo_discharge import UndoDischarge, undo_discharge
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import Tender
from settlement.domain.record import Actor
from settlement.domain.stay import Stay, stay_id_of
from settlement.entrypoints.http.problem_table import PROBLEMS
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine
from tests.settlement.at_once.asking import Asked
from tests.settlement.whole_life.real_desk import shown
from tests.settlement.whole_life.two_regions import TWO_IDS, book, people_known

Clock = Callable[[], datetime]


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
        self.laws = LawLibrary(ledger)
        self.people, self.book = people_known(), book()
        first, second = TWO_IDS
        self.people.same = {first: (second,), second: (first,)} if is_one_person else {}

    @classmethod
    def on(cls, file: Path, *, is_one_person: bool) -> "Window":
        """On a file."""
        return cls(CountingLedger(open_ledger(file).log), is_one_person=is_one_person)

    def standing(self, asked: Asked) -> tuple[str | None, int]:
        """How the stay stands, if it is there, and the number of its last proposal."""
        stay = self.ledger.find(stay_id_of(InstitutionId(asked.hospital), asked.stay), Stay)
        return (stay.status, len(stay.proposals)) if stay else (None, 0)

    def answer(self, asked: Asked, clock: Clock, *, vanishes: bool = False) -> Said:
        """Carry a request out or say again what was answered. Raises Vanished, and what is no
        outcome yet (Overtaken, LogBusy)."""
        key = RequestKey(asked.hospital, asked.operation, asked.key)

        def do(body_hash: str) -> Answer:
            made: list[Answer] = []

            def accept(result: Any) -> RegisteredRequest:
                if vanishes:
                    raise Vanished
                made.append(Answer(self.DONE, shown(result)))
                return RegisteredRequest(key, body_hash, accepted=True, answer=made[-1])

            self.decide(asked, clock, accept)
            return made[-1]

        content = json.dumps([asked.stay, asked.operator, dict(asked.body)], default=str)
        answer, is_again = answer_once(
            self.ledger.log,
            key=key,
            body=content.encode(),
            do=do,
            refuse=lambda error: refusal_of(error, PROBLEMS),
        )
        return Said(answer.status, answer.body, is_again)

    def previewed(self, asked: Asked, clock: Clock) -> dict[str, Any]:
        """What a cashier is shown, and how much the patient then pays from the deposit."""
        stay_id = stay_id_of(InstitutionId(asked.hospital), asked.stay)
        by, at = _by(asked), clock()
        try:
            stay = own_stay(self.ledger, stay_id, by)
            found = prepare_settlement(
                stay,
                elsewhere_fen=asked.body["elsewhere"],
                settled_on=at.date(),
                by=by,
                at=at,
                ledger=self.ledger,
                eligibility=self.people,
                book=self.book,
            ).patient_fen
        except tuple(PROBLEMS):
            return {}
        deposit = min(found, stay.deposit.held_fen)
        return {"expected": found, "tender": {"deposit_fen": deposit, "cash_fen": found - deposit}}

    def decide(self, asked: Asked, clock: Clock, accept: Accept) -> None:
        """Run the use case."""
        at, by, body = clock(), _by(asked), asked.body
        stay_id, today = stay_id_of(by.institution_id, asked.stay), at.date()
        ledger, laws = self.ledger, self.laws
        world = {"ledger": ledger, "eligibility": self.people, "accept": accept}
        decided = {"ledger": ledger, "laws": laws, "accept": accept}
        timed = world | {"book": self.book, "clock": clock}
        run: dict[str, Callable[[], object]] = {
            "admit": lambda: admit_patient(_admission(asked, by, at), **world),
            "change-admission": lambda: change_admission(
                ChangeAdmission(stay_id, body["admission"], None, Circumstances(), by, today, at),
                **world,
            ),
            "cancel-admission": lambda: cancel_admission(
                CancelAdmission(stay_id, "误登", by, at), ledger=ledger, accept=accept
            ),
            "record-fees": lambda: record_fees(
                RecordFees(
                    stay_id,
                    body["batch"],
                    _charges(body["fen"]) if "fen" in body else None,
                    by,
                    at,
                    lines=() if "fen" in body else (_line(asked),),
                ),
                ledger=ledger,
                accept=accept,
            ),
            "delete-fee-batch": lambda: correct_fees(
                DeleteFeeBatch(stay_id, body["batch"], by, at), ledger=ledger, accept=accept
            ),
            "correct-fee-line": lambda: correct_fees(
                CorrectFeeLine(stay_id, _line(asked), (), by, at), ledger=ledger, accept=accept
            ),
            "discharge": lambda: discharge_patient(
                DischargePatient(stay_id, body["discharge"], None, Circumstances(), by, today, at),
                ledger=ledger,
                accept=accept,
            ),
            "undo-discharge": lambda: undo_discharge(
                UndoDischarge(stay_id, "误登", by, at), ledger=ledger, accept=accept
            ),
            "settle": lambda: settle_stay(
                SettleStay(
                    stay_id,
                    body["elsewhere"],
                    body.get("expected"),
                    today,
                    by,
                    at,
                    Tender(**body["tender"]) if "tender" in body else None,
                ),
                **timed,
            ),
            "settle-whole-stay": lambda: settle_whole_stay(
                SettleWholeStay(
                    _admission(asked, by, at),
                    (FeeBatch(body["batch"], _charges(body["fen"])),),
                    body["discharge"],
                    None,
                    body["elsewhere"],
                    None,
                    today,
                ),
                **timed,
            ),
            "reverse": lambda: reverse_settlement(
                ReverseSettlement(stay_id, "更正", today, by, at), **decided
            ),
            "deliver-late-amount": lambda: deliver_late_amount(
                DeliverLateAmount(
                    stay_id, "reviewed", body["fen"], body["reference"], today, by, at
                ),
                **decided,
            ),
            "propose-decision": lambda: propose_discretion(
                ProposeDiscretion(stay_id, "reviewed", body["fen"], "困难", by, at), **decided
            ),
            "approve-decision": lambda: approve_discretion(
                ApproveDiscretion(stay_id, body["proposal"], None, today, by, at), **decided
            ),
            "reject-decision": lambda: reject_discretion(
                RejectDiscretion(stay_id, body["proposal"], "不符", by, at),
                ledger=ledger,
                accept=accept,
            ),
            "pay-deposit": lambda: pay_deposit(
                PayDeposit(
                    stay_id,
                    body["receipt"],
                    body["fen"],
                    DepositMethod.CASH,
                    body["normal"],
                    by,
                    today,
                ),
                **timed,
            ),
            "refund-deposit": lambda: refund_deposit(
                RefundDeposit(stay_id, None, body["fen"], DepositMethod.CASH, by, at),
                ledger=ledger,
                accept=accept,
            ),
        }
        run[asked.operation]()


def _by(asked: Asked) -> Actor:
    return Actor(asked.operator, InstitutionId(asked.hospital))


def _admission(asked: Asked, by: Actor, at: datetime) -> AdmitPatient:
    return AdmitPatient(
        person_id=PersonId(asked.body["person"]),
        hospital_stay_number=asked.stay,
        admission=asked.body["admission"],
        circumstances=Circumstances(),
        scheme=None,
        by=by,
        today=at.date(),
        at=at,
    )


def _charges(fen: int) -> Charges:
    return Charges(total_fen=fen, in_scope_fen=fen - fen // 5)


def _line(asked: Asked) -> FeeLine:
    return FeeLine(
        number=asked.body["line"],
        item_code="X1",
        catalogue_class=CatalogueClass.A,
        quantity="1",
        unit_price_yuan=asked.body["price"],
        amount_fen=335 if asked.body["price"] == "3.35" else 1_000_00,
    )
