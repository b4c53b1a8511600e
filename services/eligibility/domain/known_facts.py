"""What is known of a person as of an instant (当时已知): the records of one person put together.

The rule for records that say different things of one place: what was recorded last stands, as
within one record, a withdrawal too; recorded at the same instant, the canonical record's. What is
stated or withdrawn after a merge meets what all of them say. A merge that was undone has, as known
since, never had an effect: each record then says what was stated of it, before, during and after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from contracts.vocabulary import FactKind
from eligibility.domain.days import Window
from eligibility.domain.facts import Fact, Identity, Place
from eligibility.domain.merging import MergeStep, MergeTold
from eligibility.domain.person import Person
from eligibility.domain.statements import (
    Recorded,
    Standing,
    Statement,
    going_on_within,
    held_within,
    of_kind,
    standing,
)

FactT = TypeVar("FactT", bound=Fact)

LastSaid: TypeAlias = dict[tuple[FactKind, Place], Statement]
"""The last statement or withdrawal at each place."""


class RecordEvent(NamedTuple):
    """One event of one record, at its position of the log (记录事件)."""

    position: int
    person_id: UUID
    version: int
    statement: Statement | None
    step: MergeStep | None

    @property
    def is_of_canonical(self) -> bool:
        """Whether a step stands here in the record that answers for both."""
        return self.step is not None and self.step.canonical_id == self.person_id


EVENTS_THAT_SAY: tuple[type, ...] = tuple(
    each
    for each in vars(Person).values()
    if hasattr(each, "statement") or (isinstance(each, type) and issubclass(each, MergeTold))
)
"""The kinds of a record's event that may change answers (有陈述的事件)."""


def record_event(position: int, event: Any) -> RecordEvent:
    """One of `EVENTS_THAT_SAY`, as it stands at a position of the log."""
    step = event.step() if isinstance(event, MergeTold) else None
    statement = event.statement() if step is None else None
    return RecordEvent(position, event.originator_id, event.originator_version, statement, step)


@dataclass(frozen=True)
class KnownFacts:
    """What stands, and whose records say so (已知事项): `person_ids`, the canonical one first."""

    person_ids: tuple[UUID, ...]
    standing: Standing

    @classmethod
    def of_one(cls, record: Person, *, known_at: datetime | None) -> "KnownFacts":
        """Of a record that was never merged."""
        return cls((record.id,), standing(record.said, known_at=known_at))

    @property
    def canonical_id(self) -> UUID:
        """The record that answers for all of them."""
        return self.person_ids[0]

    def facts_of(self, kind: type[FactT]) -> list[Recorded[FactT]]:
        """All facts of a kind, whenever they are true, by place."""
        return of_kind(self.standing, kind)

    def facts_within(self, kind: type[FactT], window: Window) -> list[Recorded[FactT]]:
        """The facts of a kind true on any day of a window, by place."""
        return held_within(self.standing, kind, window)

    def continued_within(self, window: Window) -> list[Recorded[Identity]]:
        """Identities that ended before a window, and whose benefits go on in it (四个不摘)."""
        return going_on_within(self.standing, window)


def put_together(
    person_id: UUID, history: Sequence[RecordEvent], *, known_at: datetime | None
) -> KnownFacts:
    """What a person's history says, as known at an instant or as far as it goes."""
    known = [
        each for each in sorted(history, key=lambda e: e.position) if _is_known(each, known_at)
    ]
    in_effect = _in_effect(known)
    person_ids = joined_to(person_id, in_effect)
    said: dict[UUID, LastSaid] = {each: {} for each in person_ids}
    for event in known:
        if event.person_id not in person_ids:
            continue
        if event.statement is not None:
            said[event.person_id][event.statement.at_place] = event.statement
        elif event.is_of_canonical and event.step in in_effect:
            _join(said, event.step)
    return KnownFacts(_in_order(person_ids, in_effect), _standing(said[person_id]))


def joined_to(person_id: UUID, merges: Iterable[MergeStep]) -> set[UUID]:
    """The ids of all records that merges make one person with one of them."""
    edges = [(step.canonical_id, step.other_id) for step in merges]
    found, more = {person_id}, True
    while more:
        near = {each for edge in edges if found & set(edge) for each in edge}
        more = not near <= found
        found |= near
    return found


def _is_known(event: RecordEvent, known_at: datetime | None) -> bool:
    said = event.statement or event.step
    return said is not None and (known_at is None or said.recorded_at <= known_at)


def _in_effect(known: Iterable[RecordEvent]) -> tuple[MergeStep, ...]:
    merges: dict[tuple[UUID, int], MergeStep] = {}
    for event in known:
        if event.step is None or not event.is_of_canonical:
            continue
        if event.step.is_split:
            merges.pop(event.step.key, None)
        else:
            merges[event.step.key] = event.step
    return tuple(merges.values())


def _in_order(person_ids: set[UUID], merges: Sequence[MergeStep]) -> tuple[UUID, ...]:
    """The canonical id, then those merged into it, in the order of their merges."""
    others = [step.other_id for step in merges if step.other_id in person_ids]
    (canonical,) = person_ids - set(others)
    return (canonical, *others)


def _join(said: dict[UUID, LastSaid], step: MergeStep | None) -> None:
    if step is None:
        return
    ours, theirs = said[step.canonical_id], said[step.other_id]
    for place, statement in theirs.items():
        known = ours.get(place)
        # A withdrawal is a word too: what it took back was said earlier, wherever that was.
        if known is None or known.recorded_at < statement.recorded_at:
            ours[place] = statement
    for person_id, said_there in said.items():
        if said_there is theirs:
            said[person_id] = ours


def _standing(said: LastSaid) -> Standing:
    return {place: each.recorded for place, each in said.items() if each.recorded is not None}
