"""What a policy would change for a cohort: who pays more, who less, who is refused (测算影响)."""

from datetime import date
from typing import Any

import pytest

from contracts.vocabulary import Payer
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_policy
from settlement.application.impact import tally
from settlement.application.impact.by_columns import fits_columns, settle_by_columns
from settlement.application.impact.one_by_one import settle_one_by_one
from settlement.application.impact.settled import AFTER_REFUSED, Refused, Settled, WhyRefused
from settlement.application.impact.tally import NotConserved, Tally
from settlement.application.measure_impact import measure_impact
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.policy import LayerKind
from tests.settlement.policies.cohorts import claim, made_up
from tests.settlement.policies.drafts import HEAD, RIGHT, layer, policy_of
from tests.support.bill_generator import seeded
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree

BETTER = RIGHT.replace("rate: 70%", "rate: 75%")


def measured(before: str, after: str, *claims: Any, **how: Any) -> Tally:
    """The impact of one text after another on these claims."""
    return measure_impact(claims, before=policy_of(before), after=policy_of(after), **how)


def totals(found: Tally) -> dict[str, tuple[int, int]]:
    """Every payer's total before and after, and the patients'."""
    paid = {payer: (t.before_fen, t.after_fen) for payer, t in found.payers.items()}
    return paid | {"patient": (found.patient.before_fen, found.patient.after_fen)}


# --- who pays what --------------------------------------------------------------------------------


def test_what_payers_and_patients_pay_before_and_after() -> None:
    """1,000 and 2,300 yuan, 300 off each: 70% of 700 and 2,000, then 75% of them."""
    found = measured(RIGHT, BETTER, claim("甲", 1000), claim("乙", 2300))

    assert totals(found) == {"basic": (1_890_00, 2_025_00), "patient": (1_410_00, 1_275_00)}
    assert (found.claims, found.compared, found.changed, found.cost_fen) == (2, 2, 2, 3_300_00)
    assert found.layers["basic"].change_fen == 135_00
    assert vars(found.patients_by_person) == {"losing": 0, "gaining": 2, "same": 0}


def test_a_claim_that_nothing_changes_for_is_not_counted_as_changed() -> None:
    """200 yuan stay under the deductible."""
    found = measured(RIGHT, BETTER, claim("甲", 200), claim("乙", 2300))

    assert (found.compared, found.changed) == (2, 1)
    assert vars(found.patients_by_claim) == {"losing": 0, "gaining": 1, "same": 1}


def test_a_person_gains_and_loses_over_all_claims_together() -> None:
    """A higher deductible and a higher rate: small claims lose 60, the large one gains 190."""
    after = RIGHT.replace("deductible: 300", "deductible: 400").replace("70%", "75%")
    small, large = claim("甲", 600), claim("甲", 5_600, on=date(2020, 5, 1))
    found = measured(RIGHT, after, small, large, claim("乙", 600))

    assert vars(found.patients_by_claim) == {"losing": 2, "gaining": 1, "same": 0}
    assert vars(found.patients_by_person) == {"losing": 1, "gaining": 1, "same": 0}


def test_the_worst_come_first_with_both_bills() -> None:
    """70% becomes 60%: who has the largest bill loses most; only so many are kept."""
    worse = RIGHT.replace("70%", "60%")
    found = measured(RIGHT, worse, claim("甲", 1300), claim("乙", 5300), claim("丙", 300), most=1)

    assert [(w.claim.person, w.patient_loss_fen) for w in found.worst()] == [("乙", 500_00)]
    (worst,) = found.worst()
    assert (worst.before.layers_fen, worst.before.patient_fen) == ((3_500_00,), 1_800_00)
    assert (worst.after.layers_fen, worst.after.patient_fen) == ((3_000_00,), 2_300_00)


def test_of_equal_losses_the_earlier_claim_comes_first() -> None:
    """In the order of the file."""
    worse = RIGHT.replace("70%", "60%")
    people = [claim(name, 1300) for name in "甲乙丙丁"]
    found = measured(RIGHT, worse, *people, most=2)

    assert [w.claim.person for w in found.worst()] == ["甲", "乙"]


