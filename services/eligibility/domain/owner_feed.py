"""How far an office's feed of changes was followed (变更进度): the cursor, and what was set aside.

A change that cannot be understood stops nothing: its position and the reason are kept here. Its
content is not copied, since it may name somebody whom nobody could find again to erase; the
position finds it at the office.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import DataOwner, NoAnswerReason
from eligibility.domain.online_facts import Connector

_FEEDS = UUID("0d1f6f0b-7f3a-4a53-9d1a-6c9a5d0a8f22")


@dataclass(frozen=True)
class SetAside:
    """A change that was not understood (搁置的变更): where it stands, and why."""

    position: int
    reason: NoAnswerReason


class OwnerFeed(Aggregate):
    """One server's feed. Two followers of it at once meet here: the slower one starts again."""

    TOPIC = "eligibility.owner-feed"

    class Created(Aggregate.Created):
        """Somebody began to follow a feed (开始接收变更)."""

        TOPIC = "eligibility.owner-feed-begun.v1"
        connector: str
        owner: DataOwner

    class PageRead(Aggregate.Event):
        """A page of changes was taken in, together with all that it says (变更已接收)."""

        TOPIC = "eligibility.owner-feed-page-read.v1"
        reached: int
        changes: int
        set_aside: tuple[SetAside, ...]

        def apply(self, aggregate: "OwnerFeed") -> None:
            """Go on from there."""
            aggregate.cursor = self.reached
            aggregate.set_aside |= {each.position: each for each in self.set_aside}

    class SetAsideTaken(Aggregate.Event):
        """A change that had been set aside is understood now (搁置变更已处理)."""

        TOPIC = "eligibility.owner-feed-set-aside-taken.v1"
        position: int

        def apply(self, aggregate: "OwnerFeed") -> None:
            """It waits no longer."""
            aggregate.set_aside.pop(self.position, None)

    def __init__(self, connector: str, owner: DataOwner) -> None:
        self.connector = connector
        self.owner = owner
        self.cursor = 0
        self.set_aside: dict[int, SetAside] = {}

    @classmethod
    def begin(cls, connector: Connector, *, at: datetime) -> "OwnerFeed":
        """A feed of which nothing was read yet."""
        return cls._create(
            cls.Created,
            id=cls.id_of(connector),
            connector=connector.name,
            owner=connector.owner,
            timestamp=at,
        )

    @staticmethod
    def id_of(connector: Connector) -> UUID:
        """The one id there is for a server's feed."""
        return uuid5(_FEEDS, f"{connector.owner.value}/{connector.name}")

    def read_page(
        self, *, reached: int, changes: int, set_aside: tuple[SetAside, ...], at: datetime
    ) -> None:
        """Record that everything up to a position was taken in or set aside."""
        self.trigger_event(
            self.PageRead, reached=reached, changes=changes, set_aside=set_aside, timestamp=at
        )

    def take_set_aside(self, position: int, *, at: datetime) -> None:
        """Record that a change set aside was taken in after all."""
        self.trigger_event(self.SetAsideTaken, position=position, timestamp=at)
