"""The real desk and the model side by side (对照): each command goes to both.

After every step both must say the same of everything that stands; a refused command leaves no
event. `Tally` counts what happened, so that a test can tell that the runs were lively enough to
find anything.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
)

from contracts.vocabulary import InstitutionId, PersonId
from settlement.application.admit_patient import AdmitPatient
from settlement.application.ports import Accept
from settlement.domain.circumstances import Circumstances, TransferredFrom
from settlement.domain.record import Actor
from settlement.law.bill import Charges
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life.at_the_end import require_consistent_ledger
from tests.settlement.whole_life.model_revisions import ModelOfAll
from tests.settlement.whole_life.model_settlements import Counted, Referral, StayKey
from tests.settlement.whole_life.real_desk import (
    BEGINS,
    RealDesk,
    Request,
    SettlementSeen,
    StaySeen,
    date_of,
)
from tests.settlement.whole_life.two_regions import (
    CAPS_FEN,
    CAPS_OF_SOUTH_FEN,
    NORTH,
    PEOPLE,
    TWO_IDS,
)
from tests.support.storages import new_storage

IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - only named here
"""Where a run keeps its files: what a disk does is another test's story."""


def any_that_is(*statuses: str) -> Callable[[Any], Any]:
    """A rule for stays that stand like that, while there are any."""
    return precondition(
        lambda self: any(self.model.status(key) in statuses for key in self.model.stays)
    )


class Tally(Counter[str]):
    """How often each thing happened, over all runs."""


