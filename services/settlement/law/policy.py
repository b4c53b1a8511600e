"""What a policy says (政策文本的结构): one document as values, before anything is computed.

A policy is an ordered list of layers (报销层). Every layer looks at a base, takes off a
deductible, applies rates in bands, holds the result under caps and moves counters. Every number
may depend on facts, and carries its evidence. Nothing here knows a county.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from contracts.vocabulary import Payer, RegionCode, Scheme
from settlement.law.corrections import Corrections
from settlement.law.evidence import Evidence, Source
from settlement.law.expressions import YEAR, Expression
from settlement.law.facts import Ask, Condition, LocalIdentity
from settlement.law.numbers import Number, Picked, Rule, ShareOf, numbers_in, with_parameters
from settlement.law.people import People
from settlement.law.rounding import Rounding
from settlement.law.stays_in_parts import StaysInParts

READABLE_LANGUAGES = ("1",)
"""Versions of the policy language that can be read; each document states its own, which is
stored in the ledger beside its text. A later version joins this list and replaces none."""

BENEFIT_ADMISSIONS = "admissions"
"""Counter of the stays settled in a benefit year (本年度住院次数); `admissions@level_3` counts
those in hospitals of one tier."""

SUM_COUNTER = "sum."
"""Before a name: the counter of its total over a benefit year, which `year.` names read."""

KEY_OF_COUNTER = "@"
"""Between a counter and the value it counts apart: `basic.paid@level_3`."""

EPISODE = "episode"
"""The stays that a total is kept apart for: `basic.deducted@…`, with the first one's id."""

TOGETHER = "none"
"""Written for `each`: one total, whatever the facts (合并累计)."""


class Period(StrEnum):
    """Over what a deductible or a cap runs (计算周期)."""

    STAY = "stay"
    YEAR = "year"
    EPISODE = "episode"
    """All stays that hang together: parts of one, and those a transfer goes on (连续住院合计)."""


class ThresholdKind(StrEnum):
    """What passing a threshold does: deducted (起付线，扣除) or a trigger (门槛，不扣除)."""

    DEDUCTED = "deducted"
    TRIGGER = "trigger"


class Passed(StrEnum):
    """When a trigger is passed (门槛的界): above it (超过), or already at it (达到)."""

    ABOVE = "above"
    AT = "at"


class BandsFrom(StrEnum):
    """Where band edges are measured from (分段起点): the gross burden, or what lies above the
    deductible."""

    ZERO = "zero"
    DEDUCTIBLE = "deductible"


class FirstTaken(StrEnum):
    """Whether first self-pay comes off before the deductible or after it (先自付的先后)."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Counter:
    """A yearly total (累计器). `each` is the fact whose values count apart, TOGETHER when the
    document says that they do not, None where it does not say."""

    name: str
    each: str | None = None

    @property
    def key_fact(self) -> str | None:
        """The fact whose values count apart, if any."""
        return None if self.each == TOGETHER else self.each


@dataclass(frozen=True)
class DeductionLimit:
    """The most a year's deductions may come to together (起付线年度合计上限)."""

    amount: Rule
    counter: Counter


@dataclass(frozen=True)
class Deductible:
    """Deductible (起付线). Yearly ones move a counter of the layer's accumulated base; those of an
    episode one of what was deducted.

    `taken_from` is the order of parts it eats; parts not listed are never touched, and what they
    cost does not move the yearly counter either.
    """

    amount: Rule
    period: Period
    kind: ThresholdKind
    taken_from: tuple[str, ...]
    order_evidence: Evidence
    counter: Counter | None
    passed: Passed = Passed.ABOVE
    limit: DeductionLimit | None = None


@dataclass(frozen=True)
class Band:
    """One marginal band (段): `up_to` is None for the last."""

    up_to: Number | None
    rate: Rule


@dataclass(frozen=True)
class Guard:
    """What a payment is held to (保底、不超过): an expression with evidence of its own."""

    amount: Expression
    evidence: Evidence


@dataclass(frozen=True)
class Part:
    """A slice of a layer with a base and rates of its own (分项).

    The base is an expression, or `fixed`, an amount that no bill decides (定额). `first_self_pay`
    is taken off before or after the deductible; taken after it, it is composed with the rate and
    the factor before the one rounding. `minus` is taken off after the rate: a top-up to a target
    (补足) is a rate on what the target measures, minus what was already paid. Then the payment is
    raised to `not_below` and held under `not_above`.
    """

    id: str
    name: str
    base: Expression
    base_evidence: Evidence
    first_self_pay: Rule | None
    bands: tuple[Band, ...]
    bands_from: BandsFrom
    minus: Expression | None
    minus_evidence: Evidence
    rounding: Rounding
    fixed: Number | None = None
    first_taken: FirstTaken = FirstTaken.AFTER
    factor: Rule | None = None
    not_below: Guard | None = None
    not_above: Guard | None = None

    @property
    def takes_first(self) -> bool:
        """Whether first self-pay comes off before the deductible."""
        return self.first_self_pay is not None and self.first_taken is FirstTaken.BEFORE

    @property
    def base_text(self) -> str:
        """The base as users read it."""
        return "定额" if self.fixed else self.base.text


