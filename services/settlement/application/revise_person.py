"""Revising one person (某人的更正): settlements made again under another version or other answers,
and every later one that rests on them.

The whole order of the person is walked, from the first settlement to the last, so that each is
made from what is counted before it as it comes to be, under whichever layout of counters and
years the version that is now right has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from settlement.application.episodes import episode_of
from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import Prepared, compute, counter_years
from settlement.application.rederive_later import (
    NOT_AGAIN,
    Later,
    LaterNotRederivable,
    PersonKept,
    Rederived,
    made_again,
    made_to_follow,
    named,
    shift_by,
)
from settlement.application.shifted_totals import ShiftedTotals
from settlement.domain.carrying import Amounts
from settlement.domain.chain import EpisodeUsed
from settlement.domain.record import FORM, EligibilityUsed, SettlementInputs
from settlement.domain.revised_parts import RevisedLine, RevisionPart
from settlement.domain.settlement import payer_steps, shares_of
from settlement.domain.yearly_counters import together, totals_before
from settlement.kernel.cascade import ARITHMETIC_VERSION
from settlement.law.policy import Policy

_LEAVE_OUT = "请补写该政策后重新提议"


@dataclass(frozen=True)
class RestsOn:
    """What a settlement is to rest on from now on (更正后的依据); `answers` is None where
    eligibility's stay as they were."""

    fingerprint: str
    answers: EligibilityUsed | None


def revise_person(
    sequence: Sequence[Later],
    rests_on: Mapping[str, RestsOn],
    *,
    person: PersonKept,
    laws: LawLibrary,
) -> tuple[Rederived, ...]:
    """Everything that is another where these settlements of a person, by number, come to rest on
    something else. `sequence` are all that count of the person, in their order.

    Raises LaterNotRederivable, CorrectionsUnstated, NotInOrder.
    """
    shifts, found = ShiftedTotals(), []
    for later in sequence:
        if later.settlement.number in rests_on:
            now = rests_on[later.settlement.number]
            again = _made_on(later, now, shifts, person=person, laws=laws)
            rederived = made_again(later, again, by=None, otherwise=_LEAVE_OUT)
        else:
            follows = made_to_follow(later, shifts, laws=laws, by=None)
            if follows is None:
                continue
            rederived = follows
        shift_by(shifts, rederived, person)
        found.append(rederived)
    return tuple(found)


def part_of(
    sequence: Sequence[Later],
    rests_on: Mapping[str, RestsOn],
    *,
    person: PersonKept,
    laws: LawLibrary,
    part: int = 0,
) -> RevisionPart:
    """A person's part of a proposal. Raises as `revise_person`."""
    rederived = revise_person(sequence, rests_on, person=person, laws=laws)
    return RevisionPart(
        part=part,
        person_id=rederived[0].later.stay.person_id,
        orders_version=_orders_version(sequence, person),
        lines=lines_of(rederived, rests_on),
    )


def lines_of(
    rederived: Sequence[Rederived], rests_on: Mapping[str, RestsOn]
) -> tuple[RevisedLine, ...]:
    """What was found, as a proposal says it."""
    return tuple(_line(each, rests_on.get(each.later.settlement.number)) for each in rederived)


def rests_on_of(part: RevisionPart) -> dict[str, RestsOn]:
    """What the settlements of a part are to rest on, by number."""
    return {
        line.number: RestsOn(line.fingerprint_after, line.answers)
        for line in part.lines
        if line.is_revised
    }


def _orders_version(sequence: Sequence[Later], person: PersonKept) -> int:
    """The versions of all orders of a person, added up: what had been settled by then."""
    ids = {
        each: later.settlement.inputs.eligibility
        for later in sequence
        for each in later.settlement.inputs.eligibility.records
    }
    return sum(person.order(used, each).version for each, used in ids.items())


def _line(rederived: Rederived, now: RestsOn | None) -> RevisedLine:
    stay, settlement = rederived.later.stay, rederived.later.settlement
    again = rederived.prepared
    return RevisedLine(
        number=settlement.number,
        stay_id=stay.id,
        institution_id=stay.institution_id,
        is_revised=now is not None,
        fingerprint_before=settlement.inputs.fingerprint,
        fingerprint_after=again.inputs.fingerprint,
        answers=now.answers if now else None,
        before=Amounts.of(settlement),
        after=Amounts(shares_of(payer_steps(again.steps)), again.beside.outside, again.patient_fen),
        changes=rederived.changes,
    )


def _made_on(
    later: Later, now: RestsOn, shifts: ShiftedTotals, *, person: PersonKept, laws: LawLibrary
) -> Prepared:
    try:
        inputs = _inputs_now(later, now, shifts, person=person, laws=laws)
        return compute(laws.cascade_of(inputs), inputs)
    except NOT_AGAIN as refusal:
        raise LaterNotRederivable(f"结算 {named(later)} 不能重新计算：{refusal}") from refusal


def _inputs_now(
    later: Later, now: RestsOn, shifts: ShiftedTotals, *, person: PersonKept, laws: LawLibrary
) -> SettlementInputs:
    """All that stays as it was, under the layout of counters of the version now right."""
    inputs, number = later.settlement.inputs, later.settlement.number
    used = inputs.eligibility
    policy = laws.cascade(now.fingerprint).policy
    episode = episode_under(policy, later, person)
    years = counter_years(policy, inputs.dates_under(policy), episode)
    earlier = {each: person.order(used, each).before(number) for each in used.records}

    def stored(first_day: date) -> dict[str, int]:
        kept = (
            person.totals_kept(used, each, first_day, numbers) for each, numbers in earlier.items()
        )
        return together([*kept, shifts.of_year(used.records, first_day)])

    is_other_version = now.fingerprint != inputs.fingerprint
    return replace(
        inputs,
        fingerprint=now.fingerprint,
        arithmetic_version=ARITHMETIC_VERSION if is_other_version else inputs.arithmetic_version,
        eligibility=now.answers or used,
        counters_before=totals_before(years, {day: stored(day) for day in set(years.values())}),
        counter_years=dict(sorted(years.items())),
        form=FORM if is_other_version else inputs.form,
        episode=episode,
    )


def episode_under(policy: Policy, later: Later, person: PersonKept) -> EpisodeUsed | None:
    """The stays that a settlement hangs together with, where a policy counts by them.

    Raises TransferUnfit.
    """
    inputs = later.settlement.inputs
    if not policy.episode_counters:
        return None
    records = inputs.eligibility.records
    return inputs.episode or episode_of(
        later.stay, lambda stay_id, _: person.stay(stay_id), records=records
    )
