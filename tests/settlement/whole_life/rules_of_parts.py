"""Stays that go on (中途结算): a part is closed and the next begins; and long stays as they are."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from settlement.application.close_part import ClosePart, close_part
from settlement.domain.circumstances import Circumstances
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import any_that_is
from tests.settlement.whole_life.model_parts import next_of, part_of
from tests.settlement.whole_life.model_settlements import Referral, StayKey
from tests.settlement.whole_life.real_desk import date_of, id_of
from tests.settlement.whole_life.rules_of_admission import ComingAndGoing
from tests.settlement.whole_life.rules_of_fees import FeesAndDeposits
from tests.settlement.whole_life.rules_of_settlement import Settling


class LyingOn(ComingAndGoing, FeesAndDeposits, Settling):
    """The rules."""

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, length=sent.LENGTHS, referral=sent.REFERRALS)
    def close_part(self, pick: int, length: int, referral: Referral) -> None:
        """A part ends while the patient stays."""
        self.close_one(self.stay_of(pick, "admitted"), length, referral)

    @any_that_is("admitted")
    @rule(
        pick=sent.PICKS,
        length=st.sampled_from([0, 0, 5]),
        thousands=st.integers(1, 12),
        steps=st.integers(1, 5),
    )
    def lie_on(self, pick: int, length: int, thousands: int, steps: int) -> None:
        """A part ends, the next one has its fees, and both are settled; or as far as it comes; or
        the next one before this one, which is refused."""
        key = self.stay_of(pick, "admitted")
        self.close_one(key, length, None)
        following = next_of(key)
        if not self.model.stays[key].goes_on or self.model.stays[following].batches:
            return
        fen = thousands * 1_000_07
        batch = fees.Batch(amounts={"total": fen, "in_scope": fen - fen // 5})
        self.send_batch(following, "1", batch, None, None)
        if steps in (2, 3, 4):
            self.settle_one(key, {}, way=("held", 50, 0))
        if steps > 2:
            self.discharge_one(following, length, None)
        if steps > 3:
            self.settle_one(following, {}, way=("held", 50, 0))

    def close_one(self, key: StayKey, length: int, referral: Referral) -> None:
        """A close on its way."""
        self.begin("close_part")
        today = date_of(self.now)
        until = self.model.stays[key].admission + timedelta(days=length)
        command = ClosePart(
            stay_id=id_of(key),
            until=until,
            invoice_number=f"FP{length}",
            circumstances=Circumstances(referral=referral),
            by=self.by(key),
            today=today,
        )
        why = self.model.close_part(key, until, referral, today)
        self.tally["third parts"] += not why and part_of(key) == 2
        self.carry_out(
            "close_part",
            key,
            why,
            lambda accept: close_part(
                command,
                ledger=self.desk.ledger,
                eligibility=self.desk.people,
                book=self.desk.book,
                clock=self.clock,
                accept=accept,
            ),
            until=until,
            referral=referral,
        )
