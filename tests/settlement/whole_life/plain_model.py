"""What stands, told plainly (模型): dicts of stays and the settlements that count, in their order.

What a settlement says comes from the oracle alone, run over the settlements that count, one after
another: as if nothing that was undone had ever been. Every command answers with the names of all
reasons for which it is to be refused, and changes nothing then; no reason means it is carried out.
"""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Self

from settlement.law.fee_lines import FeeLine
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life.model_decisions import LaterAmounts
from tests.settlement.whole_life.model_deductions import DeductionBook
from tests.settlement.whole_life.model_parts import first_of, former_of, next_of, part_of
from tests.settlement.whole_life.model_settlements import (
    Counted,
    Referral,
    StayKey,
    YearKey,
    document_of,
    facts_of,
    made_again,
    named,
    owed_at_first,
    settled,
    totals_of,
    years_of,
)
from tests.settlement.whole_life.model_stays import Stay, Tendered
from tests.settlement.whole_life.model_transfers import (
    TransferUnfit,
    came_from,
    episode_of,
    transfer_of,
)
from tests.settlement.whole_life.two_regions import NORTH, PEOPLE, TWO_IDS, law_on
from tests.support.oracle_facts import Refused

REFUSALS = {
    "amount": "AmountNotStated",
    "fact": "FactNotStated",
    "elsewhere_missing": "ElsewhereAmountMissing",
    "elsewhere_too_large": "ElsewhereAmountTooLarge",
    "elsewhere_unexpected": "ElsewhereAmountUnexpected",
}
"""What the desk calls each of the oracle's refusals."""


