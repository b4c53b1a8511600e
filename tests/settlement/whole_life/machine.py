"""The machine (规则机): commands in any order, and what happens around them."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from settlement.law.fee_lines import FeeLine
from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.model_settlements import Referral
from tests.settlement.whole_life.real_desk import (
    Request,
)
from tests.settlement.whole_life.rules_of_deductions import Deducting
from tests.settlement.whole_life.rules_of_later_amounts import DecidingLater
from tests.settlement.whole_life.rules_of_revisions import Revising
from tests.settlement.whole_life.rules_of_transfers import Transferring
from tests.settlement.whole_life.two_regions import (
    HOSPITALS,
    PEOPLE,
    TWO_IDS,
)

P4 = list(PEOPLE)[-1]
_FIRST_LINES = st.lists(sent.LINES, min_size=2, max_size=4, unique_by=lambda line: line.number)


class WholeLife(Revising, Transferring, Deducting, DecidingLater):
    """One run."""

    @initialize(
        lines=_FIRST_LINES,
        days_ago=st.sampled_from([0, 30, 130]),
        referral=st.booleans(),
        thousands=st.integers(3, 12),
    )
    def some_are_in(
        self, lines: list[FeeLine], days_ago: int, referral: Referral, thousands: int
    ) -> None:
        """Three people lie in hospital from the beginning, with lines of fees; two of them
        were settled twice before."""
        for hospital, person in zip(HOSPITALS, (*TWO_IDS, P4), strict=True):
            self.admit_one((hospital, "1"), person, days_ago, referral)
            self.send_batch((hospital, "1"), "1", fees.Batch(lines=tuple(lines)), None, None)
        one, other, far = HOSPITALS
        for hospital, person in ((one, TWO_IDS[0]), (other, TWO_IDS[0]), (one, P4), (far, P4)):
            self.come_and_go(hospital, person, thousands, days_ago, referral)

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
