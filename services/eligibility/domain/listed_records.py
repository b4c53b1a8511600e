"""Whom a list's rows are about (名单所指的人): one record, or all that are one person now.

What is stated goes into the record of the row's certificate, so that it stays there after a split.
What stands, and what therefore ends, is what all records say together.
"""

from collections.abc import Sequence

from eligibility.domain.facts import Fact
from eligibility.domain.one_person import OnePerson
from eligibility.domain.person import Person
from eligibility.domain.statements import Standing


class ListedRecords:
    """The records of one person (同一人的记录), while a list is stated of them."""

    def __init__(self, records: Sequence[Person], known: Standing | None = None) -> None:
        """Of one record; of several with what they said together beforehand."""
        self.records = records
        self._known = known
        self._lengths = [len(record.said) for record in records]

    @classmethod
    def of_merged(cls, one: OnePerson) -> "ListedRecords":
        """Of a person whose records were merged or split."""
        return cls(one.members, one.known().standing)

    @property
    def is_merged(self) -> bool:
        """Whether records were ever merged."""
        return self._known is not None

    @property
    def is_changed(self) -> bool:
        """Whether anything new was stated."""
        return any(record.pending_events for record in self.records)

    def standing(self) -> Standing:
        """What stands at each place, with what was stated meanwhile."""
        if self._known is None:
            return self.records[0].standing()
        known = dict(self._known)
        for record, length in zip(self.records, self._lengths, strict=True):
            for each in record.said[length:]:
                if each.recorded is not None:
                    known[each.at_place] = each.recorded
        return known

    def says_otherwise(self, fact: Fact) -> bool:
        """Whether the records together say something else at the place of a fact."""
        if self._known is None:
            return False
        known = self.standing().get((fact.KIND, fact.place))
        return known is None or known.fact != fact

    def records_saying(self, fact: Fact) -> list[Person]:
        """Where a fact stands: ended in one record alone, it would come back by a split."""
        if self._known is None:
            return list(self.records)
        return [record for record in self.records if record.has_standing(fact)]
