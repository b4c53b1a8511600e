"""Settlements as people look for them (结算索引): one row each, and one a share.

Derived and disposable: `rebuild` makes all rows again. Queries catch up first, so whoever settled
or reversed finds it in the next answer.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)

from contracts.vocabulary import InstitutionId, PersonId
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.application.find_settlements import (
    FoundSettlement,
    FoundShare,
    SettlementStatus,
    Wanted,
)
from settlement.domain.law_text import LawText
from settlement.domain.settlement import Share
from settlement.domain.stay import Stay
from settlement.law.policy import BENEFIT_ADMISSIONS

_OPENED = "opened"

_metadata = MetaData()
_settlements = Table(
    "found_settlements",
    _metadata,
    Column("number", String, primary_key=True),
    # Of its completion: rows are read in this order and never change places.
    Column("position", BigInteger, nullable=False),
    Column("stay_id", String, nullable=False),
    Column("hospital_stay_number", String),
    Column("invoice_number", String),
    Column("person_id", String),
    Column("institution_id", String),
    Column("region", String),
    Column("scheme", String),
    Column("fingerprint", String),
    Column("admission", Date, nullable=False),
    Column("discharge", Date, nullable=False),
    Column("benefit_year_from", Date),
    Column("booked_on", Date),
    Column("total_fen", BigInteger),
    Column("patient_fen", BigInteger),
    Column("status", String, nullable=False),
    Column("used_assumed", Boolean),
    Column("reversed_on", Date),
    Index("found_settlements_by_position", "position"),
    Index("found_settlements_of_hospital", "institution_id", "position"),
    Index("found_settlements_of_person", "person_id", "position"),
    Index("found_settlements_by_stay_number", "hospital_stay_number"),
    Index("found_settlements_by_invoice", "invoice_number"),
    Index("found_settlements_by_day", "booked_on", "position"),
)
_shares = Table(
    "found_shares",
    _metadata,
    Column("number", String, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("layer", String, nullable=False),
    Column("payer", String, nullable=False),
    Column("fund", String),
    Column("amount_fen", BigInteger, nullable=False),
    Index("found_shares_by_payer", "payer", "number"),
)
_parts = Table(
    "found_parts",
    _metadata,
    # Only of stays that are settled in parts: an older index has none of them.
    Column("number", String, primary_key=True),
    Column("part", Integer, nullable=False),
    Column("goes_on", Boolean, nullable=False),
)
_policies = Table(
    "found_policies",
    _metadata,
    Column("fingerprint", String, primary_key=True),
    Column("label", String, nullable=False),
)


class SqlSettlementIndex(FollowedTables):
    """Implements the port `SettlementIndex`."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(
            name="settlement_index", tables=_metadata, react=_react, log=log, engine=engine
        )

    def found(self, wanted: Wanted, *, after: int, limit: int) -> Sequence[FoundSettlement]:
        """Up to `limit` of them behind a position of the ledger, in its order."""
        query = _meeting(
            select(_settlements, _policies.c.label, _parts.c.part, _parts.c.goes_on)
            .join_from(
                _settlements,
                _policies,
                _policies.c.fingerprint == _settlements.c.fingerprint,
                isouter=True,
            )
            .join(_parts, _parts.c.number == _settlements.c.number, isouter=True),
            wanted,
        )
        query = query.where(_settlements.c.position > after)
        with self.caught_up() as connection:
            rows = connection.execute(query.order_by(_settlements.c.position).limit(limit)).all()
            shares = _shares_of(connection, [row.number for row in rows])
        return [_settlement(row, shares[row.number]) for row in rows]

    def stay_of(self, number: str) -> UUID | None:
        """The stay of a settlement number; None where the number was never given."""
        query = select(_settlements.c.stay_id).where(_settlements.c.number == number)
        with self.caught_up() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return UUID(found) if found is not None else None

    def payers(self, wanted: Wanted) -> Sequence[str]:
        """The payers that paid something in any of them, in the order of their codes."""
        paid = select(_shares.c.payer).join(_settlements, _settlements.c.number == _shares.c.number)
        query = _meeting(paid, wanted).where(_shares.c.amount_fen > 0).distinct()
        with self.caught_up() as connection:
            return list(connection.execute(query.order_by(_shares.c.payer)).scalars())


# --- reaction ---------------------------------------------------------------------------------


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Stay.SettlementOpened):
        _open(connection, logged.position, event)
    elif isinstance(event, Stay.SettlementCompleted):
        _complete(connection, logged.position, event)
    elif isinstance(event, Stay.SettlementAdjusted):
        _adjust(connection, event)
    elif isinstance(event, Stay.SettlementReversed):
        _change(
            connection,
            event.number,
            status=SettlementStatus.REVERSED.value,
            reversed_on=event.booked_on,
        )
    elif isinstance(event, LawText.Created):
        connection.execute(
            insert(_policies), {"fingerprint": event.fingerprint, "label": event.label}
        )


