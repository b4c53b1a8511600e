"""What eligibility tells settlement's replica of a person (人员现况): all that a settlement asks.

Owner: eligibility. Not for everybody: a topic of its own, to be read by settlement alone. Only
identities and enrolments under opaque ids, no name, no certificate number, no birth date: what may
have to be erased does not travel. The topic keeps the last event of each key, which is enough to
begin with.

**The answer to any question** (which day, which identities) follows from a record without knowing
more: an identity or enrolment counts on the days from `valid_from` to `valid_to`, both included,
and an identity whose benefits go on counts for days after its end until `benefits_until`. Facts
stand in the order in which eligibility answers them.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from contracts.vocabulary import Scheme

LARGEST_COUNT = 2**63 - 1
"""The largest number that a database keeps in one column."""

_PERSON_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def _counted(number: int) -> int:
    if not 0 <= number <= LARGEST_COUNT:
        raise ValueError("not from 0 to 2^63-1")
    return number


def _person_id(said: str) -> str:
    if _PERSON_ID.fullmatch(said) is None:
        raise ValueError("not an id of up to 64 letters, digits and hyphens")
    return said


# Checked where a message is made and read. The schema was released without: it stays as it is.
Counted = Annotated[int, AfterValidator(_counted)]
PersonIdSaid = Annotated[str, AfterValidator(_person_id)]


class Message(BaseModel):
    """A reader passes over fields it does not know: a later release may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class IdentityKnown(Message):
    """An identity as known (已知身份); `benefits_until` is None where they go on without an end."""

    identity: str
    valid_from: date
    valid_to: date | None = None
    benefits_go_on: bool = False
    benefits_until: date | None = None
    recorded_at: AwareDatetime
    source: str


class EnrolmentKnown(Message):
    """An enrolment as known (已知参保); nothing is paid until after `waiting_to`."""

    region: str
    scheme: Scheme
    plan: str | None = None
    valid_from: date
    valid_to: date | None = None
    waiting_to: date | None = None
    recorded_at: AwareDatetime
    source: str


class RecordKnown(Message):
    """What is known of a person asked for under one id (一个标识下的已知事项).

    `version` is the person's event version from which it was made: asked with it, eligibility
    answers the same. `learned_at` is the latest instant at which anything was recorded.
    `person_ids` are all ids of the same person, the canonical one first.
    """

    person_id: PersonIdSaid
    version: Counted
    learned_at: AwareDatetime
    person_ids: tuple[PersonIdSaid, ...]
    identities: tuple[IdentityKnown, ...] = ()
    enrolments: tuple[EnrolmentKnown, ...] = ()


class PersonKnown(Message):
    """Everything known of a person since something was recorded (人员现况).

    Of all ids that were ever the same person's, since what is recorded of one may change what is
    answered of another. `position` is that of the recording in eligibility's log; it may tell of
    later ones already. Of two records of one id the one of the higher version counts.
    """

    event: Literal["eligibility.person-known.v1"]
    position: Counted
    person_id: PersonIdSaid
    records: tuple[RecordKnown, ...]
    recorded_at: AwareDatetime
