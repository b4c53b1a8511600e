"""Revisions in the model (追溯更正): which settlements are under a version that is not right any
more, and what becomes of everybody's together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tests.settlement.whole_life.model_after_settlement import WholeModel
from tests.settlement.whole_life.model_settlements import Counted, StayKey, made_again
from tests.support.oracle_facts import Refused

NOBODYS_DESK = ""


@dataclass
class Revision:
    """One that was proposed: by whom, and everybody's settlements that come under another version,
    each with its number of the stay's. Of each person it is issued as a whole, or lapses."""

    number: str
    by: str
    parts: list[list[tuple[StayKey, int]]] = field(default_factory=list)
    status: str = "proposed"


class ModelOfAll(WholeModel):
    """Everything that stands, and versions that are published late."""

    def law_now(self, counted: Counted) -> str:
        """The version that is right for a settlement by what is known now."""
        return self.law_of(counted.person, counted.facts["admission_date"])

    @property
    def is_all_as_known(self) -> bool:
        """Whether every settlement is under the version that is right."""
        return all(c.law == self.law_now(c) for c in self.live)

    def to_revise(self, hospital: str | None) -> list[list[tuple[StayKey, int]]]:
        """The settlements to put right, a hospital's or everybody's, person by person; nobody whose
        settlements cannot all be made again."""
        found = []
        for records in persons_of(self.live):
            wrong = [
                (c.stay, c.ordinal)
                for c in self.live
                if c.records[0] in records
                and c.law != self.law_now(c)
                and hospital in (None, c.stay[0])
            ]
            if wrong and self._revised(wrong) is not None:
                found.append(wrong)
        return found

    def issue(self, revision: Revision) -> list[bool]:
        """Every part is put right, or lapses where one of its settlements is gone; whether each
        was issued."""
        revision.status = "issued"
        done = []
        for part in revision.parts:
            standing = {(c.stay, c.ordinal) for c in self.live}
            again = self._revised(part) if standing.issuperset(part) else None
            done.append(again is not None)
            if again is not None:
                self.live = again
                self.deductions.release(self.live)
        return done

    def _revised(self, wrong: list[tuple[StayKey, int]]) -> list[Counted] | None:
        now = [
            replace(c, law=self.law_now(c)) if (c.stay, c.ordinal) in wrong else c
            for c in self.live
        ]
        try:
            return made_again(now, desk=NOBODYS_DESK)
        except Refused:
            return None


def persons_of(live: Iterable[Counted]) -> Iterator[set[str]]:
    """The ids under which settlements hang together, person by person."""
    found: list[set[str]] = []
    for counted in live:
        together = set(counted.records)
        for other in [each for each in found if each & together]:
            found.remove(other)
            together |= other
        found.append(together)
    return iter(found)
