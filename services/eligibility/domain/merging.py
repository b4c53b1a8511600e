"""Two records of one person (同一人的两条记录): what is said when they are merged, or split again.

Both records keep the same steps, so that both are locked by their versions, and none is ever
rewritten: a merge is undone by saying so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import MergeReason, SplitReason


class MergeImpossible(Exception):
    """These two can never be merged (不能归并): one record with itself."""


class AlreadyMerged(Exception):
    """One of the two already belongs to another record (已并入其他人员)."""


class UnknownMerge(Exception):
    """The person has no merge of that number (没有这次归并)."""


class MergeAlreadyUndone(Exception):
    """The merge was undone before (已拆分)."""


@dataclass(frozen=True)
class MergeStep:
    """A merge or its undoing, the record's event `version` (归并、拆分).

    `canonical_id` is the record that answers for both; `number` counts the merges into it.
    """

    canonical_id: UUID
    other_id: UUID
    number: int
    version: int
    recorded_at: datetime
    reason: MergeReason | SplitReason

    @property
    def key(self) -> tuple[UUID, int]:
        """Which merge it is about."""
        return (self.canonical_id, self.number)

    @property
    def is_split(self) -> bool:
        """Whether it undoes the merge."""
        return isinstance(self.reason, SplitReason)


@dataclass(frozen=True)
class Merge:
    """One merge into a record and, where it was undone, when (归并记录)."""

    made: MergeStep
    undone: MergeStep | None


class MergeTold(Aggregate.Event):
    """Two records were found to be one person, or not to be (归并、拆分)."""

    canonical_id: UUID
    other_id: UUID
    number: int
    institution_id: str
    operator: str

    def apply(self, aggregate: Any) -> None:
        """Remember the step beside the earlier ones."""
        aggregate.merge_steps.append(self.step())

    def step(self) -> MergeStep:
        """The step, with its version and instant."""
        reason: MergeReason | SplitReason = self.__dict__["reason"]
        return MergeStep(
            self.canonical_id,
            self.other_id,
            self.number,
            self.originator_version,
            self.timestamp,
            reason,
        )


def merges_into(record_id: UUID, steps: Sequence[MergeStep]) -> list[Merge]:
    """The merges into a record, undone ones too, by number."""
    own = [step for step in steps if step.canonical_id == record_id]
    undone = {step.number: step for step in own if step.is_split}
    return [Merge(step, undone.get(step.number)) for step in own if not step.is_split]


def merged_into(record_id: UUID, steps: Sequence[MergeStep]) -> UUID | None:
    """The record that answers for this one since a merge that was not undone; None if none."""
    about = [step for step in steps if step.other_id == record_id]
    return about[-1].canonical_id if about and not about[-1].is_split else None
