"""One person under several ids: what is counted by person is counted for all of them together."""

from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from settlement.application.ledger_history import settlements_recorded
from settlement.application.person_in_ledger import PersonInLedger
from settlement.application.rederive_later import every_settlement_of
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.stay import Stay
from tests.settlement.desk.book_of import book_of
from tests.support.settlement_desk import P1, P2, P3, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

CAPPED = policy_text(
    layer_text("base: total\nrate: 80%\ncaps: [{per: year, of: payment, amount: 1000}]\n"),
)
BILL = {"total_fen": 1_000_00}


class Story:
    """Two ids that are found to be one person; the fund pays 80%, at most 1,000.00 a year."""

    def __init__(self, folder: Path) -> None:
        parts, self.people = open_parts(folder, policies=write_book(folder / "law", CAPPED))
        self.desk = Desk(parts)
        self.desk.import_institutions()
        for person in (P1, P2, P3):
            self.people.add(person, region=REGION)

    def merge(self) -> None:
        """Eligibility answers for both from now on."""
        self.people.same = {P1: (P2,), P2: (P1,)}

    def split(self) -> None:
        """They were two after all."""
        self.people.same = {}

    def settle(self, person: str, number: str) -> Any:
        """A stay of 1,000.00, settled."""
        return self.desk.settle(self.desk.discharged(person, number, charges=BILL))

    def paid(self, person: str, number: str) -> int:
        """What the fund pays of it, in fen."""
        answer = self.settle(person, number)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["steps"][0]["paid_fen"])

    def now_paid(self, stay_id: str) -> int:
        """What the fund pays of it by now, in fen."""
        return int(self.desk.read(f"/v1/stays/{stay_id}/statement").json()["steps"][0]["paid_fen"])

    def undo(self, stay_id: str) -> Any:
        """Take a settlement back."""
        return self.desk.write(f"/v1/stays/{stay_id}/settlement/reversal", {"reason": "重复"})

    def discrepancies(self) -> tuple[object, ...]:
        """What verification finds."""
        return verify_ledger(self.desk.parts.ledger, self.desk.parts.laws).discrepancies


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Nobody has settled anything yet."""
    return Story(tmp_path)


def test_a_cap_is_spent_once_by_one_person_under_two_ids(story: Story) -> None:
    """800.00 under the one id before the merge, 200.00 under the other after it, then nothing."""
    assert story.paid(P1, "A1") == 800_00
    story.merge()
    assert story.paid(P2, "A2") == 200_00
    assert story.paid(P1, "A3") == 0
    assert story.discrepancies() == ()


def test_whichever_id_one_begins_with_the_order_is_the_same(story: Story) -> None:
    """One id's stay between two of the other, before anybody knew that they are one's: nothing
    orders them, and still whoever makes them again and whoever verifies it walk them alike."""
    for person, number in ((P2, "B1"), (P1, "A1"), (P2, "B2")):
        story.settle(person, number)
    story.merge()
    last = story.settle(P1, "A2").json()["stay_id"]
    ledger = story.desk.parts.ledger
    stay = ledger.find(UUID(last), Stay)
    assert stay is not None
    assert stay.current_settlement is not None
    used = stay.current_settlement.inputs.eligibility

    for first, second in ((P1, P2), (P2, P1)):
        asked = replace(used, person_id=first, other_records=(second,))
        walked = every_settlement_of(asked, PersonInLedger(ledger, stay))
        assert [each.stay.hospital_stay_number for each in walked] == ["B1", "A1", "B2", "A2"]


def test_split_again_each_id_has_what_was_settled_under_it(story: Story) -> None:
    """P1 has spent 800.00 and P2 200.00 of what are two caps after all."""
    story.paid(P1, "A1")
    story.merge()
    story.paid(P2, "A2")
    story.split()
    assert story.paid(P2, "A3") == 800_00
    assert story.paid(P1, "A4") == 200_00
    assert story.discrepancies() == ()


def test_what_came_later_under_another_id_is_made_again(story: Story) -> None:
    """800.00 under the one id undone: the other's 200.00 become 800.00, its own later 200.00."""
    first = story.settle(P1, "A1").json()["stay_id"]
    story.merge()
    second, third = (story.settle(P2, n).json()["stay_id"] for n in ("A2", "A3"))

    undone = story.undo(first)

    assert undone.status_code == 200, undone.text
    assert [a["hospital_stay_number"] for a in undone.json()["adjustments"]] == ["A2", "A3"]
    assert [story.now_paid(stay) for stay in (second, third)] == [800_00, 200_00]
    assert story.discrepancies() == ()


def test_what_came_before_the_merge_under_the_other_id_stays_as_it_is(story: Story) -> None:
    """P2's first stay knew nothing of P1: only what was settled for both rests on P1's."""
    before = story.settle(P2, "B1").json()["stay_id"]
    first = story.settle(P1, "A1").json()["stay_id"]
    story.merge()
    both = story.settle(P2, "B2").json()["stay_id"]

    undone = story.undo(first)

    assert [a["hospital_stay_number"] for a in undone.json()["adjustments"]] == ["B2"]
    assert [story.now_paid(stay) for stay in (before, both)] == [800_00, 200_00]
    assert story.discrepancies() == ()