def _open(connection: Connection, position: int, event: Stay.SettlementOpened) -> None:
    inputs = event.inputs
    connection.execute(
        insert(_settlements).values(
            number=event.number,
            position=position,
            stay_id=str(event.originator_id),
            admission=inputs.admission,
            discharge=inputs.discharge,
            benefit_year_from=inputs.counter_years.get(BENEFIT_ADMISSIONS),
            status=_OPENED,
        )
    )
    if inputs.part is not None:
        part = {"part": inputs.part.number, "goes_on": inputs.part.goes_on}
        connection.execute(insert(_parts).values(number=event.number, **part))


def _complete(connection: Connection, position: int, event: Stay.SettlementCompleted) -> None:
    _change(
        connection,
        event.number,
        position=position,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        person_id=event.person_id,
        institution_id=event.institution_id,
        region=event.region,
        scheme=event.scheme,
        fingerprint=event.fingerprint,
        booked_on=event.booked_on,
        total_fen=event.total_fen,
        patient_fen=event.patient_fen,
        status=SettlementStatus.SETTLED.value,
        used_assumed=bool(event.assumed),
    )
    _put_shares(connection, event.number, event.shares)


def _adjust(connection: Connection, event: Stay.SettlementAdjusted) -> None:
    _change(
        connection,
        event.number,
        fingerprint=event.fingerprint,
        benefit_year_from=event.inputs.counter_years.get(BENEFIT_ADMISSIONS),
        patient_fen=event.patient_fen,
        used_assumed=bool(event.assumed),
    )
    _put_shares(connection, event.number, event.shares)


def _change(connection: Connection, number: str, **values: Any) -> None:
    # The column names itself in `values`; the key of the row is bound under another name.
    own = update(_settlements).where(_settlements.c.number == bindparam("of_number"))
    connection.execute(own.values(**values), {"of_number": number})


def _put_shares(connection: Connection, number: str, shares: Sequence[Share]) -> None:
    """The shares of a settlement as they are now; what it had before is forgotten."""
    connection.execute(delete(_shares).where(_shares.c.number == number))
    rows = [{"number": number, "line": n, **vars(share)} for n, share in enumerate(shares, start=1)]
    if rows:
        connection.execute(insert(_shares), rows)


# --- queries ----------------------------------------------------------------------------------


def _meeting(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """What is searched for, as conditions."""
    columns = _settlements.c
    equal = {
        columns.number: wanted.number,
        columns.hospital_stay_number: wanted.hospital_stay_number,
        columns.invoice_number: wanted.invoice_number,
        columns.institution_id: wanted.institution_id,
        columns.status: wanted.status.value if wanted.status else None,
        columns.used_assumed: wanted.used_assumed,
    }
    query = query.where(columns.status != _OPENED)
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.person_ids is not None:
        query = query.where(columns.person_id.in_(wanted.person_ids))
    if wanted.booked_from is not None:
        query = query.where(columns.booked_on >= wanted.booked_from)
    if wanted.booked_to is not None:
        query = query.where(columns.booked_on <= wanted.booked_to)
    if wanted.until is not None:
        query = query.where(columns.position <= wanted.until)
    if wanted.benefit_years_from is not None:
        query = query.where(columns.benefit_year_from.between(*wanted.benefit_years_from))
    if wanted.payer is not None:
        paying = _shares.alias("paying")
        query = query.where(
            exists().where(
                paying.c.number == columns.number,
                paying.c.payer == wanted.payer,
                paying.c.amount_fen > 0,
            )
        )
    return query


def _shares_of(connection: Connection, numbers: Sequence[str]) -> dict[str, tuple[FoundShare, ...]]:
    query = select(_shares).where(_shares.c.number.in_(numbers))
    found: dict[str, list[FoundShare]] = {number: [] for number in numbers}
    for row in connection.execute(query.order_by(_shares.c.number, _shares.c.line)):
        found[row.number].append(FoundShare(row.layer, row.payer, row.fund, row.amount_fen))
    return {number: tuple(shares) for number, shares in found.items()}


def _settlement(row: Row[Any], shares: tuple[FoundShare, ...]) -> FoundSettlement:
    return FoundSettlement(
        position=row.position,
        number=row.number,
        stay_id=row.stay_id,
        hospital_stay_number=row.hospital_stay_number,
        invoice_number=row.invoice_number,
        person_id=PersonId(row.person_id),
        institution_id=InstitutionId(row.institution_id),
        region=row.region,
        scheme=row.scheme,
        fingerprint=row.fingerprint,
        policy=row.label,
        admission=row.admission,
        discharge=row.discharge,
        benefit_year_from=row.benefit_year_from,
        booked_on=row.booked_on,
        total_fen=row.total_fen,
        patient_fen=row.patient_fen,
        status=SettlementStatus(row.status),
        used_assumed=row.used_assumed,
        reversed_on=row.reversed_on,
        shares=shares,
        part=row.part,
        goes_on=bool(row.goes_on),
    )
