"""What one office's server said of one person (部门应答): every contact, in order, and what holds.

Beside the person's own facts, which other offices and files state too: here is what this server
alone said, by its own clock. What holds at a place follows from everything said of it, whatever the
order in which it was heard: the latest explicit word, ended by the first complete answer after it
that no longer lists the place.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import DataOwner, FactKind, NoAnswerReason, WithdrawalReason
from eligibility.domain.facts import Fact
from eligibility.domain.online_facts import (
    Connector,
    HeldFacts,
    OnlineAnswer,
    OnlineChange,
    PlaceOfKind,
    Stamp,
    beijing_day,
    ended_by,
    place_of,
)

_ANSWERS = UUID("5f0a2f5e-5b0f-4f52-8f0f-2f4f6f1b7c11")


@dataclass(frozen=True)
class WithdrawnPlace:
    """A place of which the office says that nothing ever stood there (撤回之处)."""

    kind: FactKind
    place: tuple[str, ...]


@dataclass(frozen=True)
class Contact:
    """One contact with the server about the person (一次联系), at our instant (UTC).

    Either it answered, `as_of` an instant of its own clock, or there is a reason why not.
    """

    at: datetime
    as_of: datetime | None
    no_answer: NoAnswerReason | None = None


@dataclass(frozen=True)
class Touched:
    """The places that a contact may have changed (涉及之处).

    At those said `outright` the server spoke later than it ever had; of the `unsaid` it listed all.
    """

    outright: frozenset[PlaceOfKind] = frozenset()
    unsaid: frozenset[PlaceOfKind] = frozenset()

    @property
    def places(self) -> frozenset[PlaceOfKind]:
        """All of them."""
        return self.outright | self.unsaid

    def but_for(self, places: AbstractSet[PlaceOfKind]) -> "Touched":
        """Without these places."""
        return Touched(self.outright - places, self.unsaid - places)


@dataclass(frozen=True)
class _Word:
    stamp: Stamp
    fact: Fact | None


class OwnerAnswers(Aggregate):
    """What one server said of one person, and when it was asked."""

    TOPIC = "eligibility.owner-answers"

    class Created(Aggregate.Created):
        """An office's server was first asked about a person, or spoke of one (联机应答建立)."""

        TOPIC = "eligibility.owner-answers-begun.v1"
        person_id: UUID
        connector: str
        owner: DataOwner

    class AnswerHeard(Aggregate.Event):
        """The server answered about the person (联机答复)."""

        TOPIC = "eligibility.owner-answer-heard.v1"
        as_of: datetime
        found: bool
        complete_kinds: tuple[FactKind, ...]
        facts: HeldFacts

        def apply(self, aggregate: "OwnerAnswers") -> None:
            """Remember each place said, and of which kinds silence tells something."""
            stamp = Stamp(self.as_of)
            for fact in self.facts.all:
                aggregate.take(place_of(fact), stamp, fact)
            for kind in self.complete_kinds:
                aggregate.complete.setdefault(kind, []).append(self.as_of)
            aggregate.contacts.append(Contact(self.timestamp, self.as_of))

    class ChangeHeard(Aggregate.Event):
        """The server told of a change of the person (联机变更)."""

        TOPIC = "eligibility.owner-change-heard.v1"
        position: int
        changed_at: datetime
        stated: HeldFacts
        withdrawn: tuple[WithdrawnPlace, ...]
        reason: WithdrawalReason | None

        def apply(self, aggregate: "OwnerAnswers") -> None:
            """Remember each place said or withdrawn."""
            stamp = Stamp(self.changed_at, self.position)
            for fact in self.stated.all:
                aggregate.take(place_of(fact), stamp, fact)
            for each in self.withdrawn:
                aggregate.take((each.kind, each.place), stamp, None)
            aggregate.contacts.append(Contact(self.timestamp, self.changed_at))

    class NoAnswerMet(Aggregate.Event):
        """The server was asked about the person and gave no usable answer (没有应答)."""

        TOPIC = "eligibility.owner-no-answer-met.v1"
        reason: NoAnswerReason

        def apply(self, aggregate: "OwnerAnswers") -> None:
            """Remember when and why."""
            aggregate.contacts.append(Contact(self.timestamp, None, self.reason))

    def __init__(self, person_id: UUID, connector: str, owner: DataOwner) -> None:
        self.person_id = person_id
        self.connector = connector
        self.owner = owner
        self.contacts: list[Contact] = []
        self.complete: dict[FactKind, list[datetime]] = {}
        self._words: dict[PlaceOfKind, _Word] = {}

    @classmethod
    def begin(cls, connector: Connector, person_id: UUID, *, at: datetime) -> "OwnerAnswers":
        """Nothing said of this person yet."""
        return cls._create(
            cls.Created,
            id=cls.id_of(connector, person_id),
            person_id=person_id,
            connector=connector.name,
            owner=connector.owner,
            timestamp=at,
        )

    @staticmethod
    def id_of(connector: Connector, person_id: UUID) -> UUID:
        """The one id there is for a server and a person."""
        return uuid5(_ANSWERS, f"{connector.owner.value}/{connector.name}/{person_id}")

    def hear_answer(self, answer: OnlineAnswer, *, at: datetime) -> Touched:
        """Record an answer; the places at which it may have changed something."""
        said = self._newer((place_of(fact) for fact in answer.facts), Stamp(answer.as_of))
        self.trigger_event(
            self.AnswerHeard,
            as_of=answer.as_of,
            found=answer.found,
            complete_kinds=tuple(sorted(answer.complete_kinds)),
            facts=HeldFacts.of(answer.facts),
            timestamp=at,
        )
        listed = {place for place in self._words if place[0] in answer.complete_kinds}
        return Touched(said, frozenset(listed) - said)

    def hear_change(self, change: OnlineChange, *, at: datetime) -> Touched:
        """Record a change, unless all it says is known or overtaken; the places it touches."""
        touched = [place_of(fact) for fact in (*change.stated, *change.withdrawn)]
        newer = self._newer(touched, change.stamp)
        if newer:
            self.trigger_event(
                self.ChangeHeard,
                position=change.position,
                changed_at=change.changed_at,
                stated=HeldFacts.of(change.stated),
                withdrawn=tuple(WithdrawnPlace(each.KIND, each.place) for each in change.withdrawn),
                reason=change.reason,
                timestamp=at,
            )
        return Touched(newer)

    def meet_no_answer(self, reason: NoAnswerReason, *, at: datetime) -> None:
        """Record that the server was asked, and why it gave no answer."""
        self.trigger_event(self.NoAnswerMet, reason=reason, timestamp=at)

    def last_answered(self, *, known_at: datetime) -> Contact | None:
        """The last contact by an instant (UTC) at which the server did answer, or None."""
        return self._last(known_at, answered=True)

    def last_unanswered(self, *, known_at: datetime) -> Contact | None:
        """The last contact by an instant, if the server has not answered since; else None."""
        answered = self._last(known_at, answered=True)
        failed = self._last(known_at, answered=False)
        since = failed is not None and (answered is None or failed.at > answered.at)
        return failed if since else None

    def holds_at(self, place: PlaceOfKind) -> Fact | None:
        """What holds at a place by everything that this server said."""
        word = self._words.get(place)
        if word is None or word.fact is None:
            return None
        later = [each for each in self.complete.get(place[0], ()) if Stamp(each) > word.stamp]
        return ended_by(word.fact, beijing_day(min(later))) if later else word.fact

    def said_at(self, place: PlaceOfKind) -> Stamp | None:
        """When the office last said something of a place, by its own clock."""
        word = self._words.get(place)
        return word.stamp if word is not None else None

    def take(self, place: PlaceOfKind, stamp: Stamp, fact: Fact | None) -> None:
        """Keep a word, unless a later one is known (only from events)."""
        word = self._words.get(place)
        if word is None or stamp > word.stamp:
            self._words[place] = _Word(stamp, fact)

    def _last(self, known_at: datetime, *, answered: bool) -> Contact | None:
        contacts = (
            each
            for each in reversed(self.contacts)
            if each.at <= known_at and (each.no_answer is None) is answered
        )
        return next(contacts, None)

    def _newer(self, places: Iterable[PlaceOfKind], stamp: Stamp) -> frozenset[PlaceOfKind]:
        known = {place: self.said_at(place) for place in places}
        return frozenset(p for p, said in known.items() if said is None or stamp > said)


def last_of(contacts: Iterable[Contact | None]) -> Contact | None:
    """The latest of the contacts that there were, or None."""
    return max((each for each in contacts if each is not None), key=lambda c: c.at, default=None)
