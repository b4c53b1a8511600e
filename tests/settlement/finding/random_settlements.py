"""Settlements made up at random, and a plain reading of their events to hold answers against."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from contracts.vocabulary import InstitutionId, PersonId
from eventlog.sqlite_engine import open_engine
from settlement.application.find_settlements import (
    FoundSettlement,
    FoundShare,
    SettlementStatus,
    Wanted,
)
from settlement.domain.circumstances import Circumstances
from settlement.domain.stay import Stay
from settlement.law.bill import Charges
from settlement.read_models.settlement_index import SqlSettlementIndex
from tests.settlement.funds.fund_stories import (
    ASSISTANCE,
    AT,
    BASIC,
    CLERK,
    HOSPITAL_A,
    HOSPITAL_B,
    ListedEvents,
    _inputs,
    _step,
)

PEOPLE = tuple(PersonId(f"p-{n}") for n in (1, 2, 3))
HOSPITALS = (HOSPITAL_A, HOSPITAL_B)
FIRST_DAY = date(2023, 12, 20)
PAYERS = ("basic", "medical_assistance", "hospital", "charity")
_FUNDS = {"basic": BASIC, "medical_assistance": ASSISTANCE, "hospital": None}

DAYS = st.integers(0, 30).map(lambda n: FIRST_DAY + timedelta(days=n))


@dataclass(frozen=True)
class Made:
    """One settlement to make: whose, where, when, who paid, and whether it is undone."""

    person_id: PersonId
    institution_id: InstitutionId
    booked_on: date
    year_from: date
    invoice: bool
    assumed: bool
    paid: tuple[tuple[str, int], ...]
    patient_fen: int
    reversed_after_days: int | None


MADE = st.lists(
    st.builds(
        Made,
        person_id=st.sampled_from(PEOPLE),
        institution_id=st.sampled_from(HOSPITALS),
        booked_on=DAYS,
        year_from=st.sampled_from((date(2023, 1, 1), date(2024, 1, 1))),
        invoice=st.booleans(),
        assumed=st.booleans(),
        paid=st.lists(
            st.tuples(st.sampled_from(PAYERS[:3]), st.integers(0, 3)),
            max_size=3,
            unique_by=lambda paid: paid[0],
        ).map(tuple),
        patient_fen=st.integers(0, 5),
        reversed_after_days=st.none() | st.integers(0, 20),
    ),
    max_size=8,
)

WANTED = st.builds(
    Wanted,
    number=st.none() | st.integers(0, 9).map(lambda n: f"N{n}"),
    hospital_stay_number=st.none() | st.none() | st.integers(0, 9).map(lambda n: f"ZY-{n}"),
    invoice_number=st.none() | st.none() | st.integers(0, 9).map(lambda n: f"FP-{n}"),
    person_ids=st.none() | st.lists(st.sampled_from(PEOPLE), unique=True).map(tuple),
    institution_id=st.none() | st.sampled_from(HOSPITALS),
    booked_from=st.none() | DAYS,
    booked_to=st.none() | DAYS,
    payer=st.none() | st.sampled_from(PAYERS),
    status=st.none() | st.sampled_from(SettlementStatus),
    used_assumed=st.none() | st.booleans(),
    benefit_years_from=st.none() | st.just((date(2024, 1, 1), date(2024, 12, 31))),
    until=st.none() | st.integers(0, 40),
)


def stay_of(made: Made, order: int) -> Stay:
    """The stay, settled and, where that is wanted, undone; numbers go by the order."""
    stay = Stay.admit(
        institution_id=made.institution_id,
        hospital_stay_number=f"ZY-{order}",
        person_id=made.person_id,
        scheme=None,
        admission=made.booked_on,
        circumstances=Circumstances(),
        by=CLERK,
        today=made.booked_on,
        at=AT,
    )
    total_fen = sum(fen for _, fen in made.paid) + made.patient_fen
    stay.record_fees(batch_number="1", charges=Charges(total_fen=total_fen), by=CLERK, at=AT)
    stay.discharge_patient(
        discharge=made.booked_on,
        invoice_number=f"FP-{order}" if made.invoice else None,
        circumstances=Circumstances(),
        by=CLERK,
        today=made.booked_on,
        at=AT,
    )
    stay.settle(
        number=f"N{order}",
        inputs=replace(_inputs(stay, made.booked_on), counter_years={"admissions": made.year_from}),
        steps=tuple(
            _step(n, payer, _FUNDS[payer], fen) for n, (payer, fen) in enumerate(made.paid, start=1)
        ),
        assumed=("deductible",) if made.assumed else (),
        patient_fen=made.patient_fen,
        by=CLERK,
        at=AT,
    )
    return stay


def events_of(made: Iterable[Made]) -> ListedEvents:
    """All of them settled in turn; what is undone is undone after all were settled."""
    log, stays = ListedEvents(), []
    for order, each in enumerate(made):
        stays.append((stay_of(each, order), each))
        log.take(stays[-1][0])
    for stay, each in stays:
        if each.reversed_after_days is not None:
            day = each.booked_on + timedelta(days=each.reversed_after_days)
            stay.reverse(reason="费用有误", booked_on=day, by=CLERK, at=AT)
            log.take(stay)
    return log


def plainly_read(log: ListedEvents) -> list[FoundSettlement]:
    """What the events say, row by row, without a table."""
    found: dict[str, FoundSettlement] = {}
    opened: dict[str, Stay.SettlementOpened] = {}
    for logged in log.events:
        event: Any = logged.event
        if isinstance(event, Stay.SettlementOpened):
            opened[event.number] = event
        elif isinstance(event, Stay.SettlementCompleted):
            inputs = opened[event.number].inputs
            found[event.number] = FoundSettlement(
                position=logged.position,
                number=event.number,
                stay_id=str(event.originator_id),
                hospital_stay_number=event.hospital_stay_number,
                invoice_number=event.invoice_number,
                person_id=event.person_id,
                institution_id=event.institution_id,
                region="500112",
                scheme="resident",
                fingerprint="f",
                policy=None,
                admission=inputs.admission,
                discharge=inputs.discharge,
                benefit_year_from=inputs.counter_years["admissions"],
                booked_on=event.booked_on,
                total_fen=event.total_fen,
                patient_fen=event.patient_fen,
                status=SettlementStatus.SETTLED,
                used_assumed=len(event.assumed) > 0,
                reversed_on=None,
                shares=tuple(
                    FoundShare(s.layer, s.payer, s.fund, s.amount_fen) for s in event.shares
                ),
            )
        elif isinstance(event, Stay.SettlementAdjusted):
            found[event.number] = replace(
                found[event.number],
                patient_fen=event.patient_fen,
                used_assumed=len(event.assumed) > 0,
                shares=tuple(
                    FoundShare(s.layer, s.payer, s.fund, s.amount_fen) for s in event.shares
                ),
            )
        elif isinstance(event, Stay.SettlementReversed):
            found[event.number] = replace(
                found[event.number],
                status=SettlementStatus.REVERSED,
                reversed_on=event.booked_on,
            )
    return list(found.values())


def is_wanted(found: FoundSettlement, wanted: Wanted) -> bool:  # noqa: C901, PLR0911 -- one line a condition
    """The search as plain Python."""
    if wanted.number is not None and found.number != wanted.number:
        return False
    if wanted.hospital_stay_number not in (None, found.hospital_stay_number):
        return False
    if wanted.invoice_number is not None and found.invoice_number != wanted.invoice_number:
        return False
    if wanted.person_ids is not None and found.person_id not in wanted.person_ids:
        return False
    if wanted.institution_id not in (None, found.institution_id):
        return False
    if not (wanted.booked_from or date.min) <= found.booked_on <= (wanted.booked_to or date.max):
        return False
    if wanted.payer and not any(s.payer == wanted.payer and s.amount_fen for s in found.shares):
        return False
    if wanted.status not in (None, found.status):
        return False
    if wanted.used_assumed is not None and wanted.used_assumed is not found.used_assumed:
        return False
    if wanted.benefit_years_from and found.benefit_year_from != date(2024, 1, 1):
        return False
    return wanted.until is None or found.position <= wanted.until


@contextmanager
def settlement_index(log: ListedEvents) -> Iterator[SqlSettlementIndex]:
    """The read model on a file of its own."""
    with TemporaryDirectory() as folder:
        engine = open_engine(Path(folder) / "read_models.sqlite")
        index = SqlSettlementIndex(log=log, engine=engine)
        index.create_tables()
        yield index
        engine.dispose()
