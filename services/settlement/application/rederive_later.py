"""Making later settlements again (其后重算): what rested on counters that moved is settled anew.

When a settlement no longer counts, or moves its counters otherwise than it did
(`remake_settlement`), every later one of the person that read a counter it had moved is computed
again from its own inputs, with what is counted before it as it would have been. What that moves
in turn reaches the next, whichever benefit year and whichever id of the person it was counted
under. Afterwards every settlement that counts is what a fresh one would be. Nothing is
written here: `adjust_later` writes what `rederive_later` found.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import PersonId
from settlement.application.fit_answers import AnswerUnfit
from settlement.application.law_library import LawLibrary, LawMissing
from settlement.application.prepare_settlement import Prepared, compute
from settlement.application.shifted_totals import Moves, ShiftedTotals
from settlement.domain.adjustment import Adjustment, Cause, Change
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.carrying import Amounts, CorrectionUnstated, changes_between
from settlement.domain.record import Actor, EligibilityUsed
from settlement.domain.settlement import Settlement, payer_steps, shares_of
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay
from settlement.domain.yearly_counters import moves_of
from settlement.kernel.explain import NumberUsed
from settlement.kernel.resolving import number_used
from settlement.kernel.settle import BILL_REFUSALS
from settlement.law.corrections import IF_LOWER, Corrections
from settlement.law.policy import IfLower, Policy

NOT_AGAIN = (*BILL_REFUSALS, AnswerUnfit, LawMissing)
"""Why a settlement that was made once may not be made again from other counters."""

_SWITCH_LABELS = {"underpaid": "补差", "overpaid": "追回"}


class LaterNotRederivable(Exception):
    """A later settlement rests on what changes and cannot be made again; nothing is changed."""


class CorrectionsUnstated(Exception):
    """A difference arises at another hospital, and the policy does not say how it is carried."""


class LaterUnknown(Exception):
    """The order names a settlement that its stay does not have, or no longer."""


class PersonKept(Protocol):
    """What is kept of a person and all ids the person had (该参保人的账): orders, years, stays.

    The same aggregate is given at every question, so that what is written to it is saved.
    """

    def order(self, used: EligibilityUsed, person_id: PersonId) -> SettlementOrder:
        """The order of one id in the region and scheme of an enrolment."""

    def year(self, used: EligibilityUsed, first_day: date) -> BenefitYear:
        """The benefit year that a settlement under this answer moved."""

    def year_or_new(self, used: EligibilityUsed, first_day: date, at: datetime) -> BenefitYear:
        """The same, or a new one where a settlement comes to be counted in a year of its own."""

    def totals_kept(
        self, used: EligibilityUsed, person_id: PersonId, first_day: date, numbers: Iterable[str]
    ) -> dict[str, int]:
        """What these settlements moved in the benefit year of one id; nothing where there is no
        such year."""

    def stay(self, stay_id: UUID) -> Stay | None:
        """A stay of any institution."""


@dataclass(frozen=True)
class Later:
    """A settlement that counts, with its stay: after the one that changed, or that one itself."""

    stay: Stay
    settlement: Settlement


@dataclass(frozen=True)
class Rederived:
    """A settlement made again (重算结果): `moves` by the first day of each benefit year."""

    later: Later
    prepared: Prepared
    changes: tuple[Change, ...]
    moves: dict[date, dict[str, int]]


def rederive_later(
    before: Settlement,
    *,
    moves: Mapping[date, Moves],
    person: PersonKept,
    laws: LawLibrary,
    by: Actor,
) -> tuple[Rederived, ...]:
    """Every later settlement that is another where `before`, which still counts as it was, comes
    to move its counters by `moves`: by nothing where it is undone.

    `by` says whose desk changes it. Raises LaterNotRederivable, CorrectionsUnstated, LaterUnknown,
    NotInOrder.
    """
    shifts = ShiftedTotals()
    shifts.add(before.inputs.eligibility.person_id, old=moves_kept(before, person), new=moves)
    found = []
    for later in later_settlements(before, person):
        rederived = made_to_follow(later, shifts, laws=laws, by=by)
        if rederived is not None:
            shift_by(shifts, rederived, person)
            found.append(rederived)
    return tuple(found)


def made_to_follow(
    later: Later, shifts: ShiftedTotals, *, laws: LawLibrary, by: Actor | None
) -> Rederived | None:
    """A settlement made again since what was counted before it has shifted; None where nothing
    that it read has. Raises LaterNotRederivable, CorrectionsUnstated."""
    inputs = later.settlement.inputs
    if not shifts.reach(inputs):
        return None
    withdraw_first = f"请先由该机构撤销 {later.settlement.number}"
    try:
        moved = replace(inputs, counters_before=shifts.before(inputs))
        again = compute(laws.cascade_of(moved), moved)
    except NOT_AGAIN as refusal:
        raise LaterNotRederivable(
            f"其后的结算 {named(later)} 要随之更正，却不能重新计算：{refusal}；{withdraw_first}"
        ) from refusal
    return made_again(later, again, by=by, otherwise=withdraw_first)


def shift_by(shifts: ShiftedTotals, rederived: Rederived, person: PersonKept) -> None:
    """Count what a settlement comes to move otherwise, under the layout it had and has."""
    settlement = rederived.later.settlement
    kept = moves_kept(settlement, person)
    shifts.add(settlement.inputs.eligibility.person_id, old=kept, new=rederived.moves)


def made_again(later: Later, again: Prepared, *, by: Actor | None, otherwise: str) -> Rederived:
    """What a settlement that was computed again changes; `otherwise` is what to do where nobody
    says how its differences are carried. `by` says whose desk changes it: where it is nobody's,
    the law says of every hospital. Raises CorrectionsUnstated."""
    return Rederived(
        later,
        again,
        changes=_changes(later, again, by, otherwise),
        moves={
            first_day: moves_of(again.inputs, again.outcome.counters, first_day)
            for first_day in sorted(set(again.inputs.counter_years.values()))
        },
    )


def adjust_later(
    rederived: tuple[Rederived, ...],
    *,
    cause: Cause,
    person: PersonKept,
    booked_on: date,
    by: Actor,
    at: datetime,
) -> None:
    """Write what was found to the stays, the orders of every id they were counted under, and the
    years they moved. Raises BookedBackwards, NotInOrder.
    """
    for each in rederived:
        stay, settlement, again = each.later.stay, each.later.settlement, each.prepared
        switches = switches_used(again.policy, settlement.adjustments, each.changes)
        stay.adjust(
            number=settlement.number,
            cause=cause,
            inputs=again.inputs,
            steps=payer_steps(again.steps),
            assumed=tuple(
                dict.fromkeys(f"{n.name}={n.value}" for n in (*again.assumed, *switches))
            ),
            patient_fen=again.patient_fen,
            beside=again.beside,
            changes=each.changes,
            booked_on=booked_on,
            by=by,
            at=at,
        )
        used = settlement.inputs.eligibility
        for person_id in used.records:
            # Whoever settles under one of these ids meanwhile has read what changes here.
            order = person.order(used, person_id)
            order.remake(number=settlement.number, stay_id=stay.id, at=at)
        _move_years(each, person, at)


def _move_years(rederived: Rederived, person: PersonKept, at: datetime) -> None:
    """The years it was counted in, and those it is counted in from now on."""
    stay, settlement = rederived.later.stay, rederived.later.settlement
    used, number = settlement.inputs.eligibility, settlement.number
    for first_day in sorted({*settlement.inputs.counter_years.values(), *rederived.moves}):
        moves = rederived.moves.get(first_day)
        year = person.year_or_new(used, first_day, at)
        if year.moved.get(number) == moves:
            continue
        if number in year.moved:
            year.restore(number=number, stay_id=stay.id, at=at)
        if moves is not None:
            year.move(number=number, stay_id=stay.id, moves=moves, at=at)


def switches_used(
    policy: Policy, earlier: tuple[Adjustment, ...], changes: tuple[Change, ...] = ()
) -> tuple[NumberUsed, ...]:
    """The policy's switches that carried differences and that no document states."""
    every = [*(c for a in earlier for c in a.changes), *changes]
    used = dict.fromkeys(c.switch for c in every if c.switch)
    corrections = policy.corrections or Corrections()
    said = [(name, corrections.switch(name)) for name in sorted(used) if name != IF_LOWER]
    found = [
        number_used(f"corrections.{name}", switch.says.value, switch.evidence)
        for name, switch in said
        if switch and not switch.evidence.is_stated
    ]
    if IF_LOWER in used and policy.if_lower and not policy.in_force_evidence.is_stated:
        found.append(number_used(IF_LOWER, policy.if_lower.value, policy.in_force_evidence))
    return tuple(found)


