"""Merge two records of one person, and split them again (归并与拆分): the decisions."""

from dataclasses import dataclass
from datetime import datetime

from contracts.vocabulary import MergeReason, SplitReason
from eligibility.domain.merging import (
    AlreadyMerged,
    Merge,
    MergeAlreadyUndone,
    MergeImpossible,
    MergeTold,
    UnknownMerge,
    merged_into,
    merges_into,
)
from eligibility.domain.person import Person


@dataclass(frozen=True)
class Deciding:
    """Who decides that two records are one person or not, and when (经办人、时刻)."""

    institution_id: str
    operator: str
    at: datetime


def merge_records(canonical: Person, other: Person, *, reason: MergeReason, by: Deciding) -> Merge:
    """Find that `other` is the same person: `canonical` answers for both from now on.

    Either may have taken in records before; neither may belong to another one, so that no circle
    can come about. Raises `MergeImpossible`, `AlreadyMerged`, `RecordedBackwards`.
    """
    if other.id == canonical.id:
        message = "两个人员标识相同，无须归并；请核对另一标识 (the same record)"
        raise MergeImpossible(message)
    for record in (canonical, other):
        into = merged_into(record.id, record.merge_steps)
        if into is not None:
            message = f"人员 {record.id} 已并入 {into}；请改用 {into} (already merged)"
            raise AlreadyMerged(message)
    number = len(merges_into(canonical.id, canonical.merge_steps)) + 1
    _tell(Person.RecordsMerged, (canonical, other), number, reason, by)
    return merge_of(canonical, number)


def split_records(
    canonical: Person, number: int, other: Person, *, reason: SplitReason, by: Deciding
) -> Merge:
    """Undo a merge with `other`: each record answers for itself again.

    Raises `UnknownMerge`, `MergeAlreadyUndone`, `RecordedBackwards`.
    """
    merge = merge_of(canonical, number)
    if merge.undone is not None:
        when = merge.undone.recorded_at.isoformat()
        message = f"第 {number} 次归并已于 {when} 拆分，无须再拆 (undone before)"
        raise MergeAlreadyUndone(message)
    _tell(Person.RecordsSplit, (canonical, other), number, reason, by)
    return merge_of(canonical, number)


def merge_of(canonical: Person, number: int) -> Merge:
    """The merge of a number into a record. Raises `UnknownMerge`."""
    for merge in merges_into(canonical.id, canonical.merge_steps):
        if merge.made.number == number:
            return merge
    message = "该人员没有这次归并；请先查询其归并记录 (unknown merge)"
    raise UnknownMerge(message)


def _tell(
    told: type[MergeTold],
    records: tuple[Person, Person],
    number: int,
    reason: MergeReason | SplitReason,
    by: Deciding,
) -> None:
    canonical, other = records
    for record in records:
        record.require_order(by.at)
        record.trigger_event(
            told,
            canonical_id=canonical.id,
            other_id=other.id,
            number=number,
            institution_id=by.institution_id,
            operator=by.operator,
            reason=reason,
            timestamp=by.at,
        )
