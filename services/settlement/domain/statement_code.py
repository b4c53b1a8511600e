"""The code on a statement (结算单校验码): whoever holds the paper can check it against the ledger.

A digest without a key over everything that the figures on the paper come from; what exactly, and
how to work it out elsewhere, is written down in docs/statement-code.md.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain.record import Actor
from settlement.domain.settlement import Settlement

FORM = "yizhan-statement-1"

# Without I, L, O and U: what is read aloud or copied by hand stays the same code (Crockford).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CHARACTERS = 16
_BITS_A_CHARACTER = 5
_A_GROUP = 4
_NOT_CODED = frozenset({"is_reversed"})


@dataclass(frozen=True)
class StatementIssued:
    """What a statement is made from (结算单内容): a settlement with the stay it belongs to.

    `settled_by` settled it. Whether it was reversed since is not part of the code.
    """

    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    person_id: PersonId
    settled_by: Actor
    settlement: Settlement


def canonical_text(issued: StatementIssued) -> str:
    """The one text the code is taken of: JSON in one line, keys in order, defaults left out."""
    content = {"form": FORM, **_plain_fields(issued)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def statement_code(issued: StatementIssued) -> str:
    """The code as it is printed: `7K3M-9QXT-4B2N-PR6V`, the first 80 bits of SHA-256."""
    digest = sha256(canonical_text(issued).encode()).digest()
    bits = int.from_bytes(digest) >> (8 * len(digest) - _CHARACTERS * _BITS_A_CHARACTER)
    places = range(_CHARACTERS - 1, -1, -1)
    code = "".join(_ALPHABET[bits >> _BITS_A_CHARACTER * at & 0b11111] for at in places)
    return "-".join(code[at : at + _A_GROUP] for at in range(0, _CHARACTERS, _A_GROUP))


def is_same_code(typed: str, code: str) -> bool:
    """Whether what somebody typed is this code: case, spaces, dashes and O for 0 do not matter."""
    return typed.upper().translate(_MISREAD) == code.translate(_MISREAD)


def _plain_fields(value: Any) -> dict[str, Any]:
    # A field that a later version adds has a default: what was printed before keeps its code.
    found = {}
    for each in fields(value):
        held = getattr(value, each.name)
        if each.name not in _NOT_CODED and not _is_default(held, each):
            found[each.name] = _plain(held)
    return found


def _is_default(held: Any, of: Any) -> bool:
    if of.default is not MISSING:
        return bool(held == of.default)
    return of.default_factory is not MISSING and bool(held == of.default_factory())


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(held) for held in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
