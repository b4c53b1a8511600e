"""Two tiny aggregates for the stories: a box that counts coins, and one event of every type."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from eventlog.requests import Answer, RegisteredRequest, RequestKey

NAMESPACE = UUID("6a8f0c0e-3f0f-4f4b-9a55-0d6c2f4a7f10")


class Colour(StrEnum):
    """A code that events may hold."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Part:
    """A nested value."""

    label: str
    fen: int
    on: date | None = None
    at: datetime | None = None


class Box(Aggregate):
    """Counts coins."""

    TOPIC = "test.box"

    class Created(Aggregate.Created):
        TOPIC = "test.box-opened.v1"
        owner: str

    class CoinAdded(Aggregate.Event):
        TOPIC = "test.coin-added.v1"
        fen: int

        def apply(self, box: "Box") -> None:
            box.total_fen += self.fen

    class Described(Aggregate.Event):
        TOPIC = "test.box-described.v1"
        text: str
        count: int
        is_open: bool
        on: date
        at: datetime
        other_id: UUID
        colour: Colour
        secret: bytes
        names: tuple[str, ...]
        parts: tuple[Part, ...]
        fen_by_name: dict[str, int]
        notes: dict[str, str]
        maybe: Part | None
        maybe_on: date | None
        part_by_name: dict[str, Part]

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.total_fen = 0

    @staticmethod
    def create_id(owner: str) -> UUID:
        """One box for an owner."""
        return uuid5(NAMESPACE, owner)

    @classmethod
    def open(cls, owner: str) -> "Box":
        """Open a box."""
        return cls._create(cls.Created, owner=owner)

    def add_coin(self, fen: int) -> None:
        """Put a coin in."""
        self.trigger_event(self.CoinAdded, fen=fen)


def request(
    key: str, *, accepted: bool = True, body_hash: str = "h", n: int = 1
) -> RegisteredRequest:
    """A row of the register."""
    return RegisteredRequest(
        key=RequestKey(institution_id="H1", operation="add", key=key),
        body_hash=body_hash,
        accepted=accepted,
        answer=Answer(status=201 if accepted else 422, body=b'{"n":%d}' % n),
    )
