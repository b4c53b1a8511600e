"""Bills, facts and benefit years made up at random (虚构费用单), in plain values.

Parts add up because they are split off a whole; what a bill does not state is left out. The named
amounts that follow from a statement are worked out here, not by the product.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from settlement.law.bill import Charges
from settlement.law.facts import Facts, PersonOn
from tests.support.fact_generator import MADE_UP, Asked, make_facts, on_these_days

_LARGEST_FEN = 300_000_00
_ROUND_FEN = tuple(yuan * 100 for yuan in (500, 3000, 5000, 10000, 20000, 40000, 90000))
"""Bills that come to exactly what made-up policies draw a line at."""
_DATES = ("admission", "discharge", "settlement")


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
        sets = {"identity", "designation", "person_on"}
        plain = {k: v for k, v in self.facts.items() if k not in sets}
        return Facts(
            identities=frozenset(self.facts["identity"]),
            designations=frozenset(self.facts["designation"]),
            person_on={
                day: PersonOn(frozenset(on["identity"]), on["age"])
                for day, on in self.facts["person_on"].items()
            },
            **plain,
        )


def split(chance: Random, whole: int, into: int) -> list[int]:
    """Random parts that add up to the whole; some are zero, or all but one."""
    if chance.random() < 0.15:
        own = chance.randrange(into)
        return [whole if at == own else 0 for at in range(into)]
    cuts = sorted(
        chance.choice((0, whole, *(chance.randint(0, whole) for _ in range(4))))
        for _ in range(into - 1)
    )
    return [b - a for a, b in zip([0, *cuts], [*cuts, whole], strict=True)]


def make_stay(
    chance: Random,
    *,
    elsewhere: Iterable[str] = (),
    largest_fen: int = _LARGEST_FEN,
    asked: Asked = MADE_UP,
    full: bool,
) -> MadeUpStay:
    """One stay; `full` states every amount and every fact, otherwise some may be wanting."""
    round_or_small = chance.choice((*_ROUND_FEN, *_ROUND_FEN, 0, 1, 99, 100_00))
    usual = chance.randint(0, min(largest_fen, chance.choice((20_000_00, largest_fen))))
    total = min(largest_fen, round_or_small) if chance.random() < 0.3 else usual
    in_scope, first, over, outside = split(chance, total, 4)
    items = split(chance, in_scope, len(asked.items) + 1)
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
    } | {f"item.{name}": fen for name, fen in zip((*asked.items, "other"), items, strict=True)}
    granularity = 4 if full else chance.choice((0, 1, 2, 3, 4, 4, 4))
    charges, stated = _stated(names, granularity)
    return MadeUpStay(
        charges=charges,
        amounts={name: names[name] for name in stated},
        facts=make_facts(chance, asked, full=full),
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
    items = {n.removeprefix("item."): fen for n, fen in names.items() if n.startswith("item.")}
    return replace(_with_classes(scoped, names), item_classes_fen=items), list(names)


def _with_classes(charges: Charges, names: dict[str, int]) -> Charges:
    return replace(
        charges,
        class_a_fen=names["class_a"],
        class_b_fen=names["class_b"],
        class_c_fen=names["class_c"],
    )


def make_year(
    chance: Random,
    *,
    elsewhere: Iterable[str] = (),
    largest_fen: int = _LARGEST_FEN,
    asked: Asked = MADE_UP,
    full: bool,
) -> list[MadeUpStay]:
    """One to four stays of one day's benefit years; mostly the same facts all year."""
    wanted = list(elsewhere)
    stays = [
        make_stay(chance, elsewhere=wanted, largest_fen=largest_fen, asked=asked, full=full)
        for _ in range(chance.randint(1, 4))
    ]
    if chance.random() < 0.7:
        stays = [replace(s, facts=stays[0].facts) for s in stays]
    return stays


def make_person(
    chance: Random,
    *,
    elsewhere: Iterable[str] = (),
    largest_fen: int = _LARGEST_FEN,
    asked: Asked = MADE_UP,
    full: bool,
) -> list[MadeUpStay]:
    """One person's stays, one after the other, most of them over the turn of some benefit year.

    Some amounts decided elsewhere have not come yet.
    """
    day = date(2020, 1, 1) + timedelta(days=chance.randrange(366))
    stays = []
    for stay in make_year(
        chance, elsewhere=elsewhere, largest_fen=largest_fen, asked=asked, full=full
    ):
        dates = {}
        for name in _DATES:
            dates[name] = day
            day += timedelta(days=chance.choice((0, 3, 20, 45)))
        come = {name: fen for name, fen in stay.elsewhere.items() if chance.random() < 0.85}
        facts = on_these_days(stay.facts, dates)
        stays.append(replace(stay, dates=dates, facts=facts, elsewhere=come))
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
