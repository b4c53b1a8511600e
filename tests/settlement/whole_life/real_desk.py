"""The real use cases on a real ledger, with every command under its request key.

What stands is read from the aggregates that changed, and kept for the comparison after each step.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, text

from contracts.vocabulary import InstitutionId
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once, body_hash
from settlement.adapters.institutions_csv import read_institutions
from settlement.application.institutions import import_institutions
from settlement.application.law_library import LawLibrary
from settlement.application.ports import Accept
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.deductions import owed_to_hospital_fen
from settlement.domain.deposits import Tender
from settlement.domain.record import Actor
from settlement.domain.revision import Revision
from settlement.domain.settlement import Settlement
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay, stay_id_of
from settlement.entrypoints.http.problem_table import PROBLEMS
from settlement.read_models.fund_account import FundAccount
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.read_models.stay_list import StayList
from settlement.storage import Storage
from tests.settlement.whole_life.model_parts import first_of, nth_of, part_of
from tests.settlement.whole_life.model_settlements import StayKey, YearKey
from tests.settlement.whole_life.two_regions import book, people_known
from tests.support.settlement_desk import SAMPLES

BEGINS = datetime(2023, 8, 1, 4, tzinfo=UTC)
OFFICE = InstitutionId("YIBAOJU")
"""In no directory of institutions, so an office."""


@dataclass(frozen=True)
class Request:
    """One command as a hospital sends it."""

    operation: str
    hospital: str
    key: str
    body: Mapping[str, Any]
    decide: Callable[[Accept], Any] = field(repr=False)


@dataclass(frozen=True)
class Said:
    """What was answered: the name of the refusal, if it was one."""

    status: int
    body: bytes
    is_again: bool

    @property
    def refused(self) -> str | None:
        """The refusal's name."""
        return None if self.status == 200 else self.body.decode()


@dataclass(frozen=True)
class SettlementSeen:
    """What a settlement that counts says, in fen, without zeros; `owed` is what each fund owes the
    hospital of it as it is booked."""

    shares: Mapping[str, int]
    patient: int
    outside: frozenset[tuple[str, str, str, str, int]]
    pending: frozenset[str]
    owed: Mapping[str, int]


@dataclass(frozen=True)
class StaySeen:
    """A stay as anybody may see it, in fen.

    How it was paid from account, deposit and cash; of each deduction its fund, and what became of
    it; of each proposal its layer, what became of it, and whether all is as it was checked.
    """

    status: str
    amounts: Mapping[str, int] | None
    held: int
    tender: tuple[int, int, int] | None
    settlement: SettlementSeen | None
    deductions: tuple[tuple[str, int, str], ...]
    proposals: tuple[tuple[str, int, str, bool], ...]


class RealDesk:
    """The desks of all hospitals on one ledger."""

    def __init__(self, storage: Storage):
        self._storage, self.ledger = storage, storage.ledger
        self.laws = LawLibrary(self.ledger)
        self.people, self.book = people_known(), book()
        self.funds = storage.followed(FundAccount)
        self.index = storage.followed(SqlSettlementIndex)
        self.stay_list = storage.followed(StayList)
        self._read_until = 0
        self.stays: dict[StayKey, Stay] = {}
        self._seen: dict[StayKey, StaySeen] = {}
        self._years: dict[UUID, BenefitYear] = {}
        self._orders: dict[UUID, SettlementOrder] = {}
        rows = read_institutions((SAMPLES / "institutions.csv").read_bytes())
        by = Actor("importer", OFFICE)
        import_institutions(rows, source="i.csv", ledger=self.ledger, by=by, at=BEGINS)

    @property
    def read_models(self) -> tuple[FundAccount | SqlSettlementIndex | StayList, ...]:
        """Everything that follows the ledger here."""
        return self.funds, self.index, self.stay_list

    @property
    def position(self) -> int:
        """The last event's position."""
        return self.ledger.log.last_position()

    def close(self) -> None:
        """No file is used any more."""
        self._storage.close()

    # --- commands -----------------------------------------------------------------------------

    def answer(self, request: Request) -> Said:
        """Carry a request out, or say again what was answered."""
        key = RequestKey(request.hospital, request.operation, request.key)

        def do(body_hash: str) -> Answer:
            made: list[Answer] = []

            def accept(result: Any) -> RegisteredRequest:
                made.append(Answer(200, shown(result)))
                return RegisteredRequest(key, body_hash, accepted=True, answer=made[-1])

            request.decide(accept)
            return made[-1]

        answer, is_again = answer_once(
            self.ledger.log,
            key=key,
            hashed=body_hash(json.dumps(request.body, default=str).encode()),
            do=do,
            refuse=_refusal,
        )
        return Said(answer.status, answer.body, is_again)

    # --- what stands --------------------------------------------------------------------------

    def look(self) -> None:
        """Read what changed since the last look."""
        log = self.ledger.log
        now = self.position
        for aggregate_id in log.changed_since(self._read_until):
            found = log.find(aggregate_id)
            if isinstance(found, Stay):
                key = nth_of((found.institution_id, found.hospital_stay_number), found.part)
                self.stays[key], self._seen[key] = found, _seen_of(found)
            elif isinstance(found, BenefitYear):
                self._years[aggregate_id] = found
            elif isinstance(found, SettlementOrder):
                self._orders[aggregate_id] = found
        self._read_until = now

    def seen(self) -> Mapping[StayKey, StaySeen]:
        """Every stay as anybody may see it, as of the last look."""
        return self._seen

    def number_of(self, key: StayKey, ordinal: int) -> str:
        """The number of a stay's settlement, counted from 1."""
        return self.stays[key].settlements[ordinal - 1].number

    def bill_fen(self, key: StayKey) -> int:
        """The cost of a stay's bill as its settlement took it."""
        settlement = self.stays[key].current_settlement
        assert settlement
        return settlement.inputs.charges.total_fen

    def totals(self) -> dict[YearKey, dict[str, int]]:
        """Every benefit year's totals, without zeros; an episode by its first stay."""
        firsts = {str(stay.id): " ".join(key) for key, stay in self.stays.items()}
        plain = {
            (year.person_id, year.first_day): {
                _named(name, firsts): fen for name, fen in year.counters.items() if fen
            }
            for year in self._years.values()
        }
        return {key: kept for key, kept in plain.items() if kept}

    def orders(self) -> dict[str, list[StayKey]]:
        """The stays whose settlements have a place under each id."""
        keys = {stay.id: key for key, stay in self.stays.items()}
        plain = {
            order.person_id: [keys[order.stays[number]] for number in order.live]
            for order in self._orders.values()
        }
        return {person: live for person, live in plain.items() if live}

    def rows(self) -> dict[str, list[str]]:
        """Every row of every read model."""
        with self._storage.read_models.connect() as connection:
            return {
                # Names of tables come out of the database itself.
                name: sorted(
                    repr(tuple(row)) for row in connection.execute(text(_ALL.format(name)))
                )
                for name in sorted(inspect(connection).get_table_names())
            }


