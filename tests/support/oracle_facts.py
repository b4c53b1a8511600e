"""What the oracle knows of a stay (对照算法看情形): facts as seen by one layer, and conditions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.vocabulary import AdministrativeLevel, Identity, InstitutionTier, Place

_YES = {"yes": True, "是": True, "true": True, "no": False, "否": False, "false": False}
_LABELS: dict[str, dict[str, str]] = {
    "identity": {i.label: i.value for i in Identity},
    "tier": {t.label: t.value for t in InstitutionTier},
    "level": {level.label: level.value for level in AdministrativeLevel},
    "place": {p.label: p.value for p in Place},
    "care": {
        "住院": "inpatient",
        "普通门诊": "outpatient",
        "门诊慢特病": "outpatient_special",
        "生育": "maternity",
        "特药购药": "drug_purchase",
    },
    "occasion": {"出院结算": "discharge", "年终结算": "year_end", "依申请": "application"},
    "disease": {"无": "none"},
    "transfer": {
        "不是转入": "none",
        "由下级医院转入": "from_lower",
        "由同级医院转入": "from_same",
        "由上级医院转入": "from_higher",
    },
}


class Refused(Exception):
    """The law cannot be applied: `kind` of thing that is wanting, and its `name`."""

    def __init__(self, kind: str, name: str):
        self.kind, self.name = kind, name
        super().__init__(f"{kind}: {name}")


@dataclass(frozen=True)
class View:
    """What one look-up sees: the facts, and the parameters with the status of the document."""

    facts: Mapping[str, Any]
    parameters: Mapping[str, Any]
    status: str


def view_of(document: Mapping[str, Any], stated: Mapping[str, Any], status: str) -> View:
    """The stay as the document sees it; what the bill declares stands beside the other facts."""
    facts = {**stated, **stated.get("declared", {})}
    first = (document.get("people") or {}).get("precedence")
    return View(_with_precedence(facts, first), document.get("parameters") or {}, status)


def view_of_layer(
    document: Mapping[str, Any], layer: Mapping[str, Any], stated: Mapping[str, Any], status: str
) -> View:
    """The stay as one layer sees it: on its own day, with its own precedence."""
    facts = {**stated, **stated.get("declared", {})}
    day = layer.get("person_asked_as_of")
    if day and day != document["dates"]["person_asked_as_of"]:
        on = stated["person_on"].get(day)
        if on is None:
            raise Refused("fact", "identity")
        facts |= on
    first = layer.get("precedence") or (document.get("people") or {}).get("precedence")
    return View(_with_precedence(facts, first), document.get("parameters") or {}, status)


def _with_precedence(facts: Mapping[str, Any], order: Any) -> dict[str, Any]:
    """Of the identities in the list only the first one held counts."""
    if isinstance(order, dict):
        order = order["order"]
    listed = _codes("identity", order or [])
    held = facts.get("identity") or ()
    counted = next((code for code in listed if code in held), None)
    kept = [code for code in held if code not in listed or code == counted]
    return {**facts, "identity": kept}


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


def number_of(fact: str, facts: Mapping[str, Any]) -> int:
    """A fact that is a number. Raises Refused where nobody stated it."""
    found = facts.get(fact)
    if found is None:
        raise Refused("fact", fact)
    return int(found)


def key_of(fact: str, facts: Mapping[str, Any]) -> str:
    """The value of a fact that totals are kept apart by. Raises Refused."""
    found = facts.get(fact)
    if found is None:
        raise Refused("fact", fact)
    return _LABELS.get(fact, {}).get(found, str(found))


def _codes(fact: str, values: Iterable[str]) -> list[str]:
    return [_LABELS.get(fact, {}).get(v, v) for v in values]


def _test(fact: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    found = facts.get(fact)
    if fact in ("identity", "designation"):
        found = found or ()
    if found is None:
        raise Refused("fact", fact)
    if isinstance(found, bool):
        return any(_YES[v] == found for v in ([wanted] if isinstance(wanted, str) else wanted))
    if isinstance(found, int | date):
        return _within(found, wanted)
    codes = _codes(fact, [wanted] if isinstance(wanted, str) else wanted)
    if fact == "diagnosis":
        return any(found.startswith(code) for code in codes)
    if fact in ("identity", "designation"):
        return any(code in found for code in codes)
    return _codes(fact, [found])[0] in codes


def _within(found: int | date, wanted: Any) -> bool:
    """Both ends of a range belong to it; one value alone is a range of one."""

    def read(text: str) -> Any:
        return date.fromisoformat(text) if isinstance(found, date) else int(text)

    if isinstance(wanted, str):
        return bool(found == read(wanted))
    low, high = wanted.get("from"), wanted.get("to")
    return (low is None or found >= read(low)) and (high is None or found <= read(high))
