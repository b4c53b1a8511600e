"""Deductions (违规扣减): an office imposes and withdraws them; undoing releases them."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from settlement.application.deduct_from_hospital import (
    ImposeDeduction,
    WithdrawDeduction,
    impose_deduction,
    withdraw_deduction,
)
from settlement.domain.record import Actor
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import any_that_is
from tests.settlement.whole_life.model_settlements import StayKey, funds_of
from tests.settlement.whole_life.real_desk import OFFICE, date_of
from tests.settlement.whole_life.rules_of_settlement import Settling
from tests.settlement.whole_life.two_regions import PEOPLE

_DESKS = st.sampled_from(["office", "office", "office", "office", "hospital"])
_WHICH = st.sampled_from(["last", "last", "last", "last", "last", "first", "unknown"])
"""Which settlement of a stay."""


class Deducting(Settling):
    """The rules."""

    @any_that_is("settled")
    @rule(
        pick=sent.PICKS,
        which=_WHICH,
        fund=sent.PICKS,
        percent=st.sampled_from([1, 50, 50, 100, 100, 101, 0]),
        document=st.sampled_from(["文1", "文2", "文3"]),
        desk=_DESKS,
        after=st.sampled_from(["nothing", "withdrawn", "undone", "first undone"]),
    )
    def impose_deduction(
        self,
        pick: int,
        which: str,
        fund: int,
        percent: int,
        document: str,
        desk: str,
        after: str,
    ) -> None:
        """A fund is to pay a hospital less; perhaps that is withdrawn, or the settlement is undone
        then, or the first one of the person, on which this one may rest."""
        key = self.stay_of(pick, "settled")
        of_person = [c.stay for c in self.model.live if c.person == self.model.stays[key].person]
        if of_person and after == "first undone":
            key = of_person[-1]
        self.deduct_one(key, which, fund, percent, document, desk)
        if after == "withdrawn":
            self.withdraw_one(key, "last", len(self.model.deductions.of(key)), "office")
        elif of_person and after != "nothing":
            self.reverse_one(key if after == "undone" and key in of_person else of_person[0])

    def deduct_one(
        self, key: StayKey, which: str, fund: int, percent: int, document: str, desk: str
    ) -> None:
        """A deduction on its way: some of what is owed, all of it, or more."""
        self.begin("impose_deduction")
        ordinal, number = self.settlement_of(key, which)
        counted = self.model.counted(key)
        owed = counted.owed if counted else {}
        every = funds_of(PEOPLE[self.model.stays[key].person].region)
        funds = [each for each in every if owed.get(each)] or every
        fund_id = funds[fund % len(funds)]
        fen = owed.get(fund_id, 0) * percent // 100
        command = ImposeDeduction(
            number=number,
            fund_id=fund_id,
            amount_fen=fen,
            reason="重复收费",
            document=document,
            booked_on=date_of(self.now),
            by=self.deciding(key, desk),
            at=self.now,
        )
        why = self.why_not_office(ordinal, desk) or self.model.deductions.impose(
            key, ordinal, counted, fund=fund_id, fen=fen, document=document
        )
        self.carry_out(
            "impose_deduction",
            key,
            why,
            lambda accept: impose_deduction(
                command, ledger=self.desk.ledger, numbers=self.desk.index, accept=accept
            ),
            number=number,
            fund=fund_id,
            fen=fen,
            document=document,
            desk=desk,
        )

    @precondition(lambda self: self.model.deductions.of_stays)
    @rule(pick=sent.PICKS, which=_WHICH, deduction=st.integers(0, 7), desk=_DESKS)
    def withdraw_deduction(self, pick: int, which: str, deduction: int, desk: str) -> None:
        """What stands of one is withdrawn, or of one that never was, or does not stand."""
        keys = list(self.model.deductions.of_stays)
        key = keys[pick % len(keys)]
        counts = len(self.model.deductions.of(key))
        self.withdraw_one(key, which, counts - deduction % (counts + 1), desk)

    def withdraw_one(self, key: StayKey, which: str, one: int, desk: str) -> None:
        """A withdrawal on its way."""
        self.begin("withdraw_deduction")
        ordinal, number = self.settlement_of(key, which)
        command = WithdrawDeduction(
            number=number,
            deduction=one,
            reason="申诉成立",
            booked_on=date_of(self.now),
            by=self.deciding(key, desk),
            at=self.now,
        )
        why = self.why_not_office(ordinal, desk) or self.model.deductions.withdraw(
            key, ordinal, one
        )
        self.carry_out(
            "withdraw_deduction",
            key,
            why,
            lambda accept: withdraw_deduction(
                command, ledger=self.desk.ledger, numbers=self.desk.index, accept=accept
            ),
            number=number,
            deduction=one,
            desk=desk,
        )

    def settlement_of(self, key: StayKey, which: str) -> tuple[int, str]:
        """One of the stay's settlements, undone ones among them: its ordinal and its number."""
        ordinal = {"last": self.model.made[key], "first": min(1, self.model.made[key])}.get(which)
        return (ordinal, self.desk.number_of(key, ordinal)) if ordinal else (0, "无此结算")

    def deciding(self, key: StayKey, desk: str) -> Actor:
        """An office, or the stay's hospital, which may not."""
        return Actor("auditor-1", OFFICE) if desk == "office" else self.by(key)

    def why_not_office(self, ordinal: int, desk: str) -> set[str]:
        """Why it is not even looked at."""
        if desk != "office":
            return {"OnlyOffices"}
        return set() if ordinal else {"SettlementUnknown"}
