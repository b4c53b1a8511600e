"""Adding up what changes (影响汇总): claims, persons, payers, layers, and the worst of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from heapq import heappush, heappushpop
from itertools import groupby

from settlement.application.impact.cohort import Claim
from settlement.application.impact.settled import Refused, Settled
from settlement.law.policy import LayerKind, Policy

PATIENT = "patient"
BEFORE, AFTER = "before", "after"


class Paid(Enum):
    """Where a payment goes (付给哪里): to the bill, to the patient outside it, to the hospital."""

    BILL = "bill"
    CASH = "cash"
    SURPLUS = "surplus"


class NotConserved(AssertionError):
    """Payers and patient do not add up to the bill: the arithmetic is broken."""


@dataclass(slots=True)
class Totals:
    """Amounts under both policies, in fen (前后合计)."""

    before_fen: int = 0
    after_fen: int = 0

    @property
    def change_fen(self) -> int:
        """How much more is paid after."""
        return self.after_fen - self.before_fen

    def add(self, *, before_fen: int = 0, after_fen: int = 0) -> None:
        """Count one claim's amounts."""
        self.before_fen += before_fen
        self.after_fen += after_fen


@dataclass(frozen=True, slots=True)
class ClaimChanged:
    """One claim under both policies (一笔前后对照); `cash…` is what the patient is given outside
    the bill, in fen."""

    claim: Claim
    before: Settled
    after: Settled
    cash_before_fen: int
    cash_after_fen: int

    @property
    def patient_loss_fen(self) -> int:
        """How much more the patient bears after, cash taken off; negative where less, in fen."""
        before = self.before.patient_fen - self.cash_before_fen
        return self.after.patient_fen - self.cash_after_fen - before


@dataclass
class Counted:
    """How many claims, or persons, gain and lose (增减人次)."""

    losing: int = 0
    gaining: int = 0
    same: int = 0

    def add(self, loss_fen: int) -> None:
        """Count one."""
        self.losing += loss_fen > 0
        self.gaining += loss_fen < 0
        self.same += loss_fen == 0


@dataclass
class Tally:
    """What is known so far (汇总).

    Totals are over the claims that both policies settle; `payers` and the patient add up to the
    cost of the bills under each policy. `cash` is paid to patients outside the bills, `surplus` to
    hospitals. `refused` counts claims by policy (`before`, `after`) and refusal.
    """

    before: Policy
    after: Policy
    most: int
    claims: int = 0
    compared: int = 0
    changed: int = 0
    cost_fen: int = 0
    payers: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    layers: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    cash: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    surplus: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    patient: Totals = field(default_factory=Totals)
    patients_by_claim: Counted = field(default_factory=Counted)
    patients_by_person: Counted = field(default_factory=Counted)
    refused: Counter[tuple[str, Refused]] = field(default_factory=Counter)
    outside_force: Counter[str] = field(default_factory=Counter)
    _worst: list[tuple[int, int, ClaimChanged]] = field(default_factory=list)

    def add(
        self,
        claims: Sequence[Claim],
        before: Sequence[Settled | Refused],
        after: Sequence[Settled | Refused],
    ) -> None:
        """Count a batch of whole persons. Raises NotConserved."""
        rows = zip(claims, before, after, strict=True)
        for _, own in groupby(rows, key=lambda row: row[0].person):
            losses = [loss for row in own if (loss := self._count(*row)) is not None]
            if losses:
                self.patients_by_person.add(sum(losses))

    def worst(self) -> list[ClaimChanged]:
        """The claims whose patients lose most, the greatest loss first."""
        return [one for _, _, one in sorted(self._worst, key=lambda w: (-w[0], -w[1]))]

    def _count(
        self, claim: Claim, before: Settled | Refused, after: Settled | Refused
    ) -> int | None:
        """Count one claim; the patient's loss, or None where it cannot be compared."""
        self.claims += 1
        for side, policy in ((BEFORE, self.before), (AFTER, self.after)):
            day = claim.dates.on(policy.version_chosen_by)
            if day < policy.in_force_from or (policy.in_force_to and day > policy.in_force_to):
                self.outside_force[side] += 1
        for side, found in ((BEFORE, before), (AFTER, after)):
            if isinstance(found, Refused):
                self.refused[side, found] += 1
        if isinstance(before, Refused) or isinstance(after, Refused):
            return None
        one = self._add_amounts(claim, before, after)
        self._keep(one)
        self.compared += 1
        self.patients_by_claim.add(one.patient_loss_fen)
        return one.patient_loss_fen

    def _add_amounts(self, claim: Claim, before: Settled, after: Settled) -> ClaimChanged:
        self.cost_fen += claim.charges.total_fen
        was = self._add_side(BEFORE, self.before, before)
        now = self._add_side(AFTER, self.after, after)
        for found, paid in ((before, was), (after, now)):
            of_bill = sum(fen for (kind, _), fen in paid.items() if kind is Paid.BILL)
            if of_bill + found.patient_fen != claim.charges.total_fen:
                raise NotConserved(f"{claim.reference}：各方之和不等于总费用")
        self.patient.add(before_fen=before.patient_fen, after_fen=after.patient_fen)
        self.changed += was != now or before.patient_fen != after.patient_fen
        return ClaimChanged(claim, before, after, _cash(was), _cash(now))

    def _add_side(self, side: str, policy: Policy, found: Settled) -> dict[tuple["Paid", str], int]:
        """Count what each layer paid; what each payer gives, and for what."""
        paid: dict[tuple[Paid, str], int] = defaultdict(int)
        rows = zip(policy.layers, found.layers_fen, found.surplus_fen, strict=True)
        for layer, fen, beyond in rows:
            payer = layer.payer.value
            self.layers[layer.id].add(**{f"{side}_fen": fen})
            if layer.kind is LayerKind.PAYMENT:
                paid[Paid.BILL, payer] += fen
            elif layer.kind is LayerKind.CASH:
                paid[Paid.CASH, payer] += fen
            if layer.surplus_to_hospital:
                paid[Paid.SURPLUS, payer] += beyond
        totals = {Paid.BILL: self.payers, Paid.CASH: self.cash, Paid.SURPLUS: self.surplus}
        for (kind, payer), fen in paid.items():
            totals[kind][payer].add(**{f"{side}_fen": fen})
        return {key: fen for key, fen in paid.items() if fen}

    def _keep(self, one: ClaimChanged) -> None:
        loss = one.patient_loss_fen
        if loss <= 0 or self.most <= 0:
            return
        # Of equal losses the earlier claim is kept: its number counts down.
        entry = (loss, -self.claims, one)
        if len(self._worst) < self.most:
            heappush(self._worst, entry)
        else:
            heappushpop(self._worst, entry)


def _cash(paid: Mapping[tuple["Paid", str], int]) -> int:
    return sum(fen for (kind, _), fen in paid.items() if kind is Paid.CASH)


def layer_names(before: Policy, after: Policy) -> Iterator[tuple[str, str, LayerKind]]:
    """Every layer of either policy: its id, its later name, what becomes of its amount."""
    known = {x.id: x for x in before.layers} | {x.id: x for x in after.layers}
    for layer in known.values():
        yield layer.id, layer.name, layer.kind
