"""The model where amounts come after a settlement (后到金额、事后裁定): it is made again, and so is
all that counts after it.
"""

from dataclasses import replace

from tests.settlement.whole_life.model_settlements import (
    Counted,
    StayKey,
    settled,
    totals_of,
)
from tests.settlement.whole_life.plain_model import REFUSALS, PlainModel
from tests.support.oracle_facts import Refused


class WholeModel(PlainModel):
    """Everything that stands, and what comes later."""

    def deliver_late(self, key: StayKey, layer: str, fen: int, desk: str) -> set[str]:
        """A layer's amount comes late, or comes again and is another."""
        counted = self.counted(key)
        why = self.later.why_not_awaited(counted, layer, fen)
        return why or self._complete(key, layer, fen, desk)

    def propose(self, key: StayKey, layer: str, fen: int, by: str) -> set[str]:
        """Somebody says what a layer is to come to; nothing changes."""
        counted = self.counted(key)
        why = self.later.why_not_awaited(counted, layer, fen)
        if counted is None or why:
            return why
        found = self.completed(key, layer, fen)
        if isinstance(found, set):
            return found
        self.later.propose(counted, layer, fen, by)
        return set()

    def approve(
        self, key: StayKey, number: int, by: str, desk: str, *, expected: int | None
    ) -> set[str]:
        """Somebody else approves it; `expected` is what he saw left to the patient, in fen."""
        why = self.later.why_not_decided(key, number, by)
        if why:
            return why
        proposal = self.later.of(key)[number - 1]
        if not proposal.is_as_checked(self.counted(key)):
            return {"ProposalLapsed"}
        found = self.completed(key, proposal.layer, proposal.fen)
        if isinstance(found, Counted) and expected not in (None, found.answer.patient):
            return {"PersonalShareChanged", *self.make_again(self._live_with(found), None)}
        why = self._complete(key, proposal.layer, proposal.fen, desk)
        if not why:
            proposal.status = "approved"
        return why

    def completed(self, key: StayKey, layer: str, fen: int) -> Counted | set[str]:
        """What a settlement would say with a layer at this amount, or why it would not."""
        at = next(n for n, counted in enumerate(self.live) if counted.stay == key)
        counted = self.live[at]
        with_it = replace(counted, elsewhere={**counted.elsewhere, layer: fen})
        try:
            return settled(with_it, totals_of(self.live[:at]))
        except Refused as refusal:
            return {REFUSALS[refusal.kind]}

    def _complete(self, key: StayKey, layer: str, fen: int, desk: str) -> set[str]:
        found = self.completed(key, layer, fen)
        if isinstance(found, set):
            return found
        why = self.make_again(self._live_with(found), desk=desk)
        if not why:
            self.later.came.add((key, found.ordinal, layer))
        return why

    def _live_with(self, completed: Counted) -> list[Counted]:
        """Those that count, where one is to have other amounts decided elsewhere."""
        return [
            replace(c, elsewhere=completed.elsewhere) if c.stay == completed.stay else c
            for c in self.live
        ]
