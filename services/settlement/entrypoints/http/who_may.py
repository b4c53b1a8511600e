"""Which role may call which route of settlement (结算服务路由权限); without a row: nobody.

Reading what belongs to a hospital goes by whom the institution in the header is: a hospital of the
directory sees its own, an office sees all. What cannot be divided by hospitals is an office's alone
(`offices`). Auditors read and change nothing.
"""

from typing import Final

from http_edge.identity.roles import Role, Roles
from http_edge.identity.route_table import ANYBODY, may, offices, together

_DESK: Final = may(Role.BILLER)
_READS_STAYS: Final = may(Role.BILLER, Role.AUDITOR, Role.FINANCE, Role.APPROVER)
_READS_BOOKS: Final = offices(Role.AUDITOR, Role.FINANCE)
_PAYS: Final = offices(Role.FINANCE)
_PROPOSES: Final = may(Role.BILLER, Role.FINANCE, Role.POLICY_AUTHOR)
_FOLLOWS_REVISIONS: Final = _PROPOSES | may(Role.AUDITOR, Role.APPROVER)
_APPROVES: Final = may(Role.APPROVER)
_LOOKS_UP_PEOPLE: Final = offices(Role.AUDITOR, Role.FINANCE, Role.REGISTRAR)
# What became of a request: whoever may have sent one, of their own; and who looks into troubles.
_SENDS: Final = frozenset(Role) - {Role.SERVICE}

_STAYS: Final[dict[str, Roles | None]] = {
    "GET /v1/stays": _DESK,
    "POST /v1/stays": _DESK,
    "GET /v1/stays/{stay_id}": _READS_STAYS,
    "GET /v1/stays/{stay_id}/statement": _READS_STAYS,
    "GET /v1/stays/{stay_id}/history": _READS_STAYS,
    "GET /v1/stays/{stay_id}/fees": _READS_STAYS,
    "GET /v1/stays/{stay_id}/deposit": _DESK,
    "POST /v1/stays/{stay_id}/admission/cancellation": _DESK,
    "POST /v1/stays/{stay_id}/admission/change": _DESK,
    "POST /v1/stays/{stay_id}/deposits": _DESK,
    "POST /v1/stays/{stay_id}/deposits/refund": _DESK,
    "POST /v1/stays/{stay_id}/discharge": _DESK,
    "POST /v1/stays/{stay_id}/discharge/cancellation": _DESK,
    "POST /v1/stays/{stay_id}/fees": _DESK,
    "POST /v1/stays/{stay_id}/fees/deletion": _DESK,
    "POST /v1/stays/{stay_id}/fees/lines/correction": _DESK,
    "POST /v1/stays/{stay_id}/fees/lines/deletion": _DESK,
    "POST /v1/stays/{stay_id}/interim": _DESK,
    "POST /v1/stays/{stay_id}/preview": _DESK,
    "POST /v1/stays/{stay_id}/settlement": _DESK,
    "POST /v1/stays/{stay_id}/settlement/reversal": _DESK,
    "POST /v1/settlements": _DESK,
}

_AFTER_SETTLING: Final[dict[str, Roles | None]] = {
    # By the stay's hospital or by an office: an amount, and a proposal that another approves.
    "POST /v1/stays/{stay_id}/settlement/late-amounts": may(Role.BILLER, Role.FINANCE),
    "GET /v1/decisions": _READS_STAYS,
    "GET /v1/stays/{stay_id}/decisions": _READS_STAYS,
    "POST /v1/stays/{stay_id}/decisions": may(Role.BILLER, Role.FINANCE),
    "POST /v1/stays/{stay_id}/decisions/{decision}/approval": _APPROVES,
    "POST /v1/stays/{stay_id}/decisions/{decision}/rejection": _APPROVES,
    "GET /v1/touched-settlements": _FOLLOWS_REVISIONS,
    "GET /v1/replica-settlements": _FOLLOWS_REVISIONS,
    "GET /v1/revisions": _FOLLOWS_REVISIONS,
    "POST /v1/revisions": _PROPOSES,
    "GET /v1/revisions/{number}": _FOLLOWS_REVISIONS,
    "POST /v1/revisions/{number}/approval": _APPROVES,
    "POST /v1/revisions/{number}/rejection": _APPROVES,
    # What was approved is carried out by whoever proposed it or by an approver.
    "POST /v1/revisions/{number}/issue": _PROPOSES | _APPROVES,
}

_BOOKS: Final[dict[str, Roles | None]] = {
    "GET /v1/funds": _READS_BOOKS,
    "GET /v1/funds/{fund_id}/statement": _READS_BOOKS,
    "POST /v1/funds/{fund_id}/payments": _PAYS,
    "POST /v1/funds/{fund_id}/payments/withdrawal": _PAYS,
    "GET /v1/settlements/{number}/deductions": _READS_STAYS,
    "POST /v1/settlements/{number}/deductions": _PAYS,
    "POST /v1/settlements/{number}/deductions/{deduction}/withdrawal": _PAYS,
}

_FINDING: Final[dict[str, Roles | None]] = {
    "GET /v1/settlements": _READS_STAYS,
    "GET /v1/settlements/export": _READS_STAYS,
    # A household's or a village's people are not a hospital's to list.
    "GET /v1/accounts": _LOOKS_UP_PEOPLE,
    "GET /v1/accounts/export": _LOOKS_UP_PEOPLE,
    "GET /v1/persons/{person_id}/account": may(*_LOOKS_UP_PEOPLE, *_DESK),
    "GET /v1/notices": may(Role.BILLER, Role.AUDITOR, Role.REGISTRAR),
    "GET /v1/settlements/{number}/statement.html": _DESK,
    "GET /v1/settlements/{number}/statement.pdf": _DESK,
    # Whoever holds the paper has its code, and is told nothing but whether it is right.
    "GET /v1/settlements/check": ANYBODY,
}

_OTHER: Final[dict[str, Roles | None]] = {
    "POST /v1/institutions": offices(Role.REGISTRAR),
    "POST /v1/previews": may(
        Role.BILLER, Role.AUDITOR, Role.FINANCE, Role.POLICY_AUTHOR, Role.APPROVER
    ),
    "GET /v1/requests/{operation}/{key:path}": _SENDS,
}

WHO_MAY: Final = together(_STAYS, _AFTER_SETTLING, _BOOKS, _FINDING, _OTHER)
"""One row for each route; a test walks them all."""
