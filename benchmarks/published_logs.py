"""Logs to be published (待发布的日志): stays, whole stays and people, made up for a benchmark."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks.settlement_people import made_up_people
from benchmarks.settlement_worker import KeptAnswers
from contracts.vocabulary import Fen, InstitutionId, PersonId
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import Eligibility, build
from eligibility.domain.resident_id import check_character
from eligibility.settings import Settings as PeopleSettings
from eligibility.storage import make_tables as make_tables_of_people
from settlement.adapters.event_ledger import EventLedger, open_ledger
from settlement.adapters.institutions_csv import read_institutions
from settlement.application.admit_patient import AdmitPatient
from settlement.application.institutions import import_institutions
from settlement.application.settle_whole_stay import FeeBatch, SettleWholeStay, settle_whole_stay
from settlement.bootstrap import build_parts
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.bill import Charges
from settlement.settings import Settings
from settlement.storage import make_tables
from standalone.demo import INSTITUTIONS
from tests.real_parts.postgres_server import started_in

_AT = datetime(2023, 9, 20, tzinfo=UTC)
_DAY = date(2023, 6, 1)
_ROSTER_HEADER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)
_HOSPITAL = Actor(operator="bench", institution_id=InstitutionId("H50011200001"))
_ROWS_A_ROSTER = 10_000


def own_database(folder: Path) -> str:
    """The address of an empty database on a server of its own; every commit is flushed."""
    folder.mkdir(parents=True)
    server = started_in(folder)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    return make_conninfo(server, dbname="bench")


def stays_of(data: Path, *, how_many: int) -> EventLedger:
    """Stays that were admitted and discharged and no more: every event is told."""
    ledger = open_ledger(data / "settlement.sqlite")
    stays = [_admitted_and_discharged(each) for each in range(how_many)]
    ledger.log.save_portions(_portions(stays))
    return ledger


@dataclass(frozen=True)
class WholeStays:
    """So many stays, settled in one call each, and the ledger that they stand in."""

    ledger: EventLedger
    how_many: int


def whole_stays_of(data: Path, database: str, *, how_many: int) -> WholeStays:
    """Whole stays by the use case, as `settlements_http` sends them, on a server."""
    settings = Settings(data, None, "http://127.0.0.1:9", database=database, schema="settlement")
    data.mkdir(parents=True)
    make_tables(settings)
    parts = build_parts(settings, lambda: _AT)
    import_institutions(
        read_institutions(INSTITUTIONS.read_bytes()),
        source="bench",
        ledger=parts.ledger,
        by=Actor(operator="bench", institution_id=InstitutionId("YIZHAN")),
        at=_AT,
    )
    before = parts.ledger.log.last_position()
    people = made_up_people(200)
    for each in range(how_many):
        settle_whole_stay(
            _whole_stay(each, people[each % len(people)]),
            ledger=parts.ledger,
            eligibility=KeptAnswers(),
            book=parts.book,
            clock=lambda: _AT,
            accept=lambda _: None,
        )
    assert parts.ledger.log.last_position() > before + how_many
    return WholeStays(parts.ledger, how_many)


def people_of(data: Path, *, how_many: int, database: str | None = None) -> Eligibility:
    """People of rosters, two public events each: an identity and an enrolment."""
    settings = PeopleSettings(data, database=database)
    if database:
        make_tables_of_people(settings)
    eligibility = build(settings)
    for begin in range(0, how_many, _ROWS_A_ROSTER):
        several = range(begin, min(begin + _ROWS_A_ROSTER, how_many))
        roster = "\n".join([_ROSTER_HEADER, *map(_roster_row, several), ""])
        staged = eligibility.stage_roster.stage(roster.encode(), at=_AT)
        eligibility.activate_roster(
            staged.roster_id,
            accept_rejected_rows=False,
            acting=ActsFor(institution_id="bench", operator="bench"),
            at=_AT,
        )
    return eligibility


def _portions(stays: list[Stay]) -> Iterator[Iterable[Stay]]:
    return (stays[i : i + 500] for i in range(0, len(stays), 500))


def _admitted_and_discharged(number: int) -> Stay:
    stay = Stay.admit(
        institution_id=_HOSPITAL.institution_id,
        hospital_stay_number=str(number),
        person_id=PersonId(str(uuid4())),
        scheme=None,
        admission=_DAY,
        circumstances=Circumstances(),
        by=_HOSPITAL,
        today=_DAY,
        at=_AT,
    )
    stay.discharge_patient(
        discharge=_DAY,
        invoice_number=None,
        circumstances=Circumstances(),
        by=_HOSPITAL,
        today=_DAY,
        at=_AT,
    )
    return stay


def _whole_stay(number: int, person: str) -> SettleWholeStay:
    return SettleWholeStay(
        admission=AdmitPatient(
            person_id=PersonId(person),
            hospital_stay_number=f"B{number}",
            admission=date(2023, 9, 1),
            circumstances=Circumstances(),
            scheme=None,
            by=_HOSPITAL,
            today=_AT.date(),
            at=_AT,
        ),
        batches=(
            FeeBatch("1", Charges(total_fen=Fen(30_000_00), in_scope_fen=Fen(29_000_00))),
            FeeBatch("2", Charges(total_fen=Fen(22_000_00), in_scope_fen=Fen(21_000_00))),
        ),
        discharge=date(2023, 9, 15),
        invoice_number=None,
        elsewhere_fen={},
        expected_personal_fen=None,
        settled_on=_AT.date(),
    )


def _roster_row(number: int) -> str:
    body = f"990001{1950 + number // 336_000:04d}{1 + number // 28_000 % 12:02d}"
    body += f"{1 + number // 1_000 % 28:02d}{number % 1_000:03d}"
    certificate = body + check_character(body)
    return f"居民身份证,{certificate},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
