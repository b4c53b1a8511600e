"""How made-up policies say a number, a condition or a sum (虚构政策的写法).

An author remembers what the document has promised so far: its parameters, what bills must
declare, and by which fact each counter keeps its totals apart.
"""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Any

Tree = dict[str, Any]

BILL_NAMES = (
    "total",
    "in_scope",
    "out_of_scope",
    "first_self_pay",
    "over_limit",
    "out_of_catalog",
    "class_a",
    "class_b",
    "class_c",
    "item.drug",
    "item.bed",
)
INSIDE_NAMES = ("base", "deductible", "first_self_pay", "eligible", "computed", "over_cap")
IDENTITIES = ("低保对象", "extreme_hardship", "低保边缘家庭成员", "local_made_up")
DECLARED = {
    "student": {"name": "在校学生", "kind": "yes_no"},
    "years_insured": {"name": "连续参保年数", "kind": "number"},
    "ward": {"name": "病房", "kind": "word", "words": ["普通", "特需"]},
}
"""What a made-up document may want bills to declare."""

KEYS = ("tier", "level", "place", "care", "plan", "disease")
"""Facts by which a counter may keep its totals apart."""

_SHARES = ("0%", "5%", "10%", "33.33%", "50%", "62.5%", "70%", "90%", "100%")
_ROUND_SHARES = ("50%", "80%", "90%", "100%")
_NOTE = {"status": "assumed", "note": "虚构"}
_COUNTED = ("age", "admission_number", "days", "same_tier_admission_number", "years_insured")

_TESTS: tuple[tuple[str, Any], ...] = (
    ("identity", ["低保对象", "extreme_hardship"]),
    ("identity", "低保边缘家庭成员"),
    ("identity", ["local_made_up", "建档立卡贫困人口"]),
    ("tier", "二级"),
    ("tier", ["level_3", "一级"]),
    ("level", "县级"),
    ("place", ["省外", "in_province"]),
    ("plan", "second"),
    ("referral", "是"),
    ("emergency", "no"),
    ("third_party_liability", "是"),
    ("surgery", ["yes"]),
    ("diagnosis", ["C50", "I21"]),
    ("designation", "city_designated"),
    ("age", {"to": "14"}),
    ("age", {"from": "60", "to": "80"}),
    ("admission_number", "1"),
    ("admission_number", {"from": "2"}),
    ("care", ["住院", "outpatient_special"]),
    ("care", "普通门诊"),
    ("disease", "肺结核"),
    ("disease", ["无", "重症精神病"]),
    ("days", {"from": "10"}),
    ("same_tier_admission_number", {"from": "2", "to": "3"}),
    ("admission_date", {"from": "2020-03-01", "to": "2020-09-30"}),
    ("discharge_date", {"from": "2020-07-01"}),
    ("settlement_date", {"to": "2020-12-31"}),
    ("crosses_year", "是"),
    ("late_claim", "否"),
    ("occasion", ["出院结算", "application"]),
)
_DECLARED_TESTS: tuple[tuple[str, Any], ...] = (
    ("student", "是"),
    ("years_insured", {"from": "3"}),
    ("ward", "特需"),
)


