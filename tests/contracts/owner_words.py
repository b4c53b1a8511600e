"""An office on-line in the scripted day (主管部门联机): what its server says, all made up."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from pydantic import BaseModel

from contracts import eligibility_v1, owner_v1
from contracts.vocabulary import DataOwner
from eligibility.bootstrap import build
from eligibility.entrypoints.http.app import create_app
from eligibility.settings import Settings
from standalone.owner_stand_in import Mode, StandInOwner, Told, stand_in_app
from standalone.serving import served
from tests.eligibility.conftest import number
from tests.eligibility.owner_office import TOKEN, VARIABLE, entry
from tests.support.signed import signing_client

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

_NUMBER = ASKED["certificate_number"]
_LIVES_THERE = {"region": "990103", "scheme": "resident", "valid_from": "2026-01-01"}


def office_on_line(data: Path, clock: Callable[[], datetime]) -> list[BaseModel]:
    """The feed is followed, one person asked about, once in vain; what was said over HTTP."""
    messages = [message.model_validate(body) for message, body in SAID]
    office = StandInOwner(DataOwner.CIVIL_AFFAIRS, clock=clock)
    with served(stand_in_app(office, token=TOKEN)) as url:
        owners = data / "owners.yaml"
        owners.write_text(entry("minzheng", "民政", url, regions='["990103"]'), encoding="utf-8")
        settings = Settings(
            data, master_key=bytes(32), owners=owners, owner_tokens={VARIABLE: TOKEN}
        )
        ids = count(10**6)
        with patch("eligibility.bootstrap.uuid4", lambda: UUID(int=next(ids))):
            people = build(settings)
        client = signing_client(create_app(people, clock=clock))
        enrolled = HELD | {"enrolments": [_LIVES_THERE]}
        office.tell(Told(certificate_number=_NUMBER, name="样例酉", stated=enrolled))
        strange = {"identities": [HELD["identities"][0] | {"identity": "no_such"}]}
        office.tell(Told(certificate_number=_NUMBER, name="样例酉", stated=strange))
        office.tell(
            Told(
                certificate_number=_NUMBER,
                name="样例酉",
                withdrawn={"reason": "entered_by_mistake"} | strange,
            )
        )
        people.follow_owner.pull("minzheng", at=clock())
        corrected = office.page(0, 1).changes[0].model_copy(update={"position": 2})
        with patch.object(office, "page", lambda *_: _only(corrected)):
            people.follow_owner.retry("minzheng", 2, at=clock())
        found = client.post("/v1/persons/lookup", json=ASKED)
        path = f"/v1/persons/{found.json()['person_id']}"
        for mode in (Mode.ANSWERING, Mode.DOWN):
            office.mode = mode
            headers = {
                "Yizhan-Institution": "O500112",
                "Yizhan-Operator": "clerk-1",
                "Idempotency-Key": mode.value,
            }
            asked = client.post(f"{path}/refresh", headers=headers)
            messages.append(eligibility_v1.OwnersAsked.model_validate_json(asked.content))
        known = client.get(f"{path}/entitlements?on=2026-02-10&form=3")
        told = eligibility_v1.Entitlements.model_validate_json(known.content)
        messages += told.owners or ()
    return messages


def _only(change: owner_v1.PersonChanged) -> owner_v1.ChangesPage:
    return owner_v1.ChangesPage(
        contract="owner.v1",
        changes=(change,),
        next_after=change.position,
        has_more=True,
        last_position=3,
    )
