"""One sum of an explanation (一行算式), as data; words are made where people read them.

Every line can be worked out again from its own figures, and what it comes to is what a later line
of the same step begins with.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from settlement.kernel.resolving import NumberUsed


class Operation(StrEnum):
    """How a line is worked out (算法)."""

    STATED = "stated"
    """The figure stands as it is (载明)."""
    SUM = "sum"
    """Terms with their signs; below zero counts as zero (加减，不足 0 按 0 计)."""
    LEAST = "least"
    """The least of the terms (取小)."""
    GREATEST = "greatest"
    """The greatest of the terms (取大)."""
    SPLIT = "split"
    """What lies between two points, cut at edges; it comes to its whole length (按界切开)."""
    SHARE = "share"
    """Amounts times ratios, times what is kept, rounded once (乘比例，取整一次)."""


class Topic(StrEnum):
    """What a line is about (事项)."""

    BASE = "base"
    COST_LIMIT = "cost_limit"
    COST_HELD = "cost_held"
    FIRST = "first"
    FIRST_HELD = "first_held"
    FIRST_OFF = "first_off"
    THRESHOLD = "threshold"
    THRESHOLD_LEFT = "threshold_left"
    EPISODE_LEFT = "episode_left"
    DEDUCTION_LIMIT = "deduction_limit"
    DEDUCTION_HELD = "deduction_held"
    DEDUCTION_SHARED = "deduction_shared"
    DEDUCTION = "deduction"
    ELIGIBLE = "eligible"
    PASSING = "passing"
    PASSED = "passed"
    NOT_PASSED = "not_passed"
    NOT_TOUCHED = "not_touched"
    RULE_BY = "rule_by"
    RULE_SHARE = "rule_share"
    RULE_HELD = "rule_held"
    BANDS = "bands"
    SHARE = "share"
    SHARE_HELD = "share_held"
    ALREADY = "already"
    TOP_UP = "top_up"
    FLOOR = "floor"
    FLOOR_HELD = "floor_held"
    CEILING = "ceiling"
    CEILING_HELD = "ceiling_held"
    CAP = "cap"
    CAP_SHARED = "cap_shared"
    TIMES = "times"
    HELD = "held"
    SURPLUS_WHOLE = "surplus_whole"
    SURPLUS = "surplus"
    ELSEWHERE = "elsewhere"
    ELSEWHERE_LIMIT = "elsewhere_limit"


@dataclass(frozen=True)
class Figure:
    """One figure of a line (一个数), in fen; `name` is a name of the policy's expressions, or a
    word for what came before: `counted`, `cap`, `left` …"""

    name: str
    fen: int
    sign: int = 1


@dataclass(frozen=True)
class Rated:
    """An amount and the ratio it is multiplied by (金额×比例); `band` counts from 1, 0 for none."""

    fen: int
    ratio: str
    band: int = 0


@dataclass(frozen=True)
class Line:
    """One sum (一行).

    `figures` are what it is worked out from; of a SPLIT they are where it begins, where it ends,
    and the edges between. A SHARE has `rated` instead, what it keeps of them (`less`: a ratio that
    is taken off the whole; `factor`), the `exact` result in yuan and how it was `rounding`
    (mode/quantum in fen). `numbers` are what the line rests on.
    """

    topic: Topic
    operation: Operation
    result_fen: int
    figures: tuple[Figure, ...] = ()
    rated: tuple[Rated, ...] = ()
    less: str | None = None
    factor: str | None = None
    exact: str | None = None
    rounding: str | None = None
    detail: str | None = None
    numbers: tuple[NumberUsed, ...] = ()

    def resting_on(self, numbers: tuple[NumberUsed, ...]) -> "Line":
        """The line with what it rests on."""
        return replace(self, numbers=numbers)


def sum_of(topic: Topic, *figures: Figure, detail: str | None = None) -> Line:
    """A sum, not below zero."""
    result = max(0, sum(f.sign * f.fen for f in figures))
    return Line(topic, Operation.SUM, result, figures=figures, detail=detail)


def least_of(topic: Topic, *figures: Figure) -> Line:
    """The least of some figures."""
    return Line(topic, Operation.LEAST, min(f.fen for f in figures), figures=figures)


def greatest_of(topic: Topic, *figures: Figure) -> Line:
    """The greatest of some figures."""
    return Line(topic, Operation.GREATEST, max(f.fen for f in figures), figures=figures)


def stated(topic: Topic, figure: Figure, *, detail: str | None = None) -> Line:
    """A figure as it stands."""
    return Line(topic, Operation.STATED, figure.fen, figures=(figure,), detail=detail)
