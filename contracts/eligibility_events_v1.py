"""What eligibility tells everybody (公开事件): that something about a person changed, and when.

Owner: eligibility. `GET /v1/changes?after=` gives them in order, from a cursor on. Minimal on
purpose: an opaque person id, which kind of fact, the days touched and the instant. What is true now
is asked of eligibility, as known at that instant.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.vocabulary import DataOwner, FactKind


class Message(BaseModel):
    """A reader passes over fields it does not know: a later release may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _PersonChanged(Message):
    """A fact was stated, corrected or withdrawn.

    `position` orders all public events. `version` is the person's event version from which answers
    say so. The days touched run from `first_day` to `last_day`, without an end where that is None;
    `reaches_back` says that they began before the day (Beijing time) on which it was recorded, so
    that settled stays may be among them.
    """

    position: int
    person_id: str
    version: int
    kind: FactKind
    first_day: date
    last_day: date | None = None
    reaches_back: bool
    recorded_at: datetime


class PersonStatusChanged(_PersonChanged):
    """An identity, household, residence, disability or death changed (人员身份变更)."""

    event: Literal["eligibility.person-status-changed.v1"]
    kind: Literal[
        FactKind.IDENTITY,
        FactKind.HOUSEHOLD,
        FactKind.RESIDENCE,
        FactKind.DISABILITY,
        FactKind.DEATH,
    ]


class EnrolmentChanged(_PersonChanged):
    """An enrolment changed (参保变更)."""

    event: Literal["eligibility.enrolment-changed.v1"]
    kind: Literal[FactKind.ENROLMENT]


class MarkChanged(_PersonChanged):
    """A disease mark or a listed diagnosis changed (慢特病、大病病种变更)."""

    event: Literal["eligibility.mark-changed.v1"]
    kind: Literal[FactKind.MARK, FactKind.DISEASE_LISTING]


class FilingChanged(_PersonChanged):
    """A referral or filing changed (转诊、备案变更)."""

    event: Literal["eligibility.filing-changed.v1"]
    kind: Literal[FactKind.FILING]


class _PersonsJoined(Message):
    """Two ids were found to be one person, or two.

    `person_id` is the canonical one, `version` its event version from which answers say so. What
    is counted by person is counted for both together from then on (or apart again). Facts of both
    come together, so that any day, and any settled stay of either id, may be touched.
    """

    position: int
    person_id: str
    other_person_id: str
    merge_number: int
    version: int
    reaches_back: Literal[True] = True
    recorded_at: datetime


class PersonsMerged(_PersonsJoined):
    """Two records are one person (人员归并)."""

    event: Literal["eligibility.persons-merged.v1"]


class PersonsSplit(_PersonsJoined):
    """They are not, as known from now on; both ids stay (人员拆分)."""

    event: Literal["eligibility.persons-split.v1"]


PersonChange = Annotated[
    PersonStatusChanged
    | EnrolmentChanged
    | MarkChanged
    | FilingChanged
    | PersonsMerged
    | PersonsSplit,
    Field(discriminator="event"),
]


class RosterImported(Message):
    """A list of an office, or a general roster, became true (名单导入).

    Everything it changed has an event of its own with the same `recorded_at`. `owner`, `region`
    and `mode` are None for a general roster; `persons_ended` are people whom a full list left out.
    Counts only: rows accepted and rejected, people new, facts stated, changed or ended.
    """

    event: Literal["eligibility.roster-imported.v1"]
    position: int
    roster_id: str
    owner: DataOwner | None
    region: str | None
    mode: Literal["full", "changes"] | None
    accepted: int
    rejected: int
    persons_new: int
    facts_changed: int
    persons_ended: int
    recorded_at: datetime


PublicEvent = Annotated[PersonChange | RosterImported, Field(discriminator="event")]


class ChangesShown(Message):
    """`GET /v1/changes?after=&limit=&reaching_back=` (变更清单).

    `next_after` is the cursor to go on from, whether anything was found or not; `has_more` says
    that more is there already. `last` is the last position of the log, `after_mark` and `next_mark`
    tell the events at `after` and `next_after` from every other (empty at 0): a log that is shorter
    than it was, or has another event there, was restored from an earlier state, and whoever keeps
    what it told before begins again. A service of before answers none of the three.
    """

    changes: tuple[PublicEvent, ...]
    next_after: int
    has_more: bool
    last: int | None = None
    after_mark: str = ""
    next_mark: str = ""
