"""Facts that policies ask about (情形), and the conditions that ask them (条件).

A fact nobody stated is None: a condition that needs it refuses by naming it, since unknown is
not "no".
"""

from dataclasses import dataclass

from contracts.vocabulary import AdministrativeLevel, Identity, InstitutionTier, Place


class FactNotStated(Exception):
    """A look-up needs a fact that the bill, the institution or the person did not state."""

    def __init__(self, fact: str):
        """Name the fact by its key."""
        self.fact = fact
        super().__init__(f"缺少“{FACT_LABELS[fact]}”（{fact}），无法判定适用的标准")


@dataclass(frozen=True)
class Facts:
    """Everything a look-up may ask, for one stay (一次住院的情形).

    `identities` and `designations` are sets of codes; `diagnosis` is a code of the system and
    version declared on the bill; `age` in completed years on the day the book names;
    `admission_number` counts the person's stays of the benefit year from 1.
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
    designations: frozenset[str] = frozenset()
    age: int | None = None
    admission_number: int | None = None


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
    "designation": "定点资格",
    "age": "年龄",
    "admission_number": "本年度第几次住院",
}
"""Keys of conditions, and what users read for them."""

CODES: dict[str, dict[str, str]] = {
    "identity": {i.value: i.label for i in Identity},
    "tier": {t.value: t.label for t in InstitutionTier},
    "level": {level.value: level.label for level in AdministrativeLevel},
    "place": {p.value: p.label for p in Place},
}
"""Facts with a fixed list of codes, and the label of each."""

FLAGS = frozenset({"referral", "emergency", "third_party_liability", "surgery"})
NUMBERS = frozenset({"age", "admission_number"})
SETS = frozenset({"identity", "designation"})
_FIELD = {"identity": "identities", "designation": "designations"}


@dataclass(frozen=True)
class Test:
    """One question to one fact (一项判定): is it among these values, or inside this range?

    For sets the answer is yes when any member matches; diagnoses match by prefix, so that a
    category stands for its sub-categories. `least` and `most` are inclusive.
    """

    fact: str
    values: frozenset[str] = frozenset()
    least: int | None = None
    most: int | None = None

    def holds(self, facts: Facts) -> bool:
        """Whether the fact satisfies this test. Raises FactNotStated."""
        found = getattr(facts, _FIELD.get(self.fact, self.fact))
        if found is None:
            raise FactNotStated(self.fact)
        if self.fact in SETS:
            return not self.values.isdisjoint(found)
        if self.fact in NUMBERS:
            return (self.least is None or found >= self.least) and (
                self.most is None or found <= self.most
            )
        if self.fact in FLAGS:
            return ("yes" if found else "no") in self.values
        if self.fact == "diagnosis":
            return any(found.startswith(code) for code in self.values)
        return found in self.values


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
