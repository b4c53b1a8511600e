"""Transfers (转院): a patient leaves one hospital for another, and comes from where he says."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import any_that_is
from tests.settlement.whole_life.model_parts import first_of
from tests.settlement.whole_life.model_settlements import StayKey
from tests.settlement.whole_life.rules_of_parts import LyingOn
from tests.settlement.whole_life.two_regions import HOSPITALS, NORTH, PEOPLE, TWO_IDS

_HOSPITAL_IDS = st.sampled_from(list(HOSPITALS))
_NUMBERS = st.sampled_from(["4", "5", "6", "7"])
_THOUSANDS = st.integers(1, 12)
_ORDERS = st.sampled_from(["first", "first", "last", "first only", "last only", "neither"])
"""Which of two stays is settled first."""


class Transferring(LyingOn):
    """The rules."""

    @any_that_is("admitted")
    @rule(
        pick=sent.PICKS,
        to=_HOSPITAL_IDS,
        number=_NUMBERS,
        days_ago=st.sampled_from([0, 0, 0, 1, 20]),
        thousands=_THOUSANDS,
        order=_ORDERS,
        departure=st.sampled_from(["transferred", "transferred", "transferred", "by_order"]),
    )
    def hand_over(
        self,
        pick: int,
        to: str,
        number: str,
        days_ago: int,
        thousands: int,
        order: str,
        departure: str,
    ) -> None:
        """A patient leaves for another hospital, which has its own fees; both settle, in any order,
        or as far as it comes. Who went home is no transfer."""
        key, new = self.stay_of(pick, "admitted"), (to, number)
        person = self.model.stays[key].person
        if not self.model.stays[key].batches:
            self.send_batch(key, "1", _bill(thousands), None, None)
        self.discharge_one(key, 0, None, departure)
        self.admit_one(new, person, days_ago, None, first_of(key))
        stay = self.model.stays.get(new)
        if stay is None or stay.came_from != first_of(key):
            return
        self.send_batch(new, "1", _bill(thousands), None, None)
        self.discharge_one(new, 0, None, departure if pick % 3 else None)
        orders = {"first": (key, new), "last": (new, key), "first only": (key,)}
        for each in orders.get(order, () if order == "neither" else (new,)):
            self.settle_one(each, {})
            self.tally_episode(each)

    @rule(
        hospitals=st.lists(_HOSPITAL_IDS, min_size=2, max_size=3),
        person=st.sampled_from([*TWO_IDS, *PEOPLE]),
        under=st.sampled_from(["one id", "two ids"]),
        thousands=_THOUSANDS,
        days_ago=st.sampled_from([0, 0, 30, 130]),
        undone=st.sampled_from(["none", "none", "first"]),
    )
    def pass_on(
        self,
        hospitals: list[str],
        person: str,
        under: str,
        thousands: int,
        days_ago: int,
        undone: str,
    ) -> None:
        """From hospital to hospital on one day, each with everything at once, perhaps under the
        person's other id; then perhaps the first settlement is undone, on which the others rest."""
        known = dict(zip(TWO_IDS, reversed(TWO_IDS), strict=True)) if under == "two ids" else {}
        stays: list[StayKey] = []
        for at, hospital in enumerate(hospitals):
            who = known.get(person, person) if at % 2 else person
            new = self.come_and_go(
                hospital,
                who,
                thousands,
                days_ago,
                True,
                former=stays[-1] if stays else None,
                departure="transferred",
            )
            if new not in self.model.stays:
                break
            stays.append(new)
            self.tally_episode(new)
        if undone == "first" and stays:
            self.reverse_one(stays[0])

    @precondition(lambda self: self.model.stays)
    @rule(pick=sent.PICKS, hospital=_HOSPITAL_IDS, number=_NUMBERS, days_ago=sent.DAYS_AGO)
    def come_from(self, pick: int, hospital: str, number: str, days_ago: int) -> None:
        """Somebody is admitted who says that he comes from some stay."""
        former = first_of(self.stay_of(pick, "discharged", "settled"))
        person = self.model.stays[former].person
        self.admit_one((hospital, number), person, days_ago, None, former)

    def tally_episode(self, key: StayKey) -> None:
        """Whether a settlement shares its deductible with others before it."""
        counted = self.model.counted(key)
        if counted is None or PEOPLE[counted.person].region != NORTH:
            return
        others = [c for c in self.model.live if c.stay != key]
        self.tally["settled in an episode of others"] += any(
            c.facts["episode"] == counted.facts["episode"] for c in others
        )


def _bill(thousands: int) -> fees.Batch:
    fen = thousands * 1_000_07
    return fees.Batch(amounts={"total": fen, "in_scope": fen - fen // 5})
