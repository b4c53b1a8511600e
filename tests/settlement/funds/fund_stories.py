"""What the stories about funds are made of: stays with given shares, and a ledger of events.

Shares are given and not computed, so that a story states the amounts it is about.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.vocabulary import InstitutionId, PersonId, RegionCode, Scheme
from eventlog.log import LoggedEvent
from eventlog.sqlite_engine import open_engine
from settlement.domain.circumstances import Circumstances
from settlement.domain.fund_payments import FundPayment, Payment, PaymentKind
from settlement.domain.fund_statement import OwedLine
from settlement.domain.postings import JournalKind
from settlement.domain.record import (
    Actor,
    EligibilityUsed,
    EnrolmentUsed,
    InstitutionUsed,
    SettlementInputs,
)
from settlement.domain.settlement import Beside, OutsideEntry, PayerStep
from settlement.domain.stay import Stay
from settlement.law.bill import Charges
from settlement.read_models.fund_account import FundAccount

AT = datetime(2023, 7, 1, 2, 0, tzinfo=UTC)
BASIC = "500000-basic"
ASSISTANCE = "500112-medical_assistance"
HOSPITAL_A = InstitutionId("H50011200001")
HOSPITAL_B = InstitutionId("H50011200002")
CLERK = Actor(operator="收费员甲", institution_id=HOSPITAL_A)

Paid = tuple[str, str | None, int]
"""A layer, its fund (None: the hospital's own share), and what it pays in fen."""


def settled_stay(
    *paid: Paid,
    number: str,
    booked_on: date,
    patient_fen: int = 0,
    institution_id: InstitutionId = HOSPITAL_A,
    stay_number: str | None = None,
    outside: tuple[OutsideEntry, ...] = (),
) -> Stay:
    """A stay that was settled with these shares, and with what is owed beside the bill."""
    total_fen = sum(fen for _, _, fen in paid) + patient_fen
    stay = Stay.admit(
        institution_id=institution_id,
        hospital_stay_number=stay_number or f"ZY-{number}",
        person_id=PersonId("p-1"),
        scheme=None,
        admission=booked_on,
        circumstances=Circumstances(),
        by=CLERK,
        today=booked_on,
        at=AT,
    )
    stay.record_fees(batch_number="1", charges=Charges(total_fen=total_fen), by=CLERK, at=AT)
    stay.discharge_patient(
        discharge=booked_on,
        invoice_number=f"FP-{number}",
        circumstances=Circumstances(),
        by=CLERK,
        today=booked_on,
        at=AT,
    )
    settle_again(
        stay,
        *paid,
        number=number,
        booked_on=booked_on,
        patient_fen=patient_fen,
        outside=outside,
    )
    return stay


def settle_again(
    stay: Stay,
    *paid: Paid,
    number: str,
    booked_on: date,
    patient_fen: int = 0,
    outside: tuple[OutsideEntry, ...] = (),
) -> None:
    """Settle a stay whose settlement was reversed, or that has none yet."""
    assert stay.charges is not None
    stay.settle(
        number=number,
        inputs=_inputs(stay, booked_on),
        steps=tuple(_step(order, *share) for order, share in enumerate(paid, start=1)),
        assumed=(),
        patient_fen=patient_fen,
        by=CLERK,
        at=AT,
        beside=Beside(outside=outside),
    )


def cash(
    amount_fen: int, *, fund: str | None = ASSISTANCE, layer: str = "allowance"
) -> OutsideEntry:
    """A cash allowance that is due to the patient."""
    return _owed(layer, "cash", fund, amount_fen)


def surplus(amount_fen: int, *, fund: str | None = BASIC, layer: str = "basic") -> OutsideEntry:
    """What a fixed price leaves to the hospital."""
    return _owed(layer, "surplus", fund, amount_fen)


def _owed(layer: str, kind: str, fund: str | None, amount_fen: int) -> OutsideEntry:
    payer = fund.partition("-")[2] if fund else "hospital"
    return OutsideEntry(layer=layer, kind=kind, payer=payer, fund=fund, amount_fen=amount_fen)


def reverse(stay: Stay, *, booked_on: date) -> None:
    """Undo the stay's settlement."""
    stay.reverse(reason="费用有误", booked_on=booked_on, by=CLERK, at=AT)


def deduct(
    stay: Stay, amount_fen: int, *, number: str, booked_on: date, fund_id: str = BASIC
) -> None:
    """An office deducts from what a fund pays of the stay's settlement."""
    stay.impose_deduction(
        number=number,
        fund_id=fund_id,
        amount_fen=amount_fen,
        reason="超标准收费",
        document=f"{len(stay.deductions.every) + 7} 号",
        booked_on=booked_on,
        by=CLERK,
        at=AT,
    )


def payment(
    amount_fen: int,
    *,
    reference: str,
    booked_on: date,
    fund_id: str = BASIC,
    institution_id: InstitutionId = HOSPITAL_A,
    kind: PaymentKind = PaymentKind.PARTIAL,
) -> Payment:
    """A payment that reached the bank on the day it is booked."""
    return Payment(
        fund_id=fund_id,
        institution_id=institution_id,
        amount_fen=amount_fen,
        kind=kind,
        paid_on=booked_on,
        booked_on=booked_on,
        bank_reference=reference,
        remark=None,
    )


def recorded(paid: Payment) -> FundPayment:
    """A payment that was recorded."""
    found = FundPayment.open(fund_id=paid.fund_id, bank_reference=paid.bank_reference, at=AT)
    found.record(paid, by=CLERK, at=AT)
    return found


def owed_line(
    amount_fen: int,
    *,
    number: str,
    stay_number: str | None = None,
    institution_id: InstitutionId = HOSPITAL_A,
    layer: str = "basic",
    booked_on: date = date(2023, 7, 3),
    is_surplus: bool = False,
) -> OwedLine:
    """One of our lines; a negative amount is a reversal."""
    return OwedLine(
        booked_on=booked_on,
        kind=JournalKind.REVERSAL if amount_fen < 0 else JournalKind.SETTLEMENT,
        settlement_number=number,
        reverses_booked_on=booked_on if amount_fen < 0 else None,
        institution_id=institution_id,
        hospital_stay_number=stay_number or f"ZY-{number}",
        invoice_number=None,
        layer=layer,
        amount_fen=amount_fen,
        is_surplus=is_surplus,
    )


@dataclass
class ListedEvents:
    """A log held in a list: what the read model follows in these stories."""

    events: list[LoggedEvent] = field(default_factory=list)

    def take(self, *aggregates: Stay | FundPayment) -> None:
        """Add what happened to the aggregates since they were last taken."""
        for aggregate in aggregates:
            for event in aggregate.collect_events():
                self.events.append(LoggedEvent(len(self.events) + 1, event))

    def read(self, after: int, limit: int = 500) -> list[LoggedEvent]:
        """As the log does."""
        return self.events[after : after + limit]


@contextmanager
def fund_account(log: ListedEvents) -> Iterator[FundAccount]:
    """The read model on a file of its own."""
    with TemporaryDirectory() as folder:
        engine = open_engine(Path(folder) / "read_models.sqlite")
        account = FundAccount(log=log, engine=engine)
        account.create_tables()
        yield account
        engine.dispose()


def _step(order: int, layer: str, fund: str | None, paid_fen: int) -> PayerStep:
    return PayerStep(
        order=order,
        layer=layer,
        part="1",
        name=layer,
        payer=fund.partition("-")[2] if fund else "hospital",
        fund=fund,
        applied=True,
        left_fen=paid_fen,
        base_before_cap_fen=paid_fen,
        cost_cap_left_fen=None,
        base_fen=paid_fen,
        deductible_fen=0,
        rate="100%",
        already_paid_fen=0,
        cap_left_fen=None,
        computed_fen=paid_fen,
        paid_fen=paid_fen,
        article=None,
    )


def _inputs(stay: Stay, booked_on: date) -> SettlementInputs:
    assert stay.charges is not None
    return SettlementInputs(
        fingerprint="f",
        arithmetic_version="1",
        admission=stay.admission,
        discharge=booked_on,
        settled_on=booked_on,
        eligibility=EligibilityUsed(
            person_id=stay.person_id,
            enrolment_on=stay.admission,
            identities_on=stay.admission,
            known_at=AT,
            version=1,
            age=None,
            enrolment=EnrolmentUsed(
                region=RegionCode("500112"),
                scheme=Scheme.RESIDENT,
                plan=None,
                valid_from=date(2015, 1, 1),
                valid_to=None,
                recorded_at=AT,
                source="样例",
            ),
            identities=(),
        ),
        institution=InstitutionUsed(
            institution_id=stay.institution_id,
            name="样例医院",
            region=RegionCode("500112"),
            tier=None,
            level=None,
            designations=(),
        ),
        circumstances=stay.circumstances,
        charges=stay.charges,
    )
