"""What somebody with the database file could do to the ledger, and what verifying says to it.

The triggers that forbid changes are gone in these stories, and whatever is taken out or put in is
numbered anew, so that only what the events say about each other can give it away.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from eventlog.sqlite_engine import open_engine
from settlement.application.verify_ledger import verify_ledger
from settlement.bootstrap import Parts
from settlement.domain.postings import Account
from settlement.read_models.fund_account import FundAccount
from tests.settlement.desk.ledger_rows import (
    LedgerOfRows,
    Row,
    changed,
    changes,
    renumbered,
    rows_of,
    state_of,
)
from tests.settlement.desk.tampering import (
    ANSWERED,
    BY_AND_WHEN,
    DECIDES_NOTHING,
    DECLARED_ANEW,
    EVERYTHING_SEEN,
    IDENTITIES_ANSWERED,
    ONLY_OUTSIDE,
    SoundLedger,
    Unseen,
    fields_in,
    within,
)
from tests.support.settlement_desk import P1, P2, Desk, open_parts

INSTITUTIONS = """机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期
H50011200001,渝北区样例二级医院（虚构）,500112,二级,县级,公立,定点,2015-01-01,
H42000000001,湖北样例三级医院（虚构）,420106,三级,省级,公立,定点,2015-01-01,
"""
BILL = {"total_fen": 26_000_00, "in_scope_fen": 25_000_00, "first_self_pay_fen": 200_00}
FUND = "/v1/funds/500000-basic/payments"
PAYMENT = {
    "institution_id": "H50011200001",
    "amount_fen": 10_000_00,
    "kind": "partial",
    "paid_on": "2026-03-01",
    "bank_reference": "BANK-1",
}
FIRST, UNDONE, AGAIN = (f"500112-2026-{n:07d}" for n in (1, 2, 3))

OF_PAYMENT = {ONLY_OUTSIDE: {"by.institution_id", "by.operator", "timestamp"}}
UNSEEN: Unseen = {
    "institution-registered": EVERYTHING_SEEN,
    "institution-described": {
        ONLY_OUTSIDE: {"by.institution_id", "by.operator", "source", "descriptions.ownership"},
        "the days of the stays are still within": {
            "descriptions.valid_from",
            "descriptions.valid_to",
        },
    },
    "stay-admitted": BY_AND_WHEN | {DECLARED_ANEW: {"scheme"}},
    "fees-recorded": BY_AND_WHEN
    | {"only the outside knows the names of batches": {"batch_number"}},
    "patient-discharged": BY_AND_WHEN
    | {"only the outside knows how the patient left": {"departure"}},
    "settlement-opened": {
        DECIDES_NOTHING: within("inputs.eligibility", ANSWERED, IDENTITIES_ANSWERED)
    },
    "payer-step-settled": EVERYTHING_SEEN,
    "settlement-completed": EVERYTHING_SEEN,
    "settlement-reversed": {ONLY_OUTSIDE: {"by.operator", "reason"}},
    "benefit-year-opened": EVERYTHING_SEEN,
    "counters-moved": EVERYTHING_SEEN,
    "counters-restored": EVERYTHING_SEEN,
    "settlement-order-begun": EVERYTHING_SEEN,
    "settlement-taken": EVERYTHING_SEEN,
    "settlement-undone": EVERYTHING_SEEN,
    "policy-adopted": EVERYTHING_SEEN,
    "fund-payment-opened": EVERYTHING_SEEN,
    "fund-payment-recorded": OF_PAYMENT,
    "fund-payment-withdrawn": OF_PAYMENT,
}
OF_FUNDS = ("fund-payment-opened", "fund-payment-recorded", "fund-payment-withdrawn")
"""What the accounts of the funds know better than the log does."""


@pytest.fixture(name="data", scope="module")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(name="parts", scope="module")
def _parts(data: Path) -> Parts:
    """Two stays of one person, the second reversed and settled again; a third that another
    system decided in part; a payment recorded wrongly, withdrawn and recorded again."""
    parts, people = open_parts(data)
    people.add(P1, region="500112", identities=("subsistence_margin",), birth_date=date(1970, 1, 1))
    people.add(P2, region="420000")
    desk, hubei = Desk(parts), Desk(parts, institution="H42000000001")
    assert desk.write("/v1/institutions?name=i.csv", content=INSTITUTIONS.encode()).is_success
    assert desk.write("/v1/settlements", _whole_stay("A1")).is_success
    stay = desk.discharged(P1, "A2", charges=BILL)
    for path in ("settlement", "settlement/reversal", "settlement"):
        asked = {"reason": "更正"} if path.endswith("reversal") else {}
        assert desk.write(f"/v1/stays/{stay}/{path}", asked).is_success
    burden = {"total_fen": 300_000_00, "in_scope_fen": 300_000_00}
    stay = hubei.discharged(
        P2, "B1", charges=burden, admission="2019-05-06", discharge="2019-06-01"
    )
    assert hubei.settle(stay, decided_elsewhere_fen={"basic": 150_000_00}).is_success
    assert desk.write(FUND, PAYMENT).is_success
    mistake = {"bank_reference": "BANK-1", "reason": "金额有误"}
    assert desk.write(f"{FUND}/withdrawal", mistake).is_success
    assert desk.write(FUND, PAYMENT | {"amount_fen": 12_000_00}).is_success
    parts.fund_account.catch_up()
    return parts


@pytest.fixture(name="ledger", scope="module")
def _ledger(data: Path, parts: Parts) -> SoundLedger:
    return SoundLedger(rows_of(data / "settlement.sqlite"), books=parts.fund_account)


def _whole_stay(number: str) -> dict[str, object]:
    return {
        "person_id": P1,
        "hospital_stay_number": number,
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "invoice_number": "FP-1",
        "circumstances": {
            "referral": False,
            "diagnosis": {"code": "K35.900", "system": "ICD-10", "version": "医保版 2.0"},
        },
        "batches": [{"batch_number": n, "charges": BILL} for n in ("1", "2")],
    }


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Nothing is found in it, with and without the accounts of the funds."""
    assert {row.kind for row in ledger.rows} == UNSEEN.keys()
    assert ledger.discrepancies(with_books=True) == ()
    assert ledger.discrepancies() == ()
    assert ledger.changes_of() >= 2200


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_of_any_event_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value, every entry of every map and list: only what is listed may go unseen."""
    unseen = ledger.unseen_fields(kind, with_books=kind in OF_FUNDS)
    assert unseen == fields_in(UNSEEN[kind])


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them, with everything after it numbered anew."""
    assert ledger.unseen_taken_out(with_books=True) == []
    assert ledger.unseen_doubled(with_books=True) == []


