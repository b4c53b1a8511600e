"""Settlements (结算): previewed, made one by one or with the whole stay, and undone anywhere."""

from dataclasses import astuple
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from contracts.vocabulary import Departure
from settlement.application.prepare_settlement import prepare_settlement
from settlement.application.reverse_settlement import ReverseSettlement, reverse_settlement
from settlement.application.settle_stay import SettleStay, settle_stay
from settlement.application.settle_whole_stay import FeeBatch, SettleWholeStay, settle_whole_stay
from settlement.domain.deposits import Tender
from settlement.entrypoints.http.problem_table import PROBLEMS
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import BothDesks, any_that_is, charges_of
from tests.settlement.whole_life.model_settlements import Counted, Referral, StayKey
from tests.settlement.whole_life.model_stays import Tendered
from tests.settlement.whole_life.real_desk import date_of, id_of
from tests.settlement.whole_life.two_regions import (
    HOSPITALS,
    PEOPLE,
    TWO_IDS,
)
from tests.support.settlement_desk import P1, P3

P4 = list(PEOPLE)[-1]
_HOSPITAL_IDS = st.sampled_from(list(HOSPITALS))
_ELSEWHERE = st.sampled_from([{}, {}, {}, {"reviewed": 40_00}, {"reviewed": 900_00}])


