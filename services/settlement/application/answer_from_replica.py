"""The replica's answers (资格副本的答复): who a person was on a day, as eligibility would say it.

The replica holds what eligibility told of each person last, and when it was complete. Answers carry
the version they were made from, so that eligibility, asked with it, says the same. What it cannot
answer as eligibility would, it refuses: an earlier version, an earlier instant, somebody it never
heard of. Birth dates never leave eligibility, so the age is unknown here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from contracts.vocabulary import PersonId
from settlement.application.ports import EligibilityDown, PersonAnswer
from settlement.domain.record import EligibilityUsed, EnrolmentUsed, IdentityUsed, ReplicaUsed
from settlement.law.facts import FactNotStated

Window = tuple[date, date]
# Clocks of two machines may differ by so much; by more, nobody knows how old the replica is.
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class PersonKept:
    """All that is known of a person asked for under one id, as told by eligibility (现况).

    `learned_at` is the latest instant at which anything was recorded; `person_ids` are all ids of
    the same person, the canonical one first. Facts stand in the order of answers.
    """

    person_id: PersonId
    version: int
    position: int
    learned_at: datetime
    person_ids: tuple[PersonId, ...]
    identities: tuple[IdentityUsed, ...]
    enrolments: tuple[EnrolmentUsed, ...]


class PeopleKept(Protocol):
    """The replica's rows."""

    def find(self, person_id: PersonId) -> PersonKept | None:
        """What was told of a person last; None of somebody never told of."""

    def completeness(self) -> ReplicaUsed | None:
        """When, and up to which position, nothing was missing; None if that was never seen."""


class ReplicaUnfit(EligibilityDown):
    """Eligibility does not answer, and the replica cannot answer for it (副本不能代答)."""


def answer_from_replica(
    people: PeopleKept,
    person_id: PersonId,
    *,
    on: date,
    known_at: datetime,
    window: Window | None,
    version: int | None,
    oldest: timedelta,
) -> PersonAnswer:
    """The answer as of what the replica holds; `known_at` is the present instant (UTC).

    Raises ReplicaUnfit where the replica was last complete longer ago than `oldest`, or in the
    future by more than clocks differ, does not know the person, or knows another version or a
    later instant than is asked about; EligibilityDown where there is no replica.
    """
    completeness = people.completeness()
    if completeness is None:
        raise EligibilityDown("资格服务没有应答；没有结算，请稍后再试")
    if known_at - completeness.complete_at > oldest:
        hours = oldest // timedelta(hours=1)
        raise _unfit(
            f"资格副本只完整到 {completeness.complete_at.isoformat(timespec='seconds')}，"
            f"超过所限的 {hours} 小时"
        )
    if completeness.complete_at - known_at > _CLOCKS_APART:
        raise _unfit("资格副本的核对时刻在将来，请核对两台机器的时钟")
    kept = people.find(person_id)
    if kept is None:
        raise _unfit("资格副本里没有这位参保人")
    if version is not None and version != kept.version:
        raise _unfit("资格副本与刚才的答复不是同一版本")
    if kept.learned_at > known_at:
        raise _unfit("资格副本比所问的时刻新")
    # Whoever checked it may have another clock.
    replica = replace(completeness, complete_at=min(completeness.complete_at, known_at))
    return answered(kept, on=on, known_at=known_at, window=window, replica=replica)


def answered(
    kept: PersonKept,
    *,
    on: date,
    known_at: datetime,
    window: Window | None,
    replica: ReplicaUsed | None,
) -> PersonAnswer:
    """What eligibility answers that knows just this of a person, but for the birth date."""
    first, last = window or (on, on)
    true = [each for each in kept.identities if _meets(each, first, last)]
    # Those that ended, and whose benefits go on, come after those that are true.
    continued = [each for each in kept.identities if _goes_on(each, first, last)]
    return PersonAnswer(
        person_id=kept.person_id,
        on=on,
        known_at=known_at,
        version=kept.version,
        birth_date=None,
        enrolments=tuple(each for each in kept.enrolments if _meets(each, on, on)),
        identities=(*true, *continued),
        window=window,
        other_records=tuple(each for each in kept.person_ids if each != kept.person_id),
        replica=replica,
    )


@contextmanager
def saying_what_the_replica_lacks(used: EligibilityUsed) -> Iterator[None]:
    """A settlement that needs an age which the replica does not know: nobody at the desk could
    state it. Raises ReplicaUnfit instead of FactNotStated then."""
    try:
        yield
    except FactNotStated as missing:
        if used.replica is not None and missing.fact == "age":
            raise _unfit("这份政策要看年龄，而资格副本没有出生日期") from missing
        raise


def _meets(fact: IdentityUsed | EnrolmentUsed, first: date, last: date) -> bool:
    return fact.valid_from <= last and first <= (fact.valid_to or date.max)


def _goes_on(identity: IdentityUsed, first: date, last: date) -> bool:
    """Whether it ended before the days, and its benefits go on in them (四个不摘)."""
    if identity.benefits_go_on is None or _meets(identity, first, last):
        return False
    return identity.valid_from <= last and first <= (identity.counts_to or date.max)


def _unfit(why: str) -> ReplicaUnfit:
    return ReplicaUnfit(f"资格服务没有应答，{why}；没有结算，请稍后再试")
