"""Bills, facts and benefit years made up at random (虚构费用单), in plain values.

Parts add up because they are split off a whole; what a bill does not state is left out. The named
amounts that follow from a statement are worked out here, not by the product.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from contracts.vocabulary import Identity
from settlement.law.bill import Charges
from settlement.law.facts import Facts

_LARGEST_FEN = 300_000_00
_DATES = ("admission", "discharge", "settlement")
_GROUPS = (
    *(i.value for i in Identity),
    "subsistence_allowance",
    "extreme_hardship",
    "subsistence_margin",
    "local_made_up",
)
"""Every identity; the last four, which made-up policies ask about, are drawn more often."""


def seeded(seed: int | str) -> Random:
    """Chance that repeats itself."""
    return Random(seed)  # noqa: S311 - tests must be repeatable, not secret


@dataclass(frozen=True)
class MadeUpStay:
    """One stay: what the bill states, the named amounts this gives, facts, amounts elsewhere.

    `dates` are those of admission, discharge and settlement, by these names.
    """

    charges: Charges
    amounts: dict[str, int]
    facts: dict[str, Any]
    elsewhere: dict[str, int] = field(default_factory=dict)
    dates: dict[str, date] = field(
        default_factory=lambda: dict.fromkeys(_DATES, date(2020, 6, 1)), repr=False
    )

    @property
    def product_facts(self) -> Facts:
        """The same facts as the product takes them."""
        plain = {k: v for k, v in self.facts.items() if k not in {"identity", "designation"}}
        return Facts(
            identities=frozenset(self.facts["identity"]),
            designations=frozenset(self.facts["designation"]),
            **plain,
        )


def split(chance: Random, whole: int, into: int) -> list[int]:
    """Random parts that add up to the whole; some are zero."""
    cuts = sorted(
        chance.choice((0, whole, chance.randint(0, whole), chance.randint(0, whole)))
        for _ in range(into - 1)
    )
    return [b - a for a, b in zip([0, *cuts], [*cuts, whole], strict=True)]


def make_stay(
    chance: Random, *, elsewhere: Iterable[str] = (), largest_fen: int = _LARGEST_FEN, full: bool
) -> MadeUpStay:
    """One stay; `full` states every amount and every fact, otherwise some may be wanting."""
    total = chance.choice((0, 1, 99, 100_00, chance.randint(0, 20_000_00)))
    total = min(largest_fen, total if chance.random() < 0.5 else chance.randint(0, largest_fen))
    in_scope, first, over, outside = split(chance, total, 4)
    drug, bed, tcm = split(chance, in_scope, 3)
    class_a, class_b = split(chance, total - outside, 2)
    names = {
        "total": total,
        "in_scope": in_scope,
        "out_of_scope": total - in_scope,
        "first_self_pay": first,
        "over_limit": over,
        "out_of_catalog": outside,
        "class_a": class_a,
        "class_b": class_b,
        "class_c": outside,
        "item.drug": drug,
        "item.bed": bed,
        "item.tcm": tcm,
    }
    granularity = 4 if full else chance.choice((0, 1, 2, 3, 4, 4, 4))
    charges, stated = _stated(names, granularity)
    return MadeUpStay(
        charges=charges,
        amounts={name: names[name] for name in stated},
        facts=make_facts(chance, full=full),
        elsewhere={name: chance.randint(0, total // 4) for name in elsewhere},
    )


def _stated(names: dict[str, int], granularity: int) -> tuple[Charges, list[str]]:
    """Total only; with the scope; with its four parts; classes only; everything."""
    whole = Charges(total_fen=names["total"])
    if granularity == 0:
        return whole, ["total"]
    if granularity == 3:
        whole = _with_classes(whole, names)
        return whole, ["total", "class_a", "class_b", "class_c", "out_of_catalog"]
    scoped = replace(whole, in_scope_fen=names["in_scope"])
    if granularity == 1:
        return scoped, ["total", "in_scope", "out_of_scope"]
    scoped = replace(
        scoped,
        first_self_pay_fen=names["first_self_pay"],
        over_limit_fen=names["over_limit"],
        out_of_catalog_fen=names["out_of_catalog"],
    )
    if granularity == 2:
        return scoped, [n for n in names if not n.startswith(("class_", "item."))]
    items = {name: names[f"item.{name}"] for name in ("drug", "bed", "tcm")}
    return replace(_with_classes(scoped, names), item_classes_fen=items), list(names)


def _with_classes(charges: Charges, names: dict[str, int]) -> Charges:
    return replace(
        charges,
        class_a_fen=names["class_a"],
        class_b_fen=names["class_b"],
        class_c_fen=names["class_c"],
    )


def make_facts(chance: Random, *, full: bool) -> dict[str, Any]:
    """Facts of one stay; unless `full`, one in ten was never stated."""
    groups = (*_GROUPS, *_GROUPS[-4:], *_GROUPS[-4:])
    facts: dict[str, Any] = {
        "identity": chance.sample(groups, chance.choice((0, 1, 1, 2))),
        "designation": chance.choice(([], [], ["city_designated"])),
        "tier": chance.choice(("township", "level_1", "level_2", "level_2", "level_3")),
        "level": chance.choice(("township", "county", "city", "province")),
        "place": chance.choice(("in_county", "in_city", "in_province", "out_of_province")),
        "plan": chance.choice(("first", "second", "一档")),
        "referral": chance.random() < 0.5,
        "emergency": chance.random() < 0.2,
        "third_party_liability": chance.random() < 0.1,
        "surgery": chance.random() < 0.4,
        "diagnosis": chance.choice(("C50.9", "I21.0", "J18")),
        "age": chance.choice((3, 14, 15, 45, 60, 80, 81)),
        "admission_number": chance.choice((1, 1, 2, 3)),
    }
    if not full:
        for name in list(facts):
            if name not in {"identity", "designation"} and chance.random() < 0.1:
                facts[name] = None
    return facts


def make_year(
    chance: Random, *, elsewhere: Iterable[str] = (), largest_fen: int = _LARGEST_FEN, full: bool
) -> list[MadeUpStay]:
    """One to four stays of one day's benefit years; mostly the same facts all year."""
    wanted = list(elsewhere)
    stays = [
        make_stay(chance, elsewhere=wanted, largest_fen=largest_fen, full=full)
        for _ in range(chance.randint(1, 4))
    ]
    if chance.random() < 0.7:
        stays = [replace(s, facts=stays[0].facts) for s in stays]
    return stays


