"""Which error of this service is answered how (错误对照表)."""

from eligibility.application.find_person import UnknownPerson
from eligibility.domain.certificate import InvalidCertificate
from eligibility.domain.person import RecordedBackwards, WindowInvalid
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
    InvalidCertificate: ProblemKind("invalid-certificate", 422, "证件号码不正确"),
    RosterUnreadable: ProblemKind("roster-unreadable", 422, "名册无法读取"),
    UnknownRoster: ProblemKind("unknown-roster", 404, "没有此名册 (unknown roster)"),
    RosterAlreadyActivated: ProblemKind("roster-already-activated", 409, "名册已生效"),
    RosterHasRejectedRows: ProblemKind("roster-has-rejected-rows", 409, "名册有错误行"),
    RecordedBackwards: ProblemKind("recorded-backwards", 503, "系统时钟早于已有记录"),
}
