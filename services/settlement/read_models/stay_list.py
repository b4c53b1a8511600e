"""The stays of each hospital by where they stand (住院清单), such as those discharged and not yet
settled.

Derived and disposable: `rebuild` makes all rows again. Queries catch up first.
"""

from dataclasses import dataclass
from datetime import date
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
    String,
    Table,
    insert,
    select,
    update,
)

from contracts.vocabulary import Departure, InstitutionId
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.domain.stay import Stay

_metadata = MetaData()
_stays = Table(
    "stay_list",
    _metadata,
    Column("stay_id", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("institution_id", String, nullable=False),
    Column("hospital_stay_number", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("admission", Date, nullable=False),
    Column("discharge", Date),
    Column("departure", String),
    Column("total_fen", BigInteger, nullable=False),
    Index("stay_list_by_status", "institution_id", "status", "position"),
)
_parts = Table(
    "stay_list_parts",
    _metadata,
    # Only of stays that are settled in parts: there are none in older lists.
    Column("stay_id", String, primary_key=True),
    Column("part", Integer, nullable=False),
    Column("goes_on", Boolean, nullable=False),
)


@dataclass(frozen=True)
class StayListed:
    """A stay in the list (住院); `position` is its place in the order of admission."""

    position: int
    stay_id: UUID
    hospital_stay_number: str
    person_id: str
    status: str
    admission: date
    discharge: date | None
    departure: Departure | None
    total_fen: int
    part: int
    goes_on: bool

    def days_since_discharge(self, today: date) -> int | None:
        """How long ago the patient left (出院天数); None while in."""
        return (today - self.discharge).days if self.discharge else None


class StayList(FollowedTables):
    """The list of all hospitals' stays, read one hospital at a time."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(name="stay_list", tables=_metadata, react=_react, log=log, engine=engine)

    def stays(
        self, institution_id: InstitutionId, *, status: str | None, after: int, limit: int
    ) -> tuple[StayListed, ...]:
        """Up to `limit` stays of a hospital behind a position, in order. Raises FollowerStopped."""
        query = (
            select(_stays, _parts.c.part, _parts.c.goes_on)
            .join_from(_stays, _parts, _parts.c.stay_id == _stays.c.stay_id, isouter=True)
            .where(_stays.c.institution_id == institution_id, _stays.c.position > after)
            .order_by(_stays.c.position)
            .limit(limit)
        )
        if status is not None:
            query = query.where(_stays.c.status == status)
        with self.caught_up() as connection:
            return tuple(_listed(row) for row in connection.execute(query))


def _listed(row: Any) -> StayListed:
    return StayListed(
        position=row.position,
        stay_id=UUID(row.stay_id),
        hospital_stay_number=row.hospital_stay_number,
        person_id=row.person_id,
        status=row.status,
        admission=row.admission,
        discharge=row.discharge,
        departure=Departure(row.departure) if row.departure else None,
        total_fen=row.total_fen,
        part=row.part or 1,
        goes_on=bool(row.goes_on),
    )


# --- reaction ---------------------------------------------------------------------------------


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Stay.Created):
        row = {
            "stay_id": str(event.originator_id),
            "position": logged.position,
            "institution_id": event.institution_id,
            "hospital_stay_number": event.hospital_stay_number,
        }
        connection.execute(insert(_stays).values(**row, **_admitted(event)))
        if isinstance(event, Stay.PartBegun):
            _put_part(connection, event, part=event.part, goes_on=False)
        return
    if isinstance(event, Stay.InterimClosed | Stay.DischargeUndone):
        _put_part(connection, event, goes_on=isinstance(event, Stay.InterimClosed))
    changes = _changes(event)
    if changes:
        of_stay = _stays.c.stay_id == str(event.originator_id)
        connection.execute(update(_stays).where(of_stay).values(**changes))


def _put_part(connection: Connection, event: Any, *, goes_on: bool, part: int = 1) -> None:
    """Which part a stay is; a first part that no interim close ends is the whole stay."""
    stay_id = str(event.originator_id)
    own = _parts.c.stay_id == stay_id
    known = connection.execute(update(_parts).where(own).values(goes_on=goes_on)).rowcount
    if not known and (goes_on or part > 1):
        row = {"stay_id": stay_id, "part": part, "goes_on": goes_on}
        connection.execute(insert(_parts).values(**row))


def _admitted(event: Stay.Created | Stay.AdmittedAgain) -> dict[str, Any]:
    """A stay that begins, or begins anew under its number."""
    return {
        "person_id": event.person_id,
        "status": "admitted",
        "admission": event.admission,
        "discharge": None,
        "departure": None,
        "total_fen": 0,
    }


def _left(event: Stay.Discharged | Stay.InterimClosed) -> dict[str, Any]:
    """The last day of the stay or of its part, and how the patient left, if at all."""
    if isinstance(event, Stay.InterimClosed):
        return {"discharge": event.until, "departure": None}
    return {
        "discharge": event.discharge,
        "departure": event.departure.value if event.departure else None,
    }


def _changes(event: Any) -> dict[str, Any]:
    """What an event changes of the row of its stay."""
    changes: dict[str, Any] = {}
    match event:
        case Stay.AdmittedAgain():
            changes = _admitted(event)
        case Stay.AdmissionChanged():
            changes = {"admission": event.admission}
        case Stay.AdmissionCancelled():
            changes = {"status": "cancelled"}
        case Stay.Discharged() | Stay.InterimClosed():
            changes = {"status": "discharged", **_left(event)}
        case Stay.DischargeUndone():
            changes = {"status": "admitted", "discharge": None, "departure": None}
        case Stay.SettlementCompleted():
            changes = {"status": "settled"}
        case Stay.SettlementReversed():
            changes = {"status": "discharged"}
        case Stay.FeesRecorded() if event.replaces is None:
            changes = {"total_fen": _stays.c.total_fen + event.charges.total_fen}
        case (
            Stay.FeesRecorded()
            | Stay.FeeBatchDeleted()
            | Stay.FeeLineCorrected()
            | Stay.FeeLineDeleted()
        ):
            changes = {"total_fen": event.charges_after.total_fen if event.charges_after else 0}
    return changes
