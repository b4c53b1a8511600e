"""Any value of the law in words (任何规则的文字): what a difference was, and what it is now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from settlement.application.comparing.naming import (
    INNER_ITEMS,
    KIND_LABELS,
    cap_item,
    deductible_item,
)
from settlement.application.comparing.worth import Worth
from settlement.entrypoints.cli.policy_rows import LayerRows, Row
from settlement.entrypoints.policy_words import (
    DAYS,
    PolicyNames,
    adjustment_in_words,
    claim_in_words,
    condition_in_words,
    counter_in_words,
    value_in_words,
    year_in_words,
)
from settlement.law.evidence import Evidence, Source
from settlement.law.expressions import Expression
from settlement.law.facts import Ask, Condition, FactKind, LocalIdentity
from settlement.law.numbers import Missing, Number, Picked, ShareOf
from settlement.law.policy import (
    BandsFrom,
    BenefitYear,
    Cap,
    ClaimBy,
    Counter,
    Deductible,
    FirstTaken,
    Guard,
    IfLower,
    Layer,
    LayerKind,
    Parameter,
    Part,
    Passed,
    Period,
    Policy,
    Reported,
)
from settlement.law.rounding import Rounding

NOTHING = "（没有）"
_KINDS_OF_FACTS = {FactKind.YES_NO: "是或否", FactKind.NUMBER: "数目", FactKind.WORD: "选一项"}
_ENUMS: Mapping[Any, str] = {
    **DAYS,
    **KIND_LABELS,
    **_KINDS_OF_FACTS,
    Passed.ABOVE: "超过",
    Passed.AT: "达到",
    BandsFrom.ZERO: "从 0 起量",
    BandsFrom.DEDUCTIBLE: "从起付线以上起量",
    FirstTaken.BEFORE: "在起付线以前扣",
    FirstTaken.AFTER: "在起付线以后扣",
    IfLower.COLLECT_BACK: "追回",
    IfLower.LEAVE: "不追回",
    Period.STAY: "每次",
    Period.YEAR: "每年",
    Period.EPISODE: "连续住院合计",
}


class Speaker:
    """Puts values of one policy into words (把规则说成话)."""

    def __init__(self, policy: Policy):
        """Use the names of this policy."""
        self.names = PolicyNames.of(policy)
        self.rows = LayerRows(self.names, policy.benefit_year)

    def say(self, value: Any) -> str:
        """The value in one or several lines."""
        if value is None or isinstance(value, bool | Enum | str | int | date):
            return _plain(value)
        for kinds, how in self._known():
            if isinstance(value, kinds):
                return str(how(value))
        if isinstance(value, tuple | frozenset):
            return self._members(value)
        return self._fields(value)

    def _known(self) -> Iterator[tuple[Any, Callable[[Any], str]]]:
        yield Worth, self.worth
        yield (Number, Picked, ShareOf), lambda rule: _lines(self.rows.rule("", rule))
        yield Expression, self.names.expression
        yield Condition, lambda condition: condition_in_words(condition) or "任何情形"
        yield Rounding, lambda rounding: rounding.label
        yield BenefitYear, year_in_words
        yield ClaimBy, claim_in_words
        yield Counter, counter_in_words
        yield Layer, lambda layer: _lines(self.layer_rows(layer))
        yield Part, self._part
        yield Deductible, self._deductible
        yield Guard, lambda guard: self.names.expression(guard.amount)
        yield Cap, lambda cap: _lines(self.rows.rule(cap_item(cap), cap.amount))
        yield Parameter, lambda p: _lines(self.rows.rule("", p.number))
        yield Ask, lambda ask: f"{ask.label}：{_KINDS_OF_FACTS.get(ask.kind, ask.kind.value)}"
        yield LocalIdentity, lambda own: f"{own.label}（{own.id}）"
        yield Reported, self._reported
        yield Source, _source

    def worth(self, worth: Worth) -> str:
        """What a number comes to for somebody, and how it is made."""
        if worth.value is not None:
            words = value_in_words(worth.value, worth.unit)
            if isinstance(worth.value, Missing):
                return f"缺失（{words}）"
            return f"{words}（{self.names.derived(worth.made_of)}）" if worth.made_of else words
        words = self.names.value(worth.written, worth.unit)
        changes = [adjustment_in_words(change, worth.unit) for change in worth.open_changes]
        for word, bound in (("不低于", worth.at_least), ("不高于", worth.at_most)):
            changes += [f"{word} {value_in_words(bound.value, worth.unit)}"] if bound else []
        return "；".join([words, *changes])

    def layer_rows(self, layer: Layer) -> Iterator[Row]:
        """Every rule of a layer that came or went."""
        yield Row("支付方", "", layer.payer.label)
        if layer.pool:
            yield Row("统筹区", "", layer.pool)
        yield from (row for row in self.rows.of(layer) if row.item != "统筹区")

    def _deductible(self, rule: Deductible) -> str:
        words = [_lines(self.rows.rule(deductible_item(rule), rule.amount))]
        if rule.limit:
            words.append(_lines(self.rows.rule("年度合计上限", rule.limit.amount)))
        if rule.counter:
            words.append(f"累计器：{counter_in_words(rule.counter)}")
        return "\n".join(words)

    def _part(self, part: Part) -> str:
        words = "定额" if part.fixed else self.names.expression(part.base)
        rates = [_lines(self.rows.rule("比例", band.rate)) for band in part.bands]
        return "\n".join([f"口径：{words}", *rates])

    def _reported(self, reported: Reported) -> str:
        words = self.names.expression(reported.amount)
        return f"（{words}）占（{self.names.expression(reported.of)}）" if reported.of else words

    def _members(self, members: tuple[Any, ...] | frozenset[Any]) -> str:
        if isinstance(members, frozenset):
            members = tuple(sorted(members))
        if not members:
            return NOTHING
        if all(isinstance(member, str) for member in members):
            known = self.names.identities
            are_ranked = isinstance(members, tuple) and any(code in known for code in members)
            return (" → " if are_ranked else "、").join(map(self.names.identity, members))
        return "\n".join(self.say(member) for member in members)

    def _fields(self, value: Any) -> str:
        """What is not known here: its fields by name, so that nothing is left out."""
        if not is_dataclass(value):
            return str(value)
        return "；".join(
            f"{INNER_ITEMS.get(f.name, f.name)}：{self.say(found)}"
            for f in fields(value)
            if (found := getattr(value, f.name)) is not None and not isinstance(found, Evidence)
        )


def _source(source: Source) -> str:
    return "，".join(filter(None, (source.title, source.publisher, source.date, source.url)))


def _plain(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    return _enum(value) if isinstance(value, Enum) else str(value)


def _enum(value: Enum) -> str:
    if isinstance(value, LayerKind):
        return KIND_LABELS[value]
    label = getattr(value, "label", None)
    return str(label or _ENUMS.get(value) or value.value)


def _lines(rows: Iterator[Row]) -> str:
    return "\n".join(
        "：".join(word for word in (row.item, row.situation, row.value) if word) for row in rows
    )
