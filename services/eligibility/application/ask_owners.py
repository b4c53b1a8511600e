"""Ask the offices about one person (联机核实): all at once, in bounded time, then recorded.

A server that is silent changes nothing: its last answer stands, and its age is told.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.vocabulary import NoAnswerReason
from eligibility.application.find_person import PersonErased, UnknownPerson
from eligibility.application.owner_circuit import OwnerCircuit
from eligibility.application.owner_ports import NoAnswer, OwnerSource, OwnerStore, Sources
from eligibility.application.ports import (
    NewId,
    PersonalDataVault,
    PersonReads,
    ReadBy,
    Receipt,
)
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.days import Window
from eligibility.domain.facts import Enrolment
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.online_facts import Connector, OnlineAnswer, beijing_day
from eligibility.domain.online_statements import (
    OnlineCounts,
    OnlineRefused,
    OnlineStatements,
    require_same_person,
    require_sound,
)
from eligibility.domain.owner_answers import Contact, OwnerAnswers
from eligibility.domain.person import Person

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far a server's clock may be ahead of ours."""

_CALLS_AT_ONCE: Final = 8
_ALLOWANCE_SECONDS: Final = 1


@dataclass(frozen=True)
class Reply:
    """What became of asking one server: an answer, or why there is none."""

    connector: Connector
    answer: OnlineAnswer | NoAnswerReason


@dataclass(frozen=True)
class Asked:
    """What all servers said, not recorded yet (答复汇总)."""

    person_id: UUID
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class OwnerHeard:
    """One office after being asked (一家的结果): what it changed or why it did not answer.

    `last_answer` is when it last did answer about this person, now or earlier; None for never.
    """

    connector: Connector
    no_answer: NoAnswerReason | None
    found: bool
    counts: OnlineCounts
    last_answer: Contact | None


@dataclass(frozen=True)
class OwnersHeard:
    """All offices after being asked, recorded at one instant (核实结果)."""

    person_id: UUID
    recorded_at: datetime
    version: int
    owners: tuple[OwnerHeard, ...]


