"""Settlement listens to eligibility (收听资格): keeps the replica, checks it, and asks again."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from contracts.channels import PEOPLE
from contracts.cloud_events_v1 import PeopleCloudEvent
from contracts.eligibility_people_v1 import EnrolmentKnown, IdentityKnown, PersonKnown, RecordKnown
from contracts.vocabulary import InstitutionId, PersonId, RegionCode
from kafka_edge.listener import Received, RecordRefused, Span
from settlement.application.answer_from_replica import PersonKept
from settlement.application.check_replica import ReplicaState, check_replica
from settlement.application.ports import EligibilityUnreachable
from settlement.application.recheck_replica import Rechecked, recheck_replica
from settlement.bootstrap import ReplicaParts
from settlement.domain.record import Actor, BenefitsGoOn, EnrolmentUsed, IdentityUsed
from settlement.read_models.people_replica import NotKept, PartitionRead, SqlPeopleReplica

GROUP = "yizhan.settlement.replica"
CHECKED_EVERY = timedelta(seconds=5)
# So few that reading the topic does not wait long for them.
RECHECKED_AT_ONCE = 20
RECHECKER = Actor(operator="副本复核", institution_id=InstitutionId("replica"))
"""Who eligibility records as the reader when a settlement is asked about again."""

Told = list[tuple[int, Iterable[PersonKept]]]
_log = logging.getLogger("yizhan.replica")


class PeopleTopic:
    """Takes what the topic tells of people into the replica; see `kafka_edge.listener.Takes`."""

    def __init__(self, people: SqlPeopleReplica) -> None:
        self._people = people

    def next_offset(self, topic: str, partition: int) -> int:
        """Where to go on; 0 before the first."""
        return self._people.next_offset(topic, partition)

    def take(self, topic: str, partition: int, records: Sequence[Received], span: Span) -> None:
        """Take these in order, each once. Raises RecordRefused, ReadElsewhere."""
        told: Told = []
        refused: RecordRefused | None = None
        for record in records:
            try:
                told.append((record.offset, _people_told(record)))
            except RecordRefused as wrong:
                refused = wrong
                break
        read = _read(topic, partition, span, refused)
        try:
            self._people.take(read, told)
        except NotKept:
            refused = self._take_singly(read, told)
        if refused is not None:
            raise refused

    def _take_singly(self, read: PartitionRead, told: Told) -> RecordRefused | None:
        """Take all before the one that the database refuses."""
        for at, (offset, _) in enumerate(told):
            try:
                self._people.take(
                    replace(read, next_offset=offset + 1, refused=None), told[at:][:1]
                )
            except NotKept as wrong:
                refused = RecordRefused(offset, f"无法保存：{wrong}")
                stands = replace(read, next_offset=offset, refused=refused.why)
                self._people.take(stands, [])
                return refused
        self._people.take(read, [])
        return None if read.refused is None else RecordRefused(read.next_offset, read.refused)


def _read(topic: str, partition: int, span: Span, refused: RecordRefused | None) -> PartitionRead:
    return PartitionRead(
        topic=topic,
        partition=partition,
        read_from=span.read_from,
        next_offset=refused.offset if refused else span.next_offset,
        refused=refused.why if refused else None,
    )


def _people_told(record: Received) -> list[PersonKept]:
    """What a record tells; of what is not for us, nothing. Raises RecordRefused."""
    try:
        if record.value is None:
            raise RecordRefused(record.offset, "空消息 (no value)")
        said = PeopleCloudEvent.model_validate_json(record.value)
        if (said.type, said.source) != (said.data.event, PEOPLE.source):
            raise RecordRefused(record.offset, "不合约定：type、source")
        event = said.data
        return [_kept(event, each) for each in event.records]
    except ValidationError as wrong:
        # What stands in it may be anybody's: only where it is wrong is told.
        places = sorted({".".join(map(str, each["loc"])) for each in wrong.errors()})
        raise RecordRefused(record.offset, f"不合约定：{'、'.join(places)[:200]}") from wrong


def _kept(event: PersonKnown, record: RecordKnown) -> PersonKept:
    return PersonKept(
        person_id=PersonId(record.person_id),
        version=record.version,
        position=event.position,
        learned_at=record.learned_at,
        person_ids=tuple(PersonId(each) for each in record.person_ids),
        identities=tuple(_identity(each) for each in record.identities),
        enrolments=tuple(_enrolment(each) for each in record.enrolments),
    )


def _identity(known: IdentityKnown) -> IdentityUsed:
    return IdentityUsed(
        identity=known.identity,
        valid_from=known.valid_from,
        valid_to=known.valid_to,
        recorded_at=known.recorded_at,
        source=known.source,
        benefits_go_on=BenefitsGoOn(known.benefits_until) if known.benefits_go_on else None,
    )


def _enrolment(known: EnrolmentKnown) -> EnrolmentUsed:
    return EnrolmentUsed(
        region=RegionCode(known.region),
        scheme=known.scheme,
        plan=known.plan,
        valid_from=known.valid_from,
        valid_to=known.valid_to,
        recorded_at=known.recorded_at,
        source=known.source,
        waiting_to=known.waiting_to,
    )


class BesideListening:
    """What is done every few seconds beside reading: the check, and asking again (核对、复核)."""

    def __init__(
        self, replica: ReplicaParts, clock: Callable[[], datetime], tell: Callable[[str], None]
    ) -> None:
        self._replica, self._clock, self._tell = replica, clock, tell
        self._next: datetime | None = None
        self._state: ReplicaState | None = None
        self._rechecked = 0

    def __call__(self) -> None:
        """Do it if it is due; while eligibility does not answer, nothing is lost by that."""
        now = self._clock()
        if self._next is not None and self._next - CHECKED_EVERY <= now < self._next:
            return
        self._next = now + CHECKED_EVERY
        try:
            state = check_replica(self._replica.people, self._replica.corrections, at=now)
            self._tell_of(state)
            # Eligibility answers, and that is all that asking again needs.
            done = self.recheck(after=self._rechecked, at_most=RECHECKED_AT_ONCE)
            self._rechecked = done.next_after
            if state is ReplicaState.UNFINISHED or done.next_after:
                self._next = None
        except EligibilityUnreachable:
            _log.info("eligibility away")
        except Exception as wrong:  # reading the topic goes on whatever happens here
            _log.error("replica not checked", extra={"kind": type(wrong).__qualname__})

    def _tell_of(self, state: ReplicaState) -> None:
        """An alarm where the replica has to be made again, once; the dead letters keep it."""
        if state is ReplicaState.ANOTHER_LOG and self._state is not state:
            why = "；".join(self._replica.people.refusals().values())
            _log.error("replica of another log")
            self._tell(f"{why}；副本不再代答，请以 --from-beginning 重建")
        self._state = state

    def recheck(self, *, after: int = 0, at_most: int | None = None) -> Rechecked:
        """Ask about settlements that wait, behind a position of the ledger, and tell of them."""
        replica = self._replica
        done = recheck_replica(
            replica.answers,
            ledger=replica.ledger,
            eligibility=replica.eligibility,
            by=RECHECKER,
            at=self._clock(),
            after=after,
            at_most=at_most,
        )
        if done.failed:
            _log.error("settlements not asked about again", extra={"count": len(done.failed)})
        if done.confirmed or done.different:
            self._tell(f"复核 {done.confirmed + len(done.different)} 笔副本代答的结算")
        for number in done.different:
            self._tell(f"结算 {number} 复核不同：请以 yizhan revision 更正")
        return done
