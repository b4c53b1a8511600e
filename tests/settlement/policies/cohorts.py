"""Made-up cohorts (虚构人群): claims of many persons, for tests of what a policy would change."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from settlement.application.impact.cohort import Claim
from settlement.law.bill import Charges
from settlement.law.book import StayDates
from settlement.law.facts import Facts
from tests.support.bill_generator import MadeUpStay, make_person


def claim(
    person: str,
    yuan: int,
    *,
    on: date = date(2020, 3, 1),
    facts: Facts | None = None,
    charges: Charges | None = None,
    **more: Any,
) -> Claim:
    """One claim of so many yuan, all of it in scope, on one day."""
    known = {"declared": {}, "elsewhere_fen": {}, **more}
    return Claim(
        reference=f"{person}-{on}",
        person=person,
        dates=StayDates(on, on, on),
        charges=charges or Charges(yuan * 100, in_scope_fen=yuan * 100),
        facts=facts or Facts(),
        **known,
    )


def made_up(chance: Random, persons: int, elsewhere: Iterable[str], *, full: bool) -> list[Claim]:
    """Claims of so many persons, in order; unless `full`, some facts and amounts are wanting."""
    return [
        _claim_of(f"P{number}", at, stay)
        for number in range(persons)
        for at, stay in enumerate(make_person(chance, elsewhere=elsewhere, full=full))
    ]


def _claim_of(person: str, at: int, stay: MadeUpStay) -> Claim:
    facts = stay.product_facts
    return Claim(
        reference=f"{person}/{at}",
        person=person,
        dates=StayDates(**stay.dates),
        charges=stay.charges,
        facts=replace(
            facts,
            declared={},
            person_on={},
            admission_number=None,
            same_tier_admission_number=None,
        ),
        declared={name: _written(answer) for name, answer in facts.declared.items()},
        elsewhere_fen=stay.elsewhere,
    )


def _written(answer: bool | int | str) -> str:  # noqa: FBT001 - an answer, not a switch
    if isinstance(answer, bool):
        return "是" if answer else "否"
    return str(answer)
