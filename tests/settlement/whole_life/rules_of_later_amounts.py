"""Amounts after a settlement (后到金额、事后裁定): they come late, or people decide them."""

from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contracts.vocabulary import InstitutionId
from settlement.application.decide_discretion import (
    ApproveDiscretion,
    ProposeDiscretion,
    RejectDiscretion,
    approve_discretion,
    propose_discretion,
    reject_discretion,
)
from settlement.application.deliver_late_amount import DeliverLateAmount, deliver_late_amount
from settlement.domain.record import Actor
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.both_desks import BothDesks, any_that_is
from tests.settlement.whole_life.model_settlements import Counted, StayKey
from tests.settlement.whole_life.real_desk import OFFICE, date_of, id_of
from tests.settlement.whole_life.two_regions import HOSPITALS, NORTH, PEOPLE

_LAYERS = st.sampled_from([*["reviewed"] * 7, "basic", "unheard-of"])
_AMOUNTS = st.sampled_from([0, 1, 40_00, 40_00, 333_33, "all", "all", "more"])
"""In fen; or all that is left to the patient, or a fen more than the bill."""

_DESKS = st.sampled_from(["office", "office", "own", "own", "own", "another"])
_EYES = st.sampled_from(["other", "other", "other", "same"])


class DecidingLater(BothDesks):
    """The rules."""

    @any_that_is("settled")
    @rule(pick=sent.PICKS, layer=_LAYERS, amount=_AMOUNTS, desk=_DESKS)
    def deliver_late_amount(self, pick: int, layer: str, amount: int | str, desk: str) -> None:
        """Another system says what a layer comes to, or that it is another amount."""
        self.deliver_one(self.stay_awaiting(pick), layer, amount, desk)

    def deliver_one(self, key: StayKey, layer: str, amount: int | str, desk: str) -> None:
        """An amount on its way."""
        self.begin("deliver_late_amount")
        fen, by = self.fen_of(key, amount), self.at_desk(key, desk, "interface")
        command = DeliverLateAmount(
            stay_id=id_of(key),
            layer=layer,
            amount_fen=fen,
            reference=f"R{fen}",
            booked_on=date_of(self.now),
            by=by,
            at=self.now,
        )
        with self.watching_what_follows("changed by amounts that came late"):
            why = self.why_not_in_sight(key, by) or self.model.deliver_late(
                key, layer, fen, by.institution_id
            )
        self.carry_out(
            "deliver_late_amount",
            key,
            why,
            lambda accept: deliver_late_amount(
                command, ledger=self.desk.ledger, laws=self.desk.laws, accept=accept
            ),
            layer=layer,
            fen=fen,
            desk=desk,
        )

    @any_that_is("settled")
    @rule(
        pick=sent.PICKS,
        layer=_LAYERS,
        amount=_AMOUNTS,
        desk=_DESKS,
        after=st.sampled_from(["nothing", "approved", "approved", "late", "rejected"]),
    )
    def propose(self, pick: int, layer: str, amount: int | str, desk: str, after: str) -> None:
        """Somebody proposes what a layer is to come to; often another one decides on it at once,
        or after another system said what it comes to."""
        key, operator = self.stay_awaiting(pick), f"reviewer-{1 + pick % 2}"
        known = len(self.model.later.of(key))
        self.propose_one(key, layer, amount, desk, operator)
        if after == "late":
            self.deliver_one(key, layer, 41_00, desk)
        if after == "nothing" or len(self.model.later.of(key)) == known:
            return
        other = f"reviewer-{2 - pick % 2}"
        if after == "rejected":
            self.reject_one(key, known + 1, desk, other)
        else:
            self.approve_one(key, known + 1, desk, other, None)

    def propose_one(
        self, key: StayKey, layer: str, amount: int | str, desk: str, operator: str
    ) -> None:
        """A proposal on its way."""
        self.begin("propose")
        fen, by = self.fen_of(key, amount), self.at_desk(key, desk, operator)
        command = ProposeDiscretion(
            stay_id=id_of(key),
            layer=layer,
            amount_fen=fen,
            reason="家庭困难",
            by=by,
            at=self.now,
        )
        why = self.why_not_in_sight(key, by) or self.model.propose(key, layer, fen, operator)
        self.carry_out(
            "propose",
            key,
            why,
            lambda accept: propose_discretion(
                command, ledger=self.desk.ledger, laws=self.desk.laws, accept=accept
            ),
            layer=layer,
            fen=fen,
            desk=desk,
            operator=operator,
        )

    @precondition(lambda self: self.model.later.of_stays)
    @rule(
        pick=sent.PICKS,
        number=st.integers(0, 7),
        desk=_DESKS,
        eyes=_EYES,
        off=st.sampled_from([None, None, 0, 0, 1]),
    )
    def approve(self, pick: int, number: int, desk: str, eyes: str, off: int | None) -> None:
        """Somebody approves a proposal, with what he saw left to the patient."""
        key, one, operator = self.proposal_of(pick, number, eyes)
        self.approve_one(key, one, desk, operator, off)

    def approve_one(
        self, key: StayKey, one: int, desk: str, operator: str, off: int | None
    ) -> None:
        """An approval on its way."""
        self.begin("approve")
        by = self.at_desk(key, desk, operator)
        expected = None if off is None else self.patient_after(key, one) + off
        command = ApproveDiscretion(
            stay_id=id_of(key),
            proposal=one,
            expected_personal_fen=expected,
            booked_on=date_of(self.now),
            by=by,
            at=self.now,
        )
        with self.watching_what_follows("changed by decisions"):
            why = self.why_not_in_sight(key, by) or self.model.approve(
                key, one, operator, by.institution_id, expected=expected
            )
        self.carry_out(
            "approve",
            key,
            why,
            lambda accept: approve_discretion(
                command, ledger=self.desk.ledger, laws=self.desk.laws, accept=accept
            ),
            proposal=one,
            expected=expected,
            desk=desk,
            operator=operator,
        )

    @precondition(lambda self: self.model.later.of_stays)
    @rule(pick=sent.PICKS, number=st.integers(0, 7), desk=_DESKS, eyes=_EYES)
    def reject(self, pick: int, number: int, desk: str, eyes: str) -> None:
        """Somebody turns a proposal down."""
        key, one, operator = self.proposal_of(pick, number, eyes)
        self.reject_one(key, one, desk, operator)

    def reject_one(self, key: StayKey, one: int, desk: str, operator: str) -> None:
        """A rejection on its way."""
        self.begin("reject")
        by = self.at_desk(key, desk, operator)
        command = RejectDiscretion(id_of(key), one, "不符合条件", by, self.now)
        self.carry_out(
            "reject",
            key,
            self.why_not_in_sight(key, by) or self.model.later.reject(key, one, operator),
            lambda accept: reject_discretion(command, ledger=self.desk.ledger, accept=accept),
            proposal=one,
            desk=desk,
            operator=operator,
        )

    # --- what is said, and by whom ------------------------------------------------------------

    def stay_awaiting(self, pick: int) -> StayKey:
        """Mostly a settled stay whose law knows amounts that are decided elsewhere."""
        every = [c.stay for c in self.model.live if PEOPLE[c.person].region == NORTH]
        return every[pick % len(every)] if every and pick % 8 else self.stay_of(pick, "settled")

    def fen_of(self, key: StayKey, amount: int | str) -> int:
        """What is said of the layer, in fen."""
        counted = self.model.counted(key)
        if isinstance(amount, int) or counted is None:
            return 40_00 if isinstance(amount, str) else amount
        return {"all": counted.answer.patient, "more": counted.amounts["total"] + 1}[amount]

    def at_desk(self, key: StayKey, desk: str, operator: str) -> Actor:
        """Somebody at the office, at the stay's hospital, or at another one."""
        other = next(h for h in HOSPITALS if h != key[0])
        at: Mapping[str, str] = {"office": OFFICE, "own": key[0], "another": other}
        return Actor(operator, InstitutionId(at[desk]))

    def why_not_in_sight(self, key: StayKey, by: Actor) -> set[str]:
        """Another hospital's desk does not even find the stay."""
        return set() if by.institution_id in (OFFICE, key[0]) else {"StayUnknown"}

    def proposal_of(self, pick: int, number: int, eyes: str) -> tuple[StayKey, int, str]:
        """Mostly a proposal that nobody decided on: its stay, its number, and who decides on it."""
        keys = list(self.model.later.of_stays)
        key = keys[pick % len(keys)]
        every = self.model.later.of(key)
        waiting = [n for n, each in enumerate(every, 1) if each.status == "proposed"]
        one = len(every) + 1 - number % (len(every) + 1)
        if waiting and number % 4:
            one = waiting[number % len(waiting)]
        author = every[min(one, len(every)) - 1].by
        other = "reviewer-2" if author == "reviewer-1" else "reviewer-1"
        return key, one, author if eyes == "same" else other

    def patient_after(self, key: StayKey, number: int) -> int:
        """What would be left to the patient, in fen; anything where that cannot be said."""
        found = self.model.later.of(key)[number - 1 : number]
        if not found or self.model.counted(key) is None:
            return 100
        completed = self.model.completed(key, found[0].layer, found[0].fen)
        return completed.answer.patient if isinstance(completed, Counted) else 100
