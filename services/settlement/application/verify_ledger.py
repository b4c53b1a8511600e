"""Verifying the ledger (验账): everything in it is computed again and must be the same.

The log is walked once, in its order. Stays, benefit years, orders, institutions and payments are
decided again from their own events; each settlement is computed again from its inputs under the
policy text the ledger holds, and so is each that a reversal or a late amount must have adjusted;
and every stored event must equal, field by field, the one that comes out. Positions and versions
have no gaps, snapshots stand where the events lead, every journal balances, and the accounts of the
funds, where there are any, hold exactly the lines that the events give.

What is changed consistently cannot be seen from inside, and is left to tamper evidence outside
of the ledger (signatures, copies kept elsewhere):

- what only the outside knows: operators, reasons, how a patient left, the numbers of fee batches
  and lines, the codes of items, a batch uploaded anew with the same lines, the numbers and ways
  of deposits and what the policy allowed of them, the source and ownership of an institution's
  description; the instant of what happens to a stay beside its settlements, of an import, and
  within its day of a payment;
- what eligibility answered, as far as it decides no amount: version, age, plan, sources, and the
  days and instants of an enrolment or identity that still cover the day it was asked for;
- what an admission declared and its discharge declared anew; which stay a transfer goes on, until
  it is settled;
- why a proposal was made and, while nobody has decided on it, an amount that would fit as well; who
  rejected one;
- of a deduction that nothing was decided about since, its reason, its document and an amount that
  would fit, changed with the sum beside it, and why one was withdrawn, unless the accounts of the
  funds had booked it; which office it was, and the instant within its day;
- whom a proposed revision leaves out and why, why a person's part of one has lapsed, and who
  approved, rejected or closed it when;
- a bill, a date, a circumstance or an amount decided elsewhere that was changed in every event
  that repeats it, with all that was computed from it;
- a payment, the last movement of a stay's deposit, the end of the ledger, or a settlement cut out
  with everything that rests on it, unless the accounts of the funds had booked it: they catch up
  when a statement is asked for, and at each verification.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from settlement.application.law_library import LawLibrary
from settlement.application.ports import Ledger, LoggedFact
from settlement.application.verifying.comparing import Finding
from settlement.application.verifying.deductions import DEDUCTION_EVENTS
from settlement.application.verifying.dues import DUE_EVENTS, Dues
from settlement.application.verifying.fund_books import (
    BOOKS,
    BooksAgain,
    BooksRead,
    FundBooks,
    read_books,
)
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.late import LATE_EVENTS
from settlement.application.verifying.payments import PaymentsAgain
from settlement.application.verifying.report import Discrepancy, Place, Verified
from settlement.application.verifying.revisions import REVISION_EVENTS
from settlement.application.verifying.settlement import SettlementsAgain, SettlementWritten
from settlement.application.verifying.stays import STAY_EVENTS, StaysAgain
from settlement.application.verifying.streams import LOG, StreamsWalked
from settlement.domain.fund_payments import FundPayment
from settlement.domain.institution import Institution
from settlement.domain.law_text import LawText
from settlement.domain.postings import NotBalanced, journal_of
from settlement.domain.stay import Stay

__all__ = ["Discrepancy", "Verified", "verify_ledger"]


def verify_ledger(
    ledger: Ledger, laws: LawLibrary, *, fund_books: FundBooks | None = None
) -> Verified:
    """Compute everything again. Discrepancies come in ledger order."""
    walk = LedgerWalk(laws)
    walk.read_books(fund_books)
    found: list[Discrepancy] = []
    for logged in walk.readable(ledger.events()):
        found += walk.take(logged)
    found += walk.finish()
    found += walk.compare_snapshots(ledger)
    return Verified(
        events=walk.streams.events,
        settlements=walk.settlements,
        reversals=walk.reversals,
        discrepancies=tuple(sorted(found, key=lambda d: d.position)),
        fund_books_until=walk.books.position if walk.books else None,
    )


class LedgerWalk:
    """One walk along the log, with everything that it has told so far."""

    def __init__(self, laws: LawLibrary):
        self.settlements = self.reversals = 0
        self.books: BooksRead | None = None
        self.streams = StreamsWalked()
        self._books_again = BooksAgain()
        self._dues = Dues()
        self._institutions = InstitutionsAgain()
        self._stays = StaysAgain(self._institutions)
        self._payments = PaymentsAgain(self._institutions)
        self._settled = SettlementsAgain(
            stays=self._stays, institutions=self._institutions, laws=laws, dues=self._dues
        )
        self._written: SettlementWritten | None = None
        self._transaction = Place(0)
        self._position = 0
        self._unreadable: Exception | None = None
        self._not_compared: Finding | None = None

    def read_books(self, fund_books: FundBooks | None) -> None:
        """The accounts as they are before the walk, so that the walk goes at least as far."""
        if fund_books is None:
            return
        try:
            self.books = read_books(fund_books)
        except Exception as stopped:
            # Whatever stops them, the accounts could not be compared: that is the finding.
            self._not_compared = Finding(BOOKS, "读取", "无法读出", stopped)
            return
        if self.books is None:
            still = "账本一直在写入，未能核对；请在业务间歇时再验"
            self._not_compared = Finding(BOOKS, "读取", "未核对", still)

    def readable(self, events: Iterator[LoggedFact]) -> Iterator[LoggedFact]:
        """The events as far as they can be read."""
        try:
            yield from events
        except Exception as unreadable:
            # Bytes that were tampered with may fail in any way: that is the finding.
            self._unreadable = unreadable

    def take(self, logged: LoggedFact) -> Iterator[Discrepancy]:
        """The next event."""
        event, self._position = logged.event, logged.position
        place = self._place_of(event)
        for finding in self.streams.take(logged):
            yield place.discrepancy(finding)
        if self._written and self._written.takes(event):
            if self._written.completed:
                yield from self._close_settlement()
        else:
            yield from self._begin(event, place)
        for finding in self._book(logged):
            yield place.discrepancy(finding)

    def _begin(self, event: Any, place: Place) -> Iterator[Discrepancy]:
        """An event that does not go on with the settlement before it."""
        if self._written:
            yield from self._close_settlement()
        if not isinstance(event, _IN_TRANSACTION):
            yield from self._close_transaction()
        for finding in self._dispatch(event, place):
            yield place.discrepancy(finding)

    def finish(self) -> Iterator[Discrepancy]:
        """The end of the log, or as far as it could be read."""
        if self._written:
            yield from self._close_settlement()
        if self._unreadable is None:
            yield from self._close_transaction()
        end = Place(self._position + 1)
        for finding in self._at_the_end():
            yield end.discrepancy(finding)

    def compare_snapshots(self, ledger: Ledger) -> Iterator[Discrepancy]:
        """What is loaded without its first events must stand where they lead."""
        if self._unreadable is None:
            for aggregate_id in ledger.wrong_snapshots():
                finding = Finding("快照", str(aggregate_id), "有出入", "由事件重建的")
                yield Place(self._position + 1).discrepancy(finding)

    def _at_the_end(self) -> Iterator[Finding]:
        if self._unreadable is not None:
            what = f"{self._position} 之后的事件"
            yield Finding(LOG, what, "无法读出，未核对", self._unreadable)
        else:
            yield from self._institutions.left_over()
            yield from self._payments.left_over()
            yield from self._stays.left_over()
        if self._not_compared is not None:
            yield self._not_compared
        if self.books is None or self._unreadable is not None:
            return
        if self.books.position > self._position:
            yield Finding(LOG, "最后位置", self._position, f"基金账已记到 {self.books.position}")
        yield from self._books_again.findings(self.books)

    def _dispatch(self, event: Any, place: Place) -> Iterator[Finding]:
        match event:
            case Stay.SettlementOpened():
                self.settlements += 1
                self._transaction, self._written = place, SettlementWritten(event)
            case _ if isinstance(event, _CHANGES):
                self.reversals += isinstance(event, Stay.SettlementReversed)
                self._transaction = place
                yield from self._settled.changed(event)
            case Stay.PayerStepSettled() | Stay.SettlementCompleted():
                yield Finding("结算", event.TOPIC, "有", "没有对应的开始结算")
            case Stay.SettlementAdjusted() | Stay.ProviderDeductionReleased():
                yield from self._settled.adjusted(event)
            case Institution.Created() | Institution.Described():
                yield from self._institutions.take(event)
            case FundPayment.Created() | FundPayment.Recorded() | FundPayment.Withdrawn():
                yield from self._payments.take(event)
            case LawText.Created():
                yield from self._dues.take(event)
            case _ if isinstance(event, STAY_EVENTS):
                yield from self._stays.take(event)
            case _ if isinstance(event, DUE_EVENTS):
                yield from self._settled.counters.take(event)
            case _:
                yield Finding(LOG, "事件", type(event).__qualname__, "验账不认识这种事件")

    def _book(self, logged: LoggedFact) -> Iterator[Finding]:
        try:
            journal = journal_of(logged.event)
        except NotBalanced as unbalanced:
            yield Finding("分录", "借贷", unbalanced, "借贷相等")
            return
        if journal is not None and self.books and logged.position <= self.books.position:
            self._books_again.book(journal)

    def _close_settlement(self) -> Iterator[Discrepancy]:
        written, self._written = self._written, None
        if written is not None:
            for finding in self._settled.settled(written):
                yield self._transaction.discrepancy(finding)

    def _close_transaction(self) -> Iterator[Discrepancy]:
        for finding in self._dues.close():
            yield self._transaction.discrepancy(finding)

    def _place_of(self, event: Any) -> Place:
        """Whose event it is; what belongs to a transaction alone is placed in its stay."""
        stay_id = event.originator_id if isinstance(event, _OF_STAY) else _stay_id(event)
        if stay_id is None:
            of_transaction = isinstance(event, DUE_EVENTS)
            stay, number = self._transaction.stay, self._transaction.settlement
            return Place(self._position, stay, number) if of_transaction else Place(self._position)
        stay = (
            event.hospital_stay_number
            if isinstance(event, Stay.Created)
            else self._stays.number_of(stay_id)
        )
        return Place(self._position, stay, getattr(event, "number", ""))


_CHANGES = (Stay.SettlementReversed, *LATE_EVENTS, *REVISION_EVENTS, *DEDUCTION_EVENTS)

# Steps and completions that stand alone are found where they stand, and end nothing.
_IN_TRANSACTION = (
    *DUE_EVENTS,
    Stay.PayerStepSettled,
    Stay.SettlementCompleted,
    Stay.TenderRecorded,
)

_OF_STAY = (
    *STAY_EVENTS,
    Stay.SettlementOpened,
    Stay.PayerStepSettled,
    Stay.SettlementCompleted,
    Stay.SettlementAdjusted,
    Stay.SettlementReversed,
    Stay.ProviderDeductionReleased,
    *LATE_EVENTS,
    *DEDUCTION_EVENTS,
)


def _stay_id(event: Any) -> UUID | None:
    """The stay that a settlement's counters and place in the order name."""
    found: UUID | None = getattr(event, "stay_id", None)
    return found