def make_person(
    chance: Random, *, elsewhere: Iterable[str] = (), largest_fen: int = _LARGEST_FEN, full: bool
) -> list[MadeUpStay]:
    """One person's stays, one after the other, most of them over the turn of some benefit year."""
    day = date(2020, 1, 1) + timedelta(days=chance.randrange(366))
    stays = []
    for stay in make_year(chance, elsewhere=elsewhere, largest_fen=largest_fen, full=full):
        dates = {}
        for name in _DATES:
            dates[name] = day
            day += timedelta(days=chance.choice((0, 3, 20, 45)))
        stays.append(replace(stay, dates=dates))
        day += timedelta(days=chance.choice((1, 5, 60, 150, 400)))
    return stays


def contradict(chance: Random, charges: Charges) -> Charges:
    """The same bill with parts that no longer add up; it must state everything."""
    fen = chance.choice((1, 100_00))
    lost = {"class_b_fen": None}
    outside = charges.out_of_catalog_fen or 0
    ways: list[dict[str, Any]] = [
        {name: getattr(charges, name) + fen}
        for name in (
            "total_fen",
            "in_scope_fen",
            "first_self_pay_fen",
            "over_limit_fen",
            "out_of_catalog_fen",
            "class_a_fen",
            "class_b_fen",
            "class_c_fen",
        )
    ]
    ways += [
        lost,
        {"over_limit_fen": (charges.over_limit_fen or 0) - charges.total_fen - fen},
        {"item_classes_fen": {**charges.item_classes_fen, "drug": charges.total_fen + fen}},
        {"in_scope_fen": None, "first_self_pay_fen": None},
    ]
    if outside:
        moved = (charges.over_limit_fen or 0) + outside
        ways.append({"out_of_catalog_fen": 0, "over_limit_fen": moved})
        ways.append(
            {
                "in_scope_fen": charges.total_fen,
                "first_self_pay_fen": None,
                "over_limit_fen": None,
                "out_of_catalog_fen": None,
                "item_classes_fen": {},
            }
        )
    return replace(charges, **chance.choice(ways))
