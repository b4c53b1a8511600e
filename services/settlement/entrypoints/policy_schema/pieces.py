"""The pieces schemas are put together from (模式的部件)."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from contracts.vocabulary import EvidenceStatus

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

NAME = r"^[a-z][a-z0-9_]*$"
LOCAL_IDENTITY = r"^local_[a-z0-9_]{1,58}$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
REGION = r"^[0-9]{6}$"
EXPRESSION = r"^\s*[+-]?\s*[a-z][a-z0-9_.]*(\s*[+-]\s*[a-z][a-z0-9_.]*)*\s*$"


def text(about: str, pattern: str | None = None) -> Schema:
    """One value; numbers and yes/no that YAML takes for something else are text to the reader."""
    if pattern is None:
        return {"description": about, "type": ["string", "number", "boolean"]}
    kinds = ["string", "number"] if re.fullmatch(pattern, "10") else "string"
    return {"description": about, "type": kinds, "pattern": pattern}


def words(about: str, allowed: Iterable[Any]) -> Schema:
    """One of these words."""
    return {"description": about, "enum": list(allowed)}


def codes(about: str, kind: type[StrEnum]) -> Schema:
    """One of these codes, or its Chinese label."""
    return coded(about, {str(member): getattr(member, "label", str(member)) for member in kind})


def coded(about: str, labels: Mapping[str, str]) -> Schema:
    """One of these codes, or its label: labels first, since people write those."""
    return words(about, dict.fromkeys([*labels.values(), *labels]))


def mapping(about: str, keys: Mapping[str, Schema], *, needs: Iterable[str] = ()) -> Schema:
    """A group of keys; any other key is misspelt."""
    return {
        "description": about,
        "type": "object",
        "properties": dict(keys),
        "required": list(needs),
        "additionalProperties": False,
    }


def several(about: str, member: Schema) -> Schema:
    """A list."""
    return {"description": about, "type": "array", "items": member, "minItems": 1}


def one_or_several(about: str, member: Schema) -> Schema:
    """One value, or a list of them."""
    return {"description": about, "anyOf": [member, several(about, member)]}


def either(about: str, *options: Schema) -> Schema:
    """One of several ways to write a thing."""
    return {"description": about, "anyOf": list(options)}


def ref(name: str, about: str | None = None) -> Schema:
    """What stands under `$defs`, described for where it is used."""
    found = {"$ref": f"#/$defs/{name}"}
    return {"description": about, **found} if about else found


YES_NO = ["是", "否", "yes", "no", "true", "false", True, False]


def yes_no(about: str) -> Schema:
    """Yes or no."""
    return words(about, YES_NO)


def count(about: str) -> Schema:
    """A whole number not below zero."""
    return {
        "description": about,
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^[0-9]{1,6}$",
    }


EVIDENCE: dict[str, Schema] = {
    "status": words(
        "依据状态：stated 原文载明，inferred 由账单推得，assumed 假定；后两种要写 note",
        list(EvidenceStatus),
    ),
    "source": text("出处：sources 里登记的名字"),
    "place": text("在文件里的位置，如 第九条第二款"),
    "note": text("说明：怎样推得、从哪里借来"),
}
"""Keys that say where something comes from."""


def expression(about: str) -> Schema:
    """A sum and difference of names, alone or with evidence."""
    written = text("名称的加减，一个名称只写一次，如 in_scope - basic", EXPRESSION)
    return either(
        about,
        written,
        mapping("口径和它的依据", {"amount": written, **EVIDENCE}, needs=["amount"]),
    )