class AskOwners:
    """Asks the servers of a person's regions, and records what they answer."""

    def __init__(
        self,
        *,
        sources: Sources,
        vault: PersonalDataVault,
        store: OwnerStore,
        reads: PersonReads,
        identities: LocalIdentities,
        new_id: NewId,
    ) -> None:
        self._sources = sources
        self._vault = vault
        self._store = store
        self._reads = reads
        self._identities = identities
        self._new_id = new_id
        self._circuits = {name: OwnerCircuit() for name in sources}
        # One a server: callers who wait for a slow one leave the others' free.
        self._pools = {
            name: ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix=f"owner-{name}")
            for name in sources
        }

    def ask(self, person_id: UUID, *, by: ReadBy) -> Asked:
        """Ask all servers that answer for this person; who asks is recorded, nothing else.

        Raises `UnknownPerson`, `PersonErased`.
        """
        person = self._require(person_id)
        known, at = self._known(person), by.read_at
        self._reads.record([person_id], by=by)
        asked = [each for each in self._sources.values() if self._answers_for(each, person, at)]
        return Asked(person_id, tuple(self._ask_all(asked, known.certificate, at)))

    def record(
        self,
        asked: Asked,
        *,
        at: datetime,
        accept: Callable[[OwnersHeard], Receipt] | None = None,
    ) -> OwnersHeard:
        """Record every reply at one instant, all or nothing; `accept` makes the receipt.

        Raises `UnknownPerson`, `PersonErased`; a version conflict when somebody else was quicker.
        """
        person = self._require(asked.person_id)
        known = self._known(person)
        found = [self._store.find_answers(each.connector, person.id) for each in asked.replies]
        instants = [each.modified_on for each in (person, *found) if each is not None]
        recorded_at = max(at, *instants)
        answers = [
            each or OwnerAnswers.begin(reply.connector, person.id, at=recorded_at)
            for each, reply in zip(found, asked.replies, strict=True)
        ]
        heard = tuple(
            self._hear(person, known, said, reply, recorded_at)
            for said, reply in zip(answers, asked.replies, strict=True)
        )
        result = OwnersHeard(person.id, recorded_at, person.version, heard)
        receipt = accept(result) if accept is not None else None
        self._store.save(person, *answers, receipt=receipt)
        return result

    def _ask_all(
        self, sources: Sequence[OwnerSource], certificate: Certificate, at: datetime
    ) -> Iterable[Reply]:
        calls: dict[str, Future[OnlineAnswer]] = {
            each.connector.name: self._pools[each.connector.name].submit(each.look_up, certificate)
            for each in sources
            if self._circuits[each.connector.name].admits(at)
        }
        patience = max((each.patience_seconds for each in sources), default=0)
        wait(calls.values(), timeout=patience + _ALLOWANCE_SECONDS)
        for source in sources:
            connector = source.connector
            call = calls.get(connector.name)
            if call is None:
                yield Reply(connector, NoAnswerReason.PAUSED)
                continue
            answer = _answer_of(call)
            silence = answer if isinstance(answer, NoAnswerReason) else None
            self._circuits[connector.name].note(silence, at=at)
            yield Reply(connector, answer)

    def _hear(
        self,
        person: Person,
        known: PersonalData,
        answers: OwnerAnswers,
        reply: Reply,
        at: datetime,
    ) -> OwnerHeard:
        answer = reply.answer
        counts, no_answer = OnlineCounts(), None
        if isinstance(answer, NoAnswerReason):
            no_answer = answer
        else:
            try:
                self._require_usable(known, answer, at)
            except OnlineRefused as refused:
                no_answer = refused.reason
        if no_answer is not None or isinstance(answer, NoAnswerReason):
            answers.meet_no_answer(no_answer or NoAnswerReason.UNREADABLE, at=at)
            found = False
        else:
            touched = answers.hear_answer(answer, at=at)
            source = reply.connector.source(str(self._new_id()))
            stating = OnlineStatements(source, reply.connector.source_start, at)
            counts = stating.state(person, answers, touched)
            found = answer.found
        last = answers.last_answered(known_at=at)
        return OwnerHeard(reply.connector, no_answer, found, counts, last)

    def _require_usable(self, known: PersonalData, answer: OnlineAnswer, at: datetime) -> None:
        if answer.person is not None:
            require_same_person(known, answer.person)
        require_sound(answer.facts, self._identities)
        if answer.as_of > at + CLOCKS_APART:
            raise OnlineRefused(NoAnswerReason.FROM_THE_FUTURE)

    def _answers_for(self, source: OwnerSource, person: Person, at: datetime) -> bool:
        """Servers of where the person is or will be enrolled, and those that spoke of them."""
        today = beijing_day(at)
        ahead = Window(today, type(today).max)
        enrolled = person.facts_within(Enrolment, ahead, known_at=max(at, person.modified_on))
        if any(source.connector.answers_for(each.fact.region) for each in enrolled):
            return True
        said = self._store.find_answers(source.connector, person.id)
        return not source.connector.regions or said is not None

    def _require(self, person_id: UUID) -> Person:
        person = self._store.find_person(person_id)
        if person is None:
            message = "没有此人员 (unknown person)"
            raise UnknownPerson(message)
        return person

    def _known(self, person: Person) -> PersonalData:
        known = self._vault.keys_of([person.id]).open(person.id, person.sealed[-1][1])
        if known is None:
            message = "此人的个人信息已删除，无法再向部门核实 (person erased)"
            raise PersonErased(message)
        return known


def _answer_of(call: "Future[OnlineAnswer]") -> OnlineAnswer | NoAnswerReason:
    if not call.done():
        # Still waiting for a free line: it need not be asked any more.
        call.cancel()
        return NoAnswerReason.TIMED_OUT
    try:
        return call.result()
    except NoAnswer as silent:
        return silent.reason
