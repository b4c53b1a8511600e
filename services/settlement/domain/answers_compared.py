"""What eligibility answers now, held against what a settlement was made from (资格比对)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from settlement.domain.record import BenefitsGoOn, EnrolmentUsed, IdentityUsed, PersonUsed


@dataclass(frozen=True)
class Days:
    """The days on which something is true (有效期); without an end where `last` is None."""

    first: date
    last: date | None


@dataclass(frozen=True)
class Held:
    """The days on which an identity is held (身份有效期), and benefits that go on after them."""

    days: Days
    benefits_go_on: BenefitsGoOn | None = None


@dataclass(frozen=True)
class IdentityDiffers:
    """An identity that is held otherwise around the day `on` (身份不同); None: not held."""

    on: date
    identity: str
    was: Held | None
    now: Held | None


@dataclass(frozen=True)
class EnrolmentDiffers:
    """Another enrolment on the day of admission (参保不同).

    `now` is None where none can be settled under; `why` then says so in words.
    """

    on: date
    was: EnrolmentUsed
    now: EnrolmentUsed | None
    why: str | None = None


@dataclass(frozen=True)
class AgeDiffers:
    """Another age on the day `on` (年龄不同), in years; None where the birth date is unknown."""

    on: date
    was: int | None
    now: int | None


@dataclass(frozen=True)
class RecordsDiffer:
    """Other ids are the same person's (归并不同): totals of the year are counted otherwise."""

    on: date
    was: tuple[str, ...]
    now: tuple[str, ...]


AnswerDiffers = IdentityDiffers | EnrolmentDiffers | AgeDiffers | RecordsDiffer


def compare_persons(
    was: PersonUsed, now: PersonUsed, *, knew_age: bool = True
) -> Iterable[AnswerDiffers]:
    """Where two answers for one day and window differ: validity, not who said it, nor when.

    Our replica, which does not know ages, decided nothing by one: `knew_age` is false of it.
    """
    if knew_age and was.age != now.age:
        yield AgeDiffers(was.on, was.age, now.age)
    held_before, held_now = _held(was.identities), _held(now.identities)
    for identity in sorted(held_before.keys() | held_now.keys()):
        before, after = held_before.get(identity, ()), held_now.get(identity, ())
        gone = [held for held in before if held not in after]
        new = [held for held in after if held not in before]
        # Changed days are one difference; what cannot be paired is gone or new.
        for at in range(max(len(gone), len(new))):
            yield IdentityDiffers(
                was.on,
                identity,
                gone[at] if at < len(gone) else None,
                new[at] if at < len(new) else None,
            )


def same_enrolment(was: EnrolmentUsed, now: EnrolmentUsed) -> bool:
    """Whether two enrolments select the same law and place: who said it, and when, is no matter."""
    return _selects(was) == _selects(now)


def _selects(enrolment: EnrolmentUsed) -> tuple[object, ...]:
    return (
        enrolment.region,
        enrolment.scheme,
        enrolment.plan,
        enrolment.valid_from,
        enrolment.valid_to,
        enrolment.waiting_to,
    )


def _held(identities: Iterable[IdentityUsed]) -> dict[str, tuple[Held, ...]]:
    found: dict[str, tuple[Held, ...]] = {}
    for each in sorted(identities, key=lambda i: (i.valid_from, i.valid_to or date.max)):
        held = Held(Days(each.valid_from, each.valid_to), each.benefits_go_on)
        if held not in found.get(each.identity, ()):
            found[each.identity] = (*found.get(each.identity, ()), held)
    return found
