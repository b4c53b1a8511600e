"""Facts that policies ask about (情形), and the conditions that ask them (条件).

A fact nobody stated is None: a condition that needs it refuses by naming it, since unknown is
not "no".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import Enum
from typing import Any

from contracts.vocabulary import (
    AdministrativeLevel,
    Care,
    Identity,
    InstitutionTier,
    Occasion,
    Place,
    Transfer,
)

NO_DISEASE = "none"
"""Declared instead of a listed disease: the visit is not settled under any (无病种)."""


class FactNotStated(Exception):
    """A look-up needs a fact that the bill, the institution or the person did not state."""

    def __init__(self, fact: str, label: str | None = None):
        """Name the fact by its key, and by what users read for it."""
        self.fact = fact
        super().__init__(f"缺少“{label or FACT_LABELS[fact]}”（{fact}），无法判定适用的标准")


@dataclass(frozen=True)
class PersonOn:
    """Who the person was on another day than the document's (另一日的身份)."""

    identities: frozenset[str] = frozenset()
    age: int | None = None


@dataclass(frozen=True)
class Facts:
    """Everything a look-up may ask, for one stay (一次住院的情形).

    `identities` and `designations` are sets of codes; `diagnosis` is a code of the system and
    version declared on the bill, `disease` the listed disease it is settled under (NO_DISEASE:
    declared that there is none); `age` in completed years on the day the book names;
    `admission_number` counts the person's stays of the benefit year from 1,
    `same_tier_admission_number` those in hospitals of this tier; `days` is discharge minus
    admission. `part` counts the parts of a stay that is settled in parts from 1, `transfer` says
    from what hospital it goes on; `episode` names the stays that hang together, where totals are
    kept for them. `declared` holds what a policy asks of the bill by names of its own, `person_on`
    the person on the other days its layers go by (keys of StayDate).
    """

    identities: frozenset[str] = frozenset()
    tier: str | None = None
    level: str | None = None
    place: str | None = None
    plan: str | None = None
    referral: bool | None = None
    emergency: bool | None = None
    third_party_liability: bool | None = None
    surgery: bool | None = None
    diagnosis: str | None = None
    disease: str | None = None
    care: str | None = None
    occasion: str | None = None
    designations: frozenset[str] = frozenset()
    age: int | None = None
    admission_number: int | None = None
    same_tier_admission_number: int | None = None
    days: int | None = None
    admission_date: date | None = None
    discharge_date: date | None = None
    settlement_date: date | None = None
    crosses_year: bool | None = None
    late_claim: bool | None = None
    part: int | None = None
    transfer: str | None = None
    episode: str | None = None
    declared: Mapping[str, bool | int | str] = field(default_factory=dict)
    person_on: Mapping[str, PersonOn] = field(default_factory=dict)

    def value(self, fact: str) -> Any:
        """What is known of a fact, by its key in conditions; None where nobody said."""
        name = FIELD_OF_FACT.get(fact, fact)
        return getattr(self, name) if name in _OWN else self.declared.get(fact)

    def number(self, fact: str, label: str) -> int:
        """A fact that counts something. Raises FactNotStated."""
        found = self.value(fact)
        if found is None:
            raise FactNotStated(fact, label)
        return int(found)


FACT_LABELS = {
    "identity": "身份",
    "tier": "医院等级",
    "level": "医院隶属层级",
    "place": "就医地",
    "plan": "参保档次",
    "referral": "是否规范转诊",
    "emergency": "是否急诊抢救",
    "third_party_liability": "是否有第三方责任",
    "surgery": "是否手术",
    "diagnosis": "诊断编码",
    "disease": "病种",
    "care": "医疗类别",
    "occasion": "结算场合",
    "designation": "定点资格",
    "age": "年龄",
    "admission_number": "本年度第几次住院",
    "same_tier_admission_number": "本年度同级医院第几次住院",
    "days": "住院天数",
    "admission_date": "入院日期",
    "discharge_date": "出院日期",
    "settlement_date": "结算日期",
    "crosses_year": "是否跨年度住院",
    "late_claim": "是否逾期申报",
    "part": "第几段",
    "transfer": "转院",
}
"""Keys of conditions, and what users read for them."""

CODES: dict[str, dict[str, str]] = {
    "identity": {i.value: i.label for i in Identity},
    "tier": {t.value: t.label for t in InstitutionTier},
    "level": {level.value: level.label for level in AdministrativeLevel},
    "place": {p.value: p.label for p in Place},
    "care": {c.value: c.label for c in Care},
    "occasion": {o.value: o.label for o in Occasion},
    "transfer": {t.value: t.label for t in Transfer},
}
"""Facts with a fixed list of codes, and the label of each."""

