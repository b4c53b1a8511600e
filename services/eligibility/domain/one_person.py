"""One person, whatever records there are of them (同一人): what all of them say together.

A person's history is every event that has had an effect on the answers about them, in one order:
the record's own; when it is merged, those of the records that come in; from then on those of all,
as they were committed, until they are split. It only ever grows, and its length is the version
that answers carry. How records are put together as known at an instant is in `known_facts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eligibility.domain.facts import Fact
from eligibility.domain.known_facts import KnownFacts, RecordEvent, joined_to, put_together
from eligibility.domain.merging import MergeStep
from eligibility.domain.person import FactNotKnown, Person
from eligibility.domain.statements import Change, Standing, change_by


@dataclass(frozen=True)
class MergeChange:
    """That two records became one person, or two again, as of the person's version (归并变更)."""

    step: MergeStep
    version: int


def events_of(record: Person, positions: Sequence[int]) -> list[RecordEvent]:
    """The events of a record at these positions of the log, from its first on."""
    said = {each.version: each for each in record.said}
    steps = {each.version: each for each in record.merge_steps}
    return [
        RecordEvent(position, record.id, version, said.get(version), steps.get(version))
        for version, position in enumerate(positions, start=1)
    ]


def history_of(person_id: UUID, events: Iterable[RecordEvent]) -> tuple[RecordEvent, ...]:
    """The person's history, out of all events of all records that were ever merged with theirs."""
    history: list[RecordEvent] = []
    waiting: list[RecordEvent] = []
    in_effect: dict[tuple[UUID, int], MergeStep] = {}
    members = {person_id}
    for event in sorted(events, key=lambda each: each.position):
        step = event.step if event.is_of_canonical else None
        if step is not None and not step.is_split:
            in_effect[step.key] = step
            members = joined_to(person_id, in_effect.values())
            # What comes in with a merge stands before it: up to there nobody knew of it.
            history += [each for each in waiting if each.person_id in members]
            waiting = [each for each in waiting if each.person_id not in members]
        (history if event.person_id in members else waiting).append(event)
        if step is not None and step.is_split:
            in_effect.pop(step.key, None)
            members = joined_to(person_id, in_effect.values())
    return tuple(history)


class OnePerson:
    """One person, asked for under the id of one of their records."""

    def __init__(
        self,
        person_id: UUID,
        records: Mapping[UUID, Person],
        history: tuple[RecordEvent, ...] | None = None,
    ) -> None:
        """Of the records as far as the history goes; without one, of a record never merged."""
        self.id = person_id
        self.record = records[person_id]
        self._records = records
        self._history = history

    @property
    def version(self) -> int:
        """How long the history is."""
        return self.record.version if self._history is None else len(self._history)

    @property
    def modified_on(self) -> datetime:
        """The latest instant at which anything was recorded of any of the records."""
        return max(record.modified_on for record in self._records.values())

    @property
    def members(self) -> list[Person]:
        """The records that are this person now, the canonical one first."""
        return [self._records[each] for each in self.known().person_ids]

    def told(self) -> set[tuple[UUID, int]]:
        """Which events of which records the history holds."""
        if self._history is None:
            return {(self.id, version) for version in range(1, self.record.version + 1)}
        return {(event.person_id, event.version) for event in self._history}

    def version_with(self, other: "OnePerson") -> int:
        """How long the history will be once another person's records have come in."""
        coming_in = {each for each in other.told() if each[0] in other.known().person_ids}
        both_tell_of_it = 2
        return len(self.told() | coming_in) + both_tell_of_it

    def known(self, known_at: datetime | None = None) -> KnownFacts:
        """What is known as of an instant, or of all there is."""
        if self._history is None:
            return KnownFacts.of_one(self.record, known_at=known_at)
        return put_together(self.id, self._history, known_at=known_at)

    def sealed_at(self, known_at: datetime, known: KnownFacts) -> list[tuple[UUID, bytes]]:
        """The encrypted personal data as known at an instant, the canonical record's first.

        `known` is what was known of them at that instant.
        """
        found = [
            (person_id, self._records[person_id].sealed_as_known_at(known_at))
            for person_id in known.person_ids
        ]
        return [(person_id, sealed) for person_id, sealed in found if sealed is not None]

    def standing_now(self) -> Standing:
        """What stands for the person, with what was said since it was loaded and is not saved."""
        if self._history is None:
            return self.record.standing()
        told, last = self.told(), self._history[-1].position
        unsaved = [
            (record.id, said)
            for record in self._records.values()
            for said in record.said
            if (record.id, said.version) not in told
        ]
        more = [
            RecordEvent(last + n, record_id, said.version, said, None)
            for n, (record_id, said) in enumerate(unsaved, start=1)
        ]
        return put_together(self.id, (*self._history, *more), known_at=None).standing

    def says_otherwise(self, fact: Fact) -> bool:
        """Whether the records together say something else at the place of a fact."""
        if self._history is None:
            return False
        known = self.standing_now().get((fact.KIND, fact.place))
        return known is None or known.fact != fact

    def records_saying(self, fact: Fact) -> list[Person]:
        """The records in which a fact stands that stands for the person. Raises `FactNotKnown`.

        To be withdrawn, it is withdrawn in each of them: it would come back by a split otherwise.
        """
        if self._history is None:
            return [self.record]
        if self.says_otherwise(fact):
            message = (
                f"该人员目前没有内容完全相同的{fact.KIND.label}记录；请先查询现有记录 (not known)"
            )
            raise FactNotKnown(message)
        return [record for record in self.members if record.has_standing(fact)]

    def change_at(self, version: int) -> Change | MergeChange | None:
        """What the event of that version of the record under this id changed, if anything."""
        if self._history is None:
            return self.record.change_at(version)
        for length, event in enumerate(self._history, start=1):
            if (event.person_id, event.version) == (self.id, version):
                return self._change_by(event, self._history[: length - 1], length)
        return None

    def _change_by(
        self, event: RecordEvent, before: tuple[RecordEvent, ...], version: int
    ) -> Change | MergeChange | None:
        if event.step is not None:
            return MergeChange(event.step, version) if event.is_of_canonical else None
        if event.statement is None:
            return None
        earlier = put_together(self.id, before, known_at=None).standing
        return change_by(event.statement, earlier, version=version)
