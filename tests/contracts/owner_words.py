"""What the stand-in of an office's server says in the scripted day (主管部门用语), all made up."""

from typing import Any

from contracts import owner_v1
from tests.eligibility.conftest import number

ASKED = {"certificate_type": "resident_id", "certificate_number": number(9, birth="19880808")}
HELD: dict[str, Any] = {
    "owner": "civil_affairs",
    "identities": [{"identity": "subsistence_allowance", "valid_from": "2026-01-01"}],
}
MISTAKEN: dict[str, Any] = {
    "owner": "civil_affairs",
    "reason": "entered_by_mistake",
    "identities": [{"identity": "subsistence_margin", "valid_from": "2025-01-01"}],
}

SAID: tuple[tuple[type[owner_v1.Message], dict[str, Any]], ...] = (
    (owner_v1.PersonAsked, ASKED),
    (
        owner_v1.PersonAnswered,
        ASKED
        | {
            "contract": "owner.v1",
            "found": True,
            "name": "样例酉",
            "birth_date": "1988-08-08",
            "facts": HELD,
            "complete_kinds": ["identity"],
            "as_of": "2026-02-10T01:00:00Z",
        },
    ),
    (
        owner_v1.ChangesPage,
        {
            "contract": "owner.v1",
            "changes": [
                ASKED
                | {
                    "position": 17,
                    "changed_at": "2026-02-09T02:30:00Z",
                    "name": "样例酉",
                    "birth_date": "1988-08-08",
                    "stated": HELD,
                    "withdrawn": MISTAKEN,
                }
            ],
            "next_after": 17,
            "has_more": False,
            "last_position": 17,
        },
    ),
)
"""One of each message of `contracts/owner_v1.py`."""
