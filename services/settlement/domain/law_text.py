"""The text of a policy in the ledger (入账的政策文本): once per fingerprint, and for good.

Editing or deleting a policy file cannot change, or break, what was settled under it.
"""

from datetime import datetime
from functools import lru_cache
from typing import ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from settlement.law.policy import Policy

_TEXTS = UUID("58a2c9f4-10d9-53bb-8b63-3a2b6f7e1d90")
# Asked for several times within one settlement.
_named = lru_cache(maxsize=1024)(uuid5)


def law_text_id(fingerprint: str) -> UUID:
    """The id of a policy's text."""
    return _named(_TEXTS, fingerprint)


class LawText(Aggregate):
    """The aggregate."""

    TOPIC: ClassVar[str] = "settlement.law-text"

    class Created(Aggregate.Created):
        """A policy was used for the first time (首次适用)."""

        TOPIC = "settlement.policy-adopted.v1"
        fingerprint: str
        language_version: str
        label: str
        canonical_text: str

    fingerprint: str
    language_version: str
    canonical_text: str

    @classmethod
    def adopt(cls, policy: Policy, *, at: datetime) -> "LawText":
        """Put a policy's text into the ledger."""
        return cls._create(
            cls.Created,
            id=law_text_id(policy.fingerprint),
            timestamp=at,
            fingerprint=policy.fingerprint,
            language_version=policy.language_version,
            label=policy.label,
            canonical_text=policy.canonical_text,
        )
