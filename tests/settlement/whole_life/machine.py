"""The machine (规则机): commands in any order, to the real desk and to the model at once.

After every step both must say the same of everything that stands; a refused command, a repeated
one and a mere question leave no event. `Tally` counts what happened, so that a test can tell that
the runs were lively enough to find anything.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from contracts.vocabulary import DepositMethod, InstitutionId, PersonId
from settlement.application.admit_patient import AdmitPatient, admit_patient
from settlement.application.cancel_admission import CancelAdmission, cancel_admission
from settlement.application.change_admission import ChangeAdmission, change_admission
from settlement.application.correct_fees import (
    CorrectFeeLine,
    DeleteFeeBatch,
    DeleteFeeLine,
    correct_fees,
)
from settlement.application.discharge_patient import DischargePatient, discharge_patient
from settlement.application.keep_deposit import (
    PayDeposit,
    RefundDeposit,
    pay_deposit,
    refund_deposit,
)
from settlement.application.ports import Accept
from settlement.application.prepare_settlement import prepare_settlement
from settlement.application.record_fees import RecordFees, record_fees
from settlement.application.reverse_settlement import ReverseSettlement, reverse_settlement
from settlement.application.settle_stay import SettleStay, settle_stay
from settlement.application.settle_whole_stay import FeeBatch, SettleWholeStay, settle_whole_stay
from settlement.application.undo_discharge import UndoDischarge, undo_discharge
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import Tender
from settlement.domain.record import Actor
from settlement.domain.stay import stay_id_of
from settlement.entrypoints.http.problem_table import PROBLEMS
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.at_the_end import require_consistent_ledger
from tests.settlement.whole_life.plain_model import (
    Counted,
    PlainModel,
    Referral,
    StayKey,
    Tendered,
)
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
    HOSPITALS,
    NOBODY,
    NORTH,
    PEOPLE,
    TWO_IDS,
)
from tests.support.settlement_desk import P1, P3

P4 = list(PEOPLE)[-1]
_HOSPITAL_IDS = st.sampled_from(list(HOSPITALS))
_STAY_NUMBERS = st.sampled_from(["1", "2", "3"])
_ELSEWHERE = st.sampled_from([{}, {}, {}, {"reviewed": 40_00}, {"reviewed": 900_00}])
_FIRST_LINES = st.lists(sent.LINES, min_size=2, max_size=4, unique_by=lambda line: line.number)


def _any(*statuses: str) -> Callable[[Any], Any]:
    """A rule for stays that stand like that, while there are any."""
    return precondition(
        lambda self: any(self.model.status(key) in statuses for key in self.model.stays)
    )


class Tally(Counter[str]):
    """How often each thing happened, over all runs."""


class WholeLife(RuleBasedStateMachine):
    """One run."""

    def __init__(self, tally: Tally) -> None:
        """Nobody is admitted yet."""
        super().__init__()
        self.tally = tally
        self.folder = TemporaryDirectory()
        self.desk = RealDesk(Path(self.folder.name))
        self.model = PlainModel()
        self.now = BEGINS
        self.requests: list[tuple[Request, bytes]] = []
        self.desk.look()

    def teardown(self) -> None:
        """At the end of the run everything is computed again from what was stored."""
        try:
            require_consistent_ledger(self.desk)
            self.tally["runs"] += 1
        finally:
            self.desk.close()
            self.folder.cleanup()

    # --- helpers ------------------------------------------------------------------------------

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
    ) -> None:
        """Send a command to the desk, which must do as the model did."""
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
            return
        assert said.refused is None, f"{operation} was refused: {said.refused}"
        assert self.desk.position > before
        self.tally[f"done: {operation}"] += 1
        self.requests.append((request, said.body))

    def by(self, key: StayKey) -> Actor:
        """A cashier of the stay's hospital."""
        return Actor("cashier-1", InstitutionId(key[0]))

    def clock(self) -> datetime:
        """The instant of the step."""
        return self.now

    # --- admission ----------------------------------------------------------------------------

    @initialize(
        lines=_FIRST_LINES,
        days_ago=st.sampled_from([0, 30, 130]),
        referral=st.booleans(),
    )
    def some_are_in(self, lines: list[FeeLine], days_ago: int, referral: Referral) -> None:
        """Three people lie in hospital from the beginning, with lines of fees."""
        for hospital, person in zip(HOSPITALS, (*TWO_IDS, P4), strict=True):
            self.admit_one((hospital, "1"), person, days_ago, referral)
            self.send_batch((hospital, "1"), "1", fees.Batch(lines=tuple(lines)), None, None)

    @rule(
        hospital=_HOSPITAL_IDS,
        number=_STAY_NUMBERS,
        person=st.sampled_from([*PEOPLE, *PEOPLE, NOBODY]),
        days_ago=sent.DAYS_AGO,
        referral=sent.REFERRALS,
    )
    def admit(
        self, hospital: str, number: str, person: str, days_ago: int, referral: Referral
    ) -> None:
        """Somebody is admitted, perhaps under the number of a cancelled stay."""
        self.admit_one((hospital, number), person, days_ago, referral)

    def admit_one(self, key: StayKey, person: str, days_ago: int, referral: Referral) -> None:
        """An admission on its way."""
        self.begin("admit")
        command = self.admission(key, person, days_ago, referral)
        why = self.model.admit(key, person, command.admission, referral, command.today)
        self.carry_out(
            "admit",
            key,
            why,
            lambda accept: admit_patient(
                command, ledger=self.desk.ledger, eligibility=self.desk.people, accept=accept
            ),
            person=person,
            admission=command.admission,
            referral=referral,
        )

    def admission(
        self, key: StayKey, person: str, days_ago: int, referral: Referral
    ) -> AdmitPatient:
        """The command to admit somebody."""
        today = date_of(self.now)
        return AdmitPatient(
            person_id=PersonId(person),
            hospital_stay_number=key[1],
            admission=today - timedelta(days=days_ago),
            circumstances=Circumstances(referral=referral),
            scheme=None,
            by=self.by(key),
            today=today,
            at=self.now,
        )

    @_any("admitted", "discharged")
    @rule(pick=sent.PICKS, days=st.sampled_from([-30, -1, 0, 0, 1]), referral=sent.REFERRALS)
    def change_admission(self, pick: int, days: int, referral: Referral) -> None:
        """What was registered reads otherwise."""
        self.begin("change_admission")
        key = self.stay_of(pick, "admitted", "discharged")
        admission = self.model.stays[key].admission + timedelta(days=days)
        today = date_of(self.now)
        command = ChangeAdmission(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            admission=admission,
            scheme=None,
            circumstances=Circumstances(referral=referral),
            by=self.by(key),
            today=today,
            at=self.now,
        )
        self.carry_out(
            "change_admission",
            key,
            self.model.change_admission(key, admission, referral, today),
            lambda accept: change_admission(
                command, ledger=self.desk.ledger, eligibility=self.desk.people, accept=accept
            ),
            admission=admission,
            referral=referral,
        )

    @_any("admitted")
    @rule(pick=sent.PICKS, desk=st.sampled_from(["own", "own", "another"]))
    def cancel(self, pick: int, desk: str) -> None:
        """The admission never was; another hospital's desk does not even find it."""
        self.begin("cancel")
        key = self.stay_of(pick, "admitted")
        others = [h for h in HOSPITALS if h != key[0]]
        by = self.by(key) if desk == "own" else Actor("cashier-1", InstitutionId(others[0]))
        command = CancelAdmission(stay_id_of(InstitutionId(key[0]), key[1]), "误登", by, self.now)
        self.carry_out(
            "cancel",
            key,
            self.model.cancel(key) if desk == "own" else {"StayUnknown"},
            lambda accept: cancel_admission(command, ledger=self.desk.ledger, accept=accept),
            desk=desk,
        )

    # --- fees ---------------------------------------------------------------------------------

    @_any("admitted")
    @rule(
        pick=sent.PICKS,
        number=sent.BATCH_NUMBERS,
        batch=sent.AMOUNTS | sent.BATCHES_OF_LINES | sent.BATCHES_OF_LINES,
        replaces=st.none() | st.none() | sent.BATCH_NUMBERS,
        off=st.sampled_from([None, 0, 1]),
    )
    def record_fees(
        self, pick: int, number: str, batch: fees.Batch, replaces: str | None, off: int | None
    ) -> None:
        """A batch of amounts or of lines, perhaps in the place of another."""
        key = self.stay_of(pick, "admitted")
        self.send_batch(key, number, batch, replaces, off)

    @_any("admitted")
    @rule(
        pick=sent.PICKS,
        number=sent.BATCH_NUMBERS,
        which=sent.PICKS,
        quantity=st.sampled_from(["", "", "1", "0.5", "2"]),
        off=st.sampled_from([0, 0, 0, 0, 1, -1]),
        stranger=st.integers(0, 9),
    )
    def give_back(
        self, pick: int, number: str, which: int, quantity: str, off: int, stranger: int
    ) -> None:
        """A line takes back all of another, or some, or too much."""
        key = self.stay_with_lines(pick)
        lines = fees.lines_of(self.model.stays[key].batches)
        if not lines:
            return
        line = sent.given_back(lines[which % len(lines)], f"R{which % 6}", quantity, off)
        if stranger == 0:
            line = replace(line, item_code="X2")
        self.send_batch(key, number, fees.Batch(lines=(line,)), None, None)

    def number_of_line(self, key: StayKey, unknown: str, which: int) -> str:
        """Mostly the number of a line that stands."""
        numbers = [line.number for line in fees.lines_of(self.model.stays[key].batches)]
        return numbers[which % len(numbers)] if numbers and which % 8 else unknown

    def stay_with_lines(self, pick: int) -> StayKey:
        """Mostly a stay whose patient is in and that has lines."""
        every = [key for key, stay in self.model.stays.items() if fees.lines_of(stay.batches)]
        liked = [key for key in every if self.model.status(key) == "admitted"]
        found = (liked if pick % 8 else every) or list(self.model.stays)
        return found[pick % len(found)]

    def send_batch(
        self, key: StayKey, number: str, batch: fees.Batch, replaces: str | None, off: int | None
    ) -> None:
        """A batch on its way; `off` is how wrong the total is that is stated beside lines."""
        self.begin("record_fees")
        stated = self.stated_beside(key, batch, replaces, off)
        charges = charges_of(batch.amounts or stated)
        command = RecordFees(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            batch_number=number,
            charges=charges,
            by=self.by(key),
            at=self.now,
            lines=batch.lines,
            replaces=replaces,
        )
        self.carry_out(
            "record_fees",
            key,
            self.model.record_fees(key, number, batch, replaces=replaces, stated=stated),
            lambda accept: record_fees(command, ledger=self.desk.ledger, accept=accept),
            number=number,
            batch=batch,
            replaces=replaces,
            stated=stated,
        )

    def stated_beside(
        self, key: StayKey, batch: fees.Batch, replaces: str | None, off: int | None
    ) -> Mapping[str, int]:
        """The total that the hospital states beside its lines, if it does."""
        if off is None or not batch.lines:
            return {}
        kept = {n: b for n, b in self.model.stays[key].batches.items() if n != replaces}
        try:
            added = fees.added_by(kept, batch)
        except KeyError:
            # What the batch in whose place this one comes had charged was given back elsewhere.
            added = None
        return {} if added is None else {"total": added + off}

    @_any("admitted")
    @rule(pick=sent.PICKS, which=sent.PICKS)
    def delete_batch(self, pick: int, which: int) -> None:
        """A batch no longer stands."""
        self.begin("delete_batch")
        key = self.stay_of(pick, "admitted")
        standing = list(self.model.stays[key].batches)
        number = standing[which % len(standing)] if standing and which % 8 else "9"
        command = DeleteFeeBatch(
            stay_id_of(InstitutionId(key[0]), key[1]), number, self.by(key), self.now
        )
        self.carry_out(
            "delete_batch",
            key,
            self.model.delete_batch(key, number),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            number=number,
        )

    @_any("admitted")
    @rule(pick=sent.PICKS, line=sent.LINES, which=sent.PICKS)
    def correct_line(self, pick: int, line: FeeLine, which: int) -> None:
        """A line reads otherwise."""
        self.begin("correct_line")
        key = self.stay_with_lines(pick)
        line = replace(line, number=self.number_of_line(key, line.number, which))
        command = CorrectFeeLine(
            stay_id_of(InstitutionId(key[0]), key[1]), line, (), self.by(key), self.now
        )
        self.carry_out(
            "correct_line",
            key,
            self.model.correct_line(key, line),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            line=line,
        )

    @_any("admitted")
    @rule(pick=sent.PICKS, which=sent.PICKS)
    def delete_line(self, pick: int, which: int) -> None:
        """A line no longer stands."""
        self.begin("delete_line")
        key = self.stay_with_lines(pick)
        number = self.number_of_line(key, "L7", which)
        command = DeleteFeeLine(
            stay_id_of(InstitutionId(key[0]), key[1]), number, self.by(key), self.now
        )
        self.carry_out(
            "delete_line",
            key,
            self.model.delete_line(key, number),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            number=number,
        )

    # --- deposit ------------------------------------------------------------------------------

    @_any("admitted", "discharged")
    @rule(
        pick=sent.PICKS,
        receipt=st.sampled_from(["R1", "R2", "R3"]),
        fen=st.sampled_from([1, 300_00, 1_999_99, 2_000_00]),
        normal=st.sampled_from([None, 1_000_01, 10_000_00, 10_000_00]),
    )
    def pay_deposit(self, pick: int, receipt: str, fen: int, normal: int | None) -> None:
        """A deposit is paid or topped up."""
        self.begin("pay_deposit")
        key = self.stay_of(pick, "admitted", "discharged")
        command = PayDeposit(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            receipt_number=receipt,
            amount_fen=fen,
            method=DepositMethod.CASH,
            normal_fen=normal,
            by=self.by(key),
            today=date_of(self.now),
        )
        self.carry_out(
            "pay_deposit",
            key,
            self.model.pay_deposit(key, receipt, fen, normal),
            lambda accept: pay_deposit(
                command,
                ledger=self.desk.ledger,
                eligibility=self.desk.people,
                book=self.desk.book,
                clock=self.clock,
                accept=accept,
            ),
            receipt=receipt,
            fen=fen,
            normal=normal,
        )

    @_any("admitted", "discharged", "settled")
    @rule(
        pick=sent.PICKS,
        receipt=st.sampled_from([None, None, "R1", "R2"]),
        fen=st.sampled_from([0, 1, 300_00, 1_999_99]),
    )
    def refund_deposit(self, pick: int, receipt: str | None, fen: int) -> None:
        """A deposit is given back; all that is held where no amount is said."""
        self.begin("refund_deposit")
        key = self.stay_of(pick, "admitted", "discharged", "settled")
        amount = fen or max(1, self.model.stays[key].held)
        command = RefundDeposit(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            receipt_number=receipt,
            amount_fen=amount,
            method=DepositMethod.CASH,
            by=self.by(key),
            at=self.now,
        )
        self.carry_out(
            "refund_deposit",
            key,
            self.model.refund_deposit(key, receipt, amount),
            lambda accept: refund_deposit(command, ledger=self.desk.ledger, accept=accept),
            receipt=receipt,
            amount=amount,
        )

    # --- discharge ----------------------------------------------------------------------------

    @_any("admitted")
    @rule(pick=sent.PICKS, length=sent.LENGTHS, referral=sent.REFERRALS | st.none())
    def discharge(self, pick: int, length: int, referral: Referral) -> None:
        """The patient leaves, perhaps before having come."""
        self.begin("discharge")
        key = self.stay_of(pick, "admitted")
        today = date_of(self.now)
        day = self.model.stays[key].admission + timedelta(days=length)
        command = DischargePatient(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            discharge=day,
            invoice_number=f"FP{pick}",
            circumstances=Circumstances(referral=referral),
            by=self.by(key),
            today=today,
            at=self.now,
        )
        self.carry_out(
            "discharge",
            key,
            self.model.discharge(key, day, referral, today),
            lambda accept: discharge_patient(command, ledger=self.desk.ledger, accept=accept),
            day=day,
            referral=referral,
        )

    @_any("discharged")
    @rule(pick=sent.PICKS)
    def undo_discharge(self, pick: int) -> None:
        """The patient never left."""
        self.begin("undo_discharge")
        key = self.stay_of(pick, "discharged")
        command = UndoDischarge(
            stay_id_of(InstitutionId(key[0]), key[1]), "误登", self.by(key), self.now
        )
        self.carry_out(
            "undo_discharge",
            key,
            self.model.undo_discharge(key),
            lambda accept: undo_discharge(command, ledger=self.desk.ledger, accept=accept),
        )

    # --- settlement ---------------------------------------------------------------------------

    @_any("discharged")
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

    @_any("discharged")
    @rule(
        pick=sent.PICKS,
        elsewhere=_ELSEWHERE,
        expected_off=st.sampled_from([None, None, 0, 0, 1]),
        deposit=st.sampled_from([None, None, 0, "held", "held", "more"]),
        tender_off=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def settle(
        self,
        pick: int,
        elsewhere: dict[str, int],
        expected_off: int | None,
        deposit: int | str | None,
        tender_off: int,
    ) -> None:
        """The stay is settled, with what the cashier saw, and the ways in which it is paid."""
        self.begin("settle")
        key = self.stay_of(pick, "discharged")
        today = date_of(self.now)
        seen = self.model.preview(key, elsewhere, today)
        patient = seen.answer.patient if isinstance(seen, Counted) else 100
        expected = None if expected_off is None else patient + expected_off
        tender = tendered = None
        if deposit is not None:
            held = self.model.stays[key].held
            of_deposit = {"held": min(held, patient), "more": min(held + 1, patient)}
            from_deposit = of_deposit[deposit] if isinstance(deposit, str) else 0
            tender = Tender(deposit_fen=from_deposit, cash_fen=patient - from_deposit + tender_off)
            tendered = Tendered(from_deposit, tender_off)
        command = SettleStay(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            elsewhere_fen=elsewhere,
            expected_personal_fen=expected,
            settled_on=today,
            by=self.by(key),
            at=self.now,
            tender=tender,
        )
        self.carry_out(
            "settle",
            key,
            self.model.settle(key, elsewhere, today, expected=expected, tender=tendered),
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
        self, hospital: str, person: str, thousands: int, days_ago: int, referral: bool
    ) -> None:
        """A stay of a day with nothing wrong, so that totals of the year grow."""
        fen = thousands * 1_000_07
        batch = fees.Batch(amounts={"total": fen, "in_scope": fen - fen // 5})
        self.at_once(hospital, person, batch, days_ago, 0, referral, {})

    def at_once(
        self,
        hospital: str,
        person: str,
        batch: fees.Batch,
        days_ago: int,
        length: int,
        referral: Referral,
        elsewhere: dict[str, int],
    ) -> None:
        """Everything in one transaction, or nothing."""
        self.begin("settle_whole_stay")
        key = hospital, f"W{len(self.model.stays)}"
        admission = self.admission(key, person, days_ago, referral)
        today = admission.today
        discharge = admission.admission + timedelta(days=length)
        tried = self.model.tried()
        why = (
            tried.admit(key, person, admission.admission, referral, today)
            or tried.record_fees(key, "1", batch)
            or tried.discharge(key, discharge, None, today)
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
        )

    @_any("settled")
    @rule(pick=sent.PICKS)
    def reverse(self, pick: int) -> None:
        """A settlement is undone, wherever it stands in the order."""
        self.begin("reverse")
        key = self.stay_of(pick, "settled")
        command = ReverseSettlement(
            stay_id=stay_id_of(InstitutionId(key[0]), key[1]),
            reason="更正",
            booked_on=date_of(self.now),
            by=self.by(key),
            at=self.now,
        )
        said_before = {c.stay: c.answer for c in self.model.live}
        why = self.model.reverse(key)
        self.carry_out(
            "reverse",
            key,
            why,
            lambda accept: reverse_settlement(
                command, ledger=self.desk.ledger, laws=self.desk.laws, accept=accept
            ),
        )
        self.tally["later ones changed"] += sum(
            c.answer.paid != said_before[c.stay].paid for c in self.model.live
        )

    # --- around ------------------------------------------------------------------------------

    @precondition(lambda self: self.requests)
    @rule(pick=sent.PICKS, body=st.sampled_from(["the same", "another"]))
    def say_it_again(self, pick: int, body: str) -> None:
        """A request comes again: the first answer; with another body it is refused."""
        self.begin("say_it_again")
        request, first = self.requests[pick % len(self.requests)]
        asked = request.body if body == "the same" else {**request.body, "another": True}
        before = self.desk.position
        said = self.desk.answer(
            Request(request.operation, request.hospital, request.key, asked, request.decide)
        )
        if body == "another":
            assert (said.status, said.is_again) == (409, False)
            assert b"request-key-reused" in said.body
        else:
            assert (said.status, said.is_again, said.body) == (200, True, first)
        assert self.desk.position == before

    @rule(what=st.sampled_from(["1", "20", "70", "join or part", "lists"]))
    def meanwhile(self, what: str) -> None:
        """Days pass; or two ids turn out to be one person's, or two people's again; or lists are
        asked, and read models follow the ledger as far as it is by now."""
        self.begin(f"meanwhile: {what}")
        if what == "lists":
            for read_model in self.desk.read_models:
                assert read_model.catch_up() == self.desk.position
        elif what == "join or part":
            self.model.is_one_person = not self.model.is_one_person
            one, other = TWO_IDS
            together: dict[str, tuple[str, ...]] = {one: (other,), other: (one,)}
            self.desk.people.same = together if self.model.is_one_person else {}
        else:
            self.now += timedelta(days=int(what))

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
            _expected(counted) if counted else None,
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
    )
