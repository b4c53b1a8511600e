"""What comes to be counted otherwise (累计变化) when settlements of a person are made again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from contracts.vocabulary import PersonId
from settlement.domain.record import SettlementInputs
from settlement.domain.yearly_counters import counter_name

Moves = Mapping[str, int]


class ShiftedTotals:
    """What has come to be counted otherwise so far, by id and benefit year."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._moved: dict[tuple[PersonId, date], Counter[str]] = defaultdict(Counter)

    def add(
        self, person_id: PersonId, *, old: Mapping[date, Moves], new: Mapping[date, Moves]
    ) -> None:
        """A settlement under this id moved `old` and moves `new`, by the first day of each year."""
        for first_day in sorted({*old, *new}):
            moved = self._moved[person_id, first_day]
            before, after = old.get(first_day, {}), new.get(first_day, {})
            for total in {*before, *after}:
                moved[total] += after.get(total, 0) - before.get(total, 0)

    def of_year(self, person_ids: Iterable[PersonId], first_day: date) -> Counter[str]:
        """How much each total of a benefit year is another, under these ids together."""
        found: Counter[str] = Counter()
        for person_id in person_ids:
            for total, shift in self._moved.get((person_id, first_day), {}).items():
                found[total] += shift
        return found

    def before(self, inputs: SettlementInputs) -> dict[str, int]:
        """What is counted before a settlement, as it would be now."""
        totals = dict(inputs.counters_before)
        for total, shift in self._of(inputs).items():
            totals[total] = totals.get(total, 0) + shift
        return dict(sorted(totals.items()))

    def reach(self, inputs: SettlementInputs) -> bool:
        """Whether anything that a settlement read is another now."""
        return any(self._of(inputs).values())

    def _of(self, inputs: SettlementInputs) -> Counter[str]:
        found: Counter[str] = Counter()
        for first_day in sorted(set(inputs.counter_years.values())):
            of_year = self.of_year(inputs.eligibility.records, first_day)
            for total, shift in of_year.items():
                if inputs.counter_years.get(counter_name(total)) == first_day and shift:
                    found[total] += shift
        return found
