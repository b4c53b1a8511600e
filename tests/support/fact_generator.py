"""Facts of stays made up at random (虚构情形): who, where, what for, and what a policy asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from contracts.vocabulary import Identity
from tests.support.policy_author import DECLARED

_GROUPS = (
    *(i.value for i in Identity),
    "subsistence_allowance",
    "extreme_hardship",
    "subsistence_margin",
    "local_made_up",
)
"""Every identity; the last four, which made-up policies ask about, are drawn more often."""

_NO_CODES = ("plan", "disease", "diagnosis", "designation")
_LISTS = ("identity", "designation")


@dataclass(frozen=True)
class Asked:
    """What a policy asks of bills in words of its own.

    `declared`: its `asks`; `words`: the values that its conditions compare a fact with, where no
    list of codes says them; `items`: the item classes it names; `person_day`: whose day it is.
    """

    declared: Mapping[str, Any] = field(default_factory=lambda: DECLARED)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    items: tuple[str, ...] = ("drug", "bed")
    person_day: str = "admission"


MADE_UP = Asked()
"""What made-up policies ask."""


def asked_by(*documents: Mapping[str, Any]) -> Asked:
    """What these documents ask, from their trees; they go by the person of the same day."""
    declared: dict[str, Any] = {}
    words: dict[str, dict[str, None]] = {}
    items: dict[str, None] = dict.fromkeys(MADE_UP.items)
    for document in documents:
        declared |= document.get("asks") or {}
        for key, text in _texts(document):
            if key in _NO_CODES or (key == "identity" and text.startswith("local_")):
                words.setdefault(key, {})[text] = None
            items |= dict.fromkeys(w[5:] for w in text.split() if w.startswith("item."))
    return Asked(
        declared=declared,
        words={key: tuple(found) for key, found in words.items()},
        items=tuple(items),
        person_day=documents[0]["dates"]["person_asked_as_of"],
    )


def _texts(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a tree, with the key it stands under."""
    if isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _texts(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner, key)
    else:
        yield key, str(node)


def make_facts(chance: Random, asked: Asked = MADE_UP, *, full: bool) -> dict[str, Any]:
    """Facts of one stay; unless `full`, some of them were never stated."""
    local = asked.words.get("identity", ())
    groups = (*_GROUPS, *_GROUPS[-4:], *_GROUPS[-4:], *local)

    def word(fact: str, *usual: str) -> str:
        return chance.choice((*usual, *asked.words.get(fact, ())))

    facts: dict[str, Any] = {
        "identity": chance.sample(groups, chance.choice((0, 1, 1, 2))),
        "designation": chance.choice(([], [], ["city_designated"], [word("designation", "其他")])),
        "tier": chance.choice(("township", "level_1", "level_2", "level_2", "level_3")),
        "level": chance.choice(("township", "county", "city", "province")),
        "place": chance.choice(("in_county", "in_city", "in_province", "out_of_province")),
        "plan": word("plan", "first", "second", "一档"),
        "referral": chance.random() < 0.5,
        "emergency": chance.random() < 0.2,
        "third_party_liability": chance.random() < 0.1,
        "surgery": chance.random() < 0.4,
        "diagnosis": word("diagnosis", "C50.9", "I21.0", "J18"),
        "age": chance.choice((3, 14, 15, 45, 60, 80, 81)),
        "admission_number": chance.choice((1, 1, 2, 3)),
        "care": chance.choice(("inpatient", "inpatient", "outpatient", "outpatient_special")),
        "disease": _none_in_code(word("disease", "none", "none", "肺结核", "重症精神病")),
        "days": chance.choice((0, 3, 10, 45)),
        "same_tier_admission_number": chance.choice((1, 1, 2, 3)),
        "admission_date": date(2020, 1, 1) + timedelta(days=chance.randrange(366)),
        "crosses_year": chance.random() < 0.2,
        "late_claim": chance.random() < 0.2,
        "occasion": chance.choice(("discharge", "discharge", "year_end", "application")),
    }
    facts["discharge_date"] = facts["admission_date"] + timedelta(days=facts["days"])
    facts["settlement_date"] = facts["discharge_date"] + timedelta(days=chance.choice((0, 60)))
    declared = {name: _declare(chance, ask) for name, ask in asked.declared.items()}
    if not full:
        facts = {name: _perhaps_unknown(chance, name, fact) for name, fact in facts.items()}
        declared = {name: fact for name, fact in declared.items() if chance.random() < 0.9}
    facts["declared"] = declared
    facts["person_on"] = _person_on(chance, facts, asked.person_day, full=full)
    return facts


def on_these_days(facts: dict[str, Any], dates: Mapping[str, date]) -> dict[str, Any]:
    """The same facts, with the days of the stay where they were stated at all."""
    told: dict[str, Any] = {f"{name}_date": day for name, day in dates.items()}
    told["days"] = (dates["discharge"] - dates["admission"]).days
    return facts | {name: found for name, found in told.items() if facts[name] is not None}


def _none_in_code(disease: str) -> str:
    return "none" if disease == "无" else disease


def _declare(chance: Random, ask: Mapping[str, Any]) -> bool | int | str:
    if ask["kind"] == "yes_no":
        return chance.random() < 0.5
    if ask["kind"] == "number":
        return chance.choice((0, 1, 3, 5, 11))
    found: str = chance.choice(ask["words"])
    return found


def _perhaps_unknown(chance: Random, name: str, fact: Any) -> Any:
    """Identities and designations are lists, which may be empty; anything else may be unknown."""
    if name in _LISTS or chance.random() > 0.07:
        return fact
    return None


def _person_on(
    chance: Random, facts: Mapping[str, Any], own_day: str, *, full: bool
) -> dict[str, Any]:
    """The person on each of the three days; on the document's own day as the facts say."""
    on = {}
    for day in ("admission", "discharge", "settlement"):
        age = facts["age"]
        on[day] = {"identity": facts["identity"], "age": age}
        if day == own_day:
            continue
        on[day]["identity"] = chance.choice((facts["identity"], chance.sample(_GROUPS, 1)))
        on[day]["age"] = None if age is None else age + chance.choice((0, 1))
        if not full and chance.random() < 0.1:
            on[day]["age"] = None
    return on
