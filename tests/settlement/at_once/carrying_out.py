"""Carrying out one request (办理): the use case of each operation, as an entrypoint calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.vocabulary import CatalogueClass, DepositMethod, InstitutionId, PersonId
from settlement.application.admit_patient import AdmitPatient, admit_patient
from settlement.application.cancel_admission import CancelAdmission, cancel_admission
from settlement.application.change_admission import ChangeAdmission, change_admission
from settlement.application.close_part import ClosePart, close_part
from settlement.application.correct_fees import (
    CorrectFeeLine,
    DeleteFeeBatch,
    DeleteFeeLine,
    correct_fees,
)
from settlement.application.decide_discretion import (
    ApproveDiscretion,
    ProposeDiscretion,
    RejectDiscretion,
    approve_discretion,
    propose_discretion,
    reject_discretion,
)
from settlement.application.deduct_from_hospital import (
    ImposeDeduction,
    WithdrawDeduction,
    impose_deduction,
    withdraw_deduction,
)
from settlement.application.deliver_late_amount import DeliverLateAmount, deliver_late_amount
from settlement.application.discharge_patient import DischargePatient, discharge_patient
from settlement.application.keep_deposit import (
    PayDeposit,
    RefundDeposit,
    pay_deposit,
    refund_deposit,
)
from settlement.application.law_library import LawLibrary
from settlement.application.ports import Accept, Clock, Ledger
from settlement.application.record_fees import RecordFees, record_fees
from settlement.application.reverse_settlement import ReverseSettlement, reverse_settlement
from settlement.application.settle_stay import SettleStay, settle_stay
from settlement.application.settle_whole_stay import FeeBatch, SettleWholeStay, settle_whole_stay
from settlement.application.undo_discharge import UndoDischarge, undo_discharge
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import Tender
from settlement.domain.record import Actor
from settlement.domain.stay import stay_id_of
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from settlement.law.fee_lines import FeeLine
from tests.settlement.at_once.asked import Asked
from tests.support.settlement_desk import PeopleKnown

_PRICES_FEN = {"3.35": 335, "700": 700_00, "1000": 1_000_00}


@dataclass(frozen=True)
class Counter:
    """What a desk works with (柜台): its ledger, the law, who is known."""

    ledger: Ledger
    laws: LawLibrary
    people: PeopleKnown
    book: PolicyBook


@dataclass(frozen=True)
class OneStay:
    """An index of settlement numbers in which all belong to one stay, as the office looked up."""

    stay_id: UUID

    def stay_of(self, number: str) -> UUID:  # noqa: ARG002 -- the same, whatever the number
        """That one."""
        return self.stay_id


def carry_out(asked: Asked, counter: Counter, *, clock: Clock, accept: Accept) -> None:
    """Run the use case of a request. Raises what it raises."""
    at, by, body = clock(), actor_of(asked), asked.body
    stay_id, today = asked_stay_id(asked), at.date()
    ledger, laws = counter.ledger, counter.laws
    kept = {"ledger": ledger, "accept": accept}
    world = kept | {"eligibility": counter.people}
    decided = kept | {"laws": laws}
    timed = world | {"book": counter.book, "clock": clock}
    by_number = kept | {"numbers": OneStay(stay_id)}
    run: dict[str, Callable[[], object]] = {
        "admit": lambda: admit_patient(_admission(asked, by, at), **world),
        "change-admission": lambda: change_admission(
            ChangeAdmission(
                stay_id,
                body["admission"],
                None,
                Circumstances(referral=body["referral"]),
                by,
                today,
                at,
            ),
            **world,
        ),
        "cancel-admission": lambda: cancel_admission(
            CancelAdmission(stay_id, "误登", by, at), **kept
        ),
        "record-fees": lambda: record_fees(
            RecordFees(
                stay_id,
                body["batch"],
                _charges(body["fen"]) if "fen" in body else None,
                by,
                at,
                lines=tuple(_line(*line) for line in body.get("lines", ())),
            ),
            **kept,
        ),
        "delete-fee-batch": lambda: correct_fees(
            DeleteFeeBatch(stay_id, body["batch"], by, at), **kept
        ),
        "correct-fee-line": lambda: correct_fees(
            CorrectFeeLine(stay_id, _line(body["line"], body["price"]), (), by, at), **kept
        ),
        "delete-fee-line": lambda: correct_fees(
            DeleteFeeLine(stay_id, body["line"], by, at), **kept
        ),
        "discharge": lambda: discharge_patient(
            DischargePatient(stay_id, body["discharge"], None, Circumstances(), by, today, at),
            **kept,
        ),
        "close-interim": lambda: close_part(
            ClosePart(stay_id, body["until"], None, Circumstances(), by, today), **timed
        ),
        "undo-discharge": lambda: undo_discharge(UndoDischarge(stay_id, "误登", by, at), **kept),
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
            DeliverLateAmount(stay_id, "reviewed", body["fen"], body["reference"], today, by, at),
            **decided,
        ),
        "propose-decision": lambda: propose_discretion(
            ProposeDiscretion(stay_id, "reviewed", body["fen"], "困难", by, at), **decided
        ),
        "approve-decision": lambda: approve_discretion(
            ApproveDiscretion(stay_id, body["proposal"], body["expected"], today, by, at),
            **decided,
        ),
        "reject-decision": lambda: reject_discretion(
            RejectDiscretion(stay_id, body["proposal"], "不符", by, at),
            **kept,
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
            **kept,
        ),
        "impose-deduction": lambda: impose_deduction(
            ImposeDeduction(
                body["number"], body["fund"], body["fen"], "超标准", body["document"], today, by, at
            ),
            **by_number,
        ),
        "withdraw-deduction": lambda: withdraw_deduction(
            WithdrawDeduction(body["number"], body["deduction"], "申诉成立", today, by, at),
            **by_number,
        ),
    }
    run[asked.operation]()


def asked_stay_id(asked: Asked) -> UUID:
    """The stay that is asked about, or the part of one."""
    return stay_id_of(InstitutionId(asked.hospital), asked.stay, asked.part)


def actor_of(asked: Asked) -> Actor:
    """Who asks."""
    return Actor(asked.operator, InstitutionId(asked.institution))


def _admission(asked: Asked, by: Actor, at: datetime) -> AdmitPatient:
    return AdmitPatient(
        person_id=PersonId(asked.body["person"]),
        hospital_stay_number=asked.stay,
        admission=asked.body["admission"],
        circumstances=Circumstances(referral=True),
        scheme=None,
        by=by,
        today=at.date(),
        at=at,
    )


def _charges(fen: int) -> Charges:
    return Charges(total_fen=fen, in_scope_fen=fen - fen // 5)


def _line(number: str, price_yuan: str) -> FeeLine:
    return FeeLine(
        number=number,
        item_code="X1",
        catalogue_class=CatalogueClass.A,
        quantity="1",
        unit_price_yuan=price_yuan,
        amount_fen=_PRICES_FEN[price_yuan],
    )
