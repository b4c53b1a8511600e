"""Interim settlement (中途结算): a stay that goes on, settled part by part.

Each part has 500.00 of its own to bear, and the fund pays 80% of the rest.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

from contracts.vocabulary import InstitutionId
from settlement.application.ledger_history import settlements_recorded
from settlement.application.read_notices import happened_in
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.domain.stay import stay_id_of
from tests.settlement.desk.parts_of_a_stay import (
    ABOVE_500,
    OF_STAY,
    Story,
    law,
    refused,
    said,
)
from tests.support.settlement_desk import P1
from tests.support.small_policies import layer_text, policy_text

DAYS = """\
base: total
rate:
  choose:
    - {when: {days: {from: 61}}, value: 90%}
    - {otherwise: 80%}
"""


def test_a_long_stay_is_settled_in_two_parts(tmp_path: Path) -> None:
    """120 days from 1 September, the first 60 settled by themselves: each part bears 500.00."""
    story = Story(tmp_path, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 30_000_00)
    second = story.interim(first, "2022-10-30")
    assert second == str(stay_id_of(InstitutionId(story.desk.institution), "L1", 2))
    paid = story.settle(first)
    assert (paid["funds_fen"], paid["patient_fen"]) == (23_600_00, 6_400_00)
    assert (paid["part"], paid["part_label"]) == (1, "第1段（中途结算）")

    story.fees(second, 10_000_00)
    story.leave(second, "2022-12-30")
    paid = story.settle(second)

    assert (paid["admission_date"], paid["discharge_date"]) == ("2022-10-31", "2022-12-30")
    assert (paid["funds_fen"], paid["patient_fen"]) == (7_600_00, 2_400_00)
    assert (paid["part"], paid["part_label"]) == (2, "第2段（末段）")
    shown = said(story.desk.read(f"/v1/stays/{second}"))
    assert (shown["part"], shown["former_stay_id"], shown["goes_on"]) == (2, first, False)
    assert story.discrepancies() == ()


def test_the_days_of_the_parts_add_up_to_those_of_the_stay(tmp_path: Path) -> None:
    """From 61 days on 90% is paid: 60 nights and 60 nights are not 61 in either part, and were the
    whole stay counted, the second part would end on its 120th."""
    for parts, second_fen in (("of_part", 8_000_00), ("of_stay", 9_000_00)):
        text = f"stays_in_parts: {{settled: as_stays_of_their_own, dates: {parts}}}\n"
        story = Story(tmp_path / parts, law(DAYS, parts=text))
        first = story.admit("L1", "2022-09-01")
        story.fees(first, 10_000_00)
        second = story.interim(first, "2022-10-30")
        assert story.settle(first)["funds_fen"] == 8_000_00
        story.fees(second, 10_000_00)
        story.leave(second, "2022-12-30")
        assert story.settle(second)["funds_fen"] == second_fen
        assert story.discrepancies() == ()


def test_a_stay_over_new_year_is_counted_in_each_year(tmp_path: Path) -> None:
    """At most 1,000.00 a year: split at New Year's Eve each part finds a cap of its own."""
    capped = "base: total\nrate: 80%\ncaps: [{per: year, of: payment, amount: 1000}]\n"
    story = Story(tmp_path, law(capped))
    first = story.admit("L1", "2022-12-20")
    story.fees(first, 2_000_00)
    second = story.interim(first, "2022-12-31")
    assert story.settle(first)["funds_fen"] == 1_000_00
    story.fees(second, 1_500_00)
    story.leave(second, "2023-01-10")

    assert story.settle(second)["funds_fen"] == 1_000_00

    account = said(story.desk.read(f"/v1/persons/{P1}/account"))
    sums = [(year["benefit_year_from"], year["sums"]) for year in account["years"]]
    counted = [(day, each["settlements"], each["stays"], each["total_fen"]) for day, each in sums]
    assert counted == [("2022-01-01", 1, 1, 2_000_00), ("2023-01-01", 1, 1, 1_500_00)]
    assert (account["total"]["settlements"], account["total"]["stays"]) == (2, 1)
    found = said(story.desk.read("/v1/settlements?hospital_stay_number=L1"))["settlements"]
    assert [each["part_label"] for each in found] == ["第1段（中途结算）", "第2段（末段）"]
    assert story.discrepancies() == ()


