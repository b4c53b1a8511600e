"""Follow an office's feed of changes (接收变更): a page and the cursor in one transaction.

Killed anywhere, and started again, it goes on where it was: nothing is lost, and what is read a
second time changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.vocabulary import NoAnswerReason
from eligibility.application.ask_owners import CLOCKS_APART
from eligibility.application.known_as import known_as
from eligibility.application.owner_ports import (
    FeedContact,
    FeedContacts,
    NoAnswer,
    OnlinePage,
    OwnerSource,
    OwnerStore,
    Sources,
    source_named,
)
from eligibility.application.ports import PersonalDataVault, PersonKeys
from eligibility.domain.certificate import Certificate
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import Connector, OnlineChange, place_of
from eligibility.domain.online_statements import (
    OnlineCounts,
    OnlineRefused,
    OnlineStatements,
    require_same_person,
    require_sound,
)
from eligibility.domain.owner_answers import OwnerAnswers
from eligibility.domain.owner_feed import OwnerFeed, SetAside
from eligibility.domain.person import Person

PAGE_CHANGES: Final = 200

Progress = Callable[[str, int], None]
"""Hears which step is done (取得、识别、记录) and up to which position."""


@dataclass(frozen=True)
class Pulled:
    """What one page brought (一页变更)."""

    changes: int
    persons_new: int
    counts: OnlineCounts
    set_aside: tuple[SetAside, ...]
    cursor: int
    has_more: bool


@dataclass(frozen=True)
class _People:
    """Whom changes are about: the id of each certificate, and those who are known."""

    ids: dict[Certificate, UUID]
    ones: dict[UUID, OnePerson]

    def id_of(self, change: OnlineChange) -> UUID:
        """The record that the change names."""
        return self.ids[change.person.certificate]

    def canonical_id(self, person_id: UUID) -> UUID:
        """The record that answers for one; itself where nobody is known yet."""
        one = self.ones.get(person_id)
        return one.known().canonical_id if one is not None else person_id


@dataclass
class _Taken:
    """People, and what the server says of them, while a page is worked on."""

    ids: dict[Certificate, UUID]
    keys: PersonKeys
    ones: dict[UUID, OnePerson]
    answers: dict[UUID, OwnerAnswers]
    at: datetime
    persons_new: int = 0
    counts: list[OnlineCounts] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @property
    def records(self) -> list[Person]:
        """The records of all of them: a withdrawal reaches each that says the fact."""
        return [record for one in self.ones.values() for record in one.members]

    @property
    def total(self) -> OnlineCounts:
        """All counts together."""
        return OnlineCounts(
            sum(each.stated for each in self.counts), sum(each.withdrawn for each in self.counts)
        )


class FollowOwner:
    """Takes in what an office's feed tells, page by page."""

    def __init__(
        self,
        *,
        sources: Sources,
        vault: PersonalDataVault,
        store: OwnerStore,
        identities: LocalIdentities,
        contacts: FeedContacts,
    ) -> None:
        self._sources = sources
        self._vault = vault
        self._store = store
        self._identities = identities
        self._contacts = contacts

    def pull(self, name: str, *, at: datetime, progress: Progress | None = None) -> Pulled:
        """Take in the next page of a server's feed at the instant `at` (UTC).

        Raises `UnknownConnector`, `NoAnswer`; a version conflict when another follower was quicker.
        """
        heard = progress or _unheard
        source = source_named(self._sources, name)
        known = self._store.find_feed(source.connector)
        cursor = known.cursor if known is not None else 0
        page = self._read(source, cursor, PAGE_CHANGES, at)
        heard("取得", page.next_after)
        feed = known or OwnerFeed.begin(source.connector, at=at)
        people = self._people_of(page.items)
        page = _of_one_record_each(page, people, cursor)
        taken = self._take(source.connector, page.items, people, feed, at)
        heard("识别", page.next_after)
        if page.next_after != cursor or page.items:
            feed.read_page(
                reached=page.next_after,
                changes=len(page.items),
                set_aside=tuple(taken.set_aside),
                at=taken.at,
            )
            self._store.save(feed, *taken.records, *taken.answers.values())
        heard("记录", page.next_after)
        return Pulled(
            changes=len(page.items),
            persons_new=taken.persons_new,
            counts=taken.total,
            set_aside=tuple(taken.set_aside),
            cursor=page.next_after,
            has_more=page.has_more,
        )

    def retry(self, name: str, position: int, *, at: datetime) -> SetAside | None:
        """Read a change that was set aside once more; what still keeps it there, or None.

        Raises `UnknownConnector`, `NoAnswer`.
        """
        source = source_named(self._sources, name)
        feed = self._store.find_feed(source.connector)
        waiting = feed.set_aside.get(position) if feed is not None else None
        if feed is None or waiting is None:
            return None
        page = self._read(source, position - 1, 1, at)
        items = [each for each in page.items if each.position == position]
        taken = self._take(source.connector, items, self._people_of(items), feed, at)
        if taken.set_aside or not items:
            return taken.set_aside[0] if taken.set_aside else waiting
        feed.take_set_aside(position, at=taken.at)
        self._store.save(feed, *taken.records, *taken.answers.values())
        return None

    def _read(self, source: OwnerSource, after: int, limit: int, at: datetime) -> OnlinePage:
        try:
            page = source.changes(after, limit)
            if page.next_after < after or (page.has_more and page.next_after == after):
                # It would be read for ever.
                raise NoAnswer(NoAnswerReason.UNREADABLE)
        except NoAnswer as silent:
            self._contacts.note(source.connector, FeedContact(at, None, silent.reason))
            raise
        self._contacts.note(source.connector, FeedContact(at, page.last_position, None))
        return page

    def _people_of(self, items: Iterable[OnlineChange | SetAside]) -> _People:
        changes = [each for each in items if isinstance(each, OnlineChange)]
        certificates = [each.person.certificate for each in changes]
        ids = self._vault.reserve(certificates)
        ones = {each: self._store.find_one(each) for each in dict.fromkeys(ids)}
        return _People(
            ids=dict(zip(certificates, ids, strict=True)),
            ones={person_id: one for person_id, one in ones.items() if one is not None},
        )

    def _take(
        self,
        connector: Connector,
        items: Sequence[OnlineChange | SetAside],
        people: _People,
        feed: OwnerFeed,
        at: datetime,
    ) -> _Taken:
        taken = self._load(connector, items, people, feed, at)
        for item in items:
            if isinstance(item, SetAside):
                taken.set_aside.append(item)
                continue
            try:
                self._hear(connector, item, taken)
            except OnlineRefused as refused:
                taken.set_aside.append(SetAside(item.position, refused.reason))
        return taken

    def _load(
        self,
        connector: Connector,
        items: Iterable[OnlineChange | SetAside],
        people: _People,
        feed: OwnerFeed,
        at: datetime,
    ) -> _Taken:
        ids = list(dict.fromkeys(people.id_of(e) for e in items if isinstance(e, OnlineChange)))
        ones = {each: people.ones[each] for each in ids if each in people.ones}
        answers = {each: self._store.find_answers(connector, each) for each in ids}
        known = [each for each in (*ones.values(), *answers.values()) if each is not None]
        members = (record.id for one in ones.values() for record in one.members)
        return _Taken(
            ids=people.ids,
            keys=self._vault.keys_of([*ids, *members]),
            ones=ones,
            answers={person_id: each for person_id, each in answers.items() if each is not None},
            # A page becomes known at one instant, and nothing is recorded before what is known.
            at=max(at, feed.modified_on, *(each.modified_on for each in known)),
        )

    def _hear(self, connector: Connector, change: OnlineChange, taken: _Taken) -> None:
        person_id = taken.ids[change.person.certificate]
        one = taken.ones.get(person_id)
        self._require_usable(change, one, taken)
        answers = taken.answers.get(person_id)
        if answers is None:
            answers = OwnerAnswers.begin(connector, person_id, at=taken.at)
            taken.answers[person_id] = answers
        touched = answers.hear_change(change, at=taken.at)
        if one is None and any(answers.holds_at(place) for place in touched.places):
            sealed = taken.keys.seal(person_id, change.person)
            person = Person.register(person_id=person_id, sealed=sealed, at=taken.at)
            one = OnePerson(person_id, {person_id: person})
            taken.ones[person_id] = one
            taken.persons_new += 1
        if one is not None:
            source = connector.source(f"change-{change.position}")
            stating = OnlineStatements(source, connector.source_start, taken.at)
            counts = stating.state(one, one.record, answers, touched, reason=change.reason)
            taken.counts.append(counts)

    def _require_usable(self, change: OnlineChange, one: OnePerson | None, taken: _Taken) -> None:
        require_sound(change.stated, self._identities)
        withdrawn = [place_of(fact) for fact in change.withdrawn]
        stated = [place_of(fact) for fact in change.stated]
        if len({*stated, *withdrawn}) < len(stated) + len(withdrawn):
            raise OnlineRefused(NoAnswerReason.CONTRADICTORY)
        if change.changed_at > taken.at + CLOCKS_APART:
            raise OnlineRefused(NoAnswerReason.FROM_THE_FUTURE)
        known = known_as(one, taken.keys) if one is not None else None
        if known is not None and one is not None and one.id in known.data:
            require_same_person(known.data[one.id], known.every_certificate, change.person)


def _of_one_record_each(page: OnlinePage, people: _People, cursor: int) -> OnlinePage:
    """The page up to where it speaks of a person by the certificate of another of their records.

    What a page says is committed record by record: of two records of one person the later word
    might come first. The next page goes on there.
    """
    spoken: dict[UUID, UUID] = {}
    for place, item in enumerate(page.items):
        if isinstance(item, SetAside):
            continue
        person_id = people.id_of(item)
        if spoken.setdefault(people.canonical_id(person_id), person_id) != person_id:
            reached = min(each.position for each in page.items[place:]) - 1
            # Out of order it could not be read on from there.
            return (
                replace(page, items=page.items[:place], next_after=reached, has_more=True)
                if reached > cursor
                else page
            )
    return page


def _unheard(_step: str, _position: int) -> None:
    pass
