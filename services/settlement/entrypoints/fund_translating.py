"""Between fund messages and values (转换), for HTTP and the command line: no decisions here."""

from contracts import settlement_funds_v1 as message
from contracts.vocabulary import Payer
from settlement.application.fund_ports import FundBalance
from settlement.application.reconcile_fund import Difference, Reconciliation
from settlement.domain.fund_payments import Payment
from settlement.domain.fund_statement import (
    DeductedLine,
    FundStatement,
    HospitalAccount,
    OwedLine,
    PaidLine,
    Period,
)


def payer_label(fund_id: str) -> str:
    """The payer of a fund as users read it: `500000-basic` is 基本医疗保险."""
    code = fund_id.partition("-")[2]
    return Payer(code).label if code in set(Payer) else code


def show_funds(funds: tuple[FundBalance, ...]) -> message.FundsShown:
    """The list of funds."""
    return message.FundsShown(
        funds=tuple(
            message.FundShown(
                fund_id=fund.fund_id,
                payer_label=payer_label(fund.fund_id),
                owed_fen=fund.owed_fen,
                paid_fen=fund.paid_fen,
                balance_fen=fund.balance_fen,
                to_patients_fen=fund.to_patients_fen,
                from_patients_fen=fund.from_patients_fen,
                deducted_fen=fund.deducted_fen,
                last_booked_on=fund.last_booked_on,
            )
            for fund in funds
        )
    )


def show_statement(statement: FundStatement) -> message.FundStatementShown:
    """A fund's statement."""
    return message.FundStatementShown(
        fund_id=statement.fund_id,
        payer_label=payer_label(statement.fund_id),
        from_date=statement.period.first_day,
        to_date=statement.period.last_day,
        opening_fen=statement.opening_fen,
        owed_fen=statement.owed_fen,
        deducted_fen=statement.deducted_fen,
        net_fen=statement.net_fen,
        paid_fen=statement.paid_fen,
        closing_fen=statement.closing_fen,
        hospitals=tuple(_hospital(h) for h in statement.hospitals),
    )


def _hospital(account: HospitalAccount) -> message.HospitalAccountShown:
    return message.HospitalAccountShown(
        institution_id=account.institution_id,
        opening_fen=account.opening_fen,
        owed_fen=account.owed_fen,
        deducted_fen=account.deducted_fen,
        net_fen=account.net_fen,
        paid_fen=account.paid_fen,
        closing_fen=account.closing_fen,
        owed=tuple(_owed(line) for line in account.owed),
        deducted=tuple(_deducted(line) for line in account.deducted),
        paid=tuple(_paid(line) for line in account.paid),
    )


def _owed(line: OwedLine) -> message.OwedLineShown:
    return message.OwedLineShown.model_validate(
        {name: value for name, value in vars(line).items() if name != "institution_id"}
    )


def _deducted(line: DeductedLine) -> message.DeductedLineShown:
    said = {n: v for n, v in vars(line).items() if n not in ("institution_id", "document")}
    return message.DeductedLineShown.model_validate(
        {**said, "reference": line.reference, "document_number": line.document}
    )


def _paid(line: PaidLine) -> message.PaidLineShown:
    return message.PaidLineShown.model_validate(
        {name: value for name, value in vars(line).items() if name != "institution_id"}
    )


def show_payment(payment: Payment) -> message.FundPaymentShown:
    """A recorded payment."""
    return message.FundPaymentShown.model_validate(vars(payment))


def show_reconciliation(
    found: Reconciliation, *, fund_id: str, period: Period
) -> message.ReconciliationShown:
    """The result of a reconciliation."""
    return message.ReconciliationShown(
        fund_id=fund_id,
        from_date=period.first_day,
        to_date=period.last_day,
        agrees=found.agrees,
        our_lines=found.our_lines,
        their_rows=found.their_rows,
        ours_fen=found.ours_fen,
        theirs_fen=found.theirs_fen,
        difference_fen=found.difference_fen,
        differences=tuple(_difference(d) for d in found.differences),
    )


def _difference(difference: Difference) -> message.DifferenceShown:
    return message.DifferenceShown(
        kind=difference.kind.value,
        difference_fen=difference.difference_fen,
        ours=tuple(
            message.ReconciledLineShown(
                institution_id=line.institution_id,
                settlement_number=line.settlement_number,
                hospital_stay_number=line.hospital_stay_number,
                layer=line.layer,
                booked_on=line.booked_on,
                amount_fen=line.amount_fen,
                is_surplus=line.is_surplus,
            )
            for line in difference.ours
        ),
        theirs=tuple(
            message.ReconciledRowShown(
                row=row.row,
                institution_id=row.institution_id,
                settlement_number=row.settlement_number,
                hospital_stay_number=row.hospital_stay_number,
                settled_on=row.settled_on,
                amount_fen=row.amount_fen,
            )
            for row in difference.theirs
        ),
    )