class CapOf(StrEnum):
    """What a cap limits: what is paid (封顶支付), the cost looked at (封顶费用), or how often
    something is paid (次数)."""

    PAYMENT = "payment"
    COST = "cost"
    TIMES = "times"


@dataclass(frozen=True)
class Cap:
    """Cap (封顶线). Yearly ones move a counter; a shared counter is a shared cap."""

    amount: Rule
    period: Period
    of: CapOf
    counter: Counter | None


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
    """The layer is decided by another system or by people (外部结算、事后审定).

    Its amount arrives with the bill; `at_most` names what the amount can be checked against. One
    that `may_come_later` is recorded as nothing yet, and pending, while it has not arrived.
    """

    decided_by: str
    at_most: Expression
    evidence: Evidence
    may_come_later: bool = False


@dataclass(frozen=True)
class Bearer:
    """Who bears a payment in the end (最终承担方); whoever paid it first."""

    payer: Payer
    pool: RegionCode | None
    when: str | None
    evidence: Evidence


class LayerKind(StrEnum):
    """What becomes of a layer's amount (支付方式)."""

    PAYMENT = "payment"
    """Pays part of the bill (支付)."""
    MEASURE = "measure"
    """Computed for other layers to use (只测算)."""
    PATIENT = "patient"
    """The patient's own, taken first (个人先付)."""
    CASH = "cash"
    """Paid to the patient outside the bill (现金补助)."""


@dataclass(frozen=True)
class Layer:
    """One layer of the cascade (一层保障).

    `pool` is the pooling region of the payer's fund (统筹区); None where no fund pays.
    Exactly one of `parts` and `elsewhere` is given. `counts_toward` are counters of other layers
    that the payment moves too; None where the document does not say. With `surplus_to_hospital`
    what caps allow and the bill has no room for is owed to the hospital outside the bill.
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
    kind: LayerKind = LayerKind.PAYMENT
    surplus_to_hospital: bool = False
    counts_toward: tuple[str, ...] | None = None
    borne_by: Bearer | None = None
    person_asked_as_of: StayDate | None = None
    precedence: tuple[str, ...] | None = None

    @cached_property
    def fund_id(self) -> str | None:
        """The fund that owes this layer (基金): pooling region and payer."""
        return f"{self.pool}-{self.payer.value}" if self.pool else None

    @property
    def pays_bill(self) -> bool:
        """Whether its amount is taken off what is left of the bill, whoever pays it."""
        return self.kind in (LayerKind.PAYMENT, LayerKind.PATIENT)

    @cached_property
    def counters_kept(self) -> tuple[Counter, ...]:
        """Yearly totals that this layer's own rules read and move."""
        rule = self.deductible
        kept = [rule.counter] if rule else []
        kept += [rule.limit.counter] if rule and rule.limit else []
        kept += [cap.counter for cap in self.caps]
        return tuple(dict.fromkeys(c for c in kept if c))

    @property
    def counters(self) -> tuple[str, ...]:
        """Names of the counters this layer reads or moves, without keys."""
        names = [c.name for c in self.counters_kept]
        return tuple(dict.fromkeys([*names, *(self.counts_toward or ())]))


@dataclass(frozen=True)
class Parameter:
    """A number of the document that others are made from (参数)."""

    id: str
    label: str
    number: Number


REPORTED = "reported."
"""What the names of all that is reported begin with."""


@dataclass(frozen=True)
class Reported:
    """An amount or a share that is computed and told, and never paid (指标、对照项目).

    With `of` it is the share of `amount` in it, and `target` what the text hopes for.
    """

    id: str
    label: str
    amount: Expression
    of: Expression | None
    target: Number | None
    condition: Condition
    evidence: Evidence


@dataclass(frozen=True)
class Deposit:
    """What may be asked on admission (押金): a share of the hospital's usual one, or an amount."""

    share_of_normal: Number | None
    amount: Number | None


class IfLower(StrEnum):
    """What becomes of benefits paid that a retroactive policy lowers (追溯降低待遇)."""

    COLLECT_BACK = "collect_back"
    LEAVE = "leave"


