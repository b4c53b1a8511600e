"""People of an owner's file, as lists are compared (名单上的人)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
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
    """An open list (打开的名单): those it says to hold something `on` a day, read when taken.

    Rows with mistakes (`left_out`) and rows of another time (`not_held`) are counted.
    """

    file: BinaryIO
    owner: DataOwner
    on: date
    rows: int = 0
    left_out: int = 0
    not_held: int = 0
    first_errors: tuple[RowError, ...] = ()

    def __iter__(self) -> Iterator[ListedPerson]:
        """One after the other. Raises `RosterUnreadable`, `LayoutInvalid`."""
        layout = load_layout(self.owner.value)
        for read in open_roster(self.file, layout, region=_ANY_REGION).rows:
            self.rows += 1
            if isinstance(read, RosterRow):
                said = list(_said(read, self.on))
                self.not_held += not said
                yield from said
            elif isinstance(read, RejectedRow):
                self.left_out += 1
                self.first_errors = self.first_errors or read.errors


def _said(row: RosterRow, on: date) -> Iterator[ListedPerson]:
    """What a row says its person holds on a day; one that only ends something says nothing."""
    held = (
        fact
        for fact in row.facts
        if fact.valid_from <= on and (fact.valid_to is None or on <= fact.valid_to)
    )
    for fact in held:
        yield ListedPerson(
            certificate=row.person.certificate.number,
            name=row.person.name,
            birth=row.person.birth_date,
            village=row.village,
            kind=kind_label(kind_of(fact)),
            certificate_type=row.person.certificate.type,
            township=row.township,
            valid_from=fact.valid_from,
            valid_to=fact.valid_to,
        )