def test_cash_outside_the_bill_makes_up_for_a_loss() -> None:
    """10 points less of the bill, and 100 yuan in cash: nobody loses, and payers pay less."""
    cash = layer(
        "name: 补助\npays: cash\nbase: {fixed: 100}\nrate: 100%\nsurplus: none", payer="民政救助"
    )
    found = measured(RIGHT, RIGHT.replace("70%", "60%") + cash, claim("甲", 1300))

    assert totals(found) == {"basic": (700_00, 600_00), "patient": (600_00, 700_00)}
    assert (found.cash["civil_assistance"].after_fen, found.worst()) == (100_00, [])
    assert vars(found.patients_by_claim) == {"losing": 0, "gaining": 0, "same": 1}


def test_what_is_only_measured_and_what_the_patient_pays_first_is_no_payment() -> None:
    """They stand among the layers, not among the payers; a surplus is told apart."""
    after = (
        RIGHT
        + "  - {id: shadow, name: 测算, payer: 只测算, base: total, rate: 10%}\n"
        + "  - {id: own, name: 先付, payer: 个人先付, base: total, rate: 10%}\n"
        + layer("name: 定额\nbase: {fixed: 1000}\nrate: 100%\nsurplus: hospital", layer_id="fixed")
    )
    found = measured(RIGHT, after, claim("甲", 1300))

    assert totals(found) == {
        "basic": (700_00, 700_00),
        "critical_illness": (0, 470_00),
        "patient": (600_00, 130_00),
    }
    assert {k: t.after_fen for k, t in found.layers.items()} == {
        "basic": 700_00,
        "shadow": 130_00,
        "own": 130_00,
        "fixed": 470_00,
    }
    assert found.surplus["critical_illness"].after_fen == 530_00


# --- a person's year ------------------------------------------------------------------------------

YEARLY = RIGHT.replace("deductible: 300", "deductible: {per: year, amount: 1000}")


def test_the_years_totals_are_carried_from_claim_to_claim() -> None:
    """1,000 a year are deducted once: 600 of the first claim, 400 of the second; anew next year."""
    stays = [date(2020, 2, 1), date(2020, 5, 1), date(2021, 2, 1)]
    found = measured(YEARLY, RIGHT, *(claim("甲", 600, on=day) for day in stays))

    assert found.payers["basic"].before_fen == 140_00
    assert found.payers["basic"].after_fen == 3 * 210_00


def test_another_person_begins_anew() -> None:
    """Totals belong to a person."""
    found = measured(YEARLY, YEARLY, claim("甲", 1500), claim("乙", 1500))

    assert found.payers["basic"].before_fen == 2 * 350_00


def test_stays_of_the_year_are_counted() -> None:
    """The second stay of a year pays 90%, and the second in a hospital of its tier 95%."""
    rate = (
        "rate: {choose: [{when: {same_tier_admission_number: {from: 2}}, value: 95%},"
        " {when: {admission_number: {from: 2}}, value: 90%}, {otherwise: 70%}]}"
    )
    text = RIGHT.replace("rate: 70%", rate)
    tiers = [("level_2", 2), ("level_3", 4), ("level_2", 6)]
    stays = [
        claim("甲", 1300, on=date(2020, month, 1), facts=Facts(tier=tier)) for tier, month in tiers
    ]
    found = [measured(text, text, *stays, least_for_columns=least) for least in (0, 99)]

    assert [f.payers["basic"].after_fen for f in found] == [700_00 + 900_00 + 950_00] * 2


def test_dates_and_answers_are_asked_as_each_policy_asks() -> None:
    """Long stays pay more before, students more after; the answer is read as that policy says."""
    before = RIGHT.replace(
        "rate: 70%", "rate: {choose: [{when: {days: {from: 10}}, value: 90%}, {otherwise: 70%}]}"
    )
    after = "asks: {student: {name: 在校学生, kind: yes_no}}\n" + RIGHT.replace(
        "rate: 70%", "rate: {choose: [{when: {student: 是}, value: 80%}, {otherwise: 70%}]}"
    )
    found = measured(before, after, claim("甲", 1300, declared={"student": "是"}))

    assert totals(found)["basic"] == (700_00, 800_00)
    wrong = measured(before, after, claim("甲", 1300, declared={"student": "也许"}))
    assert wrong.refused == {("after", Refused(WhyRefused.FACT, "student")): 1}


# --- what cannot be settled -----------------------------------------------------------------------

ASKING = RIGHT.replace(
    "rate: 70%", "rate: {choose: [{when: {tier: 三级}, missing: 没有写}, {otherwise: 70%}]}"
)


