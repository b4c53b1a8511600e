"""Import an owner's list (导入名单): all of it becomes known at one instant, or nothing does.

The file is read into a workspace outside the service's data, held against everybody it touches
without changing them, and only then stated, in one transaction. The same file sent again, by
anyone and at any later time, gets the answer of the first time; a process killed anywhere on the
way has changed nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import BinaryIO
from uuid import UUID

from eligibility.application.list_comparison import ListParts, Progress
from eligibility.application.list_passes import StatingPass, TrialPass
from eligibility.application.list_ports import (
    ListMembers,
    ListStore,
    ListVault,
    ListWorkspace,
    NewWorkspace,
    OpenOwnerList,
)
from eligibility.application.ports import ActsFor, Receipt
from eligibility.domain.owner_list import (
    ActivatedList,
    EndingGuard,
    ListFigures,
    ListMovedOn,
    ListOrder,
    ListRows,
    OwnerList,
)
from eligibility.domain.person import Person
from eligibility.domain.roster import RejectedRow, RosterHasRejectedRows

_PORTION_ROWS = 2_000


@dataclass(frozen=True)
class ListDecisions:
    """What somebody has decided about a list beforehand (经办人确认).

    `confirmed_endings` names the number of people who may end by absence above the limit.
    """

    accept_rejected_rows: bool = False
    confirmed_endings: int | None = None


@dataclass(frozen=True)
class ListReport:
    """What a list would change, or has changed (名单结果); without `activated` nothing changed.

    `endings_withheld`: some rejected row might be anybody's, so nobody ends by absence.
    """

    roster_id: UUID
    rows: ListRows
    figures: ListFigures
    endings_withheld: bool = False
    activated: ActivatedList | None = None
    is_repeated: bool = False


TakeRejects = Callable[[tuple[str, ...], Iterable[RejectedRow]], None]
"""Takes the header and the rejected rows, one by one, to be written down for correction."""


class ImportList:
    """Tries and imports owners' lists."""

    def __init__(
        self,
        *,
        open_list: OpenOwnerList,
        new_workspace: NewWorkspace,
        vault: ListVault,
        members: ListMembers,
        store: ListStore,
        guard: EndingGuard,
    ) -> None:
        self._open_list = open_list
        self._new_workspace = new_workspace
        self._vault = vault
        self._members = members
        self._store = store
        self._guard = guard

    def attempt(
        self,
        file: BinaryIO,
        order: ListOrder,
        *,
        take_rejects: TakeRejects | None = None,
        progress: Progress | None = None,
    ) -> ListReport:
        """What importing the file would do; nothing is stored. Raises `RosterUnreadable`."""
        with self._new_workspace() as workspace:
            trial = self._try(file, order, workspace, progress or _unheard)
            if take_rejects is not None:
                take_rejects(trial.header, workspace.rejected())
            return trial.report

    def __call__(
        self,
        file: BinaryIO,
        order: ListOrder,
        *,
        decisions: ListDecisions,
        acting: ActsFor,
        at: datetime,
        take_rejects: TakeRejects | None = None,
        progress: Progress | None = None,
        accept: Callable[[ListReport], Receipt] | None = None,
    ) -> ListReport:
        """Import the file at the instant `at` (UTC), or give the answer it got before.

        Raises `RosterUnreadable`, `RosterHasRejectedRows`, `ListWouldEndTooMany`, `ListMovedOn`,
        and a version conflict when another import of the same people came first.
        """
        heard = progress or _unheard
        with self._new_workspace() as workspace:
            trial = self._try(file, order, workspace, heard)
            if take_rejects is not None:
                take_rejects(trial.header, workspace.rejected())
            report = trial.report
            if report.is_repeated:
                if accept is not None:
                    self._store.save_portions((), receipt=accept(report))
                return report
            _require_decisions(report, decisions)
            self._guard.require(report.figures, confirmed=decisions.confirmed_endings)
            return self._activate(order, workspace, trial, acting, at, heard, accept)

    def _try(
        self, file: BinaryIO, order: ListOrder, workspace: ListWorkspace, heard: Progress
    ) -> "_Trial":
        opened = self._open_list(file, order)
        roster_id = order.roster_id(opened.content_hash)
        rows, done = opened.rows, 0
        while portion := list(islice(rows, _PORTION_ROWS)):
            workspace.add(portion, identify=self._vault.find_many)
            done += len(portion)
            heard("读取", done)
        workspace.reject_contradictions()
        lists = self._store.find_list(OwnerList.id_of(owner=order.owner, region=order.region))
        earlier = lists.activated.get(roster_id) if lists is not None else None
        if earlier is not None:
            report = ListReport(
                roster_id, earlier.rows, earlier.figures, activated=earlier, is_repeated=True
            )
            return _Trial(opened.header, report, lists, None, 0)
        self._members.catch_up()
        position = self._store.last_position()
        trial = TrialPass(self._parts(order, roster_id, workspace))
        for _ in trial.people(heard, step="比对"):
            pass
        report = ListReport(roster_id, workspace.rows(), trial.figures, trial.endings_withheld)
        return _Trial(opened.header, report, lists, trial.latest, position)

    def _activate(
        self,
        order: ListOrder,
        workspace: ListWorkspace,
        trial: "_Trial",
        acting: ActsFor,
        at: datetime,
        heard: Progress,
        accept: Callable[[ListReport], Receipt] | None,
    ) -> ListReport:
        # All rows become known at one instant, and nothing is recorded before what is known.
        known = [trial.latest, trial.lists.modified_on if trial.lists is not None else None]
        recorded_at = max([at, *(instant for instant in known if instant is not None)])
        report = trial.report
        lists = trial.lists or OwnerList.begin(
            owner=order.owner, region=order.region, at=recorded_at
        )
        activated = lists.activate(
            order,
            roster_id=report.roster_id,
            rows=report.rows,
            figures=report.figures,
            institution_id=acting.institution_id,
            operator=acting.operator,
            at=recorded_at,
        )
        stating = StatingPass(self._parts(order, report.roster_id, workspace), at=recorded_at)
        stating.prepare()

        def portions() -> Iterable[Sequence[Person | OwnerList]]:
            # First of all: of two imports at once the slower one meets its version here.
            yield [lists]
            # Nobody else writes from here on: everybody else is as the trial found them.
            stating.look_again_at(self._store.changed_since(trial.position))
            yield from stating.people(heard, step="生效")
            if stating.figures != report.figures:
                message = "比对之后有人员被另一次导入更新，未改变任何人；请重新导入 (moved on)"
                raise ListMovedOn(message)

        done = replace(report, activated=activated)
        receipt = accept(done) if accept is not None else None
        self._store.save_portions(portions(), receipt=receipt)
        return done

    def _parts(self, order: ListOrder, roster_id: UUID, workspace: ListWorkspace) -> ListParts:
        return ListParts(order, roster_id, workspace, self._vault, self._members, self._store)


@dataclass(frozen=True)
class _Trial:
    header: tuple[str, ...]
    report: ListReport
    lists: OwnerList | None
    latest: datetime | None
    position: int
    """The log's last position before anybody was looked at."""


def _require_decisions(report: ListReport, decisions: ListDecisions) -> None:
    if report.rows.rejected and not decisions.accept_rejected_rows:
        message = (
            f"名单有 {report.rows.rejected} 行错误，未改变任何人；请更正后重新导入，"
            "或确认略过错误行 (accept_rejected_rows)"
        )
        raise RosterHasRejectedRows(message)


def _unheard(_step: str, _done: int) -> None:
    pass