class PlainModel:
    """Everything that stands."""

    def __init__(self) -> None:
        self.stays: dict[StayKey, Stay] = {}
        self.live: list[Counted] = []
        self.made: Counter[StayKey] = Counter()
        self.deductions = DeductionBook()
        self.later = LaterAmounts()
        self.is_one_person = False
        self.is_published = False

    def law_of(self, person: str, admission: date) -> str:
        """The law of somebody admitted on a day, by what is published."""
        return law_on(PEOPLE[person].region, admission, is_published=self.is_published)

    # --- what stands --------------------------------------------------------------------------

    def status(self, key: StayKey) -> str:
        """Where a stay stands."""
        stay = self.stays[key]
        if stay.is_cancelled:
            return "cancelled"
        if self.counted(key):
            return "settled"
        return "discharged" if stay.discharge else "admitted"

    def counted(self, key: StayKey) -> Counted | None:
        """The settlement of a stay that counts."""
        return next((c for c in self.live if c.stay == key), None)

    def totals(self) -> dict[YearKey, dict[str, int]]:
        """What is counted in each benefit year, without zeros."""
        found = totals_of(self.live)
        plain = {k: {n: fen for n, fen in kept.items() if fen} for k, kept in found.items()}
        return {key: kept for key, kept in plain.items() if kept}

    def orders(self) -> dict[str, list[StayKey]]:
        """The stays whose settlements have a place under each id, in their order."""
        found: dict[str, list[StayKey]] = {}
        for counted in self.live:
            for record in counted.records:
                found.setdefault(record, []).append(counted.stay)
        return found

    # --- admission ----------------------------------------------------------------------------

    def admit(
        self,
        key: StayKey,
        person: str,
        admission: date,
        referral: Referral,
        today: date,
        *,
        former: StayKey | None = None,
    ) -> set[str]:
        """Admitted, or admitted again; perhaps from the stay of another hospital."""
        why = set[str]()
        if key in self.stays and not self.stays[key].is_cancelled:
            why.add("AlreadyAdmitted")
        if person not in PEOPLE:
            why.add("PersonUnknown")
        if admission > today:
            why.add("DateInFuture")
        new = Stay(person, admission, referral, came_from=former)
        why |= self._why_unfit(key, {**self.stays, key: new})
        if not why:
            self.stays[key] = new
        return why

    def change_admission(
        self,
        key: StayKey,
        admission: date,
        referral: Referral,
        today: date,
        *,
        former: StayKey | None,
    ) -> set[str]:
        """The registration reads otherwise."""
        stay = self.stays[key]
        why = self._why_fixed(key)
        new = replace(stay, admission=admission, referral=referral, came_from=former)
        if new == stay:
            why.add("NothingChanged")
        if part_of(key) > 1 and admission != stay.admission:
            why.add("BelongsToPart")
        if part_of(key) == 1 and admission > today:
            why.add("DateInFuture")
        if stay.discharge and stay.discharge < admission:
            why.add("DischargeBeforeAdmission")
        why |= self._why_unfit(key, {**self.stays, key: new})
        if not why:
            self.stays[key] = new
        return why

    def records_of(self, person: str) -> tuple[str, ...]:
        """Every id of a person, the stay's own first."""
        others = [p for p in TWO_IDS if self.is_one_person and p != person]
        return (person, *(others if person in TWO_IDS else ()))

    def _why_unfit(self, key: StayKey, stays: Mapping[StayKey, Stay]) -> set[str]:
        try:
            episode_of(stays, key, self.records_of(stays[key].person))
        except TransferUnfit:
            return {"TransferUnfit"}
        return set()

    def cancel(self, key: StayKey) -> set[str]:
        """The admission never was."""
        stay = self.stays[key]
        why = self._why_fixed(key)
        total = fees.total_of(stay.batches) or {"total": 0}
        if stay.discharge or total["total"] or stay.held:
            why.add("AdmissionStands")
        if part_of(key) > 1:
            why.add("BelongsToPart")
        if not why:
            stay.is_cancelled = True
        return why

    def _why_fixed(self, key: StayKey) -> set[str]:
        why = {"StayCancelled"} if self.stays[key].is_cancelled else set[str]()
        return why | ({"AlreadySettled"} if self.counted(key) else set())

    # --- fees ---------------------------------------------------------------------------------

    def record_fees(
        self,
        key: StayKey,
        number: str,
        batch: fees.Batch,
        *,
        replaces: str | None = None,
        stated: Mapping[str, int] | None = None,
    ) -> set[str]:
        """One more batch, or one in the place of another."""
        stay = self.stays[key]
        why, kept = _why_not_in(stay), stay.batches
        if replaces is not None:
            why |= _why_not_deleted(kept, replaces)
            kept = {name: each for name, each in kept.items() if name != replaces}
        why |= fees.why_not_batch(kept, stay.batches_used, number, batch, stated or {})
        if not why:
            stay.batches = {**kept, number: batch}
            stay.batches_used.add(number)
        return why

    def delete_batch(self, key: StayKey, number: str) -> set[str]:
        """A batch no longer stands."""
        stay = self.stays[key]
        why = _why_not_in(stay) | _why_not_deleted(stay.batches, number)
        if not why:
            del stay.batches[number]
        return why

    def correct_line(self, key: StayKey, line: FeeLine) -> set[str]:
        """A line reads otherwise."""
        stay = self.stays[key]
        why = _why_not_in(stay) | fees.why_not_corrected(stay.batches, line)
        if not why:
            stay.batches = fees.with_line(stay.batches, line.number, line)
        return why

    def delete_line(self, key: StayKey, number: str) -> set[str]:
        """A line no longer stands."""
        stay = self.stays[key]
        lines = fees.lines_of(stay.batches)
        why = _why_not_in(stay) | fees.why_not_without([number], among=lines)
        if all(line.number != number for line in lines):
            why.add("FeeLineUnknown")
        if not why:
            stay.batches = fees.with_line(stay.batches, number, None)
        return why

    # --- deposit ------------------------------------------------------------------------------

    def pay_deposit(self, key: StayKey, receipt: str, fen: int, normal: int | None) -> set[str]:
        """A deposit is paid. North: 30% of what others pay and 2,000 yuan at most; South: free."""
        stay = self.stays[key]
        why = self._why_fixed(key)
        if receipt in stay.receipts:
            why.add("DepositReceiptRepeated")
        if PEOPLE[stay.person].region == NORTH:
            if normal is None:
                why.add("NormalDepositNotStated")
            elif stay.held + fen > min(normal * 30 // 100, 2_000_00):
                why.add("DepositAboveAllowed")
        why |= self._why_hanging_unfit(key)
        if not why:
            stay.receipts[receipt] = fen
        return why

    def refund_deposit(self, key: StayKey, receipt: str | None, fen: int) -> set[str]:
        """A deposit is given back: of a receipt, or of the oldest ones."""
        stay = self.stays[key]
        why = {"StayCancelled"} if stay.is_cancelled else set[str]()
        of_receipt = stay.held if receipt is None else stay.receipts.get(receipt, 0)
        if fen > min(stay.held, of_receipt):
            why.add("DepositNotHeld")
        if not why:
            for number in stay.receipts if receipt is None else [receipt]:
                taken = min(fen, stay.receipts[number])
                stay.receipts[number] -= taken
                fen -= taken
        return why

    # --- discharge and settlement -------------------------------------------------------------

    def discharge(
        self,
        key: StayKey,
        discharge: date,
        referral: Referral,
        today: date,
        *,
        departure: str | None = None,
    ) -> set[str]:
        """The patient leaves, perhaps for another hospital."""
        stay = self.stays[key]
        why = _why_not_in(stay)
        if discharge < stay.admission:
            why.add("DischargeBeforeAdmission")
        if discharge > today:
            why.add("DateInFuture")
        if not why:
            stay.discharge, stay.referral_at_discharge = discharge, referral
            stay.departure = departure
        return why

    def undo_discharge(self, key: StayKey) -> set[str]:
        """The patient never left; or the part was never closed, and there is no next one."""
        stay = self.stays[key]
        why = self._why_fixed(key)
        if stay.discharge is None:
            why.add("NotDischarged")
        if stay.goes_on:
            why |= self._why_not_withdrawn(next_of(key))
        if not why:
            if stay.goes_on:
                self.stays[next_of(key)].is_cancelled = True
            stay.discharge = stay.referral_at_discharge = stay.departure = None
            stay.goes_on = False
        return why

    def close_part(self, key: StayKey, until: date, referral: Referral, today: date) -> set[str]:
        """The patient stays in, and what comes after this day is another part."""
        unfit = self._why_hanging_unfit(key)
        if unfit:
            return unfit | self.tried().discharge(key, until, referral, today)
        why = self.discharge(key, until, referral, today)
        if not why:
            stay = self.stays[key]
            stay.goes_on = True
            self.stays[next_of(key)] = Stay(
                stay.person,
                until + timedelta(days=1),
                stay.referral,
                came_from=stay.came_from,
            )
        return why

    def hanging(self, key: StayKey) -> tuple[StayKey | None, StayKey | None]:
        """The stay that this one goes on, and the first one of the episode, where the law asks for
        it: North's does. Raises TransferUnfit."""
        stay = self.stays[key]
        records = self.records_of(stay.person)
        former = came_from(self.stays, key, records)
        if PEOPLE[stay.person].region != NORTH:
            return former, None
        return former, episode_of(self.stays, key, records)

    def _why_hanging_unfit(self, key: StayKey) -> set[str]:
        try:
            self.hanging(key)
        except TransferUnfit:
            return {"TransferUnfit"}
        return set()

    def _why_not_withdrawn(self, key: StayKey) -> set[str]:
        stay, why = self.stays[key], self._why_fixed(key)
        total = fees.total_of(stay.batches) or {"total": 0}
        if stay.discharge or total["total"] or stay.held:
            why.add("NextPartStands")
        return why

    def preview(
        self, key: StayKey, elsewhere: Mapping[str, int], today: date
    ) -> Counted | set[str]:
        """What a settlement would say now, or why there is none."""
        stay = self.stays[key]
        why = self._why_fixed(key)
        amounts = fees.total_of(stay.batches)
        if stay.discharge is None:
            why.add("NotDischarged")
        if amounts is None:
            why.add("NoFees")
        if part_of(key) > 1 and self.counted(former_of(key)) is None:
            why.add("FormerPartUnsettled")
        why |= self._why_hanging_unfit(key)
        if why or amounts is None or stay.discharge is None:
            return why
        former, episode = self.hanging(key)
        # North goes by the part's own first day, South by the day of admission.
        first = stay if PEOPLE[stay.person].region == NORTH else self.stays[first_of(key)]
        dates = {"admission": first.admission, "discharge": stay.discharge, "settlement": today}
        law = self.law_of(stay.person, first.admission)
        new = Counted(
            stay=key,
            ordinal=self.made[key] + 1,
            law=law,
            person=stay.person,
            records=self.records_of(stay.person),
            facts={
                **facts_of(
                    key[0], stay.person, stay.declared_referral, dates, goes_on=stay.goes_on
                ),
                "transfer": transfer_of(former, key),
                "episode": episode and " ".join(episode),
            },
            amounts=named(amounts),
            elsewhere=dict(elsewhere),
            years=years_of(document_of(law), dates, began=self.stays[episode or key].admission),
        )
        try:
            found = settled(new, totals_of(self.live))
            return replace(found, owed=owed_at_first(found))
        except Refused as refusal:
            return {REFUSALS[refusal.kind]}

    def settle(
        self,
        key: StayKey,
        elsewhere: Mapping[str, int],
        today: date,
        *,
        expected: int | None = None,
        tender: Tendered | None = None,
    ) -> set[str]:
        """The stay is settled; `expected` is what the cashier saw, in fen."""
        found = self.preview(key, elsewhere, today)
        if isinstance(found, set):
            return found
        stay, why = self.stays[key], set[str]()
        if expected is not None and expected != found.answer.patient:
            why.add("PersonalShareChanged")
        if tender and tender.total != found.answer.patient:
            why.add("TenderDoesNotAddUp")
        if tender and tender.deposit > stay.held:
            why.add("DepositNotHeld")
        if not why:
            self.live.append(found)
            self.made[key] += 1
            stay.tender = tender
        return why

    def reverse(self, key: StayKey) -> set[str]:
        """The settlement no longer counts; what counts is made again without it."""
        if self.counted(key) is None:
            return {"NotSettled"}
        why = self.make_again([c for c in self.live if c.stay != key], desk=key[0])
        if not why:
            self.stays[key].tender = None
        return why

    def make_again(self, live: list[Counted], desk: str | None) -> set[str]:
        """All that count are these now; without a desk it is only asked whether they may be."""
        try:
            again = made_again(live, desk=desk or "")
        except Refused:
            return {"LaterNotRederivable"}
        if desk is not None:
            self.live = again
            self.deductions.release(self.live)
        return set()

    def tried(self) -> Self:
        """A copy to try several commands on that are carried out together or not at all."""
        copy = type(self)()
        copy.stays, copy.live = deepcopy(self.stays), list(self.live)
        copy.made, copy.deductions = Counter(self.made), deepcopy(self.deductions)
        copy.later = deepcopy(self.later)
        copy.is_one_person, copy.is_published = self.is_one_person, self.is_published
        return copy


def _why_not_in(stay: Stay) -> set[str]:
    why = {"StayCancelled"} if stay.is_cancelled else set[str]()
    return why | ({"AlreadyDischarged"} if stay.discharge else set())


def _why_not_deleted(kept: fees.Batches, number: str) -> set[str]:
    if number not in kept:
        return {"FeeBatchUnknown"}
    others = {name: batch for name, batch in kept.items() if name != number}
    gone = [line.number for line in kept[number].lines]
    return fees.why_not_without(gone, among=fees.lines_of(others))