def test_the_law_of_the_part_or_of_the_stay_as_the_policy_says(tmp_path: Path) -> None:
    """80% until 2022, 50% from 2023 on, chosen by the day of admission: the second part begins in
    2023, the stay in 2022."""
    half = "base: total\nrate: 50%\n"
    most = "base: total\nrate: 80%\n"
    for parts, second_fen in (("of_part", 500_00), ("of_stay", 800_00)):
        said_so = f"stays_in_parts: {{settled: as_stays_of_their_own, dates: {parts}}}\n"
        old = law(most, parts=said_so, ends="2022-12-31")
        new = law(half, parts=said_so, begins="2023-01-01")
        story = Story(tmp_path / parts, old, new)
        first = story.admit("L1", "2022-12-20")
        story.fees(first, 1_000_00)
        second = story.interim(first, "2022-12-31")
        assert story.settle(first)["funds_fen"] == 800_00
        story.fees(second, 1_000_00)
        story.leave(second, "2023-01-10")
        assert story.settle(second)["funds_fen"] == second_fen
        replayed = replay_ledger(
            settlements_recorded(story.desk.parts.ledger.events()),
            story.desk.parts.book,
            Scope(),
        )
        assert replayed.refused == ()
        assert [stay.is_changed for stay in replayed.stays] == [False, False]
        assert story.discrepancies() == ()


def test_two_versions_that_say_it_unlike_refuse(tmp_path: Path) -> None:
    """The new one goes by the stay's first day, on which the old one was in force, which goes by
    the part's: nobody says which."""
    old = law("base: total\nrate: 80%\n", ends="2022-12-31")
    new = law("base: total\nrate: 50%\n", parts=OF_STAY, begins="2023-01-01")
    story = Story(tmp_path, old, new)
    first = story.admit("L1", "2022-12-20")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-12-31")
    story.settle(first)
    story.fees(second, 1_000_00)
    story.leave(second, "2023-01-10")

    assert refused(story.desk.settle(second)) == "parts-unstated"


def test_a_policy_that_does_not_say_refuses_an_interim_settlement(tmp_path: Path) -> None:
    """By name, at once; the stay goes on as it was."""
    story = Story(tmp_path, policy_text(layer_text(ABOVE_500)))
    stay = story.admit("L1", "2022-09-01")
    story.fees(stay, 1_000_00)

    answer = story.desk.write(f"/v1/stays/{stay}/interim", {"until": "2022-10-30"})

    assert refused(answer) == "parts-unstated"
    assert "stays_in_parts" in answer.json()["detail"]
    assert said(story.desk.read(f"/v1/stays/{stay}"))["status"] == "admitted"
    story.leave(stay, "2022-12-30")
    assert story.settle(stay)["funds_fen"] == 400_00


