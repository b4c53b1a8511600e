"""Which problem each refusal is (错误对照): one row for every domain error, checked by a test."""

from http_edge.problems import ProblemKind
from http_edge.request_outcome import OthersRequest, RequestUnknown
from settlement.adapters.institutions_csv import InstitutionsFaulty
from settlement.application.answer_from_replica import ReplicaUnfit
from settlement.application.find_settlement import SettlementUnknown
from settlement.application.find_settlements import OthersSettlements, SearchInvalid
from settlement.application.find_stay import StayUnknown
from settlement.application.fit_answers import AnswerUnfit
from settlement.application.law_library import LawMissing
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import (
    EligibilityUnreachable,
    Overtaken,
    PersonUnknown,
)
from settlement.application.prepare_settlement import (
    EnrolmentAmbiguous,
    InWaitingPeriod,
    NotEnrolled,
)
from settlement.application.print_statement import StatementDiffers
from settlement.application.rederive_later import CorrectionsUnstated, LaterNotRederivable
from settlement.domain import revision
from settlement.domain import stay_refusals as stay
from settlement.domain.institution import InstitutionUnknown
from settlement.entrypoints.http.fund_problems import FUND_PROBLEMS
from settlement.entrypoints.http.stay_problems import STAY_PROBLEMS
from settlement.kernel import settle
from settlement.kernel.resolving import NumberUnfit
from settlement.law.bill import AmountNotStated, BillDoesNotAddUp, BillTooLarge
from settlement.law.book import NoPolicyInForce, RegionUnknown
from settlement.law.facts import FactNotStated
from settlement.law.regions import RegionElsewhere

PROBLEMS: dict[type[Exception], ProblemKind] = {
    # The caller must change something.
    stay.AlreadyAdmitted: ProblemKind("already-admitted", 409, "住院号已登记入院"),
    stay.AlreadyDischarged: ProblemKind("already-discharged", 409, "已出院"),
    stay.AlreadySettled: ProblemKind("already-settled", 409, "已结算"),
    stay.DischargeBeforeAdmission: ProblemKind(
        "discharge-before-admission", 422, "出院日期早于入院日期"
    ),
    stay.BookedBackwards: ProblemKind("booked-backwards", 409, "冲正早于原结算"),
    stay.DateInFuture: ProblemKind("date-in-future", 422, "日期晚于今天"),
    stay.FeeBatchRepeated: ProblemKind("fee-batch-repeated", 409, "费用批次重复"),
    stay.NoFees: ProblemKind("no-fees", 409, "没有费用"),
    stay.NotDischarged: ProblemKind("not-discharged", 409, "尚未出院"),
    stay.NotSettled: ProblemKind("not-settled", 409, "尚未结算"),
    stay.PersonalShareChanged: ProblemKind("personal-share-changed", 409, "个人应付已变化"),
    OthersRequest: ProblemKind("others-request", 403, "不能查询其他机构的请求"),
    RequestUnknown: ProblemKind("request-unknown", 404, "没有这个请求的记录"),
    OthersSettlements: ProblemKind("others-settlements", 403, "只能查看本机构的结算"),
    SearchInvalid: ProblemKind("search-invalid", 422, "查询条件不成立"),
    SettlementUnknown: ProblemKind("settlement-unknown", 404, "没有这笔结算"),
    LaterNotRederivable: ProblemKind("later-not-rederivable", 409, "其后的结算无法更正"),
    StayUnknown: ProblemKind("stay-unknown", 404, "没有这次住院"),
    PersonUnknown: ProblemKind("person-unknown", 422, "没有这位参保人"),
    InstitutionUnknown: ProblemKind("institution-unknown", 422, "机构未登记"),
    InstitutionsFaulty: ProblemKind("institutions-faulty", 422, "机构目录有错误"),
    NotEnrolled: ProblemKind("not-enrolled", 422, "未参保"),
    InWaitingPeriod: ProblemKind("in-waiting-period", 422, "参保等待期内"),
    EnrolmentAmbiguous: ProblemKind("enrolment-ambiguous", 422, "参保关系不唯一"),
    RegionElsewhere: ProblemKind("region-elsewhere", 422, "参保地属于另一个分片"),
    RegionUnknown: ProblemKind("region-unknown", 422, "没有该地区的政策"),
    NoPolicyInForce: ProblemKind("no-policy-in-force", 422, "没有施行中的政策"),
    BillDoesNotAddUp: ProblemKind("fees-do-not-add-up", 422, "费用合计不符"),
    BillTooLarge: ProblemKind("bill-too-large", 422, "费用超过可结算上限"),
    AmountNotStated: ProblemKind("amount-not-stated", 422, "缺少费用分项"),
    AnswerUnfit: ProblemKind("answer-unfit", 422, "申报的情形不符合政策所问"),
    FactNotStated: ProblemKind("fact-not-stated", 422, "缺少住院情形"),
    settle.ElsewhereAmountMissing: ProblemKind("elsewhere-amount-missing", 422, "缺少外部结算金额"),
    settle.ElsewhereAmountTooLarge: ProblemKind(
        "elsewhere-amount-too-large", 422, "外部结算金额过大"
    ),
    settle.ElsewhereAmountUnexpected: ProblemKind(
        "elsewhere-amount-unexpected", 422, "多余的外部结算金额"
    ),
    # The policy must be completed first.
    settle.NumberMissing: ProblemKind("number-missing", 409, "政策缺少参数"),
    NumberUnfit: ProblemKind("number-unfit", 409, "政策参数不可用"),
    CorrectionsUnstated: ProblemKind("corrections-unstated", 409, "政策没有写明差额怎样走"),
    # Try again later.
    EligibilityUnreachable: ProblemKind("eligibility-unreachable", 503, "资格服务无应答"),
    ReplicaUnfit: ProblemKind("replica-unfit", 503, "资格服务无应答，副本不能代答"),
    Overtaken: ProblemKind("overtaken", 503, "同一参保人正在结算，请重试"),
    # Somebody must look.
    LawMissing: ProblemKind("law-missing", 500, "账本中的政策文本缺失"),
    StatementDiffers: ProblemKind("statement-differs", 500, "账面金额与重新计算不符"),
    LedgerIncomplete: ProblemKind("ledger-incomplete", 500, "账本不完整"),
    revision.RevisionUnknown: ProblemKind("revision-unknown", 404, "没有这次更正"),
    revision.NothingToRevise: ProblemKind("nothing-to-revise", 409, "没有可更正的结算"),
    revision.RevisionNotOpen: ProblemKind("revision-not-open", 409, "更正的状态不许可"),
    **FUND_PROBLEMS,
    **STAY_PROBLEMS,
}
"""Every error a caller can meet, with its stable type, status and title."""