def test_what_goes_on_from_a_place_finds_what_the_whole_walk_finds(ledger: SoundLedger) -> None:
    """Where a test asks only whether anything is found: one change in forty, seen and unseen."""
    every = [(at, other) for at, row in enumerate(ledger.rows) for _, other in changes(row)]
    tampered = [ledger.with_changed(at, other) for at, other in every[::40]]
    found = [bool(ledger.discrepancies(rows)) for rows in tampered]
    assert set(found) == {True, False}
    assert [ledger.is_found(rows) for rows in tampered] == found


def test_an_event_in_another_stream_or_place_is_found(ledger: SoundLedger) -> None:
    """A stream's id or version changed, or two neighbours of one stream exchanged.

    Two batches of fees are the same bill in either order.
    """
    other = UUID("00000000-0000-4000-8000-00000000ffff")
    for at, row in enumerate(ledger.rows):
        elsewhere = ledger.with_changed(at, replace(row, stream=other))
        assert ledger.is_found(elsewhere, with_books=True), row.kind
        later = replace(row, version=row.version + 1)
        assert ledger.is_found(ledger.with_changed(at, later), with_books=True), row.kind
    for at, (row, after) in enumerate(pairwise(ledger.rows)):
        kinds = {row.kind, after.kind}
        if row.stream == after.stream and kinds != {"fees-recorded"}:
            exchanged = [*ledger.rows[:at], after, row, *ledger.rows[at + 2 :]]
            assert ledger.is_found(renumbered(exchanged), with_books=True), row.kind


