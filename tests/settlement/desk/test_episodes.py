"""Stays that hang together (连续住院): a deductible taken once of all of them, and transfers.

In a hospital of level 2 the first 400.00 are the patient's, of level 3 the first 1,000.00; the
fund pays 80% of the rest. The deductible is that of the episode.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from tests.settlement.desk.parts_of_a_stay import Story, law, refused, said
from tests.support.settlement_desk import P2, Desk

ONCE = """\
base: total
rate: 80%
deductible:
  per: episode
  amount: {choose: [{when: {tier: 三级}, value: 1000}, {otherwise: 400}]}
"""
BY_TRANSFER = """\
base: total
rate:
  choose:
    - {when: {transfer: 由下级医院转入}, value: 70%}
    - {when: {transfer: 由上级医院转入}, value: 90%}
    - {otherwise: 80%}
"""


def came_from(desk: Desk, number: str) -> dict[str, Any]:
    """Circumstances: transferred from this stay of that hospital."""
    former = {"institution_id": desk.institution, "hospital_stay_number": number}
    return {"transferred_from": former}


def transferred(story: Story, number: str, *, at: Desk, fen: int = 2_000_00, **more: Any) -> str:
    """A stay from 1 to 5 March that ended in a transfer, not settled yet."""
    stay = story.admit(number, more.pop("day", "2023-03-01"), at=at, **more)
    story.fees(stay, fen, at=at)
    story.leave(stay, "2023-03-05", at=at, departure="transferred")
    return stay


def gone_on(story: Story, number: str, former: str, *, at: Desk, frm: Desk) -> str:
    """The stay that goes on from 5 to 20 March."""
    more = {"circumstances": came_from(frm, former)}
    stay = story.admit(number, "2023-03-05", at=at, **more)
    story.fees(stay, 3_000_00, at=at)
    story.leave(stay, "2023-03-20", at=at)
    return stay


def deducted(statement: Any) -> int:
    """What the fund's layer took off first."""
    return int(statement["steps"][0]["deductible_fen"])


def test_going_up_a_level_pays_the_difference(tmp_path: Path) -> None:
    """400.00 at level 2, then 1,000.00 − 400.00 at level 3: (3,000.00 − 600.00) × 80%."""
    story = Story(tmp_path, law(ONCE))
    first = transferred(story, "U1", at=story.desk)
    assert deducted(story.settle(first)) == 400_00
    second = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)

    paid = story.settle(second, at=story.other)

    assert (deducted(paid), paid["funds_fen"]) == (600_00, 1_920_00)
    assert story.discrepancies() == ()


def test_going_down_pays_nothing_more(tmp_path: Path) -> None:
    """1,000.00 at level 3; the 400.00 of level 2 are among them."""
    story = Story(tmp_path, law(ONCE))
    first = transferred(story, "D1", at=story.other)
    assert deducted(story.settle(first, at=story.other)) == 1_000_00
    second = gone_on(story, "D2", "D1", at=story.desk, frm=story.other)

    paid = story.settle(second)

    assert (deducted(paid), paid["funds_fen"]) == (0, 2_400_00)
    assert story.discrepancies() == ()


def test_another_stay_has_a_deductible_of_its_own(tmp_path: Path) -> None:
    """Nobody stated a transfer: 400.00 each time."""
    story = Story(tmp_path, law(ONCE))
    for number in ("S1", "S2"):
        stay = transferred(story, number, at=story.desk)
        assert deducted(story.settle(stay)) == 400_00
    assert story.discrepancies() == ()


def test_what_the_first_part_did_not_use_up_is_taken_in_the_second(tmp_path: Path) -> None:
    """The first part costs 150.00, all of it deducted; the second bears the other 250.00, the
    third nothing."""
    story = Story(tmp_path, law(ONCE))
    first = story.admit("L1", "2022-12-20")
    story.fees(first, 150_00)
    second = story.interim(first, "2022-12-31")
    assert (paid := story.settle(first))["funds_fen"] == 0
    assert deducted(paid) == 150_00
    story.fees(second, 1_000_00)
    third = story.interim(second, "2023-01-31")
    paid = story.settle(second)
    assert (deducted(paid), paid["funds_fen"]) == (250_00, 600_00)
    story.fees(third, 1_000_00)
    story.leave(third, "2023-02-10")
    paid = story.settle(third)
    assert (deducted(paid), paid["funds_fen"]) == (0, 800_00)
    assert paid["part_label"] == "第3段（末段）"
    assert story.discrepancies() == ()


