"""An owner's list (主管部门名单): who of a region has which kinds of entitlement.

A full list speaks for its own owner, region and kinds alone: whoever it leaves out is ended on a
stated day, unless so many would end that the file is more likely to be cut off than the people
to have gone. A change list says of each row what it adds, changes or ends.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from operator import add, attrgetter
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import DataOwner, Identity, Scheme
from eligibility.domain.person import Enrolment
from eligibility.domain.regions import covers
from eligibility.domain.roster import RosterRow, enrolment_kind, identity_kind, kind_of
from eligibility.domain.statements import source_of

_LISTS = UUID("b1f2b8a6-6c0e-4d0e-9a5b-5d1f6a1c7e40")
_REGION = re.compile(r"[0-9]{6}")


class ListOrderInvalid(Exception):
    """What is asked of a list does not fit together (名单导入参数有误)."""


class ListWouldEndTooMany(Exception):
    """A full list leaves out so many people that it may be cut off (名单缺少的人过多)."""


class ListMovedOn(Exception):
    """Another import changed some of these people while this one was compared (名单已变动)."""


class NothingToEnd(Exception):
    """A row ends what the person does not have (无可退出)."""


class ListMode(StrEnum):
    """Whether a list is everybody, or only what changed (全量、变更)."""

    FULL = "full"
    CHANGES = "changes"


@dataclass(frozen=True)
class ListOrder:
    """What a list is, as the one who sends it states (名单说明).

    `kinds` are what a full list speaks for; whoever of them is absent holds it until the day
    `absent_until`, included. Both are empty in a change list. Raises `ListOrderInvalid`.
    """

    owner: DataOwner
    region: str
    mode: ListMode
    kinds: tuple[str, ...] = ()
    absent_until: date | None = None

    def __post_init__(self) -> None:
        """A full list needs its kinds and its day; a change list has neither."""
        require_region(self.region)
        if self.mode is ListMode.FULL and not (self.kinds and self.absent_until):
            message = "全量名单须写明负责哪些事项 (kinds) 与名单外的人截止到哪一天 (absent_until)"
            raise ListOrderInvalid(message)
        if self.mode is ListMode.CHANGES and (self.kinds or self.absent_until):
            message = "变更名单不写事项与截止日；名单外的人不受影响 (change list)"
            raise ListOrderInvalid(message)

    def roster_id(self, content_hash: str) -> UUID:
        """The id of this list with this content: the same file sent again is the same roster."""
        day = self.absent_until.isoformat() if self.absent_until else ""
        said = (self.owner, self.region, self.mode, ",".join(sorted(self.kinds)), day)
        return uuid5(_LISTS, "\0".join((*said, content_hash)))

    @property
    def source_start(self) -> str:
        """How the source of every fact of this owner's lists of this region begins."""
        return source_of(self.owner, f"list:{self.region}:")

    def source(self, roster_id: UUID) -> str:
        """Where a fact of this list comes from (来源)."""
        return f"{self.source_start}{roster_id}"

    def fault_of(self, row: RosterRow) -> tuple[str | None, str] | None:
        """Why this list cannot say this (column and message), or None."""
        kinds = {kind_of(fact) for fact in row.facts} | {ending.kind for ending in row.endings}
        strange = sorted(kinds - set(self.kinds))
        if self.mode is ListMode.FULL and strange:
            names = "、".join(map(kind_label, strange))
            return None, f"本全量名单没有声明“{names}”；请分开导入，或导入时一并声明 (kinds)"
        if isinstance(row.enrolment, Enrolment) and not covers(self.region, row.enrolment.region):
            return "参保区划", f"不属于名单区划 {self.region}；请由参保地的名单导入 (region)"
        return None


@dataclass(frozen=True)
class ListFigures:
    """What a list changes (名单变动统计): facts, and people.

    `persons_before` had one of the list's kinds beyond its day, from this owner and region;
    `persons_ended` of them are absent and end. Both are 0 for a change list.
    """

    persons_new: int = 0
    persons_renamed: int = 0
    facts_added: int = 0
    facts_changed: int = 0
    facts_ended: int = 0
    facts_unchanged: int = 0
    persons_before: int = 0
    persons_ended: int = 0

    def __add__(self, other: "ListFigures") -> "ListFigures":
        """Both together."""
        return ListFigures(*map(add, _each_figure(self), _each_figure(other)))

    def times(self, count: int) -> "ListFigures":
        """The same, so many times over."""
        return ListFigures(*(count * each for each in _each_figure(self)))


# Looked up once, not for each portion of a list.
_each_figure = attrgetter(*(each.name for each in fields(ListFigures)))
NO_FIGURES = ListFigures()


