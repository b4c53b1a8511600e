"""The sums of an explanation in words (逐步说明的用语): Chinese, and English beside it."""

import re
from dataclasses import dataclass

from settlement.application.explaining.lines import Figure, Line, Operation, Rated, Topic
from settlement.entrypoints.policy_words import DAYS, PolicyNames
from settlement.kernel.explain import NumberUsed
from settlement.law.exact import format_yuan
from settlement.law.expressions import OWN_BASE, YEAR, parse_expression
from settlement.law.policy import REPORTED, Policy, StayDate
from settlement.law.rounding import RoundingMode

TOPICS: dict[Topic, tuple[str, str]] = {
    Topic.BASE: ("看的费用", "Looks at"),
    Topic.COST_LIMIT: ("费用限额", "Limit on cost"),
    Topic.COST_HELD: ("限额以内的费用", "Cost within the limit"),
    Topic.FIRST: ("先自付", "First self-pay"),
    Topic.FIRST_HELD: ("先自付不超过整笔", "Rounding held to the whole"),
    Topic.FIRST_OFF: ("先自付以后", "After first self-pay"),
    Topic.THRESHOLD: ("起付线", "Deductible"),
    Topic.EPISODE_LEFT: ("连续住院尚未扣的起付线", "Deductible left of the episode"),
    Topic.THRESHOLD_LEFT: ("本年尚未扣的起付线", "Deductible left this year"),
    Topic.DEDUCTION_LIMIT: ("起付线年度合计上限的余额", "Left of the year's deductions"),
    Topic.DEDUCTION_HELD: ("上限以内", "Within that limit"),
    Topic.DEDUCTION_SHARED: ("别的分项扣过以后", "After other parts"),
    Topic.DEDUCTION: ("扣起付线", "Deducted"),
    Topic.ELIGIBLE: ("扣后", "After the deductible"),
    Topic.PASSING: ("本年累计", "Counted this year"),
    Topic.PASSED: ("过了门槛，不扣", "Threshold passed"),
    Topic.NOT_PASSED: ("没有过门槛，全部不计", "Threshold not passed"),
    Topic.NOT_TOUCHED: ("这一分项不扣起付线", "No deductible on this part"),
    Topic.RULE_BY: ("选数所看的金额", "Amount that picks the number"),
    Topic.RULE_SHARE: ("按比例得出的数", "Number as a share"),
    Topic.RULE_HELD: ("上下限以内", "Within its bounds"),
    Topic.BANDS: ("分段", "Bands"),
    Topic.SHARE: ("乘比例", "Times the rate"),
    Topic.SHARE_HELD: ("取整不超过可报费用", "Rounding held to the whole"),
    Topic.ALREADY: ("已付", "Paid already"),
    Topic.TOP_UP: ("减去已付", "Less what was paid"),
    Topic.FLOOR: ("保底", "Floor"),
    Topic.FLOOR_HELD: ("不低于保底", "Raised to the floor"),
    Topic.CEILING: ("不超过的金额", "Ceiling"),
    Topic.CEILING_HELD: ("不超过", "Held under the ceiling"),
    Topic.CAP: ("支付限额", "Cap on payment"),
    Topic.CAP_SHARED: ("别的分项付过以后的限额", "Cap left by other parts"),
    Topic.TIMES: ("本年次数已满", "No more times this year"),
    Topic.HELD: ("应付", "Comes to"),
    Topic.SURPLUS_WHOLE: ("限额以内的应付", "Allowed in all"),
    Topic.SURPLUS: ("账外归医院的结余", "Surplus to the hospital"),
    Topic.ELSEWHERE: ("外部结算的金额", "Decided elsewhere"),
    Topic.ELSEWHERE_LIMIT: ("外部结算不得超过", "At most"),
}

