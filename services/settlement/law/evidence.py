"""Evidence (依据): where a number comes from and how sure we are of it."""

from dataclasses import dataclass
from functools import cached_property

from contracts.vocabulary import EvidenceStatus


@dataclass(frozen=True)
class Source:
    """A document (文件): title, and publisher, address and date where known."""

    id: str
    title: str
    publisher: str | None = None
    url: str | None = None
    date: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Status, source and place of one number; `note` says where an assumption was borrowed."""

    status: EvidenceStatus
    source: str
    place: str | None = None
    note: str | None = None

    @cached_property
    def is_stated(self) -> bool:
        """Whether the document itself says the number."""
        return self.status is EvidenceStatus.STATED