@dataclass(frozen=True)
class ListRows:
    """What became of a list's rows (行数统计)."""

    accepted: int
    rejected: int
    passed_over: int


@dataclass(frozen=True)
class EndingGuard:
    """How many may end by absence before somebody must name the number (名单缺人上限)."""

    limit_percent: int

    def require(self, figures: ListFigures, *, confirmed: int | None) -> None:
        """Raises `ListWouldEndTooMany` with the figures, unless exactly they are confirmed."""
        ended, before = figures.persons_ended, figures.persons_before
        if ended * 100 <= self.limit_percent * before or confirmed == ended:
            return
        message = (
            f"原名单 {before} 人，本次名单缺 {ended} 人，超过 {self.limit_percent}%；"
            f"文件可能不完整，未改变任何人。核实无误后，请确认截止人数 {ended} 再导入"
            " (would end too many)"
        )
        raise ListWouldEndTooMany(message)


@dataclass(frozen=True)
class ActivatedList:
    """A list that became true, and when (已生效名单)."""

    roster_id: UUID
    recorded_at: datetime
    rows: ListRows
    figures: ListFigures


class OwnerList(Aggregate):
    """All lists of one owner for one region, in the order in which they became true.

    Two imports of them at once meet here: the slower one finds the version moved.
    """

    TOPIC = "eligibility.owner-list"

    class Created(Aggregate.Created):
        """The first list of this owner for this region came (名单建立)."""

        TOPIC = "eligibility.owner-list-begun.v1"
        owner: DataOwner
        region: str

    class ListActivated(Aggregate.Event):
        """All accepted rows of a list became known at the instant of this event (名单生效)."""

        TOPIC = "eligibility.owner-list-activated.v1"
        roster_id: UUID
        mode: ListMode
        kinds: tuple[str, ...]
        absent_until: date | None
        rows: ListRows
        figures: ListFigures
        institution_id: str
        operator: str

        def apply(self, aggregate: "OwnerList") -> None:
            """Remember what came of it: the same file again gets the same answer."""
            aggregate.activated[self.roster_id] = ActivatedList(
                self.roster_id, self.timestamp, self.rows, self.figures
            )

    def __init__(self, owner: DataOwner, region: str) -> None:
        self.owner = owner
        self.region = region
        self.activated: dict[UUID, ActivatedList] = {}

    @classmethod
    def begin(cls, *, owner: DataOwner, region: str, at: datetime) -> "OwnerList":
        """The lists of an owner for a region, none yet."""
        list_id = cls.id_of(owner=owner, region=region)
        return cls._create(cls.Created, id=list_id, owner=owner, region=region, timestamp=at)

    @staticmethod
    def id_of(*, owner: DataOwner, region: str) -> UUID:
        """The one id there is for an owner and a region."""
        return uuid5(_LISTS, f"{owner.value}/{region}")

    def activate(
        self,
        order: ListOrder,
        *,
        roster_id: UUID,
        rows: ListRows,
        figures: ListFigures,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> ActivatedList:
        """Record that a list became true at the instant `at`."""
        self.trigger_event(
            self.ListActivated,
            roster_id=roster_id,
            mode=order.mode,
            kinds=order.kinds,
            absent_until=order.absent_until,
            rows=rows,
            figures=figures,
            institution_id=institution_id,
            operator=operator,
            timestamp=at,
        )
        return self.activated[roster_id]


def require_region(region: str) -> None:
    """Raises `ListOrderInvalid` for what is no region's code."""
    if not _REGION.fullmatch(region):
        message = "名单区划须为 6 位行政区划代码 (GB/T 2260)"
        raise ListOrderInvalid(message)


def kind_label(kind: str) -> str:
    """The Chinese name of a kind of list entry; a local identity's is its code."""
    return {code: label for label, code in _kinds_by_label()}.get(kind, kind.partition(":")[2])


def read_kinds(names: Iterable[str]) -> tuple[str, ...]:
    """Kinds from their labels or codes, in order of their codes. Raises `ListOrderInvalid`."""
    by_label = dict(_kinds_by_label())
    codes = {code.partition(":")[2]: code for code in by_label.values()}
    found = set()
    for name in names:
        kind = by_label.get(name) or codes.get(name)
        if kind is None and name.startswith("local_"):
            kind = identity_kind(name)
        if kind is None:
            message = f"没有此事项；可用：{'、'.join(by_label)} (unknown kind)"
            raise ListOrderInvalid(message)
        found.add(kind)
    return tuple(sorted(found))


@cache
def _kinds_by_label() -> list[tuple[str, str]]:
    identities = [(each.label, identity_kind(each.value)) for each in Identity]
    return [*identities, *((each.label, enrolment_kind(each)) for each in Scheme)]
