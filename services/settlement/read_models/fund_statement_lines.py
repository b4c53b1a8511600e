"""The lines of a fund's statement (对账单明细), out of the rows that the accounts keep of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from contracts.vocabulary import InstitutionId
from settlement.domain.fund_payments import PaymentKind
from settlement.domain.fund_statement import DeductedLine, HospitalAccount, OwedLine, PaidLine
from settlement.domain.postings import DEDUCTING, OWING, JournalKind
from settlement.domain.settlement import SURPLUS


def hospital_accounts(
    opening: Mapping[str, int], rows: Sequence[Row[Any]]
) -> tuple[HospitalAccount, ...]:
    """Each hospital with a balance or a line, by its id; its lines in the order of the rows.

    `opening` has each hospital's balance in fen; a row is an entry together with its journal.
    """
    owed: dict[str, list[OwedLine]] = {}
    deducted: dict[str, list[DeductedLine]] = {}
    paid: dict[str, list[PaidLine]] = {}
    for row in rows:
        kind = JournalKind(row.kind)
        if kind in OWING:
            owed.setdefault(row.institution_id, []).append(_owed_line(row))
        elif kind in DEDUCTING:
            deducted.setdefault(row.institution_id, []).append(_deducted_line(row))
        else:
            paid.setdefault(row.institution_id, []).append(_paid_line(row))
    with_balance = {hospital for hospital, fen in opening.items() if fen}
    return tuple(
        HospitalAccount(
            institution_id=InstitutionId(hospital),
            opening_fen=opening.get(hospital, 0),
            owed=tuple(owed.get(hospital, ())),
            paid=tuple(paid.get(hospital, ())),
            deducted=tuple(deducted.get(hospital, ())),
        )
        for hospital in sorted(with_balance | owed.keys() | deducted.keys() | paid.keys())
    )


def _owed_line(row: Row[Any]) -> OwedLine:
    return OwedLine(
        booked_on=row.booked_on,
        kind=JournalKind(row.kind),
        settlement_number=row.reference,
        reverses_booked_on=row.undoes_booked_on,
        institution_id=row.institution_id,
        hospital_stay_number=row.hospital_stay_number,
        invoice_number=row.invoice_number,
        layer=row.layer,
        amount_fen=row.credit_fen - row.debit_fen,
        is_surplus=row.outside == SURPLUS,
    )


def _deducted_line(row: Row[Any]) -> DeductedLine:
    return DeductedLine(
        booked_on=row.booked_on,
        kind=JournalKind(row.kind),
        settlement_number=row.reference,
        deduction=row.deduction,
        gives_back_booked_on=row.undoes_booked_on,
        institution_id=row.institution_id,
        hospital_stay_number=row.hospital_stay_number,
        invoice_number=row.invoice_number,
        document=row.document,
        reason=row.remark,
        amount_fen=row.debit_fen - row.credit_fen,
    )


def _paid_line(row: Row[Any]) -> PaidLine:
    return PaidLine(
        booked_on=row.booked_on,
        kind=JournalKind(row.kind),
        payment_kind=PaymentKind(row.payment_kind),
        bank_reference=row.reference,
        withdraws_booked_on=row.undoes_booked_on,
        institution_id=row.institution_id,
        paid_on=row.paid_on,
        remark=row.remark,
        amount_fen=row.debit_fen - row.credit_fen,
    )
