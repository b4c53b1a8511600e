"""Which problem each refusal about fees, deposits and changes of a stay is (住院变更错误对照)."""

from http_edge.problems import ProblemKind
from settlement.application.episodes import TransferUnfit
from settlement.application.law_of_part import PartsUnstated
from settlement.domain import deposits, discretion, fee_refusals
from settlement.domain import stay_refusals as stay
from settlement.kernel.deposit import NormalDepositNotStated
from settlement.law.fee_lines import FeeLineFaulty

STAY_PROBLEMS: dict[type[Exception], ProblemKind] = {
    stay.StayCancelled: ProblemKind("stay-cancelled", 409, "入院登记已撤销"),
    stay.AdmissionStands: ProblemKind("admission-stands", 409, "入院登记还不能撤销"),
    stay.NotCancelled: ProblemKind("not-cancelled", 409, "入院登记没有撤销"),
    stay.LateAmountNotAwaited: ProblemKind("late-amount-not-awaited", 409, "该层不在待定之列"),
    stay.LateAmountUnchanged: ProblemKind("late-amount-unchanged", 409, "后到金额没有变化"),
    discretion.ProposalUnknown: ProblemKind("proposal-unknown", 404, "没有这个提议"),
    discretion.ProposalClosed: ProblemKind("proposal-closed", 409, "提议已批准或退回"),
    discretion.ProposalLapsed: ProblemKind("proposal-lapsed", 409, "提议已失效"),
    discretion.SameOperator: ProblemKind("same-operator", 409, "须由另一位经办人决定"),
    stay.FormerPartUnsettled: ProblemKind("former-part-unsettled", 409, "前一段还没有结算"),
    stay.NextPartStands: ProblemKind("next-part-stands", 409, "下一段已有记录"),
    stay.BelongsToPart: ProblemKind("belongs-to-part", 409, "分段不能单独变更"),
    TransferUnfit: ProblemKind("transfer-unfit", 409, "转出的住院对不上"),
    PartsUnstated: ProblemKind("parts-unstated", 409, "政策没有写明怎样分段结算"),
    stay.NothingChanged: ProblemKind("nothing-changed", 409, "没有变更"),
    fee_refusals.FeeBatchUnknown: ProblemKind("fee-batch-unknown", 404, "没有这个费用批次"),
    fee_refusals.FeeLineRepeated: ProblemKind("fee-line-repeated", 409, "费用明细号重复"),
    fee_refusals.FeeLineUnknown: ProblemKind("fee-line-unknown", 404, "没有这行费用明细"),
    fee_refusals.FeeLineGivenBack: ProblemKind("fee-line-given-back", 409, "费用明细已冲账"),
    fee_refusals.GivenBackTooMuch: ProblemKind("given-back-too-much", 422, "冲账超过原明细所余"),
    fee_refusals.FeeLineDiffers: ProblemKind("fee-line-differs", 422, "明细分项与申报的不符"),
    FeeLineFaulty: ProblemKind("fee-line-faulty", 422, "费用明细有错误"),
    deposits.DepositReceiptRepeated: ProblemKind("deposit-receipt-repeated", 409, "押金收据号重复"),
    deposits.DepositAboveAllowed: ProblemKind("deposit-above-allowed", 422, "押金超出政策所许"),
    deposits.DepositNotHeld: ProblemKind("deposit-not-held", 409, "在押金额不足"),
    NormalDepositNotStated: ProblemKind("normal-deposit-not-stated", 422, "缺少普通押金数额"),
    deposits.TenderDoesNotAddUp: ProblemKind("tender-does-not-add-up", 422, "支付方式合计不符"),
    deposits.TenderRepeated: ProblemKind("tender-repeated", 409, "支付方式已登记"),
}
"""Part of the one table of problems."""