Tampered = Callable[[SoundLedger], list[Row]]


def _reversal_with(**values: object) -> Tampered:
    def tamper(ledger: SoundLedger) -> list[Row]:
        at = ledger.where("settlement-reversed")
        return ledger.with_changed(at, changed(ledger.rows[at], **values))

    return tamper


def _completion_with(**values: object) -> Tampered:
    def tamper(ledger: SoundLedger) -> list[Row]:
        at = ledger.where("settlement-completed", number=FIRST)
        return ledger.with_changed(at, changed(ledger.rows[at], **values))

    return tamper


def _reversal_share_of_one_fen(ledger: SoundLedger) -> list[Row]:
    at = ledger.where("settlement-reversed")
    shares = state_of(ledger.rows[at])["shares"]
    shares[0]["amount_fen"] = 1
    return ledger.with_changed(at, changed(ledger.rows[at], shares=shares))


def _without_the_reversal(ledger: SoundLedger) -> list[Row]:
    return ledger.without(ledger.where("settlement-reversed"))


def _completed_twice(ledger: SoundLedger) -> list[Row]:
    at = ledger.where("settlement-completed", number=FIRST)
    return renumbered([*ledger.rows[: at + 1], *ledger.rows[at:]])


def _without_the_last_settlement_of(number: str) -> Tampered:
    def tamper(ledger: SoundLedger) -> list[Row]:
        kinds = ("settlement-opened", "payer-step-settled", "settlement-completed")
        gone = [
            at
            for at, row in enumerate(ledger.rows)
            if row.kind in kinds and state_of(row)["number"] == number
        ]
        return ledger.without(*gone)

    return tamper


def _without_all(kind: str) -> Tampered:
    def tamper(ledger: SoundLedger) -> list[Row]:
        return ledger.without(*(at for at, row in enumerate(ledger.rows) if row.kind == kind))

    return tamper


def _other_circumstances(ledger: SoundLedger) -> list[Row]:
    at = ledger.where("stay-admitted", hospital_stay_number="A1")
    circumstances = state_of(ledger.rows[at])["circumstances"] | {"referral": True}
    return ledger.with_changed(at, changed(ledger.rows[at], circumstances=circumstances))


def _number_used_twice(ledger: SoundLedger) -> list[Row]:
    return [
        changed(row, number=FIRST) if state_of(row).get("number") == AGAIN else row
        for row in ledger.rows
    ]


@pytest.mark.parametrize(
    ("tamper", "stay", "settlement", "step"),
    [
        (_reversal_share_of_one_fen, "A2", UNDONE, "撤销结算"),
        (_reversal_with(patient_fen=1), "A2", UNDONE, "撤销结算"),
        (_reversal_with(booked_on="2026-04-01"), "A2", UNDONE, "撤销结算"),
        (_without_the_reversal, "A2", UNDONE, "年度累计冲回"),
        (_completion_with(booked_on="2025-03-02"), "A1", FIRST, "结算完成"),
        (_completion_with(total_fen=1), "A1", FIRST, "结算完成"),
        (_completion_with(institution_id="H42000000001"), "A1", FIRST, "结算完成"),
        (_completion_with(assumed=[]), "A1", FIRST, "结算完成"),
        (_completed_twice, "A1", FIRST, "结算"),
        (_without_the_last_settlement_of(AGAIN), "A2", AGAIN, "年度累计"),
        (_without_all("settlement-taken"), "A1", FIRST, "结算次序"),
        (_without_all("counters-moved"), "A1", FIRST, "年度累计"),
        (_without_all("policy-adopted"), "A1", FIRST, "重新计算"),
        (_without_all("settlement-completed"), "A1", FIRST, "结算完成"),
        (_other_circumstances, "A1", FIRST, "结算输入"),
        (_number_used_twice, "A2", FIRST, "结算输入"),
    ],
)
def test_the_first_discrepancy_names_stay_settlement_and_step(
    ledger: SoundLedger, tamper: Tampered, stay: str, settlement: str, step: str
) -> None:
    """Whatever was done, the first thing found is where it was done."""
    first = ledger.discrepancies(tamper(ledger))[0]
    assert (first.stay, first.settlement, first.step) == (stay, settlement, step)


