"""The event log, the register of requests, serials and snapshots."""

from alembic import op

from eventlog.postgres_tables import LOG_TABLES_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    for statement in LOG_TABLES_V1:
        op.execute(statement)
