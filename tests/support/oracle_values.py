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
    for change in node.get("adjust") or []:
        if holds(change, facts):
            found = _adjusted(found, change)
    if node.get("at_most") and unit == "share":
        found = min(found, _share(node["at_most"]))
    return found


def _written(node: Any, facts: Mapping[str, Any]) -> str | None:
    """The text of the value in the first row that applies."""
    if isinstance(node, dict) and "choose" in node:
        rows = node["choose"] if isinstance(node["choose"], list) else [node["choose"]]
        row: Any = next((r for r in rows if "otherwise" in r or holds(r, facts)), {})
        node = row.get("otherwise", row)
    return node.get("value") if isinstance(node, dict) else node


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
