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
from eligibility.application.find_person import PersonErased, require_one
from eligibility.application.known_as import KnownAs, known_as
from eligibility.application.owner_circuit import OwnerCircuit
from eligibility.application.owner_ports import NoAnswer, OwnerSource, OwnerStore, Sources
from eligibility.application.ports import (
    NewId,
    PersonalDataVault,
    PersonReads,
    ReadBy,
    Receipt,
)
from eligibility.domain.days import Window
from eligibility.domain.facts import Enrolment
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import (
    Connector,
    OnlineAnswer,
    PlaceOfKind,
    beijing_day,
    place_of,
)
from eligibility.domain.online_statements import (
    OnlineCounts,
    OnlineRefused,
    OnlineStatements,
    require_same_person,
    require_sound,
)
from eligibility.domain.owner_answers import Contact, OwnerAnswers, last_of

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far a server's clock may be ahead of ours."""

_CALLS_AT_ONCE: Final = 8
_ALLOWANCE_SECONDS: Final = 1


@dataclass(frozen=True)
class Reply:
    """What became of asking one server about one record: an answer, or why there is none."""

    connector: Connector
    record_id: UUID
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
        """Ask all servers that answer for this person, with every certificate of every record.

        Who asks is recorded, nothing else. Raises `UnknownPerson`, `PersonErased`.
        """
        one = require_one(self._store, person_id)
        known, at = self._known(one), by.read_at
        self._reads.record([each.id for each in one.members], by=by)
        asked = [each for each in self._sources.values() if self._answers_for(each, one, at)]
        return Asked(person_id, tuple(self._ask_all(asked, known, at)))

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
        one = require_one(self._store, asked.person_id)
        known, version = self._known(one), one.version
        # Records that were split off meanwhile are somebody else.
        replies = [each for each in asked.replies if each.record_id in known.data]
        found = [self._store.find_answers(each.connector, each.record_id) for each in replies]
        recorded_at = max(at, one.modified_on, *(each.modified_on for each in found if each))
        said = [
            each or OwnerAnswers.begin(reply.connector, reply.record_id, at=recorded_at)
            for each, reply in zip(found, replies, strict=True)
        ]
        offices: dict[Connector, list[_Heard]] = {}
        for reply, answers in zip(replies, said, strict=True):
            answer = self._usable(known, reply, recorded_at)
            offices.setdefault(reply.connector, []).append(_Heard(answers, answer))
        heard = tuple(
            self._hear(one, connector, office, recorded_at) for connector, office in offices.items()
        )
        version += sum(len(each.pending_events) for each in one.members)
        result = OwnersHeard(one.id, recorded_at, version, heard)
        receipt = accept(result) if accept is not None else None
        # The canonical record's word is the last one.
        self._store.save(*reversed(one.members), *said, receipt=receipt)
        return result

    def _ask_all(
        self, sources: Sequence[OwnerSource], known: KnownAs, at: datetime
    ) -> Iterable[Reply]:
        admitted = [each for each in sources if self._circuits[each.connector.name].admits(at)]
        calls = {
            (source.connector.name, record_id): [
                self._pools[source.connector.name].submit(source.look_up, each)
                for each in certificates
            ]
            for source in admitted
            for record_id, certificates in known.certificates.items()
        }
        patience = max((each.patience_seconds for each in sources), default=0)
        waiting = [call for each in calls.values() for call in each]
        wait(waiting, timeout=patience + _ALLOWANCE_SECONDS)
        for source in sources:
            connector = source.connector
            if source not in admitted:
                for record_id in known.certificates:
                    yield Reply(connector, record_id, NoAnswerReason.PAUSED)
                continue
            answers = {
                record_id: [_answer_of(call) for call in calls[connector.name, record_id]]
                for record_id in known.certificates
            }
            self._circuits[connector.name].note(_silence_of(answers.values()), at=at)
            for record_id, found in answers.items():
                yield Reply(connector, record_id, _first_that_finds(found))

    def _hear(
        self, one: OnePerson, connector: Connector, office: Sequence["_Heard"], at: datetime
    ) -> OwnerHeard:
        """Take in what one server said of each record, the canonical one first."""
        stating = OnlineStatements(
            connector.source(str(self._new_id())), connector.source_start, at
        )
        records = {each.id: each for each in one.members}
        counts = OnlineCounts()
        listed: set[PlaceOfKind] = set()
        for each in office:
            if isinstance(each.answer, NoAnswerReason):
                each.said.meet_no_answer(each.answer, at=at)
                continue
            # Found by the paper of another record: that is what the server knows of this one too.
            answer = each.answer if each.answer.found else _found_in(office) or each.answer
            touched = each.said.hear_answer(answer, at=at).but_for(listed)
            listed |= {place_of(fact) for fact in answer.facts}
            counts += stating.state(one, records[each.said.person_id], each.said, touched)
        is_found = _found_in(office) is not None
        reasons = (each.answer for each in office if isinstance(each.answer, NoAnswerReason))
        return OwnerHeard(
            connector=connector,
            no_answer=None if is_found else next(reasons, None),
            found=is_found,
            counts=counts,
            last_answer=last_of(each.said.last_answered(known_at=at) for each in office),
        )

    def _usable(self, known: KnownAs, reply: Reply, at: datetime) -> OnlineAnswer | NoAnswerReason:
        answer = reply.answer
        if isinstance(answer, NoAnswerReason):
            return answer
        try:
            if answer.person is not None:
                data = known.data[reply.record_id]
                require_same_person(data, known.every_certificate, answer.person)
            require_sound(answer.facts, self._identities)
            if answer.as_of > at + CLOCKS_APART:
                return NoAnswerReason.FROM_THE_FUTURE
        except OnlineRefused as refused:
            return refused.reason
        return answer

    def _answers_for(self, source: OwnerSource, one: OnePerson, at: datetime) -> bool:
        """Servers of where the person is or will be enrolled, and those that spoke of them."""
        today = beijing_day(at)
        enrolled = one.known().facts_within(Enrolment, Window(today, type(today).max))
        if any(source.connector.answers_for(each.fact.region) for each in enrolled):
            return True
        said = (self._store.find_answers(source.connector, each.id) for each in one.members)
        return not source.connector.regions or any(each is not None for each in said)

    def _known(self, one: OnePerson) -> KnownAs:
        known = known_as(one, self._vault.keys_of(each.id for each in one.members))
        if not known.data:
            message = "此人的个人信息已删除，无法再向部门核实 (person erased)"
            raise PersonErased(message)
        return known


