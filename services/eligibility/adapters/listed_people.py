"""People of an owner's file, as lists are compared (名单上的人)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from contracts.vocabulary import DataOwner
from eligibility.adapters.roster_layout import load_layout
from eligibility.adapters.roster_rows import open_roster
from eligibility.domain.listed_person import ListedPerson
from eligibility.domain.owner_list import kind_label
from eligibility.domain.roster import RejectedRow, RosterRow, RowError, kind_of

# Which county pays is not compared: any stands in where an insurer's file leaves it out.
_ANY_REGION = "000000"


@dataclass
class ListedPeople:
    """An open list (打开的名单): its people are read when taken; rows left out are counted."""

    file: BinaryIO
    owner: DataOwner
    rows: int = 0
    left_out: int = 0
    first_errors: tuple[RowError, ...] = ()

    def __iter__(self) -> Iterator[ListedPerson]:
        """One after the other. Raises `RosterUnreadable`, `LayoutInvalid`."""
        layout = load_layout(self.owner.value)
        for read in open_roster(self.file, layout, region=_ANY_REGION).rows:
            self.rows += 1
            if isinstance(read, RosterRow):
                yield from _said(read)
            elif isinstance(read, RejectedRow):
                self.left_out += 1
                self.first_errors = self.first_errors or read.errors


def _said(row: RosterRow) -> Iterator[ListedPerson]:
    """What a row says of its person; one that only ends something says nothing."""
    for fact in row.facts:
        yield ListedPerson(
            certificate=row.person.certificate.number,
            name=row.person.name,
            birth=row.person.birth_date,
            village=row.village,
            kind=kind_label(kind_of(fact)),
        )
