"""What importing an owner's list needs from outside (名单导入端口)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from uuid import UUID

from eligibility.application.ports import PersonKeys, Receipt
from eligibility.domain.certificate import Certificate
from eligibility.domain.one_person import OnePerson
from eligibility.domain.owner_list import ListFigures, ListOrder, ListRows, OwnerList
from eligibility.domain.person import Person
from eligibility.domain.roster import ReadRow, RejectedRow, RosterRow, RowError


@dataclass(frozen=True)
class OpenList:
    """A file whose header is understood (已识别表头的名单); rows are read when taken."""

    content_hash: str
    header: tuple[str, ...]
    rows: Iterator[ReadRow]


class OpenOwnerList(Protocol):
    """Opens an owner's file by that owner's layout (打开名单)."""

    def __call__(self, file: BinaryIO, order: ListOrder) -> OpenList:
        """The open list. Raises `RosterUnreadable`, also while its rows are taken."""


Identify = Callable[[Sequence[Certificate]], Sequence[UUID | None]]
"""Gives the id of each certificate's person, in order, None where nobody has one."""


@dataclass(frozen=True)
class ListedRows:
    """The accepted rows of one person, who has an id or none yet (一人的名单行)."""

    person_id: UUID | None
    rows: Sequence[RosterRow]


@dataclass(frozen=True)
class UnchangedPerson:
    """Somebody of whom a list states nothing new (未变人员), with what that adds to its figures."""

    person_id: UUID
    facts_unchanged: int
    was_before: bool


class ListWorkspace(Protocol):
    """One list while it is worked on (名单工作区): on disk, encrypted, gone afterwards."""

    def add(self, rows: Sequence[ReadRow], *, identify: Identify) -> None:
        """Keep some rows, with the ids that their people have already."""

    def unidentified(self, size: int) -> Iterator[Sequence[Certificate]]:
        """Who has accepted rows and no id yet; a person comes once."""

    def identify(self, identified: Iterable[tuple[Certificate, UUID]]) -> None:
        """Note the ids that people have been given."""

    def reject_contradictions(self) -> None:
        """Reject rows that say two things of one fact or name one person differently."""

    def reject(self, error: RowError) -> None:
        """Reject an accepted row."""

    def people(self, size: int) -> Iterator[Sequence[ListedRows]]:
        """The accepted rows by person, so many people at a time; a person comes once.

        Who has an id comes in the order of the ids; who is noted as unchanged is left out.
        """

    def rows_of(self, person_ids: Sequence[UUID]) -> Sequence[ListedRows]:
        """The accepted rows of these people, even of who is noted as unchanged."""

    def note_unchanged(self, people: Iterable[UnchangedPerson]) -> None:
        """Note of whom the list states nothing new."""

    def forget_unchanged(self, person_ids: Iterable[UUID]) -> None:
        """These are to be looked at again."""

    def unchanged_people(self, size: int) -> Iterator[Sequence[UUID]]:
        """Of whom the list states nothing new, so many people at a time."""

    def unchanged(self) -> ListFigures:
        """What everybody who is noted as unchanged adds to the figures."""

    def note_listed(self, listed: Iterable[tuple[UUID, str]]) -> None:
        """Note which people are on the list with which kinds."""

    def listed_kinds(self, person_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
        """With which kinds these people are on the list; who is not is left out."""

    def rejected_people(self, size: int) -> Iterator[Sequence[Certificate]]:
        """Whose the rejected rows are, where that is clear."""

    def has_rejects_of_nobody(self) -> bool:
        """Whether a rejected row might be anybody's."""

    def rejected(self) -> Iterator[RejectedRow]:
        """The rejected rows as they were typed, by row."""

    def rows(self) -> ListRows:
        """How many rows are accepted, rejected and passed over."""


NewWorkspace = Callable[[], AbstractContextManager[ListWorkspace]]
"""Opens an empty workspace, and removes it afterwards."""


class ListVault(Protocol):
    """Who is who (个人信息库), asked for many at a time."""

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids (with new keys) where needed."""

    def find_many(self, certificates: Sequence[Certificate]) -> list[UUID | None]:
        """The id reserved for each certificate, in order, or None."""

    def has_keys(self, person_ids: Sequence[UUID]) -> bool:
        """Whether none of these people is erased."""

    def keys_of(self, person_ids: Iterable[UUID]) -> PersonKeys:
        """The keys of these people, to seal and open with."""


class ListMembers(Protocol):
    """Who was ever on an owner's lists of a region (名单成员)."""

    def catch_up(self) -> None:
        """Take in what was recorded since."""

    def members(self, order: ListOrder, size: int) -> Iterator[Sequence[UUID]]:
        """Everybody who was, with one of the order's kinds; so many people at a time, each once."""


class ListStore(Protocol):
    """People and owners' lists, as events (名单存储)."""

    def find_people(self, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
        """The people now, by id; whoever is not there is left out."""

    def find_one(self, person_id: UUID) -> OnePerson | None:
        """The person with all records that were ever merged, or None."""

    def last_position(self) -> int:
        """The position of the last event there is."""

    def changed_since(self, position: int) -> Sequence[UUID]:
        """Whoever has an event after a position."""

    def find_list(self, list_id: UUID) -> OwnerList | None:
        """The lists of an owner for a region, or None."""

    def save_portions(
        self, portions: Iterable[Sequence[Person | OwnerList]], *, receipt: Receipt | None = None
    ) -> None:
        """Save all portions as they are made and the receipt of the request, or nothing.

        Raises a version conflict.
        """
