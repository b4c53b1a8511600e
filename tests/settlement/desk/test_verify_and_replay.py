"""The auditor's questions: is the ledger right, and what would another policy have paid?"""

import shutil
import sqlite3
from pathlib import Path

import pytest

from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, load_book
from settlement.application.law_library import LawLibrary
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import PATIENT, Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from tests.support.settlement_desk import P1, P2, SAMPLES, Desk, open_parts

YUBEI = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
BURDEN = {"total_fen": 300_000_00, "in_scope_fen": 300_000_00}


@pytest.fixture(name="policies")
def _policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_POLICIES, tmp_path / "policies"))


def settled_desk(data: Path, policies: Path | None = None) -> Desk:
    """Two stays in Yubei, one reversed and settled again; one of 2019 in Hubei."""
    parts, people = open_parts(data, policies=policies)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    people.add(P2, region="420000")
    desk = Desk(parts)
    desk.import_institutions()
    for number in ("A1", "A2"):
        stay = desk.discharged(P1, number, charges=YUBEI)
        assert desk.settle(stay).status_code == 200
    assert desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"}).is_success
    assert desk.settle(stay).status_code == 200
    hubei = Desk(parts, institution="H42000000001")
    stay = hubei.discharged(
        P2, "B1", charges=BURDEN, admission="2019-05-06", discharge="2019-06-01"
    )
    answer = hubei.settle(stay, decided_elsewhere_fen={"basic": 150_000_00})
    assert answer.status_code == 200, answer.text
    return desk


def test_a_ledger_verifies_with_zero_difference(tmp_path: Path) -> None:
    """Reversed settlements are recomputed too."""
    desk = settled_desk(tmp_path)
    found = verify_ledger(desk.parts.ledger, desk.parts.laws)
    assert (found.settlements, found.reversals, found.discrepancies) == (4, 1, ())


def test_editing_or_deleting_policy_files_changes_nothing(tmp_path: Path, policies: Path) -> None:
    """The law is in the ledger: other files, or none, and everything verifies the same.

    On a published file that was edited the services do not even start.
    """
    desk = settled_desk(tmp_path / "data", policies)
    before = desk.read(f"/v1/stays/{_first_stay(desk)}/statement").json()
    document = policies / "500112/resident/2023-01-01.v1.yaml"
    document.write_text(
        document.read_text(encoding="utf-8").replace("70%", "10%"), encoding="utf-8"
    )
    with pytest.raises(PolicyFileFaulty, match="公布，不能改"):
        open_parts(tmp_path / "data", policies=policies)
    assert verify_ledger(desk.parts.ledger, LawLibrary(desk.parts.ledger)).discrepancies == ()
    shutil.rmtree(policies)
    policies.mkdir()
    emptied, _ = open_parts(tmp_path / "data", policies=policies)
    assert verify_ledger(emptied.ledger, emptied.laws).discrepancies == ()
    assert Desk(emptied).read(f"/v1/stays/{_first_stay(desk)}/statement").json() == before


def test_replay_under_the_recorded_policies_changes_nothing(tmp_path: Path) -> None:
    """Every amount of every payer is the same, and nothing is refused."""
    desk = settled_desk(tmp_path)
    found = replay_ledger(
        settlements_recorded(desk.parts.ledger.events()), desk.parts.book, Scope()
    )
    assert len(found.stays) == 3
    assert found.refused == ()
    assert found.most_changed(10) == ()
    assert all(before == after for before, after in found.totals_fen().values())


def test_replay_under_the_real_revision_gives_the_precise_difference(tmp_path: Path) -> None:
    """Hubei's first band rose from 55% to 60% between 2018 and 2023: 18,000 × 5% = 900 yuan."""
    desk = settled_desk(tmp_path)
    book = load_book(SHIPPED_POLICIES, SAMPLES / "revised_policies")

    recorded = settlements_recorded(desk.parts.ledger.events())
    found = replay_ledger(recorded, book, Scope(region="420000"))

    assert found.totals_fen()["critical_illness"] == (92_900_00, 93_800_00)
    changed = found.most_changed(10)
    assert [s.patient_change_fen for s in changed] == [-900_00]
    assert changed[0].after_fen[PATIENT] == 56_200_00


def test_a_replay_can_be_narrowed_to_a_region_and_a_period(tmp_path: Path) -> None:
    """What is outside is settled again for its counters and not reported."""
    desk = settled_desk(tmp_path)
    recorded = settlements_recorded(desk.parts.ledger.events())
    assert len(replay_ledger(recorded, desk.parts.book, Scope(region="420000")).stays) == 1
    day = recorded[0].inputs.settled_on
    later = Scope(first=day.replace(day=day.day + 1))
    assert replay_ledger(recorded, desk.parts.book, later).stays == ()


def test_a_book_without_the_region_lists_the_stays_it_refuses(
    tmp_path: Path, policies: Path
) -> None:
    """Refused stays are named with the reason, and are in no total."""
    desk = settled_desk(tmp_path / "data")
    shutil.rmtree(policies / "420000")
    found = replay_ledger(
        settlements_recorded(desk.parts.ledger.events()), load_book(policies), Scope()
    )
    assert [
        (r.settlement.inputs.eligibility.person_id, "420000" in r.reason) for r in found.refused
    ] == [(P2, True)]
    assert "critical_illness" in found.totals_fen()
    assert found.totals_fen()["critical_illness"] == (8_111_40, 8_111_40)


@pytest.mark.parametrize(
    ("topic", "old", "new", "says"),
    [
        ("payer-step-settled", b'"paid_fen":1064700', b'"paid_fen":1064701', "医疗救助"),
        ("settlement-completed", b'"patient_fen":562520', b'"patient_fen":562519', "结算完成"),
        ("settlement-opened", b'"in_scope_fen":5000000', b'"in_scope_fen":5000001', "结算输入"),
        ("counters-moved", b'"tilt.paid":93780', b'"tilt.paid":93700', "年度累计"),
        ("policy-adopted", b"70%", b"71%", "重新计算"),
    ],
)
def test_a_changed_ledger_is_found_out_by_stay_and_step(
    tmp_path: Path, topic: str, old: bytes, new: bytes, says: str
) -> None:
    """One fen, one counter or one word of the law altered in the file: verify names the place."""
    settled_desk(tmp_path)
    _alter(tmp_path / "settlement.sqlite", topic, old, new)

    parts, _ = open_parts(tmp_path)
    found = verify_ledger(parts.ledger, parts.laws).discrepancies

    assert found
    assert found[0].stay == "A1"
    assert found[0].settlement == "500112-2026-0000001"
    assert any(d.step == says for d in found), found


def _alter(path: Path, topic: str, old: bytes, new: bytes) -> None:
    """Tamper with the first event of a topic, past the triggers that forbid it."""
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    rowid, state = connection.execute(
        "SELECT rowid, state FROM stored_events WHERE topic LIKE ? ORDER BY rowid", (f"%{topic}%",)
    ).fetchone()
    if old not in state:
        rows = connection.execute(
            "SELECT rowid, state FROM stored_events WHERE topic LIKE ?", (f"%{topic}%",)
        ).fetchall()
        rowid, state = next((r, s) for r, s in rows if old in s)
    connection.execute(
        "UPDATE stored_events SET state = ? WHERE rowid = ?", (state.replace(old, new), rowid)
    )
    connection.commit()
    connection.close()


def _first_stay(desk: Desk) -> str:
    return str(settlements_recorded(desk.parts.ledger.events())[0].stay_id)
