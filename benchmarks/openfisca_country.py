"""The policy four_layers.yaml as an OpenFisca country package (OpenFisca 写法).

A stay is a month of its person's year: the first stay in January, the second in February. That is
how OpenFisca counts over time: a formula asks for the month before. What is the same for all of a
person's year is a yearly variable, so that it is looked up once and not for every stay.

The formulas stand here once and are run in three ways (`Money`), because OpenFisca offers three:
as its manual writes them; with its slow look-up by category replaced; and in whole fen, with the
arithmetic of every share done by hand in 64-bit integers, since its own numbers have 32 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.model_api import ETERNITY, MONTH, YEAR, max_, min_
from openfisca_core.parameters import ParameterNode
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Array = np.ndarray[Any, Any]

PAYMENTS = ("basic", "critical", "assistance", "tilt", "patient")
"""What is asked of it for every stay."""


class Kind(Enum):
    """Kinds of people, in the order of claims.KINDS (身份)."""

    margin = "低保边缘家庭成员"
    allowance = "低保对象"
    ordinary = "普通居民"


@dataclass(frozen=True)
class Money:
    """How amounts and ratios are kept, looked up and multiplied.

    `of_fen` and `to_fen` convert amounts, back to the nearest fen; `ratio` is a percentage as its
    arithmetic takes it; `by_kind` picks each person's value of a parameter that differs by kind;
    `share` multiplies and rounds to the fen.
    """

    name: str
    value_type: type
    of_fen: Callable[[Any], Any]
    to_fen: Callable[[Array], Array]
    ratio: Callable[[int], float | int]
    by_kind: Callable[[Any, Array], Array]
    share: Callable[[Array, Any], Array]


def _in_table(node: Any, kind: Array) -> Array:
    return np.take(np.array([getattr(node, k.name) for k in Kind]), kind)


def _share_of_yuan(amount: Array, rate: Any) -> Array:
    return np.floor(amount * rate * 100 + 0.5) / 100


def _share_of_fen(amount: Array, rate: Any) -> Array:
    return (amount.astype(np.int64) * rate + 5_000) // 10_000


def _yuan(fen: Any) -> Any:
    return fen / 100


def _nearest_fen(yuan: Array) -> Array:
    return np.rint(yuan.astype(np.float64) * 100)


def _same(fen: Any) -> Any:
    return fen


def _in_ten_thousandths(percent: int) -> int:
    return percent * 100


AS_IN_THE_MANUAL = Money(
    "照手册写：元、浮点数，按身份取参数 (as its manual writes it: yuan, floats)",
    float,
    _yuan,
    _nearest_fen,
    _yuan,
    lambda node, kind: node[kind],
    _share_of_yuan,
)
FLOATS_TUNED = Money(
    "元、浮点数，参数改查 numpy 表 (yuan, floats, look-ups tuned)",
    float,
    _yuan,
    _nearest_fen,
    _yuan,
    _in_table,
    _share_of_yuan,
)
WHOLE_FEN = Money(
    "整分、手写 64 位整数，查 numpy 表 (whole fen by hand, look-ups tuned)",
    int,
    _same,
    _same,
    _in_ten_thousandths,
    _in_table,
    _share_of_fen,
)


def country(money: Money) -> TaxBenefitSystem:
    """The tax and benefit system: one entity, its variables and parameters."""
    person = build_entity(key="person", plural="persons", label="参保人", is_person=True)
    system = TaxBenefitSystem([person])
    system.parameters = _parameters(money)
    for variables in (_inputs, _of_the_year, _basic_and_critical, _assistance_and_tilt):
        system.add_variables(*variables(person, money))
    return system


def _parameters(money: Money) -> ParameterNode:
    def amount(fen: int) -> dict[str, Any]:
        return {"values": {"2023-01-01": {"value": money.of_fen(fen)}}}

    def ratio(percent: int) -> dict[str, Any]:
        return {"values": {"2023-01-01": {"value": money.ratio(percent)}}}

    def each(of: Callable[[int], Any], *values: int) -> dict[str, Any]:
        return {kind.name: of(value) for kind, value in zip(Kind, values, strict=True)}

    return ParameterNode(
        "",
        data={
            "basic": {"deductible": amount(300_00), "rate": ratio(70)},
            "critical": {
                "deductible": each(amount, 16901_00, 8450_50, 16901_00),
                "rate": each(ratio, 60, 65, 60),
            },
            "assistance": {"rate": each(ratio, 70, 70, 0)},
            "tilt": {
                "deductible": amount(3000_00),
                "rate": each(ratio, 60, 70, 0),
                "cap": amount(20000_00),
            },
        },
    )


def _inputs(person_entity: Any, money: Money) -> list[type[Variable]]:
    class kind(Variable):  # noqa: N801 - OpenFisca names a variable after its class
        value_type = Enum
        possible_values = Kind
        default_value = Kind.ordinary
        entity = person_entity
        definition_period = ETERNITY

    class total(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

    class in_scope(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

    return [kind, total, in_scope]


def _of_the_year(person_entity: Any, money: Money) -> list[type[Variable]]:
    class critical_deductible(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = YEAR

        def formula(person, period, parameters):  # noqa: N805
            return money.by_kind(parameters(period).critical.deductible, person("kind", period))

    class critical_rate(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = YEAR

        def formula(person, period, parameters):  # noqa: N805
            return money.by_kind(parameters(period).critical.rate, person("kind", period))

    class assistance_rate(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = YEAR

        def formula(person, period, parameters):  # noqa: N805
            return money.by_kind(parameters(period).assistance.rate, person("kind", period))

    class tilt_rate(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = YEAR

        def formula(person, period, parameters):  # noqa: N805
            return money.by_kind(parameters(period).tilt.rate, person("kind", period))

    return [critical_deductible, critical_rate, assistance_rate, tilt_rate]


def _basic_and_critical(person_entity: Any, money: Money) -> list[type[Variable]]:
    class basic(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period, parameters):  # noqa: N805
            rules = parameters(period).basic
            above = max_(person("in_scope", period) - rules.deductible, 0)
            return money.share(above, rules.rate)

    class burden(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            return person("in_scope", period) - person("basic", period)

    class burden_so_far(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            if period.start.month == 1:
                return 0
            before = period.last_month
            return person("burden_so_far", before) + person("burden", before)

    class critical(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            year = period.this_year
            left = max_(person("critical_deductible", year) - person("burden_so_far", period), 0)
            above = max_(person("burden", period) - left, 0)
            return money.share(above, person("critical_rate", year))

    return [basic, burden, burden_so_far, critical]


def _assistance_and_tilt(person_entity: Any, money: Money) -> list[type[Variable]]:
    class assistance(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            left = person("burden", period) - person("critical", period)
            return money.share(left, person("assistance_rate", period.this_year))

    class tilt_so_far(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            if period.start.month == 1:
                return 0
            before = period.last_month
            return person("tilt_so_far", before) + person("tilt", before)

    class tilt(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period, parameters):  # noqa: N805
            rules = parameters(period).tilt
            paid = person("critical", period) + person("assistance", period)
            above = max_(person("burden", period) - paid - rules.deductible, 0)
            wanted = money.share(above, person("tilt_rate", period.this_year))
            return min_(wanted, max_(rules.cap - person("tilt_so_far", period), 0))

    class patient(Variable):  # noqa: N801
        value_type = money.value_type
        entity = person_entity
        definition_period = MONTH

        def formula(person, period):  # noqa: N805
            paid = person("basic", period) + person("critical", period)
            return (
                person("total", period)
                - paid
                - person("assistance", period)
                - person("tilt", period)
            )

    return [assistance, tilt_so_far, tilt, patient]
