"""What a policy says (政策文本的结构): one document as values, before anything is computed.

A policy is an ordered list of layers (报销层). Every layer looks at a base, takes off a
deductible, applies rates in bands, holds the result under caps and moves counters. Every number
may depend on facts, and carries its evidence. Nothing here knows a county.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from contracts.vocabulary import Payer, RegionCode, Scheme
from settlement.law.evidence import Evidence, Source
from settlement.law.exact import Ratio
from settlement.law.facts import Condition

READABLE_LANGUAGES = ("1",)
"""Versions of the policy language that can be read; each document states its own, which is
stored in the ledger beside its text. A later version joins this list and replaces none."""

BENEFIT_ADMISSIONS = "admissions"
"""Counter of the stays settled in a benefit year (本年度住院次数)."""


class Unit(StrEnum):
    """What a number measures."""

    AMOUNT = "amount"
    RATIO = "ratio"


@dataclass(frozen=True)
class Missing:
    """A number nobody knows (缺失): stops the settlements that reach it, by name."""

    reason: str


@dataclass(frozen=True)
class Unlimited:
    """No limit (不设限)."""


Stated = int | Ratio | Missing | Unlimited
"""An amount in fen, a ratio, a number nobody knows, or no limit."""


@dataclass(frozen=True)
class Adjustment:
    """A change to a number for some people or places (调整), applied before any arithmetic."""

    condition: Condition
    plus: Ratio | None
    minus: Ratio | None
    times: Ratio | None
    evidence: Evidence


@dataclass(frozen=True)
class Choice:
    """One row of a look-up (一行标准): the first row whose condition holds gives the number."""

    condition: Condition
    value: Stated
    evidence: Evidence


@dataclass(frozen=True)
class Number:
    """A number of the policy (参数), with its rows, adjustments and ceiling.

    `name` is its path in the document, such as `basic.deductible`; users see it when it is
    missing or assumed.
    """

    name: str
    unit: Unit
    choices: tuple[Choice, ...]
    adjustments: tuple[Adjustment, ...] = ()
    at_most: Ratio | None = None
    at_most_evidence: Evidence | None = None


@dataclass(frozen=True)
class Term:
    """One signed name in a base: `- basic` is Term(-1, "basic")."""

    sign: int
    name: str


@dataclass(frozen=True)
class Expression:
    """A sum and difference of named amounts (口径), such as `in_scope - basic - critical`."""

    terms: tuple[Term, ...]

    @cached_property
    def text(self) -> str:
        """As written in the policy."""
        text = " ".join(f"{'-' if t.sign < 0 else '+'} {t.name}" for t in self.terms)
        return text.removeprefix("+ ")

    def __str__(self) -> str:
        """The same text."""
        return self.text


_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\s*")


def parse_expression(text: str) -> Expression:
    """Read `in_scope - basic`; a name stands in it once. Raises ValueError with what is wrong."""
    terms: list[Term] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (terms and not match[1]):
            raise ValueError(f"口径“{text}”应写成名称的加减，如 in_scope - basic")
        if any(term.name == match[2] for term in terms):
            raise ValueError(f"口径“{text}”里“{match[2]}”出现了两次")
        terms.append(Term(-1 if match[1] == "-" else 1, match[2]))
        at = match.end()
    if not terms:
        raise ValueError("口径不能为空")
    return Expression(tuple(terms))


class Period(StrEnum):
    """Over what a deductible or a cap runs (计算周期)."""

    STAY = "stay"
    YEAR = "year"


class ThresholdKind(StrEnum):
    """What passing a threshold does: deducted (起付线，扣除) or a trigger (门槛，不扣除)."""

    DEDUCTED = "deducted"
    TRIGGER = "trigger"


class BandsFrom(StrEnum):
    """Where band edges are measured from (分段起点): the gross burden, or what lies above the
    deductible."""

    ZERO = "zero"
    DEDUCTIBLE = "deductible"


@dataclass(frozen=True)
class Deductible:
    """Deductible (起付线). Yearly ones move a counter of the layer's accumulated base.

    `taken_from` is the order of parts it eats; parts not listed are never touched, and what they
    cost does not move the yearly counter either.
    """

    amount: Number
    period: Period
    kind: ThresholdKind
    taken_from: tuple[str, ...]
    order_evidence: Evidence
    counter: str | None


@dataclass(frozen=True)
class Band:
    """One marginal band (段): `up_to` is None for the last."""

    up_to: Number | None
    rate: Number


@dataclass(frozen=True)
class Part:
    """A slice of a layer with a base and rates of its own (分项).

    `first_self_pay` is taken off after the deductible and composed with the rate before the one
    rounding. `minus` is taken off after the rate: a top-up to a target (补足) is a rate on what
    the target measures, minus what was already paid.
    """

    id: str
    name: str
    base: Expression
    base_evidence: Evidence
    first_self_pay: Number | None
    bands: tuple[Band, ...]
    bands_from: BandsFrom
    minus: Expression | None
    minus_evidence: Evidence


class CapOf(StrEnum):
    """What a cap limits: what is paid (封顶支付) or the cost looked at (封顶费用)."""

    PAYMENT = "payment"
    COST = "cost"


@dataclass(frozen=True)
class Cap:
    """Cap (封顶线). Yearly ones move a counter; a shared counter is a shared cap."""

    amount: Number
    period: Period
    of: CapOf
    counter: str | None


class RoundingMode(StrEnum):
    """How a step is rounded (取整方式); ties are what the modes differ in, or the direction."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"

    @property
    def label(self) -> str:
        """What users read."""
        return _ROUNDING_LABELS[self.value]


