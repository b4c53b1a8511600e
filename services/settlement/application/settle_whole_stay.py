"""A whole stay in one call (一次性结算): admission, fees, discharge and settlement together."""

from dataclasses import dataclass, replace
from datetime import date

from contracts.vocabulary import Departure
from settlement.application.admit_patient import AdmitPatient, new_stay
from settlement.application.ask_same_once import AskSameOnce
from settlement.application.ports import Accept, Clock, Eligibility, Ledger
from settlement.application.retrying import when_overtaken
from settlement.application.settle_stay import Settled, SettleStay, settle
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import Tender
from settlement.domain.fees import LineStated
from settlement.domain.stay import stay_id_of
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from settlement.law.fee_lines import FeeLine


@dataclass(frozen=True)
class FeeBatch:
    """One batch of fees (费用批次)."""

    batch_number: str
    charges: Charges | None
    lines: tuple[FeeLine, ...] = ()
    stated: tuple[LineStated, ...] = ()
    replaces: str | None = None


@dataclass(frozen=True)
class SettleWholeStay:
    """The command: what the four single commands would have carried."""

    admission: AdmitPatient
    batches: tuple[FeeBatch, ...]
    discharge: date
    invoice_number: str | None
    elsewhere_fen: dict[str, int]
    expected_personal_fen: int | None
    settled_on: date
    departure: Departure | None = None
    tender: Tender | None = None


def settle_whole_stay(
    command: SettleWholeStay,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
    clock: Clock,
    accept: Accept,
) -> Settled:
    """Everything in one transaction, or nothing. Raises what the single use cases raise."""

    def decide() -> Settled:
        admission = replace(command.admission, at=clock())
        asked = AskSameOnce(eligibility)
        stay = new_stay(admission, ledger=ledger, eligibility=asked, shard=book.shard)
        for batch in command.batches:
            stay.record_fees(
                batch_number=batch.batch_number,
                charges=batch.charges,
                by=admission.by,
                at=admission.at,
                lines=batch.lines,
                stated=batch.stated,
                replaces=batch.replaces,
            )
        stay.discharge_patient(
            discharge=command.discharge,
            invoice_number=command.invoice_number,
            circumstances=Circumstances(),
            by=admission.by,
            today=admission.today,
            at=admission.at,
            departure=command.departure,
        )
        return settle(
            stay,
            SettleStay(
                stay_id=stay_id_of(admission.by.institution_id, admission.hospital_stay_number),
                elsewhere_fen=command.elsewhere_fen,
                expected_personal_fen=command.expected_personal_fen,
                settled_on=command.settled_on,
                by=admission.by,
                at=admission.at,
                tender=command.tender,
            ),
            ledger=ledger,
            eligibility=asked,
            book=book,
            accept=accept,
        )

    return when_overtaken(decide)
