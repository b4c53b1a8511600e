"""Working a printed explanation out again (复核印出的说明), from its text alone.

Nothing of the product is used but the printed lines: labels say what a line is about, figures with
two decimals are amounts, and every line must follow from the bill and from the lines before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

_AMOUNT = re.compile(r"(?<![\d.])\d+\.\d{2}(?!\d)")
_TERM = re.compile(r"(^| − | ＋ |、)(.*?) ?((?<![\d.])\d+\.\d{2})(?!\d)")
_RATED = re.compile(r"(\d+\.\d{2})×([\d.]+)%")
_LESS = re.compile(r"×\(100%−([\d.]+)%\)")
_FACTOR = re.compile(r"(?:\)|%)×([\d.]+)%$")
_HEAD = re.compile(r"^[①-⑳] (.+)　(.+)$")
_LINE = re.compile(r"^   \d+\. (.+?)：(.+)$")
_QUANTA = {"分": 1, "角": 10, "元": 100}
_WAYS = {"四舍五入": "half_up", "四舍六入五成双": "half_even", "舍去": "down", "进一": "up"}


class DoesNotAddUp(AssertionError):
    """A printed line does not follow from what is printed before it."""


@dataclass(frozen=True)
class Printed:
    """One printed sum: what it is about, its figures with their names and signs, its result."""

    label: str
    text: str
    figures: tuple[tuple[int, str, int], ...]
    result: int

    def named(self, name: str) -> int:
        """The one figure of this name."""
        (fen,) = [fen for _, word, fen in self.figures if word == name]
        return fen

    def has(self, name: str) -> bool:
        """Whether a figure has this name."""
        return any(word == name for _, word, _ in self.figures)


@dataclass(eq=False)
class PrintedStep:
    """One printed step: its name, what it came to, and its sums in order."""

    name: str
    amount: int
    applies: bool
    pays_bill: bool
    lines: list[Printed] = field(default_factory=list)

    def results(self, label: str) -> list[int]:
        """The results of the lines about something."""
        return [line.result for line in self.lines if line.label.startswith(label)]


def in_fen(text: str) -> int:
    """`12.30` is 1230."""
    return int(text.replace(".", ""))


def read_steps(printed: str) -> list[PrintedStep]:
    """The steps of a printed explanation."""
    steps: list[PrintedStep] = []
    for line in printed.splitlines():
        head = _HEAD.match(line)
        if head:
            name, came_to = head.groups()
            amounts = _AMOUNT.findall(came_to)
            steps.append(
                PrintedStep(
                    name=name,
                    amount=in_fen(amounts[0]) if amounts else 0,
                    applies="不适用" not in came_to and "待定" not in came_to,
                    pays_bill=came_to.startswith(("支付", "个人先付")),
                )
            )
        elif match := _LINE.match(line):
            steps[-1].lines.append(_read_line(*match.groups()))
    return steps


def _read_line(label: str, formula: str) -> Printed:
    parts = formula.split(" ＝ ")
    if len(parts) == 1:
        fen = in_fen(formula)
        return Printed(label, formula, ((1, "", fen),), fen)
    figures = tuple(
        (-1 if sign == " − " else 1, name.strip(), in_fen(amount))
        for sign, name, amount in _TERM.findall(parts[0])
    )
    return Printed(label, formula, figures, in_fen(parts[-1]))


def check_line(line: Printed) -> None:
    """The line by itself: its result is what its figures come to."""
    text = line.text
    if " ＝ " not in text:
        return
    left = text.split(" ＝ ")[0]
    if "取小" in left or "取大" in left:
        choose = min if "取小" in left else max
        expected = choose(fen for _, _, fen in line.figures)
    elif "×" in left:
        expected = _rounded(_exact(left), text)
        printed_exact = Fraction(text.split(" ＝ ")[1].split("，")[0])
        require(printed_exact * 100 == _exact(left), line)
    elif line.label == "分段":
        start, end, *_ = map(in_fen, _AMOUNT.findall(left))
        expected = end - start
    else:
        expected = max(0, sum(sign * fen for sign, _, fen in line.figures))
    require(line.result == expected, line)


def require(holds: object, what: object) -> None:
    """Raises DoesNotAddUp."""
    if not holds:
        raise DoesNotAddUp(str(what))


def _exact(left: str) -> Fraction:
    """Amounts times ratios, in fen."""
    share = sum((in_fen(fen) * Fraction(ratio) / 100 for fen, ratio in _RATED.findall(left)), 0)
    less, factor = _LESS.search(left), _FACTOR.search(left)
    kept = Fraction(share)
    if less:
        kept *= 1 - Fraction(less[1]) / 100
    if factor and (less or left.startswith("(") or left.count("×") > len(_RATED.findall(left))):
        kept *= Fraction(factor[1]) / 100
    return kept


def _rounded(exact: Fraction, text: str) -> int:
    way, quantum = re.search(r"，(\S+?)到(分|角|元) ＝", text).groups()  # type: ignore[union-attr]
    steps = exact / _QUANTA[quantum]
    found = {
        "half_up": floor(steps + Fraction(1, 2)),
        "half_even": round(steps),
        "down": floor(steps),
        "up": ceil(steps),
    }[_WAYS[way]]
    return found * _QUANTA[quantum]


class Reader:
    """Works the steps out in order; `amounts` are those of the bill by their Chinese names, and
    yearly totals by theirs."""

    def __init__(self, total: int, amounts: Mapping[str, int]):
        """Begin with the bill."""
        self.left = total
        self.amounts = dict(amounts)

    def check(self, step: PrintedStep, of_layer: Sequence[PrintedStep]) -> None:
        """One step: every line by itself, and every line from those before it."""
        for line in step.lines:
            check_line(line)
        if not step.applies:
            require(step.amount == 0, step.name)
            return
        if step.results("外部结算的金额"):
            (amount,) = step.results("外部结算的金额")
            self.sum_of_names(next(x for x in step.lines if x.label == "外部结算不得超过"))
            require(amount == step.amount <= step.results("外部结算不得超过")[0], step.name)
        else:
            self._check_chain(step, of_layer)
        if step.pays_bill:
            self.left -= step.amount

    def sum_of_names(self, line: Printed, own_base: int | None = None) -> None:
        """Every figure of a base is what its name stands for."""
        known = self.amounts if own_base is None else {**self.amounts, "本层口径": own_base}
        for _, name, fen in line.figures:
            require(known.get(name) == fen, f"{name} ≠ {fen}: {line}")

    def _check_chain(self, step: PrintedStep, of_layer: Sequence[PrintedStep]) -> None:
        chain = _Chain(self, step, of_layer)
        for line in step.lines:
            chain.check(line)

    def check_limits(self, step: PrintedStep, line: Printed, others: Sequence[PrintedStep]) -> None:
        """What the caps and the bill had left."""
        if line.has("账单尚未支付"):
            require(line.named("账单尚未支付") == self.left, line)
        require(line.has("账单尚未支付") is step.pays_bill, line)
        if line.has("限额"):
            shared = step.results("别的分项付过以后的限额")
            known = [fen for one in (*others, step) for fen in one.results("支付限额")]
            known += [0 for one in (*others, step) if one.results("本年次数已满")]
            require(line.named("限额") == (shared[0] if shared else min(known)), line)


class _Chain:
    """The lines of one step, each going on from those before it."""

    def __init__(self, reader: Reader, step: PrintedStep, of_layer: Sequence[PrintedStep]):
        self.reader, self.step, self.of_layer = reader, step, of_layer
        self.others = of_layer[: of_layer.index(step)]
        self.now = 0
        """What the step has come to so far."""
        self.eligible = 0
        self.first = 0
        self.to_deduct = 0
        self.passing = 0
        self.aside = 0
        """The result of a line that the next one takes up."""
        self.rule: int | None = None
        self.segments: list[int] | None = None

    def check(self, line: Printed) -> None:
        """One line, by what it is about."""
        label = line.label.split("（")[0].split(" ")[0]
        for labels, check in (
            (("看的费用", "限额以内的费用", "先自付以后", "费用限额"), self._base),
            (("先自付", "先自付不超过整笔"), self._first),
            (("选数所看的金额", "按比例得出的数", "上下限以内"), self._rule),
            (
                (
                    "起付线",
                    "本年尚未扣的起付线",
                    "起付线年度合计上限的余额",
                    "上限以内",
                    "别的分项扣过以后",
                    "扣起付线",
                    "扣后",
                ),
                self._deductible,
            ),
            (("本年累计", "过了门槛，不扣", "没有过门槛，全部不计"), self._trigger),
            (("分段", "乘比例", "取整不超过可报费用"), self._share),
            (
                ("已付", "减去已付", "保底", "不低于保底", "不超过的金额", "不超过"),
                self._held,
            ),
            (("支付限额", "别的分项付过以后的限额", "本年次数已满", "应付"), self._payment),
            (("限额以内的应付", "账外归医院的结余"), self._surplus),
            (("这一分项不扣起付线",), self._untouched),
        ):
            if label in labels:
                check(label, line)
                return
        raise DoesNotAddUp(f"nobody knows what “{label}” is about")

    def _take_rule(self, fen: int, line: Printed) -> None:
        """A number that was worked out is the one that is used."""
        require(self.rule in (None, fen), line)
        self.rule = None

    def _base(self, label: str, line: Printed) -> None:
        if label == "费用限额":
            self._take_rule(line.figures[0][2], line)
            return
        if label == "看的费用":
            if not line.has(""):
                self.reader.sum_of_names(line)
        else:
            require(line.named("上列") == self.now, line)
            require(label != "先自付以后" or line.named("其中") == self.first, line)
        if label == "限额以内的费用":
            known = self.step.results("费用限额")
            for other in self.others:
                known = known or other.results("费用限额")
            require(line.named("费用限额余额") in known, line)
        self.now = self.eligible = line.result

    def _first(self, label: str, line: Printed) -> None:
        if label == "先自付":
            ((fen, _),) = _RATED.findall(line.text)
            require(in_fen(fen) == self.now, line)
        else:
            require((line.named("取整后"), line.named("上列")) == (self.first, self.now), line)
        self.first = line.result

    def _rule(self, label: str, line: Printed) -> None:
        if label == "选数所看的金额":
            self.reader.sum_of_names(line, own_base=self.step_base())
            self.aside = line.result
            self.rule = None
            return
        if label == "按比例得出的数":
            ((fen, _),) = _RATED.findall(line.text)
            require(in_fen(fen) == self.aside, line)
        else:
            require(line.named("上列") == self.rule, line)
        self.rule = line.result

    def step_base(self) -> int:
        """What the layer looks at, its parts together."""
        looked_at = [s.results("限额以内的费用") or s.results("看的费用") for s in self.of_layer]
        return sum(found[0] for found in looked_at if found)

    def _deductible(self, label: str, line: Printed) -> None:
        if label in ("起付线", "本年尚未扣的起付线"):
            self._take_rule(line.figures[0][2], line)
            self.to_deduct = line.result
        elif label == "起付线年度合计上限的余额":
            self._take_rule(line.figures[0][2], line)
            self.aside = line.result
        elif label in ("上限以内", "别的分项扣过以后"):
            require(line.named("应扣") == self.to_deduct, line)
            require(label != "上限以内" or line.named("限额") == self.aside, line)
            require(label == "上限以内" or line.named("别的分项已扣") in self._deducted(), line)
            self.to_deduct = line.result
        elif label == "扣起付线":
            require(
                (line.named("本次费用"), line.named("应扣")) == (self.now, self.to_deduct), line
            )
            self.aside = line.result
        else:
            require((line.named("本次费用"), line.named("起付线")) == (self.now, self.aside), line)
            self.now = self.eligible = line.result

    def _deducted(self) -> set[int]:
        """What other parts may have been charged before this one, whatever the order."""
        sums = {0}
        for other in self.of_layer:
            if other is not self.step:
                sums |= {known + fen for known in sums for fen in other.results("扣起付线")}
        return sums

    def _trigger(self, label: str, line: Printed) -> None:
        if label == "本年累计":
            self.passing = line.result
            return
        off, threshold = line.named("起付线"), self.to_deduct
        require(line.named("本次费用") == self.now, line)
        if label == "过了门槛，不扣":
            require(off == 0 and self.passing >= threshold, line)
        else:
            require(off == self.now and self.passing <= threshold, line)
        self.now = self.eligible = line.result

    def _untouched(self, _: str, line: Printed) -> None:
        require(line.result == self.now, line)

    def _share(self, label: str, line: Printed) -> None:
        if label == "分段":
            start, end, *edges = map(in_fen, _AMOUNT.findall(line.text.split(" ＝ ")[0]))
            require(line.result == self.eligible, line)
            self.segments = _cut(start, end, edges)
            return
        if label == "乘比例":
            rated = [in_fen(fen) for fen, _ in _RATED.findall(line.text)]
            require(sum(rated) == self.eligible, line)
            require(self.segments in (None, rated), line)
        else:
            require((line.named("取整后"), line.named("上列")) == (self.now, self.eligible), line)
        self.now = line.result

    def _held(self, label: str, line: Printed) -> None:
        if label in ("已付", "保底", "不超过的金额"):
            self.reader.sum_of_names(line)
            self.aside = line.result
            return
        names = ("取整后", "其中") if label == "减去已付" else ("上列", "限额")
        before = self._computed(line)
        require(tuple(map(line.named, names)) == (before, self.aside), line)
        self.now = line.result

    def _computed(self, line: Printed) -> int:
        """What was computed before this line: nothing, unless something was multiplied or held."""
        before = {one.label for one in self.step.lines[: self.step.lines.index(line)]}
        held = {"乘比例", "减去已付", "不低于保底", "不超过"}
        return self.now if before & held else 0

    def _payment(self, label: str, line: Printed) -> None:
        if label == "支付限额":
            self._take_rule(line.figures[0][2], line)
        elif label == "本年次数已满":
            require(line.result == self.step.amount == 0, line)
        elif label == "别的分项付过以后的限额":
            others = (*self.others, self.step)
            require(line.named("限额") in [f for s in others for f in s.results("支付限额")], line)
            require(line.named("别的分项已用") == sum(s.amount for s in self.others), line)
        elif label == "应付":
            require(line.named("算得") == self._computed(line), line)
            self.reader.check_limits(self.step, line, self.others)
            require(line.result == self.step.amount, line)

    def _surplus(self, label: str, line: Printed) -> None:
        steps = (*self.others, self.step)
        if label == "限额以内的应付":
            computed = [x.named("算得") for s in steps for x in s.lines if x.label == "应付"]
            require(line.named("算得") == sum(computed), line)
            caps = [fen for s in steps for fen in s.results("支付限额")]
            caps += [0 for s in steps if s.results("本年次数已满")]
            require(not line.has("限额") or not caps or line.named("限额") == min(caps), line)
            self.aside = line.result
        else:
            paid = sum(s.amount for s in steps)
            require((line.named("上列"), line.named("其中")) == (self.aside, paid), line)


def _cut(start: int, end: int, edges: Sequence[int]) -> list[int]:
    """What lies between start and end, cut at the edges; empty pieces left out."""
    points = [start, *(edge for edge in edges if start < edge < end), end]
    return [b - a for a, b in pairwise(points) if b > a]