def test_discrepancies_come_in_ledger_order(ledger: SoundLedger) -> None:
    """Two changes far apart are reported by their places, the earlier first."""
    late, early = ledger.where("settlement-reversed"), ledger.where("counters-moved", number=FIRST)
    rows = ledger.with_changed(late, changed(ledger.rows[late], patient_fen=1))
    rows[early] = changed(rows[early], number="x")
    found = ledger.discrepancies(rows)
    assert [d.position for d in found] == sorted(d.position for d in found)
    assert found[0].position == early + 1
    assert late + 1 in {d.position for d in found}


def test_a_payment_changed_after_it_was_booked_is_found_in_the_accounts(
    ledger: SoundLedger,
) -> None:
    """The log alone agrees with itself; the accounts of the funds still have the old amount."""
    at = len(ledger.rows) - 1
    payment = state_of(ledger.rows[at])["payment"] | {"amount_fen": 9}
    rows = ledger.with_changed(at, changed(ledger.rows[at], payment=payment))

    assert ledger.discrepancies(rows) == ()
    found = ledger.discrepancies(rows, with_books=True)

    assert {d.step for d in found} == {"基金账"}
    lines = [d for d in found if d.what.startswith("500000-basic")]
    assert [(d.in_ledger, d.recomputed) for d in lines] == [
        ("2026-03-02 0.09 部分拨付", "（无）"),
        ("（无）", "2026-03-02 12000.00 部分拨付"),
    ]


def test_a_ledger_cut_off_at_its_end_is_found_by_the_accounts(ledger: SoundLedger) -> None:
    """The accounts have booked further than the log goes."""
    found = ledger.discrepancies(ledger.rows[:-1], with_books=True)
    assert found[0].step == "事件日志"
    assert found[0].in_ledger == str(len(ledger.rows) - 1)
    assert found[0].recomputed == f"基金账已记到 {len(ledger.rows)}"


def test_an_event_that_cannot_be_read_is_reported_and_not_a_crash(ledger: SoundLedger) -> None:
    """What came before it is verified; what comes after it is said not to be."""
    at = ledger.where("settlement-reversed")
    rows = ledger.with_changed(at, replace(ledger.rows[at], state=b"{"))
    found = ledger.discrepancies(rows, with_books=True)
    assert [d.in_ledger for d in found] == ["无法读出，未核对"]
    assert found[0].position == at + 1


class TornBooks(FundAccount):
    """Accounts whose tables cannot be read."""

    def trial_balance(self) -> dict[Account, tuple[int, int]]:
        """Fails."""
        raise OSError("disk I/O error")


class RestlessBooks(FundAccount):
    """Accounts that have booked more each time somebody looks."""

    position = 0

    def catch_up(self) -> int:
        """Moves on."""
        self.position += 1
        return self.position

    def caught_up(self) -> AbstractContextManager[Connection]:
        """What stands, though there is more already."""
        return self.reading()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (TornBooks, "disk I/O error"),
        (RestlessBooks, "账本一直在写入，未能核对；请在业务间歇时再验"),
    ],
)
def test_books_that_could_not_be_compared_are_reported(
    ledger: SoundLedger, parts: Parts, tmp_path: Path, kind: type[FundAccount], says: str
) -> None:
    """It is a discrepancy, not a silence and not a crash; the rest is verified all the same."""
    books = kind(log=parts.ledger.log, engine=open_engine(tmp_path / "books.sqlite"))
    books.create_tables()
    found = verify_ledger(LedgerOfRows(ledger.rows), parts.laws, fund_books=books)
    assert [(d.step, d.recomputed) for d in found.discrepancies] == [("基金账", says)]
    assert (found.settlements, found.fund_books_until) == (4, None)