@pytest.mark.parametrize("least", [0, 99])
def test_refusals_are_counted_by_name_and_leave_the_totals(least: int) -> None:
    """A missing number, a missing fact, a missing amount, a bill that contradicts itself."""
    claims = [
        claim("甲", 1300, facts=Facts(tier="level_3")),
        claim("乙", 1300),
        claim("丙", 1300, facts=Facts(tier="level_2"), charges=Charges(1300_00)),
        claim("丁", 1300, charges=Charges(1_00, in_scope_fen=2_00)),
        claim("戊", 1300, facts=Facts(tier="level_2")),
    ]
    found = measured(ASKING, ASKING, *claims, least_for_columns=least)

    whys = {
        Refused(WhyRefused.NUMBER, "basic.rate"): 1,
        Refused(WhyRefused.FACT, "tier"): 1,
        Refused(WhyRefused.AMOUNT, "in_scope"): 1,
        Refused(WhyRefused.BILL, "BillDoesNotAddUp"): 1,
    }
    assert found.refused == {
        (side, why): n for side in ("before", "after") for why, n in whys.items()
    }
    assert (found.claims, found.compared, found.cost_fen) == (5, 1, 1_300_00)


@pytest.mark.parametrize("least", [0, 99])
def test_later_claims_of_a_year_rest_on_the_refused_one(least: int) -> None:
    """Nobody knows the year's totals after it; next year begins anew."""
    stays = [
        claim("甲", 1300, on=date(2020, 1, 5), facts=Facts(tier="level_2")),
        claim("甲", 1300, on=date(2020, 3, 5), facts=Facts(tier="level_3")),
        claim("甲", 1300, on=date(2020, 6, 5), facts=Facts(tier="level_2")),
        claim("甲", 1300, on=date(2021, 1, 5), facts=Facts(tier="level_2")),
    ]
    found = measured(ASKING, RIGHT, *stays, least_for_columns=least)

    assert found.refused == {
        ("before", Refused(WhyRefused.NUMBER, "basic.rate")): 1,
        ("before", AFTER_REFUSED): 1,
    }
    assert (found.compared, found.patient.after_fen) == (2, 1_200_00)


@pytest.mark.parametrize("least", [0, 99])
def test_amounts_decided_elsewhere_go_to_the_policy_that_asks_for_them(least: int) -> None:
    """Basic insurance is decided elsewhere before, computed after; too much or none is refused."""
    before = HEAD + '  - {id: basic, payer: basic, pool: "990100", decided_elsewhere: '
    before += "{by: 平台, at_most: in_scope}}\n"
    claims = [
        claim("甲", 1300, elsewhere_fen={"basic": 650_00}),
        claim("乙", 1300, elsewhere_fen={"basic": 1_301_00}),
        claim("丙", 1300),
    ]
    found = measured(before, RIGHT, *claims, least_for_columns=least)

    assert totals(found) == {"basic": (650_00, 700_00), "patient": (650_00, 600_00)}
    assert found.refused == {
        ("before", Refused(WhyRefused.ELSEWHERE_TOO_LARGE, "basic")): 1,
        ("before", Refused(WhyRefused.ELSEWHERE_MISSING, "basic")): 1,
    }


def test_claims_outside_the_days_in_force_are_told() -> None:
    """They are settled all the same: that is what is asked."""
    found = measured(RIGHT, RIGHT.replace("2020-01-01", "2020-07-01"), claim("甲", 1300))

    assert (found.compared, dict(found.outside_force)) == (1, {"after": 1})


# --- nothing is lost ------------------------------------------------------------------------------


def differences(cascades: tuple[Cascade, Cascade], pair: tuple[Settled, Settled]) -> dict[str, int]:
    """What each payer and the patient pay more after, in fen."""
    found = {"patient": pair[1].patient_fen - pair[0].patient_fen}
    for sign, cascade, settled in zip((-1, 1), cascades, pair, strict=True):
        for each, fen in zip(cascade.policy.layers, settled.layers_fen, strict=True):
            if each.kind is LayerKind.PAYMENT:
                found[each.payer.value] = found.get(each.payer.value, 0) + sign * fen
    return found


