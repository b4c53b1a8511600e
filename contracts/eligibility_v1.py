"""What eligibility answers (资格查询): who a person was on a day, and what was known when.

Owner: eligibility. `POST /v1/persons/lookup` and `GET /v1/persons/{person_id}/entitlements`.
No message here carries a name; a certificate number travels in the body of the look-up alone.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.vocabulary import CertificateType, Scheme


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonLookup(Message):
    """`POST /v1/persons/lookup`: find a person by certificate (按证件查人)."""

    certificate_type: CertificateType = CertificateType.RESIDENT_ID
    certificate_number: Annotated[str, Field(min_length=1, max_length=40)]


class PersonFound(Message):
    """The person's opaque id (人员标识)."""

    person_id: str


class IdentityFact(Message):
    """One identity (身份) with the days it was true and the instant we learned it (UTC)."""

    identity: str
    valid_from: date
    valid_to: date | None = None
    recorded_at: datetime
    source: str


class EnrolmentFact(Message):
    """One enrolment (参保): the county and scheme whose book settles the person's stays."""

    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    scheme: Scheme
    plan: str | None = None
    valid_from: date
    valid_to: date | None = None
    recorded_at: datetime
    source: str


class Entitlements(Message):
    """`GET /v1/persons/{person_id}/entitlements?on=&known_at=&from=&to=` (待遇资格).

    All identities and enrolments true on the day `on`, as known at the instant `known_at` (UTC);
    choosing among them is the policy's business. `version` is the person's event version the
    answer was made from: the same question may be asked again later and must be answered alike.
    Asked with `from` and `to`, both inclusive, `identities` are those true on any day of that
    window, each with its dates, and `identities_from`, `identities_to` repeat the window;
    enrolments are always those of the day `on`.
    `birth_date` allows rules by age; it is None where no roster stated it.
    """

    contract: Literal["eligibility.v1"] = "eligibility.v1"
    person_id: str
    on: date
    identities_from: date | None = None
    identities_to: date | None = None
    known_at: datetime
    version: int
    birth_date: date | None = None
    identities: tuple[IdentityFact, ...] = ()
    enrolments: tuple[EnrolmentFact, ...] = ()


class RosterRowError(Message):
    """One rejected row (错误行): `row` counts the header as 1."""

    row: int
    column: str | None = None
    message: str


class RosterStaged(Message):
    """`POST /v1/rosters`: rows read and checked, nothing changed yet (已暂存)."""

    roster_id: str
    rows: int
    accepted: int
    rejected: int
    errors: tuple[RosterRowError, ...] = ()


class RosterActivation(Message):
    """`POST /v1/rosters/{roster_id}/activation`: make a staged roster true.

    `accept_rejected_rows` is the confirmed decision to go on in spite of rejected rows.
    """

    accept_rejected_rows: bool = False


class RosterActivated(Message):
    """All accepted rows became known at this one instant (已生效)."""

    roster_id: str
    recorded_at: datetime
    persons_new: int
    facts_new: int
    facts_unchanged: int
