"""State or withdraw facts of one person (单项认定与撤回): all at one instant, or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.vocabulary import DataOwner, WithdrawalReason
from eligibility.application.find_person import require_one
from eligibility.application.ports import ActsFor, NewId, Receipt, Store
from eligibility.domain.facts import Fact, Identity
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.one_person import OnePerson
from eligibility.domain.person import Person
from eligibility.domain.statement_record import StatementCounts, StatementRecord
from eligibility.domain.statements import source_of

Said = tuple[StatementCounts, list[Person]]
Accept = Callable[["RecordedStatement"], Receipt]


class NothingStated(Exception):
    """A statement that states nothing, or one place twice (认定内容有误)."""


@dataclass(frozen=True)
class RecordedStatement:
    """What a statement changed, at which instant, and how its facts name it (认定结果)."""

    person_id: UUID
    source: str
    recorded_at: datetime
    version: int
    counts: StatementCounts


class StateFacts:
    """Records what an office says of one person."""

    def __init__(self, *, store: Store, identities: LocalIdentities, new_id: NewId) -> None:
        self._store = store
        self._identities = identities
        self._new_id = new_id

    def state(
        self,
        person_id: UUID,
        facts: Sequence[Fact],
        *,
        owner: DataOwner,
        acting: ActsFor,
        at: datetime,
        accept: Accept | None = None,
    ) -> RecordedStatement:
        """State facts; one that is known already stays as it is.

        Raises `UnknownPerson`, `NothingStated`, `UnknownIdentity`, `FactImpossible`.
        """
        for fact in facts:
            if isinstance(fact, Identity):
                self._identities.require_known(fact.identity)

        def do(one: OnePerson, source: str, recorded_at: datetime) -> Said:
            news = [
                one.record.state(
                    fact, source=source, at=recorded_at, again=one.says_otherwise(fact)
                )
                for fact in facts
            ]
            counts = StatementCounts(stated=news.count(True), unchanged=news.count(False))
            return counts, [one.record]

        return self._record(person_id, facts, owner, acting, at, do, accept)

    def withdraw(
        self,
        person_id: UUID,
        facts: Sequence[Fact],
        *,
        reason: WithdrawalReason,
        owner: DataOwner,
        acting: ActsFor,
        at: datetime,
        accept: Accept | None = None,
    ) -> RecordedStatement:
        """Withdraw facts, each just as it stands.

        Raises `UnknownPerson`, `NothingStated`, `FactNotKnown`.
        """

        def do(one: OnePerson, source: str, recorded_at: datetime) -> Said:
            records = {}
            for fact in facts:
                for record in one.records_saying(fact):
                    record.withdraw(fact, reason=reason, source=source, at=recorded_at)
                    records[record.id] = record
            return StatementCounts(withdrawn=len(facts)), list(records.values())

        return self._record(person_id, facts, owner, acting, at, do, accept)

    def _record(
        self,
        person_id: UUID,
        facts: Sequence[Fact],
        owner: DataOwner,
        acting: ActsFor,
        at: datetime,
        do: Callable[[OnePerson, str, datetime], Said],
        accept: Accept | None,
    ) -> RecordedStatement:
        _require_places_apart(facts)
        one = require_one(self._store, person_id)
        statement_id = self._new_id()
        source = source_of(owner, f"statement:{statement_id}")
        # Nothing is recorded before what is known, even if the clock was set back.
        recorded_at = max(at, one.modified_on)
        version = one.version
        counts, records = do(one, source, recorded_at)
        record = StatementRecord.record(
            statement_id=statement_id,
            person_id=person_id,
            owner=owner,
            institution_id=acting.institution_id,
            operator=acting.operator,
            counts=counts,
            at=recorded_at,
        )
        version += sum(len(each.pending_events) for each in records)
        made = RecordedStatement(person_id, source, recorded_at, version, counts)
        self._store.save(*records, record, receipt=accept(made) if accept is not None else None)
        return made


def _require_places_apart(facts: Sequence[Fact]) -> None:
    if not facts:
        message = "没有填写任何事项；请至少填写一项 (nothing stated)"
        raise NothingStated(message)
    if len({(fact.KIND, fact.place) for fact in facts}) < len(facts):
        message = "同一事项填写了两次；请只保留正确的一项 (stated twice)"
        raise NothingStated(message)