def test_a_replay_counts_them_together(story: Story) -> None:
    """Under a cap of 900.00 the second settlement gets 100.00; both ids rest on one refusal."""
    story.paid(P1, "A1")
    story.merge()
    story.paid(P2, "A2")
    recorded = settlements_recorded(story.desk.parts.ledger.events())

    found = replay_ledger(recorded, book_of(CAPPED.replace("1000", "900")), Scope())

    assert [stay.after_fen["basic"] for stay in found.stays] == [800_00, 100_00]


def test_two_desks_at_once_spend_one_cap(story: Story) -> None:
    """Two hospitals settle at the same moment, one under each id."""
    story.merge()
    stays = [story.desk.discharged(p, n, charges=BILL) for p, n in ((P1, "A1"), (P2, "A2"))]
    answers: list[Any] = []

    def settle(stay: str) -> None:
        answers.append(story.desk.settle(stay))

    desks = [Thread(target=settle, args=(stay,)) for stay in stays]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sum(a.json()["steps"][0]["paid_fen"] for a in answers) == 1_000_00
    assert story.discrepancies() == ()


def test_settled_meanwhile_under_the_other_id_it_is_decided_again(story: Story) -> None:
    """The other settlement is saved between this one's reading of counters and its saving."""
    story.merge()
    mine = story.desk.discharged(P2, "A2", charges=BILL)
    other = story.desk.discharged(P1, "A1", charges=BILL)
    ledger = story.desk.parts.ledger
    save, between = ledger.save, [lambda: story.desk.settle(other)]

    def saving(*aggregates: Any, **more: Any) -> Any:
        if between:
            answer = between.pop()()
            assert answer.json()["steps"][0]["paid_fen"] == 800_00
        return save(*aggregates, **more)

    ledger.save = saving  # type: ignore[method-assign]
    answer = story.desk.settle(mine)

    assert answer.json()["steps"][0]["paid_fen"] == 200_00
    assert story.discrepancies() == ()


def test_found_to_be_one_person_while_a_settlement_is_on_its_way(story: Story) -> None:
    """It asked before the merge; the other desk asked after it and was quicker. Decided again it
    asks as known then, and not as known when it began."""
    mine = story.desk.discharged(P2, "A2", charges=BILL)
    other = story.desk.discharged(P1, "A1", charges=BILL)
    entitlements, between = story.people.entitlements, [True]

    def merged_meanwhile(*asked: Any, **more: Any) -> Any:
        answer = entitlements(*asked, **more)
        if between:
            between.clear()
            story.merge()
            story.people.same_since = story.desk.parts.clock()
            assert story.desk.settle(other).json()["steps"][0]["paid_fen"] == 800_00
        return answer

    story.people.entitlements = merged_meanwhile  # type: ignore[method-assign]
    answer = story.desk.settle(mine)

    assert answer.json()["steps"][0]["paid_fen"] == 200_00
    assert story.discrepancies() == ()


def test_after_a_split_nobody_elses_settlement_stands_in_the_way(story: Story) -> None:
    """P1 was settled while both were taken for one; P2's later one rests on nothing of it."""
    story.merge()
    first = story.settle(P1, "A1").json()["stay_id"]
    story.split()
    story.settle(P2, "A2")

    assert story.undo(first).status_code == 200
    assert story.paid(P1, "A3") == 800_00
    assert story.discrepancies() == ()


def test_what_came_earlier_for_both_ids_stays_as_it_is(story: Story) -> None:
    """The first was settled for both, then P1 alone was, then both again: the first rests on
    nothing of the second, though the third is in the other id's order with it."""
    story.merge()
    first = story.settle(P1, "A1").json()["stay_id"]
    story.split()
    second = story.settle(P1, "A2").json()["stay_id"]
    story.merge()
    third = story.settle(P1, "A3").json()["stay_id"]

    undone = story.undo(second)

    assert [a["hospital_stay_number"] for a in undone.json()["adjustments"]] == ["A3"]
    assert [story.now_paid(stay) for stay in (first, third)] == [800_00, 200_00]
    assert story.discrepancies() == ()


def test_undone_meanwhile_under_an_id_the_undone_one_never_had(story: Story) -> None:
    """What is undone was P1's alone; its 800.00 pass to P2's later settlement, which one is being
    settled beside that is P2 and P3 together, and P1 no longer."""
    first = story.settle(P1, "A1").json()["stay_id"]
    story.merge()
    second = story.settle(P2, "A2").json()["stay_id"]
    story.people.same = {P2: (P3,), P3: (P2,)}
    mine = story.desk.discharged(P3, "B1", charges=BILL)
    ledger = story.desk.parts.ledger
    save, between = ledger.save, [lambda: story.undo(first)]

    def saving(*aggregates: Any, **more: Any) -> Any:
        if between:
            assert between.pop()().status_code == 200
            assert story.now_paid(second) == 800_00
        return save(*aggregates, **more)

    ledger.save = saving  # type: ignore[method-assign]
    answer = story.desk.settle(mine)

    assert answer.json()["steps"][0]["paid_fen"] == 200_00
    assert story.discrepancies() == ()