def later_settlements(before: Settlement, person: PersonKept) -> Iterator[Later]:
    """Those after one that may rest on it, in an order that every id's order agrees with.

    Whatever reads totals kept under an id has a place in that id's order. Raises LaterUnknown,
    NotInOrder.
    """
    used = before.inputs.eligibility
    waiting = {each: list(person.order(used, each).after(before.number)) for each in used.records}
    # Those rest on nothing of it, wherever else they have a place.
    earlier = {n for each in used.records for n in person.order(used, each).live}
    earlier -= {number for numbers in waiting.values() for number in numbers}
    yield from _in_order(used, waiting, earlier, person)


def every_settlement_of(used: EligibilityUsed, person: PersonKept) -> Iterator[Later]:
    """All that count of a person, under every id that any of them was counted under, in an order
    that every id's order agrees with. Raises LaterUnknown."""
    waiting = {each: list(person.order(used, each).live) for each in used.records}
    yield from _in_order(used, waiting, set(), person)


def _in_order(
    used: EligibilityUsed,
    waiting: dict[PersonId, list[str]],
    earlier: set[str],
    person: PersonKept,
) -> Iterator[Later]:
    """Those that wait, and those under the ids that these lead to."""
    known: dict[str, Later] = {}
    reached = list(waiting)
    while reached:
        person_id = reached.pop()
        for number in waiting[person_id]:
            if number not in known:
                known[number] = _later(number, person.order(used, person_id), person)
            for other in known[number].settlement.inputs.eligibility.records:
                if other not in waiting:
                    # All of it: how far back the orders have something in common is not known.
                    live = person.order(used, other).live
                    waiting[other] = [n for n in live if n not in earlier]
                    reached.append(other)
    while first := _next(waiting):
        yield known[first]
        for numbers in waiting.values():
            if numbers and numbers[0] == first:
                numbers.pop(0)


