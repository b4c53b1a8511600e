"""Amounts that come after the settlement, in the model (后到金额、事后裁定): which are still
awaited, what people proposed, and what became of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.settlement.whole_life.model_settlements import Counted, StayKey


@dataclass
class Proposal:
    """What somebody proposed that a layer is to come to, in fen, and what was said then."""

    ordinal: int
    layer: str
    fen: int
    by: str
    was: int | None
    said: Mapping[str, Any]
    status: str = "proposed"

    def is_as_checked(self, counted: Counted | None) -> bool:
        """Whether everything still is as it was proposed on."""
        return (
            counted is not None
            and counted.ordinal == self.ordinal
            and counted.elsewhere.get(self.layer) == self.was
            and _said(counted) == self.said
        )


class LaterAmounts:
    """Which layers got their amounts late, and every proposal; a stay counts its own."""

    def __init__(self) -> None:
        self.came: set[tuple[StayKey, int, str]] = set()
        self.of_stays: dict[StayKey, list[Proposal]] = {}

    def of(self, key: StayKey) -> list[Proposal]:
        """The proposals of a stay."""
        return self.of_stays.get(key, [])

    def why_not_awaited(self, counted: Counted | None, layer: str, fen: int) -> set[str]:
        """Why no amount is taken for the layer; `counted` is the stay's settlement."""
        if counted is None:
            return {"NotSettled"}
        if layer in counted.answer.pending:
            return set()
        if (counted.stay, counted.ordinal, layer) not in self.came:
            return {"LateAmountNotAwaited"}
        return {"LateAmountUnchanged"} if counted.elsewhere[layer] == fen else set()

    def propose(self, counted: Counted, layer: str, fen: int, by: str) -> None:
        """One more, checked before."""
        proposal = Proposal(
            ordinal=counted.ordinal,
            layer=layer,
            fen=fen,
            by=by,
            was=counted.elsewhere.get(layer),
            said=_said(counted),
        )
        self.of_stays.setdefault(counted.stay, []).append(proposal)

    def why_not_decided(self, key: StayKey, number: int, by: str) -> set[str]:
        """Why nobody, or not this one, decides on a proposal; `number` counts from 1."""
        found = self.of(key)[number - 1 : number]
        if not found:
            return {"ProposalUnknown"}
        why = {"SameOperator"} if found[0].by == by else set[str]()
        return why | ({"ProposalClosed"} if found[0].status != "proposed" else set())

    def reject(self, key: StayKey, number: int, by: str) -> set[str]:
        """One is turned down."""
        why = self.why_not_decided(key, number, by)
        if not why:
            self.of(key)[number - 1].status = "rejected"
        return why


def _said(counted: Counted) -> dict[str, Any]:
    return {
        "shares": counted.shares,
        "outside": {x for x in counted.answer.outside if x[-1]},
        "patient": counted.answer.patient,
    }
