"""What the use cases need from outside (端口)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import DataOwner
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.known_facts import RecordEvent
from eligibility.domain.one_person import OnePerson
from eligibility.domain.owner_list import ListMode
from eligibility.domain.person import Person
from eligibility.domain.roster import ActivatedRoster, ReadRoster
from eligibility.domain.statement_record import StatementRecord

Receipt = object
"""What the register keeps of an accepted request, made by the entrypoint; committed together with
the events. Use cases hand it through and never look inside."""

NewId = Callable[[], UUID]
"""Gives a new random id."""


@dataclass(frozen=True)
class ActsFor:
    """Who acts, and for which institution (经办人与机构)."""

    institution_id: str
    operator: str


@dataclass(frozen=True)
class ReadBy:
    """Who read a person's facts, when (UTC) and with which call (查阅); None where nobody said."""

    read_at: datetime
    call: str
    acting: ActsFor | None = None


class PersonReads(Protocol):
    """The record of who read whose facts (查阅记录)."""

    def record(self, person_ids: Sequence[UUID], *, by: ReadBy) -> None:
        """Keep one row a person; when this returns they are kept."""

    def latest(self, person_id: UUID) -> Sequence[ReadBy]:
        """The latest readings of a person's facts, the latest first, at most 1,000."""


@dataclass(frozen=True)
class RosterImported:
    """That a list or a roster became true at a position of the log (名单生效).

    `owner`, `region` and `mode` are None for a general roster; `persons_ended` are people whom a
    full list left out. Rows and facts are counts.
    """

    position: int
    roster_id: UUID
    owner: DataOwner | None
    region: str | None
    mode: ListMode | None
    accepted: int
    rejected: int
    persons_new: int
    facts_changed: int
    persons_ended: int
    recorded_at: datetime


@dataclass(frozen=True)
class PublicEvents:
    """What was said in a stretch of the log, how far it reached, and the log's end."""

    events: Sequence[RecordEvent | RosterImported]
    reached: int
    last: int


@dataclass(frozen=True)
class RecordedOf:
    """Of whom anything was recorded in a stretch of the log, each at the position of the first;
    how far it reached, and the log's end."""

    people: Mapping[UUID, int]
    reached: int
    last: int


class Store(Protocol):
    """Persons and activations, as events (事件存储)."""

    def find_person(self, person_id: UUID, *, version: int | None = None) -> Person | None:
        """The person now, or as of a version; None if there is none (or not so many versions)."""

    def find_one(self, person_id: UUID, *, version: int | None = None) -> OnePerson | None:
        """The person with all records that were ever merged, now or as of a version; None if
        there is nobody (or not so many versions)."""

    def find_ones(self, person_ids: Sequence[UUID]) -> Mapping[UUID, OnePerson]:
        """Many of them as of now, by the id they were asked for; those nobody knows left out."""

    def public_events(self, after: int, limit: int) -> PublicEvents:
        """What concerns everybody among the `limit` events after a position, in order."""

    def recorded_of(self, after: int, limit: int) -> RecordedOf:
        """Of whom the `limit` events after a position are, whatever they say, in order."""

    def find_activation(self, roster_id: UUID) -> ActivatedRoster | None:
        """The record of a roster's activation, or None."""

    def save(
        self,
        *aggregates: Person | ActivatedRoster | StatementRecord,
        receipt: Receipt | None = None,
    ) -> None:
        """Save all of them and the receipt of the request, or nothing."""


class PersonKeys(Protocol):
    """The keys of some people (人员密钥)."""

    def seal(self, person_id: UUID, data: PersonalData) -> bytes:
        """Encrypt personal data under the person's key. Raises `LookupError` without a key."""

    def open(self, person_id: UUID, sealed: bytes) -> PersonalData | None:
        """Decrypt personal data; None once the person's key is erased."""

    def seal_certificate(self, person_id: UUID, certificate: Certificate) -> bytes:
        """Encrypt a certificate under the person's key. Raises `LookupError` without a key."""

    def open_certificate(self, person_id: UUID, sealed: bytes) -> Certificate | None:
        """Decrypt a certificate; None once the person's key is erased."""

    def fingerprint(self, person_id: UUID, content: bytes) -> bytes:
        """A hash under the person's key, that tells nothing without it; of nobody, nothing."""


class PersonalDataVault(Protocol):
    """Who is who (个人信息库): keys per person, and the look-up by keyed hash of certificates."""

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids (with new keys) where needed.

        A reserved id says nothing about a person yet; asking again gives the same id.
        """

    def find(self, certificate: Certificate) -> UUID | None:
        """The id reserved for a certificate, or None."""

    def claim(self, certificate: Certificate, person_id: UUID) -> UUID:
        """Let a certificate find a person; returns whom it finds, which may be somebody else.

        Raises `PersonErased` if nobody can tell any more who the person was.
        """

    def keys_of(self, person_ids: Iterable[UUID]) -> PersonKeys:
        """The keys of these people, to seal and open with."""

    def has_keys(self, person_ids: Sequence[UUID]) -> bool:
        """Whether none of these people is erased."""

    def erase(self, person_ids: Sequence[UUID]) -> None:
        """Delete keys and look-up, of all or none: what is sealed can never be opened again."""


class KeyRotation(Protocol):
    """The replacement of the master key (更换主密钥): everything made again beside what is in use,
    then taken into use at one instant."""

    def begin(self) -> None:
        """Begin, or go on with what was begun. Raises `RotationOfAnotherKey`."""

    def counts(self) -> tuple[int, int]:
        """How many people are done, and how many there are."""

    def missing(self, size: int) -> list[UUID]:
        """Some people who are not done yet; empty when all are."""

    def renew(self, certificates: Mapping[UUID, Sequence[Certificate]]) -> None:
        """Wrap these people's keys anew, and hash their certificates anew."""

    def take_into_use(self) -> bool:
        """From now on the new master key opens everything, the old one nothing; False if people
        came up meanwhile who are not done, or somebody reads for long: to be tried again."""

    def is_in_use(self) -> bool:
        """Whether the new master key opens everything by now."""

    def clean(self) -> None:
        """Take away what is left of what the old key opens."""

    def unfound(self) -> list[UUID]:
        """Whom some certificate found no more when the last key was replaced."""

    def find_again(self, certificates: Mapping[UUID, Sequence[Certificate]]) -> None:
        """Let certificates find such ids again."""


class StagedRosters(Protocol):
    """Rosters read and not yet true (暂存名册); their content is encrypted."""

    def stage(self, roster_id: UUID, roster: ReadRoster, *, at: datetime) -> None:
        """Keep a roster until it is activated."""

    def find(self, roster_id: UUID) -> ReadRoster | None:
        """A staged roster, or None once it was discarded."""

    def forget(self, certificates: Sequence[Certificate]) -> None:
        """Leave the rows of these certificates out of every staged roster."""

    def discard(self, roster_id: UUID) -> None:
        """Delete a roster's content: it has become true, or will not."""


RosterReader = Callable[[bytes], ReadRoster]
"""Reads a roster file. Raises `RosterUnreadable`."""