_FIGURES: dict[str, tuple[str, str]] = {
    "cap": ("限额", "cap"),
    "cap_used": ("本年已用", "used this year"),
    "computed": ("算得", "computed"),
    "cost_left": ("费用限额余额", "limit on cost left"),
    "counted": ("本次费用", "cost of this bill"),
    "episode_before": ("连续住院此前已扣", "deducted before in the episode"),
    "counted_before": ("本年此前累计", "counted before this year"),
    "deducted_before": ("别的分项已扣", "deducted from other parts"),
    "deduction": ("起付线", "deductible"),
    "earlier_parts": ("别的分项已用", "used by other parts"),
    "fixed": ("定额", "fixed amount"),
    "held": ("其中", "thereof"),
    "left": ("账单尚未支付", "unpaid of the bill"),
    "limit": ("限额", "limit"),
    "own": ("上列", "above"),
    "rounded": ("取整后", "rounded"),
    "threshold": ("起付线", "deductible"),
    "to_deduct": ("应扣", "to be deducted"),
}
_AMOUNTS_ENGLISH = {
    "total": "total cost",
    "in_scope": "cost in scope",
    "out_of_scope": "cost out of scope",
    "first_self_pay": "first self-pay",
    "over_limit": "over limit prices",
    "out_of_catalog": "out of catalogue",
    "class_a": "class A",
    "class_b": "class B",
    "class_c": "class C",
    "patient": "patient's share",
}
_MODES_ENGLISH = {
    RoundingMode.HALF_UP: "rounded half up",
    RoundingMode.HALF_EVEN: "rounded half to even",
    RoundingMode.DOWN: "rounded down",
    RoundingMode.UP: "rounded up",
}
_QUANTA = {1: ("分", "0.01"), 10: ("角", "0.10"), 100: ("元", "1.00")}
_CLIPPED = ("（不足 0 按 0 计）", " (never below 0)")
_EQUALS = (" ＝ ", " = ")


@dataclass(frozen=True)
class ExplanationWords:
    """Puts lines into both languages (两种文字)."""

    names: PolicyNames

    @classmethod
    def of(cls, policy: Policy) -> "ExplanationWords":
        """With the names of one policy."""
        return cls(PolicyNames.of(policy))

    def line(self, line: Line) -> tuple[str, str]:
        """A line in Chinese and in English."""
        found = []
        for at, separator in ((0, "："), (1, ": ")):
            label = TOPICS[line.topic][at] + self._detail(line)[at]
            found.append(f"{label}{separator}{self._formula(line, at)}")
        return found[0], found[1]

    def _formula(self, line: Line, at: int) -> str:
        if line.operation is Operation.STATED:
            return format_yuan(line.result_fen)
        made = {
            Operation.SUM: self._clipped_sum,
            Operation.SHARE: _rounded_product,
            Operation.SPLIT: _split,
            Operation.LEAST: self._chosen,
            Operation.GREATEST: self._chosen,
        }[line.operation]
        return made(line, at) + _EQUALS[at] + format_yuan(line.result_fen)

    def _chosen(self, line: Line, at: int) -> str:
        """The least or the greatest of several figures; one alone needs no choice."""
        listed = [self._figure(figure, at) for figure in line.figures]
        if len(listed) == 1:
            return listed[0]
        is_least = line.operation is Operation.LEAST
        if at == 0:
            return "、".join(listed) + ("，取小" if is_least else "，取大")
        return ("the least of " if is_least else "the greatest of ") + ", ".join(listed)

    def _clipped_sum(self, line: Line, at: int) -> str:
        is_clipped = sum(f.sign * f.fen for f in line.figures) < 0
        return self._sum(line.figures, at) + (_CLIPPED[at] if is_clipped else "")

    def _sum(self, figures: tuple[Figure, ...], at: int) -> str:
        text = ""
        for figure in figures:
            sign = " − " if figure.sign < 0 else " ＋ " if at == 0 else " + "
            text += (sign if text or figure.sign < 0 else "") + self._figure(figure, at)
        return text.strip()

    def _figure(self, figure: Figure, at: int) -> str:
        known = _FIGURES.get(figure.name)
        if known:
            name = known[at]
        else:
            name = self.names.amount(figure.name) if at == 0 else self._in_english(figure.name)
        return f"{name} {format_yuan(figure.fen)}"

    def _in_english(self, name: str) -> str:
        if name in _AMOUNTS_ENGLISH:
            return _AMOUNTS_ENGLISH[name]
        if name == OWN_BASE:
            return "own base"
        if name.startswith(YEAR):
            return f"{self._in_english(name.removeprefix(YEAR))} before, this year"
        return name.replace("_", " ")

    @staticmethod
    def _detail(line: Line) -> tuple[str, str]:
        if line.topic in (Topic.CAP, Topic.COST_LIMIT, Topic.TIMES) and line.detail:
            return f" {line.detail}", f" {line.detail}"
        if line.topic is Topic.RULE_BY and line.detail:
            return f"（第 {line.detail} 行）", f" (row {line.detail})"
        return "", ""

    def number(self, number: NumberUsed) -> str:
        """What a number is called: 起付线, 第 2 段比例, 甲类·比例."""
        if number.name in WHOLE_DOCUMENT:
            return WHOLE_DOCUMENT[number.name]
        if number.name.startswith(REPORTED):
            return "指标"
        if number.name in self.names.parameters:
            return f"参数 {self.names.parameters[number.name]}"
        head, *rest = number.name.split(".")
        part = self.names.parts.get(f"{head}.{rest[0]}") if rest and rest[0] != head else None
        if part is not None and len(rest) > 1:
            rest = rest[1:]
        words = "".join(_number_word(word) for word in rest) or _number_word(head)
        return f"{part}·{words}" if part else words

    def value(self, number: NumberUsed) -> str:
        """A number's value; expressions, dates and whom a layer is for in Chinese."""
        what = number.name.split(".")[-1]
        if number.name == "dates":
            return _dates_in_words(number.value)
        if what == "applies":
            return {"适用": "符合", "不适用": "不符合"}.get(number.value, number.value)
        if what == "decided_elsewhere":
            return f"不超过 {self._expression(number.value.removeprefix('≤ '))}"
        return self._expression(number.value) if what in _EXPRESSIONS else number.value

    def _expression(self, text: str) -> str:
        try:
            return self.names.expression(parse_expression(text))
        except ValueError:
            return text


