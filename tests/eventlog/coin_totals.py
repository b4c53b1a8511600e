"""A read model for the stories: a row an event, and the total of all coins.

As a process (`python -m tests.eventlog.coin_totals LOG READ_MODELS UNTIL`) it follows until a
position is reached.
"""

import sys
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table
from sqlalchemy.schema import CreateTable, DropTable

from eventlog.follower import Follower, create_follower_tables
from eventlog.log import EventLog, LoggedEvent
from tests.eventlog.log_addresses import engine_beside, open_at
from tests.eventlog.savings_box import Box

metadata = MetaData()
# The key is the order of telling, not the position: an event applied twice must show as two
# rows, not fail.
rows = Table(
    "coin_rows",
    metadata,
    Column("told", Integer, primary_key=True),
    Column("position", Integer),
    Column("fen", Integer),
)
_INSERT = {
    "sqlite": "INSERT INTO coin_rows (position, fen) VALUES (?, ?)",
    "postgresql": "INSERT INTO coin_rows (position, fen) VALUES (%b, %b)",
}


def recreate(connection: Connection) -> None:
    """Drop and create the table."""
    connection.execute(DropTable(rows, if_exists=True))
    connection.execute(CreateTable(rows))


def create(engine: Engine) -> None:
    """Create all tables if they are missing."""
    create_follower_tables(engine)
    with engine.begin() as connection:
        connection.execute(CreateTable(rows, if_not_exists=True))


def react(connection: Connection, logged: LoggedEvent) -> None:
    """One row for each event; a coin of 13 fen cannot be told."""
    fen = logged.event.fen if isinstance(logged.event, Box.CoinAdded) else 0
    # By the driver itself: tens of thousands are told, and the engine takes most of the time.
    driver: Any = connection.connection.driver_connection
    driver.execute(_INSERT[connection.dialect.name], (logged.position, fen))
    if fen == 13:
        raise ArithmeticError(fen)


def follower(log: EventLog, engine: Engine) -> Follower:
    """The follower of this read model."""
    return Follower(name="coin_rows", log=log, engine=engine, react=react)


if __name__ == "__main__":
    following = follower(open_at(sys.argv[1]), engine_beside(sys.argv[1]))
    while following.catch_up() < int(sys.argv[2]):
        pass