_ALL = "SELECT * FROM {}"


def id_of(key: StayKey) -> UUID:
    """The id of a stay, or of a part of one."""
    hospital, number = first_of(key)
    return stay_id_of(InstitutionId(hospital), number, part_of(key))


def date_of(at: datetime) -> date:
    """The business date of an instant at which no night shift works."""
    return at.date()


def shown(result: Any) -> bytes:
    """What a hospital is told of a command."""
    if isinstance(result, Revision):
        return json.dumps(
            {
                "revision": result.number,
                "persons": len(result.parts),
                "issued": len(result.issued),
                "lapsed": len(result.lapsed),
            }
        ).encode()
    stay: Stay = result if isinstance(result, Stay) else result.stay
    settlement = stay.current_settlement
    return json.dumps(
        {
            "stay": str(stay.id),
            "version": stay.version,
            "status": stay.status,
            "held_fen": stay.deposit.held_fen,
            "settlement": settlement and settlement.number,
            "patient_fen": settlement and settlement.patient_fen,
        }
    ).encode()


def _refusal(error: Exception) -> Answer | None:
    kind = PROBLEMS.get(type(error))
    return Answer(kind.status, type(error).__name__.encode()) if kind else None


def owed_to_hospital(settlement: Settlement) -> dict[str, int]:
    """What each fund owes the hospital of a settlement, without zeros."""
    every = {share.fund for share in settlement.shares if share.fund}
    every |= {entry.fund for entry in settlement.outside if entry.fund}
    owed = {fund: owed_to_hospital_fen(settlement, fund) for fund in every}
    return {fund: fen for fund, fen in owed.items() if fen}


def _named(total: str, firsts: Mapping[str, str]) -> str:
    name, _, kept_by = total.partition("@")
    return f"{name}@{firsts.get(kept_by, kept_by)}" if kept_by else name


def _paid(tender: Tender | None) -> tuple[int, int, int] | None:
    return (tender.account_fen, tender.deposit_fen, tender.cash_fen) if tender else None


def _seen_of(stay: Stay) -> StaySeen:
    return StaySeen(
        stay.status,
        stay.charges.amounts() if stay.charges else None,
        stay.deposit.held_fen,
        _paid(stay.tender),
        _settlement_seen(stay.current_settlement) if stay.current_settlement else None,
        tuple(
            (kept.imposed.fund_id, kept.stands_fen, kept.status.value)
            for kept in stay.deductions.every
        ),
        tuple(
            (
                each.layer,
                each.amount_fen,
                stay.proposal_status(each).value,
                each.what_changed(stay.current_settlement) is None,
            )
            for each in stay.proposals
        ),
    )


def _settlement_seen(settlement: Settlement) -> SettlementSeen:
    return SettlementSeen(
        shares={s.layer: s.amount_fen for s in settlement.shares if s.amount_fen},
        patient=settlement.patient_fen,
        outside=frozenset(
            (x.layer, x.kind, x.payer, x.fund or "", x.amount_fen)
            for x in settlement.outside
            if x.amount_fen
        ),
        pending=frozenset(settlement.pending),
        owed=owed_to_hospital(settlement),
    )
