"""How the oracle finds a number (对照算法查表): conditions, rows and adjustments, as Fractions."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from contracts.vocabulary import AdministrativeLevel, Identity, InstitutionTier, Place

_YES = {"yes": True, "是": True, "true": True, "no": False, "否": False, "false": False}
_LABELS: dict[str, dict[str, str]] = {
    "identity": {i.label: i.value for i in Identity},
    "tier": {t.label: t.value for t in InstitutionTier},
    "level": {level.label: level.value for level in AdministrativeLevel},
    "place": {p.label: p.value for p in Place},
}
_INFINITE = Fraction(10**30)


class Refused(Exception):
    """The law cannot be applied: `kind` of thing that is wanting, and its `name`."""

    def __init__(self, kind: str, name: str):
        self.kind, self.name = kind, name
        super().__init__(f"{kind}: {name}")


def value(node: Any, unit: str, facts: Mapping[str, Any]) -> Fraction | None:
    """The number that these facts choose, adjusted, in fen or as a share; None if unknown."""
    text = _written(node, facts)
    if text is None:
        return None
    if text in ("unlimited", "不设限"):
        return _INFINITE
    found = _share(text) if unit == "share" else Fraction(text) * 100
    if not isinstance(node, dict):
        return found
    found = _after_changes(node, found, facts)
    if node.get("at_most") and unit == "share":
        found = min(found, _ceiling(node))
    return found


def is_doubtful(node: Any, outer: str, facts: Mapping[str, Any]) -> bool:
    """Whether the number these facts choose rests on anything that no document states.

    `outer` is the status of whatever the number stands in.
    """
    row, whole = _row(node, facts), status(node, outer)
    doubts = [status(row, whole)]
    text = _text(row)
    if isinstance(node, dict) and text not in (None, "unlimited", "不设限"):
        changes = [c for c in node.get("adjust") or [] if holds(c, facts)]
        doubts += [status(c, whole) for c in changes]
        if node.get("at_most"):
            before = _after_changes(node, _share(str(text)), facts)
            doubts += [status(node["at_most"], whole)] if before > _ceiling(node) else []
    return any(doubt != "stated" for doubt in doubts)


def status(node: Any, outer: str) -> str:
    """The status written here, or that of what it stands in."""
    return str(node.get("status") or outer) if isinstance(node, dict) else outer


def _after_changes(node: Mapping[str, Any], found: Fraction, facts: Mapping[str, Any]) -> Fraction:
    for change in node.get("adjust") or []:
        if holds(change, facts):
            found = _adjusted(found, change)
    return found


def _ceiling(node: Mapping[str, Any]) -> Fraction:
    return _share(str(_text(node["at_most"])))


def _row(node: Any, facts: Mapping[str, Any]) -> Any:
    """The first row that applies; a number without rows is its own."""
    if not isinstance(node, dict) or "choose" not in node:
        return node
    rows = node["choose"] if isinstance(node["choose"], list) else [node["choose"]]
    row: Any = next((r for r in rows if "otherwise" in r or holds(r, facts)), {})
    return row.get("otherwise", row)


def _text(row: Any) -> Any:
    return row.get("value") if isinstance(row, dict) else row


def _written(node: Any, facts: Mapping[str, Any]) -> str | None:
    """The text of the value in the first row that applies."""
    text: str | None = _text(_row(node, facts))
    return text


def _share(text: str) -> Fraction:
    return Fraction(text.removesuffix("%")) / 100


def _adjusted(found: Fraction, change: Mapping[str, Any]) -> Fraction:
    if "plus" in change:
        return found + _share(change["plus"])
    if "minus" in change:
        return max(Fraction(0), found - _share(change["minus"]))
    return found * _share(change["times"])


def holds(node: Any, facts: Mapping[str, Any]) -> bool:
    """All of `when` and none of `unless`; nothing written means always.

    One test that is known to fail decides; only then does a fact nobody stated matter. Raises
    Refused.
    """
    node = node or {}
    answers: list[bool | Refused] = []
    for part, right in (("when", True), ("unless", False)):
        for fact, wanted in sorted((node.get(part) or {}).items()):
            try:
                answers.append(_test(fact, wanted, facts) == right)
            except Refused as unknown:
                answers.append(unknown)
    if False in answers:
        return False
    for answer in answers:
        if isinstance(answer, Refused):
            raise answer
    return True


def _test(fact: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    found = facts.get(fact)
    if fact in ("identity", "designation"):
        found = found or ()
    if found is None:
        raise Refused("fact", fact)
    if fact in ("age", "admission_number"):
        if isinstance(wanted, str):
            return bool(found == int(wanted))
        low, high = wanted.get("from"), wanted.get("to")
        return (low is None or found >= int(low)) and (high is None or found <= int(high))
    values = [wanted] if isinstance(wanted, str) else wanted
    if fact in ("referral", "emergency", "third_party_liability", "surgery"):
        return any(_YES[v] == found for v in values)
    codes = [_LABELS.get(fact, {}).get(v, v) for v in values]
    if fact == "diagnosis":
        return any(found.startswith(code) for code in codes)
    if fact in ("identity", "designation"):
        return any(code in found for code in codes)
    return found in codes
