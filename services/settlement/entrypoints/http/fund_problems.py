"""Which problem each refusal about funds is (基金错误对照)."""

from eventlog.follower import FollowerStopped
from http_edge.problems import ProblemKind
from settlement.adapters.fund_list_csv import FundListFaulty
from settlement.application.deduct_from_hospital import OnlyOffices
from settlement.domain import deductions, fund_payments
from settlement.domain.fund_statement import FundUnknown, PeriodInvalid
from settlement.domain.postings import NotBalanced
from settlement.read_models.fund_account import StatementDoesNotAddUp

FUND_PROBLEMS: dict[type[Exception], ProblemKind] = {
    # The caller must change something.
    FundUnknown: ProblemKind("fund-unknown", 404, "没有这个基金"),
    PeriodInvalid: ProblemKind("period-invalid", 422, "账期不正确"),
    FundListFaulty: ProblemKind("fund-list-faulty", 422, "支付方清单有错误"),
    fund_payments.PaymentRepeated: ProblemKind("payment-repeated", 409, "银行流水号已登记"),
    fund_payments.PaymentUnknown: ProblemKind("payment-unknown", 404, "没有这笔拨付"),
    fund_payments.PaymentAmountInvalid: ProblemKind(
        "payment-amount-invalid", 422, "拨付金额不正确"
    ),
    fund_payments.PaymentDatesInvalid: ProblemKind("payment-dates-invalid", 422, "拨付日期不正确"),
    OnlyOffices: ProblemKind("only-offices", 403, "须由经办机构办理"),
    deductions.DeductionUnknown: ProblemKind("deduction-unknown", 404, "没有这笔扣减"),
    deductions.DeductionClosed: ProblemKind("deduction-closed", 409, "扣减已撤回或解除"),
    deductions.DeductionRepeated: ProblemKind("deduction-repeated", 409, "文书已登记扣减"),
    deductions.DeductionAmountInvalid: ProblemKind(
        "deduction-amount-invalid", 422, "扣减金额不正确"
    ),
    deductions.DeductionTooLarge: ProblemKind("deduction-too-large", 409, "扣减超过基金应付"),
    # Somebody must look.
    NotBalanced: ProblemKind("journal-not-balanced", 500, "分录借贷不平"),
    StatementDoesNotAddUp: ProblemKind("statement-does-not-add-up", 500, "对账单与账户余额不符"),
    FollowerStopped: ProblemKind("read-model-stopped", 500, "读模型已停止更新"),
}
"""Part of the one table of problems."""