_ROUNDING_LABELS = {
    "half_up": "四舍五入",
    "half_even": "四舍六入五成双",
    "down": "舍去",
    "up": "进一",
}
_QUANTUM_LABELS = {1: "分", 10: "角", 100: "元"}


@dataclass(frozen=True)
class Rounding:
    """Rounding of every step (取整): to a quantum of 1 fen, 10 (角) or 100 (元).

    `name` is its path in the document: `rounding`, or `basic.rounding` for a layer's own.
    """

    mode: RoundingMode
    quantum_fen: int
    name: str
    evidence: Evidence

    @cached_property
    def code(self) -> str:
        """As stored beside a step: `half_up/1`."""
        return f"{self.mode.value}/{self.quantum_fen}"

    @property
    def label(self) -> str:
        """What users read: 四舍五入到分."""
        return f"{self.mode.label}到{_QUANTUM_LABELS[self.quantum_fen]}"


@dataclass(frozen=True)
class BenefitYear:
    """The year counters run over (待遇年度): its first day, and the date that picks it."""

    begins_month: int
    begins_day: int
    chosen_by: "StayDate"

    def first_day(self, day: date) -> date:
        """The first day of the benefit year that `day` falls in."""
        begins = date(day.year, self.begins_month, self.begins_day)
        return begins if day >= begins else date(day.year - 1, self.begins_month, self.begins_day)


class StayDate(StrEnum):
    """A date of a stay that a rule may go by."""

    ADMISSION = "admission"
    DISCHARGE = "discharge"
    SETTLEMENT = "settlement"


@dataclass(frozen=True)
class Elsewhere:
    """The layer is decided by another system (外部结算); its amount arrives with the bill.

    `at_most` names what the amount can be checked against.
    """

    decided_by: str
    at_most: Expression
    evidence: Evidence


@dataclass(frozen=True)
class Layer:
    """One layer of the cascade (一层保障).

    `pool` is the pooling region of the payer's fund (统筹区); None for the hospital's own share.
    Exactly one of `parts` and `elsewhere` is given.
    """

    id: str
    name: str
    payer: Payer
    pool: RegionCode | None
    pool_evidence: Evidence
    article: str | None
    condition: Condition
    condition_evidence: Evidence
    parts: tuple[Part, ...]
    deductible: Deductible | None
    caps: tuple[Cap, ...]
    rounding: Rounding
    benefit_year: BenefitYear
    elsewhere: Elsewhere | None = None

    @cached_property
    def fund_id(self) -> str | None:
        """The fund that owes this layer (基金): pooling region and payer."""
        return f"{self.pool}-{self.payer.value}" if self.pool else None

    @property
    def counters(self) -> tuple[str, ...]:
        """Counters this layer reads and moves."""
        names = [self.deductible.counter] if self.deductible else []
        names += [cap.counter for cap in self.caps]
        return tuple(dict.fromkeys(n for n in names if n))


@dataclass(frozen=True)
class Policy:
    """One complete document: region × scheme × version (一份政策).

    `not_entered` are rules of its sources that are known and not written here (未录入).
    """

    region: RegionCode
    region_name: str
    region_evidence: Evidence
    scheme: Scheme
    version: int
    title: str
    in_force_from: date
    in_force_to: date | None
    in_force_evidence: Evidence
    published: date | None
    version_chosen_by: StayDate
    person_asked_as_of: StayDate
    dates_evidence: Evidence
    benefit_year: BenefitYear
    sources: tuple[Source, ...]
    layers: tuple[Layer, ...]
    language_version: str
    fingerprint: str
    canonical_text: str
    fictional: bool = False
    not_entered: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How users see which version was applied."""
        return f"{self.region_name} {self.scheme.label} {self.in_force_from} v{self.version}"

    def source(self, source_id: str) -> Source:
        """The source with this id; reading a policy has made sure it exists."""
        return next(s for s in self.sources if s.id == source_id)

    def layer(self, layer_id: str) -> Layer:
        """The layer with this id. Raises KeyError."""
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)


def numbers_of(layer: Layer) -> tuple[Number, ...]:
    """Every number of a layer, in the order the arithmetic meets them."""
    found: list[Number] = []
    if layer.deductible:
        found.append(layer.deductible.amount)
    for part in layer.parts:
        if part.first_self_pay:
            found.append(part.first_self_pay)
        for band in part.bands:
            found += [band.up_to] if band.up_to else []
            found.append(band.rate)
    found += [cap.amount for cap in layer.caps]
    return tuple(found)


def assumptions_of(policy: Policy) -> list[tuple[str, Evidence]]:
    """What the whole document assumes, whatever the bill: place, dates in force, date rules."""
    documentary = [
        ("region", policy.region_evidence),
        ("in_force", policy.in_force_evidence),
        ("dates", policy.dates_evidence),
    ]
    return [(name, evidence) for name, evidence in documentary if not evidence.is_stated]
