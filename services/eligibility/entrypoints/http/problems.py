"""Which error of this service is answered how (错误对照表)."""

from eligibility.application.add_certificate import (
    CertificateContradicts,
    CertificateTaken,
)
from eligibility.application.find_person import PersonErased, UnknownPerson
from eligibility.application.owner_ports import NoAnswer, UnknownConnector
from eligibility.application.state_facts import NothingStated
from eligibility.domain.certificate import InvalidCertificate
from eligibility.domain.days import WindowInvalid
from eligibility.domain.difference_book import (
    ComparedAhead,
    ComparedBackwards,
    WouldResolveTooMany,
)
from eligibility.domain.difference_notice import (
    AnswersRejected,
    DifferenceOutOfOrder,
    NothingToSend,
    NoticeInvalid,
    UnknownBook,
    UnknownDifference,
    UnknownNotice,
)
from eligibility.domain.impossible_facts import FactImpossible
from eligibility.domain.local_identities import UnknownIdentity
from eligibility.domain.merging import (
    AlreadyMerged,
    MergeAlreadyUndone,
    MergeImpossible,
    UnknownMerge,
)
from eligibility.domain.owner_list import (
    ListMovedOn,
    ListOrderInvalid,
    ListWouldEndTooMany,
    NothingToEnd,
)
from eligibility.domain.person import FactNotKnown, RecordedBackwards
from eligibility.domain.roster import (
    RosterAlreadyActivated,
    RosterHasRejectedRows,
    RosterUnreadable,
    UnknownRoster,
)
from http_edge.problems import ProblemKind

PROBLEMS: dict[type[Exception], ProblemKind] = {
    WindowInvalid: ProblemKind("window-invalid", 422, "起止日期不成立 (invalid window)"),
    UnknownPerson: ProblemKind("unknown-person", 404, "查无此人 (unknown person)"),
    NothingStated: ProblemKind("nothing-stated", 422, "认定内容有误 (nothing stated)"),
    FactImpossible: ProblemKind("fact-impossible", 422, "事项不成立 (impossible fact)"),
    FactNotKnown: ProblemKind("fact-not-known", 409, "没有这项记录 (fact not known)"),
    PersonErased: ProblemKind("person-erased", 409, "个人信息已删除 (person erased)"),
    CertificateTaken: ProblemKind("certificate-taken", 409, "证件已属于其他人员"),
    CertificateContradicts: ProblemKind(
        "certificate-contradicts", 409, "证件与已登记的出生日期不符"
    ),
    MergeImpossible: ProblemKind("merge-impossible", 422, "不能归并 (merge impossible)"),
    AlreadyMerged: ProblemKind("already-merged", 409, "已并入其他人员 (already merged)"),
    UnknownMerge: ProblemKind("unknown-merge", 404, "没有这次归并 (unknown merge)"),
    MergeAlreadyUndone: ProblemKind("merge-already-undone", 409, "这次归并已拆分 (undone)"),
    UnknownIdentity: ProblemKind("unknown-identity", 422, "未登记的身份 (unknown identity)"),
    InvalidCertificate: ProblemKind("invalid-certificate", 422, "证件号码不正确"),
    RosterUnreadable: ProblemKind("roster-unreadable", 422, "名册无法读取"),
    UnknownRoster: ProblemKind("unknown-roster", 404, "没有此名册 (unknown roster)"),
    RosterAlreadyActivated: ProblemKind("roster-already-activated", 409, "名册已生效"),
    RosterHasRejectedRows: ProblemKind("roster-has-rejected-rows", 409, "名册有错误行"),
    ListOrderInvalid: ProblemKind("list-order-invalid", 422, "名单导入参数有误"),
    ListWouldEndTooMany: ProblemKind("list-would-end-too-many", 409, "名单缺少的人过多"),
    ListMovedOn: ProblemKind("list-moved-on", 409, "比对之后人员已变动"),
    NothingToEnd: ProblemKind("nothing-to-end", 422, "无可退出 (nothing to end)"),
    UnknownConnector: ProblemKind("unknown-connector", 404, "没有此部门连接"),
    NoAnswer: ProblemKind("no-answer", 503, "部门没有应答 (no answer)"),
    ComparedBackwards: ProblemKind("compared-backwards", 409, "早于上次比对的名单"),
    ComparedAhead: ProblemKind("compared-ahead", 422, "比对日期晚于今天 (compared ahead)"),
    WouldResolveTooMany: ProblemKind("would-resolve-too-many", 409, "本次销号过多"),
    UnknownBook: ProblemKind("unknown-comparison", 404, "没有此比对台账 (unknown comparison)"),
    UnknownNotice: ProblemKind("unknown-notice", 404, "没有此核查函 (unknown notice)"),
    UnknownDifference: ProblemKind("unknown-difference", 404, "没有这条差异"),
    DifferenceOutOfOrder: ProblemKind("difference-out-of-order", 409, "差异状态不符"),
    NothingToSend: ProblemKind("nothing-to-send", 409, "没有可交办的差异 (nothing to send)"),
    NoticeInvalid: ProblemKind("notice-invalid", 422, "核查函内容有误 (invalid notice)"),
    AnswersRejected: ProblemKind("answers-rejected", 409, "反馈有错误行 (rejected answers)"),
    RecordedBackwards: ProblemKind("recorded-backwards", 503, "系统时钟早于已有记录"),
}
