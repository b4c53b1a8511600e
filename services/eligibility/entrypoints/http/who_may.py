"""Which role may call which route of eligibility (资格服务路由权限); without a row: nobody.

People belong to no hospital: registering them, and reading lists of them, is an office's alone
(`offices`). A hospital asks about the one in front of it.
"""

from typing import Final

from http_edge.identity.roles import Role, Roles
from http_edge.identity.route_table import may, offices

_REGISTERS: Final = offices(Role.REGISTRAR)
_READS_LISTS: Final = offices(Role.REGISTRAR, Role.AUDITOR)
# A hospital knows who lies in its beds and asks who they are; settlement asks to settle.
_KNOWS_PEOPLE: Final = may(Role.BILLER, Role.REGISTRAR, Role.AUDITOR)
_ASKS: Final = _KNOWS_PEOPLE | {Role.SERVICE}
_FOLLOWS: Final = offices(Role.SERVICE, Role.REGISTRAR, Role.AUDITOR)

WHO_MAY: Final[dict[str, Roles | None]] = {
    "POST /v1/persons/lookup": _KNOWS_PEOPLE,
    "GET /v1/persons/{person_id}": _KNOWS_PEOPLE,
    "GET /v1/persons/{person_id}/entitlements": _ASKS,
    "POST /v1/persons/entitlements": _ASKS,
    # The name goes on paper alone, which settlement prints.
    "GET /v1/persons/{person_id}/paper": offices(Role.SERVICE),
    "GET /v1/persons/{person_id}/reads": _READS_LISTS,
    "POST /v1/persons/{person_id}/refresh": may(Role.BILLER, Role.REGISTRAR),
    "POST /v1/persons/{person_id}/statements": _REGISTERS,
    "POST /v1/persons/{person_id}/withdrawals": _REGISTERS,
    "POST /v1/persons/{person_id}/certificates": _REGISTERS,
    "GET /v1/persons/{person_id}/merges": _READS_LISTS,
    "POST /v1/persons/{person_id}/merges": _REGISTERS,
    "POST /v1/persons/{person_id}/merges/{number}/undo": _REGISTERS,
    "GET /v1/changes": _FOLLOWS,
    "POST /v1/members": _FOLLOWS,
    # Whoever may have sent one, and who looks into troubles.
    "GET /v1/requests/{operation}/{key:path}": may(
        Role.BILLER, Role.REGISTRAR, Role.AUDITOR, Role.OPERATOR
    ),
    "POST /v1/rosters": _REGISTERS,
    "POST /v1/rosters/{roster_id}/activation": _REGISTERS,
    "POST /v1/lists": _REGISTERS,
    "POST /v1/lists/rejects": _REGISTERS,
    "POST /v1/comparisons": _REGISTERS,
    "GET /v1/comparisons/{comparison_id}": _READS_LISTS,
    "GET /v1/comparisons/{comparison_id}/differences": _READS_LISTS,
    "POST /v1/comparisons/{comparison_id}/notices": _REGISTERS,
    "GET /v1/comparisons/{comparison_id}/notices/{number}.xlsx": _READS_LISTS,
    "POST /v1/comparisons/{comparison_id}/answers": _REGISTERS,
    "POST /v1/comparisons/{comparison_id}/resolutions": _REGISTERS,
}
"""One row for each route; a test walks them all."""
