"""The catalogue of events (事件目录), docs/events.md: what is stored, when, with fields and units.

Made from the classes that load stored events and from the samples kept of every form they had.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_INSTANTS = frozenset({"proposed_at", "timestamp"})
_COUNTERS = frozenset({"moves", "counters_before"})
_ORDINALS = frozenset(
    {
        "adjustment", "deduction", "number", "notice", "order", "orders_version", "part",
        "position", "proposal", "reached", "version",
    }
)  # fmt: skip
_UNITS = {"age": "周岁", "year": "年", "level": "级"}
_COUNTS = frozenset(
    {
        "accepted", "changes", "facts_added", "facts_changed", "facts_ended", "facts_new",
        "facts_unchanged", "found", "issued", "lapsed", "line_count", "passed_over",
        "persons_before", "persons_ended", "persons_new", "persons_renamed",
        "rejected", "reopened", "resolved", "rows_left_out", "stated", "still_open",
        "unchanged", "withdrawn",
    }
)  # fmt: skip
_PLAIN = {"string": "文字", "boolean": "是否", "integer": "整数", "number": "数", "object": "对象"}
_FORMATS = {
    "date": ("日期", "北京时间业务日"),
    "date-time": ("时刻", "UTC"),
    "uuid": ("标识", ""),
    "byte": ("密文", "Base64"),
}

HEADING = """\
# 事件目录 · Events

由 `make generate` 从存储事件的类生成，请勿手改。金额一律为整数分（`_fen`，1 元 = 100 分）；
日期为北京时间业务日，时刻为 UTC。“可缺省”的字段不在每一份存储的事件里，读出时取缺省值；
“样本 n 起”指 `contracts/examples/events` 中该事件的第 n 份样本才有它。
完整的结构：`contracts/schemas/events`。

(Generated from the classes that load stored events. Amounts are whole fen, dates are business days
in Asia/Shanghai, instants UTC. A field that may be absent takes its default; where it came later,
the number of the first sample that has it says since when.)
"""


class UnitUnknown(Exception):
    """A whole number whose unit neither its name nor this catalogue tells: add it there."""


@dataclass(frozen=True)
class StoredKind:
    """A kind of stored event (事件种类): its schema, what is said of it, its samples in order."""

    topic: str
    about: str
    schema: Mapping[str, Any]
    samples: Sequence[bytes]


def catalogue(kinds: Sequence[StoredKind]) -> str:
    """The document. Raises UnitUnknown."""
    lines = [HEADING]
    for service, title in (("settlement", "结算 settlement"), ("eligibility", "资格 eligibility")):
        own = [kind for kind in kinds if kind.topic.startswith(f"{service}.")]
        lines += [f"## {title}\n", *(line for kind in own for line in _kind(kind))]
    lines.append("## 组成部分 parts\n")
    parts: dict[str, Mapping[str, Any]] = {}
    for kind in kinds:
        for name, part in kind.schema["$defs"].items():
            if name != _root(kind):
                parts.setdefault(name, part)
    for name in sorted(parts):
        lines += _part(name, parts[name])
    return "\n".join(lines).rstrip() + "\n"


def _root(kind: StoredKind) -> str:
    return str(kind.schema["$ref"]).rpartition("/")[2]


def _kind(kind: StoredKind) -> Iterator[str]:
    fields = kind.schema["$defs"][_root(kind)]
    since = _first_seen(kind.samples)
    yield f"### `{kind.topic}`\n"
    yield f"{kind.about}\n"
    if len(kind.samples) > 1:
        yield f"样本 {len(kind.samples)} 份。\n"
    yield "| 字段 | 类型 | 单位 | |\n|---|---|---|---|"
    for name, field in fields["properties"].items():
        is_late = name not in fields["required"]
        told = f"样本 {since[name]} 起" if is_late and since.get(name, 1) > 1 else ""
        said = "，".join(filter(None, ("可缺省" if is_late else "", told)))
        kind_of = "时刻" if name in _INSTANTS else _type(field)
        yield f"| `{name}` | {kind_of} | {unit_of(name, field)} | {said} |"
    yield ""


def _part(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "enum" in part:
        yield f"{part.get('description', '')}\n"
        yield "、".join(f"`{value}`" for value in part["enum"]) + "\n"
        return
    yield "| 字段 | 类型 | 单位 | |\n|---|---|---|---|"
    for field_name, field in part.get("properties", {}).items():
        said = "" if field_name in part.get("required", ()) else "可缺省"
        yield f"| `{field_name}` | {_type(field)} | {unit_of(field_name, field)} | {said} |"
    yield ""


def _first_seen(samples: Sequence[bytes]) -> dict[str, int]:
    """By field, the number of the first sample that has it."""
    found: dict[str, int] = {}
    for number, sample in enumerate(samples, start=1):
        for name in json.loads(sample):
            found.setdefault(name, number)
    return found


def _type(field: Mapping[str, Any]) -> str:
    """文字, 日期或无, [PayerStep] …"""
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        kinds = [each for each in field["anyOf"] if each.get("type") != "null"]
        is_open = len(kinds) < len(field["anyOf"])
        return " 或 ".join(_type(each) for each in kinds) + (" 或无" if is_open else "")
    if field.get("type") == "array":
        return f"若干 {_type(field['items'])}" if isinstance(field.get("items"), dict) else "若干"
    if isinstance(field.get("additionalProperties"), dict):
        return f"名称 → {_type(field['additionalProperties'])}"
    known = _FORMATS.get(field.get("format", ""))
    return known[0] if known else _PLAIN.get(str(field.get("type")), "")


def unit_of(name: str, field: Mapping[str, Any]) -> str:
    """The unit of a field, from its name and type. Raises UnitUnknown for a nameless number."""
    if name in _INSTANTS:
        return "UTC"
    if name.endswith("_fen"):
        return "分"
    formats = sorted(f for f in _values_of("format", field) if f in _FORMATS)
    if formats:
        return "；".join(filter(None, (_FORMATS[f][1] for f in formats)))
    return _unit_of_number(name) if "integer" in _values_of("type", field) else ""


def _unit_of_number(name: str) -> str:
    known = _UNITS | dict.fromkeys(_ORDINALS, "序号") | dict.fromkeys(_COUNTS, "个")
    known |= dict.fromkeys(_COUNTERS, "分；`admissions` 为次数")
    if name not in known:
        raise UnitUnknown(name)
    return known[name]


def _values_of(key: str, field: Any) -> set[str]:
    """Every value of a key in a schema, however deep."""
    if isinstance(field, list):
        return {value for each in field for value in _values_of(key, each)}
    if not isinstance(field, Mapping):
        return set()
    own = {field[key]} if isinstance(field.get(key), str) else set()
    return own | {value for each in field.values() for value in _values_of(key, each)}
