"""How old is what each office said (联机数据时效): of one person, and of whole feeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eligibility.application.owner_ports import FeedContact, FeedContacts, OwnerStore, Sources
from eligibility.domain.online_facts import Connector
from eligibility.domain.owner_answers import Contact, last_of
from eligibility.domain.owner_feed import SetAside


@dataclass(frozen=True)
class OwnerKnown:
    """When an office last spoke of a person, as known at an instant (部门应答时效).

    `unanswered` is the last attempt since then, and why there was no answer.
    """

    connector: Connector
    answered: Contact | None
    unanswered: Contact | None


@dataclass(frozen=True)
class FeedStatus:
    """Where following a feed stands (变更接收状态)."""

    connector: Connector
    cursor: int
    contact: FeedContact | None
    set_aside: tuple[SetAside, ...]

    @property
    def lag(self) -> int | None:
        """How many positions the feed was ahead when it last told its end; None if it never did."""
        if self.contact is None or self.contact.last_position is None:
            return None
        return max(0, self.contact.last_position - self.cursor)


class OwnerKnowledge:
    """Tells how old things are."""

    def __init__(self, *, sources: Sources, store: OwnerStore, contacts: FeedContacts) -> None:
        self._sources = sources
        self._store = store
        self._contacts = contacts

    def of_person(self, person_ids: Sequence[UUID], *, known_at: datetime) -> Sequence[OwnerKnown]:
        """Each configured office, by the contacts up to an instant (UTC) about all records."""
        found = []
        for source in self._sources.values():
            about = (self._store.find_answers(source.connector, each) for each in person_ids)
            said = [each for each in about if each is not None]
            answered = last_of(each.last_answered(known_at=known_at) for each in said)
            failed = last_of(each.last_unanswered(known_at=known_at) for each in said)
            since = failed is not None and (answered is None or failed.at >= answered.at)
            found.append(OwnerKnown(source.connector, answered, failed if since else None))
        return found

    def of_feeds(self) -> Sequence[FeedStatus]:
        """Each configured feed."""
        found = []
        for source in self._sources.values():
            feed = self._store.find_feed(source.connector)
            waiting = feed.set_aside if feed is not None else {}
            found.append(
                FeedStatus(
                    source.connector,
                    feed.cursor if feed is not None else 0,
                    self._contacts.latest(source.connector),
                    tuple(waiting[position] for position in sorted(waiting)),
                )
            )
        return found
