"""Replaying the ledger under another book (重演): what would have been paid.

Every settlement that counts is settled again in ledger order under the other policies, with
counters of its own that start empty; nothing is stored. Where a settlement cannot be settled
again, nobody knows the counters after it: the person's later ones of that benefit year are refused
with it, by name, instead of being settled from wrong counters.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from contracts.vocabulary import Payer
from settlement.application.ask_eligibility import days_asked, window_asked
from settlement.application.fit_answers import AnswerUnfit
from settlement.application.law_of_part import PartsUnstated, part_in_force
from settlement.application.ledger_history import SettlementRecorded
from settlement.application.prepare_settlement import compute, counter_years
from settlement.domain.record import FORM
from settlement.domain.settlement import (
    CASH,
    SURPLUS,
    OutsideEntry,
    Share,
    payer_steps,
    shares_of,
)
from settlement.domain.yearly_counters import counter_name, together, totals_before
from settlement.kernel.cascade import ARITHMETIC_VERSION, Cascade, compile_policy
from settlement.kernel.settle import (
    BILL_REFUSALS,
)
from settlement.law.book import BOOK_REFUSALS, PolicyBook, StayDates
from settlement.law.policy import Policy

REFUSALS = (*BILL_REFUSALS, *BOOK_REFUSALS, AnswerUnfit, PartsUnstated)
"""What another book may lack for a stay; such a stay is listed, and not in the totals."""

PATIENT = "patient"


class IdentityDayDiffers(Exception):
    """The other policy asks about the person on a day that the ledger has no answer for."""


@dataclass(frozen=True)
class Scope:
    """Which settlements are reported (范围): by region and by booking date, both inclusive.

    Others are settled again all the same, since their counters matter.
    """

    region: str | None = None
    first: date | None = None
    last: date | None = None

    def covers(self, settlement: SettlementRecorded) -> bool:
        """Whether a settlement is reported."""
        booked = settlement.inputs.settled_on
        return (
            self.region in (None, settlement.inputs.eligibility.enrolment.region)
            and booked >= (self.first or date.min)
            and booked <= (self.last or date.max)
        )


@dataclass(frozen=True)
class StayReplayed:
    """One settlement, before and after (重演结果), in fen by payer; `patient` among them.

    `cash` and `surplus` are owed beside the bill, and in no payer's amount.
    """

    settlement: SettlementRecorded
    policy_label: str
    fictional: bool
    before_fen: dict[str, int]
    after_fen: dict[str, int]

    @property
    def patient_change_fen(self) -> int:
        """How much more (or less) the patient would have paid."""
        return self.after_fen[PATIENT] - self.before_fen[PATIENT]

    @property
    def is_changed(self) -> bool:
        """Whether any payer or the patient would have paid another amount."""
        return any(
            self.before_fen.get(who, 0) != self.after_fen.get(who, 0)
            for who in {*self.before_fen, *self.after_fen}
        )


@dataclass(frozen=True)
class StayRefused:
    """One settlement that the other book cannot settle, and why."""

    settlement: SettlementRecorded
    reason: str


@dataclass(frozen=True)
class Replayed:
    """A replay (重演): every settlement in scope, those refused, and totals by payer in fen."""

    stays: tuple[StayReplayed, ...]
    refused: tuple[StayRefused, ...]

    def totals_fen(self) -> dict[str, tuple[int, int]]:
        """Before and after by payer, and for the patient."""
        totals: dict[str, tuple[int, int]] = {}
        for stay in self.stays:
            for who in {*stay.before_fen, *stay.after_fen}:
                before, after = totals.get(who, (0, 0))
                totals[who] = (
                    before + stay.before_fen.get(who, 0),
                    after + stay.after_fen.get(who, 0),
                )
        order = [*Payer, CASH, SURPLUS]  # the patient is among the payers
        return dict(sorted(totals.items(), key=lambda item: order.index(item[0])))

    def most_changed(self, most: int) -> tuple[StayReplayed, ...]:
        """The stays whose patients gain or lose most."""
        changed = [s for s in self.stays if s.is_changed]
        changed.sort(key=lambda s: (-abs(s.patient_change_fen), s.settlement.position))
        return tuple(changed[:most])


def replay_ledger(
    settlements: Iterable[SettlementRecorded], book: PolicyBook, scope: Scope
) -> Replayed:
    """Settle every settlement that counts again, in ledger order."""
    replay = _Replay(book)
    stays: list[StayReplayed] = []
    refused: list[StayRefused] = []
    for settlement in settlements:
        if settlement.is_reversed:
            continue
        again = replay.settle_again(settlement)
        if not scope.covers(settlement):
            continue
        if isinstance(again, StayRefused):
            refused.append(again)
        else:
            stays.append(again)
    return Replayed(tuple(stays), tuple(refused))


class _Replay:
    """A replay under one book, as far as it has come."""

    def __init__(self, book: PolicyBook):
        self._book = book
        self._counters = _Counters()
        self._broken = _BrokenChains()
        self._cascades: dict[str, Cascade] = {}

    def settle_again(self, settlement: SettlementRecorded) -> StayReplayed | StayRefused:
        """One settlement after all those before it."""
        # Where the other book has no policy, the years it was counted in are all that is known.
        years = settlement.inputs.counter_years
        try:
            policy = _policy_of(settlement, self._book)
            years = counter_years(policy, _dates(settlement, policy), settlement.inputs.episode)
            refused_before = self._broken.refused_before(settlement, years)
            if refused_before is None:
                return self._settle(settlement, policy, years)
            reason = f"承接未能重演的结算 {refused_before}"
        except (*REFUSALS, IdentityDayDiffers) as refusal:
            reason = str(refusal)
        self._broken.add(settlement, years)
        return StayRefused(settlement, reason)

    def _settle(
        self, settlement: SettlementRecorded, policy: Policy, years: dict[str, date]
    ) -> StayReplayed:
        _require_answers(settlement, policy)
        if policy.fingerprint not in self._cascades:
            self._cascades[policy.fingerprint] = compile_policy(policy)
        again = compute(
            self._cascades[policy.fingerprint],
            replace(
                settlement.inputs,
                fingerprint=policy.fingerprint,
                arithmetic_version=ARITHMETIC_VERSION,
                counters_before=self._counters.before(settlement, years),
                counter_years=years,
                form=FORM,
            ),
        )
        self._counters.move(settlement, years, again.outcome.counters)
        return StayReplayed(
            settlement=settlement,
            policy_label=policy.label,
            fictional=policy.fictional,
            before_fen=_by_payer(settlement.shares, settlement.patient_fen, settlement.outside),
            after_fen=_by_payer(
                shares_of(payer_steps(again.steps)), again.patient_fen, again.beside.outside
            ),
        )


def _policy_of(settlement: SettlementRecorded, book: PolicyBook) -> Policy:
    enrolment = settlement.inputs.eligibility.enrolment
    return part_in_force(
        book,
        region=enrolment.region,
        scheme=enrolment.scheme,
        dates=settlement.inputs.dates,
        part=settlement.inputs.part,
    )


def _dates(settlement: SettlementRecorded, policy: Policy) -> StayDates:
    return settlement.inputs.dates_under(policy)


def _require_answers(settlement: SettlementRecorded, policy: Policy) -> None:
    """Raises IdentityDayDiffers where the other policy asks about days of which the ledger has no
    answer: what was not asked is unknown, and not "no"."""
    used = settlement.inputs.eligibility
    for on in days_asked(policy, _dates(settlement, policy)):
        person = used.person_on(on)
        first, last = window_asked(policy, on) or (on, on)
        if person is None or person.window[0] > first or person.window[1] < last:
            days = f"{on}" if first == last else f"{first} 至 {last}"
            raise IdentityDayDiffers(f"政策“{policy.label}”要看 {days} 的身份，账本没有那时的答复")


def _by_payer(
    shares: tuple[Share, ...], patient_fen: int, outside: tuple[OutsideEntry, ...]
) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for share in shares:
        found[share.payer] += share.amount_fen
    found[PATIENT] = patient_fen
    for owed in outside:
        found[owed.kind] += owed.amount_fen
    return dict(found)


class _Counters:
    """The yearly counters of everybody, as the other book moves them."""

    def __init__(self) -> None:
        self._totals: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)

    def before(self, settlement: SettlementRecorded, years: dict[str, date]) -> dict[str, int]:
        stored = {
            day: together(self._totals[(*whose, day)] for whose in settlement.whose)
            for day in set(years.values())
        }
        return totals_before(years, stored)

    def move(
        self, settlement: SettlementRecorded, years: dict[str, date], after: Mapping[str, int]
    ) -> None:
        before, own = self.before(settlement, years), settlement.whose[0]
        for total, amount in after.items():
            first_day = years.get(counter_name(total))
            if first_day is not None:
                self._totals[(*own, first_day)][total] += amount - before.get(total, 0)


class _BrokenChains:
    """The benefit years whose counters nobody knows, since a settlement was refused."""

    def __init__(self) -> None:
        self._years: dict[tuple[str, str, str], list[tuple[date, str]]] = defaultdict(list)

    def add(self, settlement: SettlementRecorded, years: Mapping[str, date]) -> None:
        """This settlement was refused; it would have moved these years."""
        for first_day in sorted(set(years.values())):
            self._years[settlement.whose[0]].append((first_day, settlement.number))

    def refused_before(
        self, settlement: SettlementRecorded, years: Mapping[str, date]
    ) -> str | None:
        """The first refused settlement on whose counters this one would rest."""
        broken = (each for whose in settlement.whose for each in self._years[whose])
        for broken_day, number in broken:
            if any(_overlap(broken_day, first_day) for first_day in years.values()):
                return number
        return None


def _overlap(one: date, other: date) -> bool:
    """Whether two benefit years share a day; years of two books may begin on different days."""
    earlier, later = sorted((one, other))
    return (later.year, later.month, later.day) < (earlier.year + 1, earlier.month, earlier.day)