def test_parts_are_settled_in_their_order(tmp_path: Path) -> None:
    """The second is refused, naming the first, until that is settled."""
    story = Story(tmp_path, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-10-30")
    story.fees(second, 1_000_00)
    story.leave(second, "2022-12-30")

    early = story.desk.settle(second)
    assert refused(early) == "former-part-unsettled"
    assert "请先结算第 1 段" in early.json()["detail"]
    assert refused(story.desk.write(f"/v1/stays/{second}/preview", {})) == "former-part-unsettled"
    story.settle(first)
    assert story.settle(second)["funds_fen"] == 400_00


def test_an_interim_close_is_undone_while_the_next_part_is_empty(tmp_path: Path) -> None:
    """Not while it has fees, a discharge, or the part is settled; afterwards it may be closed on
    another day, and the next part begins anew."""
    story = Story(tmp_path, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-10-30")
    undo, reason = f"/v1/stays/{first}/discharge/cancellation", {"reason": "选错日期"}
    story.fees(second, 10_00)
    assert refused(story.desk.write(undo, reason)) == "next-part-stands"
    said(story.desk.write(f"/v1/stays/{second}/fees/deletion", {"batch_number": "1"}))
    story.settle(first)
    assert refused(story.desk.write(undo, reason)) == "already-settled"
    story.undo(first)

    said(story.desk.write(undo, reason))

    assert said(story.desk.read(f"/v1/stays/{first}"))["status"] == "admitted"
    assert said(story.desk.read(f"/v1/stays/{second}"))["status"] == "cancelled"
    batch = {"batch_number": "9", "charges": {"total_fen": 1_00}}
    late = story.desk.write(f"/v1/stays/{second}/fees", batch)
    assert (refused(late), "请办理第 1 段" in late.json()["detail"]) == ("stay-cancelled", True)
    listed = said(story.desk.read("/v1/stays"))["stays"]
    assert [(s["part"], s["goes_on"], s["status"]) for s in listed] == [
        (1, False, "admitted"),
        (2, False, "cancelled"),
    ]
    assert story.interim(first, "2022-11-15") == second
    begun = said(story.desk.read(f"/v1/stays/{second}"))
    assert (begun["admission_date"], begun["status"]) == ("2022-11-16", "admitted")
    assert story.discrepancies() == ()


def test_a_part_is_no_admission_of_its_own(tmp_path: Path) -> None:
    """It is not cancelled by itself, and begins where the one before it ended."""
    story = Story(tmp_path, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-10-30")
    path = f"/v1/stays/{second}/admission"

    assert refused(story.desk.write(f"{path}/cancellation", {"reason": "误"})) == "belongs-to-part"
    other_day = {"admission_date": "2022-11-02"}
    assert refused(story.desk.write(f"{path}/change", other_day)) == "belongs-to-part"
    other = {"admission_date": "2022-10-31", "circumstances": {"surgery": True}}
    said(story.desk.write(f"{path}/change", other))
    assert refused(story.desk.write(f"/v1/stays/{first}/interim", {"until": "2022-11-02"})) == (
        "already-discharged"
    )


def test_nobody_is_told_of_an_admission_or_a_discharge_that_was_none(tmp_path: Path) -> None:
    """One admission and one discharge, whatever the parts."""
    story = Story(tmp_path, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-10-30")
    said(story.desk.write(f"/v1/stays/{first}/discharge/cancellation", {"reason": "选错"}))
    story.interim(first, "2022-10-31")
    story.leave(second, "2022-12-30")

    ledger = story.desk.parts.ledger
    told = [found for logged in ledger.events() if (found := happened_in(logged, ledger))]

    assert [(each.kind.value, each.day) for each in told] == [
        ("admitted", date(2022, 9, 1)),
        ("discharged", date(2022, 12, 30)),
    ]


def test_undoing_the_first_part_makes_the_second_again(tmp_path: Path) -> None:
    """1,000.00 a year: 800.00 and 200.00; without the first part the second takes 800.00."""
    capped = "base: total\nrate: 80%\ncaps: [{per: year, of: payment, amount: 1000}]\n"
    story = Story(tmp_path, law(capped))
    first = story.admit("L1", "2022-03-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-05-31")
    story.fees(second, 1_000_00)
    story.settle(first)
    story.leave(second, "2022-06-30")
    assert story.settle(second)["funds_fen"] == 200_00

    undone = story.undo(first)

    assert [a["hospital_stay_number"] for a in undone["adjustments"]] == ["L1"]
    assert story.statement(second)["funds_fen"] == 800_00
    assert story.settle(first)["funds_fen"] == 200_00
    assert story.discrepancies() == ()


def test_of_eight_who_close_at_once_one_does(tmp_path: Path) -> None:
    """The others are told that the part has ended; there is one next part."""
    story = Story(tmp_path, law(ABOVE_500))
    stay = story.admit("L1", "2022-09-01")
    story.fees(stay, 1_000_00)
    start = Barrier(8)

    def close(_: int) -> str:
        start.wait()
        answer = story.desk.write(f"/v1/stays/{stay}/interim", {"until": "2022-10-30"})
        return "done" if answer.status_code == 200 else refused(answer)

    with ThreadPoolExecutor(8) as windows:
        answers = sorted(windows.map(close, range(8)))

    assert answers == [*["already-discharged"] * 7, "done"]
    assert len(said(story.desk.read("/v1/stays"))["stays"]) == 2
    assert story.discrepancies() == ()
