"""Two fictional regions (虚构), who is enrolled where, and three hospitals: the world of the runs.

North counts by calendar year, and one of its layers by a year that begins in July; South counts by
a year that begins in April. What the law says stands in the texts; what nobody would look up in
them (who is who, where a hospital lies) is written out here, for the model and for the desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from contracts.vocabulary import Identity
from settlement.adapters.plain_yaml import read_plain_text
from settlement.law.book import PolicyBook
from settlement.law.reading import read_policy
from tests.support.settlement_desk import P1, P2, P3, P9, PeopleKnown
from tests.support.small_policies import REGION, layer_text, policy_text

NORTH, SOUTH = REGION, "990204"
P4 = "0000000a-0000-4000-8000-000000000004"
TWO_IDS = (P1, P2)
"""One person under two ids, which is known at some times and forgotten at others."""

NOBODY = P9
"""Somebody eligibility never heard of."""

NORTH_TEXT = policy_text(
    layer_text(
        """
        base: in_scope
        deductible: {choose: [{when: {admission_number: {from: 2}}, value: 200}, {otherwise: 900}]}
        rate: {choose: [{when: {identity: 低保对象}, value: 85%}, {otherwise: 70%}]}
        caps: [{per: year, of: payment, amount: 6000}]
        """
    ),
    layer_text(
        """
        base: year.patient + total - basic
        deductible: 3000
        rate: 50%
        caps: [{per: year, of: payment, amount: 4000}]
        """,
        layer_id="serious",
        payer="critical_illness",
    ),
    layer_text(
        """
        base: total - basic - serious
        deductible: {amount: 700, per: year}
        rate: 60%
        person_asked_as_of: discharge
        applies: {when: {identity: [低保对象, 低保边缘家庭成员]}}
        caps: [{per: year, of: payment, amount: 2000}]
        benefit_year: {begins: 07-01, chosen_by: admission}
        """,
        layer_id="assistance",
        payer="medical_assistance",
    ),
    layer_text(
        """
        base: total - basic - serious - assistance
        deductible:
          per: episode
          amount: {choose: [{when: {tier: 三级}, value: 1500}, {otherwise: 600}]}
        rate:
          choose:
            - {when: {transfer: 由下级医院转入}, value: 20%}
            - {when: {transfer: 由上级医院转入}, value: 35%}
            - {otherwise: 10%}
        """,
        layer_id="ongoing",
        payer="critical_illness",
    ),
    layer_text(
        "decided_elsewhere: {by: 民政局评审, at_most: total - basic, may_come_later: 是}",
        layer_id="reviewed",
        payer="medical_assistance",
    ),
    more="""
    deposit: {share_of_normal: 30%, amount: 2000}
    corrections: {underpaid: through_hospital, overpaid: through_hospital}
    stays_in_parts: {settled: as_stays_of_their_own, dates: of_part}
    """,
)

_SOUTH = (
    policy_text(
        layer_text(
            """
            base: total
            deductible:
              per: stay
              amount: {choose: [{when: {tier: 三级}, value: 1200}, {otherwise: 500}]}
              limit: {per: year, amount: 1800, each: none}
            rate: {choose: [{when: {referral: 是}, value: 80%}, {otherwise: 65%}]}
            caps: [{per: year, of: payment, each: tier, amount: 5000}]
            """
        ),
        layer_text(
            """
            base: {fixed: 800}
            rate: 50%
            surplus: hospital
            applies: {when: {place: 省内市外}}
            caps: [{per: year, of: cost, amount: 1600}]
            """,
            layer_id="fixed",
            payer="critical_illness",
        ),
        layer_text(
            """
            base: {fixed: 300}
            rate: 100%
            pays: cash
            applies: {when: {identity: 低保对象}}
            caps: [{per: year, of: times, amount: 2}]
            """,
            layer_id="allowance",
            payer="medical_assistance",
        ),
        more="""
        corrections: {underpaid: to_patient, overpaid: from_patient}
        stays_in_parts: {settled: as_stays_of_their_own, dates: of_stay}
        """,
    )
    .replace(REGION, SOUTH)
    .replace('"990100"', '"990200"')
    .replace("begins: 01-01, chosen_by: discharge", "begins: 04-01, chosen_by: discharge")
)

CAPS_FEN: Mapping[str, int] = {
    "basic.paid": 6_000_00,
    "serious.paid": 4_000_00,
    "assistance.paid": 2_000_00,
}
"""North's caps on payments of one benefit year, by the name of their total."""

