"""What settlements say, by the letter (模型中的结算): each after those that count before it.

What one says comes from the oracle alone. Beside it stands what each fund owes the hospital of it
as it is booked, which is another thing where the law sends differences directly to the patient.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from tests.settlement.whole_life.two_regions import HOSPITALS, NORTH, PEOPLE, law_on
from tests.support.oracle import Answer, Claim, settle_by_the_letter
from tests.support.oracle_text import counters_of, is_of_episode, pays_the_bill, sums_of

StayKey = tuple[str, str]
"""The hospital, and its stay number."""

Referral = bool | None
"""Whether the patient was referred; None where nobody said."""

YearKey = tuple[str, date]
"""The id a total is kept under, and the first day of its benefit year."""


@dataclass(frozen=True)
class Counted:
    """A settlement that counts: what it was made from, and what it says.

    `ordinal` counts the settlements of its stay, undone ones among them. `owed` is what each fund
    owes the hospital of it as it is booked.
    """

    stay: StayKey
    ordinal: int
    law: str
    person: str
    records: tuple[str, ...]
    facts: Mapping[str, Any]
    amounts: Mapping[str, int]
    elsewhere: Mapping[str, int]
    years: Mapping[str, date]
    answer: Answer = field(default_factory=Answer)
    moves: Mapping[str, int] = field(default_factory=dict)
    owed: Mapping[str, int] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """Where the person is enrolled."""
        return PEOPLE[self.person].region

    @property
    def shares(self) -> dict[str, int]:
        """What each payer's layer pays of the bill."""
        layers = [x for x in document_of(self.law)["layers"] if pays_the_bill(x)]
        return {x["id"]: fen for x in layers if (fen := self.answer.paid[x["id"]])}


@cache
def document_of(law: str) -> Mapping[str, Any]:
    """The tree of a text; nothing here changes it."""
    found: Mapping[str, Any] = json.loads(law)
    return found


def totals_of(live: Iterable[Counted]) -> dict[YearKey, Counter[str]]:
    """What settlements count in each benefit year."""
    found: dict[YearKey, Counter[str]] = {}
    for counted in live:
        for name, moved in counted.moves.items():
            key = counted.person, counted.years[name.partition("@")[0]]
            found.setdefault(key, Counter())[name] += moved
    return found


def settled(counted: Counted, totals: Mapping[YearKey, Mapping[str, int]]) -> Counted:
    """The settlement after these totals. Raises Refused."""
    before: Counter[str] = Counter()
    for record in counted.records:
        for first_day in sorted(set(counted.years.values())):
            for name, total in totals.get((record, first_day), {}).items():
                if counted.years.get(name.partition("@")[0]) == first_day:
                    before[name] += total
    tier = counted.facts["tier"]
    facts = {
        **counted.facts,
        "admission_number": before["admissions"] + 1,
        "same_tier_admission_number": before[f"admissions@{tier}"] + 1,
    }
    claim = Claim(counted.amounts, facts, dict(before), counted.elsewhere)
    answer = settle_by_the_letter(counted.law, claim)
    moves = {n: m for n, total in answer.counters.items() if (m := total - before.get(n, 0))}
    return replace(counted, answer=answer, moves=moves)


def made_again(before: Iterable[Counted], *, desk: str) -> list[Counted]:
    """Each as it is after those before it; `desk` is where it was caused. Raises Refused."""
    found: list[Counted] = []
    for counted in before:
        again = settled(counted, totals_of(found))
        found.append(replace(again, owed=_owed_after(counted, again, desk)))
    return found


def owed_at_first(counted: Counted) -> Counter[str]:
    """What funds owe the hospital of a settlement that nothing was changed about."""
    return _of_the_bill(counted) + _surplus(counted)


def _owed_after(before: Counted, again: Counted, desk: str) -> Counter[str]:
    """South sends what others cause directly between the fund and the patient; a hospital's own
    desk pays back or collects by itself, and a fixed price's surplus is the hospital's anyway."""
    owed = Counter(before.owed)
    owed.subtract(_surplus(before))
    owed.update(_surplus(again))
    if before.region == NORTH or before.stay[0] == desk:
        owed.subtract(_of_the_bill(before))
        owed.update(_of_the_bill(again))
    return owed


def _of_the_bill(counted: Counted) -> Counter[str]:
    found: Counter[str] = Counter()
    for layer in document_of(counted.law)["layers"]:
        if pays_the_bill(layer):
            found[fund_of(layer)] += counted.answer.paid[layer["id"]]
    return found


def _surplus(counted: Counted) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, kind, _, fund, fen in counted.answer.outside:
        found[fund] += fen if kind == "surplus" else 0
    return found


def fund_of(layer: Mapping[str, Any]) -> str:
    """Whose money a layer pays: the pool's, of the payer."""
    pool = layer["pool"]
    return f"{pool['code'] if isinstance(pool, dict) else pool}-{layer['payer']}"


def funds_of(region: str) -> list[str]:
    """Every fund that a region's law knows."""
    law = law_on(region, date.min, is_published=False)
    return sorted({fund_of(layer) for layer in document_of(law)["layers"]})


def named(amounts: Mapping[str, int]) -> dict[str, int]:
    """What the bill states, and what follows from it."""
    named = dict(amounts)
    if "in_scope" in named:
        named["out_of_scope"] = named["total"] - named["in_scope"]
    return named


def years_of(
    document: Mapping[str, Any], dates: Mapping[str, date], *, began: date
) -> dict[str, date]:
    """The first day of the benefit year that each counter belongs to; what is counted by episode
    belongs to that of the day on which the first stay of it began."""
    whole = document["dates"]["benefit_year"]
    years = {f"sum.{name}": _began(whole, dates) for name in sums_of(document)}
    years["admissions"] = _began(whole, dates)
    for layer in document["layers"]:
        rule = layer.get("benefit_year") or whole
        if is_of_episode(layer):
            years |= dict.fromkeys(counters_of(layer), _began(rule, dict.fromkeys(dates, began)))
        else:
            years |= dict.fromkeys(counters_of(layer), _began(rule, dates))
    return years


def _began(rule: Mapping[str, str], dates: Mapping[str, date]) -> date:
    day = dates[rule["chosen_by"]]
    month, first = (int(part) for part in rule["begins"].split("-"))
    this_year = date(day.year, month, first)
    return this_year if this_year <= day else date(day.year - 1, month, first)


def facts_of(
    hospital_id: str,
    person: str,
    referral: Referral,
    dates: Mapping[str, date],
    *,
    goes_on: bool,
) -> dict[str, Any]:
    """What the law asks about."""
    somebody, hospital = PEOPLE[person], HOSPITALS[hospital_id]
    person_on = {
        name: {"identity": somebody.identities_on(day), "age": None} for name, day in dates.items()
    }
    return {
        "identity": person_on["admission"]["identity"],
        "person_on": person_on,
        "tier": hospital.tier,
        "level": hospital.level,
        "place": hospital.places[somebody.region],
        "referral": referral,
        "care": "inpatient",
        "occasion": "discharge",
        # Who stays on lies there that night, too.
        "days": (dates["discharge"] - dates["admission"]).days + goes_on,
        **{f"{name}_date": day for name, day in dates.items()},
    }
