"""What can differ between two policies (政策的差别), as data; words are made where people read."""

from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from contracts.vocabulary import EvidenceStatus
from settlement.law.evidence import Evidence
from settlement.law.facts import ALWAYS, Condition


class ChangeKind(StrEnum):
    """What happened to a rule (变化)."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    CHANGED = "changed"
    EVIDENCE = "evidence"
    """The rule is the same, and rests on something else (依据变了)."""
    REWRITTEN = "rewritten"
    """Written in another way, and the same in every situation (写法变了)."""


@dataclass(frozen=True)
class Basis:
    """What a rule rests on (依据), without its explanation: status, document, place in it."""

    status: EvidenceStatus
    source: str
    place: str | None


@dataclass(frozen=True)
class Change:
    """One difference (一处变化).

    `layer` is the id of the layer in the later document (in the earlier one, if it is gone),
    None for the document as a whole; `item` names the rule in Chinese, `path` by its place.
    `before` and `after` are values of the law, None where there is nothing; `situation` says for
    whom a number changes. The bases are given for numbers and for changes of evidence.
    """

    kind: ChangeKind
    layer: str | None
    item: str
    path: str
    situation: Condition = ALWAYS
    before: Any = None
    after: Any = None
    before_bases: tuple[Basis, ...] = ()
    after_bases: tuple[Basis, ...] = ()


def plain(value: Any) -> Any:
    """A value without evidence, names of numbers and reasons: what the arithmetic sees of it."""
    if isinstance(value, Evidence):
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return (
            type(value).__name__,
            *((f.name, plain(getattr(value, f.name))) for f in fields(value) if _counts(f.name)),
        )
    if isinstance(value, tuple | list):
        return tuple(plain(one) for one in value)
    return value


def _counts(field: str) -> bool:
    return field not in {"name", "names", "label", "reason"}