def test_the_differences_of_payers_and_patient_add_up_to_zero() -> None:
    """For every claim, whatever the two policies are."""
    compared = 0
    for seed in range(40):
        chance = seeded(seed)
        cascades = compile_tree(policy_tree(chance)), compile_tree(policy_tree(chance))
        elsewhere = {x for c in cascades for x in c.shape.elsewhere}
        claims = made_up(chance, 4, sorted(elsewhere), full=True)
        for pair in zip(*(settle_one_by_one(c, claims) for c in cascades), strict=True):
            if isinstance(pair[0], Settled) and isinstance(pair[1], Settled):
                assert sum(differences(cascades, pair).values()) == 0
                compared += 1
    assert compared > 60


def test_totals_are_the_sum_of_the_claims() -> None:
    """Payers and patients together bear the cost of the bills under either policy."""
    for seed in range(20):
        chance = seeded(seed)
        cascades = compile_tree(policy_tree(chance)), compile_tree(policy_tree(chance))
        claims = made_up(chance, 5, (), full=True)
        found = measure_impact(claims, before=cascades[0].policy, after=cascades[1].policy)
        for side in ("before_fen", "after_fen"):
            paid = sum(getattr(t, side) for t in found.payers.values())
            assert paid + getattr(found.patient, side) == found.cost_fen
        assert found.compared + len({c.reference for c in claims}) >= found.claims


def test_broken_arithmetic_is_not_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fen that goes missing stops the measurement instead of being averaged away."""
    kept = tally.Tally.add

    def lose_a_fen(self: Tally, claims: Any, before: Any, after: Any) -> None:
        wrong = [Settled(s.layers_fen, s.surplus_fen, s.patient_fen - 1) for s in after]
        kept(self, claims, before, wrong)

    monkeypatch.setattr(tally.Tally, "add", lose_a_fen)
    with pytest.raises(NotConserved):
        measured(RIGHT, BETTER, claim("甲", 1000))


# --- columns and one by one -----------------------------------------------------------------------


def check_alike(cascade: Cascade, claims: list[Any]) -> int:
    """Both ways give the same for every claim; how many were settled."""
    one_by_one = settle_one_by_one(cascade, claims)
    assert settle_by_columns(cascade, claims) == one_by_one
    return sum(isinstance(found, Settled) for found in one_by_one)


def test_columns_settle_as_one_by_one() -> None:
    """Made-up policies and cohorts, with facts and amounts wanting: the same results, the same
    refusals."""
    settled = 0
    for seed in range(4):
        chance = seeded(seed)
        cascade = compile_tree(policy_tree(chance, 2))
        if fits_columns(cascade.policy):
            for full in (True, False):
                claims = made_up(chance, 25, cascade.shape.elsewhere, full=full)
                settled += check_alike(cascade, claims)
    assert settled > 60


def test_policies_whose_layers_have_years_of_their_own_are_settled_one_by_one() -> None:
    """Their totals begin on several days, so that no group holds them all."""
    text = RIGHT + layer(
        "name: 大病\nbase: in_scope - basic\nrate: 60%\n"
        "benefit_year: {begins: 07-01, chosen_by: discharge}\n"
        "caps: [{per: year, of: payment, amount: 150}]"
    )
    assert not fits_columns(policy_of(text))
    stays = [claim("甲", 1300, on=date(2020, month, 1)) for month in (3, 6, 8)]
    found = measured(text, text, *stays, least_for_columns=0)
    assert found.payers["critical_illness"].after_fen == 150_00 + 0 + 150_00


def test_a_shipped_policy_in_batches_of_any_size() -> None:
    """公安县: the same report whether a batch holds one person or all of them."""
    folder = SHIPPED_POLICIES / "421022" / "resident"
    policies = [
        load_policy(folder / f"{day}.v1.yaml", SHIPPED_POLICIES)
        for day in ("2018-01-01", "2023-01-01")
    ]
    claims = made_up(seeded(7), 60, (), full=True)
    reports = []
    told: list[int] = []
    for batch, least in ((1, 99), (50, 0), (10**6, 99)):
        found = measure_impact(
            claims,
            before=policies[0],
            after=policies[1],
            batch=batch,
            least_for_columns=least,
            on_progress=told.append,
        )
        reports.append((totals(found), found.refused, [w.claim.reference for w in found.worst()]))
    assert reports[0] == reports[1] == reports[2]
    assert told[-1] == len(claims)
    assert len(told) > 60


def test_payers_are_known_by_their_codes() -> None:
    """So that tables can name them in one order."""
    found = measured(RIGHT, BETTER, claim("甲", 1000))
    assert all(Payer(payer) for payer in found.payers)
    assert compile_policy(found.before).policy is found.before
