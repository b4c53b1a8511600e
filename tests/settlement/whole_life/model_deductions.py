"""Deductions as the model keeps them (扣减): what stands of each, never more than is owed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.settlement.whole_life.model_settlements import Counted, StayKey


@dataclass
class Deduction:
    """Taken off what a fund pays of a stay's settlement with this ordinal; `stands` in fen."""

    ordinal: int
    fund: str
    document: str
    stands: int
    is_withdrawn: bool = False

    @property
    def status(self) -> str:
        """What became of it."""
        if self.stands:
            return "standing"
        return "withdrawn" if self.is_withdrawn else "released"


class DeductionBook:
    """Every deduction of every stay, in the order they were imposed; a stay counts its own."""

    def __init__(self) -> None:
        self.of_stays: dict[StayKey, list[Deduction]] = {}

    def of(self, key: StayKey) -> list[Deduction]:
        """Those of a stay."""
        return self.of_stays.get(key, [])

    def standing(self, key: StayKey, ordinal: int) -> Counter[str]:
        """What stands on a settlement, by fund."""
        found: Counter[str] = Counter()
        for each in self.of(key):
            found[each.fund] += each.stands if each.ordinal == ordinal else 0
        return found

    def impose(
        self,
        key: StayKey,
        ordinal: int,
        counted: Counted | None,
        *,
        fund: str,
        fen: int,
        document: str,
    ) -> set[str]:
        """One more on a settlement; `counted` is the one of the stay that counts."""
        if counted is None or counted.ordinal != ordinal:
            return {"NotSettled"}
        why = {"DeductionAmountInvalid"} if fen <= 0 else set[str]()
        for each in self.of(key):
            if each.stands and (each.ordinal, each.fund, each.document) == (
                ordinal,
                fund,
                document,
            ):
                why.add("DeductionRepeated")
        if self.standing(key, ordinal)[fund] + fen > counted.owed.get(fund, 0):
            why.add("DeductionTooLarge")
        if not why:
            self.of_stays.setdefault(key, []).append(Deduction(ordinal, fund, document, fen))
        return why

    def withdraw(self, key: StayKey, ordinal: int, number: int) -> set[str]:
        """What stands of one goes; `number` counts the stay's from 1."""
        found = self.of(key)[number - 1 : number]
        if not found or found[0].ordinal != ordinal:
            return {"DeductionUnknown"}
        if not found[0].stands:
            return {"DeductionClosed"}
        found[0].stands, found[0].is_withdrawn = 0, True
        return set()

    def standings(self) -> list[int]:
        """What stands of each, in fen."""
        return [each.stands for every in self.of_stays.values() for each in every]

    def release(self, live: Iterable[Counted]) -> None:
        """What is above what each fund owes goes, the newest first."""
        owed = {(c.stay, c.ordinal): c.owed for c in live}
        for key, every in self.of_stays.items():
            for ordinal, fund in {(each.ordinal, each.fund) for each in every}:
                at_most = max(0, owed.get((key, ordinal), {}).get(fund, 0))
                for each in (x for x in every if (x.ordinal, x.fund) == (ordinal, fund)):
                    # Older ones keep what there is.
                    kept = min(each.stands, at_most)
                    each.stands, at_most = kept, at_most - kept