@dataclass(frozen=True)
class _Heard:
    """What a server has said of one record, and what it says now if that can be used."""

    said: OwnerAnswers
    answer: OnlineAnswer | NoAnswerReason


def _found_in(office: Iterable[_Heard]) -> OnlineAnswer | None:
    """The answer about the first record that the server knows, or None."""
    answers = (each.answer for each in office if isinstance(each.answer, OnlineAnswer))
    return next((each for each in answers if each.found), None)


def _first_that_finds(
    answers: Sequence[OnlineAnswer | NoAnswerReason],
) -> OnlineAnswer | NoAnswerReason:
    """Of the answers to a record's certificates the first that finds the person.

    If none does, nothing can be told from the others while one of them is missing.
    """
    found = (each for each in answers if isinstance(each, OnlineAnswer) and each.found)
    silent = (each for each in answers if isinstance(each, NoAnswerReason))
    return next(found, None) or next(silent, None) or answers[0]


def _silence_of(
    answers: Iterable[Sequence[OnlineAnswer | NoAnswerReason]],
) -> NoAnswerReason | None:
    """Why a server told nothing at all; None if it answered anything."""
    every = [each for found in answers for each in found]
    if any(isinstance(each, OnlineAnswer) for each in every):
        return None
    return next((each for each in every if isinstance(each, NoAnswerReason)), None)


def _answer_of(call: "Future[OnlineAnswer]") -> OnlineAnswer | NoAnswerReason:
    if not call.done():
        # Still waiting for a free line: it need not be asked any more.
        call.cancel()
        return NoAnswerReason.TIMED_OUT
    try:
        return call.result()
    except NoAnswer as silent:
        return silent.reason