def _next(waiting: Mapping[PersonId, list[str]]) -> str | None:
    """The next settlement that is first wherever it waits.

    Of several that nothing has put in order (ids of a person that were not yet known as one's)
    the lowest number: whoever walks them, from whichever of the ids, walks them alike.
    """
    first = {
        numbers[0]
        for numbers in waiting.values()
        if numbers and all(numbers[0] not in others[1:] for others in waiting.values())
    }
    if first:
        return min(first)
    if any(waiting.values()):
        raise LaterUnknown("该参保人各标识的结算次序互相矛盾")
    return None


def _later(number: str, order: SettlementOrder, person: PersonKept) -> Later:
    stay = person.stay(order.stays[number])
    settlement = stay.current_settlement if stay else None
    if stay is None or settlement is None or settlement.number != number:
        raise LaterUnknown(f"结算次序中的 {number} 没有对应的结算")
    return Later(stay, settlement)


def moves_kept(settlement: Settlement, person: PersonKept) -> dict[date, Moves]:
    """What a settlement moved, by the first day of each benefit year."""
    used = settlement.inputs.eligibility
    return {
        first_day: person.year(used, first_day).moved.get(settlement.number, {})
        for first_day in sorted(set(settlement.inputs.counter_years.values()))
    }


def _changes(later: Later, again: Prepared, by: Actor | None, otherwise: str) -> tuple[Change, ...]:
    policy, settlement = again.policy, later.settlement
    is_own_desk = by is not None and by.institution_id == later.stay.institution_id
    # Only a revision puts a settlement under another version.
    is_other_version = policy.fingerprint != settlement.inputs.fingerprint
    try:
        return changes_between(
            Amounts.of(settlement),
            Amounts(shares_of(payer_steps(again.steps)), again.beside.outside, again.patient_fen),
            earlier=settlement.adjustments,
            corrections=None if is_own_desk else policy.corrections or Corrections(),
            leaves_lower=is_other_version and policy.if_lower is IfLower.LEAVE,
        )
    except CorrectionUnstated as unstated:
        name = str(unstated)
        raise CorrectionsUnstated(
            f"结算 {named(later)} 会有差额，而政策“{policy.label}”没有写明"
            f"{_SWITCH_LABELS[name]}怎样走（corrections.{name}）；{otherwise}"
        ) from unstated


def named(later: Later) -> str:
    """A settlement with its institution, as messages name it."""
    return f"{later.settlement.number}（机构 {later.stay.institution_id}）"
