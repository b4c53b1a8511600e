"""Histories of stays, late amounts and undoings, for tests that hold them against what never
happened, or against what was stated at once.

Settled and undone by plain calls on a ledger in memory, with every instant named by the place of
a step in its history, so that the same step gives the same settlement wherever it is repeated.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts.vocabulary import InstitutionId, PersonId
from settlement.adapters.institutions_csv import read_institutions
from settlement.application.admit_patient import AdmitPatient
from settlement.application.decide_revision import (
    ApproveRevision,
    IssueRevision,
    approve_revision,
    issue_revision,
)
from settlement.application.deliver_late_amount import DeliverLateAmount, deliver_late_amount
from settlement.application.institutions import import_institutions
from settlement.application.law_library import LawLibrary
from settlement.application.propose_revision import (
    ProposeRevision,
    RevisionSources,
    propose_revision,
)
from settlement.application.rederive_later import CorrectionsUnstated, LaterNotRederivable
from settlement.application.reverse_settlement import (
    Reversed,
    ReverseSettlement,
    reverse_settlement,
)
from settlement.application.settle_whole_stay import (
    FeeBatch,
    SettleWholeStay,
    settle_whole_stay,
)
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.circumstances import Circumstances
from settlement.domain.deductions import owed_to_hospital_fen
from settlement.domain.postings import journal_of
from settlement.domain.record import Actor, SettlementInputs
from settlement.domain.revised_parts import RevisionAsked, RevisionKind, RevisionScope
from settlement.domain.revision import NothingToRevise
from settlement.domain.settlement import Settlement
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay, stay_id_of
from settlement.domain.stay_refusals import LateAmountUnchanged, StayRefusal
from settlement.kernel.settle import BILL_REFUSALS, ElsewhereAmountTooLarge
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from tests.support.memory_index import IndexOfLedger, NothingTouched
from tests.support.memory_ledger import MemoryLedger
from tests.support.settlement_desk import P1, P2, SAMPLES, PeopleKnown

FIRST_DAY = datetime(2026, 1, 1, 4, tzinfo=UTC)
NOT_UNDONE = (LaterNotRederivable, CorrectionsUnstated)
OFFICE = InstitutionId("A990103")


@dataclass(frozen=True)
class SettleStep:
    """One stay is settled; `merged` says whether P1 and P2 are known to be one person then."""

    stay: str
    person: str
    hospital: str
    admission: date
    days: int
    charges: Charges
    merged: bool = False
    elsewhere_fen: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class UndoStep:
    """One of the settlements that count by then is undone: the n-th, round and round."""

    which: int


@dataclass(frozen=True)
class LateStep:
    """An amount of a layer comes to one of the settlements that count by then, as above; an
    office delivers it, or the stay's own hospital."""

    which: int
    layer: str
    amount_fen: int
    by_office: bool = False


@dataclass(frozen=True)
class DeductStep:
    """An office deducts a part (in percent) of what a payer's fund pays of one of the settlements
    that count by then, as above, as far as it may; or withdraws one of its deductions."""

    which: int
    payer: str
    percent: int
    withdraws: bool = False


@dataclass(frozen=True)
class ReviseStep:
    """What another book says becomes right (追溯更正): proposed, approved and issued; from here on
    stays are settled by that book."""


Step = SettleStep | UndoStep | LateStep | DeductStep | ReviseStep


def everything_undone(played: "Played") -> list[Step]:
    """From the first on, as far as it goes: what was decided elsewhere of a later settlement may
    not fit it any more where an earlier one is gone. Then from the last."""
    count = len(played.live)
    return [*[UndoStep(0)] * count, *[UndoStep(-1)] * count]