@dataclass(frozen=True)
class ClaimBy:
    """The last day to claim (申报期限): a day, so many years after that of the discharge."""

    month: int
    day: int
    years_after: int

    def last_day(self, discharge: date) -> date:
        """The last day for a stay."""
        return date(discharge.year + self.years_after, self.month, self.day)


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
    parameters: tuple[Parameter, ...] = ()
    asks: tuple[Ask, ...] = ()
    identities: tuple[LocalIdentity, ...] = ()
    people: People = field(default_factory=People)
    deposit: Deposit | None = None
    reported: tuple[Reported, ...] = ()
    if_lower: IfLower | None = None
    claim_by: ClaimBy | None = None
    corrections: Corrections | None = None
    stays_in_parts: StaysInParts | None = None

    @property
    def label(self) -> str:
        """How users see which version was applied."""
        return f"{self.region_name} {self.scheme.label} {self.in_force_from} v{self.version}"

    @cached_property
    def sum_counters(self) -> tuple[str, ...]:
        """Counters behind `year.` names, over the document's benefit year."""
        written = [e for x in self.layers for e in expressions_of(x)]
        written += [e for one in self.reported for e in (one.amount, one.of) if e]
        named = [term.name for expression in written for term in expression.terms]
        return tuple(
            dict.fromkeys(SUM_COUNTER + n.removeprefix(YEAR) for n in named if n.startswith(YEAR))
        )

    @cached_property
    def episode_counters(self) -> frozenset[str]:
        """Counters of what was deducted from stays that hang together (连续住院)."""
        rules = [layer.deductible for layer in self.layers]
        kept = [r.counter for r in rules if r and r.counter and r.period is Period.EPISODE]
        return frozenset(counter.name for counter in kept)

    @cached_property
    def days_asked(self) -> tuple[StayDate, ...]:
        """The days on which layers ask who the person was, besides the document's."""
        own = [x.person_asked_as_of for x in self.layers]
        return tuple(dict.fromkeys(d for d in own if d and d is not self.person_asked_as_of))

    def source(self, source_id: str) -> Source:
        """The source with this id; reading a policy has made sure it exists."""
        return next(s for s in self.sources if s.id == source_id)

    def layer(self, layer_id: str) -> Layer:
        """The layer with this id. Raises KeyError."""
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)

    def precedence_of(self, layer: Layer) -> tuple[str, ...]:
        """Which of several identities counts for a layer, the first that the person has."""
        return self.people.precedence if layer.precedence is None else layer.precedence

    def crosses_year(self, *, admission: date, discharge: date) -> bool:
        """Whether a stay lies in two of the document's benefit years (跨年度住院)."""
        year = self.benefit_year
        return year.first_day(admission) != year.first_day(discharge)

    def is_late(self, *, discharge: date, settlement: date) -> bool | None:
        """Whether a settlement comes after the last day to claim; None without such a day."""
        return settlement > self.claim_by.last_day(discharge) if self.claim_by else None


def rules_of(layer: Layer) -> Iterator[Rule]:
    """Every number, pick and share of a layer, in the order the arithmetic meets them."""
    yield from (part.fixed for part in layer.parts if part.fixed)
    if layer.deductible:
        yield layer.deductible.amount
        if layer.deductible.limit:
            yield layer.deductible.limit.amount
    for part in layer.parts:
        if part.first_self_pay:
            yield part.first_self_pay
        for band in part.bands:
            if band.up_to:
                yield band.up_to
            yield band.rate
        if part.factor:
            yield part.factor
    yield from (cap.amount for cap in layer.caps)


def numbers_of(layer: Layer) -> tuple[Number, ...]:
    """Every looked-up number of a layer, in the order the arithmetic meets them."""
    return tuple(number for rule in rules_of(layer) for number in numbers_in(rule))


def expressions_of(layer: Layer) -> Iterator[Expression]:
    """Every expression of a layer, those its numbers are picked by among them."""
    if layer.elsewhere:
        yield layer.elsewhere.at_most
    for part in layer.parts:
        yield part.base
        if part.minus:
            yield part.minus
        yield from (guard.amount for guard in (part.not_below, part.not_above) if guard)
    for rule in rules_of(layer):
        if isinstance(rule, Picked):
            yield rule.by
        elif isinstance(rule, ShareOf):
            yield rule.of


def conditions_of(policy: Policy) -> Iterator[Condition]:
    """Every condition that a settlement under this policy may have to decide."""
    for layer in policy.layers:
        yield layer.condition
        for number in numbers_of(layer):
            yield from conditions_in(number)


def conditions_in(number: Number) -> Iterator[Condition]:
    """The conditions of a number's rows and adjustments, and of the parameters it is made from."""
    for each in with_parameters(number):
        yield from (choice.condition for choice in each.choices)
        yield from (change.condition for change in each.adjustments)


def assumptions_of(policy: Policy) -> list[tuple[str, Evidence]]:
    """What the whole document assumes, whatever the bill: place, dates, people, indicators."""
    documentary = [
        ("region", policy.region_evidence),
        ("in_force", policy.in_force_evidence),
        ("dates", policy.dates_evidence),
    ]
    if policy.people.evidence:
        documentary.append(("people", policy.people.evidence))
    for one in policy.reported:
        documentary.append((f"{REPORTED}{one.id}", one.evidence))
        if one.target:
            documentary += [(one.target.name, choice.evidence) for choice in one.target.choices]
    return [(name, evidence) for name, evidence in documentary if not evidence.is_stated]
