"""Merge two records of one person, and split them again (人员归并与拆分)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.vocabulary import MergeReason, SplitReason
from eligibility.application.find_person import PersonErased, require_one
from eligibility.application.ports import ActsFor, PersonalDataVault, Receipt, Store
from eligibility.domain.merge_records import Deciding, merge_of, merge_records, split_records
from eligibility.domain.merging import Merge, merges_into
from eligibility.domain.one_person import OnePerson
from eligibility.domain.person import Person


@dataclass(frozen=True)
class RecordedMerge:
    """A merge or a split as it was recorded (归并结果), with the person's version since.

    `said_since` counts the statements and withdrawals made of the canonical record while both were
    one: after a split they stay with it, and somebody should look whom they were about.
    """

    canonical_id: UUID
    other_id: UUID
    number: int
    recorded_at: datetime
    version: int
    said_since: int = 0


Accept = Callable[[RecordedMerge], Receipt]


class MergePersons:
    """Records that two records are one person, or that they are not."""

    def __init__(self, *, vault: PersonalDataVault, store: Store) -> None:
        self._vault = vault
        self._store = store

    def merge(
        self,
        canonical_id: UUID,
        other_id: UUID,
        *,
        reason: MergeReason,
        acting: ActsFor,
        at: datetime,
        accept: Accept | None = None,
    ) -> RecordedMerge:
        """Let one record answer for both from now on.

        Raises `UnknownPerson`, `MergeImpossible`, `AlreadyMerged`, `PersonErased`; a version
        conflict if either was changed meanwhile.
        """
        one, other = self._load(canonical_id, other_id)
        version = one.version_with(other)
        merge = merge_records(
            one.record,
            # One record twice is for the decision to refuse.
            one.record if other_id == canonical_id else other.record,
            reason=reason,
            by=_deciding(acting, at, one, other),
        )
        if not self._vault.has_keys([canonical_id, other_id]):
            message = "其中一人的个人信息已删除，无法核对是否同一人，不能归并 (erased)"
            raise PersonErased(message)
        made = RecordedMerge(
            canonical_id=canonical_id,
            other_id=other_id,
            number=merge.made.number,
            recorded_at=merge.made.recorded_at,
            version=version,
        )
        self._save(one.record, other.record, made, accept)
        return made

    def undo(
        self,
        canonical_id: UUID,
        number: int,
        *,
        reason: SplitReason,
        acting: ActsFor,
        at: datetime,
        accept: Accept | None = None,
    ) -> RecordedMerge:
        """Let each record answer for itself again.

        Raises `UnknownPerson`, `UnknownMerge`, `MergeAlreadyUndone`; a version conflict if either
        was changed meanwhile.
        """
        merge = merge_of(self._require(canonical_id).record, number)
        other_id = merge.made.other_id
        one, other = self._load(canonical_id, other_id)
        version = one.version + 1
        merge = split_records(
            one.record, number, other.record, reason=reason, by=_deciding(acting, at, one, other)
        )
        undone = merge.undone or merge.made
        made = RecordedMerge(
            canonical_id=canonical_id,
            other_id=other_id,
            number=number,
            recorded_at=undone.recorded_at,
            version=version,
            said_since=sum(each.version > merge.made.version for each in one.record.said),
        )
        self._save(one.record, other.record, made, accept)
        return made

    def merges(self, person_id: UUID) -> tuple[UUID, Sequence[Merge]]:
        """The canonical id of a person, and the merges into it. Raises `UnknownPerson`."""
        canonical = self._require(self._require(person_id).known().canonical_id)
        return canonical.id, merges_into(canonical.id, canonical.record.merge_steps)

    def _load(self, canonical_id: UUID, other_id: UUID) -> tuple[OnePerson, OnePerson]:
        return self._require(canonical_id), self._require(other_id)

    def _require(self, person_id: UUID) -> OnePerson:
        return require_one(self._store, person_id)

    def _save(
        self, canonical: Person, other: Person, made: RecordedMerge, accept: Accept | None
    ) -> None:
        receipt = accept(made) if accept is not None else None
        self._store.save(canonical, other, receipt=receipt)


def _deciding(acting: ActsFor, at: datetime, one: OnePerson, other: OnePerson) -> Deciding:
    # Nothing is recorded before what is known, even if the clock was set back.
    recorded_at = max(at, one.modified_on, other.modified_on)
    return Deciding(acting.institution_id, acting.operator, recorded_at)