@dataclass
class Played:
    """What a history led to: the stays that count by their numbers, in the order of settling."""

    ledger: MemoryLedger
    laws: LawLibrary
    hospitals: dict[str, str] = field(default_factory=dict)
    live: list[str] = field(default_factory=list)
    undone: list[Reversed] = field(default_factory=list)
    refused: list[Exception] = field(default_factory=list)
    late: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def settlement(self, stay: str) -> Settlement:
        """The settlement of a stay that counts."""
        stay_id = stay_id_of(InstitutionId(self.hospitals[stay]), stay)
        found: Stay = self.ledger.find(stay_id, Stay)
        assert found.current_settlement
        return found.current_settlement

    def said(self) -> dict[str, dict[str, Any]]:
        """All that settlements say that is not a number or an adjustment, by stay."""
        return {stay: _said(self.settlement(stay)) for stay in self.live}

    def counters(self) -> dict[Any, dict[str, int]]:
        """Every benefit year's totals that are not zero."""
        ids = {
            e.event.originator_id: None
            for e in self.ledger.events()
            if isinstance(e.event, BenefitYear.Created)
        }
        found = {i: self.ledger.find(i, BenefitYear).counters for i in ids}
        return {i: kept for i, c in found.items() if (kept := _not_zero(c))}

    def orders(self) -> dict[Any, list[str]]:
        """Every id's order, by the numbers of the stays."""
        stays = {self.settlement(stay).number: stay for stay in self.live}
        ids = {
            e.event.originator_id: None
            for e in self.ledger.events()
            if isinstance(e.event, SettlementOrder.Created)
        }
        found = {i: self.ledger.find(i, SettlementOrder).live for i in ids}
        return {i: [stays[number] for number in live] for i, live in found.items() if live}

    def balances(self) -> dict[tuple[str, str | None], int]:
        """Debits less credits of every account of every fund that is not level, in fen."""
        found: Counter[tuple[str, str | None]] = Counter()
        for logged in self.ledger.events():
            journal = journal_of(logged.event)
            for entry in journal.entries if journal else ():
                found[entry.account.value, entry.fund_id] += entry.debit_fen - entry.credit_fen
        return {account: fen for account, fen in found.items() if fen}


def play(
    steps: Iterable[Step | None],
    book: PolicyBook,
    people: PeopleKnown,
    *,
    later: PolicyBook | None = None,
) -> Played:
    """Settle and undo, step after step; a step that is None never happened. `later` is the book
    that a revision is made by."""
    ledger = MemoryLedger()
    played = Played(ledger, LawLibrary(ledger))
    by = Actor("importer", InstitutionId("H50011200001"))
    rows = read_institutions((SAMPLES / "institutions.csv").read_bytes())
    import_institutions(rows, source="i.csv", ledger=ledger, by=by, at=FIRST_DAY)
    for day, step in enumerate(steps, start=1):
        at = FIRST_DAY + timedelta(days=day)
        if isinstance(step, SettleStep):
            people.same = {P1: (P2,), P2: (P1,)} if step.merged else {}
            _settle(played, step, at, book=book, people=people)
        elif isinstance(step, ReviseStep):
            book = later or book
            _revise(played, at, book=book, people=people)
        elif step is not None and played.live:
            stay = played.live[step.which % len(played.live)]
            if isinstance(step, LateStep):
                _deliver(played, stay, step, at)
            elif isinstance(step, DeductStep):
                _deduct(played, stay, step, at)
            else:
                _undo(played, stay, at)
    return played


def _settle(
    played: Played, step: SettleStep, at: datetime, *, book: PolicyBook, people: PeopleKnown
) -> None:
    by = Actor("cashier-1", InstitutionId(step.hospital))
    command = SettleWholeStay(
        admission=AdmitPatient(
            person_id=PersonId(step.person),
            hospital_stay_number=step.stay,
            admission=step.admission,
            circumstances=Circumstances(),
            scheme=None,
            by=by,
            today=at.date(),
            at=at,
        ),
        batches=(FeeBatch("1", step.charges),),
        discharge=step.admission + timedelta(days=step.days),
        invoice_number=None,
        elsewhere_fen=step.elsewhere_fen,
        expected_personal_fen=None,
        settled_on=at.date(),
    )
    try:
        settle_whole_stay(
            command,
            ledger=played.ledger,
            eligibility=people,
            book=book,
            clock=lambda: at,
            accept=lambda _: None,
        )
    except BILL_REFUSALS as refusal:
        played.refused.append(refusal)
        return
    played.hospitals[step.stay] = step.hospital
    played.live.append(step.stay)


def _deduct(played: Played, stay: str, step: DeductStep, at: datetime) -> None:
    found: Stay = played.ledger.find(stay_id_of(InstitutionId(played.hospitals[stay]), stay), Stay)
    settlement = played.settlement(stay)
    funds = [s.fund for s in settlement.shares if s.payer == step.payer and s.fund]
    said: dict[str, Any] = {"number": settlement.number, "booked_on": at.date(), "at": at}
    by = Actor("auditor", OFFICE)
    try:
        if step.withdraws:
            every = found.deductions.of(settlement.number)
            which = every[step.percent % len(every)].imposed.deduction if every else 1
            found.withdraw_deduction(deduction=which, reason="申诉成立", by=by, **said)
        else:
            owed_fen = owed_to_hospital_fen(settlement, funds[0]) if funds else 0
            found.impose_deduction(
                fund_id=funds[0] if funds else "none",
                amount_fen=owed_fen * step.percent // 100,
                reason="违规",
                document=str(at.date()),
                by=by,
                **said,
            )
    except StayRefusal as refusal:
        played.refused.append(refusal)
        return
    played.ledger.save(found)


