"""What on-line sources need from outside (联机端口): one connection a server, and the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import NoAnswerReason
from eligibility.application.ports import Receipt
from eligibility.domain.certificate import Certificate
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import Connector, OnlineAnswer, OnlineChange
from eligibility.domain.owner_answers import OwnerAnswers
from eligibility.domain.owner_feed import OwnerFeed, SetAside
from eligibility.domain.person import Person


class NoAnswer(Exception):
    """The server gave no usable answer (没有应答); the reason says why, and names nobody."""

    def __init__(self, reason: NoAnswerReason) -> None:
        super().__init__(reason.label)
        self.reason = reason


class UnknownConnector(Exception):
    """No server is configured under this name (没有此连接)."""


@dataclass(frozen=True)
class OnlinePage:
    """Changes of a feed in order, those not understood among them, and the cursor to go on from."""

    items: tuple[OnlineChange | SetAside, ...]
    next_after: int
    has_more: bool
    last_position: int


class OwnerSource(Protocol):
    """One office's server (部门数据源)."""

    @property
    def connector(self) -> Connector:
        """Its name, office and regions."""

    @property
    def patience_seconds(self) -> float:
        """After how long it counts as silent, whatever it is doing."""

    def look_up(self, certificate: Certificate) -> OnlineAnswer:
        """What the office knows of one person. Raises `NoAnswer`."""

    def changes(self, after: int, limit: int) -> OnlinePage:
        """The changes after a position. Raises `NoAnswer`."""


Sources = Mapping[str, OwnerSource]
"""The configured servers by name."""


def source_named(sources: Sources, name: str) -> OwnerSource:
    """The server of a name. Raises `UnknownConnector`."""
    if name not in sources:
        known = "、".join(sources) or "一个也没有，请设置 YIZHAN_OWNERS"
        message = f"没有名为 {name} 的部门连接；已配置：{known} (unknown connector)"
        raise UnknownConnector(message)
    return sources[name]


class OwnerStore(Protocol):
    """People, and what servers said of them, as events."""

    def find_one(self, person_id: UUID, *, version: int | None = None) -> OnePerson | None:
        """The person with all records that were ever merged, now or as of a version, or None."""

    def find_answers(self, connector: Connector, person_id: UUID) -> OwnerAnswers | None:
        """What a server said of a person, or None."""

    def find_feed(self, connector: Connector) -> OwnerFeed | None:
        """How far a server's feed was followed, or None."""

    def save(
        self, *aggregates: Person | OwnerAnswers | OwnerFeed, receipt: Receipt | None = None
    ) -> None:
        """Save all of them and the receipt of the request, or nothing."""


@dataclass(frozen=True)
class FeedContact:
    """The last contact with a feed (最近联系), whether it told anything or not."""

    at: datetime
    last_position: int | None
    no_answer: NoAnswerReason | None


class FeedContacts(Protocol):
    """When each feed was last asked (变更清单联系记录)."""

    def note(self, connector: Connector, contact: FeedContact) -> None:
        """Keep the last contact; where it failed, the last known end of the feed stays."""

    def latest(self, connector: Connector) -> FeedContact | None:
        """The last contact, or None before the first."""
