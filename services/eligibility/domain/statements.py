"""What was said of a person, in order (陈述): the one way in which all kinds of fact are held.

A statement takes the place of the earlier one at its place, from the instant it was recorded. A
withdrawal empties the place: as known from then on nothing ever stood there. Asked as of an earlier
instant, what was said by then still answers.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Generic, NamedTuple, TypeAlias, TypeVar, cast

from contracts.vocabulary import DataOwner, FactKind
from eligibility.domain.days import Days, Window, difference_of, hull_of
from eligibility.domain.facts import (
    Fact,
    Identity,
    Place,
    days_of,
    reach_of,
    same_but_for_days,
)

FactT_co = TypeVar("FactT_co", bound=Fact, covariant=True)
FactT = TypeVar("FactT", bound=Fact)

_OWNERS = {each.value: each for each in DataOwner}


# These are made by the million while a log is followed: a named tuple takes a third of the time
# that a frozen dataclass takes.
class Recorded(NamedTuple, Generic[FactT_co]):
    """A fact with the instant it was recorded (UTC, 记录时刻) and where it came from."""

    fact: FactT_co
    recorded_at: datetime
    source: str

    @property
    def owner(self) -> DataOwner | None:
        """The office that answers for it (主管部门); None where its source names none."""
        return owner_in(self.source)


class Statement(NamedTuple):
    """One thing said (陈述), the person's event `version`; a withdrawal has no `recorded`."""

    kind: FactKind
    place: Place
    version: int
    recorded_at: datetime
    recorded: Recorded[Fact] | None

    @property
    def at_place(self) -> tuple[FactKind, Place]:
        """The place among all kinds of fact."""
        return (self.kind, self.place)


class Change(NamedTuple):
    """What a statement changed (变更): which kind of fact, and the days it touches."""

    kind: FactKind
    days: Days
    version: int
    recorded_at: datetime


Standing: TypeAlias = dict[tuple[FactKind, Place], Recorded[Fact]]


def source_of(owner: DataOwner | None, document: str) -> str:
    """Where a fact comes from (来源): `civil_affairs/roster:…`, or the document alone."""
    return document if owner is None else f"{owner.value}/{document}"


def owner_in(source: str) -> DataOwner | None:
    """The owner that a source names, or None."""
    name, slash, _ = source.partition("/")
    return _OWNERS.get(name) if slash else None


def standing(said: Iterable[Statement], *, known_at: datetime | None = None) -> Standing:
    """What stands at each place, as known at an instant (UTC), or after all that was said."""
    found: Standing = {}
    for each in said:
        if known_at is None or each.recorded_at <= known_at:
            say(found, each)
    return found


def say(known: Standing, said: Statement) -> None:
    """Let a statement take effect on what stands."""
    if said.recorded is None:
        known.pop(said.at_place, None)
    else:
        known[said.at_place] = said.recorded


def true_within(
    said: Sequence[Statement], kind: type[FactT], window: Window, *, known_at: datetime
) -> list[Recorded[FactT]]:
    """The facts of a kind true on any day of a window, as known at an instant, by place."""
    return held_within(standing(said, known_at=known_at), kind, window)


def held_within(known: Standing, kind: type[FactT], window: Window) -> list[Recorded[FactT]]:
    """The facts of a kind that stand and are true on any day of a window, by place."""
    return [each for each in of_kind(known, kind) if days_of(each.fact).meet(window)]


def continued_within(
    said: Iterable[Statement], window: Window, *, known_at: datetime
) -> list[Recorded[Identity]]:
    """Identities that ended before a window, and whose benefits go on in it (四个不摘)."""
    return going_on_within(standing(said, known_at=known_at), window)


def going_on_within(known: Standing, window: Window) -> list[Recorded[Identity]]:
    """The same, of what stands."""
    return [
        each
        for each in of_kind(known, Identity)
        if reach_of(each.fact).meet(window) and not days_of(each.fact).meet(window)
    ]


def change_made(said: Sequence[Statement], *, version: int) -> Change | None:
    """What the statement of a person's event `version` changed; None if that stated no fact."""
    made = next((each for each in said if each.version == version), None)
    if made is None:
        return None
    earlier = standing(each for each in said if each.version < version)
    return change_by(made, earlier, version=version)


def change_by(made: Statement, earlier: Standing, *, version: int) -> Change | None:
    """What a statement changed about what stood before it, told as of a version."""
    before = earlier.get(made.at_place)
    after = made.recorded.fact if made.recorded is not None else None
    days = _changed_days(before.fact if before is not None else None, after)
    return None if days is None else Change(made.kind, days, version, made.recorded_at)


def of_kind(known: Standing, kind: type[FactT]) -> list[Recorded[FactT]]:
    """The facts of a kind that stand, by place."""
    chosen = [(at, each) for at, each in known.items() if at[0] is kind.KIND]
    if len(chosen) > 1:
        chosen.sort(key=itemgetter(0))
    return [cast("Recorded[FactT]", each) for _, each in chosen]


def _changed_days(before: Fact | None, after: Fact | None) -> Days | None:
    if before is None or after is None:
        known = before if after is None else after
        return None if known is None else reach_of(known)
    if same_but_for_days(before, after) and reach_of(before) != reach_of(after):
        return difference_of(reach_of(before), reach_of(after))
    return hull_of(reach_of(before), reach_of(after))
