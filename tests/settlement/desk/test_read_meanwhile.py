"""A preview or a refusal is true of one moment, whoever comes between."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from settlement.adapters.event_ledger import EventLedger, Kind
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay
from tests.settlement.desk.parts_of_a_stay import ABOVE_500, Story, law, refused, said
from tests.support.settlement_desk import P1, Desk, open_parts

FIRST = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
SECOND = {"total_fen": 31_000_00, "in_scope_fen": 30_000_00}


class Interrupted(EventLedger):
    """A ledger in which somebody comes between, once, when so many of a kind were just read."""

    def __init__(
        self,
        ledger: EventLedger,
        after: type[Aggregate],
        between: Callable[[], object],
        *,
        reads: int = 1,
    ) -> None:
        super().__init__(ledger.log)
        self._after, self._reads_left = after, reads
        self._between: Callable[[], object] | None = between

    def find(self, aggregate_id: UUID, kind: type[Kind]) -> Kind | None:
        """As it is; then the other one does what they came for."""
        found = super().find(aggregate_id, kind)
        self._reads_left -= kind is self._after
        if not self._reads_left and self._between:
            between, self._between = self._between, None
            between()
        return found

    def find_together(self, wanted: Mapping[UUID, type[Aggregate]]) -> dict[UUID, Any]:
        """One after another, as files do: anybody may come between."""
        found = {of: self.find(of, kind) for of, kind in wanted.items()}
        return {of: aggregate for of, aggregate in found.items() if aggregate is not None}


def settled_and_rewritten(desk: Desk, other: str, stay: str) -> Callable[[], None]:
    """Another stay is settled, and this one left with other fees after all."""

    def do() -> None:
        assert desk.settle(other).status_code == 200
        path = f"/v1/stays/{stay}"
        for way, body in (
            ("discharge/cancellation", {"reason": "误登"}),
            ("fees", {"batch_number": "2", "charges": SECOND, "replaces": "1"}),
            ("discharge", {"discharge_date": "2023-03-10"}),
        ):
            answer = desk.write(f"{path}/{way}", body)
            assert answer.status_code == 200, answer.text

    return do


def two_stays(data: Path) -> tuple[Desk, Desk, str]:
    """Somebody's stay that is looked at when the other one is settled: the quick desk, the one
    that is interrupted, and the stay."""
    parts, people = open_parts(data)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    other = desk.discharged(P1, "A1", charges=FIRST)
    stay = desk.discharged(P1, "A2", charges=FIRST)
    assert desk.settle(desk.discharged(P1, "A0", charges=FIRST)).status_code == 200
    between = settled_and_rewritten(desk, other, stay)
    return desk, interrupted(desk, SettlementOrder, between), stay


def interrupted(
    desk: Desk, after: type[Aggregate], between: Callable[[], object], *, reads: int = 1
) -> Desk:
    """Another window of the desk, which is slow once."""
    ledger = Interrupted(desk.parts.ledger, after, between, reads=reads)
    return Desk(replace(desk.parts, storage=replace(desk.parts.storage, ledger=ledger)))


def test_a_preview_is_never_of_old_fees_and_new_totals(tmp_path: Path) -> None:
    """It is taken again, and says what the next one says."""
    desk, slow, stay = two_stays(tmp_path)

    said = slow.write(f"/v1/stays/{stay}/preview", {}).json()

    again = desk.write(f"/v1/stays/{stay}/preview", {}).json()
    assert (said["total_fen"], said["patient_fen"]) == (31_000_00, again["patient_fen"])


def test_a_refusal_tells_an_amount_that_was_true(tmp_path: Path) -> None:
    """The cashier expects another amount, and is told what it is now."""
    desk, slow, stay = two_stays(tmp_path)

    refused = slow.settle(stay, expected_personal_fen=1)

    patient = desk.write(f"/v1/stays/{stay}/preview", {}).json()["patient_fen"]
    assert refused.status_code == 409
    assert f"现为 {patient // 100}.{patient % 100:02d} 元" in refused.json()["detail"]


def test_who_closes_a_part_that_was_just_closed_hears_that_it_is(tmp_path: Path) -> None:
    """Not that its next part, which the other one began, was never withdrawn."""
    story = Story(tmp_path, law(ABOVE_500))
    stay = story.admit("L1", "2022-09-01")
    until = {"until": "2022-10-30"}
    path = f"/v1/stays/{stay}/interim"
    slow = interrupted(story.desk, Stay, lambda: said(story.desk.write(path, until)))

    assert refused(slow.write(path, until)) == "already-discharged"


def test_who_undoes_a_close_that_was_just_undone_hears_that_it_is(tmp_path: Path) -> None:
    """Not that the next part was withdrawn: nobody asked for that one."""
    story = Story(tmp_path, law(ABOVE_500))
    stay = story.admit("L1", "2022-09-01")
    story.interim(stay, "2022-10-30")
    why = {"reason": "选错"}
    path = f"/v1/stays/{stay}/discharge/cancellation"
    slow = interrupted(story.desk, Stay, lambda: said(story.desk.write(path, why)))

    assert refused(slow.write(path, why)) == "not-discharged"


def first_settled_second_left(folder: Path) -> tuple[Story, str, str]:
    """A stay in two parts: the first is settled, the second could be."""
    story = Story(folder, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 2_000_00)
    second = story.interim(first, "2022-10-30")
    story.settle(first)
    story.fees(second, 1_000_00)
    story.leave(second, "2022-11-20")
    return story, first, second


def test_who_settles_a_part_hears_what_stands_of_it(tmp_path: Path) -> None:
    """Its discharge was undone, and then the part before it: while it could be settled, that one
    was."""
    story, first, second = first_settled_second_left(tmp_path)

    def undone() -> None:
        path = f"/v1/stays/{second}/discharge/cancellation"
        said(story.desk.write(path, {"reason": "误登"}))
        story.undo(first)

    slow = interrupted(story.desk, Stay, undone)

    assert refused(slow.settle(second)) == "not-discharged"


def test_a_part_is_not_settled_upon_totals_without_the_one_before_it(tmp_path: Path) -> None:
    """That one was settled when it was looked at, and undone when the totals were, by somebody who
    had begun before."""
    story, first, second = first_settled_second_left(tmp_path)
    began = story.desk.parts.clock()
    earlier = Desk(replace(story.desk.parts, clock=lambda: began))
    slow = interrupted(story.desk, Stay, lambda: story.undo(first, at=earlier), reads=2)

    assert refused(slow.settle(second)) == "former-part-unsettled"
    story.settle(first)
    story.settle(second)
    assert story.discrepancies() == ()
