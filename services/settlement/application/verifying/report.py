"""What a verification reports (验账结果): each discrepancy with its place."""

from dataclasses import dataclass

from settlement.application.verifying.comparing import ABSENT, Finding


@dataclass(frozen=True)
class Discrepancy:
    """Something that is not the same (不符): where, and what it is and should be.

    `stay` is the hospital's stay number (住院号); `stay` and `settlement` are empty where the
    ledger is wrong outside of any stay. `position` is the place in the log.
    """

    stay: str
    settlement: str
    step: str
    what: str
    in_ledger: str
    recomputed: str
    position: int


@dataclass(frozen=True)
class Verified:
    """The outcome of a verification (验账结果); no discrepancies means nothing was found wrong.

    `fund_books_until` is the position up to which the accounts of the funds were held against
    the events, None where there were no accounts to hold against.
    """

    events: int
    settlements: int
    reversals: int
    discrepancies: tuple[Discrepancy, ...]
    fund_books_until: int | None = None


@dataclass(frozen=True)
class Place:
    """Where the walk is (位置): position in the log, stay number, settlement number."""

    position: int
    stay: str = ""
    settlement: str = ""

    def discrepancy(self, finding: Finding) -> Discrepancy:
        """A finding at this place."""
        return Discrepancy(
            stay=self.stay,
            settlement=self.settlement,
            step=finding.step,
            what=finding.what,
            in_ledger=_text(finding.in_ledger),
            recomputed=_text(finding.recomputed),
            position=self.position,
        )


def _text(value: object) -> str:
    return ABSENT if value is None else str(value)