WHOLE_DOCUMENT = {
    "region": "参保地",
    "in_force": "施行日期",
    "dates": "日期规则",
    "people": "身份认定",
    "rounding": "取整",
}
"""Evidence of the document as a whole."""

_EXPRESSIONS = {"base", "by", "minus", "not_above", "not_below", "of"}
_NUMBER_WORDS = {
    "applies": "适用对象",
    "base": "口径",
    "borne_by": "最终承担",
    "by": "所看金额",
    "decided_elsewhere": "外部结算",
    "deductible": "起付线",
    "deductible_taken_from": "起付线先扣",
    "edge": "的界",
    "factor": "系数",
    "first_self_pay": "先自付",
    "fixed": "定额",
    "limit": "年度合计上限",
    "minus": "减去",
    "not_above": "不超过",
    "not_below": "保底",
    "of": "所看金额",
    "at_least": "下限",
    "at_most": "上限",
    "pool": "统筹区",
    "rate": "比例",
    "rounding": "取整",
    "share": "比例",
    "then": "",
    "up_to": "至",
}
_NUMBERED = re.compile(r"(band|cap|row)_(\d+)")
_NUMBERED_WORDS = {"band": "第 {} 段", "cap": "封顶 {}", "row": "第 {} 行"}


def _dates_in_words(value: str) -> str:
    """`admission/01-01` as 按入院日选版本、年度自 01-01 起."""
    day, _, begins = value.partition("/")
    return f"按{DAYS[StayDate(day)]}选版本、年度自 {begins} 起"


def _number_word(word: str) -> str:
    numbered = _NUMBERED.fullmatch(word)
    if numbered:
        return _NUMBERED_WORDS[numbered[1]].format(numbered[2])
    return _NUMBER_WORDS.get(word, word)


def _split(line: Line, at: int) -> str:
    """从 12000.00 到 40720.00，界 30000.00."""
    start, end, *edges = (format_yuan(figure.fen) for figure in line.figures)
    if at == 0:
        return f"从 {start} 到 {end}" + (f"，界 {'、'.join(edges)}" if edges else "")
    return f"from {start} to {end}" + (f", edges {', '.join(edges)}" if edges else "")


def _rounded_product(line: Line, at: int) -> str:
    """The product, its exact result, and how it is rounded."""
    return f"{_product(line)}{_EQUALS[at]}{line.exact}{_rounding_in_words(line.rounding or '', at)}"


def _product(line: Line) -> str:
    text = " ＋ ".join(_rated(one) for one in line.rated)
    if len(line.rated) > 1 and (line.less or line.factor):
        text = f"({text})"
    if line.less:
        text += f"×(100%−{line.less})"
    return text + (f"×{line.factor}" if line.factor else "")


def _rated(one: Rated) -> str:
    return f"{format_yuan(one.fen)}×{one.ratio}"


def _rounding_in_words(code: str, at: int) -> str:
    mode, quantum = code.split("/")
    chinese, english = _QUANTA[int(quantum)]
    if at == 0:
        return f"，{RoundingMode(mode).label}到{chinese}"
    return f", {_MODES_ENGLISH[RoundingMode(mode)]} to {english}"
