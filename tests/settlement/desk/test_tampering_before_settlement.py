"""Every change of what happens to a stay beside its settlement, and what verifying says to it."""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import rows_of
from tests.settlement.desk.tampering import (
    BY_AND_WHEN,
    BY_WHEN_AND_WHY,
    DECLARED_ANEW,
    ONLY_OUTSIDE,
    SoundLedger,
    Unseen,
    fields_in,
)
from tests.settlement.desk.test_changing_admission import DISCHARGE, admitted, said
from tests.settlement.desk.test_deposits import CIRCUMSTANCES, paid
from tests.support.fee_lines import BED, DRUG, DRUG_BACK, MEAL
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, RICHER_POLICY, write_book

UNSEEN: Unseen = {
    "stay-admitted": BY_AND_WHEN,
    "admission-changed": BY_AND_WHEN
    | {DECLARED_ANEW: {"circumstances.care", "circumstances.disease", "scheme"}},
    "admission-cancelled": BY_WHEN_AND_WHY,
    "stay-admitted-again": BY_AND_WHEN,
    "fees-recorded": BY_AND_WHEN
    | {
        "only the outside knows the names of batches and lines": {"batch_number", "lines.number"},
        "no rule asks for the code": {"lines.item_code"},
    },
    "fee-batch-deleted": BY_AND_WHEN,
    "fee-line-corrected": BY_AND_WHEN,
    "fee-line-deleted": BY_AND_WHEN,
    "deposit-paid": BY_AND_WHEN
    | {
        "only the outside knows how it was paid": {"method", "receipt_number"},
        "what the policy allowed of it is asked when it is paid": {
            "limit.fingerprint",
            "limit.most_fen",
            "limit.normal_fen",
        },
    },
    "deposit-refunded": BY_AND_WHEN | {"only the outside knows how it was refunded": {"method"}},
    "patient-discharged": BY_AND_WHEN
    | {"only the outside knows how the patient left": {"departure"}},
    "discharge-undone": BY_WHEN_AND_WHY,
    "tender-recorded": {ONLY_OUTSIDE: {"by.operator"}},
}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
    """An admission changed and cancelled; another under its number, with fees corrected in every
    way there is, a deposit that pays, and a discharge that was undone."""
    data: Path = tmp_path_factory.mktemp("ledger")
    parts, people = open_parts(data, policies=write_book(data / "policies", RICHER_POLICY))
    people.add(P1, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    stay = admitted(desk)
    said(desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-01"}))
    said(desk.write(f"{stay}/admission/cancellation", {"reason": "登记错误"}))
    admitted(desk)
    said(desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-27"}))
    said(paid(desk, stay, "R1", 150_00))
    for body in (
        {"batch_number": "1", "lines": [BED, DRUG]},
        {"batch_number": "2", "lines": [DRUG_BACK, MEAL]},
    ):
        said(desk.write(f"{stay}/fees", body))
    corrected = MEAL | {"quantity": "2", "amount_fen": 100_00}
    said(desk.write(f"{stay}/fees/lines/correction", {"line": corrected}))
    said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L3"}))
    again = {"batch_number": "3", "lines": [DRUG_BACK, MEAL], "replaces": "2"}
    said(desk.write(f"{stay}/fees", again))
    said(desk.write(f"{stay}/fees", {"batch_number": "4", "lines": [MEAL | {"line_number": "L6"}]}))
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "4"}))
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    said(desk.write(f"{stay}/discharge/cancellation", {"reason": "漏记"}))
    said(paid(desk, stay, "R2", 50_00))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"circumstances": CIRCUMSTANCES}))
    owed_fen = said(desk.write(f"{stay}/preview", {}))["patient_fen"]
    tender = {"deposit_fen": 190_00, "cash_fen": owed_fen - 190_00}
    said(desk.write(f"{stay}/settlement", {"tender": tender}))
    said(desk.write(f"{stay}/deposits/refund", {"amount_fen": 10_00, "method": "cash"}))
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Nothing is found in it."""
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 641


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value, every line: only what is listed may go unseen."""
    assert ledger.unseen_fields(kind) == fields_in(UNSEEN[kind])


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them, with everything after it numbered anew, but the last: a ledger cut off."""
    assert ledger.rows[-1].kind == "deposit-refunded"
    assert ledger.unseen_taken_out(*UNSEEN) == ["deposit-refunded"]
    assert ledger.unseen_doubled(*UNSEEN) == []