class BothDesks(RuleBasedStateMachine):
    """One run: the real desk and the model."""

    def __init__(self, tally: Tally, kept_on: str = "sqlite") -> None:
        """Nobody is admitted yet."""
        super().__init__()
        self.tally = tally
        self.folder = TemporaryDirectory(dir=IN_MEMORY)
        self.desk = RealDesk(new_storage(kept_on, Path(self.folder.name)))
        self.model = ModelOfAll()
        self.now = BEGINS
        self.requests: list[tuple[Request, bytes]] = []
        self.desk.look()

    def teardown(self) -> None:
        """At the end of the run everything is computed again from what was stored."""
        try:
            require_consistent_ledger(self.desk, is_all_as_known=self.model.is_all_as_known)
            self.tally["runs"] += 1
            late = self.model.is_published and self.model.is_all_as_known
            self.tally["all under what came late"] += late
        finally:
            self.desk.close()
            self.folder.cleanup()

    def begin(self, what: str) -> None:
        """A step begins: a second passes."""
        self.tally["steps"] += 1
        self.tally[what] += 1
        self.now += timedelta(seconds=1)

    def stay_of(self, pick: int, *likely: str) -> StayKey:
        """One of the stays; mostly one of those that stand like that."""
        every = list(self.model.stays)
        liked = [key for key in every if self.model.status(key) in likely]
        found = liked if liked and pick % 8 else every
        return found[pick % len(found)]

    def carry_out(
        self,
        operation: str,
        key: StayKey,
        why: set[str],
        decide: Callable[[Accept], Any],
        **body: Any,
    ) -> bytes | None:
        """Send a command to the desk, which must do as the model did; what it answers, unless it
        refuses."""
        request = Request(
            operation, key[0], f"k{self.tally['steps']}", {"stay": key, **body}, decide
        )
        before = self.desk.position
        said = self.desk.answer(request)
        assert not said.is_again
        if why:
            assert said.refused in why, f"{operation}: {said.refused} instead of {why}"
            assert self.desk.position == before, f"{operation}: a refusal left an event"
            self.tally[f"refused: {said.refused}"] += 1
            return None
        assert said.refused is None, f"{operation} was refused: {said.refused}"
        assert self.desk.position > before
        self.tally[f"done: {operation}"] += 1
        self.requests.append((request, said.body))
        return said.body

    @contextmanager
    def watching_what_follows(self, of: str) -> Iterator[None]:
        """Counts, under this name, the settlements that the model changes here, and how often
        deductions go with it."""
        said = {c.stay: c.answer for c in self.model.live}
        stood = self.model.deductions.standings()
        yield
        changed = sum(c.answer.paid != said[c.stay].paid for c in self.model.live)
        self.tally[of] += changed
        for before, now in zip(stood, self.model.deductions.standings(), strict=True):
            self.tally["deductions released"] += now < before
            self.tally["deductions released in part"] += 0 < now < before

    def by(self, key: StayKey) -> Actor:
        """A cashier of the stay's hospital."""
        return Actor("cashier-1", InstitutionId(key[0]))

    def clock(self) -> datetime:
        """The instant of the step."""
        return self.now

    def admission(
        self,
        key: StayKey,
        person: str,
        days_ago: int,
        referral: Referral,
        former: StayKey | None = None,
    ) -> AdmitPatient:
        """The command to admit somebody, perhaps from another hospital's stay."""
        today = date_of(self.now)
        return AdmitPatient(
            person_id=PersonId(person),
            hospital_stay_number=key[1],
            admission=today - timedelta(days=days_ago),
            circumstances=declared(referral, former),
            scheme=None,
            by=self.by(key),
            today=today,
            at=self.now,
        )

    # --- after every step ---------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        """Statuses, fees, deposits, settlements, totals of the years, orders."""
        self.desk.look()
        seen = self.desk.seen()
        assert seen == {key: self.expected(key) for key in self.model.stays}
        assert self.desk.totals() == self.model.totals()
        assert self.desk.orders() == self.model.orders()
        for key, each in seen.items():
            if each.settlement:
                parts = [*each.settlement.shares.values(), each.settlement.patient]
                assert min(parts) >= 0
                assert sum(parts) == self.desk.bill_fen(key)
                self.require_no_more_deducted_than_owed(key, each.settlement)

    def require_no_more_deducted_than_owed(self, key: StayKey, settled: SettlementSeen) -> None:
        """By what the desk itself says of the settlement that counts."""
        stay = self.desk.stays[key]
        number = self.desk.number_of(key, len(stay.settlements))
        for fund in {kept.imposed.fund_id for kept in stay.deductions.of(number)}:
            deducted = stay.deductions.deducted_fen(number, fund)
            assert 0 <= deducted <= max(0, settled.owed.get(fund, 0))

    def expected(self, key: StayKey) -> StaySeen:
        """A stay as it must look."""
        stay, counted = self.model.stays[key], self.model.counted(key)
        amounts = fees.total_of(stay.batches)
        if amounts and "in_scope" in amounts:
            amounts["out_of_scope"] = amounts["total"] - amounts["in_scope"]
        return StaySeen(
            self.model.status(key),
            amounts,
            stay.held,
            astuple(stay.tender) if stay.tender else None,
            _expected(counted) if counted else None,
            tuple((each.fund, each.stands, each.status) for each in self.model.deductions.of(key)),
            tuple(
                (each.layer, each.fen, each.status, each.is_as_checked(counted))
                for each in self.model.later.of(key)
            ),
        )

    @invariant()
    def no_cap_is_passed(self) -> None:
        """In no benefit year, under no id; nor under two ids that were one person's throughout."""
        totals = self.desk.totals()
        for (person, _), kept in totals.items():
            caps = CAPS_FEN if PEOPLE[person].region == NORTH else CAPS_OF_SOUTH_FEN
            assert min(kept.values()) > 0
            for name, cap in caps.items():
                assert kept.get(name, 0) <= cap, f"{name} of {person} is above {cap}"
        if all(len(c.records) == len(TWO_IDS) for c in self.model.live if c.person in TWO_IDS):
            together: Counter[tuple[str, Any]] = Counter()
            for (person, first_day), kept in totals.items():
                for name in CAPS_FEN if person in TWO_IDS else ():
                    together[name, first_day] += kept.get(name, 0)
            assert all(fen <= CAPS_FEN[name] for (name, _), fen in together.items())


def declared(referral: Referral, former: StayKey | None) -> Circumstances:
    """What is declared at admission."""
    if former is None:
        return Circumstances(referral=referral)
    hospital, number = former
    return Circumstances(
        referral=referral, transferred_from=TransferredFrom(InstitutionId(hospital), number)
    )


def charges_of(amounts: Mapping[str, int]) -> Charges | None:
    """What is stated, as the desk takes it; None where nothing is."""
    if not amounts:
        return None
    stated: dict[str, Any] = {f"{name}_fen": fen for name, fen in amounts.items()}
    return Charges(**stated)


def _expected(counted: Counted) -> SettlementSeen:
    return SettlementSeen(
        counted.shares,
        counted.answer.patient,
        frozenset(x for x in counted.answer.outside if x[-1]),
        frozenset(counted.answer.pending),
        {fund: fen for fund, fen in counted.owed.items() if fen},
    )
