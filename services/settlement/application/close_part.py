"""Settling a stay in the middle (中途结算): a part is closed, the next begins, and back again."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.as_loaded import unless_overtaken
from settlement.application.ask_deposit import NO_CHARGES
from settlement.application.find_stay import own_stay
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import Accept, Clock, Eligibility, Ledger
from settlement.application.prepare_settlement import gather
from settlement.application.retrying import when_overtaken
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.book import PolicyBook


@dataclass(frozen=True)
class ClosePart:
    """The command; `until` is the last day of the part."""

    stay_id: UUID
    until: date
    invoice_number: str | None
    circumstances: Circumstances
    by: Actor
    today: date


@dataclass(frozen=True)
class PartClosed:
    """A part that was closed, and the one that goes on."""

    stay: Stay
    following: Stay


def close_part(
    command: ClosePart,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
    clock: Clock,
    accept: Accept,
) -> PartClosed:
    """Close a part and begin the next, where the policy says how parts are settled.

    Raises StayUnknown, PartsUnstated, what `Stay.close_interim` and `gather` raise, Overtaken.
    """

    def decide() -> PartClosed:
        at = clock()
        stay = own_stay(ledger, command.stay_id, command.by)
        with unless_overtaken(ledger, stay):
            stay.close_interim(
                until=command.until,
                invoice_number=command.invoice_number,
                circumstances=command.circumstances,
                by=command.by,
                today=command.today,
                at=at,
            )
            # A part that no policy settles is refused before the next one fills with fees.
            gather(
                stay,
                discharge=command.until,
                charges=NO_CHARGES,
                elsewhere_fen={},
                settled_on=command.today,
                by=command.by,
                at=at,
                ledger=ledger,
                eligibility=eligibility,
                book=book,
            )
            following = _next_part(stay, command, ledger=ledger, at=at)
        closed = PartClosed(stay, following)
        ledger.save(stay, following, receipt=accept(closed))
        return closed

    return when_overtaken(decide)


def _next_part(stay: Stay, command: ClosePart, *, ledger: Ledger, at: datetime) -> Stay:
    withdrawn = ledger.find(stay.next_part_id, Stay)
    if withdrawn is None:
        return stay.part_after(by=command.by, at=at)
    withdrawn.begin_again_after(stay, by=command.by, at=at)
    return withdrawn


def part_to_withdraw(stay: Stay, *, ledger: Ledger) -> Stay:
    """The part that goes with an interim close which is undone. Raises LedgerIncomplete."""
    following = ledger.find(stay.next_part_id, Stay)
    if following is None:
        raise LedgerIncomplete(
            f"账本缺少住院 {stay.hospital_stay_number} 第 {stay.part + 1} 段；"
            "请先运行 yizhan verify"
        )
    return following
