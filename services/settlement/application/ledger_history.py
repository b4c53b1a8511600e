"""The settlements in a ledger, in its order (账本中的结算)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import LoggedFact
from settlement.domain.record import SettlementInputs
from settlement.domain.settlement import OutsideEntry, PayerStep, Share
from settlement.domain.stay import Stay


@dataclass
class SettlementRecorded:
    """One settlement as its events tell it (结算记录); `position` is that of its first event.

    Inputs, steps and amounts are those of its last adjustment, where it has any.
    """

    position: int
    stay_id: UUID
    number: str
    inputs: SettlementInputs
    steps: tuple[PayerStep, ...] = ()
    completed: Stay.SettlementCompleted | None = None
    adjusted: Stay.SettlementAdjusted | None = None
    is_reversed: bool = False

    @property
    def shares(self) -> tuple[Share, ...]:
        """What each layer paid."""
        return self._latest.shares if self._latest else ()

    @property
    def patient_fen(self) -> int:
        """What was left to the patient."""
        return self._latest.patient_fen if self._latest else 0

    @property
    def outside(self) -> tuple[OutsideEntry, ...]:
        """What is owed beside the bill."""
        return self._latest.outside if self._latest else ()

    @property
    def _latest(self) -> Stay.SettlementCompleted | Stay.SettlementAdjusted | None:
        return self.adjusted or self.completed

    @property
    def whose(self) -> tuple[tuple[str, str, str], ...]:
        """Person, region and scheme: what must happen one after another; under each id of the
        person, that of the stay first."""
        used = self.inputs.eligibility
        region, scheme = used.enrolment.region, used.enrolment.scheme.value
        return tuple((person_id, region, scheme) for person_id in used.records)


def settlements_recorded(events: Iterable[LoggedFact]) -> list[SettlementRecorded]:
    """Every settlement, undone ones included, in ledger order. Raises LedgerIncomplete."""
    found: dict[str, SettlementRecorded] = {}
    for logged in events:
        event = logged.event
        if isinstance(event, Stay.SettlementOpened):
            found[event.number] = SettlementRecorded(
                position=logged.position,
                stay_id=event.originator_id,
                number=event.number,
                inputs=event.inputs,
            )
        elif isinstance(event, _LATER):
            _go_on(found.get(event.number), event)
    for settlement in found.values():
        if settlement.completed is None:
            raise LedgerIncomplete(f"结算 {settlement.number} 没有完成；请先运行 yizhan verify")
    return list(found.values())


_LATER = (
    Stay.PayerStepSettled,
    Stay.SettlementCompleted,
    Stay.SettlementAdjusted,
    Stay.SettlementReversed,
)


def _go_on(
    settlement: SettlementRecorded | None,
    event: Stay.PayerStepSettled
    | Stay.SettlementCompleted
    | Stay.SettlementAdjusted
    | Stay.SettlementReversed,
) -> None:
    if settlement is None:
        raise LedgerIncomplete(f"结算 {event.number} 没有开始的记录；请先运行 yizhan verify")
    if isinstance(event, Stay.PayerStepSettled):
        settlement.steps += (event.step,)
    elif isinstance(event, Stay.SettlementCompleted):
        settlement.completed = event
    elif isinstance(event, Stay.SettlementAdjusted):
        settlement.adjusted = event
        settlement.inputs, settlement.steps = event.inputs, event.steps
    else:
        settlement.is_reversed = True