class Author:
    """Someone who makes a policy up; `chance` decides everything."""

    def __init__(self, chance: Random):
        self.chance = chance
        self.asks: dict[str, Tree] = {}
        self.parameters: dict[str, Tree] = {}
        self.keys: dict[str, str | None] = {}
        self.layers: list[str] = []

    def one_in(self, times: int) -> bool:
        return self.chance.randrange(times) == times - 1

    def doubt(self, times: int) -> Tree:
        """Evidence that something is assumed or inferred, one time in so many."""
        if not self.one_in(times):
            return {}
        return {"status": self.chance.choice(("assumed", "inferred")), "note": "虚构"}

    def rounding(self) -> Tree:
        to = "fen"
        if self.one_in(3):
            to = self.chance.choice(("fen", "jiao", "yuan", "角", "元"))
        mode = self.chance.choice(("half_up", "half_even", "down", "up"))
        return {"mode": mode, "to": to, **self.doubt(5)}

    # --- conditions

    def condition(self, besides: Collection[str] = ()) -> Tree:
        """One test or two, of different facts and of none that rows before it ask."""
        first = self.test(besides)
        condition = {"unless" if self.one_in(4) else "when": dict([first])}
        if self.one_in(4):
            condition.setdefault("when", {}).update([self.test({first[0], *besides})])
        return condition

    def test(self, besides: Collection[str] = ()) -> tuple[str, Any]:
        tests = [*_TESTS, *(test for test in _DECLARED_TESTS if test[0] in self.asks)]
        return self.chance.choice([test for test in tests if test[0] not in besides])

    # --- sums

    def sum(self, earlier: Sequence[Tree], *, is_inside: bool = False) -> str:
        """An amount of the bill, less what earlier layers paid or plus what they left.

        `is_inside`: the sum may also name what this layer itself looks at.
        """
        usual = ("total", "in_scope", "in_scope")
        text = self.chance.choice(BILL_NAMES if self.one_in(3) else usual)
        if is_inside and self.one_in(2):
            text = "this.base"
        for layer in earlier:
            if self.one_in(3):
                text += f" - {layer['id']}"
            elif "decided_elsewhere" not in layer and self.one_in(5):
                text += f" {self.chance.choice('+-')} {self._name_inside(layer)}"
        if self.one_in(12):
            names = ("patient", *BILL_NAMES, *self.layers, *self.layers)
            text += f" {self.chance.choice('+-')} year.{self.chance.choice(names)}"
        return text

    def _name_inside(self, layer: Tree) -> str:
        whole = [layer["id"]] if self.one_in(2) else []
        parts = [f"{layer['id']}.{part['id']}" for part in layer.get("parts", [])]
        owner = self.chance.choice([*whole, *parts] or [layer["id"]])
        if owner in parts and self.one_in(3):
            return owner
        return f"{owner}.{self.chance.choice(INSIDE_NAMES)}"

    def doubtful_sum(self, text: str, times: int) -> str | Tree:
        """The same sum, with evidence beside it one time in so many."""
        doubt = self.doubt(times)
        return {"amount": text, **doubt} if doubt else text

    # --- numbers

    def known_or_missing(self, text: str) -> str | Tree:
        if self.one_in(25):
            return {"missing": "文件没有写"}
        return {"value": text, **_NOTE} if self.one_in(5) else text

    def ratio(self) -> str | Tree:
        """A share of at most 100%."""
        if self.one_in(2):
            return self.chance.choice(_SHARES)
        names = [name for name, node in self.parameters.items() if "ratio" in node]
        if names and self.one_in(4):
            return self.of_parameter(names, times=("50%", "80%"), is_amount=False)
        if self.one_in(2):
            return self.known_or_missing(self.chance.choice(_SHARES))
        number = self.rows([self.chance.choice(_SHARES) for _ in range(3)])
        changes = [self._change_of_ratio() for _ in range(self.chance.randint(0, 2))]
        if changes:
            number |= {"adjust": changes, "at_most": self._limit(("100%", "95%", "65%"))}
        if self.one_in(4):
            number["at_least"] = self._limit(("5%", "40%", "60%"))
        return number | self.doubt(6)

    def factor(self) -> str | Tree:
        """A share with few digits: it is multiplied with two others."""
        if self.one_in(2):
            return self.chance.choice(_ROUND_SHARES)
        if self.one_in(2):
            return self.known_or_missing(self.chance.choice(_ROUND_SHARES))
        return self.rows([self.chance.choice(_ROUND_SHARES) for _ in range(2)])

    def amount(self, yuan: int, *, may_be_unlimited: bool = False) -> str | Tree:
        """An amount in yuan; times a share with three digits it is still whole fen."""
        if self.one_in(3):
            return f"{yuan}"
        names = [name for name, node in self.parameters.items() if "amount" in node]
        if names and self.one_in(4):
            return self.of_parameter(names, times=("10%", "50%", "120%"), is_amount=True)
        if self.one_in(3):
            return self.known_or_missing(f"{yuan}.50")
        texts = [f"{max(0, yuan + step)}" for step in (-100, 0, 500)]
        if may_be_unlimited and self.one_in(3):
            texts[self.chance.randrange(3)] = "unlimited"
        number = self.rows(texts)
        if self.one_in(2):
            number["adjust"] = [
                self._change_of_amount() for _ in range(self.chance.choice((1, 1, 2)))
            ]
        if self.one_in(4):
            number["at_least"] = self._limit(("100", "1500.50"))
        if self.one_in(4):
            number["at_most"] = self._limit(("2000", "60000"))
        return number | self.doubt(6)

    def count(self) -> str | Tree:
        """How often something is paid."""
        if self.one_in(2):
            return self.chance.choice(("1", "1", "2", "0"))
        return self.rows([self.chance.choice(("1", "2", "3")) for _ in range(2)])

    def of_parameter(self, names: Sequence[str], *, times: Sequence[str], is_amount: bool) -> Tree:
        """A number made of one of these parameters."""
        number: Tree = {"of": self.chance.choice(names), **self.doubt(5)}
        if self.one_in(3):
            return number
        number["times"] = self.chance.choice((*times, "33.3%"))
        if is_amount:
            mode = self.chance.choice(("up", "down", "half_up"))
            number["rounding"] = {"mode": mode, "to": self.chance.choice(("fen", "jiao", "yuan"))}
        return number

    def by_amount(
        self,
        then: Callable[[], str | Tree],
        earlier: Sequence[Tree],
        *,
        is_inside: bool = True,
    ) -> Tree:
        """A number chosen by an amount."""
        known = (500, 3000, 10000, 40000, 90000)
        edges = sorted(self.chance.sample(known, self.chance.choice((1, 1, 2))))
        rows: list[Tree] = [
            {
                self.chance.choice(("up_to", "below")): self.known_or_missing(f"{edge}"),
                "then": then(),
            }
            for edge in edges
        ]
        rows.append({"then": then()})
        by = self.doubtful_sum(self.sum(earlier, is_inside=is_inside), 5)
        return {"by": by, "rows": rows, **self.doubt(8)}

    def share_of_amount(self, earlier: Sequence[Tree]) -> Tree:
        """A share of an amount, held between two others."""
        number: Tree = {"share": self.ratio()}
        number["of"] = self.doubtful_sum(self.sum(earlier), 5)
        if self.one_in(2):
            number["at_least"] = self.amount(300)
        if self.one_in(2):
            number["at_most"] = self.amount(9000)
        return number | self.doubt(8)

    def rows(self, texts: Sequence[str]) -> Tree:
        """A look-up: rows with conditions, and mostly a last row for everyone else."""
        rows: list[Tree] = []
        asked: set[str] = set()
        for text in texts[:-1]:
            value = self.known_or_missing(text)
            value = value if isinstance(value, dict) else {"value": value}
            condition = self.condition(asked)
            asked |= {fact for tests in condition.values() for fact in tests}
            rows.append({**condition, **value})
        if not self.one_in(8):
            rows.append({"otherwise": self.known_or_missing(texts[-1])})
        return {"choose": rows}

    def _limit(self, texts: Sequence[str]) -> str | Tree:
        text, doubt = self.chance.choice(texts), self.doubt(3)
        return {"value": text, **doubt} if doubt else text

    def _change_of_ratio(self) -> Tree:
        change: Tree = self.chance.choice(
            ({"plus": "5%"}, {"minus": "7.5%"}, {"times": "110%"}, {"on_rest": "20%"})
        )
        if ("plus" in change or "minus" in change) and self.one_in(2):
            change = dict.fromkeys(change, "1%") | self._for_each()
        return {**self.condition(), **change, **self.doubt(5)}

    def _change_of_amount(self) -> Tree:
        share = {"times": self.chance.choice(("50%", "80%", "120%"))}
        change: Tree = self.chance.choice((share, {"plus": "150"}, {"minus": "200"}))
        if "times" not in change and self.one_in(2):
            change = dict.fromkeys(change, "20") | self._for_each()
        return {**self.condition(), **change, **self.doubt(5)}

    def _for_each(self) -> Tree:
        facts = [f for f in _COUNTED if f in self.asks or f not in DECLARED]
        found: Tree = {"for_each": self.chance.choice(facts)}
        if self.one_in(2):
            found["beyond"] = self.chance.choice(("1", "10", "40"))
        if self.one_in(2):
            found["at_most"] = self.chance.choice(("2", "20"))
        return found

    # --- totals of the year

    def each(self, counter: str, amount: Any) -> Tree:
        """By which fact the totals of a counter are kept apart: the same wherever it is used."""
        if counter not in self.keys:
            self.keys[counter] = self.chance.choice(KEYS) if self.one_in(3) else None
        key = self.keys[counter]
        if key:
            return {"each": key}
        return {"each": "none"} if isinstance(amount, dict) or self.one_in(6) else {}
