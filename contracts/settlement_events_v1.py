"""What settlement tells everybody (公开事件): that somebody was admitted or discharged, and what
became of that.

Owner: settlement. `GET /v1/notices?after=` gives them in order, from a cursor on. Minimal on
purpose: an opaque person id, the township that answers for the person, hospital, day and kind. No
diagnosis, no amount, no name.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """A reader passes over fields it does not know: a later release may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Notice(Message):
    """What happened to somebody on a day.

    `position` orders all notices. `township` is the code (nine digits) of the township the person
    lived in on that day, as known when the notice is read; None where nobody has said where.
    """

    position: int
    person_id: str
    township: str | None
    institution_id: str
    day: date
    recorded_at: datetime


class PatientAdmitted(_Notice):
    """Somebody was admitted (入院告知); `day` is that of admission."""

    event: Literal["settlement.patient-admitted.v1"] = "settlement.patient-admitted.v1"


class PatientDischarged(_Notice):
    """Somebody was discharged (出院告知); `day` is that of discharge."""

    event: Literal["settlement.patient-discharged.v1"] = "settlement.patient-discharged.v1"


class AdmissionChanged(_Notice):
    """The day of an admission reads otherwise now (变更入院告知): `day`, where it was `was_day`."""

    event: Literal["settlement.patient-admission-changed.v1"] = (
        "settlement.patient-admission-changed.v1"
    )
    was_day: date


class AdmissionCancelled(_Notice):
    """The admission that was told of never was (撤销入院告知); `day` is the one it was told for."""

    event: Literal["settlement.patient-admission-cancelled.v1"] = (
        "settlement.patient-admission-cancelled.v1"
    )


class DischargeUndone(_Notice):
    """The discharge that was told of never was (取消出院告知); `day` is the one it was told for."""

    event: Literal["settlement.patient-discharge-undone.v1"] = (
        "settlement.patient-discharge-undone.v1"
    )


PublicEvent = Annotated[
    PatientAdmitted | PatientDischarged | AdmissionChanged | AdmissionCancelled | DischargeUndone,
    Field(discriminator="event"),
]


class NoticesShown(Message):
    """`GET /v1/notices?after=&limit=&township=` (入出院告知清单).

    `next_after` is the cursor to go on from, whether anything was found or not; `has_more` says
    that more is there already. Where eligibility is out of reach, the page ends before the notice
    whose township could not be asked: none is left out.
    """

    notices: tuple[PublicEvent, ...]
    next_after: int
    has_more: bool