CAPS_OF_SOUTH_FEN: Mapping[str, int] = {
    "basic.paid@township": 5_000_00,
    "basic.paid@level_2": 5_000_00,
    "basic.paid@level_3": 5_000_00,
    "fixed.cost": 1_600_00,
    "allowance.times": 2,
}
"""South's: of payments in each tier, of cost, and how often."""


@dataclass(frozen=True)
class Somebody:
    """Where a person is enrolled, and the days of each identity."""

    region: str
    held: Mapping[str, tuple[date, date | None]]

    def identities_on(self, day: date) -> list[str]:
        """Those that are true on a day."""
        return [i for i, (first, last) in self.held.items() if first <= day <= (last or date.max)]


_POOR, _MARGIN = Identity.SUBSISTENCE_ALLOWANCE.value, Identity.SUBSISTENCE_MARGIN.value
_TO_AUTUMN = {_POOR: (date(2022, 1, 1), date(2023, 9, 20))}

PEOPLE: Mapping[str, Somebody] = {
    P1: Somebody(NORTH, _TO_AUTUMN),
    P2: Somebody(NORTH, _TO_AUTUMN),
    P3: Somebody(NORTH, {_MARGIN: (date(2023, 8, 1), None)}),
    P4: Somebody(SOUTH, {_POOR: (date(2023, 1, 1), None)}),
}


@dataclass(frozen=True)
class Hospital:
    """What a region's law asks of a hospital: `places` as seen from each region."""

    tier: str
    level: str
    places: Mapping[str, str]


HOSPITALS: Mapping[str, Hospital] = {
    "H99010100001": Hospital("level_2", "county", {NORTH: "in_city", SOUTH: "in_province"}),
    "H42000000001": Hospital(
        "level_3", "province", dict.fromkeys((NORTH, SOUTH), "out_of_province")
    ),
    "H37132300001": Hospital(
        "township", "township", dict.fromkeys((NORTH, SOUTH), "out_of_province")
    ),
}


LATE_FROM = date(2023, 6, 1)
"""The day from which the versions published late are in force."""


def _late(text: str, *changes: tuple[str, str]) -> str:
    """The version published late: other numbers of the same layers."""
    begins = "in_force: {from: 2020-01-01}"
    late = f"published: 2023-08-01\nin_force: {{from: {LATE_FROM}, if_lower: collect_back}}"
    for was, now in ((begins, late), ("version: 1\n", "version: 2\n"), *changes):
        if was not in text:
            raise AssertionError(was)
        text = text.replace(was, now)
    return text


_NORTH_LATE = _late(
    NORTH_TEXT,
    ("value: 200}, {otherwise: 900}", "value: 100}, {otherwise: 1100}"),
    ("value: 85%}, {otherwise: 70%}", "value: 90%}, {otherwise: 75%}"),
    ("amount: 4000", "amount: 3500"),
    ("value: 1500}, {otherwise: 600}", "value: 1000}, {otherwise: 800}"),
)
_SOUTH_LATE = _late(
    _SOUTH,
    ("value: 1200}, {otherwise: 500}", "value: 1000}, {otherwise: 600}"),
    ("value: 80%}, {otherwise: 65%}", "value: 85%}, {otherwise: 60%}"),
)


@cache
def book(*, is_published: bool = False) -> PolicyBook:
    """Both regions' law, and the versions published late once they are."""
    texts = (NORTH_TEXT, _SOUTH, *((_NORTH_LATE, _SOUTH_LATE) if is_published else ()))
    return PolicyBook([read_policy(read_plain_text(text, {})) for text in texts])


@cache
def _law_of(region: str, version: int) -> str:
    every = book(is_published=True).policies
    return next(p.canonical_text for p in every if (p.region, p.version) == (region, version))


def law_on(region: str, day: date, *, is_published: bool) -> str:
    """The canonical text of a region's law for who is admitted on a day."""
    return _law_of(region, 2 if is_published and day >= LATE_FROM else 1)


def people_known() -> PeopleKnown:
    """Eligibility, played: the same people."""
    people = PeopleKnown()
    for person_id, somebody in PEOPLE.items():
        people.add(person_id, region=somebody.region, held=dict(somebody.held))
    return people