def _undo(played: Played, stay: str, at: datetime) -> None:
    hospital = InstitutionId(played.hospitals[stay])
    command = ReverseSettlement(
        stay_id=stay_id_of(hospital, stay),
        reason="更正",
        booked_on=at.date(),
        by=Actor("cashier-1", hospital),
        at=at,
    )
    before = len(list(played.ledger.events()))
    try:
        undone = reverse_settlement(
            command, ledger=played.ledger, laws=played.laws, accept=lambda _: None
        )
    except NOT_UNDONE as refusal:
        assert len(list(played.ledger.events())) == before
        played.refused.append(refusal)
        return
    played.undone.append(undone)
    played.live.remove(stay)


def _revise(played: Played, at: datetime, *, book: PolicyBook, people: PeopleKnown) -> None:
    ledger, laws, by = played.ledger, played.laws, Actor("officer-1", OFFICE)
    sources = RevisionSources(ledger, laws, book, people, IndexOfLedger(ledger), NothingTouched())
    asked = RevisionAsked(RevisionKind.POLICY, RevisionScope(), "追溯施行")
    before = len(list(ledger.events()))
    try:
        revision = propose_revision(
            ProposeRevision(asked, at.date(), by, at), sources=sources, accept=lambda _: None
        )
    except NothingToRevise as refusal:
        assert len(list(ledger.events())) == before
        played.refused.append(refusal)
        # Where everybody was left out, all stays are as they were.
        played.left_out = set(played.live)
        return
    number, other = revision.number, Actor("officer-2", OFFICE)
    approve_revision(ApproveRevision(number, other, at), ledger=ledger, accept=lambda _: None)
    issue = IssueRevision(number, at.date(), by, at)
    issued = issue_revision(
        issue, ledger=ledger, laws=laws, book=book, eligibility=people, accept=lambda _: None
    )
    assert issued.lapsed == ()
    stays = {played.settlement(stay).number: stay for stay in played.live}
    left = [number for each in issued.left_out for number in each.numbers]
    played.left_out = {stays[number] for number in left}


def _deliver(played: Played, stay: str, step: LateStep, at: datetime) -> None:
    hospital = InstitutionId(played.hospitals[stay])
    command = DeliverLateAmount(
        stay_id=stay_id_of(hospital, stay),
        layer=step.layer,
        amount_fen=step.amount_fen,
        reference=f"REF-{at.date()}",
        booked_on=at.date(),
        by=Actor("cashier-1", OFFICE if step.by_office else hospital),
        at=at,
    )
    before = len(list(played.ledger.events()))
    try:
        deliver_late_amount(command, ledger=played.ledger, laws=played.laws, accept=lambda _: None)
    except (*NOT_UNDONE, ElsewhereAmountTooLarge, LateAmountUnchanged) as refusal:
        assert len(list(played.ledger.events())) == before
        played.refused.append(refusal)
        return
    played.late.setdefault(stay, {})[step.layer] = step.amount_fen


def stated_at_once(steps: list[Step], played: Played) -> list[Step | None]:
    """The same history with those stays alone that count in the end, and every amount stated when
    its stay was settled."""
    return [
        replace(s, elsewhere_fen=s.elsewhere_fen | played.late.get(s.stay, {})) if s else None
        for s in never_happened(steps, played)
        if s is None or isinstance(s, SettleStep)
    ]


def never_happened(steps: list[Step], played: Played) -> list[Step | None]:
    """The same history with those steps alone whose settlements count in the end."""
    return [s if isinstance(s, SettleStep) and s.stay in played.live else None for s in steps]


def _said(settlement: Settlement) -> dict[str, Any]:
    # That a switch carried a difference is told where there was one.
    assumed = [a for a in settlement.assumed if not a.startswith("corrections.")]
    told = vars(settlement) | {"inputs": _with_totals(settlement.inputs), "assumed": assumed}
    return {k: v for k, v in told.items() if k not in ("number", "adjustments")}


def _with_totals(inputs: SettlementInputs) -> SettlementInputs:
    """A total kept apart that came back to zero is as good as one that never was."""
    return replace(inputs, counters_before=_not_zero(inputs.counters_before))


def _not_zero(totals: dict[str, int]) -> dict[str, int]:
    return {name: total for name, total in sorted(totals.items()) if total}