def test_undoing_the_first_part_makes_the_second_bear_it(tmp_path: Path) -> None:
    """400.00 and 0; without the first the second bears 400.00, over New Year too, and settled
    again the first finds nothing left to bear."""
    story = Story(tmp_path, law(ONCE))
    first = story.admit("L1", "2022-12-20")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-12-31")
    story.settle(first)
    story.fees(second, 1_000_00)
    story.leave(second, "2023-01-10")
    assert deducted(story.settle(second)) == 0

    story.undo(first)

    paid = story.statement(second)
    assert (deducted(paid), paid["funds_fen"]) == (400_00, 480_00)
    again = story.settle(first)
    assert (deducted(again), again["funds_fen"]) == (0, 800_00)
    assert story.discrepancies() == ()


def test_undoing_the_stay_before_a_transfer_adjusts_the_one_after(tmp_path: Path) -> None:
    """600.00 at level 3 become 1,000.00: the fund reclaims 320.00 at the other hospital."""
    story = Story(tmp_path, law(ONCE))
    first = transferred(story, "U1", at=story.desk)
    story.settle(first)
    second = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    story.settle(second, at=story.other)

    story.undo(first)

    paid = story.statement(second, at=story.other)
    assert (deducted(paid), paid["funds_fen"]) == (1_000_00, 1_600_00)
    assert story.discrepancies() == ()


def test_the_rate_may_ask_from_where_the_patient_came(tmp_path: Path) -> None:
    """From level 2 to 3 it is 70%, from 3 to 2 90%; whoever is no transfer has 80%."""
    story = Story(tmp_path, law(BY_TRANSFER))
    first = transferred(story, "U1", at=story.desk)
    assert story.settle(first)["funds_fen"] == 1_600_00
    up = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    assert story.settle(up, at=story.other)["funds_fen"] == 2_100_00
    transferred(story, "D1", at=story.other)
    down = gone_on(story, "D2", "D1", at=story.desk, frm=story.other)
    assert story.settle(down)["funds_fen"] == 2_700_00
    assert story.discrepancies() == ()


def test_a_transfer_must_fit_the_stay_it_goes_on(tmp_path: Path) -> None:
    """The person's own, ended in a transfer, on or before the day of admission."""
    story = Story(tmp_path, law(ONCE))
    transferred(story, "T1", at=story.desk)
    home = story.admit("T2", "2023-03-01", at=story.desk)
    story.leave(home, "2023-03-04", departure="by_order")
    asked = {"hospital_stay_number": "Z1", "admission_date": "2023-03-05"}

    def admit(number: str, **more: Any) -> Any:
        stated = {"circumstances": came_from(story.desk, number)}
        return story.other.write("/v1/stays", {"person_id": home_of, **asked, **stated, **more})

    home_of = P2
    assert refused(admit("T1")) == "transfer-unfit"
    home_of = said(story.desk.read(f"/v1/stays/{home}"))["person_id"]
    assert refused(admit("T9")) == "transfer-unfit"
    assert refused(admit("T2")) == "transfer-unfit"
    assert refused(admit("T1", admission_date="2023-03-04")) == "transfer-unfit"
    assert admit("T1").status_code == 201


def test_all_settled_at_once_bear_the_deductible_once(tmp_path: Path) -> None:
    """Eight windows, eight stays of one person, each a transfer from the one before it: whoever
    comes first bears 400.00, nobody else anything."""
    story = Story(tmp_path, law(ONCE))
    stays = [transferred(story, "E0", at=story.desk)]
    for n in range(1, 8):
        circumstances = came_from(story.desk, f"E{n - 1}")
        more = {"day": "2023-03-05", "circumstances": circumstances}
        stays.append(transferred(story, f"E{n}", at=story.desk, **more))
    start = Barrier(8)

    def settle(stay: str) -> int:
        start.wait()
        return deducted(story.settle(stay))

    with ThreadPoolExecutor(8) as windows:
        found = sorted(windows.map(settle, stays))

    assert found == [*[0] * 7, 400_00]
    assert story.discrepancies() == ()
