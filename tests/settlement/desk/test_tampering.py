"""What somebody with the database file could do to the ledger, and what verifying says to it.

The triggers that forbid changes are gone in these stories, and whatever is taken out or put in is
numbered anew, so that only what the events say about each other can give it away.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from eventlog.sqlite_engine import open_engine
from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import Discrepancy, verify_ledger
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

UNSEEN = {
    "institution-registered": set[str](),
    "institution-described": {
        "by.institution_id",
        "by.operator",
        "descriptions.ownership",
        "descriptions.valid_from",
        "descriptions.valid_to",
        "source",
    },
    "stay-admitted": {"by.operator", "scheme", "timestamp"},
    "fees-recorded": {"batch_number", "by.operator", "timestamp"},
    "patient-discharged": {"by.operator", "departure", "timestamp"},
    "settlement-opened": {
        "inputs.eligibility.age",
        "inputs.eligibility.enrolment.plan",
        "inputs.eligibility.enrolment.recorded_at",
        "inputs.eligibility.enrolment.source",
        "inputs.eligibility.enrolment.valid_from",
        "inputs.eligibility.enrolment.valid_to",
        "inputs.eligibility.identities",
        "inputs.eligibility.identities.recorded_at",
        "inputs.eligibility.identities.source",
        "inputs.eligibility.identities.valid_from",
        "inputs.eligibility.identities.valid_to",
        "inputs.eligibility.known_at",
        "inputs.eligibility.version",
    },
    "payer-step-settled": set[str](),
    "settlement-completed": set[str](),
    "settlement-reversed": {"by.operator", "reason"},
    "benefit-year-opened": set[str](),
    "counters-moved": set[str](),
    "counters-restored": set[str](),
    "settlement-order-begun": set[str](),
    "settlement-taken": set[str](),
    "settlement-undone": set[str](),
    "policy-adopted": set[str](),
    "fund-payment-opened": set[str](),
    "fund-payment-recorded": {"by.institution_id", "by.operator", "timestamp"},
    "fund-payment-withdrawn": {"by.institution_id", "by.operator", "timestamp"},
}
"""Of each kind of event the fields of which a change may go unseen, in this ledger: what only
the outside knows, and what decides no amount here. `verify_ledger` says so in words."""


@dataclass(frozen=True)
class Story:
    """A ledger, its rows, and the laws in it."""

    desk: Desk
    rows: list[Row]
    laws: LawLibrary

    def found_in(self, rows: list[Row], *, with_books: bool = True) -> tuple[Discrepancy, ...]:
        """What verifying finds in changed rows."""
        ledger = LedgerOfRows(rows)
        is_law_kept = {r for r in rows if r.kind == "policy-adopted"} >= {
            r for r in self.rows if r.kind == "policy-adopted"
        }
        laws = self.laws if is_law_kept else LawLibrary(ledger)
        books = self.desk.parts.fund_account if with_books else None
        return verify_ledger(ledger, laws, fund_books=books).discrepancies

    def where(self, kind: str, **values: object) -> int:
        """The place of the first row of a kind with these values."""
        return next(
            at
            for at, row in enumerate(self.rows)
            if row.kind == kind and values.items() <= state_of(row).items()
        )

    def without(self, *gone: int) -> list[Row]:
        """The rows without some, numbered anew."""
        return renumbered([row for at, row in enumerate(self.rows) if at not in gone])

    def with_changed(self, at: int, row: Row) -> list[Row]:
        """The rows with another in a place."""
        return [*self.rows[:at], row, *self.rows[at + 1 :]]


@pytest.fixture(name="story", scope="module")
def _story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two stays of one person, the second reversed and settled again; a third that another
    system decided in part; a payment recorded wrongly, withdrawn and recorded again."""
    data = tmp_path_factory.mktemp("ledger")
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
    rows = rows_of(data / "settlement.sqlite")
    return Story(desk, rows, LawLibrary(LedgerOfRows(rows)))


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


