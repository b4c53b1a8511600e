"""What the server of an office promises us (主管部门联机接口): one person asked, changes followed.

Owner of this contract: eligibility; whoever keeps the data (insurance, civil affairs, poverty
office, disabled persons' federation, health, commercial insurer) serves it. Facts are said in the
words of `POST /v1/persons/{id}/statements`. Every request carries `Authorization: Bearer …`; errors
are problem details (RFC 9457). Names and certificate numbers travel in bodies alone.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.eligibility_v1 import FactsStated, FactsWithdrawal
from contracts.vocabulary import CertificateType, FactKind

LARGEST_PAGE = 500


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _OfPerson(Message):
    certificate_type: CertificateType = CertificateType.RESIDENT_ID
    certificate_number: Annotated[str, Field(min_length=1, max_length=40)]


class PersonAsked(_OfPerson):
    """`POST /v1/people/lookup`: what does the office know of this person (单人查询)?"""


class PersonAnswered(_OfPerson):
    """What the office knows of the person (查询答复), with the certificate that was asked about.

    Of somebody the office does not know, `found` is false, and name and facts are left out.
    `complete_kinds` are the kinds of fact of which everything is listed that holds on the day of
    `as_of` or later: what such an answer no longer lists has ended. Of other kinds nothing is
    concluded from silence. `as_of` is the office's own clock; every change up to it is in the
    answer.
    """

    contract: Literal["owner.v1"]
    found: bool
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    birth_date: date | None = None
    facts: FactsStated | None = None
    complete_kinds: tuple[FactKind, ...] = ()
    as_of: AwareDatetime


class PersonChanged(_OfPerson):
    """One change of one person (一条变更), at its place in the feed.

    A stated fact takes the place of the earlier one; a withdrawn one never was. `changed_at` is
    when the office decided it, by the clock of `as_of`: of two changes of one fact the later one
    counts, in whichever order they arrive.
    """

    position: Annotated[int, Field(strict=True, ge=1)]
    changed_at: AwareDatetime
    name: Annotated[str, Field(min_length=1, max_length=100)]
    birth_date: date | None = None
    stated: FactsStated | None = None
    withdrawn: FactsWithdrawal | None = None


class ChangesPage(Message):
    """`GET /v1/changes?after=&limit=` (变更清单): changes after a position, in order.

    `next_after` is the cursor to go on from, whether anything was found or not; `has_more` says
    that more is there already; `last_position` is where the feed ends now. Changes stay readable
    for at least 400 days.
    """

    contract: Literal["owner.v1"]
    changes: tuple[PersonChanged, ...]
    next_after: Annotated[int, Field(strict=True, ge=0)]
    has_more: bool
    last_position: Annotated[int, Field(strict=True, ge=0)]
