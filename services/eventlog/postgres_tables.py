"""The event log's tables on PostgreSQL (事件日志的表): created by a migration and by nothing else.

Columns have the library's names and order, so that its own recorder reads them, too. The position
is written by the writer that holds the table's lock and not drawn from a sequence: positions are
1, 2, 3 … without gaps, in the order of the commits.
"""

from typing import Any

from psycopg import Connection

LOG_TABLES_V1 = (
    """CREATE TABLE stored_events (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigint NOT NULL,
        PRIMARY KEY (originator_id, originator_version))""",
    "CREATE UNIQUE INDEX stored_events_by_position ON stored_events (notification_id)",
    """CREATE FUNCTION stored_events_stay() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'stored events are never changed or deleted'; END $$""",
    """CREATE TRIGGER stored_events_are_not_changed
        BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events
        FOR EACH STATEMENT EXECUTE FUNCTION stored_events_stay()""",
    """CREATE TABLE request_register (
        institution_id text NOT NULL,
        operation text NOT NULL,
        key text NOT NULL,
        body_hash text NOT NULL,
        accepted boolean NOT NULL,
        status integer NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (institution_id, operation, key))""",
    """CREATE TABLE serials (
        series text PRIMARY KEY,
        last bigint NOT NULL)""",
    """CREATE TABLE snapshots (
        originator_id uuid PRIMARY KEY,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL)""",
    "COMMENT ON TABLE stored_events IS 'yizhan event log 1'",
)
"""The first version, in the order in which it is created."""

LOG_VERSION = "yizhan event log 1"
"""What the comment of the table of events says of the tables above."""


def create_log_tables(connection: Connection[Any]) -> None:
    """Create them in the connection's schema; for a migration, within its transaction."""
    for statement in LOG_TABLES_V1:
        connection.execute(statement)
