"""Fees and deposits (费用、押金): sent, given back, corrected, deleted, paid and refunded."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from contracts.vocabulary import DepositMethod
from settlement.application.correct_fees import (
    CorrectFeeLine,
    DeleteFeeBatch,
    DeleteFeeLine,
    correct_fees,
)
from settlement.application.keep_deposit import (
    PayDeposit,
    RefundDeposit,
    pay_deposit,
    refund_deposit,
)
from settlement.application.record_fees import RecordFees, record_fees
from settlement.law.fee_lines import FeeLine
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import BothDesks, any_that_is, charges_of
from tests.settlement.whole_life.model_settlements import StayKey
from tests.settlement.whole_life.real_desk import date_of, id_of


class FeesAndDeposits(BothDesks):
    """The rules."""

    @any_that_is("admitted")
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

    @any_that_is("admitted")
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
            stay_id=id_of(key),
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

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, which=sent.PICKS)
    def delete_batch(self, pick: int, which: int) -> None:
        """A batch no longer stands."""
        self.begin("delete_batch")
        key = self.stay_of(pick, "admitted")
        standing = list(self.model.stays[key].batches)
        number = standing[which % len(standing)] if standing and which % 8 else "9"
        command = DeleteFeeBatch(id_of(key), number, self.by(key), self.now)
        self.carry_out(
            "delete_batch",
            key,
            self.model.delete_batch(key, number),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            number=number,
        )

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, line=sent.LINES, which=sent.PICKS)
    def correct_line(self, pick: int, line: FeeLine, which: int) -> None:
        """A line reads otherwise."""
        self.begin("correct_line")
        key = self.stay_with_lines(pick)
        line = replace(line, number=self.number_of_line(key, line.number, which))
        command = CorrectFeeLine(id_of(key), line, (), self.by(key), self.now)
        self.carry_out(
            "correct_line",
            key,
            self.model.correct_line(key, line),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            line=line,
        )

    @any_that_is("admitted")
    @rule(pick=sent.PICKS, which=sent.PICKS)
    def delete_line(self, pick: int, which: int) -> None:
        """A line no longer stands."""
        self.begin("delete_line")
        key = self.stay_with_lines(pick)
        number = self.number_of_line(key, "L7", which)
        command = DeleteFeeLine(id_of(key), number, self.by(key), self.now)
        self.carry_out(
            "delete_line",
            key,
            self.model.delete_line(key, number),
            lambda accept: correct_fees(command, ledger=self.desk.ledger, accept=accept),
            number=number,
        )

    @any_that_is("admitted", "discharged")
    @rule(
        pick=sent.PICKS,
        receipt=st.sampled_from(["R1", "R2", "R3"]),
        fen=st.sampled_from([1, 300_00, 1_999_99, 2_000_00]),
        normal=st.sampled_from([None, 1_000_01, 10_000_00, 10_000_00]),
        given_back=st.sampled_from([None, None, 1, 0]),
    )
    def pay_deposit(
        self, pick: int, receipt: str, fen: int, normal: int | None, given_back: int | None
    ) -> None:
        """A deposit is paid or topped up, and perhaps given back at once."""
        key = self.stay_of(pick, "admitted", "discharged")
        self.pay_one(key, receipt, fen, normal)
        if given_back is not None:
            self.refund_one(key, None, given_back)

    def pay_one(self, key: StayKey, receipt: str, fen: int, normal: int | None) -> None:
        """A payment on its way."""
        self.begin("pay_deposit")
        command = PayDeposit(
            stay_id=id_of(key),
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

    @any_that_is("admitted", "discharged", "settled")
    @rule(
        pick=sent.PICKS,
        receipt=st.sampled_from([None, None, "R1", "R2"]),
        fen=st.sampled_from([0, 1, 300_00, 1_999_99]),
    )
    def refund_deposit(self, pick: int, receipt: str | None, fen: int) -> None:
        """A deposit is given back; all that is held where no amount is said."""
        self.refund_one(self.stay_of(pick, "admitted", "discharged", "settled"), receipt, fen)

    def refund_one(self, key: StayKey, receipt: str | None, fen: int) -> None:
        """A refund on its way."""
        self.begin("refund_deposit")
        amount = fen or max(1, self.model.stays[key].held)
        command = RefundDeposit(
            stay_id=id_of(key),
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
