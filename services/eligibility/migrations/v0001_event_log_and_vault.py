"""The event log; the vault with its keys, look-up, staged rosters and compared people; readings
and contacts.
"""

from alembic import op

from eventlog.postgres_tables import LOG_TABLES_V1

revision = "0001"
down_revision = None

# While the master key is replaced, keys and look-up are made again in the tables called `next`;
# they are exchanged by their names and by those of their indexes.
_VAULT_V1 = (
    """CREATE TABLE person_keys (
        person_id varchar(32) NOT NULL,
        wrapped_key bytea NOT NULL,
        CONSTRAINT person_keys_pkey PRIMARY KEY (person_id))""",
    """CREATE TABLE person_keys_next (
        person_id varchar(32) NOT NULL,
        wrapped_key bytea NOT NULL,
        CONSTRAINT person_keys_next_pkey PRIMARY KEY (person_id))""",
    """CREATE TABLE certificates (
        certificate_hash bytea NOT NULL,
        person_id varchar(32) NOT NULL,
        CONSTRAINT certificates_pkey PRIMARY KEY (certificate_hash))""",
    "CREATE INDEX certificates_person_id ON certificates (person_id)",
    """CREATE TABLE certificates_next (
        certificate_hash bytea NOT NULL,
        person_id varchar(32) NOT NULL,
        CONSTRAINT certificates_next_pkey PRIMARY KEY (certificate_hash))""",
    "CREATE INDEX certificates_next_person_id ON certificates_next (person_id)",
    "CREATE TABLE unfound_ids (person_id varchar(32) PRIMARY KEY)",
    "CREATE TABLE key_checks (name text PRIMARY KEY, value bytea NOT NULL)",
    """CREATE TABLE staged_rosters (
        roster_id varchar(32) PRIMARY KEY,
        staged_at text NOT NULL,
        sealed bytea NOT NULL)""",
    """CREATE TABLE difference_details (
        difference_id varchar(32) PRIMARY KEY,
        book_id varchar(32) NOT NULL,
        left_person varchar(32),
        left_sealed bytea,
        right_person varchar(32),
        right_sealed bytea)""",
    "CREATE INDEX difference_details_left_person ON difference_details (left_person)",
    "CREATE INDEX difference_details_right_person ON difference_details (right_person)",
)
_READINGS_V1 = (
    """CREATE TABLE person_reads (
        "row" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        person_id varchar(32) NOT NULL,
        read_at text NOT NULL,
        institution_id text,
        operator text,
        call text NOT NULL)""",
    'CREATE INDEX person_reads_person_id ON person_reads (person_id, "row")',
    """CREATE FUNCTION person_reads_stay() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'readings are never changed'; END $$""",
    """CREATE TRIGGER person_reads_are_not_changed
        BEFORE UPDATE OR DELETE OR TRUNCATE ON person_reads
        FOR EACH STATEMENT EXECUTE FUNCTION person_reads_stay()""",
)
_CONTACTS_V1 = """CREATE TABLE feed_contacts (
    connector text PRIMARY KEY,
    at text NOT NULL,
    last_position bigint,
    no_answer text)"""


def upgrade() -> None:
    """Create them."""
    for statement in (*LOG_TABLES_V1, *_VAULT_V1, *_READINGS_V1, _CONTACTS_V1):
        op.execute(statement)
