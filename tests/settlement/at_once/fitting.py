"""A request that fits how a stay stands at this moment (合时宜的请求); somebody may come first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from tests.settlement.at_once.asked import OF_AN_OFFICE, Asked, body_of

FITTING = "fitting"
"""A request of which only the stay is said; the window looks how it stands and asks what fits."""

_FITTING = {
    "absent": ["admit"],
    "empty": [
        "record-fees",
        "record-fees",
        "pay-deposit",
        "change-admission",
        "cancel-admission",
        "cancel-admission",
    ],
    "admitted": ["record-fees", "discharge", "discharge", "close-interim", "pay-deposit"],
    "discharged": ["settle", "settle", "settle", "settle", "undo-discharge", "pay-deposit"],
    "closed": ["settle", "settle", "settle", "undo-discharge", "pay-deposit"],
    "settled": [
        "reverse",
        "reverse",
        "refund-deposit",
        "impose-deduction",
        "impose-deduction",
    ],
    "cancelled": ["admit"],
}
_WITH_LINES = ["correct-fee-line", "correct-fee-line", "delete-fee-line", "delete-fee-line"]
_WITHOUT_LINES = ["change-admission", "delete-fee-batch"]
_AWAITING = ["deliver-late-amount", "propose-decision", "propose-decision"]


@dataclass(frozen=True)
class Standing:
    """How a part of a stay stands: what is done to it next hangs on that.

    `status` is that of the stay, but `empty` while nothing is charged, `closed` after an interim
    close and `absent` where there is no stay; `awaits` tells that an amount may come late,
    `proposals` and `deductions` are the numbers of the last ones, `fund` is one that pays.
    """

    part: int
    first_day: date | None = None
    status: str = "absent"
    lines: tuple[str, ...] = ()
    awaits: bool = False
    proposals: int = 0
    settlement: str | None = None
    fund: str = "none"
    deductions: int = 0

    def operations(self) -> list[str]:
        """What fits, the likelier the more often."""
        fitting = _FITTING[self.status]
        if self.status == "admitted":
            fitting = [*fitting, *(_WITH_LINES if self.lines else _WITHOUT_LINES)]
        if self.status == "settled" and self.awaits:
            fitting = [*fitting, *_AWAITING]
        if self.status == "settled" and self.proposals:
            fitting = [*fitting, *["approve-decision"] * 4, "reject-decision", "reject-decision"]
        if self.status == "settled" and self.deductions:
            fitting = [*fitting, *["withdraw-deduction"] * 3]
        return fitting


def fitting(seed: int, asked: Asked, parts: Sequence[Standing]) -> Asked:
    """What a window asks of a stay whose parts stand so; of the later ones more often."""
    chance = Random(f"{seed}/{asked.key}")  # noqa: S311 -- what is asked, not secrets
    standing = [each for each in parts if each.part == 1 or each.status != "cancelled"]
    of = chance.choice([standing[-1], *standing])
    operation = chance.choice(of.operations())
    body = body_of(
        chance,
        operation,
        person=asked.body["person"],
        key=asked.key,
        first_day=of.first_day or asked.body["first_day"],
    )
    if "line" in body and of.lines:
        body = body | {"line": chance.choice(of.lines)}
    if "decision" in operation and "proposal" in body:
        # Nobody decides on a proposal of his own, but one in four tries.
        by = chance.choice([asked.operator, "cashier-3", "cashier-3", "cashier-3"])
        body, asked = body | {"proposal": of.proposals}, replace(asked, operator=by)
    return looked_up(replace(asked, operation=operation, body=body, part=of.part), parts)


def looked_up(asked: Asked, parts: Sequence[Standing]) -> Asked:
    """With the number of the settlement, where an office asks: it finds it by the stay."""
    if asked.operation not in OF_AN_OFFICE or len(parts) < asked.part:
        return asked
    of = parts[asked.part - 1]
    more = {"number": of.settlement or "none", "fund": of.fund, "deduction": of.deductions}
    return replace(asked, body={**asked.body, **more})
