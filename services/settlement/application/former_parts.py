"""What came before a part of a stay (前面各段)."""

from typing import Protocol
from uuid import UUID

from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.domain.chain import PartUsed
from settlement.domain.stay import Stay, stay_id_of
from settlement.domain.stay_refusals import FormerPartUnsettled


class FindStay(Protocol):
    """Finds a stay of any institution by its id."""

    def __call__(self, stay_id: UUID, kind: type[Stay], /) -> Stay | None:
        """The stay, or None."""


def part_used(stay: Stay, find: FindStay) -> PartUsed | None:
    """Which part of a stay it is; None for a stay as a whole. Raises LedgerIncomplete."""
    if stay.part == 1 and not stay.goes_on:
        return None
    first = stay
    if stay.part > 1:
        found = find(stay_id_of(stay.institution_id, stay.hospital_stay_number), Stay)
        if found is None:
            raise LedgerIncomplete(
                f"账本缺少住院 {stay.hospital_stay_number} 第 1 段；请先运行 yizhan verify"
            )
        first = found
    return PartUsed(stay.part, stay.goes_on, first.admission)


def require_former_settled(stay: Stay, find: FindStay) -> None:
    """Parts are settled in their order. Raises FormerPartUnsettled."""
    if stay.continues is None:
        return
    former = find(stay.continues, Stay)
    if former is None or former.current_settlement is None:
        number, before = stay.hospital_stay_number, stay.part - 1
        raise FormerPartUnsettled(
            f"住院 {number} 第 {stay.part} 段之前的第 {before} 段还没有结算；请先结算第 {before} 段"
        )