def test_the_story_as_it_was_written_is_right(story: Story) -> None:
    """Nothing is found in it, with and without the accounts of the funds."""
    assert {row.kind for row in story.rows} == UNSEEN.keys()
    assert story.found_in(story.rows) == ()
    assert story.found_in(story.rows, with_books=False) == ()


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_of_any_event_is_found(story: Story, kind: str) -> None:
    """Every value, every entry of every map and list: only what is listed may go unseen."""
    unseen: dict[str, int] = defaultdict(int)
    tried = 0
    for at, row in enumerate(story.rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            # The accounts know payments alone better than the log does.
            with_books = kind.startswith("fund-payment")
            if not story.found_in(story.with_changed(at, other), with_books=with_books):
                unseen[field] += 1
    assert tried >= 5
    assert set(unseen) == UNSEEN[kind]


def test_an_event_taken_out_or_doubled_is_found(story: Story) -> None:
    """Each of them, with everything after it numbered anew."""
    for at, row in enumerate(story.rows):
        assert story.found_in(story.without(at)), f"{row.kind} taken out"
        doubled = renumbered([*story.rows[: at + 1], *story.rows[at:]])
        assert story.found_in(doubled), f"{row.kind} doubled"


def test_an_event_in_another_stream_or_place_is_found(story: Story) -> None:
    """A stream's id or version changed, or two neighbours of one stream exchanged.

    Two batches of fees are the same bill in either order.
    """
    other = UUID("00000000-0000-4000-8000-00000000ffff")
    for at, row in enumerate(story.rows):
        assert story.found_in(story.with_changed(at, replace(row, stream=other))), row.kind
        later = replace(row, version=row.version + 1)
        assert story.found_in(story.with_changed(at, later)), row.kind
    for at, (row, after) in enumerate(pairwise(story.rows)):
        kinds = {row.kind, after.kind}
        if row.stream == after.stream and kinds != {"fees-recorded"}:
            exchanged = [*story.rows[:at], after, row, *story.rows[at + 2 :]]
            assert story.found_in(renumbered(exchanged)), row.kind


Tampered = Callable[[Story], list[Row]]


def _reversal_with(**values: object) -> Tampered:
    def tamper(story: Story) -> list[Row]:
        at = story.where("settlement-reversed")
        return story.with_changed(at, changed(story.rows[at], **values))

    return tamper


def _completion_with(**values: object) -> Tampered:
    def tamper(story: Story) -> list[Row]:
        at = story.where("settlement-completed", number=FIRST)
        return story.with_changed(at, changed(story.rows[at], **values))

    return tamper


def _reversal_share_of_one_fen(story: Story) -> list[Row]:
    at = story.where("settlement-reversed")
    shares = state_of(story.rows[at])["shares"]
    shares[0]["amount_fen"] = 1
    return story.with_changed(at, changed(story.rows[at], shares=shares))


def _without_the_reversal(story: Story) -> list[Row]:
    return story.without(story.where("settlement-reversed"))


def _completed_twice(story: Story) -> list[Row]:
    at = story.where("settlement-completed", number=FIRST)
    return renumbered([*story.rows[: at + 1], *story.rows[at:]])


def _without_the_last_settlement_of(number: str) -> Tampered:
    def tamper(story: Story) -> list[Row]:
        kinds = ("settlement-opened", "payer-step-settled", "settlement-completed")
        gone = [
            at
            for at, row in enumerate(story.rows)
            if row.kind in kinds and state_of(row)["number"] == number
        ]
        return story.without(*gone)

    return tamper


def _without_all(kind: str) -> Tampered:
    def tamper(story: Story) -> list[Row]:
        return story.without(*(at for at, row in enumerate(story.rows) if row.kind == kind))

    return tamper


def _other_circumstances(story: Story) -> list[Row]:
    at = story.where("stay-admitted", hospital_stay_number="A1")
    circumstances = state_of(story.rows[at])["circumstances"] | {"referral": True}
    return story.with_changed(at, changed(story.rows[at], circumstances=circumstances))


def _number_used_twice(story: Story) -> list[Row]:
    return [
        changed(row, number=FIRST) if state_of(row).get("number") == AGAIN else row
        for row in story.rows
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
    story: Story, tamper: Tampered, stay: str, settlement: str, step: str
) -> None:
    """Whatever was done, the first thing found is where it was done."""
    first = story.found_in(tamper(story), with_books=False)[0]
    assert (first.stay, first.settlement, first.step) == (stay, settlement, step)


def test_discrepancies_come_in_ledger_order(story: Story) -> None:
    """Two changes far apart are reported by their places, the earlier first."""
    late, early = story.where("settlement-reversed"), story.where("counters-moved", number=FIRST)
    rows = story.with_changed(late, changed(story.rows[late], patient_fen=1))
    rows[early] = changed(rows[early], number="x")
    found = story.found_in(rows, with_books=False)
    assert [d.position for d in found] == sorted(d.position for d in found)
    assert found[0].position == early + 1
    assert late + 1 in {d.position for d in found}


def test_a_payment_changed_after_it_was_booked_is_found_in_the_accounts(story: Story) -> None:
    """The log alone agrees with itself; the accounts of the funds still have the old amount."""
    at = len(story.rows) - 1
    payment = state_of(story.rows[at])["payment"] | {"amount_fen": 9}
    rows = story.with_changed(at, changed(story.rows[at], payment=payment))

    assert story.found_in(rows, with_books=False) == ()
    found = story.found_in(rows)

    assert {d.step for d in found} == {"基金账"}
    lines = [d for d in found if d.what.startswith("500000-basic")]
    assert [(d.in_ledger, d.recomputed) for d in lines] == [
        ("2026-03-02 0.09 部分拨付", "（无）"),
        ("（无）", "2026-03-02 12000.00 部分拨付"),
    ]


def test_a_ledger_cut_off_at_its_end_is_found_by_the_accounts(story: Story) -> None:
    """The accounts have booked further than the log goes."""
    found = story.found_in(story.rows[:-1])
    assert found[0].step == "事件日志"
    assert found[0].in_ledger == str(len(story.rows) - 1)
    assert found[0].recomputed == f"基金账已记到 {len(story.rows)}"


def test_an_event_that_cannot_be_read_is_reported_and_not_a_crash(story: Story) -> None:
    """What came before it is verified; what comes after it is said not to be."""
    at = story.where("settlement-reversed")
    rows = story.with_changed(at, replace(story.rows[at], state=b"{"))
    found = story.found_in(rows)
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


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (TornBooks, "disk I/O error"),
        (RestlessBooks, "账本一直在写入，未能核对；请在业务间歇时再验"),
    ],
)
def test_books_that_could_not_be_compared_are_reported(
    story: Story, tmp_path: Path, kind: type[FundAccount], says: str
) -> None:
    """It is a discrepancy, not a silence and not a crash; the rest is verified all the same."""
    books = kind(log=story.desk.parts.ledger.log, engine=open_engine(tmp_path / "books.sqlite"))
    books.create_tables()
    found = verify_ledger(LedgerOfRows(story.rows), story.laws, fund_books=books)
    assert [(d.step, d.recomputed) for d in found.discrepancies] == [("基金账", says)]
    assert (found.settlements, found.fund_books_until) == (4, None)
