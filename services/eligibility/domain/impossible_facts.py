"""What no fact can say (不成立的事项): refused when stated; what is stored already always loads."""

from collections.abc import Iterator

from eligibility.domain.facts import (
    Disability,
    Enrolment,
    Fact,
    Household,
    Identity,
    Mark,
    Residence,
)
from eligibility.domain.resident_id import InvalidResidentId, parse_resident_id

DISABILITY_LEVELS = range(1, 5)


class FactImpossible(Exception):
    """A fact that contradicts itself (事项自相矛盾); the message says what to correct."""


def refuse_impossible(fact: Fact) -> None:
    """Let a fact pass that can be true. Raises `FactImpossible`."""
    for message in _faults_of(fact):
        raise FactImpossible(message)


def _faults_of(fact: Fact) -> Iterator[str]:
    if fact.valid_to is not None and fact.valid_to < fact.valid_from:
        yield "结束日期早于开始日期；请核对 (ends before it begins)"
    match fact:
        case Identity():
            yield from _faults_of_identity(fact)
        case Enrolment():
            yield from _faults_of_enrolment(fact)
        case Household() if _is_resident_id(fact.number):
            yield "户编号不得为公民身份号码；请换用登记系统的户编号 (household number)"
        case Residence() if fact.village and not fact.village.startswith(fact.township):
            yield "村（社区）代码的前九位须与乡镇（街道）代码相同 (village, township)"
        case Mark() if fact.limit_fen is not None and fact.limit_fen < 0:
            yield "待遇限额不得为负 (limit_fen)"
        case Disability() if fact.level not in DISABILITY_LEVELS:
            yield "残疾等级须为 1 至 4 级 (disability level)"
        case _:
            pass


def _faults_of_identity(fact: Identity) -> Iterator[str]:
    after = fact.benefits_after_end
    if after is None:
        return
    if fact.valid_to is None:
        yield "身份未结束，不能填写结束后的待遇；请先填写结束日期 (benefits_after_end)"
    elif after.until is not None and after.until <= fact.valid_to:
        yield "待遇延续截止日期须晚于身份结束日期 (benefits_after_end.until)"


def _faults_of_enrolment(fact: Enrolment) -> Iterator[str]:
    waiting_to = fact.waiting_to
    if waiting_to is None:
        return
    if fact.from_birth:
        yield "出生即享受待遇的参保没有等待期；请去掉其中一项 (waiting_to, from_birth)"
    if waiting_to < fact.valid_from or (fact.valid_to is not None and fact.valid_to < waiting_to):
        yield "等待期须在参保起止日期之内 (waiting_to)"


def _is_resident_id(number: str) -> bool:
    # Registers have been seen to number a household by the certificate of its head.
    try:
        parse_resident_id(number.strip().upper())
    except InvalidResidentId:
        return False
    return True