class Settling(BothDesks):
    """The rules."""

    @any_that_is("discharged")
    @rule(pick=sent.PICKS, elsewhere=_ELSEWHERE)
    def preview(self, pick: int, elsewhere: dict[str, int]) -> None:
        """The cashier looks: the same amounts, and no event."""
        self.begin("preview")
        key = self.stay_of(pick, "discharged")
        today, before = date_of(self.now), self.desk.position
        expected = self.model.preview(key, elsewhere, today)
        found: int | str
        try:
            found = prepare_settlement(
                self.desk.stays[key],
                elsewhere_fen=elsewhere,
                settled_on=today,
                by=self.by(key),
                at=self.now,
                ledger=self.desk.ledger,
                eligibility=self.desk.people,
                book=self.desk.book,
            ).patient_fen
        except tuple(PROBLEMS) as refusal:
            found = type(refusal).__name__
        if isinstance(expected, Counted):
            assert found == expected.answer.patient
            self.tally["previewed"] += 1
        else:
            assert found in expected
        assert self.desk.position == before

    @any_that_is("discharged")
    @rule(
        pick=sent.PICKS,
        elsewhere=_ELSEWHERE,
        expected_off=st.sampled_from([None, None, 0, 0, 1]),
        deposit=st.sampled_from([None, None, 0, "held", "held", "more"]),
        account=st.sampled_from([0, 0, 1, 50]),
        tender_off=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def settle(
        self,
        pick: int,
        elsewhere: dict[str, int],
        expected_off: int | None,
        deposit: int | str | None,
        account: int,
        tender_off: int,
    ) -> None:
        """The stay is settled, with what the cashier saw, and the ways in which it is paid."""
        key = self.stay_of(pick, "discharged")
        way = None if deposit is None else (deposit, account, tender_off)
        self.settle_one(key, elsewhere, expected_off, way)

    def settle_one(
        self,
        key: StayKey,
        elsewhere: dict[str, int],
        expected_off: int | None = None,
        way: tuple[int | str, int, int] | None = None,
    ) -> None:
        """A settlement on its way, and perhaps the way it is paid: how much of the deposit, what
        percentage of the rest from the account, and by how much the cash is wrong."""
        self.begin("settle")
        today = date_of(self.now)
        seen = self.model.preview(key, elsewhere, today)
        patient = seen.answer.patient if isinstance(seen, Counted) else 100
        expected = None if expected_off is None else patient + expected_off
        tender = tendered = None
        if way is not None:
            tendered = self.tendered(key, patient, way)
            tender = Tender(
                account_fen=tendered.account,
                deposit_fen=tendered.deposit,
                cash_fen=tendered.cash,
            )
        command = SettleStay(
            stay_id=id_of(key),
            elsewhere_fen=elsewhere,
            expected_personal_fen=expected,
            settled_on=today,
            by=self.by(key),
            at=self.now,
            tender=tender,
        )
        why = self.model.settle(key, elsewhere, today, expected=expected, tender=tendered)
        self.tally["paid in several ways"] += bool(
            not why and tendered and sum(map(bool, astuple(tendered))) > 1
        )
        self.carry_out(
            "settle",
            key,
            why,
            lambda accept: settle_stay(
                command,
                ledger=self.desk.ledger,
                eligibility=self.desk.people,
                book=self.desk.book,
                clock=self.clock,
                accept=accept,
            ),
            elsewhere=elsewhere,
            expected=expected,
            tender=tender,
        )

    def tendered(self, key: StayKey, patient: int, way: tuple[int | str, int, int]) -> Tendered:
        """How the patient's part is paid, in fen."""
        said, percent, off = way
        held = self.model.stays[key].held
        deposit = {"held": min(held, patient), "more": min(held + 1, patient)}.get(str(said), 0)
        account = (patient - deposit) * percent // 100
        return Tendered(account, deposit, patient - deposit - account + off)

    @rule(
        hospital=_HOSPITAL_IDS,
        person=st.sampled_from(list(PEOPLE)),
        batch=sent.AMOUNTS | sent.BATCHES_OF_LINES,
        days_ago=sent.DAYS_AGO,
        length=sent.LENGTHS,
        referral=sent.REFERRALS,
        elsewhere=_ELSEWHERE,
    )
    def settle_whole_stay(
        self,
        hospital: str,
        person: str,
        batch: fees.Batch,
        days_ago: int,
        length: int,
        referral: Referral,
        elsewhere: dict[str, int],
    ) -> None:
        """Admission, fees, discharge and settlement in one call."""
        self.at_once(hospital, person, batch, days_ago, length, referral, elsewhere)

    @rule(
        hospital=_HOSPITAL_IDS,
        person=st.sampled_from([*TWO_IDS, P1, P3, P4]),
        thousands=st.integers(1, 12),
        days_ago=st.sampled_from([0, 30, 60, 130, 200]),
        referral=st.booleans(),
    )
    def somebody_comes_and_goes(
        self, hospital: str, person: str, thousands: int, days_ago: int, referral: Referral
    ) -> None:
        """A stay of a day with nothing wrong, so that totals of the year grow."""
        self.come_and_go(hospital, person, thousands, days_ago, referral)

    def come_and_go(
        self,
        hospital: str,
        person: str,
        thousands: int,
        days_ago: int,
        referral: Referral,
        *,
        former: StayKey | None = None,
        departure: str | None = None,
    ) -> StayKey:
        """Everything of it at once; which stay it was, if it was one."""
        fen = thousands * 1_000_07
        batch = fees.Batch(amounts={"total": fen, "in_scope": fen - fen // 5})
        return self.at_once(
            hospital,
            person,
            batch,
            days_ago,
            0,
            referral,
            {},
            former=former,
            departure=departure,
        )

    def at_once(
        self,
        hospital: str,
        person: str,
        batch: fees.Batch,
        days_ago: int,
        length: int,
        referral: Referral,
        elsewhere: dict[str, int],
        *,
        former: StayKey | None = None,
        departure: str | None = None,
    ) -> StayKey:
        """Everything in one transaction, or nothing; which stay it was, if it was one."""
        self.begin("settle_whole_stay")
        key = hospital, f"W{len(self.model.stays)}"
        admission = self.admission(key, person, days_ago, referral, former)
        today = admission.today
        discharge = admission.admission + timedelta(days=length)
        tried = self.model.tried()
        why = (
            tried.admit(key, person, admission.admission, referral, today, former=former)
            or tried.record_fees(key, "1", batch)
            or tried.discharge(key, discharge, None, today, departure=departure)
            or tried.settle(key, elsewhere, today)
        )
        if not why:
            self.model = tried
        command = SettleWholeStay(
            admission=admission,
            batches=(FeeBatch("1", charges_of(batch.amounts), batch.lines),),
            discharge=discharge,
            invoice_number=None,
            elsewhere_fen=elsewhere,
            expected_personal_fen=None,
            settled_on=today,
            departure=Departure(departure) if departure else None,
        )
        self.carry_out(
            "settle_whole_stay",
            key,
            why,
            lambda accept: settle_whole_stay(
                command,
                ledger=self.desk.ledger,
                eligibility=self.desk.people,
                book=self.desk.book,
                clock=self.clock,
                accept=accept,
            ),
            person=person,
            batch=batch,
            elsewhere=elsewhere,
            former=former,
            departure=departure,
        )
        return key

    @any_that_is("settled")
    @rule(pick=sent.PICKS)
    def reverse(self, pick: int) -> None:
        """A settlement is undone, wherever it stands in the order."""
        self.reverse_one(self.stay_to_undo(pick))

    def reverse_one(self, key: StayKey) -> None:
        """A reversal on its way."""
        self.begin("reverse")
        command = ReverseSettlement(
            stay_id=id_of(key),
            reason="更正",
            booked_on=date_of(self.now),
            by=self.by(key),
            at=self.now,
        )
        with self.watching_what_follows("later ones changed"):
            why = self.model.reverse(key)
        self.carry_out(
            "reverse",
            key,
            why,
            lambda accept: reverse_settlement(
                command, ledger=self.desk.ledger, laws=self.desk.laws, accept=accept
            ),
        )

    def stay_to_undo(self, pick: int) -> StayKey:
        """Any, or one that deductions are on, or rest on."""
        deductions = self.model.deductions
        deducted = [c for c in self.model.live if deductions.standing(c.stay, c.ordinal).total()]
        if not deducted or pick % 3 == 1:
            return self.stay_of(pick, "settled")
        last = deducted[pick % len(deducted)]
        before = self.model.live[: self.model.live.index(last) + 1]
        of_person = [c.stay for c in before if c.person == last.person]
        return of_person[-1 - pick // 3 % len(of_person)]