FLAGS = frozenset(
    {"referral", "emergency", "third_party_liability", "surgery", "crosses_year", "late_claim"}
)
NUMBERS = frozenset({"age", "admission_number", "same_tier_admission_number", "days", "part"})
DATES = frozenset({"admission_date", "discharge_date", "settlement_date"})
SETS = frozenset({"identity", "designation"})
KEYS_OF_COUNTERS = frozenset({"tier", "level", "place", "care", "plan", "disease"})
"""Facts that may give a yearly total of its own to each of their values (分别累计)."""

FIELD_OF_FACT = {"identity": "identities", "designation": "designations"}
"""Where a fact's key is not the name of its field in Facts."""
_OWN = frozenset(f.name for f in fields(Facts)) - {"declared", "person_on"}


class FactKind(Enum):
    """What sort of answer a fact has (情形的类型)."""

    SET = "set"
    YES_NO = "yes_no"
    NUMBER = "number"
    DATE = "date"
    WORD = "word"


@dataclass(frozen=True)
class Ask:
    """A fact that a policy asks of the bill by a name of its own (另须申报的情形).

    `words` are what a WORD may be.
    """

    id: str
    label: str
    kind: FactKind
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalIdentity:
    """An identity that only this region knows (地方身份): its code and what users read."""

    id: str
    label: str


@dataclass(frozen=True)
class Test:
    """One question to one fact (一项判定): is it among these values, or inside this range?

    For sets the answer is yes when any member matches; diagnoses match by prefix, so that a
    category stands for its sub-categories. `least` and `most` are inclusive; of a date they are
    its ordinals. `ask` is given for facts that the policy itself names, `names` for identities
    that it does: what users read for each such code.
    """

    fact: str
    values: frozenset[str] = frozenset()
    least: int | None = None
    most: int | None = None
    ask: Ask | None = None
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def codes(self) -> Mapping[str, str]:
        """The values it may ask for where they are listed, and what users read for each."""
        if self.ask:
            return {word: word for word in self.ask.words}
        return {**CODES.get(self.fact, {}), **self.names}

    @property
    def kind(self) -> FactKind:
        """What sort of answer the fact has."""
        if self.ask:
            return self.ask.kind
        for kind, facts in _KINDS:
            if self.fact in facts:
                return kind
        return FactKind.WORD

    @property
    def label(self) -> str:
        """What users read for the fact."""
        return self.ask.label if self.ask else FACT_LABELS[self.fact]

    def holds(self, facts: Facts) -> bool:
        """Whether the fact satisfies this test. Raises FactNotStated."""
        found = facts.value(self.fact)
        if found is None:
            raise FactNotStated(self.fact, self.label)
        if isinstance(found, frozenset):
            return not self.values.isdisjoint(found)
        if isinstance(found, bool):
            return ("yes" if found else "no") in self.values
        if isinstance(found, date):
            return self._is_inside(found.toordinal())
        if isinstance(found, int):
            return self._is_inside(found)
        if self.fact == "diagnosis":
            return any(found.startswith(code) for code in self.values)
        return found in self.values

    def _is_inside(self, found: int) -> bool:
        return (self.least is None or found >= self.least) and (
            self.most is None or found <= self.most
        )


_KINDS = (
    (FactKind.SET, SETS),
    (FactKind.YES_NO, FLAGS),
    (FactKind.NUMBER, NUMBERS),
    (FactKind.DATE, DATES),
)


@dataclass(frozen=True)
class Condition:
    """All of `when` hold and none of `unless` does (适用条件). Empty means always."""

    when: tuple[Test, ...] = ()
    unless: tuple[Test, ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether nothing is asked."""
        return not self.when and not self.unless

    def holds(self, facts: Facts) -> bool:
        """Whether the condition is met. Raises FactNotStated.

        A test that fails decides, whatever else was not stated: the order of tests does not count.
        """
        unknown: FactNotStated | None = None
        for test, wanted in [(t, True) for t in self.when] + [(t, False) for t in self.unless]:
            try:
                if test.holds(facts) is not wanted:
                    return False
            except FactNotStated as not_stated:
                unknown = unknown or not_stated
        if unknown:
            raise unknown
        return True


ALWAYS = Condition()
