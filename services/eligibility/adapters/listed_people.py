"""People of an owner's file, as lists are compared (名单上的人)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from contracts.vocabulary import ComparedSubject, DataOwner
from eligibility.adapters.roster_layout import RosterLayout, load_layout
from eligibility.adapters.roster_rows import open_roster
from eligibility.domain.certificate import Certificate
from eligibility.domain.facts import Enrolment, Identity
from eligibility.domain.listed_person import ListedPerson
from eligibility.domain.owner_list import ListOrderInvalid, kind_label
from eligibility.domain.roster import ListedMark, RejectedRow, RosterRow, RowError, kind_of

# Which county pays is not compared: any stands in where an insurer's file leaves it out.
_ANY_REGION = "000000"
_OWNERS_OF_MARKS = (DataOwner.HEALTH, DataOwner.HEALTH_INSURANCE)

Listed = Identity | Enrolment | ListedMark


@dataclass
class ListedPeople:
    """An open list (打开的名单): those it says to hold something `on` a day, or on any day from
    then `until` another, read when taken.

    Rows with mistakes (`left_out`) and rows of another time (`not_held`) are counted. Whoever a
    row with mistakes is about is `doubtful`; `left_out_unknown` of them may be anybody.
    """

    file: BinaryIO
    owner: DataOwner
    on: date
    until: date | None = None
    subject: ComparedSubject = ComparedSubject.PEOPLE
    rows: int = 0
    left_out: int = 0
    left_out_unknown: int = 0
    not_held: int = 0
    first_errors: tuple[RowError, ...] = ()
    doubtful: set[Certificate] = field(default_factory=set, repr=False)

    def __iter__(self) -> Iterator[ListedPerson]:
        """One after the other. Raises `RosterUnreadable`, `LayoutInvalid`, `ListOrderInvalid`."""
        for read in open_roster(self.file, self._layout(), region=_ANY_REGION).rows:
            self.rows += 1
            if isinstance(read, RosterRow):
                said = list(self._said(read))
                self.not_held += not said
                yield from said
            elif isinstance(read, RejectedRow):
                self._leave_out(read)

    def _layout(self) -> RosterLayout:
        if self.subject is not ComparedSubject.MARKS:
            return load_layout(self.owner.value)
        if self.owner not in _OWNERS_OF_MARKS:
            message = "只有卫健、医保两个部门有慢特病名单的版式 (no layout for marks)"
            raise ListOrderInvalid(message)
        return load_layout(f"{self.owner.value}_marks")

    def _leave_out(self, row: RejectedRow) -> None:
        self.left_out += 1
        self.first_errors = self.first_errors or row.errors
        if row.certificate is None:
            self.left_out_unknown += 1
        else:
            self.doubtful.add(row.certificate)

    def _said(self, row: RosterRow) -> Iterator[ListedPerson]:
        """What a row says its person holds; one that only ends something says nothing."""
        stated: tuple[Listed, ...] = (*row.facts, row.mark) if row.mark else row.facts
        last = self.until or self.on
        for each in stated:
            if each.valid_from <= last and (each.valid_to is None or self.on <= each.valid_to):
                yield ListedPerson(
                    certificate=row.person.certificate.number,
                    name=row.person.name,
                    birth=row.person.birth_date,
                    village=row.village,
                    kind=_label(each),
                    certificate_type=row.person.certificate.type,
                    township=row.township,
                    valid_from=each.valid_from,
                    valid_to=each.valid_to,
                )


def _label(listed: Listed) -> str:
    return listed.disease if isinstance(listed, ListedMark) else kind_label(kind_of(listed))
